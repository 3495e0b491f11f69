"""The AWS CLI: the only way in which these scripts reach AWS."""

from __future__ import annotations

import json
import os
import re
from typing import Any

from command import require_programs
from failure import Failure, fail, fail_usage
from program import run_program

# What both this and scripts/deploy/aws-cli.ts read: settings, and the least version of each major one.
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "aws-cli.json"), encoding="utf-8") as _file:
    CLI: dict[str, Any] = json.load(_file)
LEAST = tuple(CLI["leastVersions"][major] for major in ("2", "1"))
NEEDS = f"the AWS CLI ({LEAST[0]} or later, of version 1 {LEAST[1]} or later)"

# The AWS CLI retries throttling, 5xx and lost connections by itself; the legacy mode, its default, does so too seldom.
RETRIES = {"AWS_RETRY_MODE": "standard", "AWS_MAX_ATTEMPTS": "8"}
ROLE_ARN = re.compile(r"arn:[a-z-]+:iam::([0-9]{12}):role/.+")


class AwsError(Exception):
    """A call that failed.

    `code` is AWS's code of the error (404, ThrottlingException); empty when the call never got an answer.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        match = re.search(r"\(([A-Za-z0-9.]+)\) when calling", message)
        self.code = match[1] if match else ""


class Aws:
    """Calls the AWS CLI as the caller of the script or, with the credentials of a session, as a role."""

    def __init__(self, credentials: dict[str, str] | None = None) -> None:
        self._credentials = credentials or {}

    def __call__(self, *arguments: str) -> Any:
        """What a command answers, parsed; None when it prints nothing. Raises AwsError."""
        environment = {**RETRIES, **os.environ, **CLI["settings"], **self._credentials}
        ended = run_program("aws", *arguments, "--output", "json", environment=environment)
        if ended.code != 0:
            # The CLI begins with an empty line.
            raise AwsError("\n".join(line for line in ended.stderr.splitlines() if line))
        return json.loads(ended.stdout) if ended.stdout.strip() else None

    def check(self) -> None:
        """Raise Failure when the AWS CLI is missing or too old."""
        require_programs("aws")
        problem = version_problem()
        if problem:
            fail(problem)

    def with_credentials(self, credentials: dict[str, str]) -> Aws:
        """The same with the credentials of a session, which only its calls have in their environment."""
        return Aws(credentials)


def version_problem() -> str:
    """Why the AWS CLI on PATH cannot be used; empty where it can."""
    ended = run_program("aws", "--version", merge=True)
    match = re.search(r"aws-cli/(\d+)\.(\d+)\.(\d+)", ended.stdout)
    # One that does not start says so at the first call, and a stand-in may say something else.
    if ended.code != 0 or match is None:
        return ""
    found = [int(part) for part in match.groups()]
    least = LEAST[0] if found[0] > 1 else LEAST[1]
    if found >= [int(part) for part in least.split(".")]:
        return ""
    version = ".".join(match.groups())
    return f"The AWS CLI is {version}; expected {least} or later, which can upload without overwriting. Update it."


def account_of_role(arn: str) -> str:
    """The account of a role. Raises Failure unless it is the ARN of one."""
    match = ROLE_ARN.fullmatch(arn)
    if match is None:
        fail_usage(f'--role-arn is "{arn}"; expected arn:aws:iam::ACCOUNT:role/NAME.')
    return match[1]


def assume_role(aws: Aws, environment: str, arn: str, purpose: str) -> Aws:
    """Calls as a role of an environment. Raises Failure. The credentials are never written nor printed."""
    # CODEBUILD_BUILD_ID is project:uuid. A session name takes no colon and 64 characters; what follows the colon is
    # enough to find the build that did something in CloudTrail.
    build = os.environ.get("CODEBUILD_BUILD_ID") or f"by-hand-{os.environ.get('USER') or 'nobody'}"
    session = re.sub(r"[^A-Za-z0-9+=,.@-]", "-", f"{purpose}-{build.partition(':')[2] or build}")[:64]
    try:
        # One hour is the most for a role that assumes a role, which CodeBuild's role does here.
        answer = aws(
            *("sts", "assume-role", "--role-arn", arn, "--role-session-name", session, "--duration-seconds", "3600")
        )
    except AwsError as error:
        fail(
            f"{environment}: the role {arn} cannot be assumed, so nothing has been changed. Its trust policy has to "
            f"admit the caller, and the caller's own policy has to allow sts:AssumeRole on it. {error}"
        )
    credentials = answer["Credentials"]
    # They win over a profile of the caller, and so does their expiration over that of the caller's own.
    return aws.with_credentials(
        {
            "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
            "AWS_SESSION_TOKEN": credentials["SessionToken"],
            "AWS_CREDENTIAL_EXPIRATION": credentials["Expiration"],
        }
    )


def check_stored(aws: Aws, bucket: str, key: str, sha256: str) -> None:
    """Raise Failure unless S3 has the bytes under a key that a hash in base64 is of."""
    try:
        # S3's own checksum, which S3 verified when the object was uploaded, rather than metadata that anybody may
        # mistype. That of an object uploaded in parts ends in -PARTS and equals none.
        answer = aws("s3api", "head-object", "--bucket", bucket, "--key", key, "--checksum-mode", "ENABLED")
    except AwsError as error:
        # Without permission to list the bucket, one gets 403 for what is missing, too.
        raise Failure(
            [
                f"s3://{bucket}/{key} cannot be read: either it is gone, and a new run of the pipeline puts it back; "
                "or the caller lacks s3:GetObject on it, or kms:Decrypt with the bucket's key, to see its checksum. "
                f"{error}"
            ]
        ) from None
    found = answer.get("ChecksumSHA256") or "no SHA-256 checksum"
    if found != sha256:
        raise Failure(
            [
                f"s3://{bucket}/{key}: found {found}, expected the SHA-256 checksum {sha256}. These are not the bytes "
                "that "
                'the key is named after, and packaging did not put them there. What to do: README.md, "A package is '
                'not what its key is named after".'
            ]
        )
