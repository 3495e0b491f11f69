"""Programs that install dependencies."""

from __future__ import annotations

import subprocess

from source_error import SourceError

# pip says at the end what is wrong, npm at the beginning.
LOG_LINES = 15


def run_installer(function: str, folder: str, *command: str) -> str:
    """Run npm or pip in a folder and return what it printed. Raises SourceError with what matters of it when it fails."""
    try:
        result = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", errors="replace"
        )
    except FileNotFoundError:
        raise SourceError([f"{function}: the program {command[0]} is not on PATH. Install it."]) from None
    if result.returncode != 0:
        log = (result.stdout + result.stderr).rstrip().splitlines()
        if len(log) > 2 * LOG_LINES:
            log = [*log[:LOG_LINES], "...", *log[-LOG_LINES:]]
        raise SourceError([f"{function}: installing its dependencies failed:", *log])
    return result.stdout
