"""A function's source and its dependencies, brought together in a folder."""

from __future__ import annotations

import os
import tempfile

import node_dependencies
from function_source import FunctionSource, installed_files
from native_code import native_problems
from source_error import SourceError


def add_dependencies(source: FunctionSource, folder: str) -> None:
    """Install the dependencies of a function into a folder with a copy of its source. Raises SourceError."""
    function, platform = source.function, source.platform
    if platform.language == "nodejs":
        # npm puts all of it into node_modules, which the source of a locked function never has.
        node_dependencies.install(source, folder)
    else:
        import python_dependencies  # needs pip, as nothing else does

        with tempfile.TemporaryDirectory(dir=os.path.dirname(folder)) as installed:
            python_dependencies.install(source, folder, installed)
            _merge(function, installed, folder)
    problems = native_problems(f"{function}: ", installed_files(folder), platform)
    if problems:
        raise SourceError(problems)


def _merge(function: str, installed: str, folder: str) -> None:
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
        raise SourceError(sorted(problems))
