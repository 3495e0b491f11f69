"""The files of a folder, as a package holds them, and the package: a zip of them.

Its bytes depend on names, executable bits and contents alone: not on times, users, umask or directory.
"""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from failure import Failure

NEVER_PACKAGED = ("__pycache__", ".DS_Store")

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold
COMPRESSION_LEVEL = 4  # two thirds of the time of zlib's default, 6, for two or three per cent more bytes
UNIX = 3  # "version made by": without it the modes would not count
MODE = 0o644
EXECUTABLE_MODE = 0o755  # Lambda runs code as a user of its own: everybody has to be able to read it


@dataclass(frozen=True)
class PackagedFile:
    """A file of a package: its name in the package (with /), and the file to read."""

    name: str
    path: str
    executable: bool
    size: int

    def read(self) -> bytes:
        """The file's bytes."""
        with open(self.path, "rb") as file:
            return file.read()


def packaged_files(folder: str, excluded: Callable[[list[str]], bool]) -> list[PackagedFile]:
    """The files of a folder, sorted by the bytes of their names; symbolic links are the files they point to.

    `excluded` is told the parts of a path and says whether to leave it out. Raises Failure.
    """
    root = os.path.realpath(folder)
    files: list[PackagedFile] = []
    problems: list[str] = []

    def walk(directory: str, parts: list[str], open_directories: tuple[str, ...]) -> None:
        for entry in os.scandir(directory):
            entry_parts = [*parts, entry.name]
            name = "/".join(entry_parts)
            if entry.name in NEVER_PACKAGED or excluded(entry_parts):
                continue
            path = entry.path
            if entry.is_symlink():
                path = os.path.realpath(path)
                if os.path.commonpath([root, path]) != root:
                    problems.append(
                        f"{folder}/{name}: found a symbolic link to {os.readlink(entry.path)}, outside of the folder. "
                        "A package holds its own folder only: replace the link with the file."
                    )
                    continue
            try:
                status = os.stat(path)
            except OSError as error:
                what = f"found a symbolic link to {os.readlink(entry.path)}, which" if entry.is_symlink() else "it"
                problems.append(f"{folder}/{name}: {what} cannot be read ({error.strerror}). Correct or remove it.")
                continue
            if stat.S_ISDIR(status.st_mode):
                if entry.is_symlink() and "node_modules" in parts and "node_modules" in path[len(root) :].split(os.sep):
                    problems.append(
                        f"{folder}/{name}: found a symbolic link to {os.readlink(entry.path)}, as pnpm makes them: the "
                        "copy that a package has in its place would not find the dependencies beside what it points "
                        "to. Have them installed from package-lock.json; or install them without links (pnpm: "
                        "node-linker=hoisted; npm: install-strategy=hoisted)."
                    )
                elif path in open_directories:
                    problems.append(f"{folder}/{name}: found a symbolic link to a folder that holds the link itself.")
                else:
                    walk(path, entry_parts, (*open_directories, path))
            elif not stat.S_ISREG(status.st_mode):
                problems.append(f"{folder}/{name}: found neither a file nor a folder nor a symbolic link.")
            elif not _is_utf8(name):
                problems.append(f"{folder}/{name!r}: the name is not UTF-8. Rename the file.")
            else:
                # Git keeps the owner's executable bit and no other; the umask never touches it.
                executable = bool(status.st_mode & stat.S_IXUSR)
                files.append(PackagedFile(name, path, executable, status.st_size))

    walk(root, [], (root,))
    if problems:
        raise Failure(sorted(problems))
    return sorted(files, key=lambda file: file.name.encode())


def _is_utf8(name: str) -> bool:
    # Python maps bytes that are no UTF-8 to lone surrogates, which cannot be encoded.
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def write_zip(path: str, files: Iterable[PackagedFile]) -> None:
    """Write files, in the order given, to a zip without directory entries and extra fields. Raises OSError."""
    # Another zlib may compress to other bytes. It does no harm: a new build image may deploy all functions once more.
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION_LEVEL) as archive:
        for file in files:
            info = zipfile.ZipInfo(file.name, EPOCH)
            info.create_system = UNIX
            info.external_attr = (stat.S_IFREG | (EXECUTABLE_MODE if file.executable else MODE)) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, file.read())
