"""Dependencies of a Node.js function, installed by npm from its lock file for the function's own platform.

npm is told the platform, but uses it for optional dependencies only: others it compares with the machine that it runs
on, and `engines` with its own Node.js (@npmcli/arborist, checkEngineAndPlatform). So what it installed is checked here.
"""

from __future__ import annotations

import json
import os
import re
import sys
from typing import Any

from failure import Failure
from files import read_json
from function_source import FunctionSource
from install_scripts import allowed_packages, allowed_scripts, packages_with_scripts, run_scripts, script_problems
from installer import run_installer
from platforms import NODEJS_CPUS, Platform, admits

# A package that brings its native code along as optional dependencies names them so: @img/sharp-linux-x64,
# @rollup/rollup-linux-arm64-gnu. Those for musl do not fit.
LINUX_PACKAGE = re.compile(r"linux-(?P<cpu>[a-z0-9]+)(?:-gnu|-glibc)?$")


def install(source: FunctionSource, folder: str) -> None:
    """Install into a folder with a copy of a function's source, as its node_modules. Raises Failure.

    Code of dependencies does not run, unless the function's package.json allows it, after everything is there: see
    install_scripts.
    """
    function, platform = source.function, source.platform
    cpu = NODEJS_CPUS[platform.architecture]
    try:
        run_installer(
            *(source, folder, "npm", "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"),
            *("--os=linux", f"--cpu={cpu}", "--libc=glibc"),
        )
    except Failure as error:
        if any("EBADPLATFORM" in line for line in error.problems):
            error.problems.append(
                f"{function}: npm compares a dependency that must be there with the machine that it runs on, and not "
                f"with {platform}. Make it an optional dependency, or remove it if another package brings it along."
            )
        if any("in sync" in line for line in error.problems):
            error.problems.append(
                f"{source.folder}: the lock file was not written for this package.json. Run `npm install "
                "--package-lock-only` there and commit both files."
            )
        raise
    # Where npm notes what it has installed; there is none when nothing was to be installed.
    notes = os.path.join(folder, "node_modules", ".package-lock.json")
    packages: dict[str, dict[str, Any]] = {}
    if os.path.exists(notes):
        with open(notes, encoding="utf-8") as file:
            packages = json.load(file)["packages"]
    allowed = allowed_scripts(read_json(os.path.join(folder, "package.json")))
    with_scripts = packages_with_scripts(packages, folder)
    problems = [
        *script_problems(source.folder, "as it was installed", allowed, with_scripts),
        *_engine_problems(source, folder),
        *_wrong_packages(function, packages, platform, cpu),
        *_missing_packages(function, packages, platform, cpu),
    ]
    running = allowed_packages(with_scripts, allowed)
    problems += _unbuilt_packages(function, folder, {path: it for path, it in packages.items() if path not in running})
    if problems:
        raise Failure(problems)
    if running:
        run_scripts(function, folder, platform, running, packages)
        problems = _unbuilt_packages(function, folder, packages)
        if problems:
            raise Failure(problems)


def _engine_problems(source: FunctionSource, folder: str) -> list[str]:
    """Whether the function itself is for this Node.js. What dependencies say npm calls a warning, and so it is here."""
    function, platform = source.function, source.platform
    node = "attr(engines, [node])"
    query = f":{node}:not(:semver({platform.version}.x, :{node}, intersects))"
    problems = []
    for package in json.loads(run_installer(source, folder, "npm", "query", query, warn=False)):
        wanted = f"engines.node {package['engines']['node']}, but the function runs {platform.runtime}"
        if package["location"] == "":
            problems.append(
                f"{function}: package.json: found {wanted}. Correct one of them (the runtime is typed in "
                "the workload in templates-src/workloads)."
            )
        else:
            print(f"{function}: warning: {package['pkgid']} says {wanted}. Take a release for it.", file=sys.stderr)
    return problems


def _wrong_packages(function: str, packages: dict[str, dict[str, Any]], platform: Platform, cpu: str) -> list[str]:
    return [
        f"{function}: {path} is for {field} {', '.join(package[field])}, expected {value} ({platform}). It is a "
        "dependency that must be there: make it an optional one, or remove it if another package brings it along."
        for path, package in packages.items()
        for field, value in (("os", "linux"), ("cpu", cpu))
        if not admits(package.get(field, []), value)
    ]


def _missing_packages(function: str, packages: dict[str, dict[str, Any]], platform: Platform, cpu: str) -> list[str]:
    """Native code that npm left out without a word, as it does with optional dependencies.

    The lock file lacks them when it was written where node_modules was (npm/cli #4828; npm 11 refuses that itself), or
    their `engines` do not admit the Node.js that runs npm.
    """
    installed = {path.rpartition("node_modules/")[2] for path in packages}
    return [
        f"{function}: {path} needs {name} on {platform}, but that was not installed. Either package-lock.json was "
        "written for another machine alone: remove it and node_modules, run `npm install --package-lock-only` and "
        "commit the new one. Or its engines do not admit the Node.js that runs npm here."
        for path, package in packages.items()
        for name in package.get("optionalDependencies", {})
        if (match := LINUX_PACKAGE.search(name)) and match["cpu"] == cpu and name not in installed
    ]


def _unbuilt_packages(function: str, folder: str, packages: dict[str, dict[str, Any]]) -> list[str]:
    """Native code that its package would build, or fetch, with a script; optional dependencies can do without."""
    return [
        f"{function}: {path} is built when it is installed (it has a binding.gyp and no module that is ready), and "
        "its scripts did not run. Take a package, or a release, that brings its module along; or allow its scripts in "
        "package.json (allowScripts)."
        for path, package in packages.items()
        if not package.get("optional")
        if os.path.isfile(os.path.join(folder, path, "binding.gyp"))
        if not any(name.endswith(".node") for _, _, names in os.walk(os.path.join(folder, path)) for name in names)
    ]
