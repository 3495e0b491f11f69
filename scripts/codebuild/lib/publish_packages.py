"""The steps of publish-packages.sh that are not calls of other programs.

    read ZIPS_DIR TEMPLATES_DIR PARAMETERS_DIR ENVIRONMENTS
                                                  reads everything before anything is uploaded; prints a line for each
                                                  function: name, key, SHA-256 in base64 and size of its zip
    finish BUCKET PARAMETERS_DIR ENVIRONMENTS TEMPLATES_DIR OUTPUT_DIR
                                                  reads these lines; writes templates, template configurations and
                                                  manifest

Lines are parted by tabs; ENVIRONMENTS by spaces, and none means every folder of PARAMETERS_DIR but tooling. Ends with
1 and every problem on standard error.

DANGER: the zips come from a build that installs what a commit names, and the rest from the commit itself. Neither is
run here, and a link among the zips is not followed: it could name a file of this machine.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import stat
import sys

from configuration import (
    ConfigurationError,
    configurations,
    environments_in,
    pipeline_templates,
    write_configurations,
)
from manifest import Package, write_manifest
from platforms import PLATFORMS_FILE, read_platforms
from source_error import SourceError


def read(zips_directory: str, templates_directory: str, parameters_directory: str, environments: str) -> None:
    """Refuse what cannot be published, then print what is to be published."""
    problems: list[str] = []
    packages: list[Package] = []
    try:
        packages = _read_zips(zips_directory, os.path.join(templates_directory, PLATFORMS_FILE))
    except SourceError as error:
        problems += error.problems
    try:
        # Also without packages: what is wrong with the files shows before anything is uploaded.
        configurations(
            parameters_directory, _environments(parameters_directory, environments), packages, templates_directory
        )
    except ConfigurationError as error:
        problems += error.problems
    if problems:
        raise SourceError(problems)
    for package in packages:
        print(package.function, package.key, package.sha256, package.size, sep="\t")


def finish(
    bucket: str, parameters_directory: str, environments: str, templates_directory: str, output_directory: str
) -> None:
    """Write templates and their configurations, and last the manifest: where it is, the rest is complete."""
    packages = []
    for line in sys.stdin:
        function, _, sha256, size = line.rstrip("\n").split("\t")
        packages.append(Package(function, sha256, int(size)))
    files = configurations(
        parameters_directory,
        _environments(parameters_directory, environments),
        packages,
        templates_directory,
    )
    templates = os.path.join(output_directory, "generated", "environment")
    os.makedirs(templates, exist_ok=True)
    for name in (f"{template}.yaml" for template in pipeline_templates(templates_directory)):
        shutil.copyfile(os.path.join(templates_directory, name), os.path.join(templates, name))
    write_configurations(os.path.join(output_directory, "configuration"), files)
    write_manifest(os.path.join(output_directory, "manifest.json"), bucket, packages)


def _environments(parameters_directory: str, environments: str) -> list[str]:
    return environments.split() or environments_in(parameters_directory)


def _read_zips(zips_directory: str, platforms_path: str) -> list[Package]:
    """The packages of all functions of the templates, sorted by function. Raises SourceError."""
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
        raise SourceError(problems)
    return [_read_zip(found[name].path, function) for name, function in sorted(expected.items())]


def _read_zip(path: str, function: str) -> Package:
    """What the bytes of a zip say of it; S3 compares them with the hash once more when they arrive."""
    digest = hashlib.sha256()
    size = 0
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            size += len(chunk)
    return Package(function, base64.b64encode(digest.digest()).decode(), size)


def main() -> int:
    """Run the step named by the first argument."""
    steps = {"read": read, "finish": finish}
    try:
        steps[sys.argv[1]](*sys.argv[2:])
    except (SourceError, ConfigurationError) as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
