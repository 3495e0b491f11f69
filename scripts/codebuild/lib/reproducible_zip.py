"""Zips whose bytes depend on names, executable bits and contents alone: not on times, users, umask or directory."""

from __future__ import annotations

import base64
import hashlib
import os
import stat
import zipfile
from dataclasses import dataclass
from typing import Iterable

from packaged_files import PackagedFile

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold
COMPRESSION_LEVEL = 4  # two thirds of the time of zlib's default, 6, for two or three per cent more bytes
UNIX = 3  # "version made by": without it the modes would not count
MODE = 0o644
EXECUTABLE_MODE = 0o755  # Lambda runs code as a user of its own: everybody has to be able to read it


@dataclass(frozen=True)
class Zip:
    """A written zip. `sha256` is in base64, as Lambda's CodeSha256 and S3's ChecksumSHA256 are."""

    path: str
    sha256: str
    size: int


def write_zip(path: str, files: Iterable[PackagedFile]) -> Zip:
    """Write files, in the order given, to a zip without directory entries and extra fields. Raises OSError."""
    # Another zlib may compress to other bytes. It does no harm: a new build image may deploy all functions once more.
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION_LEVEL) as archive:
        for file in files:
            info = zipfile.ZipInfo(file.name, EPOCH)
            info.create_system = UNIX
            info.external_attr = (stat.S_IFREG | (EXECUTABLE_MODE if file.executable else MODE)) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, file.read())
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return Zip(path, base64.b64encode(digest.digest()).decode(), os.path.getsize(path))
