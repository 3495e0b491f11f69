"""manifest.json: which package every function has to run.

`{"bucket": ..., "functions": [{"function", "key", "sha256", "size"}]}`, sorted by function. `sha256` is the hash of
the zip in base64, which is what S3 calls ChecksumSHA256 and Lambda CodeSha256. The key is named by the same hash, so
that it says what has to be under it: a name that nobody can take for other bytes without being found out.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass

from failure import Failure
from files import read_json, write_json_atomically
from function_source import FUNCTION_NAME

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@dataclass(frozen=True)
class Package:
    """The package of one function, as the manifest has it."""

    function: str
    sha256: str
    size: int

    @property
    def key(self) -> str:
        """Where the package is in its bucket."""
        return f"{self.function}/{base64.b64decode(self.sha256).hex()}.zip"


def package_of(function: str, path: str) -> Package:
    """The package that a zip is, by its bytes: S3 compares them with the hash once more when they arrive."""
    digest = hashlib.sha256()
    size = 0
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            size += len(chunk)
    return Package(function, base64.b64encode(digest.digest()).decode(), size)


def write_manifest(path: str, bucket: str, packages: list[Package]) -> None:
    """Write the manifest, whole or not at all."""
    functions = [
        {"function": package.function, "key": package.key, "sha256": package.sha256, "size": package.size}
        for package in sorted(packages, key=lambda package: package.function)
    ]
    write_json_atomically(path, {"bucket": bucket, "functions": functions})


def read_manifest(path: str) -> tuple[str, list[Package]]:
    """The bucket and the packages of a manifest. Raises Failure."""
    try:
        manifest = read_json(path)
    except OSError as error:
        raise Failure(
            [
                f"{path}: cannot be read ({error.strerror}). It is written by publish-packages.sh: is the artifact of "
                "the Publish action an input of this one?"
            ]
        ) from None
    except ValueError as error:
        raise _damaged(path, f"no JSON ({error})") from None
    bucket = manifest.get("bucket") if isinstance(manifest, dict) else None
    if not isinstance(bucket, str) or not BUCKET.fullmatch(bucket):
        raise _damaged(path, f'no bucket name at "bucket" (found {json.dumps(bucket)})')
    functions = manifest.get("functions")
    if not isinstance(functions, list):
        raise _damaged(path, 'no list of functions at "functions"')
    packages = [_package(path, index, function) for index, function in enumerate(functions)]
    for name, count in Counter(package.function for package in packages).items():
        if count > 1:
            raise _damaged(path, f"the function {name} more than once")
    return bucket, packages


def _package(path: str, index: int, function: object) -> Package:
    place = f"functions[{index}]"
    if not isinstance(function, dict):
        raise _damaged(path, f"no object at {place}")
    name, key, sha256, size = (function.get(field) for field in ("function", "key", "sha256", "size"))
    if not isinstance(name, str) or not FUNCTION_NAME.fullmatch(name):
        raise _damaged(path, f"no function name at {place}.function (found {json.dumps(name)})")
    if not isinstance(sha256, str) or not _is_sha256(sha256):
        raise _damaged(path, f"no SHA-256 in base64 at {place}.sha256 (found {json.dumps(sha256)})")
    if not isinstance(size, int) or isinstance(size, bool) or size <= 0:
        raise _damaged(path, f"no size in bytes at {place}.size (found {json.dumps(size)})")
    package = Package(name, sha256, size)
    if key != package.key:
        raise _damaged(path, f"another key than {package.key} at {place}.key (found {json.dumps(key)})")
    return package


def _is_sha256(text: str) -> bool:
    """Whether a text is a SHA-256 in base64."""
    try:
        return len(base64.b64decode(text, validate=True)) == 32
    except (binascii.Error, ValueError):
        return False


def _damaged(path: str, found: str) -> Failure:
    return Failure(
        [
            f"{path}: found {found}. The file is damaged or no manifest of publish-packages.sh; run the Publish action "
            "again. Nothing has been changed."
        ]
    )
