"""Which files of a function's source are tests, or other files that only developers use.

A file that is left out by mistake is missing in every environment, and one that is shipped by mistake does no harm. So
only what is a test by the conventions of its language is left out; never a folder, and nothing of code of others.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable

from packaged_files import PackagedFile

# As Vitest and Jest look for tests. A config.test.json or messages.test.txt is none: test is an environment, too.
JAVASCRIPT_TEST = re.compile(r".+\.test\.[cm]?[jt]sx?")
TYPESCRIPT_SETTINGS = re.compile(r"tsconfig(?:\.[^/]+)?\.json")
# As unittest and pytest look for tests; a module with such a name need not be one (test_helpers.py).
PYTHON_TEST = re.compile(r"test_.*\.py")
HOLDS_PYTHON_TESTS = re.compile(
    rb"^\s*(?:async\s+def|def)\s+test|^\s*class\s+\w*Test|^\s*(?:import|from)\s+(?:unittest|pytest|doctest)\b",
    re.MULTILINE,
)
PYTHON_IMPORT = re.compile(rb"^[ \t]*(?:from[ \t]+(\S+)[ \t]+)?import[ \t]+(\([^)]*\)|[^\n]*)", re.MULTILINE)

# Where people keep code of others in their own.
FOLDERS_OF_OTHERS = {"node_modules", "site-packages", "third_party", "vendor", "_vendor", "vendored"}


def tests_among(files: Iterable[PackagedFile]) -> set[str]:
    """The names of the files of a source that are tests, or settings of the compiler of TypeScript."""
    files = list(files)
    installed = _installed_by_pip(files)
    own = [file for file in files if file.name not in installed and not is_of_others(file.name)]
    tests = {file.name for file in own if _has_name(file, JAVASCRIPT_TEST) or _has_name(file, TYPESCRIPT_SETTINGS)}
    python = {
        file.name: file for file in own if _has_name(file, PYTHON_TEST) and HOLDS_PYTHON_TESTS.search(file.read())
    }
    # What a module imports that is no test is needed, whatever it is called; and so is what that imports.
    kept = [file for file in files if file.name.endswith(".py") and file.name not in python] if python else []
    while kept:
        imported = set().union(*(_imported(file) for file in kept))
        kept = [file for name, file in python.items() if os.path.basename(name)[:-3].encode() in imported]
        for file in kept:
            del python[file.name]
    return tests | set(python)


def is_of_others(name: str) -> bool:
    """Whether a file lies in a folder for code of others."""
    return not FOLDERS_OF_OTHERS.isdisjoint(name.split("/")[:-1])


def _has_name(file: PackagedFile, pattern: re.Pattern[str]) -> bool:
    return pattern.fullmatch(os.path.basename(file.name)) is not None


def _imported(file: PackagedFile) -> set[bytes]:
    """The words of the import statements of a module of Python."""
    return {
        word for statement in PYTHON_IMPORT.findall(file.read()) for word in re.findall(rb"\w+", b" ".join(statement))
    }


def _installed_by_pip(files: list[PackagedFile]) -> set[str]:
    """Files of distributions that somebody installed into the source with pip, by pip's own records of them."""
    installed: set[str] = set()
    for file in files:
        folder, _, name = file.name.rpartition("/")
        if name == "RECORD" and folder.endswith(".dist-info"):
            root = os.path.dirname(folder)
            rows = csv.reader(file.read().decode(errors="replace").splitlines())
            installed.update(os.path.normpath(os.path.join(root, row[0])) for row in rows if row)
    return installed
