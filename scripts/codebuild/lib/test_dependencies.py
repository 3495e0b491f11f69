"""Dependencies of functions: with pip and npm for what is up to them, with their work done here for the rest."""

from __future__ import annotations

import json
import os
import platform as machine
import shutil
import sys
import tarfile
import unittest
from contextlib import ExitStack, redirect_stderr
from io import StringIO
from typing import Any
from unittest import mock

import package_lambdas
from failure import Failure
from fixture import Files, ScriptTest, files_below, read, write
from function_source import FunctionSource, read_function
from packages_fixture import NpmPackage, Wheel, elf, npm_function
from platforms import Platform, platform_of
from program import run_program

HERE = "arm64" if machine.machine() in ("arm64", "aarch64") else "x86_64"
ELSEWHERE = "x86_64" if HERE == "arm64" else "arm64"
CPUS = {"x86_64": "x64", "arm64": "arm64"}


def python(version: str, architecture: str = "x86_64") -> Platform:
    """A platform of Python."""
    platform = platform_of(f"python{version}", architecture)
    assert platform is not None
    return platform


def node(version: str, architecture: str = HERE) -> Platform:
    """A platform of Node.js."""
    platform = platform_of(f"nodejs{version}.x", architecture)
    assert platform is not None
    return platform


class DependenciesTest(ScriptTest):
    """A function fn with a lock file."""

    def stage(self, platform: Platform, real: bool) -> tuple[list[str], str]:
        """Install as the packager does. Returns the problems, and what was said."""
        source = read_function("lambda", "fn", platform)
        shutil.rmtree("staged", ignore_errors=True)
        os.mkdir("staged")
        problems: list[str] = []
        with redirect_stderr(StringIO()) as said, ExitStack() as stack:
            if not real:
                stack.enter_context(mock.patch("python_dependencies.run_installer", self.instead_of_pip))
                stack.enter_context(mock.patch("node_dependencies.run_installer", self.instead_of_npm))
            try:
                package_lambdas.stage(source, os.path.join(self.folder, "staged", "fn"))
            except Failure as error:
                problems = error.problems
        return problems, said.getvalue()

    def instead_of_pip(self, _: FunctionSource, __: str, *command: str) -> str:
        """Install the wheels of the folder, all of them."""
        raise NotImplementedError

    def instead_of_npm(self, _: FunctionSource, folder: str, *command: str, warn: bool = True) -> str:
        """Install the packages of the lock file as npm does, and note that."""
        if command[1] == "query":
            return "[]"
        packages = json.loads(read(os.path.join(folder, "package-lock.json")))["packages"]
        del packages[""]
        for path, package in packages.items():
            with tarfile.open(os.path.join(folder, package["resolved"].replace("file:", ""))) as archive:
                for entry in archive:
                    content = archive.extractfile(entry)
                    assert content is not None
                    write({entry.name.replace("package/", f"{path}/", 1): content.read()}, folder)
        write({"node_modules/.package-lock.json": json.dumps({"packages": packages})}, folder)
        return ""


class OfPython(DependenciesTest):
    """Dependencies of a Python function."""

    def install(
        self, wheels: list[Wheel], platform: Platform, lock: str = "", source: Files | None = None, real: bool = False
    ) -> tuple[list[str], str]:
        """Install wheels; the lock has all of them unless it is given, with %s for a line of each."""
        shutil.rmtree("lambda", ignore_errors=True)
        shutil.rmtree("wheels", ignore_errors=True)
        self.wheels = wheels
        lines = [wheel.write("wheels") for wheel in wheels]
        text = lock % tuple(lines[: lock.count("%s")]) if lock else "".join(lines)
        write({"app.py": "", "requirements.txt": text, **(source or {})}, "lambda/fn")
        links = os.path.join(self.folder, "wheels")
        with mock.patch.dict(os.environ, PIP_NO_INDEX="1", PIP_FIND_LINKS=links, PIP_CONFIG_FILE="/dev/null"):
            return self.stage(platform, real)

    def instead_of_pip(self, _: FunctionSource, __: str, *command: str) -> str:
        target = command[command.index("--target") + 1]
        for wheel in self.wheels:
            if "; python_full_version" not in read("lambda/fn/requirements.txt"):
                write(wheel.content(), target)
        return ""

    def test_are_the_wheels_for_its_platform_whatever_Python_runs_pip(self) -> None:
        tags = [
            *(
                f"cp{version}-cp{version}-{system}"
                for version in ("312", "313", "314")
                for system in (
                    *("manylinux2014_x86_64.manylinux_2_17_x86_64", "manylinux_2_28_aarch64"),
                    *("musllinux_1_2_x86_64", "macosx_11_0_arm64"),
                )
            ),
            *("cp314-cp314-manylinux_2_39_x86_64", "cp314-cp314t-manylinux_2_28_x86_64"),
        ]
        wheels = [Wheel("native", {"native/tag": tag}, tag) for tag in tags]
        # One requirement with the hashes of all files, as tools that lock write it.
        hashes = [wheel.write("all").split()[1] for wheel in wheels]
        lock = " \\\n    ".join(["native==1.0.0", *hashes]) + "\n    # via app\n"
        # The other versions differ from these by their number alone.
        for platform, tag in ((python("3.12"), tags[0]), (python("3.14", "arm64"), tags[9])):
            with self.subTest(str(platform)):
                self.assertEqual(([], ""), self.install(wheels, platform, lock, real=True))
                self.assertEqual(tag, read("staged/fn/native/tag"))

    def test_are_refused_by_pip_with_the_likely_cause(self) -> None:
        def native(tag: str) -> Wheel:
            return Wheel("native", tag=tag)

        of_312, of_313 = native("cp312-cp312-manylinux_2_28_x86_64"), native("cp313-cp313-manylinux_2_28_x86_64")
        no_wheel = "fn: native==1.0.0 has no wheel for python3.13 on x86_64 with glibc 2.34 or older. Source"
        other = "fn: does requirements.txt have hashes for another platform alone? Lock for python3.13 on x86_64: `uv"
        for what, wheels, problem in (
            ("needs a newer glibc", [native("cp313-cp313-manylinux_2_35_x86_64")], no_wheel),
            ("has the hash of a wheel for another platform", [of_312, of_313], other),
        ):
            with self.subTest(what):
                problems, _ = self.install(wheels, python("3.13"), "%s", real=True)
                self.assertIn(problem, problems[-1])

    def test_are_refused_when_what_was_installed_does_not_do(self) -> None:
        both = {"tests/__init__.py": ""}
        cases: list[tuple[list[Wheel], Platform, str, Files, str]] = [
            (
                [Wheel("top", requires=('backport>=1; python_version < "3.13"',))],
                python("3.12"),
                "",
                {},
                'fn: top requires backport>=1; python_version < "3.13", but it was not installed. Lock for python3.12 '
                "on",
            ),
            (
                [Wheel("late")],
                python("3.14"),
                'late==1.0.0; python_full_version >= "3.14.98" --hash=sha256:0',
                {},
                'requirements.txt requires late==1.0.0; python_full_version >= "3.14.98", but it was not installed.',
            ),
            (
                [Wheel("top", requires=("Some_Lib>=2",)), Wheel("some_lib")],
                python("3.14"),
                "",
                {},
                "fn: top requires Some_Lib>=2, but found 1.0.0.",
            ),
            (
                [Wheel("top", requires=('speedups; extra == "fast"', 'docs; extra == "doc"'))],
                python("3.14"),
                "top[fast]==1.0.0 --hash=sha256:0",
                {},
                'fn: top requires speedups; extra == "fast", but it was not installed.',
            ),
            (
                [Wheel("attrs")],
                python("3.14"),
                "",
                {"pyproject.toml": '[project]\ndependencies = ["attrs>=2", "pywin; sys_platform == \'win32\'"]\n'},
                "fn: pyproject.toml requires attrs>=2, but found 1.0.0.",
            ),
            (
                [Wheel("attrs")],
                python("3.14"),
                "",
                {"setup.cfg": "[options]\ninstall_requires =\n  attrs\n  requests\n"},
                "fn: setup.cfg requires requests, but it was not installed.",
            ),
            (
                [Wheel("one", {**both, "tests/a.py": "1"}), Wheel("two", {**both, "tests/a.py": "2"})],
                python("3.14"),
                "",
                {},
                "both have a file tests/a.py, and not the same: only one can be installed.",
            ),
            (
                [Wheel("native", {"native/_it.abi3.so": elf("arm64")})],
                python("3.14"),
                "",
                {},
                "fn: native/_it.abi3.so: found a binary for arm64, expected one for Linux on x86_64.",
            ),
        ]
        for wheels, platform, lock, source, problem in cases:
            with self.subTest(problem):
                problems, _ = self.install(wheels, platform, lock, source)
                self.assertIn(problem, problems[-1])

    def test_need_not_have_what_only_other_platforms_require(self) -> None:
        requires = ('backport; python_version < "3.13"', 'pywin; sys_platform == "win32"', 'docs; extra == "doc"')
        self.assertEqual(([], ""), self.install([Wheel("top", requires=requires)], python("3.14")))

    def test_leave_out_programs_that_name_the_Python_of_the_machine_that_builds(self) -> None:
        files: Files = {
            "it.py": "",
            "it-1.0.0.dist-info/entry_points.txt": "[console_scripts]\nmade = it:main\n",
            "it-1.0.0.data/scripts/rewritten": "#!python\n",
            "it-1.0.0.data/scripts/kept.sh": "#!/bin/sh\n",
        }
        self.assertEqual(([], ""), self.install([Wheel("it", files)], python("3.14"), real=True))
        self.assertEqual(["kept.sh"], files_below("staged/fn/bin"))
        record = read("staged/fn/it-1.0.0.dist-info/RECORD").splitlines()
        self.assertRegex("\n".join(line for line in record if "bin/" in line), r"^\S*kept\.sh,\S*$")

    def test_come_with_the_warnings_of_pip_and_with_paths_of_the_source(self) -> None:
        _, said = self.install([Wheel("it")], python("3.14"), "--find-links ./wheels\n%s", real=True)
        self.assertRegex(said, r"^fn: WARNING: Location '\./wheels' is ignored: .*\n$")
        problems, _ = self.install([Wheel("it")], python("3.14"), f"./vendor/{Wheel('it').file}\n", real=True)
        self.assertIn(f"lambda/fn/vendor/{Wheel('it').file}", "\n".join(problems))
        self.assertNotIn("staged", "\n".join(problems))

    def test_are_merged_with_the_source_file_by_file_and_what_both_have_is_refused(self) -> None:
        wheel = Wheel("google_it", {"google/it/__init__.py": "theirs", "config.py": "theirs"})
        source: Files = {"google/ours/__init__.py": "ours"}
        self.assertEqual(([], ""), self.install([wheel], python("3.14"), "", source, real=True))
        expected = {"app.py", "config.py", "google/it/__init__.py", "google/ours/__init__.py"}
        self.assertLessEqual(expected, set(files_below("staged/fn")))
        clash: Files = {"config.py": "ours", "google/it": "a file"}
        problems, _ = self.install([wheel], python("3.14"), "", {**source, **clash})
        for name in ("config.py", "google/it/__init__.py"):
            self.assertIn(f"fn: its source and its dependencies both have {name}.", "\n".join(problems))


class NodeTest(DependenciesTest):
    """A Node.js function."""

    def install(
        self, packages: dict[str, NpmPackage], platform: Platform, real: bool = True, **own: Any
    ) -> tuple[list[str], str]:
        """Install packages."""
        shutil.rmtree("lambda", ignore_errors=True)
        npm_function("lambda/fn", packages, **own)
        cache = os.path.join(self.folder, "cache")
        with mock.patch.dict(os.environ, npm_config_offline="true", npm_config_cache=cache):
            return self.stage(platform, real)


class OfNode(NodeTest):
    """Dependencies of a Node.js function."""

    def test_are_those_for_its_platform(self) -> None:
        def native(cpu: str, of: str = "linux", libc: str = "glibc") -> NpmPackage:
            machine = {"x64": "x86_64", "arm64": "arm64"}[cpu]
            manifest = {"os": [of], "cpu": [cpu], "libc": [libc]}
            return NpmPackage(manifest, {"it.node": elf(machine)}, optional=True)

        packages = {
            "it": NpmPackage(files={"index.js": ""}),
            "it-linux-x64": native("x64"),
            "it-linux-arm64": native("arm64"),
            "it-linuxmusl-arm64": native("arm64", libc="musl"),
            "it-darwin-arm64": native("arm64", "darwin"),
            # What is optional can be missing, also for want of a compiler.
            "faster": NpmPackage(files={"binding.gyp": "{}"}, optional=True),
        }
        result = self.install(packages, node("24", "arm64"), allowScripts={"faster": False})
        self.assertEqual(([], ""), result)
        modules = [name for name in files_below("staged/fn") if name.endswith(".node")]
        self.assertEqual(["node_modules/it-linux-arm64/it.node"], modules)

    def test_are_refused_all_at_once_when_they_do_not_fit(self) -> None:
        there, native = CPUS[ELSEWHERE], f"lacking-linux-{CPUS[ELSEWHERE]}-gnu"
        packages = {
            "built": NpmPackage(files={"binding.gyp": "{}"}),
            "ready": NpmPackage(files={"binding.gyp": "{}", "prebuilds/it.node": ""}),
            "lacking": NpmPackage({"optionalDependencies": {native: "1.0.0"}}),
            native: NpmPackage({"engines": {"node": ">=99"}}, optional=True),
            "old": NpmPackage({"engines": {"node": "<20"}}),
            # npm finds nothing wrong: it fits the machine that this runs on.
            "pinned": NpmPackage({"cpu": [CPUS[HERE]], "os": ["!win32"]}),
        }
        scripts = {"built": False, "ready": False}
        problems, said = self.install(packages, node("24", ELSEWHERE), engines={"node": "22.x"}, allowScripts=scripts)
        platform = f"nodejs24.x on {ELSEWHERE}"
        expected = [
            "fn: node_modules/built is built when it is installed (it has a binding.gyp and no module that is ready), "
            "and",
            f"fn: node_modules/lacking needs {native} on {platform}, but that was not installed. Either "
            "package-lock.json",
            f"fn: node_modules/pinned is for cpu {CPUS[HERE]}, expected {there} ({platform}). It is a dependency that "
            "must",
            "fn: package.json: found engines.node 22.x, but the function runs nodejs24.x. Correct one of them (the "
            "runtime",
        ]
        pairs = zip(sorted(problems), expected, strict=True)
        self.assertEqual(expected, [problem[: len(start)] for problem, start in pairs])
        warning = (
            "fn: warning: old@1.0.0 says engines.node <20, but the function runs nodejs24.x. Take a release for it.\n"
        )
        self.assertEqual(warning, said)

    def test_for_another_machine_than_the_one_that_builds_are_explained_when_they_must_be_there(self) -> None:
        packages = {"pinned": NpmPackage({"cpu": [CPUS[ELSEWHERE]]})}
        problems = "\n".join(self.install(packages, node("22", ELSEWHERE))[0])
        self.assertIn("EBADPLATFORM", problems)
        self.assertIn(
            "fn: npm compares a dependency that must be there with the machine that it runs on, and", problems
        )

    def test_that_do_not_fit_package_json_are_refused_with_what_npm_says_of_it_not_with_how_to_call_npm(self) -> None:
        more = {name: "file:vendor/it.tgz" for name in "abcdefghij"}
        npm_function("lambda/fn", {"it": NpmPackage()})
        manifest = json.loads(read("lambda/fn/package.json"))
        manifest["dependencies"].update(more)
        write({"lambda/fn/package.json": json.dumps(manifest)})
        with mock.patch.dict(os.environ, npm_config_offline="true", npm_config_cache="cache"):
            problems = "\n".join(self.stage(node("22"), True)[0])
        self.assertIn("npm error code EUSAGE", problems)
        self.assertIn("npm error Missing: j@1.0.0 from lock file", problems)
        self.assertIn("lambda/fn: the lock file was not written for this package.json. Run `npm install", problems)
        self.assertNotRegex(problems, "Usage|--install-strategy|complete log")

    def test_come_with_the_warnings_of_npm_and_with_paths_of_the_source(self) -> None:
        result = self.install({"it": NpmPackage({"deprecated": "use that"})}, node("22"))
        self.assertEqual(([], "fn: npm warn deprecated it@1.0.0: use that\n"), result)
        npm_function("lambda/fn", {"it": NpmPackage(), "other": NpmPackage()})
        os.remove("lambda/fn/vendor/it.tgz")
        with mock.patch.dict(os.environ, npm_config_offline="true", npm_config_cache=f"{self.folder}/empty"):
            problems = "\n".join(self.stage(node("22"), True)[0])
        self.assertIn("lambda/fn/vendor/it.tgz", problems)
        self.assertNotIn("staged", problems)


PRINTS_ENVIRONMENT = "require('fs').writeFileSync('made.json', JSON.stringify(Object.keys(process.env).sort()))"
ALLOWED = {"it@1.0.0": True}


def scripted(install: str, **lock: Any) -> dict[str, NpmPackage]:
    """A package that runs a script when it is installed."""
    manifest = {"hasInstallScript": True, "scripts": {"install": install}}
    return {"it": NpmPackage(manifest, {"env.js": PRINTS_ENVIRONMENT}, lock=lock)}


class WithScripts(NodeTest):
    """Packages of npm that run scripts when they are installed."""

    def setUp(self) -> None:
        super().setUp()
        self.major = run_program("node", "--version").stdout.lstrip("v").partition(".")[0]
        self.other = "24" if self.major == "22" else "22"
        self.is_like_lambda = sys.platform == "linux" and self.major in ("20", "22", "24")

    def test_run_those_that_are_allowed_with_nothing_of_the_environment_of_the_build(self) -> None:
        if not self.is_like_lambda:
            self.skipTest("scripts run on a machine as the function has it")
        secrets = {"AWS_SECRET_ACCESS_KEY": "x", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "x", "NPM_TOKEN": "x"}
        with mock.patch.dict(os.environ, secrets):
            result = self.install(scripted("node env.js"), node(self.major), allowScripts=ALLOWED)
        self.assertEqual(([], ""), result)
        names = json.loads(read("staged/fn/node_modules/it/made.json"))
        self.assertIn("PATH", names)
        self.assertEqual([], [name for name in names if "AWS" in name or "TOKEN" in name])

    def test_are_refused_when_nobody_can_answer_for_what_they_make(self) -> None:
        concealed = {"it": NpmPackage(files={"package.json": '{"name": "it", "scripts": {"install": ""}}'})}
        machine = "fn: the scripts of it@1.0.0 build for the machine that they run on: found "
        for packages, platform, allowed, problem in (
            (concealed, node("22"), {}, "lambda/fn: node_modules/it (as it was installed) runs scripts when it is"),
            (scripted("node env.js"), node("22", ELSEWHERE), ALLOWED, machine),
            (scripted("node env.js"), node(self.other), ALLOWED, machine),
            (
                scripted("node env.js", integrity=None),
                node("22"),
                ALLOWED,
                "fn: node_modules/it: its scripts are allowed, but the lock file names no hash of its bytes "
                "(integrity).",
            ),
        ):
            with self.subTest(problem):
                problems, _ = self.install(packages, platform, real=False, allowScripts=allowed)
                self.assertIn(problem, problems[0])

    def test_are_refused_when_they_change_what_is_not_theirs_or_fail(self) -> None:
        if not self.is_like_lambda:
            self.skipTest("scripts run on a machine as the function has it")
        for script, problem in (
            (
                "echo 1 >../../index.mjs; echo 2 >../new.js",
                "fn: the scripts of it@1.0.0 changed index.mjs, node_modules/new.js, outside of their packages:",
            ),
            ("echo no compiler; exit 3", "fn: the scripts of it@1.0.0 failed:"),
        ):
            with self.subTest(problem):
                problems, _ = self.install(scripted(script), node(self.major), allowScripts=ALLOWED)
                self.assertIn(problem, problems[0])
                self.assertEqual("exit 3" in script, "no compiler" in "\n".join(problems))


if __name__ == "__main__":
    unittest.main()
