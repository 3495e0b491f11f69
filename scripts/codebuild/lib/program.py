"""Runs other programs, several at a time, and stops them all when the script is interrupted."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from failure import Failure

Item = TypeVar("Item")
Result = TypeVar("Result")

_running: set[subprocess.Popen[str]] = set()
_stopping = threading.Event()


class Stopped(Exception):
    """The script was interrupted."""


@dataclass(frozen=True)
class Ended:
    """How a program ended, and what it said, unless that was shown."""

    code: int
    stdout: str
    stderr: str


def run_program(
    *command: str,
    cwd: str | None = None,
    environment: Mapping[str, str] | None = None,
    input: str | None = None,
    show: bool = False,
    merge: bool = False,
    always: bool = False,
) -> Ended:
    """Run a program to its end. Raises FileNotFoundError and Stopped.

    `show`: what it says goes where this script's words go. `merge`: its errors are part of its output.
    `always`: it puts something in order, so it runs also when the script is interrupted.
    """
    if _stopping.is_set() and not always:
        raise Stopped
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL if input is None else subprocess.PIPE,
        stdout=None if show else subprocess.PIPE,
        stderr=None if show else subprocess.STDOUT if merge else subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    ) as process:
        _running.add(process)
        if _stopping.is_set() and not always:
            process.terminate()
        try:
            stdout, stderr = process.communicate(input)
        finally:
            _running.discard(process)
    return Ended(process.returncode, stdout or "", stderr or "")


def pause(seconds: float) -> None:
    """Wait. Raises Stopped when the script is interrupted meanwhile."""
    if _stopping.wait(seconds):
        raise Stopped


def in_parallel(limit: int, work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """The results of work on items, at most so many at a time, in their order. Raises Failure with all that fails.

    When the work on one item fails, that on the others is still done.
    """

    def attempt(item: Item) -> Result | Failure:
        try:
            return work(item)
        except Failure as error:
            return error

    with ThreadPoolExecutor(limit) as pool:
        results = [future.result() for future in [pool.submit(attempt, item) for item in items]]
    problems = [problem for result in results if isinstance(result, Failure) for problem in result.problems]
    if problems:
        raise Failure(problems)
    return [result for result in results if not isinstance(result, Failure)]


def stop_all() -> None:
    """End the programs that run, and start no others."""
    _stopping.set()
    for process in list(_running):
        process.terminate()
