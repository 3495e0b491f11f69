"""What of a folder of lambda/ belongs in the function's package, and whether it can be packaged."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dependency_manifests import manifest_problems
from failure import Failure
from manifest_files import NPM_LOCKS, PIP_LOCK
from native_code import native_problems
from packaged_files import NEVER_PACKAGED, PackagedFile, packaged_files
from platforms import Platform, read_platforms
from tests_of_source import tests_among

# "Unzipped size must be smaller than 262144000 bytes" (UpdateFunctionCode). The 50 MB of the Lambda quotas hold for
# direct uploads only, not for packages in S3.
UNZIPPED_LIMIT = 262_144_000

# "Git LFS Specification": a pointer begins with its version, one of these, and has less than 1024 bytes.
LFS_VERSIONS = (
    b"version https://git-lfs.github.com/spec/v1\n",
    b"version https://hawser.github.com/spec/v1\n",
    b"version http://git-media.io/v/2\n",
)
LFS_POINTER_LIMIT = 1024

# Lambda's own limit of a function name; CloudFormation parameter names have to be alphanumeric.
FUNCTION_NAME_LIMIT = 64
FUNCTION_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True)
class FunctionSource:
    """A folder of lambda/, read.

    `locked`: it has a lock file, so dependencies are to be installed. `left_out`: its files that are no part of the
    package.
    """

    function: str
    folder: str
    locked: bool
    platform: Platform
    left_out: tuple[str, ...] = ()


def read_functions(lambda_directory: str, platforms_path: str) -> list[FunctionSource]:
    """Read every sub-folder of lambda/, each for the platform that the file of platforms names.

    Returns the functions sorted by name. Raises Failure with the problems of all folders, not of the first alone.
    """
    names = sorted(
        entry.name
        for entry in os.scandir(lambda_directory)
        if entry.is_dir() and not entry.name.startswith(".") and entry.name not in NEVER_PACKAGED
    )
    platforms = read_platforms(platforms_path)
    if platforms and not names:
        raise Failure(
            [
                f"{lambda_directory}: found no sub-folder; expected one folder per function. "
                "Is --lambda-dir the right folder?"
            ]
        )
    problems = _name_problems(names) + _platform_problems(lambda_directory, names, platforms_path, platforms)

    functions = []
    for name in names:
        try:
            functions += [read_function(lambda_directory, name, platforms[name])] if name in platforms else []
        except Failure as error:
            problems += error.problems
    if problems:
        raise Failure(problems)
    return functions


def code_key_parameter(function: str) -> str:
    """Name of the template parameter that takes a function's S3 key: order-events -> OrderEventsCodeKey."""
    return "".join(part[0].upper() + part[1:] for part in function.split("-")) + "CodeKey"


def is_locked(folder: str) -> bool:
    """Whether a folder has a lock file that this packager installs from."""
    return any(os.path.isfile(os.path.join(folder, lock)) for lock in (*NPM_LOCKS, PIP_LOCK))


def source_files(folder: str) -> list[PackagedFile]:
    """The source files of a function's folder that its package holds, sorted by the bytes of their names.

    Tests are left out, and installed dependencies where a lock file says what to install. Raises Failure.
    """
    return read_source(folder)[0]


def read_source(folder: str) -> tuple[list[PackagedFile], list[str]]:
    """The source files of a function's folder that its package holds, and the names of those that it leaves out.

    Raises Failure.
    """
    files = packaged_files(folder, _left_out_of(folder))
    tests = tests_among(files)
    return [file for file in files if file.name not in tests], [file.name for file in files if file.name in tests]


def installed_files(folder: str) -> list[PackagedFile]:
    """The files of a folder that holds a function's source and its installed dependencies. Raises Failure."""
    return packaged_files(folder, _is_left_out)


def check_unzipped_size(function: str, files: Iterable[PackagedFile]) -> None:
    """Raise Failure when Lambda would refuse the files for their unzipped size."""
    size = sum(file.size for file in files)
    if size >= UNZIPPED_LIMIT:
        raise Failure(
            [
                f"{function}: the package has {size} bytes unzipped; Lambda accepts less than {UNZIPPED_LIMIT} "
                "(250 MB). Remove what the function does not need, or deploy it as a container image."
            ]
        )


def read_function(lambda_directory: str, name: str, platform: Platform) -> FunctionSource:
    """Read a sub-folder of lambda/. Raises Failure with all its problems."""
    folder = os.path.join(lambda_directory, name)
    if os.path.islink(folder):
        raise Failure([f"{folder}: found a symbolic link; expected a folder. Move the function's files here."])
    problems = manifest_problems(folder, platform) + _submodule_problems(folder, _left_out_of(folder))
    files: list[PackagedFile] = []
    left_out: list[str] = []
    try:
        files, left_out = read_source(folder)
        if not files:
            problems.append(
                f"{folder}: found no file to package; expected the function's code. Test files, __pycache__ and "
                "tsconfig.json do not count. Add the code or remove the folder. Is it a git submodule that was not "
                "fetched? Then commit its files here."
            )
        problems += _pointer_problems(folder, files)
        check_unzipped_size(name, files)
    except Failure as error:
        problems += error.problems
    problems += native_problems(f"{folder}/", files, platform)
    if problems:
        raise Failure(problems)
    return FunctionSource(name, folder, is_locked(folder), platform, tuple(left_out))


def _platform_problems(
    lambda_directory: str, names: list[str], platforms_path: str, platforms: dict[str, Platform]
) -> list[str]:
    """Folders that no template has a function for, and functions that have no folder."""
    build = f"run `npm run build` and commit {platforms_path}"
    return [
        f"{lambda_directory}/{name}: found no function for this folder in {platforms_path}. Add it to a workload "
        f"in templates-src/workloads, {build}; or remove the folder."
        for name in names
        if name not in platforms
    ] + [
        f"{platforms_path}: found the function {name}, but no folder {lambda_directory}/{name}. Create the folder with "
        f"its code; or take it out of its workload in templates-src/workloads, {build}."
        for name in sorted(platforms)
        if name not in names
    ]


def _name_problems(names: list[str]) -> list[str]:
    problems = [
        f'The folder name "{name}" is no function name; expected lower-case letters, digits and single hyphens, '
        f"beginning with a letter, at most {FUNCTION_NAME_LIMIT} characters: it becomes part of the function's name "
        "and of a CloudFormation parameter's. Rename the folder."
        for name in names
        if not FUNCTION_NAME.fullmatch(name) or len(name) > FUNCTION_NAME_LIMIT
    ]
    parameters: dict[str, str] = {}
    for name in names:
        if not FUNCTION_NAME.fullmatch(name):
            continue
        parameter = code_key_parameter(name)
        if parameter in parameters:
            problems.append(
                f'The folders "{parameters[parameter]}" and "{name}" both need the template parameter {parameter}. '
                "Rename one."
            )
        parameters.setdefault(parameter, name)
    return problems


def _left_out_of(folder: str) -> Callable[[list[str]], bool]:
    """Says of the parts of a path whether no package of a source has it, whatever is in it."""
    locked = is_locked(folder)
    return lambda parts: locked and parts[0] == "node_modules" or _is_left_out(parts)


def _is_left_out(parts: list[str]) -> bool:
    # .bin has links to programs of packages, for npm's scripts: as copies they would not find what lies beside them.
    return len(parts) > 1 and parts[-2] == "node_modules" and parts[-1] in (".cache", ".bin")


def _pointer_problems(folder: str, files: Iterable[PackagedFile]) -> list[str]:
    """The files that are pointers of Git LFS, not what they point to."""
    return [
        f"{folder}/{file.name}: found a pointer of Git LFS, expected the file itself. Run `git lfs pull`; what AWS "
        "builds from has no Git LFS, so take the file out of it (`git lfs untrack`) and commit it as it is."
        for file in files
        if file.size < LFS_POINTER_LIMIT and file.read().replace(b"\r\n", b"\n").startswith(LFS_VERSIONS)
    ]


def _submodule_problems(folder: str, excluded: Callable[[list[str]], bool]) -> list[str]:
    """The folders that are git submodules, as they look with their files and without.

    `excluded` is told the parts of a path and says whether to leave it out.
    """
    problems = []
    for directory, folders, files in os.walk(folder):
        parts = [part for part in os.path.relpath(directory, folder).split(os.sep) if part != os.curdir]
        path = "/".join([folder, *parts])
        # A submodule has a file of this name, a clone a folder.
        if ".git" in folders or ".git" in files:
            problems.append(
                f"{path}: found a .git in it: the folder is a git submodule or a clone of its own, whose files no "
                "commit of this repository has. Commit its files here: take the folder out of .gitmodules and of git "
                "(`git rm --cached`), remove its .git, and add it again."
            )
        if parts and not folders and not files:
            problems.append(
                f"{path}: found an empty folder, which no commit and no package can hold. It is probably a git "
                "submodule that was not fetched: commit its files here. If not, remove it; a function can make folders "
                "in /tmp."
            )
        folders[:] = sorted(name for name in folders if name != ".git" and not excluded([*parts, name]))
    return sorted(problems)
