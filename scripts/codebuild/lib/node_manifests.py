"""Whether what a package.json names as dependencies is locked, and so gets installed by npm."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from install_scripts import allowed_scripts, packages_with_scripts, script_problems
from manifest_files import NPM_LOCKS, outside, read_object, short, some_of, table
from platforms import NODEJS_CPUS, Platform, admits

LOCK_NPM = f"Run `npm install --package-lock-only` there and commit {NPM_LOCKS[1]}."
# Fields of package.json whose packages `npm ci --omit=dev` installs.
INSTALLED_BY_NPM = ("dependencies", "optionalDependencies", "peerDependencies")


def npm_problems(folder: str, found: set[str], platform: Platform) -> list[str]:
    locks = [name for name in NPM_LOCKS if name in found]
    if "package.json" not in found:
        return [
            f"{folder}: found {name} without a package.json, which says what of it is needed. Add package.json, or "
            f"remove {name}."
            for name in locks
        ]
    problems: list[str] = []
    package = read_object(os.path.join(folder, "package.json"), problems)
    named: dict[str, str] = {}
    for field in (*INSTALLED_BY_NPM, "devDependencies"):
        value = package.get(field, {})
        if not isinstance(value, dict) or not all(isinstance(version, str) for version in value.values()):
            problems.append(
                f'{folder}/package.json: {field}: found {short(value)}, expected an object such as {{"left-pad": '
                '"1.3.0"}. Correct it, or remove the field.'
            )
        elif field in INSTALLED_BY_NPM:
            named.update(value)
            problems += outside(folder, "package.json", ((f"{field}.{name}", it) for name, it in value.items()))
    allowed = package.get("allowScripts", {})
    if not isinstance(allowed, dict) or not all(isinstance(answer, bool) for answer in allowed.values()):
        problems.append(
            f"{folder}/package.json: allowScripts: found {short(allowed)}, expected an object such as "
            '{"bcrypt@5.1.1": true, "core-js": false}. Correct it.'
        )
    for name in locks:
        lock = read_object(os.path.join(folder, name), problems)
        if lock and not _has_packages(lock):
            problems.append(
                f"{folder}/{name}: found lockfileVersion {short(lock.get('lockfileVersion'))} and no object "
                f'"packages" of objects, expected version 2 or later. Remove the file. {LOCK_NPM}'
            )
        elif lock:
            problems += outside(folder, name, _places(lock["packages"]))
            # npm takes the first of two lock files.
            if name == locks[0]:
                with_scripts = packages_with_scripts(_installed_on(platform, lock["packages"]))
                problems += script_problems(folder, name, allowed_scripts(package), with_scripts)
    if named and not locks:
        problems.append(
            f"{folder}: package.json names dependencies ({some_of(sorted(named))}), but there is no {NPM_LOCKS[1]}. "
            f"{LOCK_NPM}"
        )
    return problems


def _installed_on(platform: Platform, packages: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The packages of a lock file that npm installs for a platform."""
    here = (("os", "linux"), ("cpu", NODEJS_CPUS[platform.architecture]), ("libc", "glibc"))
    return {
        path: package
        for path, package in packages.items()
        if not package.get("dev")
        if not package.get("optional") or all(admits(package.get(field, []), value) for field, value in here)
    }


def _has_packages(lock: dict[str, Any]) -> bool:
    packages = lock.get("packages")
    return isinstance(packages, dict) and all(isinstance(package, dict) for package in packages.values())


def _places(packages: dict[str, dict[str, Any]]) -> Iterable[tuple[str, str]]:
    """Where the packages of a lock file of npm are, as a package.json would say it."""
    for path, package in packages.items():
        place = package.get("resolved", "")
        if not path or package.get("dev") or not isinstance(place, str):
            continue
        if package.get("link"):
            yield f'packages["{path}"]', f"file:{place}"
        elif "node_modules" in path.split("/"):
            yield f'packages["{path}"]', place


def named_by_npm(directory: str, found: set[str], problems: list[str]) -> Iterable[str]:
    if "package.json" in found:
        package = read_object(os.path.join(directory, "package.json"), problems)
        if any(package.get(field) for field in INSTALLED_BY_NPM):
            yield "package.json"


def local_packages(folder: str) -> set[str]:
    """Sub-folders that a lock file of npm takes for packages of their own, whose dependencies it has (workspaces)."""
    paths: set[str] = set()
    for name in NPM_LOCKS:
        if os.path.isfile(os.path.join(folder, name)):
            lock = read_object(os.path.join(folder, name), [])
            paths.update(os.path.normpath(path) for path in table(lock, "packages"))
    return paths
