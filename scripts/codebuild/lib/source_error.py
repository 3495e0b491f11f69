"""What is wrong with the source of a package."""

from __future__ import annotations


class SourceError(Exception):
    """Something that cannot become a package. `problems` has one sentence or more for each thing that is wrong."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
