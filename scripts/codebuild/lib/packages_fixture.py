"""Made-up packages for the tests: wheels of pip, packages of npm, and binaries."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import os
import struct
import tarfile
import zipfile
from dataclasses import dataclass, field
from typing import Any

from fixture import Files, write

MACHINES = {"x86": 3, "x86_64": 62, "arm64": 183}


def elf(machine: str, kind: str = "loaded", versions: tuple[str, ...] = (), text: str = "") -> bytes:
    """The bytes of an ELF file: header, text, and, when it needs versions of glibc, .gnu.version_r with its strings.

    `kind`: "loaded" is a program or a library, "object" what a compiler leaves for the linker.
    """
    header = bytearray(64)
    header[:4] = b"\x7fELF"
    header[4:6] = bytes([1 if machine == "x86" else 2, 1])
    struct.pack_into("<HH", header, 16, 3 if kind == "loaded" else 1, MACHINES[machine])
    body = f"{text}\0".encode()
    if not versions:
        return bytes(header) + body
    strings = ("\0" + "\0".join(versions) + "\0").encode()
    needed = bytearray(16 + 16 * len(versions))
    struct.pack_into("<HHIII", needed, 0, 1, len(versions), 0, 16, 0)
    for index, version in enumerate(versions):
        start = strings.index(f"\0{version}\0".encode()) + 1
        following = 16 if index + 1 < len(versions) else 0
        struct.pack_into("<IHHII", needed, 16 + 16 * index, 0, 0, 0, start, following)
    needed_at = len(header) + len(body)
    strings_at = needed_at + len(needed)
    struct.pack_into("<Q", header, 40, strings_at + len(strings))
    struct.pack_into("<HH", header, 58, 64, 3)
    sections = [_section(0, 0, 0, 0), _section(0x6FFFFFFE, needed_at, 2, 1), _section(3, strings_at, 0, 0)]
    return b"".join([header, body, needed, strings, *sections])


def _section(kind: int, offset: int, link: int, info: int) -> bytes:
    """A section header: type, offset, and the two numbers whose meaning depends on the type."""
    return struct.pack("<IIQQQQII", 0, kind, 0, 0, offset, 0, link, info) + bytes(8)


@dataclass(frozen=True)
class Wheel:
    """A Python package as pip installs it. `tag`: Python, ABI and platform; `requires`: values of Requires-Dist."""

    name: str
    files: Files = field(default_factory=dict)
    tag: str = "py3-none-any"
    requires: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """Its file name."""
        return f"{self.name}-1.0.0-{self.tag}.whl"

    def content(self) -> Files:
        """All its files, with what it says of itself."""
        files = self.files or {f"{self.name}.py": ""}
        information = f"{self.name}-1.0.0.dist-info"
        required = "".join(f"Requires-Dist: {requirement}\n" for requirement in self.requires)
        tag = f"Root-Is-Purelib: true\nTag: {self.tag}\n"
        return {
            **files,
            f"{information}/METADATA": f"Metadata-Version: 2.1\nName: {self.name}\nVersion: 1.0.0\n{required}",
            f"{information}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\n{tag}",
            f"{information}/RECORD": "".join(f"{name},sha256={_digest(text)},\n" for name, text in files.items()),
        }

    def write(self, folder: str) -> str:
        """Write it, and return the line of a requirements.txt that locks it."""
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, self.file)
        with zipfile.ZipFile(path, "w") as wheel:
            for name, text in self.content().items():
                wheel.writestr(zipfile.ZipInfo(name), text)
        with open(path, "rb") as file:
            return f"{self.name}==1.0.0 --hash=sha256:{hashlib.sha256(file.read()).hexdigest()}\n"


def _digest(text: str | bytes) -> str:
    digest = hashlib.sha256(text.encode() if isinstance(text, str) else text).digest()
    return base64.urlsafe_b64encode(digest).decode()


@dataclass(frozen=True)
class NpmPackage:
    """A package of npm. `manifest`: more of its package.json; `lock`: what its entry in the lock file has instead."""

    manifest: dict[str, Any] = field(default_factory=dict)
    files: Files = field(default_factory=dict)
    optional: bool = False
    lock: dict[str, Any] = field(default_factory=dict)


def npm_function(folder: str, packages: dict[str, NpmPackage], **own: Any) -> None:
    """Write a function with packages in files of its own, and its lock file, by hand: npm is slow."""
    locked: dict[str, Any] = {}
    named: dict[str, dict[str, str]] = {"dependencies": {}, "optionalDependencies": {}}
    for name, package in packages.items():
        manifest = {"name": name, "version": "1.0.0", **package.manifest}
        buffer = io.BytesIO()
        with (
            gzip.GzipFile(fileobj=buffer, mode="w", mtime=0) as packed,
            tarfile.open(fileobj=packed, mode="w") as archive,
        ):
            for path, text in {"package.json": json.dumps(manifest), **package.files}.items():
                content = text.encode() if isinstance(text, str) else text
                entry = tarfile.TarInfo(f"package/{path}")
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        write({f"vendor/{name}.tgz": buffer.getvalue()}, folder)
        place = f"file:vendor/{name}.tgz"
        named["optionalDependencies" if package.optional else "dependencies"][name] = place
        digest = base64.b64encode(hashlib.sha512(buffer.getvalue()).digest()).decode()
        said = {"version": "1.0.0", "resolved": place, "integrity": f"sha512-{digest}", "optional": package.optional}
        entry_of_lock = {**said, **package.manifest, **package.lock}
        locked[f"node_modules/{name}"] = {key: value for key, value in entry_of_lock.items() if value is not None}
    root = {"name": "fn", "version": "1.0.0", **named, **own}
    lock = {"lockfileVersion": 3, "packages": {"": root, **locked}}
    write({"index.mjs": "", "package.json": json.dumps(root), "package-lock.json": json.dumps(lock)}, folder)
