"""JSON and other texts that anybody may have written, read within bounds.

Parsers follow nesting until their stack is full, and a text may name characters that nothing can print or write (lone
surrogates). Whoever commits such a file is to be told so, by its name, within seconds.
"""

from __future__ import annotations

import json
import os
from typing import Any, Callable

# The lock file of a large application has some 2 MB.
SIZE_LIMIT = 20 * 1024 * 1024
# npm's own files have fewer than 10 levels.
DEPTH_LIMIT = 100


def read_text(path: str) -> str:
    """The text of a file, without a byte order mark, which editors of Windows leave. Raises OSError and ValueError."""
    size = os.path.getsize(path)
    if size > SIZE_LIMIT:
        raise ValueError(f"it has {size} bytes, expected {SIZE_LIMIT} at the most")
    with open(path, encoding="utf-8-sig") as file:
        return file.read()


def read_json(path: str) -> Any:
    """The value that a file of JSON holds. Raises OSError, and ValueError with what is wrong with the text."""
    return parse_within_bounds(lambda text: json.loads(text, parse_constant=_refuse_constant), read_text(path))


def parse_within_bounds(parse: Callable[[str], Any], text: str) -> Any:
    """What a parser makes of a text. Raises ValueError as the parser does, and for what nobody could print."""
    try:
        value = parse(text)
    except RecursionError:
        raise _too_deep() from None
    _check(value)
    return value


def _check(value: Any) -> None:
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > DEPTH_LIMIT:
            raise _too_deep()
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


def _check_string(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        code = f"\\u{ord(text[error.start]):04x}"
        raise ValueError(f"it holds {code}, half of a surrogate pair, which is no character") from None


def _too_deep() -> ValueError:
    return ValueError(f"it is nested more than {DEPTH_LIMIT} levels deep")


def _refuse_constant(name: str) -> None:
    # Python's parser takes them; npm's and that of every other reader do not.
    raise ValueError(f"{name} is no JSON")
