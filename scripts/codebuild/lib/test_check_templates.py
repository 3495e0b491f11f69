"""check-templates.sh, with cfn-lint, cfn-nag, pip and gem as functions. check-templates.test.ts runs the real ones."""

from __future__ import annotations

import json
import os
import re
import shutil
import unittest
from collections.abc import Callable
from hashlib import sha256
from typing import Any
from unittest import mock
from xml.etree import ElementTree

import check_templates
from fixture import Result, ScriptTest, read, write
from program import Ended
from template_tools import Tool, locked_tools

LINT = {
    "Filename": "topic.yaml",
    "Level": "Error",
    "Rule": {"Id": "E3002"},
    "Message": "Additional properties are not allowed",
    "Location": {"Start": {"LineNumber": 11, "ColumnNumber": 7}},
}
NAG = {
    "type": "WARN",
    "id": "W28",
    "message": "Explicit name",
    "logical_resource_ids": ["A", "B"],
    "line_numbers": [12, 4],
}


def outcomes(path: str) -> list[tuple[str | None, str | None, str, str | None]]:
    """Suite, name, outcome and text of each case of a report."""
    return [
        (suite.get("name"), case.get("name"), case[0].tag, case[0].text or case[0].get("message"))
        if len(case)
        else (suite.get("name"), case.get("name"), "passed", None)
        for suite in ElementTree.parse(path).getroot()
        for case in suite
    ]


class Checking(ScriptTest):
    """What is made of the answers of the tools."""

    def setUp(self) -> None:
        super().setUp()
        tools = {name: f"#!python\n{name}" for name in ("bin/cfn-lint", "bin/cfn_nag_scan")}
        write({"topic.yaml": "", "sound.yaml": "", "configuration/README.md": "", **tools})
        mock.patch("check_templates.find", lambda tool, _: f"bin/{tool.program}").start()
        mock.patch("check_templates.run_program", self.run_tool).start()
        self.addCleanup(mock.patch.stopall)
        self.lint = Ended(0, "[]", "")
        self.nag: dict[str, Ended] = {}
        self.parameters = Ended(0, '{"configuration/dev/topic.json": []}', "")
        self.imports = 0

    def run_tool(self, program: str, *arguments: str, **_: Any) -> Ended:
        """What a tool answers."""
        if "-c" in arguments:
            return Ended(self.imports, "", "")
        if program == "python":
            return self.parameters
        if program == "bin/cfn-lint":
            return self.lint
        path = arguments[arguments.index("--input-path") + 1]
        clean = json.dumps([{"filename": path, "file_results": {"violations": []}}])
        return self.nag.get(path, Ended(0, clean, ""))

    def check(self, *arguments: str) -> Result:
        """Run the script."""
        return self.run_script(check_templates, *arguments)

    def test_is_content_without_findings_and_says_so_in_the_report(self) -> None:
        result = self.check("--report", "reports/report.xml", "topic.yaml", "sound.yaml")
        self.assertEqual(Result(0, "No findings in 5 checks.\n", ""), result)
        self.assertEqual({"passed"}, {outcome for _, _, outcome, _ in outcomes("reports/report.xml")})

    def test_fails_for_every_finding_of_every_tool_and_has_them_in_the_report(self) -> None:
        self.lint = Ended(2, json.dumps([LINT]), "")
        nag = [{"filename": "topic.yaml", "file_results": {"violations": [NAG]}}]
        self.nag["topic.yaml"] = Ended(1, json.dumps(nag), "")
        self.parameters = Ended(0, '{"configuration/dev/topic.json": ["one", "two \\u0007<"]}', "")
        result = self.check("--report", "report.xml", "sound.yaml", "topic.yaml")
        found = [
            "topic.yaml:11:7: Error E3002: Additional properties are not allowed",
            "topic.yaml:12: WARN W28: Explicit name (A, B)",
            "one",
            "two \u0007<",
        ]
        self.assertEqual(Result(1, "".join(f"{it}\n" for it in found), "4 findings; 3 of 5 checks failed.\n"), result)
        self.assertEqual(
            [
                ("cfn-lint", "sound.yaml", "passed", None),
                ("cfn-lint", "topic.yaml", "failure", found[0]),
                ("cfn-nag", "sound.yaml", "passed", None),
                ("cfn-nag", "topic.yaml", "failure", found[1]),
                ("parameters", "configuration/dev/topic.json", "failure", "one\ntwo \ufffd<"),
            ],
            outcomes("report.xml"),
        )

    def test_fails_when_a_tool_does_not_finish_with_what_it_said(self) -> None:
        self.lint = Ended(1, "", "Traceback")
        self.nag["topic.yaml"] = Ended(1, "", "nil is not a symbol nor a string (TypeError)")
        other = [{"filename": "other.yaml", "file_results": {"violations": []}}]
        self.nag["sound.yaml"] = Ended(0, json.dumps(other), "")
        result = self.check("--report", "report.xml", "topic.yaml", "sound.yaml")
        self.assertEqual((1, "0 findings; 4 of 5 checks failed.\n"), (result.code, result.stderr))
        self.assertIn("topic.yaml: cfn-lint did not finish. It said: Traceback\n", result.stdout)
        self.assertIn("cfn-nag did not finish. It said: nil is not a symbol", result.stdout)
        self.assertIn("sound.yaml: cfn-nag did not finish. It said: nothing\n", result.stdout)
        self.assertEqual(["error"] * 4 + ["passed"], [outcome for _, _, outcome, _ in outcomes("report.xml")])

    def test_leaves_cfn_nag_out_only_when_told_to_and_shows_that_it_did(self) -> None:
        said = "cfn-nag is skipped, because of --without-cfn-nag.\nNo findings in 2 checks; 1 skipped.\n"
        self.assertEqual(Result(0, said, ""), self.check("--without-cfn-nag", "topic.yaml"))
        for value, expected in (
            ("no", Result(0, said, "")),
            ("maybe", Result(2, "", 'check-templates.sh: CHECK_CFN_NAG is "maybe"; expected yes or no. Try --help.\n')),
        ):
            with mock.patch.dict(os.environ, {"CHECK_CFN_NAG": value}):
                self.assertEqual(expected, self.check("--report", "report.xml", "topic.yaml"))
        self.assertIn(("cfn-nag", "topic.yaml", "skipped", "--without-cfn-nag"), outcomes("report.xml"))

    def test_names_what_it_cannot_check(self) -> None:
        missing = "check-templates.sh: topic.yml: found no such file; expected a template.\n"
        self.assertEqual(Result(1, "", missing), self.check("topic.yml"))
        folder = "parameters: found no such folder; expected the template configurations (--parameters-dir).\n"
        result = self.check("--parameters-dir", "parameters", "topic.yaml")
        self.assertEqual(Result(1, "", f"check-templates.sh: {folder}"), result)
        self.parameters = Ended(1, "", "configuration: found no parameters;\n")
        said = (
            "configuration: found no parameters;\ncheck-templates.sh: The parameters could not be checked; see above.\n"
        )
        self.assertEqual(Result(1, "", said), self.check("topic.yaml"))
        self.imports = 1
        self.assertIn(
            'bin/cfn-lint does not say which Python it runs in (found "python"', self.check("topic.yaml").stderr
        )

    def test_a_wrong_call_is_told(self) -> None:
        calls: dict[tuple[str, ...], str] = {
            (): "No template is named.",
            ("--fast", "topic.yaml"): 'Unknown option "--fast".',
            ("--jobs", "all", "topic.yaml"): '--jobs is "all"; expected a number from 1 to 64.',
        }
        self.refuses_calls(check_templates, calls)


class Installing(ScriptTest):
    """cfn-lint and cfn-nag, as they are locked."""

    GEMS = ("cfn-nag-0.8.10.gem", "multi_json-1.15.0.gem")

    def setUp(self) -> None:
        super().setUp()
        hashes = {name: sha256(name.encode()).hexdigest() for name in self.GEMS}
        write(
            {
                "requirements.txt": "cfn-lint==1.58.0\n",
                "gems.sha256": "".join(f"{it}  {name}\n" for name, it in hashes.items()),
                "bin/gem": "",
                "topic.yaml": "",
                "configuration/dev/topic.json": "",
            }
        )
        os.chmod("bin/gem", 0o755)
        os.environ["PATH"] = f"{self.folder}/bin"
        self.calls: list[tuple[str, ...]] = []
        #: What pip and gem say instead of installing, and how often they do.
        self.trouble: dict[str, list[str]] = {"pip": [], "fetch": []}
        lint = Tool("cfn-lint", "cfn-lint", "requirements.txt", "1.58.0", "python", "bin/cfn-lint")
        nag = Tool("cfn_nag_scan", "cfn-nag", "gems.sha256", "0.8.10", "gems", "cfn_nag_scan")
        mock.patch("check_templates.CFN_LINT", lint).start()
        mock.patch("check_templates.CFN_NAG", nag).start()
        mock.patch("template_tools.run_program", self.run_tool).start()
        self.pauses = mock.patch("template_tools.pause").start()
        self.addCleanup(mock.patch.stopall)

    def run_tool(self, program: str, *arguments: str, cwd: str = ".", **_: Any) -> Ended:
        """Do what pip, gem, or a tool would do."""
        self.calls.append((os.path.basename(program), *arguments))
        if arguments[-1] == "--version":
            return Ended(0, read(program) if program.endswith("cfn-lint") else "0.8.10", "")
        if "venv" in arguments:
            os.makedirs(arguments[-1])
        elif "pip" in arguments or arguments[0] == "fetch":
            trouble = self.trouble["pip" if "pip" in arguments else "fetch"]
            if trouble:
                return Ended(1, "", trouble.pop())
            if "pip" in arguments:
                write({"cfn-lint": "cfn-lint 1.58.0"}, os.path.dirname(program))
            else:
                name = f"{arguments[1]}-{arguments[3]}.gem"
                write({name: name}, cwd)
        else:
            os.makedirs(arguments[arguments.index("--bindir") + 1])
        return Ended(0, "", "")

    def install(self, *arguments: str) -> Result:
        """Run the script."""
        return self.run_script(check_templates, "--install", "--tools", "tools", "--jobs", "1", *arguments)

    def commands(self) -> list[str]:
        """What pip and gem were called for."""
        named = [[word for word in call if word in ("pip", "fetch", "install")] for call in self.calls]
        return [words[0] for words in named if words]

    def test_are_installed_once(self) -> None:
        self.assertEqual(Result(0, "", ""), self.install())
        self.assertEqual(["pip", "fetch", "fetch", "install"], self.commands())
        self.assertIn("exec ", read("tools/gems/cfn_nag_scan"))
        self.calls.clear()
        self.assertEqual(Result(0, "", ""), self.install())
        self.assertEqual([], self.commands())

    def test_are_installed_anew_when_a_lock_has_changed_or_an_installation_was_not_finished_or_no_longer_runs(
        self,
    ) -> None:
        self.install()
        cases: list[tuple[Callable[[], object], list[str]]] = [
            (lambda: write({"gems.sha256": f"# changed\n{read('gems.sha256')}"}), ["fetch", "fetch", "install"]),
            (lambda: os.remove("tools/python/requirements.txt"), ["pip"]),
            (lambda: write({"tools/python/bin/cfn-lint": "cfn-lint 1.40.0"}), ["pip"]),
            (lambda: shutil.rmtree("tools/python/bin"), ["pip"]),
        ]
        for change, expected in cases:
            with self.subTest(expected):
                change()
                self.calls.clear()
                self.assertEqual(0, self.install().code)
                self.assertEqual(expected, self.commands())

    def test_that_cannot_be_downloaded_are_asked_for_again_after_growing_pauses_and_then_named(self) -> None:
        for kind, name, message in (
            ("pip", "cfn-lint 1.58.0", "cfn-lint 1.58.0 could not be installed with pip; see above."),
            ("fetch", "cfn-nag 0.8.10", "cfn-nag 0.8.10 could not be downloaded with gem; see above."),
        ):
            with self.subTest(kind):
                self.trouble[kind] = ["no network"] * 9
                self.pauses.reset_mock()
                result = self.install()
                self.assertEqual(1, result.code)
                self.assertIn(f"{name} could not be downloaded; the next try is in 5 seconds.", result.stderr)
                self.assertIn("no network", result.stderr)
                self.assertTrue(result.stderr.endswith(f"check-templates.sh: {message}\n"))
                self.assertEqual([mock.call(5), mock.call(20), mock.call(60)], self.pauses.mock_calls)
                self.trouble[kind] = ["no network"]
                self.assertEqual(0, self.install("--without-cfn-nag").code)

    def test_that_are_not_what_is_locked_are_refused_at_once_and_leave_nothing_behind(self) -> None:
        self.trouble["pip"] = ["THESE PACKAGES DO NOT MATCH THE HASHES"]
        self.assertIn("DO NOT MATCH THE HASHES", self.install().stderr)
        write({"gems.sha256": re.sub("^.{64}", "0" * 64, read("gems.sha256"), flags=re.MULTILINE)})
        result = self.install()
        self.assertIn("cfn-nag-0.8.10.gem: FAILED", result.stderr)
        self.assertIn("The gems above are not those that gems.sha256 locks. Nothing was installed.", result.stderr)
        self.assertNotIn("install", self.commands())
        self.assertEqual([], self.pauses.mock_calls)

    def test_are_missed_by_name_with_what_to_do(self) -> None:
        found = self.run_script(check_templates, "--tools", "tools", "topic.yaml")
        message = "check-templates.sh: cfn-lint is neither in tools nor on PATH. Install it with --install.\n"
        self.assertEqual(Result(1, "", message), found)
        write({"bin/cfn-lint": "cfn-lint 1.40.0"})
        os.chmod("bin/cfn-lint", 0o755)
        message = f'{self.folder}/bin/cfn-lint is "cfn-lint 1.40.0"; expected version 1.58.0, which the templates are'
        self.assertIn(message, self.run_script(check_templates, "topic.yaml").stderr)
        os.remove("bin/gem")
        self.assertIn("gem is not on PATH, so cfn-nag cannot be installed.", self.install().stderr)

    def test_are_found_in_the_locks_beside_the_scripts(self) -> None:
        versions = [tool.version for tool in locked_tools(check_templates.SCRIPTS)]
        self.assertEqual(["1.58.0", "0.8.10"], versions)


if __name__ == "__main__":
    unittest.main()
