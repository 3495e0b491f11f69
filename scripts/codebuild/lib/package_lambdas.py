"""Makes a zip of every function of lambda/: package-lambdas.sh."""

from __future__ import annotations

import argparse
import base64
import os
import shutil

import node_dependencies
from command import Command, Option, jobs_option, number, require_folder, run, say
from failure import Failure, concluding
from files import work_folder, write_atomically
from function_source import FunctionSource, check_unzipped_size, installed_files, read_functions, source_files
from manifest import Package, package_of
from manifest_files import some_of
from native_code import native_problems
from packaged_files import write_zip
from platforms import PLATFORMS_FILE
from program import in_parallel

COMMAND = Command(
    script="package-lambdas.sh",
    usage="package-lambdas.sh --output DIR [OPTION...]",
    about="""
Makes a zip of every sub-folder of lambda/, with its production dependencies, for publish-packages.sh:

  DIR/FUNCTION.zip    the package
  DIR/zips.sha256     what was made, as sha256sum prints it; it is there when all zips are

The same names, executable bits and contents make the same zip.

Dependencies are installed from package-lock.json (npm ci --omit=dev) or from requirements.txt (pip install
--require-hashes --no-deps), without running code of theirs: native code has to be there ready-made, in a wheel or a
package of npm. They are installed for the function's runtime and architecture, whatever machine this runs on, and what
Lambda could not load is refused: binaries for another processor or system, for another Python or Node.js, or for a
newer glibc than that of Amazon Linux 2023. A package of npm that runs scripts when it is installed is refused, unless
the function's package.json answers for it in "allowScripts" (lambda/README.md).

Left out of packages, and said so: tests (*.test.js, .mjs, .cjs, .ts and so on; test_*.py that hold tests and that
nothing else imports; none of code of others) and tsconfig.json. Left out, too: __pycache__, .DS_Store,
node_modules/.cache, node_modules/.bin, and the programs that pip makes for packages. Refused: git submodules, pointers
of Git LFS, links to files outside of the function's folder, and dependencies that no lock file has.""",
    options=(
        Option("--output", "DIR", "where to write", "PACKAGE_OUTPUT", required=True),
        Option("--lambda-dir", "DIR", "folder with a sub-folder for each function", "LAMBDA_DIR", "lambda"),
        Option(
            "--templates-dir",
            "DIR",
            "folder with what `npm run build` wrote: runtime and architecture of each function",
            "TEMPLATES_DIR",
            "generated/environment",
        ),
        jobs_option("how many programs run at a time", "PACKAGE_JOBS", 2, "twice the number of cores"),
    ),
    notes="""Needs Python 3.10 or later and, for functions with a lock file, npm or pip. Calls nothing of AWS: npm and
pip read files of a commit that nobody may have approved, so what they run in should be able to do nothing. Safe to run
again
after it was killed at any point.""",
    success="all zips are there",
)

# What somebody may still read; the rest is a number.
PROBLEMS_SHOWN = 100


def stage(function: FunctionSource, folder: str) -> None:
    """Copy the source, with the files that symbolic links point to, and install its dependencies. Raises Failure."""
    for file in source_files(function.folder):
        path = os.path.join(folder, file.name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as copy:
            copy.write(file.read())
        os.chmod(path, 0o755 if file.executable else 0o644)
    if function.platform.language == "nodejs":
        # npm puts all of it into node_modules, which the source of a locked function never has.
        node_dependencies.install(function, folder)
    else:
        import python_dependencies  # needs pip, as nothing else does

        python_dependencies.install(function, folder)
    problems = native_problems(f"{function.function}: ", installed_files(folder), function.platform)
    if problems:
        raise Failure(problems)


def zip_function(function: FunctionSource, staged: str, zips: str) -> Package:
    """Zip the staged folder of a function, or its source if it is not locked. Raises Failure and OSError."""
    files = installed_files(staged) if function.locked else source_files(function.folder)
    check_unzipped_size(function.function, files)
    path = os.path.join(zips, f"{function.function}.zip")
    write_zip(path, files)
    return package_of(function.function, path)


def keep(packages: list[Package], zips: str, output: str) -> None:
    """Move zips to where they are kept, and write the list of them last. Raises OSError."""
    os.makedirs(output, exist_ok=True)
    lines = []
    for package in packages:
        name = f"{package.function}.zip"
        # Not a rename: the work folder may be on another file system.
        shutil.move(os.path.join(zips, name), os.path.join(output, name))
        lines.append(f"{base64.b64decode(package.sha256).hex()}  {name}\n")
    write_atomically(os.path.join(output, "zips.sha256"), "".join(lines))


def package_all(options: argparse.Namespace, jobs: int, work: str) -> None:
    """Read everything before anything is changed, then install, zip and keep. Raises Failure."""
    zips = os.path.join(work, "zips")
    os.mkdir(zips)
    with concluding("Nothing has been packaged; see above."):
        functions = read_functions(options.lambda_dir, os.path.join(options.templates_dir, PLATFORMS_FILE))

    def staged(function: FunctionSource) -> str:
        return os.path.join(work, "staged", function.function)

    with concluding("Not all functions could be prepared; nothing was zipped."):
        locked = [function for function in functions if function.locked]
        in_parallel(jobs, lambda function: stage(function, staged(function)), locked)
    with concluding("Not all functions could be zipped; no zip was kept."):
        # zlib releases Python's lock while it compresses, so threads use all cores.
        packages = in_parallel(
            os.cpu_count() or 1, lambda function: zip_function(function, staged(function), zips), functions
        )
    with concluding("The zips could not be kept."):
        keep(packages, zips, options.output)
    for function in functions:
        if function.left_out:
            say(f"{function.function}  left out: {some_of(function.left_out)}")
    for package in packages:
        say(f"{package.function}  {package.sha256}  {package.size} bytes")


def main(options: argparse.Namespace) -> None:
    """Package the functions."""
    jobs = number("--jobs", options.jobs)
    require_folder(options.lambda_dir, "the one with the functions (--lambda-dir)")
    require_folder(options.templates_dir, "the templates (--templates-dir)")
    # Whoever finds the list may rely on the zips being there: one of an earlier run must not outlive a run that fails.
    listed = os.path.join(options.output, "zips.sha256")
    if os.path.lexists(listed):
        os.remove(listed)
    try:
        with work_folder() as work:
            package_all(options, jobs, work)
    except Failure as error:
        hidden = len(error.problems) - PROBLEMS_SHOWN
        shown = error.problems[:PROBLEMS_SHOWN] + ([f"... and {hidden} more problems."] if hidden > 0 else [])
        raise Failure(shown, error.conclusion) from None


if __name__ == "__main__":
    run(COMMAND, main)
