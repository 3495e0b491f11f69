"""What packaging holds for any tree of files and for any text, tried with made-up ones by Hypothesis.

The examples are the same in each run, so that a failure is one of the change at hand; PACKAGING_EXAMPLES makes more of
them, and others each time.
"""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import stat
import tempfile
import unittest
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from failure import Failure
from function_source import read_function, read_source
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from packaged_files import write_zip
from platforms import Platform
from python_dependencies import merge

more = os.environ.get("PACKAGING_EXAMPLES")
settings.register_profile(
    "packaging",
    max_examples=int(more or 60),
    derandomize=not more,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("packaging")

PYTHON = Platform("python3.14", "x86_64", "python", "3.14")
NODEJS = Platform("nodejs24.x", "x86_64", "nodejs", "24")

Tree = dict[str, tuple[str, bytes, bool]]

# Names that packaging has a rule for, and all that somebody can call a file in git otherwise.
MANIFESTS = [
    "package.json",
    "package-lock.json",
    "requirements.txt",
    "pyproject.toml",
    "setup.cfg",
    "Pipfile",
    "setup.py",
]
CHARACTERS = st.characters(exclude_characters="/\0", exclude_categories=["Cs"])
NAMES = st.text(CHARACTERS, min_size=1, max_size=12).filter(lambda name: name not in (".", "..", ".git"))
PLAIN_NAMES = NAMES.map(lambda name: f"{name}~") | st.sampled_from(
    [
        "config.test.json",
        "tests",
        "test_data",
        "a.test.d",
        "-rf",
        "a b",
        "ü.py",
        "u\u0308.py",
        "latest.js",
        "test.py",
        "bin",
    ]
)
FOLDERS = st.lists(PLAIN_NAMES, max_size=3)
CONTENTS = st.binary(max_size=40).map(lambda content: b"#" + content)
TEST_NAMES = st.sampled_from(
    ["a.test.js", "a.b.test.mjs", "a.test.cts", "a.test.tsx", "tsconfig.json", "tsconfig.a.json"]
)

# What a package holds, what it leaves out because it is a test, and what is never in one.
KEPT = st.tuples(FOLDERS, PLAIN_NAMES, CONTENTS)
PYTHON_TESTS = st.tuples(FOLDERS, st.sampled_from(["test_a.py", "test_.py"]), st.just(b"def test_it(): pass\n"))
TESTS = st.tuples(FOLDERS, TEST_NAMES, CONTENTS) | PYTHON_TESTS
OF_OTHERS = st.tuples(
    st.sampled_from(["vendor", "third_party", "node_modules"]).map(lambda name: [name]),
    TEST_NAMES | st.just("test_a.py"),
    st.just(b"def test_it(): pass\n"),
)
CACHES = st.tuples(FOLDERS.map(lambda folders: [*folders, "__pycache__"]), PLAIN_NAMES, CONTENTS) | st.tuples(
    FOLDERS, st.just(".DS_Store"), CONTENTS
)


@st.composite
def trees(draw: Any, kept: Any = KEPT | OF_OTHERS) -> Tree:
    """Files by their names, each with what becomes of it, its content, and whether it is executable."""
    tree: Tree = {}
    groups = (("kept", kept), ("test", TESTS), ("never", CACHES))
    for fate, files in groups:
        for folders, name, content in draw(st.lists(files, min_size=1 if fate == "kept" else 0, max_size=5)):
            path = "/".join([*folders, name])
            # A name can be a file or a folder, and has to be short enough for file systems.
            above = ["/".join(path.split("/")[:depth]) for depth in range(1, path.count("/") + 1)]
            if len(os.fsencode(name)) < 200 and not any(
                it == path or it.startswith(f"{path}/") or it in above for it in tree
            ):
                tree[path] = (fate, content, draw(st.booleans()))
    return tree


@contextmanager
def on_disk(tree: Tree, order: random.Random | None = None) -> Iterator[str]:
    """A folder with the files of a tree, made in some order, with some times and under some umask."""
    paths = list(tree)
    umask = os.umask(0o022)
    if order:
        order.shuffle(paths)
        os.umask(order.choice([0o022, 0o077]))
    root = tempfile.mkdtemp()
    try:
        for name in paths:
            _, content, executable = tree[name]
            path = os.path.join(root, "fn", name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(content)
            os.chmod(path, 0o700 if executable and order else 0o755 if executable else 0o600 if order else 0o644)
            if order:
                os.utime(path, (order.randrange(2**31), order.randrange(2**31)))
        yield root
    finally:
        os.umask(umask)
        shutil.rmtree(root)


def package(root: str) -> bytes:
    """The bytes of the package of a function."""
    files, _ = read_source(os.path.join(root, "fn"))
    path = os.path.join(root, "package.zip")
    write_zip(path, files)
    with open(path, "rb") as file:
        return file.read()


def files_of(root: str) -> dict[str, bytes]:
    """The content of each file below a folder."""
    files = {}
    for directory, _, names in os.walk(root):
        for name in names:
            path = os.path.join(directory, name)
            with open(path, "rb") as file:
                files[os.path.relpath(path, root)] = file.read()
    return files


def problems_of(files: dict[str, bytes], platform: Any) -> list[str]:
    """What is said of a function that has these files."""
    with on_disk(
        {"main": ("kept", b"", False), **{name: ("kept", text, False) for name, text in files.items()}}
    ) as root:
        try:
            read_function(root, "fn", platform)
        except Failure as error:
            for problem in error.problems:
                assert os.path.join(root, "fn") in problem, problem
                assert len(problem) < 4000, problem
                problem.encode()
            return error.problems
    return []


class AnyTree(unittest.TestCase):
    """For any tree of files."""

    @given(trees())
    def test_the_package_holds_what_the_rules_say_and_unpacks_to_what_was_there(self, tree: Tree) -> None:
        expected = {name: content for name, (fate, content, _) in tree.items() if fate == "kept"}
        with on_disk(tree) as root:
            content = package(root)
            source = read_function(root, "fn", NODEJS)
            unpacked = os.path.join(root, "unpacked")
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                self.assertIsNone(archive.testzip())
                self.assertEqual(sorted(expected, key=str.encode), archive.namelist())
                modes = {info.filename: info.external_attr >> 16 for info in archive.infolist()}
                archive.extractall(unpacked)
            self.assertEqual(expected, files_of(unpacked))
        for name, mode in modes.items():
            self.assertEqual(stat.S_IFREG | (0o755 if tree[name][2] else 0o644), mode)
        self.assertEqual({name for name, (fate, _, _) in tree.items() if fate == "test"}, set(source.left_out))

    @given(trees(), st.integers())
    def test_the_package_has_the_same_bytes_in_another_order_at_another_time(self, tree: Tree, seed: int) -> None:
        with on_disk(tree) as one, on_disk(tree, random.Random(seed)) as other:
            self.assertEqual(package(one), package(other))

    @given(trees(), trees())
    def test_dependencies_are_added_to_the_source_or_what_both_have_is_named(
        self, source: Tree, installed: Tree
    ) -> None:
        with on_disk(source) as root, on_disk(installed) as other:
            folder, added = os.path.join(root, "fn"), os.path.join(other, "fn")
            both = {**files_of(folder), **files_of(added)}
            try:
                merge("fn", added, folder)
            except Failure as error:
                for problem in error.problems:
                    self.assertIn("its source and its dependencies both have", problem)
                self.assertTrue(
                    any(
                        one == two or one.startswith(f"{two}/") or two.startswith(f"{one}/")
                        for one in source
                        for two in installed
                    )
                )
            else:
                self.assertEqual(both, files_of(folder))
                self.assertEqual(len(source) + len(installed), len(both))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda values: (
        st.lists(values, max_size=3) | st.dictionaries(st.text(st.characters(), max_size=8), values, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = [
    "dependencies",
    "optionalDependencies",
    "peerDependencies",
    "devDependencies",
    "allowScripts",
    "lockfileVersion",
]
PACKAGES = st.dictionaries(
    st.sampled_from(["", "node_modules/a", "../a", "a"]) | st.text(max_size=5),
    st.fixed_dictionaries(
        {},
        optional={
            name: JSON | st.sampled_from(["file:../a", ["linux"], True, "1.0.0"])
            for name in (
                "version",
                "resolved",
                "link",
                "dev",
                "optional",
                "os",
                "cpu",
                "libc",
                "hasInstallScript",
                "name",
            )
        },
    )
    | JSON,
    max_size=3,
)
LIKE_NPM = st.fixed_dictionaries({}, optional={**{name: JSON for name in FIELDS}, "packages": PACKAGES | JSON})
TEXTS = st.binary(max_size=60) | st.text(max_size=60).map(str.encode)


class AnyText(unittest.TestCase):
    """For any text in a manifest: it is accepted, or refused by the name of the function's folder."""

    @given(LIKE_NPM | JSON, LIKE_NPM | JSON)
    def test_files_of_npm(self, manifest: Any, lock: Any) -> None:
        files = {"package.json": json.dumps(manifest).encode(), "package-lock.json": json.dumps(lock).encode()}
        if not isinstance(manifest, dict) or not isinstance(lock, dict):
            self.assertNotEqual([], problems_of(files, NODEJS))
        problems_of({"package.json": files["package.json"]}, NODEJS)
        problems_of(files, NODEJS)

    @given(st.sampled_from(MANIFESTS), TEXTS)
    @example("pyproject.toml", b"[project]\ndependencies = [1]")
    @example("setup.cfg", b"[options]\ninstall_requires = %(a)s")
    @example("setup.cfg", b"[options]\n[options]")
    @example("requirements.txt", b"-r\n--find-links\n\\\n-e")
    def test_manifests(self, name: str, text: bytes) -> None:
        problems_of({name: text}, PYTHON)
        problems_of({name: text}, NODEJS)
        problems_of({f"below/{name}": text}, PYTHON)


if __name__ == "__main__":
    unittest.main()
