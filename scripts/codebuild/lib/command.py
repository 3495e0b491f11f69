"""How the scripts of this folder are called, what they say, and how they end: the same for all of them."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

import program
from failure import Failure, describe, fail, fail_usage

WIDTH = 120
# What a script runs side by side at the most.
MOST_JOBS = 64


def say(text: str) -> None:
    """Print a line. Where nobody reads any more (`| head`), the work goes on without words."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@dataclass(frozen=True)
class Option:
    """An option, and the environment variable that is its default. One without `value` is a flag."""

    name: str
    value: str
    help: str
    variable: str = ""
    default: str = ""
    #: What --help calls a default that is computed.
    default_words: str = ""
    required: bool = False


def jobs_option(what: str, variable: str, per_core: int, words: str) -> Option:
    """The option `--jobs`, whose default follows from the number of cores."""
    default = str(min(MOST_JOBS, per_core * (os.cpu_count() or 1)))
    return Option("--jobs", "N", what, variable, default, default_words=words)


@dataclass(frozen=True)
class Command:
    """A script: its name, and what --help says of it."""

    script: str
    usage: str
    about: str
    options: tuple[Option, ...]
    #: What it needs, and what else there is to know.
    notes: str
    #: When it ends with 0 and with 1, in words.
    success: str
    failure: str = "something failed"
    #: What it calls arguments that are no options; none when it takes none.
    arguments: str = ""

    def help(self) -> str:
        """The text of --help."""
        calls = [f"{option.name} {option.value}".rstrip() for option in self.options] + ["--help"]
        column = max(map(len, calls)) + 4
        lines = []
        for call, words in zip(calls, [*map(_words, self.options), "this text"], strict=True):
            lines += textwrap.wrap(
                words,
                WIDTH,
                initial_indent=f"  {call}".ljust(column),
                subsequent_indent=" " * column,
                break_on_hyphens=False,
                break_long_words=False,
            )
        ends = (
            f"Ends with 0 when {self.success}, 1 when {self.failure}, 2 when called wrongly, 130 or 143 when "
            "interrupted (by SIGINT or SIGTERM)."
        )
        return "\n\n".join(
            [
                f"Usage: {self.usage}",
                self.about.strip(),
                "\n".join(["Options (and the environment variables that are their defaults):", *lines]),
                *(_filled(text) for text in (self.notes, ends) if text),
            ]
        )


def _filled(text: str) -> str:
    return textwrap.fill(text.strip(), WIDTH, break_on_hyphens=False, break_long_words=False)


def _words(option: Option) -> str:
    shown = option.default_words or option.default
    default = ", else ".join(part for part in (option.variable, shown) if part)
    return f"{option.help} ({default})" if default else option.help


def parse(command: Command, arguments: list[str]) -> argparse.Namespace:
    """The values of the options, by their names; `arguments` has what is no option. Raises Failure."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("--help", action="store_true")
    for option in command.options:
        variable = os.environ.get(option.variable) if option.variable else None
        if option.value:
            parser.add_argument(option.name, default=variable or option.default)
        else:
            parser.add_argument(option.name, action="store_true")
    try:
        values, others = parser.parse_known_args(arguments)
    except argparse.ArgumentError as error:
        fail_usage(f"{error.argument_name} needs a value.")
    values.arguments = [word for word in others if not word.startswith("-")]
    unknown = [word for word in others if word.startswith("-") or not command.arguments]
    if unknown:
        fail_usage(f'Unknown option "{unknown[0]}".')
    if not values.help:
        for option in command.options:
            if option.required and not getattr(values, option.name[2:].replace("-", "_")):
                fail_usage(f"{option.name} is missing.")
    return values


def number(name: str, text: str) -> int:
    """A whole number from 1 to MOST_JOBS. Raises Failure."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_JOBS:
        fail_usage(f'{name} is "{text}"; expected a number from 1 to {MOST_JOBS}.')
    return int(text)


def require_programs(*names: str) -> None:
    """Raise Failure when a program is missing."""
    for name in names:
        if shutil.which(name) is None:
            fail(f"The program {name} is not on PATH. Install it.")


def require_folder(path: str, expected: str) -> None:
    """Raise Failure when a folder is missing."""
    if not os.path.isdir(path):
        fail(f"{path}: found no such folder; expected {expected}.")


def execute(command: Command, work: Callable[[argparse.Namespace], None], arguments: list[str]) -> int:
    """Do a script's work, say what went wrong, and return its exit code."""
    try:
        values = parse(command, arguments)
        if values.help:
            say(command.help())
        else:
            work(values)
    except Failure as error:
        for line in error.problems:
            print(line, file=sys.stderr)
        if error.conclusion:
            print(f"{command.script}: {error.conclusion}", file=sys.stderr)
        return error.code
    except OSError as error:
        print(f"{command.script}: {describe(error)}", file=sys.stderr)
        return 1
    return 0


def run(command: Command, work: Callable[[argparse.Namespace], None]) -> NoReturn:
    """Run a script to its end."""

    def interrupt(number: int, _: FrameType | None) -> NoReturn:
        program.stop_all()
        raise SystemExit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    sys.exit(execute(command, work, sys.argv[1:]))
