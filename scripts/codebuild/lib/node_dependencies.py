"""Dependencies of a Node.js function, installed by npm from its lock file for the function's own platform.

npm is told the platform, but uses it for optional dependencies only: others it compares with the machine that it runs
on, and `engines` with its own Node.js (@npmcli/arborist, checkEngineAndPlatform). So what it installed is checked here.
"""

from __future__ import annotations

import json
import os
import re
import sys

from install_program import run_installer
from platforms import NODEJS_CPUS, Platform
from source_error import SourceError

# A package that brings its native code along as optional dependencies names them so: @img/sharp-linux-x64,
# @rollup/rollup-linux-arm64-gnu. Those for musl do not fit.
LINUX_PACKAGE = re.compile(r"linux-(?P<cpu>[a-z0-9]+)(?:-gnu|-glibc)?$")


def install(function: str, folder: str, platform: Platform) -> None:
    """Install into a folder with the function's source, as its node_modules. Raises SourceError.

    Code of dependencies does not run: what is installed depends on the lock file and the platform alone.
    """
    cpu = NODEJS_CPUS[platform.architecture]
    try:
        run_installer(
            *(function, folder, "npm", "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"),
            *("--os=linux", f"--cpu={cpu}", "--libc=glibc"),
        )
    except SourceError as error:
        if any("EBADPLATFORM" in line for line in error.problems):
            error.problems.append(
                f"{function}: npm compares a dependency that must be there with the machine that it runs on, and not "
                f"with {platform}. Make it an optional dependency, or remove it if another package brings it along."
            )
        raise
    # Where npm notes what it has installed; there is none when nothing was to be installed.
    notes = os.path.join(folder, "node_modules", ".package-lock.json")
    packages: dict[str, dict] = {}
    if os.path.exists(notes):
        with open(notes, encoding="utf-8") as file:
            packages = json.load(file)["packages"]
    problems = [
        *_engine_problems(function, folder, platform),
        *_wrong_packages(function, packages, platform, cpu),
        *_missing_packages(function, packages, platform, cpu),
        *_unbuilt_packages(function, folder, packages),
    ]
    if problems:
        raise SourceError(problems)


def _engine_problems(function: str, folder: str, platform: Platform) -> list[str]:
    """Whether the function itself is for this Node.js. What dependencies say npm calls a warning, and so it is here."""
    node = "attr(engines, [node])"
    query = f":{node}:not(:semver({platform.version}.x, :{node}, intersects))"
    problems = []
    for package in json.loads(run_installer(function, folder, "npm", "query", query)):
        wanted = f"engines.node {package['engines']['node']}, but the function runs {platform.runtime}"
        if package["location"] == "":
            problems.append(
                f"{function}: package.json: found {wanted}. Correct one of them (the runtime is typed in "
                "the workload in templates-src/workloads)."
            )
        else:
            print(f"{function}: warning: {package['pkgid']} says {wanted}. Take a release for it.", file=sys.stderr)
    return problems


def _wrong_packages(function: str, packages: dict[str, dict], platform: Platform, cpu: str) -> list[str]:
    return [
        f"{function}: {path} is for {field} {', '.join(package[field])}, expected {value} ({platform}). It is a "
        "dependency that must be there: make it an optional one, or remove it if another package brings it along."
        for path, package in packages.items()
        for field, value in (("os", "linux"), ("cpu", cpu))
        if not _admits(package.get(field, []), value)
    ]


def _admits(values: list[str], value: str) -> bool:
    """Whether a list of package.json's os or cpu admits a value; "!x" excludes x, and no list admits everything."""
    wanted = [entry for entry in values if not entry.startswith("!")]
    return f"!{value}" not in values and (not wanted or value in wanted or wanted == ["any"])


def _missing_packages(function: str, packages: dict[str, dict], platform: Platform, cpu: str) -> list[str]:
    """Native code that npm left out without a word, as it does with optional dependencies.

    The lock file lacks them when it was written where node_modules was (npm/cli #4828; npm 11 refuses that itself), or
    their `engines` do not admit the Node.js that runs npm.
    """
    installed = {path.rpartition("node_modules/")[2] for path in packages}
    return [
        f"{function}: {path} needs {name} on {platform}, but that was not installed. Either package-lock.json was "
        "written for another machine alone: remove it and node_modules, run `npm install --package-lock-only` and commit "
        "the new one. Or its engines do not admit the Node.js that runs npm here."
        for path, package in packages.items()
        for name in package.get("optionalDependencies", {})
        if (match := LINUX_PACKAGE.search(name)) and match["cpu"] == cpu and name not in installed
    ]


def _unbuilt_packages(function: str, folder: str, packages: dict[str, dict]) -> list[str]:
    """Native code that its package would build, or fetch, with a script; optional dependencies can do without."""
    return [
        f"{function}: {path} is built when it is installed (it has a binding.gyp and no module that is ready), and "
        "scripts of dependencies do not run here. Take a package, or a release, that brings its module along."
        for path, package in packages.items()
        if not package.get("optional")
        if os.path.isfile(os.path.join(folder, path, "binding.gyp"))
        if not any(name.endswith(".node") for _, _, names in os.walk(os.path.join(folder, path)) for name in names)
    ]
