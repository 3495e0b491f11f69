"""Makes every function of an environment run its packaged code: update-lambdas.sh."""

from __future__ import annotations

import argparse
from contextlib import suppress
from dataclasses import dataclass

from aws import NEEDS, Aws, AwsError, account_of_role, assume_role, check_stored
from command import Command, Option, number, run, say
from failure import Failure, concluding, fail
from manifest import Package, read_manifest
from program import in_parallel, pause

COMMAND = Command(
    script="update-lambdas.sh",
    usage="update-lambdas.sh --manifest FILE --role-arn ARN --environment NAME --function-prefix PREFIX [OPTION...]",
    about="""
Assumes the role and makes every function of the manifest run its package: makes sure that S3 has all packages as the
manifest names them, by S3's own checksums, before anything is changed; compares CodeSha256, updates the code of
functions that differ, and reads all functions again at the end. Functions that run their package are not touched.
Prints a table and fails, naming them, if there are functions that do not run their package.""",
    options=(
        Option("--manifest", "FILE", "manifest.json of publish-packages.sh", "MANIFEST", required=True),
        Option(
            *("--role-arn", "ARN", "role to assume in the environment's account", "LAMBDA_UPDATE_ROLE_ARN"),
            required=True,
        ),
        Option("--environment", "NAME", "environment, for messages", "ENVIRONMENT_NAME", required=True),
        Option(
            "--function-prefix",
            "PREFIX",
            "what stands before the manifest's names in the names of the functions, as in <project>-dev-",
            "FUNCTION_PREFIX",
            required=True,
        ),
        Option("--commit", "ID", "commit that is deployed, to be noted when all is well", "COMMIT"),
        Option(
            *("--record", "NAME", "parameter of Systems Manager in the environment's account to note it in"),
            "COMMIT_RECORD",
        ),
        Option("--jobs", "N", "how many functions are updated at a time", "UPDATE_JOBS", "8"),
    ),
    notes=f"""Needs {NEEDS} and Python 3. The caller may sts:AssumeRole on the role; the role may
lambda:GetFunctionConfiguration, lambda:GetFunction and lambda:UpdateFunctionCode on the functions, s3:GetObject on the
packages and kms:Decrypt with their key, and ssm:PutParameter on the record. The session lasts at most one hour; its
credentials are never written to a file nor printed. Safe to run again after it was killed at any point.""",
    success="every function runs its package",
)

# How often a function is asked to update that is busy with another update, and how long to wait in between.
UPDATE_ATTEMPTS = 6
FIRST_PAUSE = 2
MISSING = "(no such function)"


@dataclass
class Outcome:
    """What became of one function: its code before and after, and what AWS said when something failed."""

    package: Package
    before: str = ""
    after: str = ""
    updated: bool = False
    error: str = ""

    @property
    def result(self) -> str:
        """The last column of the table."""
        if self.after != self.package.sha256:
            return "FAILED"
        return "updated" if self.updated else "unchanged"


class Functions:
    """The functions of an environment."""

    def __init__(self, aws: Aws, prefix: str, bucket: str) -> None:
        self._aws = aws
        self._prefix = prefix
        self._bucket = bucket

    def name(self, package: Package) -> str:
        """How the function of a package is called."""
        return f"{self._prefix}{package.function}"

    def read(self, package: Package) -> tuple[str, str]:
        """Hash of the code that a function runs, and the status of its last update. Raises AwsError."""
        answer = self._aws("lambda", "get-function-configuration", "--function-name", self.name(package))
        return answer["CodeSha256"], answer.get("LastUpdateStatus", "")

    def converge(self, package: Package) -> Outcome:
        """Make one function run its package."""
        outcome = Outcome(package)
        try:
            sha256, status = self.read(package)
            outcome.before = sha256
            if status == "InProgress":
                self._wait(package)
                sha256, status = self.read(package)
            # After an update that failed, the new hash may show while the old code answers.
            if sha256 != package.sha256 or status == "Failed":
                self._update(package, status)
                outcome.updated = True
        except AwsError as error:
            outcome.before = outcome.before or in_table(error)
            outcome.error = str(error)
        return outcome

    def _update(self, package: Package, status: str) -> None:
        """Publish a package and wait until the function runs it. Raises AwsError."""
        for attempt in range(UPDATE_ATTEMPTS):
            # An update is refused while another runs (ResourceConflictException). After one that failed there is
            # nothing to wait for, and the waiter would fail; should it give up, the update itself says what is the
            # matter.
            if status != "Failed":
                self._wait(package)
            try:
                self._aws(
                    *("lambda", "update-function-code", "--function-name", self.name(package)),
                    *("--s3-bucket", self._bucket, "--s3-key", package.key),
                )
                break
            except AwsError as error:
                if error.code != "ResourceConflictException" or attempt == UPDATE_ATTEMPTS - 1:
                    raise
            pause(FIRST_PAUSE * 2**attempt)
        self._aws("lambda", "wait", "function-updated-v2", "--function-name", self.name(package))

    def _wait(self, package: Package) -> None:
        """Return when no update of the function runs any more, or when waiting is of no use."""
        with suppress(AwsError):
            self._aws("lambda", "wait", "function-updated-v2", "--function-name", self.name(package))

    def verify(self, outcome: Outcome) -> None:
        """Note what a function runs at the end."""
        try:
            outcome.after, status = self.read(outcome.package)
            if status == "Failed":
                outcome.after = "(update failed)"
        except AwsError as error:
            outcome.after = in_table(error)
            outcome.error = outcome.error or str(error)


def in_table(error: AwsError) -> str:
    """What the table has for the hash of a function that cannot be read."""
    return MISSING if error.code == "ResourceNotFoundException" else "?"


def report(outcomes: list[Outcome], functions: Functions, environment: str, whereabouts: str) -> None:
    """Print the table. Raises Failure if there are functions that do not run their package."""
    row = "{:<40}  {:<44}  {:<44}  {}"
    say(row.format("FUNCTION", "BEFORE", "AFTER", "RESULT"))
    for outcome in outcomes:
        say(row.format(functions.name(outcome.package), outcome.before, outcome.after, outcome.result))
    failed = [outcome for outcome in outcomes if outcome.result == "FAILED"]
    if not failed:
        return
    problems = [f"{functions.name(one.package)} does not run its package. {one.error}" for one in failed]
    if all(outcome.after == MISSING for outcome in outcomes):
        problems.append(
            f"None of the functions exists: has the stack with the functions been deployed, and are {whereabouts} "
            f"those of {environment}?"
        )
    names = " ".join(outcome.package.function for outcome in failed)
    raise Failure(
        problems,
        f"{environment}: {len(failed)} of {len(outcomes)} functions are not on the packaged code: {names}. Run again: "
        "functions that run their package are not touched.",
    )


def main(options: argparse.Namespace, aws: Aws) -> None:
    """Bring the functions up to date, then note the commit, which the next approver is shown."""
    jobs = number("--jobs", options.jobs)
    environment, record, commit = options.environment, options.record, options.commit
    account = account_of_role(options.role_arn)
    aws.check()
    with concluding(f"{environment}: the manifest cannot be used; see above."):
        bucket, packages = read_manifest(options.manifest)
    if not packages:
        say(f"{environment}: the manifest has no functions; nothing to update.")
        if not record:
            return
    role = assume_role(aws, environment, options.role_arn, "lambda-update")
    with concluding(
        f"{environment}: not all packages are what was packaged, so no function has been updated; see above."
    ):
        in_parallel(jobs, lambda package: check_stored(role, bucket, package.key, package.sha256), packages)
    functions = Functions(role, options.function_prefix, bucket)
    # What was met on the way does not count, but what the functions run in the end.
    outcomes = in_parallel(jobs, functions.converge, packages)
    in_parallel(jobs, functions.verify, outcomes)
    if packages:
        whereabouts = f'the role\'s account ({account}), the Region and the prefix "{options.function_prefix}"'
        report(outcomes, functions, environment, whereabouts)
    if record and commit:
        try:
            role(
                *("ssm", "put-parameter", "--name", record, "--value", commit, "--type", "String", "--overwrite"),
            )
        except AwsError as error:
            fail(f"{environment}: the functions run their packages, but {record} cannot be set to {commit}. {error}")


if __name__ == "__main__":
    run(COMMAND, lambda options: main(options, Aws()))
