"""How every script is called, and how it ends. The programs run in processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import unittest
from unittest import mock

import aws
from aws import Aws, AwsError
from fixture import ScriptTest, read, write
from program import Ended

LIB = os.path.dirname(os.path.abspath(__file__))
SCRIPTS = sorted(name for name in os.listdir(os.path.dirname(LIB)) if name.endswith(".sh"))


def path_of(script: str) -> str:
    """Where a script is."""
    return os.path.join(os.path.dirname(LIB), script)


class Script(unittest.TestCase):
    """Each of the scripts."""

    def test_says_how_it_is_called_with_every_option_and_exit_code(self) -> None:
        for script in SCRIPTS:
            with self.subTest(script):
                ended = subprocess.run(["bash", path_of(script), "--help"], capture_output=True, encoding="utf-8")
                self.assertEqual((0, ""), (ended.returncode, ended.stderr))
                self.assertRegex(ended.stdout, rf"^Usage: {script} ")
                self.assertGreater(ended.stdout.count("\n  --"), 2)
                self.assertRegex(
                    ended.stdout, r"Ends with 0 when [^.]*, 2 when called wrongly, 130 or 143 when\sinterrupted"
                )

    def test_says_it_to_a_reader_who_has_had_enough_without_complaint(self) -> None:
        reader, writer = os.pipe()
        os.close(reader)
        ended = subprocess.run(["bash", path_of("build-image.sh"), "--help"], stdout=writer, stderr=subprocess.PIPE)
        os.close(writer)
        self.assertEqual((0, b""), (ended.returncode, ended.stderr))

    def test_needs_python(self) -> None:
        ended = subprocess.run(["/bin/bash", path_of("build-image.sh")], capture_output=True, env={"PATH": "/nowhere"})
        self.assertEqual(1, ended.returncode)
        self.assertEqual(b"build-image.sh: The program python3 is not on PATH. Install it.\n", ended.stderr)


class Interrupted(ScriptTest):
    """A script that is interrupted while a program of its runs."""

    def test_ends_with_130_or_143_and_ends_the_program_too(self) -> None:
        write({"bin/aws": f'#!/bin/sh\n[ "$1" = --version ] && exit\necho $$ >{self.folder}/pid\nexec sleep 60\n'})
        os.chmod("bin/aws", 0o755)
        write({"zips/a.zip": "", "zips/b.zip": "", "parameters/dev/infrastructure.json": '{"Parameters": {}}'})
        functions = '{"a": {"runtime": "nodejs24.x", "architecture": "x86_64"}, "b": %s}'
        platform = '{"runtime": "nodejs24.x", "architecture": "x86_64"}'
        write({"t/infrastructure.yaml": "", "t/lambda-functions.json": functions % platform})
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            with self.subTest(number.name):
                options = ("--zips", "zips", "--bucket", "b", "--output", "o", "--templates-dir", "t", "--jobs", "1")
                environment = {**os.environ, "PATH": f"{self.folder}/bin:{os.environ['PATH']}"}
                running = subprocess.Popen(
                    [sys.executable, "-B", os.path.join(LIB, "publish_packages.py"), *options],
                    env=environment,
                    stderr=subprocess.PIPE,
                    encoding="utf-8",
                )
                deadline = time.monotonic() + 60
                while not (os.path.exists("pid") and read("pid")) and time.monotonic() < deadline:
                    time.sleep(0.02)
                running.send_signal(number)
                self.assertEqual(("", code), (running.communicate()[1], running.returncode))
                with self.assertRaises(ProcessLookupError):
                    os.kill(int(read("pid")), 0)
                os.remove("pid")
                self.assertFalse(os.path.exists("o"))


class AwsCli(ScriptTest):
    """The AWS CLI."""

    def test_is_refused_when_it_is_too_old(self) -> None:
        upload = "which can upload without overwriting. Update it."
        for said, problem in (
            ("aws-cli/2.17.34 Python/3.11.8 Linux/6.1 exe/x86_64", ""),
            ("aws-cli/2.17.33 Python/3.11.8 Linux/6.1", f"The AWS CLI is 2.17.33; expected 2.17.34 or later, {upload}"),
            ("aws-cli/2.9.100 Python/3.11.8", f"The AWS CLI is 2.9.100; expected 2.17.34 or later, {upload}"),
            ("aws-cli/2.100.0 Python/3.13", ""),
            ("aws-cli/3.0.0 Python/3.13", ""),
            ("aws-cli/1.34.2 Python/3.11.8", ""),
            ("aws-cli/1.34.1 Python/3.11.8", f"The AWS CLI is 1.34.1; expected 1.34.2 or later, {upload}"),
            ("aws-cli/1.16.309 Python/2.7.18", f"The AWS CLI is 1.16.309; expected 1.34.2 or later, {upload}"),
            ("something that stands in for it", ""),
        ):
            with self.subTest(said), mock.patch("aws.run_program", return_value=Ended(0, said, "")):
                self.assertEqual(problem, aws.version_problem())
        # One that does not start says so itself at the first call.
        with mock.patch("aws.run_program", return_value=Ended(126, "aws-cli/2.1.1: bad interpreter", "")):
            self.assertEqual("", aws.version_problem())

    def test_runs_with_settings_that_no_caller_changes_and_with_the_retries_of_the_caller(self) -> None:
        of_the_caller = dict.fromkeys(aws.CLI["settings"], "something else") | {"AWS_MAX_ATTEMPTS": "2"}
        with mock.patch.dict(os.environ, of_the_caller), mock.patch("aws.run_program") as run:
            run.return_value = Ended(0, '{"A": 1}', "")
            self.assertEqual({"A": 1}, Aws({"AWS_SESSION_TOKEN": "token"})("sts", "get-caller-identity"))
        environment = run.call_args.kwargs["environment"]
        expected = {
            **aws.CLI["settings"],
            "AWS_MAX_ATTEMPTS": "2",
            "AWS_RETRY_MODE": "standard",
            "AWS_SESSION_TOKEN": "token",
        }
        self.assertEqual(expected, {name: environment[name] for name in expected})

    def test_that_fails_is_told_with_its_message_and_the_code_of_AWS(self) -> None:
        said = "\nAn error occurred (404) when calling the HeadObject operation: Not Found\n"
        with mock.patch("aws.run_program", return_value=Ended(254, "", said)), self.assertRaises(AwsError) as caught:
            Aws()("s3api", "head-object")
        self.assertEqual((said.strip(), "404"), (str(caught.exception), caught.exception.code))
        self.assertEqual("", AwsError("Could not connect to the endpoint URL").code)

    def test_is_missed_by_name(self) -> None:
        with mock.patch.dict(os.environ, {"PATH": "/nowhere"}), self.assertRaisesRegex(Exception, "aws is not on PATH"):
            Aws().check()


class Session(ScriptTest):
    """The session of a role."""

    def test_lasts_an_hour_at_most_under_a_name_that_leads_to_the_build(self) -> None:
        with mock.patch.dict(os.environ, {"CODEBUILD_BUILD_ID": "update-lambdas-dev:0b3d2c1a"}):
            call = mock.MagicMock()
            aws.assume_role(call, "dev", "arn:aws:iam::222222222222:role/a", "lambda-update")
        words = call.call_args.args
        self.assertEqual("lambda-update-0b3d2c1a", words[words.index("--role-session-name") + 1])
        self.assertEqual("3600", words[words.index("--duration-seconds") + 1])
        with mock.patch.dict(os.environ, {"USER": "some body"}):
            aws.assume_role(call, "dev", "arn:aws:iam::222222222222:role/a", "review")
        self.assertIn("review-by-hand-some-body", call.call_args.args)


if __name__ == "__main__":
    unittest.main()
