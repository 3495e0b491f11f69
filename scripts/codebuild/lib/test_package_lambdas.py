"""package-lambdas.sh."""

from __future__ import annotations

import json
import os
import random
import shutil
import tempfile
import unittest
import zipfile
from collections.abc import Callable
from hashlib import sha256
from typing import Any
from unittest import mock

import package_lambdas
from fixture import Files, Result, ScriptTest, read, write
from packages_fixture import NpmPackage, Wheel, elf, npm_function

PLATFORMS = "generated/environment/lambda-functions.json"
EVENTS: Files = {"lambda/order-events/app.py": "def handler(event, context):\n    return len(event)\n"}
API: Files = {
    "lambda/orders-api/index.mjs": "export { handler } from './src/handler.mjs';\n",
    "lambda/orders-api/src/handler.mjs": "export const handler = async () => 200;\n",
}


def platforms_of(*functions: str) -> str:
    """What functions run on: Python for those of events, Node.js for others."""
    return json.dumps(
        {
            name: {"runtime": "python3.14" if "events" in name else "nodejs24.x", "architecture": "x86_64"}
            for name in functions
        }
    )


class PackageTest(ScriptTest):
    """A commit with functions."""

    def commit(self, files: Files, *functions: str) -> None:
        """Write a commit."""
        write({"lambda/README.md": "No function.", PLATFORMS: platforms_of(*functions), **files})

    def package(self, *arguments: str) -> Result:
        """Run the script."""
        return self.run_script(package_lambdas, "--output", "zips", *arguments)

    def made(self) -> dict[str, str]:
        """Hashes of the zips, by function; the list has them, and they are those of the bytes."""
        made = {}
        for line in read("zips/zips.sha256").splitlines():
            digest, _, name = line.partition("  ")
            with open(f"zips/{name}", "rb") as file:
                self.assertEqual(digest, sha256(file.read()).hexdigest())
            made[name.removesuffix(".zip")] = digest
        return made


class Packaging(PackageTest):
    """What a package holds."""

    def test_is_a_zip_of_every_sub_folder_and_all_are_listed(self) -> None:
        self.commit({**EVENTS, **API, "lambda/.cache/file": "No function either."}, "order-events", "orders-api")
        result = self.package()
        self.assertEqual((0, ""), (result.code, result.stderr))
        self.assertRegex(result.stdout, r"^order-events  \S{44}  \d+ bytes\norders-api  \S{44}  \d+ bytes\n$")
        self.assertEqual(["order-events", "orders-api"], list(self.made()))

    def test_of_no_functions_at_all_is_a_list_without_any(self) -> None:
        self.commit({})
        self.assertEqual(Result(0, "", ""), self.package())
        self.assertEqual({}, self.made())

    def test_is_what_a_function_needs_at_run_time_without_the_rest(self) -> None:
        function: Files = {
            "bin/tool": "#!/bin/sh\n",
            "a.test.mjs": "test",
            "test_a.py": "def test_it():\n    pass\n",
            "tsconfig.build.json": "{}",
            "__pycache__/a.pyc": "cache",
            ".DS_Store": "folder",
            "node_modules/.cache/a": "cache",
            "node_modules/vendored/index.test.js": "code of others",
        }
        self.commit({**API, **{f"lambda/orders-api/{name}": text for name, text in function.items()}}, "orders-api")
        os.chmod("lambda/orders-api/bin/tool", 0o700)
        os.symlink("src/handler.mjs", "lambda/orders-api/link.mjs")
        self.assertIn("orders-api  left out: a.test.mjs, test_a.py, tsconfig.build.json\n", self.package().stdout)
        with zipfile.ZipFile("zips/orders-api.zip") as archive:
            self.assertIsNone(archive.testzip())
            found = [(it.filename, oct(it.external_attr >> 16), archive.read(it).decode()) for it in archive.infolist()]
            plain = {(it.date_time, len(it.extra), it.create_system) for it in archive.infolist()}
        self.assertEqual({((1980, 1, 1, 0, 0, 0), 0, 3)}, plain)
        handler = API["lambda/orders-api/src/handler.mjs"]
        self.assertEqual(
            [
                ("bin/tool", "0o100755", "#!/bin/sh\n"),
                ("index.mjs", "0o100644", API["lambda/orders-api/index.mjs"]),
                ("link.mjs", "0o100644", handler),
                ("node_modules/vendored/index.test.js", "0o100644", "code of others"),
                ("src/handler.mjs", "0o100644", handler),
            ],
            found,
        )

    def test_has_the_same_bytes_of_the_same_tree_on_other_days_under_other_umasks_in_other_folders(self) -> None:
        made = []
        # pip notes the path of a wheel that is a file.
        lock = Wheel("greeting").write("wheels").split()[1]
        with open(f"wheels/{Wheel('greeting').file}", "rb") as file:
            wheel = file.read()
        for umask, day in ((0o022, 1_500_000_000), (0o077, 1_700_000_000)):
            os.chdir(tempfile.mkdtemp(dir=self.folder))
            before = os.umask(umask)
            try:
                names = ["b.py", "a.py", "ü.json", "run"]
                random.Random(umask).shuffle(names)
                tree = "lambda/order-events"
                write({f"{tree}/{name}": name for name in names})
                os.chmod(f"{tree}/run", 0o755 & ~umask)
                for name in names:
                    os.utime(f"{tree}/{name}", (day, day))
                vendored = f"vendor/{Wheel('greeting').file}"
                self.commit(
                    {f"{tree}/{vendored}": wheel, f"{tree}/requirements.txt": f"./{vendored} {lock}\n"},
                    *("order-events", "orders-api"),
                )
                greeting = NpmPackage(files={"index.js": "", "index.test.js": "code of others"})
                npm_function("lambda/orders-api", {"greeting": greeting})
                settings = {"npm_config_offline": "true", "npm_config_cache": os.path.abspath("cache")}
                with mock.patch.dict(os.environ, settings, PIP_NO_INDEX="1", PIP_CONFIG_FILE="/dev/null"):
                    self.assertEqual("", self.package().stderr)
                made.append(self.made())
            finally:
                os.umask(before)
        self.assertEqual(made[0], made[1])
        self.assertEqual(["order-events", "orders-api"], list(made[0]))

    def test_is_kept_when_runtime_and_architecture_change_and_another_one_when_a_name_or_an_executable_bit_does(
        self,
    ) -> None:
        # What differs between platforms is in the bytes, or does not matter; the runtime itself is the template's to
        # change.
        self.commit(API, "orders-api")
        self.package()
        first = self.made()
        write({PLATFORMS: json.dumps({"orders-api": {"runtime": "nodejs22.x", "architecture": "arm64"}})})
        self.assertEqual(0, self.package().code)
        self.assertEqual(first, self.made())
        os.chmod("lambda/orders-api/index.mjs", 0o755)
        self.package()
        second = self.made()
        os.rename("lambda/orders-api/index.mjs", "lambda/orders-api/main.mjs")
        self.package()
        self.assertEqual(3, len({str(made) for made in (first, second, self.made())}))


class Installing(PackageTest):
    """Dependencies of functions."""

    def test_are_those_of_npm_for_production_fresh_without_running_their_scripts(self) -> None:
        script = {"hasInstallScript": True, "scripts": {"install": "touch installed"}, "bin": "index.js"}
        greeting = NpmPackage(script, {"index.js": "new", "index.test.js": ""})
        linter = NpmPackage(files={"index.js": ""}, lock={"dev": True})
        self.commit({}, "orders-api")
        npm_function("lambda/orders-api", {"greeting": greeting, "linter": linter}, allowScripts={"greeting": False})
        package = json.loads(read("lambda/orders-api/package.json"))
        package["devDependencies"] = {"linter": package["dependencies"].pop("linter")}
        lock = json.loads(read("lambda/orders-api/package-lock.json"))
        lock["packages"][""] = package
        files = {"package.json": json.dumps(package), "package-lock.json": json.dumps(lock)}
        write({**files, "node_modules/greeting/index.js": "an old one"}, "lambda/orders-api")
        with mock.patch.dict(os.environ, npm_config_offline="true", npm_config_cache=f"{self.folder}/cache"):
            self.assertEqual("", self.package().stderr)
            made = self.made()
            with zipfile.ZipFile("zips/orders-api.zip") as archive:
                self.assertEqual(b"new", archive.read("node_modules/greeting/index.js"))
                names = archive.namelist()
            self.assertIn("node_modules/greeting/index.test.js", names)
            self.assertNotIn("node_modules/greeting/installed", names)
            self.assertEqual(
                [], [name for name in names if "/.bin/" in name or "linter/" in name and "vendor" not in name]
            )
            shutil.rmtree("lambda/orders-api/node_modules")
            self.assertEqual(0, self.package().code)
        self.assertEqual(made, self.made())

    def test_that_cannot_be_installed_are_reported_for_all_functions_and_nothing_is_listed(self) -> None:
        self.commit({**EVENTS, "zips/zips.sha256": "of an earlier run"}, "order-events", "orders-api")
        npm_function("lambda/orders-api", {"greeting": NpmPackage()})
        write({"lambda/order-events/requirements.txt": "greeting==1.0.0\n"})
        os.remove("lambda/orders-api/vendor/greeting.tgz")
        write({"lambda/orders-api/vendor/other": ""})
        Wheel("greeting").write("wheels")
        settings = {"npm_config_offline": "true", "npm_config_cache": f"{self.folder}/cache"}
        with mock.patch.dict(os.environ, settings, PIP_NO_INDEX="1", PIP_FIND_LINKS=f"{self.folder}/wheels"):
            result = self.package()
        self.assertEqual(1, result.code)
        self.assertIn("orders-api: installing its dependencies failed:", result.stderr)
        self.assertIn("ENOENT", result.stderr)
        self.assertIn("Hashes are required in --require-hashes mode", result.stderr)
        message = "package-lambdas.sh: Not all functions could be prepared; nothing was zipped.\n"
        self.assertTrue(result.stderr.endswith(message))
        self.assertFalse(os.path.exists("zips/zips.sha256"))


class Refusing(PackageTest):
    """What cannot be packaged."""

    def test_is_refused_all_of_it_at_once_before_anything_is_installed(self) -> None:
        folders = ["empty", "Upper_Case", "a-1", "a1", "links", "linked", "yarn", "unlocked", "broken", "huge"]
        self.commit(
            {
                "lambda/empty/only.test.mjs": "",
                "lambda/Upper_Case/a.py": "",
                "lambda/a-1/a.py": "",
                "lambda/a1/a.py": "",
                "lambda/links/a.py": "",
                "lambda/yarn/yarn.lock": "",
                "lambda/unlocked/package.json": '{"dependencies": {"left-pad": "1.3.0"}}',
                "lambda/broken/package.json": "[",
                "lambda/huge/model.bin": "",
                "lambda/mixed/requirements.txt": "",
                "lambda/native/lib/tool.so": elf("arm64"),
                "lambda/without-settings/index.mjs": "",
                "outside/secret": "",
            },
            *folders,
            *("mixed", "native", "without-folder"),
        )
        os.symlink("../../outside/secret", "lambda/links/secret")
        os.symlink("nowhere", "lambda/links/dangling")
        os.mkdir("lambda/links/sub")
        os.symlink("..", "lambda/links/sub/loop")
        os.symlink("../outside", "lambda/linked")
        os.mkfifo("lambda/links/pipe")
        os.truncate("lambda/huge/model.bin", 262_144_000)
        result = self.package()
        expected = [
            'The folder name "Upper_Case" is no function name;',
            'The folders "a-1" and "a1" both need the template parameter A1CodeKey.',
            f"lambda/without-settings: found no function for this folder in {PLATFORMS}. Add it to a workload",
            f"{PLATFORMS}: found the function without-folder, but no folder lambda/without-folder. Create the folder",
            "lambda/broken/package.json: found no JSON object",
            "lambda/empty: found no file to package;",
            "huge: the package has 262144000 bytes unzipped; Lambda accepts less than 262144000 (250 MB).",
            "lambda/linked: found a symbolic link; expected a folder.",
            "lambda/links/dangling: found a symbolic link to nowhere, which cannot be read (No such file or "
            "directory).",
            "lambda/links/pipe: found neither a file nor a folder nor a symbolic link.",
            "lambda/links/secret: found a symbolic link to ../../outside/secret, outside of the folder.",
            "lambda/links/sub/loop: found a symbolic link to a folder that holds the link itself.",
            "lambda/mixed: found requirements.txt, but the function runs nodejs24.x, which has no use for it.",
            "lambda/native/lib/tool.so: found a binary for arm64, expected one for Linux on x86_64.",
            "lambda/unlocked: package.json names dependencies (left-pad), but there is no package-lock.json.",
            "lambda/yarn: found yarn.lock; dependencies are installed from package-lock.json or requirements.txt",
            "package-lambdas.sh: Nothing has been packaged; see above.",
        ]
        self.assertEqual(1, result.code)
        lines = result.stderr.splitlines()
        self.assertEqual(expected, [line[: len(start)] for line, start in zip(lines, expected, strict=True)])
        self.assertFalse(os.path.exists("zips"))

    def test_is_told_up_to_what_somebody_may_read(self) -> None:
        self.commit({}, *(f"f{number}" for number in range(150)))
        write({"lambda/f0/index.mjs": ""})
        lines = self.package().stderr.splitlines()
        self.assertEqual((102, "... and 49 more problems."), (len(lines), lines[100]))

    def test_is_any_function_when_the_file_of_what_they_run_on_is_wrong(self) -> None:
        def settings(**values: str) -> str:
            return json.dumps({"order-events": values})

        self.commit(EVENTS, "order-events")
        cases: list[tuple[str | Callable[[], Any], str]] = [
            ('{"order-events": {', "found no JSON (Expecting"),
            ("[]", "found something else than an object of functions."),
            (settings(runtime="python3.11", architecture="x86_64"), "order-events: found {"),
            (settings(runtime="nodejs18.x", architecture="x86_64"), "order-events: found {"),
            (settings(runtime="python3.14", architecture="aarch64"), "order-events: found {"),
            (settings(runtime="python3.14"), 'order-events: found {"runtime": "python3.14"}; expected'),
            (
                lambda: os.remove(PLATFORMS),
                "cannot be read (No such file or directory). It is written by `npm run build`:",
            ),
        ]
        for content, problem in cases:
            with self.subTest(problem):
                if isinstance(content, str):
                    write({PLATFORMS: content})
                else:
                    content()
                result = self.package()
                self.assertEqual(1, result.code)
                self.assertIn(f"{PLATFORMS}: {problem}", result.stderr)

    def test_is_a_folder_without_functions_when_the_templates_have_some(self) -> None:
        self.commit({}, "orders-api")
        for arguments, message in (
            ((), "lambda: found no sub-folder; expected one folder per function."),
            (("--lambda-dir", "functions"), "functions: found no such folder;"),
            (("--templates-dir", "templates"), "templates: found no such folder;"),
        ):
            self.assertIn(message, self.package(*arguments).stderr)

    def test_a_wrong_call_is_told_and_a_right_one_can_come_from_the_environment(self) -> None:
        calls: dict[tuple[str, ...], str] = {
            (): "--output is missing.",
            ("--output",): "--output needs a value.",
            ("--output", "zips", "--jobs", "0"): '--jobs is "0"; expected a number from 1 to 64.',
            ("--verbose",): 'Unknown option "--verbose".',
        }
        self.refuses_calls(package_lambdas, calls)
        write({"functions/order-events/app.py": "", "templates/lambda-functions.json": platforms_of("order-events")})
        variables = {
            "PACKAGE_OUTPUT": "zips",
            "LAMBDA_DIR": "functions",
            "TEMPLATES_DIR": "templates",
            "PACKAGE_JOBS": "1",
        }
        with mock.patch.dict(os.environ, variables):
            self.assertEqual(0, self.run_script(package_lambdas).code)
        self.assertEqual(["order-events"], list(self.made()))


if __name__ == "__main__":
    unittest.main()
