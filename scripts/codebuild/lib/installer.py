"""npm and pip, as they install the dependencies of a function."""

from __future__ import annotations

import os
import re
import sys

from failure import Failure
from function_source import FunctionSource
from program import run_program

# pip says at the end what is wrong, npm at the beginning.
LOG_LINES = 15

NPM_PREFIX = re.compile(r"^npm (?:error|ERR!) ?")
# What npm says of each wrong call, and it calls a lock file that does not fit one: how to call it, in a hundred lines.
NPM_USAGE = ("Clean install a project", "Usage:")
NPM_LOG_FILE = "A complete log of this run can be found in:"
# Of npm, compared with the Node.js that runs it here; those for the function's own are in node_dependencies.
NOT_ABOUT_THE_FUNCTION = ("npm warn EBADENGINE", "npm WARN EBADENGINE")
WARNING = re.compile(r"^(?:npm (?:warn|WARN)|WARNING:|DEPRECATION:)")


def run_installer(source: FunctionSource, folder: str, *command: str, warn: bool = True) -> str:
    """Run npm or pip in a folder with a copy of a function's source, and return what it printed.

    Its warnings go to standard error. Raises Failure with what matters of its words when it fails. Paths of the copy
    are told as those of the source.
    """
    try:
        result = run_program(*command, cwd=folder, environment={**os.environ, "PIP_ROOT_USER_ACTION": "ignore"})
    except FileNotFoundError:
        raise Failure([f"{source.function}: the program {command[0]} is not on PATH. Install it."]) from None
    if result.code != 0:
        log = _what_matters(_with_paths_of(source, folder, result.stdout + result.stderr).rstrip().splitlines())
        if len(log) > 2 * LOG_LINES:
            log = [*log[:LOG_LINES], f"... ({len(log) - 2 * LOG_LINES} lines more)", *log[-LOG_LINES:]]
        raise Failure([f"{source.function}: installing its dependencies failed:", *log])
    if warn:
        for line in _with_paths_of(source, folder, result.stderr).splitlines():
            if WARNING.match(line) and not line.startswith(NOT_ABOUT_THE_FUNCTION):
                print(f"{source.function}: {line}", file=sys.stderr)
    return result.stdout


def _with_paths_of(source: FunctionSource, folder: str, text: str) -> str:
    """A text in which the folder of the source stands where its copy was named."""
    # The longer one first: one may contain the other.
    for path in sorted({folder, os.path.abspath(folder), os.path.realpath(folder)}, key=len, reverse=True):
        text = text.replace(path, source.folder)
    return text


def _what_matters(log: list[str]) -> list[str]:
    """The lines of a log without npm's usage and the name of a file that is gone when the build ends."""
    said = [NPM_PREFIX.sub("", line) for line in log]
    usage = next((index for index, line in enumerate(said) if line in NPM_USAGE), len(log))
    return [
        line for line, text in zip(log[:usage], said[:usage], strict=True) if text and not text.startswith(NPM_LOG_FILE)
    ]
