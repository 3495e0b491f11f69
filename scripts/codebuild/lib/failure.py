"""What goes wrong, in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn


class Failure(Exception):
    """Something went wrong, which ends the script.

    `problems` has one sentence or more for each thing that is wrong; `conclusion` is what the script says of it all, in
    its own name. `code`: 1 for what failed, 2 for a wrong call.
    """

    def __init__(self, problems: list[str], conclusion: str = "", code: int = 1) -> None:
        super().__init__("\n".join([*problems, *([conclusion] if conclusion else [])]))
        self.problems = problems
        self.conclusion = conclusion
        self.code = code


def fail(*conclusion: str) -> NoReturn:
    """End the script with 1: something went wrong. Raises Failure."""
    raise Failure([], " ".join(conclusion))


def fail_usage(message: str) -> NoReturn:
    """End the script with 2: it was called wrongly. Raises Failure."""
    raise Failure([], f"{message} Try --help.", code=2)


@contextmanager
def concluding(*conclusion: str) -> Iterator[None]:
    """Give what fails inside a conclusion, files that cannot be read or written included."""
    try:
        yield
    except Failure as error:
        raise Failure(error.problems, " ".join(conclusion)) from None
    except OSError as error:
        raise Failure([describe(error)], " ".join(conclusion)) from None


def describe(error: OSError) -> str:
    """What the system says of a file."""
    return f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
