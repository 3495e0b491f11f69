"""Puts packages of Lambda functions into S3: publish-packages.sh.

DANGER: the zips come from a build that installs what a commit names, and the rest from the commit itself. Neither is
run here, and a link among the zips is not followed: it could name a file of this machine.
"""

from __future__ import annotations

import argparse
import os
import shutil
import stat
from typing import Any

from aws import NEEDS, Aws, AwsError, check_stored
from command import Command, Option, jobs_option, number, require_folder, run, say
from configuration import configurations, environments_in, pipeline_templates, write_configurations
from failure import Failure, concluding
from manifest import Package, package_of, write_manifest
from platforms import PLATFORMS_FILE, read_platforms
from program import in_parallel, pause

COMMAND = Command(
    script="publish-packages.sh",
    usage="publish-packages.sh --zips DIR --bucket NAME --output DIR [OPTION...]",
    about="""
Puts the zips of package-lambdas.sh into S3, each unless it is there already, and writes what the later stages of the
pipeline deploy:

  DIR/manifest.json                             bucket; function, key, SHA-256 and size of every package
  DIR/configuration/ENVIRONMENT/TEMPLATE.json   parameters of the stacks that the pipeline deploys; for the template
                                                infrastructure with the keys of the packages; with the stack policy
                                                of a template that has one
  DIR/generated/environment/TEMPLATE.yaml       the templates

The key of a package is FUNCTION/SHA-256.zip, after the zip itself, so a function that did not change keeps its package.
A package in S3 is never overwritten: what is there has to be what was made, by S3's own checksum, or the script fails.
Nothing is known from earlier runs.

It runs no code of the commit, nor of what functions depend on: zips are only read, and have to be those of the
functions that the templates have.""",
    options=(
        Option("--zips", "DIR", "what package-lambdas.sh wrote", "ZIPS_DIR", required=True),
        Option("--bucket", "NAME", "bucket of the packages", "PACKAGE_BUCKET", required=True),
        Option("--output", "DIR", "where to write", "PACKAGE_OUTPUT", required=True),
        Option(
            *(
                "--parameters-dir",
                "DIR",
                "folder with a sub-folder for each environment",
                "PARAMETERS_DIR",
                "parameters",
            )
        ),
        Option(
            "--templates-dir",
            "DIR",
            "folder with what `npm run build` wrote: templates, their stack policies, and the functions",
            "TEMPLATES_DIR",
            "generated/environment",
        ),
        Option(
            *("--environments", '"A B ..."', "environments to write configurations for", "ENVIRONMENTS"),
            default_words="every sub-folder of the parameters folder but tooling",
        ),
        jobs_option("how many programs run at a time", "PACKAGE_JOBS", 2, "twice the number of cores"),
    ),
    notes=f"""Needs {NEEDS} and Python 3.10 or later. The caller may s3:GetObject and s3:PutObject on the objects of the
bucket, and kms:GenerateDataKey and kms:Decrypt with its key. Objects are encrypted as the bucket says. Safe to run
again
after it was killed at any point.""",
    success="all packages are in S3",
)

Configurations = dict[str, dict[str, Any]]


def read(options: argparse.Namespace) -> tuple[list[Package], Configurations]:
    """The packages, and the template configurations with their keys. Raises Failure with all that is wrong."""
    problems: list[str] = []
    packages: list[Package] = []
    files: Configurations = {}
    try:
        packages = _read_zips(options.zips, os.path.join(options.templates_dir, PLATFORMS_FILE))
    except Failure as error:
        problems += error.problems
    try:
        # Also without packages: what is wrong with the files shows before anything is uploaded.
        environments = options.environments.split() or environments_in(options.parameters_dir)
        files = configurations(options.parameters_dir, environments, packages, options.templates_dir)
    except Failure as error:
        problems += error.problems
    if problems:
        raise Failure(problems)
    return packages, files


def upload(aws: Aws, bucket: str, package: Package, zips: str) -> str:
    """Put a zip into S3, or make sure that what is there is the same. Returns which, in a word. Raises Failure."""
    # The bucket takes no upload without If-None-Match. S3 compares the checksum with what arrives, and keeps it. No
    # encryption header: the bucket's default applies, and a header would have to name the right key.
    # While somebody else is writing or deleting the object, S3 answers with a conflict, after which one has to upload
    # again (Amazon S3 API Reference, PutObject); the AWS CLI does not.
    for seconds in (1, 2, 4, None):
        try:
            aws(
                *("s3api", "put-object", "--bucket", bucket, "--key", package.key),
                *("--body", os.path.join(zips, f"{package.function}.zip"), "--content-type", "application/zip"),
                *("--checksum-algorithm", "SHA256", "--checksum-sha256", package.sha256, "--if-none-match", "*"),
            )
            return "uploaded"
        except AwsError as error:
            if error.code == "PreconditionFailed":
                check_stored(aws, bucket, package.key, package.sha256)
                return "unchanged"
            if error.code != "ConditionalRequestConflict" or seconds is None:
                raise Failure(
                    [
                        f"s3://{bucket}/{package.key}: uploading failed. Is {bucket} the package bucket that the stack "
                        "artifact-store made, and may the caller s3:PutObject and, with the bucket's key, "
                        f"kms:GenerateDataKey? {error}"
                    ]
                ) from None
        pause(seconds)
    raise AssertionError("the last attempt returns or raises")


def finish(options: argparse.Namespace, packages: list[Package], files: Configurations) -> None:
    """Write templates and their configurations, and last the manifest: where it is, the rest is complete."""
    templates = os.path.join(options.output, "generated", "environment")
    os.makedirs(templates, exist_ok=True)
    for name in (f"{template}.yaml" for template in pipeline_templates(options.templates_dir)):
        shutil.copyfile(os.path.join(options.templates_dir, name), os.path.join(templates, name))
    write_configurations(os.path.join(options.output, "configuration"), files)
    write_manifest(os.path.join(options.output, "manifest.json"), options.bucket, packages)


def _read_zips(zips_directory: str, platforms_path: str) -> list[Package]:
    """The packages of all functions of the templates, sorted by function. Raises Failure."""
    expected = {f"{function}.zip": function for function in read_platforms(platforms_path)}
    found = {entry.name: entry for entry in os.scandir(zips_directory) if entry.name.endswith(".zip")}
    origin = "The zips are those of package-lambdas.sh: run both for the same commit."
    problems = [
        f"{zips_directory}: found no {name}, expected one for the function {function} of {platforms_path}. {origin}"
        for name, function in sorted(expected.items())
        if name not in found
    ]
    problems += [
        f"{entry.path}: found a zip of a function that {platforms_path} does not have. {origin}"
        for name, entry in sorted(found.items())
        if name not in expected
    ]
    problems += [
        f"{entry.path}: found something else than a file, expected a zip. {origin}"
        for name, entry in sorted(found.items())
        if name in expected and not stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode)
    ]
    if problems:
        raise Failure(problems)
    return [package_of(function, found[name].path) for name, function in sorted(expected.items())]


def main(options: argparse.Namespace, aws: Aws) -> None:
    """Publish the packages, and write what the later stages deploy."""
    jobs = number("--jobs", options.jobs)
    aws.check()
    require_folder(options.zips, "the zips of package-lambdas.sh (--zips)")
    require_folder(options.parameters_dir, "the parameters (--parameters-dir)")
    require_folder(options.templates_dir, "the templates (--templates-dir)")
    # Whoever finds a manifest may rely on all else being there: one of an earlier run must not outlive a run that
    # fails.
    manifest = os.path.join(options.output, "manifest.json")
    if os.path.lexists(manifest):
        os.remove(manifest)
    with concluding("Nothing has been uploaded; see above."):
        packages, files = read(options)
    with concluding(
        "Not all packages are in S3 as they were made, and no manifest was written; see above. Run again: those that "
        "are there are kept."
    ):
        results = in_parallel(jobs, lambda package: upload(aws, options.bucket, package, options.zips), packages)
    with concluding("The packages are in S3, but their manifest could not be written."):
        finish(options, packages, files)
    for package, result in zip(packages, results, strict=True):
        say(f"{result:<9}  {package.function}  s3://{options.bucket}/{package.key}  {package.size} bytes")


if __name__ == "__main__":
    run(COMMAND, lambda options: main(options, Aws()))
