"""What the code of each function runs on: its runtime and its architecture.

`npm run build` writes them, out of the same source as the template, to generated/environment/lambda-functions.json:
`{"order-events": {"runtime": "python3.14", "architecture": "x86_64"}, ...}`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from failure import Failure
from files import read_json

PLATFORMS_FILE = "lambda-functions.json"

RUNTIME = re.compile(r"(?P<nodejs>nodejs(?P<major>\d+)\.x)|python3\.(?P<minor>\d+)")
# Older runtimes run on Amazon Linux 2, which has an older glibc ("Lambda runtimes").
OLDEST_PYTHON_MINOR = 12
# By the version of Node.js its NODE_MODULE_VERSION, which native modules are built for. Nothing computes it:
# nodejs/node, doc/abi_version_registry.json.
NODEJS_MODULE_VERSIONS = {"20": "115", "22": "127", "24": "137"}
# Of Amazon Linux 2023: programs may need this version of it and older ones.
GLIBC = (2, 34)

# Lambda's names of architectures, and what Python and Node.js call the same.
PYTHON_MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
NODEJS_CPUS = {"x86_64": "x64", "arm64": "arm64"}


@dataclass(frozen=True)
class Platform:
    """What a function runs on. `language` is python or nodejs, `version` such as 3.14 or 24."""

    runtime: str
    architecture: str
    language: str
    version: str

    def __str__(self) -> str:
        return f"{self.runtime} on {self.architecture}"


def platform_of(runtime: object, architecture: object) -> Platform | None:
    """The platform of a function's settings; None when packages cannot be made for it."""
    if not isinstance(runtime, str) or not isinstance(architecture, str) or architecture not in PYTHON_MACHINES:
        return None
    match = RUNTIME.fullmatch(runtime)
    if match is None:
        return None
    if match["nodejs"]:
        version = match["major"]
        return Platform(runtime, architecture, "nodejs", version) if version in NODEJS_MODULE_VERSIONS else None
    if int(match["minor"]) < OLDEST_PYTHON_MINOR:
        return None
    return Platform(runtime, architecture, "python", f"3.{match['minor']}")


def admits(values: object, value: str) -> bool:
    """Whether a list of package.json's os, cpu or libc admits a value; "!x" excludes x, no list admits everything."""
    values = [entry for entry in values if isinstance(entry, str)] if isinstance(values, list) else []
    wanted = [entry for entry in values if not entry.startswith("!")]
    return f"!{value}" not in values and (not wanted or value in wanted or wanted == ["any"])


def read_platforms(path: str) -> dict[str, Platform]:
    """The platforms by function. Raises Failure with everything that is wrong with the file."""
    origin = "It is written by `npm run build`: run that, commit the file, and publish it with lambda/."
    try:
        functions = read_json(path)
    except OSError as error:
        raise Failure([f"{path}: cannot be read ({error.strerror}). {origin}"]) from None
    except ValueError as error:
        raise Failure([f"{path}: found no JSON ({error}). {origin}"]) from None
    if not isinstance(functions, dict):
        raise Failure([f"{path}: found something else than an object of functions. {origin}"])
    platforms: dict[str, Platform] = {}
    problems: list[str] = []
    for function, settings in functions.items():
        found = settings if isinstance(settings, dict) else {}
        platform = platform_of(found.get("runtime"), found.get("architecture"))
        if platform is None:
            problems.append(
                f"{path}: {function}: found {json.dumps(settings)}; expected a runtime of Amazon Linux 2023 "
                f"({', '.join(f'nodejs{version}.x' for version in NODEJS_MODULE_VERSIONS)}, "
                f"python3.{OLDEST_PYTHON_MINOR} and later) and the architecture "
                f"{' or '.join(PYTHON_MACHINES)}. {origin}"
            )
        else:
            platforms[function] = platform
    if problems:
        raise Failure(problems)
    return platforms
