"""The steps of package-lambdas.sh that are not calls of other programs.

    plan LAMBDA_DIR TEMPLATES_DIR PARAMETERS_DIR ENVIRONMENTS
                                                  reads everything before anything is changed; prints a line for each
                                                  function: name, content hash, "locked" or "plain", runtime,
                                                  architecture
    known LISTING INDEX PACKAGES_DIR              reads lines of the plan; writes PACKAGES_DIR/<function> (SHA-256, size,
                                                  ETag) for packages that listing and index know; prints the lines of
                                                  those that are in S3, but not known
    install LAMBDA_DIR STAGED_DIR LINE            makes a folder of the source and the dependencies of the locked function
                                                  of a line of the plan: STAGED_DIR/<function>
    zip LAMBDA_DIR STAGED_DIR OUTPUT_DIR          reads lines of the plan; writes OUTPUT_DIR/<function>.zip from the
                                                  staged folder, or from lambda/ if the function is plain; prints
                                                  function, content hash, SHA-256 in base64 and size
    finish BUCKET PARAMETERS_DIR ENVIRONMENTS TEMPLATES_DIR OUTPUT_DIR
                                                  reads lines of function, key, SHA-256, size, ETag; writes the manifest
                                                  and the template configurations; prints the new index

Lines are parted by tabs; ENVIRONMENTS by spaces, and none means every folder of PARAMETERS_DIR but tooling. Ends with
1 and every problem on standard error.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor

from configuration import (
    ConfigurationError,
    configurations,
    environments_in,
    read_stack_policies,
    write_configurations,
)
from dependencies import add_dependencies
from function_source import (
    ContentHash,
    FunctionSource,
    check_unzipped_size,
    installed_files,
    read_functions,
    source_files,
)
from manifest import Package, write_manifest
from package_index import index_text, read_index, read_listing
from platforms import PLATFORMS_FILE, platform_of
from reproducible_zip import Zip, write_zip
from source_error import SourceError


def plan(lambda_directory: str, templates_directory: str, parameters_directory: str, environments: str) -> None:
    """Refuse what cannot be packaged or configured, then print what is to be packaged."""
    problems: list[str] = []
    functions: list[FunctionSource] = []
    try:
        functions = read_functions(lambda_directory, os.path.join(templates_directory, PLATFORMS_FILE))
    except SourceError as error:
        problems += error.problems
    try:
        # With no packages yet: what is wrong with the files themselves shows before anything is uploaded.
        configurations(parameters_directory, _environments(parameters_directory, environments), [], {})
    except ConfigurationError as error:
        problems += error.problems
    if problems:
        raise SourceError(problems)
    for function in functions:
        kind = "locked" if function.locked else "plain"
        runtime, architecture = function.platform.runtime, function.platform.architecture
        print(function.function, function.content_hash, kind, runtime, architecture, sep="\t")


def known(listing_path: str, index_path: str, packages_directory: str) -> None:
    """Tell the planned packages that are in S3, as far as possible without asking for each."""
    listing = read_listing(listing_path)
    index = read_index(index_path)
    for line in sys.stdin:
        function, content_hash, *_ = line.rstrip("\n").split("\t")
        key = f"{function}/{content_hash}.zip"
        stored = listing.get(key)
        if stored is None:
            continue
        sha256 = index.get((key, stored.etag))
        if sha256 is None:
            print(line, end="")
            continue
        with open(os.path.join(packages_directory, function), "w", encoding="utf-8") as file:
            print(sha256, stored.size, stored.etag, sep="\t", file=file)


def install(lambda_directory: str, staged_directory: str, line: str) -> None:
    """Bring a function's source and its dependencies together."""
    planned = _planned(lambda_directory, line)
    target = os.path.join(staged_directory, planned.function)
    _stage(planned, target)
    add_dependencies(planned.function, target, planned.platform)


def zip_all(lambda_directory: str, staged_directory: str, output_directory: str) -> None:
    """Zip the functions named on standard input, on all cores."""
    functions = [_planned(lambda_directory, line) for line in sys.stdin]

    def zip_one(planned: FunctionSource) -> Zip | SourceError:
        path = os.path.join(output_directory, f"{planned.function}.zip")
        try:
            if planned.locked:
                return _zip_staged(path, planned.function, os.path.join(staged_directory, planned.function))
            return _zip_source(path, planned)
        except SourceError as error:
            return error

    # zlib releases Python's lock while it compresses, so threads use all cores.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(zip_one, functions))
    problems = [problem for result in results if isinstance(result, SourceError) for problem in result.problems]
    if problems:
        raise SourceError(problems)
    for planned, result in zip(functions, results):
        print(planned.function, planned.content_hash, result.sha256, result.size, sep="\t")


def finish(
    bucket: str, parameters_directory: str, environments: str, templates_directory: str, output_directory: str
) -> None:
    """Write the template configurations, and last the manifest: where it is, the rest is complete."""
    packages = []
    indexed = []
    for line in sys.stdin:
        function, key, sha256, size, etag = line.rstrip("\n").split("\t")
        packages.append(Package(function, key, sha256, int(size)))
        indexed.append((key, sha256, etag))
    files = configurations(
        parameters_directory,
        _environments(parameters_directory, environments),
        packages,
        read_stack_policies(templates_directory),
    )
    write_configurations(os.path.join(output_directory, "configuration"), files)
    write_manifest(os.path.join(output_directory, "manifest.json"), bucket, packages)
    print(index_text(indexed), end="")


def _environments(parameters_directory: str, environments: str) -> list[str]:
    return environments.split() or environments_in(parameters_directory)


def _planned(lambda_directory: str, line: str) -> FunctionSource:
    """The function of a line of the plan."""
    function, content_hash, kind, runtime, architecture = line.rstrip("\n").split("\t")
    folder = os.path.join(lambda_directory, function)
    return FunctionSource(function, folder, content_hash, kind == "locked", platform_of(runtime, architecture))


def _stage(planned: FunctionSource, target: str) -> None:
    """Copy the source that was planned; symbolic links become the files they point to."""
    copied = ContentHash(planned.platform)
    for file in source_files(planned.folder):
        content = file.read()
        copied.add(file, content)
        path = os.path.join(target, file.name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as copy:
            copy.write(content)
        os.chmod(path, 0o755 if file.executable else 0o644)
    _check_unchanged(planned, copied)


def _zip_staged(path: str, function: str, folder: str) -> Zip:
    files = installed_files(folder)
    check_unzipped_size(function, files)
    return write_zip(path, files, lambda file, content: None)


def _zip_source(path: str, planned: FunctionSource) -> Zip:
    files = source_files(planned.folder)
    check_unzipped_size(planned.function, files)
    zipped = ContentHash(planned.platform)
    result = write_zip(path, files, zipped.add)
    _check_unchanged(planned, zipped)
    return result


def _check_unchanged(planned: FunctionSource, read: ContentHash) -> None:
    # A package never changes once it is in S3, so a wrong one under this hash would stay for ever.
    if read.hex() != planned.content_hash:
        raise SourceError(
            [f"{planned.folder}: the source changed while it was packaged. Run again when nothing writes there."]
        )


def main() -> int:
    """Run the step named by the first argument."""
    steps = {"plan": plan, "known": known, "install": install, "zip": zip_all, "finish": finish}
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
