"""What reviews leave for the message to the approver: files of a line each."""

from __future__ import annotations

import os
from collections.abc import Mapping

from files import write_atomically

# A message for approvers has 1,000 characters (CodePipeline API reference, CustomData), and says more than this.
SUMMARY_LIMIT = 600


def shortened(text: str) -> str:
    """A summary that fits into the message."""
    return text if len(text) <= SUMMARY_LIMIT else f"{text[: SUMMARY_LIMIT - 3]}..."


def write_lines(folder: str, lines: Mapping[str, str]) -> None:
    """Write files of a line each, by their names, and the file build: how the page of this build is called."""
    # CODEBUILD_BUILD_ID is project:uuid, and the page of a build is called by the second.
    build = os.environ.get("CODEBUILD_BUILD_ID", "").rpartition(":")[2]
    for name, line in {**lines, "build": build}.items():
        write_atomically(os.path.join(folder, name), f"{line}\n")


def conclusion(environment: str) -> str:
    """What a review says that could not see everything."""
    return (
        f"{environment}: not everything that the approval would let through can be seen, so nobody is asked; see above."
    )
