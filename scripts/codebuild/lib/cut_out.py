"""Files and folders that lose their content when they are cut out of a repository."""

from __future__ import annotations

import os
from typing import Callable, Iterable

from packaged_files import PackagedFile

# "Git LFS Specification": a pointer begins with its version, one of these, and has less than 1024 bytes.
LFS_VERSIONS = (
    b"version https://git-lfs.github.com/spec/v1\n",
    b"version https://hawser.github.com/spec/v1\n",
    b"version http://git-media.io/v/2\n",
)
LFS_POINTER_LIMIT = 1024


def pointer_problems(folder: str, files: Iterable[PackagedFile]) -> list[str]:
    """The files that are pointers of Git LFS, not what they point to."""
    return [
        f"{folder}/{file.name}: found a pointer of Git LFS, expected the file itself. Run `git lfs pull`; what AWS "
        "builds from has no Git LFS, so take the file out of it (`git lfs untrack`) and commit it as it is."
        for file in files
        if file.size < LFS_POINTER_LIMIT and file.read().replace(b"\r\n", b"\n").startswith(LFS_VERSIONS)
    ]


def submodule_problems(folder: str, excluded: Callable[[list[str]], bool]) -> list[str]:
    """The folders that are git submodules, as they look with their files and without.

    `excluded` is told the parts of a path and says whether to leave it out.
    """
    problems = []
    for directory, folders, files in os.walk(folder):
        parts = [part for part in os.path.relpath(directory, folder).split(os.sep) if part != os.curdir]
        path = "/".join([folder, *parts])
        # A submodule has a file of this name, a clone a folder.
        if ".git" in folders or ".git" in files:
            problems.append(
                f"{path}: found a .git in it: the folder is a git submodule or a clone of its own, whose files no commit "
                "of this repository has. Commit its files here: take the folder out of .gitmodules and of git (`git rm "
                "--cached`), remove its .git, and add it again."
            )
        if parts and not folders and not files:
            problems.append(
                f"{path}: found an empty folder, which no commit and no package can hold. It is probably a git submodule "
                "that was not fetched: commit its files here. If not, remove it; a function can make folders in /tmp."
            )
        folders[:] = sorted(name for name in folders if name != ".git" and not excluded([*parts, name]))
    return sorted(problems)
