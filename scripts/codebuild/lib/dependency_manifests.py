"""Whether what a function's folder names as its dependencies is locked, and so gets installed.

One rule for every manifest: what it names is installed from package-lock.json or requirements.txt, or it is refused. A
manifest that nobody reads makes a package that fails when it is first imported, in every environment.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from manifest_files import FOR_DEVELOPERS, NPM_LOCKS, PIP_LOCK, words
from node_manifests import local_packages, named_by_npm, npm_problems
from platforms import Platform
from python_manifests import named_by_python, python_manifests, python_problems
from tests_of_source import FOLDERS_OF_OTHERS

# Lock files and manifests of other tools, and what turns each into one that is read.
OTHER_TOOLS = {
    "yarn.lock": "npm install --package-lock-only",
    "pnpm-lock.yaml": "npm install --package-lock-only",
    "bun.lock": "npm install --package-lock-only",
    "bun.lockb": "npm install --package-lock-only",
    "deno.lock": "npm install --package-lock-only",
    "poetry.lock": "poetry export -o requirements.txt",
    "uv.lock": "uv export --no-dev --no-emit-project -o requirements.txt",
    "pdm.lock": "pdm export --prod -o requirements.txt",
    "Pipfile.lock": "pipenv requirements --hash >requirements.txt",
    "pylock.toml": "uv pip compile --generate-hashes -o requirements.txt pyproject.toml",
    "pixi.lock": "uv pip compile --generate-hashes -o requirements.txt requirements.in",
    "conda-lock.yml": "uv pip compile --generate-hashes -o requirements.txt requirements.in",
}


def manifest_problems(folder: str, platform: Platform) -> list[str]:
    """What a function's folder names as dependencies and would be missing from the package."""
    found = {entry.name for entry in os.scandir(folder) if entry.is_file()}
    problems = [
        f"{folder}: found {name}; dependencies are installed from {NPM_LOCKS[1]} or {PIP_LOCK} (with hashes) only, so "
        f"the package would lack them. Make one of these (`{command}`), commit it and remove {name}."
        for name, command in OTHER_TOOLS.items()
        if name in found
    ]
    if platform.language == "python":
        problems += [_no_use(folder, name, platform) for name in ("package.json", *NPM_LOCKS) if name in found]
        problems += python_problems(folder, found)
        problems += _below(folder, named_by_python)
    else:
        problems += npm_problems(folder, found, platform)
        problems += [_no_use(folder, PIP_LOCK, platform)] if PIP_LOCK in found else []
        problems += [_no_use(folder, path, platform) for path, _ in python_manifests(folder, found, problems)]
        problems += _below(folder, named_by_npm)
    return problems


def _below(folder: str, named_in: Callable[[str, set[str], list[str]], Iterable[str]]) -> list[str]:
    """Manifests in sub-folders that name dependencies: nothing is installed there."""
    problems: list[str] = []
    packages = local_packages(folder)
    for directory, folders, files in os.walk(folder):
        path = os.path.relpath(directory, folder)
        if path != os.curdir and path not in packages:
            problems += [
                f"{folder}/{path}/{name} names dependencies, but they are installed for the function's folder alone, "
                f"from {folder}/{NPM_LOCKS[1]} or {PIP_LOCK}. Name and lock them there, and remove them here; or, if "
                "this is code of others, move it below a folder called vendor."
                for name in named_in(directory, set(files), problems)
            ]
        # What is only there for developers is none of the package's dependencies.
        folders[:] = sorted(
            name for name in folders if name not in FOLDERS_OF_OTHERS and FOR_DEVELOPERS.isdisjoint(words(name))
        )
    return problems


def _no_use(folder: str, name: str, platform: Platform) -> str:
    return (
        f"{folder}: found {name}, but the function runs {platform.runtime}, which has no use for it. Remove the file, "
        "or correct the runtime in its workload in templates-src/workloads."
    )
