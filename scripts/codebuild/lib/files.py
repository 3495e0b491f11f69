"""Files written whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile


def write_atomically(path: str, text: str) -> None:
    """Write a text file under a temporary name beside it, then rename it: no reader ever sees half a file.

    Makes the folders above it. Raises OSError.
    """
    folder = os.path.dirname(path) or "."
    os.makedirs(folder, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=f".{os.path.basename(path)}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files that only their owner can read; what is written here is an artifact for others.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def write_json_atomically(path: str, value: object) -> None:
    """Write a value as indented JSON; see `write_atomically`."""
    write_atomically(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")
