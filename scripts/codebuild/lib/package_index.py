"""index.json in the package bucket: the SHA-256 of the packages that the last run knew, so that the next one need not ask
S3 for each of them.

It is a cache and never the truth. An entry counts only for an object that is in the bucket's listing with the very
ETag that it had when S3 told its SHA-256; for any other, and when the index is gone or damaged, S3 is asked again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from manifest import is_code_sha256


@dataclass(frozen=True)
class StoredObject:
    """An object as the listing of its bucket has it. `etag` has quotes, as S3 writes it."""

    etag: str
    size: int


def read_listing(path: str) -> dict[str, StoredObject]:
    """The objects by key, of what `list-objects-v2 --query 'Contents[].[Key,ETag,Size]'` printed."""
    with open(path, encoding="utf-8") as file:
        # The listing of an empty bucket is null.
        return {key: StoredObject(etag, size) for key, etag, size in json.load(file) or []}


def read_index(path: str) -> dict[tuple[str, str], str]:
    """SHA-256 by key and ETag. Empty if there is no index, or none that can be read."""
    try:
        with open(path, encoding="utf-8") as file:
            entries = json.load(file).items()
        return {(key, entry["etag"]): entry["sha256"] for key, entry in entries if is_code_sha256(entry["sha256"])}
    except (OSError, ValueError, AttributeError, KeyError, TypeError):
        return {}


def index_text(packages: list[tuple[str, str, str]]) -> str:
    """The index of packages, each given as key, SHA-256 and ETag."""
    entries = {key: {"sha256": sha256, "etag": etag} for key, sha256, etag in sorted(packages)}
    return json.dumps(entries, indent=2) + "\n"
