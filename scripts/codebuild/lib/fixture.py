"""What the tests of this folder share: a folder of their own, scripts run in this process, and an AWS in memory."""

from __future__ import annotations

import argparse
import base64
import contextlib
import copy
import hashlib
import io
import os
import re
import shutil
import tempfile
import unittest
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any
from unittest import mock

from aws import Aws, AwsError
from command import execute

Files = dict[str, str | bytes]
ROLE = "arn:aws:iam::222222222222:role/shop-dev-update"


@dataclass(frozen=True)
class Result:
    """How a script ended, and what it said."""

    code: int
    stdout: str
    stderr: str


class ScriptTest(unittest.TestCase):
    """A test that works in a folder of its own, with an environment that names nothing of the caller's."""

    def setUp(self) -> None:
        before = os.getcwd()
        self.folder = tempfile.mkdtemp()
        os.chdir(self.folder)
        self.addCleanup(shutil.rmtree, self.folder)
        self.addCleanup(os.chdir, before)
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        environment = mock.patch.dict(os.environ, kept, clear=True)
        environment.start()
        self.addCleanup(environment.stop)

    def run_script(self, script: ModuleType, *arguments: str, aws: Aws | None = None) -> Result:
        """Run a script in this process."""
        main: Callable[..., None] = script.main
        work: Callable[[argparse.Namespace], None] = main if aws is None else lambda options: main(options, aws)
        with contextlib.redirect_stdout(io.StringIO()) as stdout, contextlib.redirect_stderr(io.StringIO()) as stderr:
            code = execute(script.COMMAND, work, list(arguments))
        return Result(code, stdout.getvalue(), stderr.getvalue())

    def refuses_calls(self, script: ModuleType, calls: dict[tuple[str, ...], str], aws: Aws | None = None) -> None:
        """Assert what a script says to wrong calls, in the place of its work."""
        for arguments, message in calls.items():
            with self.subTest(arguments):
                result = self.run_script(script, *arguments, aws=aws)
                expected = Result(2, "", f"{script.COMMAND.script}: {message} Try --help.\n")
                self.assertEqual(expected, result)


def write(files: Files, folder: str = ".") -> None:
    """Write files, by their paths below a folder."""
    for name, content in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)


def read(path: str) -> str:
    """The text of a file."""
    with open(path, encoding="utf-8") as file:
        return file.read()


def files_below(folder: str) -> list[str]:
    """The paths of the files below a folder, sorted."""
    found = [os.path.join(directory, name) for directory, _, names in os.walk(folder) for name in names]
    return sorted(os.path.relpath(path, folder) for path in found)


def sha256(content: str | bytes) -> str:
    """A hash in base64, as S3 and Lambda have it."""
    data = content.encode() if isinstance(content, str) else content
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


class Killed(BaseException):
    """The script is killed, which nothing in it notices."""


@dataclass
class Call:
    """A call of AWS: as in `lambda update-function-code`, its options by name, and who makes it."""

    operation: str
    options: dict[str, list[str]]
    identity: str

    def __getitem__(self, name: str) -> str:
        return self.options[name][0]


@dataclass
class Fault:
    """What goes wrong at some calls of an operation, counted from 1; at all of them unless they are named."""

    operation: str
    reaction: BaseException | Any
    about: str = ""
    calls: tuple[int, ...] = ()
    seen: int = field(default=0)


class FakeAws(Aws):
    """An AWS in memory, with what the scripts use of it. The runs of scripts.test.ts hold it against the real CLI."""

    def __init__(self) -> None:
        super().__init__()
        self.identity = "caller"
        self.calls: list[Call] = []
        self.faults: list[Fault] = []
        self.objects: dict[str, str | None] = {}
        self.functions: dict[str, str] = {}
        self.packages: dict[str, str] = {}
        self.parameters: dict[str, str] = {}
        self.answers: dict[str, Any] = {}

    def check(self) -> None:
        """There is no AWS CLI that could be missing."""

    def with_credentials(self, credentials: dict[str, str]) -> Aws:
        """The same AWS, called by somebody else."""
        session = copy.copy(self)
        session.identity = credentials["AWS_ACCESS_KEY_ID"]
        return session

    def fail(self, operation: str, code: str, about: str = "", calls: tuple[int, ...] = (), message: str = "") -> None:
        """Answer calls with an error."""
        self.faults.append(Fault(operation, failure(code, operation, message), about, calls))

    def answer(self, operation: str, answer: Any, about: str = "", calls: tuple[int, ...] = ()) -> None:
        """Answer calls with something else than the state."""
        self.faults.append(Fault(operation, answer, about, calls))

    def operations(self) -> list[str]:
        """What has been called."""
        return [call.operation for call in self.calls]

    def __call__(self, *arguments: str) -> Any:
        service, operation, *rest = arguments
        words = rest[1:] if service == "lambda" and operation == "wait" else rest
        options: dict[str, list[str]] = {}
        for word in words:
            if word.startswith("--"):
                options[word[2:]] = []
            else:
                list(options.values())[-1].append(word)
        call = Call(f"{service} {operation}", options, self.identity)
        self.calls.append(call)
        for fault in self.faults:
            if fault.operation == call.operation and re.search(fault.about, str(options)):
                fault.seen += 1
                if not fault.calls or fault.seen in fault.calls:
                    if isinstance(fault.reaction, BaseException):
                        raise fault.reaction
                    return fault.reaction
        known = getattr(self, f"{service}_{operation}".replace("-", "_"), None)
        if known is None:
            answer = self.answers[call.operation]
            return answer(call) if callable(answer) else answer
        return known(call)

    def sts_assume_role(self, call: Call) -> Any:
        """A session, named after the role."""
        key = call["role-arn"].rpartition("/")[2]
        names = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
        return {"Credentials": dict(zip(names, (key, "secret", "token", "2030-01-01T00:00:00Z"), strict=True))}

    def s3api_put_object(self, call: Call) -> Any:
        """Take an object, unless there is one under the key."""
        assert call["if-none-match"] == "*"
        with open(call["body"], "rb") as file:
            content = file.read()
        assert sha256(content) == call["checksum-sha256"]
        place = f"{call['bucket']}/{call['key']}"
        if place in self.objects:
            raise failure("PreconditionFailed", call.operation)
        self.objects[place] = sha256(content)

    def s3api_head_object(self, call: Call) -> Any:
        """The checksum of an object, if it was uploaded with one."""
        place = f"{call['bucket']}/{call['key']}"
        if place not in self.objects:
            raise failure("404", call.operation, "Not Found")
        checksum = self.objects[place]
        return {} if checksum is None else {"ChecksumSHA256": checksum}

    def lambda_get_function_configuration(self, call: Call) -> Any:
        """What a function runs."""
        if call["function-name"] not in self.functions:
            raise failure("ResourceNotFoundException", call.operation, "Function not found")
        return {"CodeSha256": self.functions[call["function-name"]], "LastUpdateStatus": "Successful"}

    def lambda_update_function_code(self, call: Call) -> Any:
        """Make a function run what S3 has under a key."""
        self.functions[call["function-name"]] = self.objects[f"{call['s3-bucket']}/{call['s3-key']}"] or ""

    def lambda_wait(self, call: Call) -> Any:
        """No update takes any time."""

    def ssm_put_parameter(self, call: Call) -> Any:
        """Keep a parameter."""
        self.parameters[call["name"]] = call["value"]

    def ssm_get_parameter(self, call: Call) -> Any:
        """A parameter."""
        if call["name"] not in self.parameters:
            raise failure("ParameterNotFound", call.operation)
        return {"Parameter": {"Value": self.parameters[call["name"]]}}


def failure(code: str, operation: str, message: str = "") -> AwsError:
    """An error as the AWS CLI words it."""
    name = "".join(part.capitalize() for part in operation.split()[1].split("-"))
    return AwsError(f"An error occurred ({code}) when calling the {name} operation: {message}")
