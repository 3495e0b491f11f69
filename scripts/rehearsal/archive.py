"""Packs and unpacks the zips that artifacts are, with permissions: Node has nothing for it, and Python's own command
line (`python3 -m zipfile`) forgets that a script may be executed.

Usage: archive.py pack ARCHIVE FOLDER PATTERN...   exit code 3 when no file matches
       archive.py unpack ARCHIVE FOLDER
"""

import sys
import zipfile
from pathlib import Path


def pack(archive: str, folder: str, *patterns: str) -> int:
    """Pack the files of a folder that match a pattern (`**/*` is all of them)."""
    base = Path(folder)
    files = sorted({path for pattern in patterns for path in base.glob(pattern) if path.is_file()})
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as target:
        for path in files:
            target.write(path, path.relative_to(base))
    return 0 if files else 3


def unpack(archive: str, folder: str) -> int:
    """Unpack all files into a folder."""
    with zipfile.ZipFile(archive) as source:
        for entry in source.infolist():
            path = Path(source.extract(entry, folder))
            mode = entry.external_attr >> 16 & 0o777
            if mode and not entry.is_dir():
                path.chmod(mode)
    return 0


if __name__ == "__main__":
    sys.exit({"pack": pack, "unpack": unpack}[sys.argv[1]](*sys.argv[2:]))
