"""Files that anybody may have written, read within bounds; and files written whole or not at all.

Parsers follow nesting until their stack is full, and a text may name characters that nothing can print or write (lone
surrogates). The author of such a file is told so, by its name, within seconds.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Limits:
    """What a file may be at the most: bytes, levels of nesting, and whether it may begin with a byte order mark."""

    # The lock file of a large application has some 2 MB, and npm's own files have fewer than 10 levels. Editors of
    # Windows leave byte order marks.
    size: int = 20 * 1024 * 1024
    depth: int = 100
    mark: bool = True


GENEROUS = Limits()
Pairs = list[tuple[str, Any]]


def read_text(path: str, limits: Limits = GENEROUS) -> str:
    """The text of a file, without a byte order mark. Raises OSError, and ValueError with what is wrong with it."""
    # A pipe or a device could be read for ever.
    if os.path.exists(path) and not os.path.isfile(path):
        raise ValueError("it is no file")
    size = os.path.getsize(path)
    if size > limits.size:
        raise ValueError(f"it has {size} bytes, expected {limits.size} at the most")
    with open(path, "rb") as file:
        content = file.read()
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8: {error}; save it as UTF-8") from None
    if text.startswith("\ufeff"):
        if not limits.mark:
            raise ValueError("it begins with a byte order mark; save it as UTF-8 without one")
        text = text[1:]
    # As files opened as text have it.
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_json(path: str, limits: Limits = GENEROUS, pairs: Callable[[Pairs], Any] = dict) -> Any:
    """The value that a file of JSON holds. Raises OSError, and ValueError with what is wrong with the text.

    `pairs` makes an object of its entries.
    """

    def parse(text: str) -> Any:
        return json.loads(text, object_pairs_hook=pairs, parse_constant=_refuse_constant)

    return parse_within(limits, parse, read_text(path, limits))


def parse_within(limits: Limits, parse: Callable[[str], Any], text: str) -> Any:
    """What a parser makes of a text. Raises ValueError as the parser does, and for what nobody could print."""
    too_deep = ValueError(f"it is nested more than {limits.depth} levels deep")
    try:
        value = parse(text)
    except RecursionError:
        raise too_deep from None
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > limits.depth:
            raise too_deep
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below += item.keys()
                below += item.values()
            elif isinstance(item, list):
                below += item
            elif isinstance(item, str):
                _check_string(item)
        level = below
    return value


def _check_string(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        code = f"\\u{ord(text[error.start]):04x}"
        raise ValueError(f"it holds {code}, half of a surrogate pair, which is no character") from None


def _refuse_constant(name: str) -> None:
    # Python's parser takes them; npm's and that of every other reader do not.
    raise ValueError(f"{name} is no JSON")


def work_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder that goes when the work is done.

    Its place is named: without one, Python tries to write where it may, and on a full disk says that it found no place.
    """
    return tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR") or "/tmp")


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
