"""The steps of package-lambdas.sh that are not calls of other programs.

    plan LAMBDA_DIR TEMPLATES_DIR                 reads everything before anything is changed; prints a line for each
                                                  function: name, "locked" or "plain", runtime, architecture, and
                                                  the files left out in words
    install LAMBDA_DIR STAGED_DIR LINE            makes a folder of the source and the dependencies of the locked function
                                                  of a line of the plan: STAGED_DIR/<function>
    zip LAMBDA_DIR STAGED_DIR OUTPUT_DIR          reads lines of the plan; writes OUTPUT_DIR/<function>.zip from the
                                                  staged folder, or from lambda/ if the function is plain; prints
                                                  function, SHA-256 in base64 and size
    keep ZIPS_DIR OUTPUT_DIR                      reads lines of function, SHA-256, size; moves the zips and lists them

Lines are parted by tabs. Ends with 1 and every problem on standard error.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor

from dependencies import add_dependencies
from dependency_manifests import some_of
from files import write_atomically
from function_source import FunctionSource, check_unzipped_size, installed_files, read_functions, source_files
from manifest import Package
from platforms import PLATFORMS_FILE, platform_of
from reproducible_zip import write_zip
from source_error import SourceError

# What somebody may still read; the rest is a number.
PROBLEMS_SHOWN = 100


def plan(lambda_directory: str, templates_directory: str) -> None:
    """Refuse what cannot be packaged, then print what is to be packaged."""
    functions = read_functions(lambda_directory, os.path.join(templates_directory, PLATFORMS_FILE))
    for function in functions:
        kind = "locked" if function.locked else "plain"
        runtime, architecture = function.platform.runtime, function.platform.architecture
        left_out = json.dumps(some_of(function.left_out), ensure_ascii=False)[1:-1]
        print(function.function, kind, runtime, architecture, left_out, sep="\t")


def install(lambda_directory: str, staged_directory: str, line: str) -> None:
    """Bring a function's source and its dependencies together."""
    planned = _planned(lambda_directory, line)
    target = os.path.join(staged_directory, planned.function)
    _stage(planned, target)
    add_dependencies(planned, target)


def zip_all(lambda_directory: str, staged_directory: str, output_directory: str) -> None:
    """Zip the functions named on standard input, on all cores."""
    functions = [_planned(lambda_directory, line) for line in sys.stdin]

    def zip_one(planned: FunctionSource) -> Package | SourceError:
        name, staged = planned.function, os.path.join(staged_directory, planned.function)
        try:
            files = installed_files(staged) if planned.locked else source_files(planned.folder)
            check_unzipped_size(name, files)
        except SourceError as error:
            return error
        result = write_zip(os.path.join(output_directory, f"{name}.zip"), files)
        return Package(name, result.sha256, result.size)

    # zlib releases Python's lock while it compresses, so threads use all cores.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(zip_one, functions))
    problems = [problem for result in results if isinstance(result, SourceError) for problem in result.problems]
    if problems:
        raise SourceError(problems)
    for package in results:
        print(package.function, package.sha256, package.size, sep="\t")


def keep(zips_directory: str, output_directory: str) -> None:
    """Move the zips named on standard input to where they are kept, and write the list of them last."""
    os.makedirs(output_directory, exist_ok=True)
    lines = []
    for line in sys.stdin:
        function, sha256, _ = line.rstrip("\n").split("\t")
        name = f"{function}.zip"
        # Not a rename: the work folder may be on another file system.
        shutil.move(os.path.join(zips_directory, name), os.path.join(output_directory, name))
        lines.append(f"{base64.b64decode(sha256).hex()}  {name}\n")
    write_atomically(os.path.join(output_directory, "zips.sha256"), "".join(lines))


def _planned(lambda_directory: str, line: str) -> FunctionSource:
    """The function of a line of the plan."""
    function, kind, runtime, architecture, _ = line.rstrip("\n").split("\t")
    folder = os.path.join(lambda_directory, function)
    return FunctionSource(function, folder, kind == "locked", platform_of(runtime, architecture))


def _stage(planned: FunctionSource, target: str) -> None:
    """Copy the source; symbolic links become the files they point to."""
    for file in source_files(planned.folder):
        path = os.path.join(target, file.name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as copy:
            copy.write(file.read())
        os.chmod(path, 0o755 if file.executable else 0o644)


def main() -> int:
    """Run the step named by the first argument."""
    steps = {"plan": plan, "install": install, "zip": zip_all, "keep": keep}
    try:
        steps[sys.argv[1]](*sys.argv[2:])
    except SourceError as error:
        for problem in error.problems[:PROBLEMS_SHOWN]:
            print(problem, file=sys.stderr)
        if len(error.problems) > PROBLEMS_SHOWN:
            print(f"... and {len(error.problems) - PROBLEMS_SHOWN} more problems.", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
