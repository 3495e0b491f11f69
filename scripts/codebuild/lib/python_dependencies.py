"""Dependencies of a Python function, installed by pip from its lock file for the function's own platform.

Which Python runs pip does not matter. pip is told the platform, but evaluates environment markers (`; python_version <
"3.13"`) for the Python that it runs in (pypa/pip #11664): so it installs what the lock file lists and nothing else, and
whether that is all is checked here, with the markers of the function's Python.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterable
from importlib import metadata

from failure import Failure
from function_source import FunctionSource
from installer import run_installer
from manifest_files import PIP_LOCK

# Part of pip, which is needed anyway.
from pip._vendor.packaging.requirements import InvalidRequirement, Requirement
from platforms import GLIBC, PYTHON_MACHINES, Platform
from python_manifests import declared_requirements

NO_WHEEL = re.compile(r"No matching distribution found for ([^ ]+)")


def install(source: FunctionSource, folder: str) -> None:
    """Install into a folder with a copy of a function's source, beside its files. Raises Failure."""
    with tempfile.TemporaryDirectory(dir=os.path.dirname(folder)) as installed:
        _install(source, folder, installed)
        merge(source.function, installed, folder)


def _install(source: FunctionSource, folder: str, target: str) -> None:
    """Install from the requirements.txt of a copy of a function's source into an empty folder. Raises Failure.

    Code of dependencies does not run, so source distributions are not built: their builds would act with the powers of
    this one, and with tools that no lock file names.
    """
    function, platform = source.function, source.platform
    lock = os.path.join(folder, PIP_LOCK)
    machine = PYTHON_MACHINES[platform.architecture]
    tags = [f"manylinux_{GLIBC[0]}_{minor}_{machine}" for minor in range(GLIBC[1], 4, -1)]
    try:
        run_installer(
            *(source, folder, sys.executable, "-m", "pip", "install", "--requirement", lock),
            *("--target", target, "--require-hashes", "--no-deps", "--only-binary", ":all:"),
            *("--implementation", "cp", "--python-version", platform.version),
            # manylinux2014 stands for its older aliases, too.
            *(part for tag in (*tags, f"manylinux2014_{machine}") for part in ("--platform", tag)),
            *("--no-compile", "--disable-pip-version-check", "--no-warn-script-location", "--no-input"),
        )
    except Failure as error:
        error.problems += _likely_causes(function, platform, "\n".join(error.problems))
        raise
    installed = list(metadata.distributions(path=[target]))
    _leave_out_what_names_this_machine(target, installed)
    required = [("requirements.txt", it) for it in _requirements(lock)]
    required += [
        (name, it) for name, text in declared_requirements(source.folder) if (it := _requirement(text)) is not None
    ]
    problems = _conflicts(function, installed) + _unmet(function, required, installed, platform)
    if problems:
        raise Failure(problems)


def _leave_out_what_names_this_machine(target: str, installed: Iterable[metadata.Distribution]) -> None:
    """Remove what has paths of this run in it, so that no two machines would make one package.

    It is of no use in Lambda either: where a wheel came from that is a file, and programs that begin with the path of
    the Python that runs pip.
    """
    programs = set()
    folder = os.path.join(target, "bin")
    for name in os.listdir(folder) if os.path.isdir(folder) else []:
        with open(os.path.join(folder, name), "rb") as file:
            # A path that is too long for the first line is on the second one, behind a shell's exec.
            if any(sys.executable.encode() in file.readline(4096) for _ in range(2)):
                programs.add(name)
    for name in programs:
        os.remove(os.path.join(folder, name))
    for distribution in installed:
        for record in [file for file in distribution.files or [] if file.name == "RECORD"]:
            origin = record.parent / "direct_url.json"
            path = str(distribution.locate_file(origin))
            if os.path.exists(path):
                os.remove(path)
            forgotten = (f"{origin},", *(f"../../bin/{name}," for name in programs))
            with open(str(distribution.locate_file(record)), encoding="utf-8") as lines:
                kept = [line for line in lines if not line.startswith(forgotten)]
            with open(str(distribution.locate_file(record)), "w", encoding="utf-8") as lines:
                lines.writelines(kept)


def _likely_causes(function: str, platform: Platform, log: str) -> list[str]:
    causes = [
        f"{function}: {name} has no wheel for {platform} with glibc {GLIBC[0]}.{GLIBC[1]} or older. Source "
        "distributions are not built here. Take a release that has one; or build the wheel once and put it into a "
        "package index of your own; or, if it is Python alone, copy it into the function's folder."
        for name in dict.fromkeys(NO_WHEEL.findall(log))
    ]
    if "DO NOT MATCH THE HASHES" in log:
        causes.append(
            f"{function}: does requirements.txt have hashes for another platform alone? {_lock_again(platform)}"
        )
    return causes


def _lock_again(platform: Platform) -> str:
    target = f"{PYTHON_MACHINES[platform.architecture]}-manylinux_{GLIBC[0]}_{GLIBC[1]}"
    return (
        f"Lock for {platform}: `uv pip compile --generate-hashes --python-version {platform.version} --python-platform "
        f"{target} -o requirements.txt requirements.in`."
    )


def _conflicts(function: str, installed: Iterable[metadata.Distribution]) -> list[str]:
    """Files that two distributions have: pip keeps that of the one which comes last."""
    owners: dict[str, tuple[str, str]] = {}
    problems = []
    for distribution in installed:
        for file in distribution.files or []:
            name, digest = distribution.metadata["Name"], file.hash.value if file.hash else ""
            other, same = owners.setdefault(str(file), (name, digest))
            if digest != same:
                problems.append(
                    f"{function}: {other} and {name} both have a file {file}, and not the same: only one can be "
                    "installed. Do they belong together, or is one a copy of the other? Remove one from "
                    "requirements.txt."
                )
    return problems


def _unmet(
    function: str,
    required: Iterable[tuple[str, Requirement]],
    installed: Iterable[metadata.Distribution],
    platform: Platform,
) -> list[str]:
    """What files and distributions require on the platform and is not installed in the right version."""
    distributions = {_normalized(distribution.metadata["Name"]): distribution for distribution in installed}
    environment = _environment(platform)
    problems: dict[str, None] = {}
    seen: set[tuple[str, str]] = set()
    queue = [(origin, it) for origin, it in required if it.marker is None or it.marker.evaluate(environment)]
    while queue:
        origin, requirement = queue.pop()
        name = _normalized(requirement.name)
        distribution = distributions.get(name)
        if distribution is None or not requirement.specifier.contains(distribution.version, prereleases=True):
            found = "it was not installed" if distribution is None else f"found {distribution.version}"
            problems[f"{function}: {origin} requires {requirement}, but {found}. {_lock_again(platform)}"] = None
            continue
        for extra in {"", *requirement.extras}:
            if (name, extra) not in seen:
                seen.add((name, extra))
                queue += [
                    (distribution.metadata["Name"], it)
                    for it in map(Requirement, distribution.requires or [])
                    if it.marker is None or it.marker.evaluate({**environment, "extra": extra})
                ]
    return list(problems)


def _environment(platform: Platform) -> dict[str, str]:
    """What environment markers see in Lambda ("Dependency specifiers", PyPA); it runs a late patch release."""
    version = f"{platform.version}.99"
    return {
        "implementation_name": "cpython",
        "implementation_version": version,
        "os_name": "posix",
        "platform_machine": PYTHON_MACHINES[platform.architecture],
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": version,
        "python_version": platform.version,
        "sys_platform": "linux",
        "extra": "",
    }


def _requirements(lock: str) -> list[Requirement]:
    """The requirements that a lock file lists by name."""
    with open(lock, encoding="utf-8") as file:
        lines = file.read().replace("\\\n", " ").splitlines()
    requirements = []
    for line in lines:
        # What follows are hashes and other options, or a comment.
        text = re.split(r"(?:^|\s)(?:#|--?[a-z])", line, maxsplit=1)[0].strip()
        requirement = _requirement(text) if text else None
        requirements += [requirement] if requirement else []
    return requirements


def _requirement(text: str) -> Requirement | None:
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None  # a path or a URL, which pip takes


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def merge(function: str, installed: str, folder: str) -> None:
    """Move installed files beside those of the source.

    File by file, since both may have a part of one namespace package. Installing into the source's folder itself would
    leave out a whole package, or replace the source's (pypa/pip #8063, #10110).
    """
    problems = []
    for directory, _, names in os.walk(installed):
        target = os.path.join(folder, os.path.relpath(directory, installed))
        for name in names:
            path = os.path.normpath(os.path.join(target, name))
            try:
                os.makedirs(os.path.dirname(path), exist_ok=True)
                if os.path.lexists(path):
                    raise FileExistsError
                os.rename(os.path.join(directory, name), path)
            except (FileExistsError, NotADirectoryError):
                problems.append(
                    f"{function}: its source and its dependencies both have {os.path.relpath(path, folder)}. Rename "
                    "that of the source; or, if it is a copy of the dependency, remove the copy."
                )
    if problems:
        raise Failure(sorted(problems))
