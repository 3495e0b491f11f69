"""Whether what the manifests of a Python function name as dependencies is locked, and so gets installed by pip."""

from __future__ import annotations

import configparser
import os
import re
import sys
from collections.abc import Iterable
from typing import Any

from files import GENEROUS, parse_within, read_text
from manifest_files import FOR_DEVELOPERS, PIP_LOCK, outside, short, some_of, table, text_or_problem, words

LOCK_PIP = (
    f"Lock them: `uv pip compile --generate-hashes -o {PIP_LOCK} FILE` or `pip-compile --generate-hashes -o {PIP_LOCK} "
    f"FILE`, and commit {PIP_LOCK}."
)
# Files of requirements by the names that people give them.
REQUIREMENTS = re.compile(r".*requirements.*\.(?:txt|in)", re.IGNORECASE)
PATH_OPTIONS = {"-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-f", "--find-links"}


def declared_requirements(folder: str) -> list[tuple[str, str]]:
    """The requirements of Python manifests that a lock file has to cover, each with the name of its file."""
    found = {entry.name for entry in os.scandir(folder) if entry.is_file()}
    return [(name, text) for name, texts in python_manifests(folder, found, []) for text in texts]


def python_problems(folder: str, found: set[str]) -> list[str]:
    problems: list[str] = []
    declared = python_manifests(folder, found, problems)
    if PIP_LOCK not in found:
        problems += [
            f"{folder}: {name} names dependencies ({some_of(texts)}), but there is no {PIP_LOCK}. "
            + LOCK_PIP.replace("FILE", name)
            for name, texts in declared
        ]
        return problems
    try:
        text = read_text(os.path.join(folder, PIP_LOCK))
    except (OSError, ValueError) as error:
        return [*problems, f"{folder}/{PIP_LOCK}: cannot be read ({error}); expected a text in UTF-8."]
    return problems + outside(folder, PIP_LOCK, _requirement_paths(text))


def python_manifests(folder: str, found: set[str], problems: list[str]) -> list[tuple[str, list[str]]]:
    """The manifests of Python that name dependencies for production, each with what it names.

    Says which cannot be compared with a lock file in `problems`.
    """
    declared: dict[str, list[str]] = {}

    def refuse(name: str, problem: str, advice: str) -> None:
        problems.append(f"{folder}/{name}: {problem}. {advice}")

    move = f'Move them into "dependencies" below [project] of pyproject.toml and lock them in {PIP_LOCK}.'
    if "pyproject.toml" in found:
        content = _read_toml(os.path.join(folder, "pyproject.toml"), problems)
        project = table(content, "project")
        names = project.get("dependencies", [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            refuse(
                "pyproject.toml", f"project.dependencies: found {short(names)}, expected a list of texts", "Correct it."
            )
            names = []
        declared["pyproject.toml"] = names
        dynamic = project.get("dynamic", [])
        if isinstance(dynamic, list) and "dependencies" in dynamic:
            refuse("pyproject.toml", "project.dynamic has dependencies, which only a build computes", move)
        poetry = [name for name in table(content, "tool", "poetry", "dependencies") if name.lower() != "python"]
        if poetry:
            refuse(
                "pyproject.toml", f"tool.poetry.dependencies has {some_of(poetry)}, in a notation of Poetry's own", move
            )
    if "setup.cfg" in found:
        parser = configparser.RawConfigParser()
        try:
            parser.read_string(read_text(os.path.join(folder, "setup.cfg")))
        except (OSError, ValueError, configparser.Error) as error:
            refuse("setup.cfg", f"cannot be read ({_first_line(error)})", "Correct it, or remove the file.")
        lines = parser.get("options", "install_requires", fallback="").splitlines()
        declared["setup.cfg"] = _lines(lines)
    if "setup.py" in found:
        try:
            text = read_text(os.path.join(folder, "setup.py"))
        except (OSError, ValueError) as error:
            text = f"requires {error}"
        if re.search(r"requires|\*\*", text):
            refuse("setup.py", "names dependencies, or may do so when it runs, which it does not here", move)
    if "Pipfile" in found:
        packages = table(_read_toml(os.path.join(folder, "Pipfile"), problems), "packages")
        if packages:
            refuse("Pipfile", f"names dependencies ({some_of(packages)}), in a notation of Pipenv's own", move)
    for name in sorted(found):
        if name.lower() in ("environment.yml", "environment.yaml"):
            text = text_or_problem(folder, name, problems)
            if re.search(r"^dependencies:", text, re.MULTILINE):
                refuse(name, "names dependencies for conda", move)
        elif _is_for_production(name, found):
            declared[name] = _lines(text_or_problem(folder, name, problems).splitlines())
    return [(name, texts) for name, texts in declared.items() if texts]


def _is_for_production(name: str, found: set[str]) -> bool:
    """Whether a file has requirements for production."""
    if name == PIP_LOCK or not REQUIREMENTS.fullmatch(name) or not FOR_DEVELOPERS.isdisjoint(words(name)):
        return False
    # Beside the lock file, another .txt may be anything: constraints, or the lock of another platform.
    return name.endswith(".in") or PIP_LOCK not in found


def named_by_python(directory: str, found: set[str], problems: list[str]) -> Iterable[str]:
    yield from (name for name, _ in python_manifests(directory, found, problems))
    if PIP_LOCK in found and _lines(text_or_problem(directory, PIP_LOCK, problems).splitlines()):
        yield PIP_LOCK


def _lines(lines: Iterable[str]) -> list[str]:
    """The requirements of lines, without comments and options."""
    texts = (re.split(r"(?:^|\s)(?:#|--?[a-z])", line, maxsplit=1)[0].strip(" \\\t") for line in lines)
    return [text for text in texts if text]


def _requirement_paths(text: str) -> Iterable[tuple[str, str]]:
    """The files that a requirements.txt names, with the numbers of their lines, as a package.json would say it."""
    for number, line in enumerate(text.splitlines(), 1):
        words = re.sub(r"(?:^|\s)#.*", "", line).replace("=", " ", 1 if line.lstrip().startswith("--") else 0).split()
        if not words:
            continue
        if words[0] in PATH_OPTIONS:
            yield f"line {number}", _as_file(" ".join(words[1:2]))
        elif re.match(r"-[rcef].", words[0]):
            yield f"line {number}", _as_file(words[0][2:])
        elif match := re.search(r"@\s*(file:\S+)", line):
            yield f"line {number}", match[1]
        elif "/" in words[0] and not words[0].startswith("-"):
            yield f"line {number}", _as_file(words[0])


def _as_file(place: str) -> str:
    return place if re.match(r"[A-Za-z+]+:", place) else f"file:{place}"


def _read_toml(path: str, problems: list[str]) -> dict[str, Any]:
    try:
        content: dict[str, Any] = parse_within(GENEROUS, _parse_toml, read_text(path))
        return content
    except (OSError, ValueError) as error:
        problems.append(f"{path}: cannot be read as TOML ({error}). Correct the file, or remove it.")
        return {}


def _parse_toml(text: str) -> Any:
    if sys.version_info >= (3, 11):
        import tomllib
    else:  # pip, which a Python function needs anyway, has the same parser
        from pip._vendor import tomli as tomllib
    return tomllib.loads(text)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
