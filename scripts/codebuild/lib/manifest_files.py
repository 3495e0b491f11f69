"""Reading the files in which a function's folder names its dependencies."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from files import read_json, read_text

NPM_LOCKS = ("npm-shrinkwrap.json", "package-lock.json")  # npm takes the first one
PIP_LOCK = "requirements.txt"
NAMES_SHOWN = 10
# Parts of names of what is not for production.
FOR_DEVELOPERS = {
    "build",
    "ci",
    "dev",
    "development",
    "doc",
    "docs",
    "lint",
    "local",
    "test",
    "testing",
    "tests",
    "tools",
}


def some_of(names: Iterable[str]) -> str:
    """Names in words: the first ones, and how many others there are."""
    listed = list(names)
    others = f" and {len(listed) - NAMES_SHOWN} others" if len(listed) > NAMES_SHOWN else ""
    return ", ".join(listed[:NAMES_SHOWN]) + others


def words(name: str) -> list[str]:
    return re.split(r"[^a-z]+", name.lower())


def read_object(path: str, problems: list[str]) -> dict[str, Any]:
    """The object that a file of JSON holds; empty, and a problem, if it holds none."""
    try:
        value = read_json(path)
    except (OSError, ValueError) as error:
        problems.append(f"{path}: found no JSON object ({error}). Correct the file.")
        return {}
    if not isinstance(value, dict):
        problems.append(f"{path}: found no JSON object, but {short(value)}. Correct the file.")
        return {}
    return value


def text_or_problem(folder: str, name: str, problems: list[str]) -> str:
    try:
        return read_text(os.path.join(folder, name))
    except (OSError, ValueError) as error:
        problems.append(f"{folder}/{name}: cannot be read ({error}). Correct the file, or remove it.")
        return ""


def outside(folder: str, name: str, places: Iterable[tuple[str, str]]) -> list[str]:
    """Dependencies in files that a function's folder does not hold, by the places in a file that name them."""
    problems = []
    for where, place in places:
        match = re.match(r"(?:(?:git\+)?file:|link:)(?://(?=/))?(.*)|((?:\.{1,2}|~)?/.*|\.\.?$)", place, re.DOTALL)
        if match is None:
            continue
        path = unquote(match[1]) if match[1] is not None else match[2]
        target = os.path.normpath(os.path.join(folder, os.path.expanduser(path)))
        root = os.path.normpath(folder)
        inside = os.path.relpath(target, root).split(os.sep)[0] != os.pardir
        if os.path.isabs(path) or path.startswith("~") or not inside:
            problems.append(
                f"{folder}/{name}: {where} names {path}, which is {target}, outside of the function's folder. A "
                f"package is made of {folder} alone: copy it there, or publish it to a package index, and lock again."
            )
    return problems


def table(content: Any, *keys: str) -> dict[str, Any]:
    for key in keys:
        content = content.get(key) if isinstance(content, dict) else None
    return content if isinstance(content, dict) else {}


def short(value: object) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:60]}..."
