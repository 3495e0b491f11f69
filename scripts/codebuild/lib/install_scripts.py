"""Scripts that packages of npm run when they are installed, and which of them may.

A script runs what a stranger wrote, and what it makes is in no lock file. So none runs, and a package that has one is
refused, until package.json says of it in `allowScripts`, the field that npm itself has for this (npm-approve-scripts):

    "allowScripts": {"bcrypt@5.1.1": true, "core-js": false}

true runs the scripts of that one version, whose bytes the lock file names by their hash; false installs the package
without them. They run when everything is installed, with nothing of the build's environment, and only on a machine as
the function has it, since they build for the machine that they run on. What changes outside of the package is refused.
"""

from __future__ import annotations

import hashlib
import os
import platform as machine
import re
import sys
import tempfile
from typing import Any

from failure import Failure
from files import read_json
from platforms import PYTHON_MACHINES, Platform
from program import run_program

SCRIPTS = ("preinstall", "install", "postinstall")
PINNED = re.compile(r"(?P<name>@?[^@]+)(?:@(?P<version>.+))?")
# All that scripts get of the environment: credentials of the build and tokens of registries are in the rest.
PASSED_ON = ("PATH", "LANG", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")


def packages_with_scripts(packages: dict[str, Any], folder: str | None = None) -> dict[str, tuple[str, str]]:
    """The packages of a lock file that run scripts: name and version by path.

    With the folder that they are installed in, what they say of themselves counts, too: somebody wrote the lock file.
    """
    return {
        path: (package.get("name") or path.rpartition("node_modules/")[2], str(package.get("version")))
        for path, package in packages.items()
        if "node_modules" in path.split("/") and not package.get("link")
        if package.get("hasInstallScript") or folder is not None and _has_script(os.path.join(folder, path))
    }


def _has_script(package: str) -> bool:
    try:
        scripts = read_json(os.path.join(package, "package.json"))["scripts"]
        return any(name in scripts for name in SCRIPTS)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def allowed_scripts(package: dict[str, Any]) -> dict[str, Any]:
    """The field allowScripts of a package.json, which says by name or name@version whether scripts run."""
    value = package.get("allowScripts", {})
    return value if isinstance(value, dict) else {}


def _answer(allowed: dict[str, Any], name: str, version: str) -> Any:
    """What an allow-list says of a package: true, false, or None for nothing. No beats yes, as in npm."""
    answers = []
    for key, value in allowed.items():
        match = PINNED.fullmatch(key)
        if match and match["name"] == name and (match["version"] is None or version in match["version"].split(" || ")):
            # A yes to every version would be one to bytes that nobody has looked at.
            answers.append(value if match["version"] or value is False else None)
    return False if False in answers else True if True in answers else None


def script_problems(folder: str, lock: str, allowed: dict[str, Any], packages: dict[str, tuple[str, str]]) -> list[str]:
    """The packages with scripts that the allow-list does not say anything about."""
    return [
        f"{folder}: {path} ({lock}) runs scripts when it is installed, which none does here unanswered. Take a "
        "package, "
        f'or a release, without; or read them and answer in package.json: "allowScripts": {{"{name}@{version}": true}} '
        f'runs them, {{"{name}": false}} installs the package without them.'
        for path, (name, version) in packages.items()
        if _answer(allowed, name, version) is None
    ]


def allowed_packages(packages: dict[str, tuple[str, str]], allowed: dict[str, Any]) -> dict[str, str]:
    """The packages with scripts that the allow-list lets run them: name@version by path."""
    return {
        path: f"{name}@{version}"
        for path, (name, version) in packages.items()
        if _answer(allowed, name, version) is True
    }


def run_scripts(
    function: str, folder: str, platform: Platform, running: dict[str, str], packages: dict[str, Any]
) -> None:
    """Run the scripts of packages, by path, in a folder with everything installed. Raises Failure."""
    unlocked = [
        f"{function}: {path}: its scripts are allowed, but the lock file names no hash of its bytes (integrity). Lock "
        "it again, from a registry."
        for path in running
        if not packages[path].get("integrity")
    ]
    if unlocked:
        raise Failure(unlocked)
    here = f"{sys.platform}, {machine.machine()}, Node.js {_node_version(function)}"
    needed = f"linux, {PYTHON_MACHINES[platform.architecture]}, Node.js {platform.version}"
    if here != needed:
        raise Failure(
            [
                f"{function}: the scripts of {', '.join(running.values())} build for the machine that they run on: "
                f"found {here}, expected {needed} ({platform}). Run the build on such a machine, or give the function "
                "the runtime and architecture of the build."
            ]
        )
    outside = tuple(f"{path}/" for path in running)
    before = _digests(folder, outside)
    with tempfile.TemporaryDirectory() as home:
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        command = ["npm", "rebuild", *dict.fromkeys(running.values()), "--no-bin-links", "--foreground-scripts"]
        result = run_program(
            *(*command, "--ignore-scripts=false", "--no-audit", "--no-fund"),
            cwd=folder,
            environment={**environment, "HOME": home, "TMPDIR": home, "npm_config_cache": os.path.join(home, "cache")},
            merge=True,
        )
    if result.code != 0:
        raise Failure(
            [f"{function}: the scripts of {', '.join(running.values())} failed:", *result.stdout.splitlines()[-30:]]
        )
    changed = sorted(name for name, _ in before ^ _digests(folder, outside))
    if changed:
        raise Failure(
            [
                f"{function}: the scripts of {', '.join(running.values())} changed "
                f"{', '.join(dict.fromkeys(changed))}, outside of their packages: what others' files hold is for the "
                "lock file to say. Take another package."
            ]
        )


def _node_version(function: str) -> str:
    try:
        ended = run_program("node", "--version")
    except FileNotFoundError:
        raise Failure([f"{function}: the program node is not on PATH. Install it."]) from None
    return ended.stdout.strip().lstrip("v").partition(".")[0]


def _digests(folder: str, outside: tuple[str, ...]) -> set[tuple[str, str]]:
    """Names and contents of a folder's files, but for those of some folders below it."""
    digests = set()
    for directory, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(directory, name)
            relative = os.path.relpath(path, folder)
            if not relative.startswith(outside):
                digests.add((relative, hashlib.sha256(_content(path)).hexdigest()))
    return digests


def _content(path: str) -> bytes:
    if os.path.islink(path):
        return os.readlink(path).encode()
    with open(path, "rb") as file:
        return file.read()
