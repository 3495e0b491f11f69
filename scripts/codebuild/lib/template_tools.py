"""cfn-lint and cfn-nag in the versions that are locked beside the scripts: found, or installed with pip and gem."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass

from failure import Failure, fail
from program import in_parallel, pause, run_program

PAUSES = (5, 20, 60)


@dataclass(frozen=True)
class Tool:
    """A program, the file that locks it and all it needs, and where --install puts it, below the folder of tools."""

    program: str
    name: str
    lock: str
    version: str
    folder: str
    path: str

    def installed(self, tools: str) -> str:
        """The path of the program that --install has put there."""
        return os.path.join(tools, self.folder, self.path)


def locked_tools(scripts: str) -> tuple[Tool, Tool]:
    """cfn-lint and cfn-nag, as they are locked in the folder of the scripts."""
    wheels, gems = os.path.join(scripts, "requirements.txt"), os.path.join(scripts, "gems.sha256")
    cfn_lint, cfn_nag = _locked(wheels, r"^cfn-lint==([^ ]*)"), _locked(gems, r"^.* cfn-nag-(.*)\.gem$")
    return (
        Tool("cfn-lint", "cfn-lint", wheels, cfn_lint, "python", os.path.join("bin", "cfn-lint")),
        Tool("cfn_nag_scan", "cfn-nag", gems, cfn_nag, "gems", "cfn_nag_scan"),
    )


def _locked(lock: str, pattern: str) -> str:
    match = re.search(pattern, _text(lock), re.MULTILINE)
    if match is None:
        fail(f"{lock}: found no version that fits {pattern}.")
    return match[1]


def _text(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


def find(tool: Tool, tools: str) -> str:
    """The path of the locked version of a tool: the installed one, else the one on PATH. Raises Failure."""
    if _is_version(tool.installed(tools), tool.version):
        return tool.installed(tools)
    on_path = shutil.which(tool.program)
    if on_path is None:
        fail(f"{tool.program} is neither in {tools} nor on PATH. Install it with --install.")
    if not _is_version(on_path, tool.version):
        ended = run_program(on_path, "--version", merge=True)
        said = ended.stdout.partition("\n")[0]
        fail(
            f'{on_path} is "{said}"; expected version {tool.version}, which the templates are written for. Install it '
            "with --install."
        )
    return on_path


def _is_version(program: str, version: str) -> bool:
    try:
        ended = run_program(program, "--version")
    except OSError:
        return False
    return ended.code == 0 and ended.stdout.split()[-1:] == [version]


def install(tool: Tool, tools: str, jobs: int, work: str) -> None:
    """Install a tool, unless that was finished, from this very lock, and still runs. Raises Failure."""
    marker = os.path.join(tools, tool.folder, os.path.basename(tool.lock))
    if (
        os.path.isfile(marker)
        and _text(marker) == _text(tool.lock)
        and _is_version(tool.installed(tools), tool.version)
    ):
        return
    shutil.rmtree(os.path.join(tools, tool.folder), ignore_errors=True)
    if tool.folder == "python":
        _install_cfn_lint(tool, tools)
    else:
        _install_cfn_nag(tool, tools, jobs, work)
    shutil.copy(tool.lock, marker)


def _download(tool: Tool, attempt: Callable[[], str | None]) -> None:
    """Try to download something, and again after growing pauses while that fails, as networks do. Raises Failure.

    An attempt returns what went wrong, or None; it raises Failure when what came is not what is locked.
    """
    for seconds in (*PAUSES, None):
        problem = attempt()
        if problem is None:
            return
        print(problem, file=sys.stderr)
        if seconds is not None:
            what = f"{tool.name} {tool.version} could not be downloaded; the next try is in {seconds} seconds."
            print(f"check-templates.sh: {what}", file=sys.stderr)
            pause(seconds)
    how = "installed with pip" if tool.folder == "python" else "downloaded with gem"
    fail(f"{tool.name} {tool.version} could not be {how}; see above.")


def _install_cfn_lint(tool: Tool, tools: str) -> None:
    folder = os.path.join(tools, tool.folder)
    # -I: what lies in the folder that is checked is no module of ours.
    if run_program("python3", "-I", "-m", "venv", folder, show=True).code != 0:
        fail("python3 cannot make virtual environments; see above.")

    def attempt() -> str | None:
        # A source distribution would bring a build along that nothing locks.
        ended = run_program(
            *(os.path.join(folder, "bin", "python"), "-I", "-m", "pip", "install", "--quiet"),
            *("--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:", "--requirement", tool.lock),
        )
        if ended.code != 0 and "DO NOT MATCH THE HASHES" in ended.stderr:
            raise Failure(
                [ended.stderr.rstrip()],
                f"{tool.name} {tool.version} could not be installed with pip; see above.",
            )
        return ended.stderr.rstrip() if ended.code != 0 else None

    _download(tool, attempt)


def _install_cfn_nag(tool: Tool, tools: str, jobs: int, work: str) -> None:
    if shutil.which("gem") is None:
        fail(
            "gem is not on PATH, so cfn-nag cannot be installed. Install Ruby, or leave it out with --without-cfn-nag."
        )
    downloaded = os.path.join(work, "gems")
    os.mkdir(downloaded)
    lines = (line.split("  ") for line in _text(tool.lock).splitlines() if not line.startswith("#"))
    hashes = {name: expected for expected, name in lines}
    _download(tool, lambda: _fetch_gems(list(hashes), downloaded, jobs))
    problems = [f"{name}: FAILED" for name, expected in hashes.items() if _sha256(downloaded, name) != expected]
    if problems:
        raise Failure(problems, f"The gems above are not those that {tool.lock} locks. Nothing was installed.")
    folder = os.path.join(tools, tool.folder)
    # The lock names everything that is needed, so there is nothing to resolve.
    ended = run_program(
        *("gem", "install", "--local", "--ignore-dependencies", "--no-document"),
        *("--install-dir", folder, "--bindir", os.path.join(folder, "bin")),
        *(os.path.join(downloaded, name) for name in sorted(hashes)),
        merge=True,
    )
    if ended.code != 0:
        said = "\n".join(ended.stdout.splitlines()[-20:])
        fail(
            f"{tool.name} {tool.version} could not be installed with gem. psych has to be compiled, with Ruby's "
            f"headers and a C compiler. It said: {said}"
        )
    # Gems in a folder of their own are found by those who are told of it.
    program = f'#!/bin/sh\nGEM_HOME={shlex.quote(folder)} exec {shlex.quote(f"{folder}/bin/cfn_nag_scan")} "$@"\n'
    with open(tool.installed(tools), "w", encoding="utf-8") as file:
        file.write(program)
    os.chmod(tool.installed(tools), 0o755)


def _fetch_gems(names: list[str], folder: str, jobs: int) -> str | None:
    """Download gems, NAME-VERSION.gem, unless an earlier try got them. Returns what went wrong, if anything."""

    def fetch(name: str) -> str:
        gem, _, version = name[: -len(".gem")].rpartition("-")
        ended = run_program("gem", "fetch", gem, "--version", version, "--platform", "ruby", cwd=folder)
        # Its exit code says little: it is 0 as well when there is no such gem.
        return "" if os.path.isfile(os.path.join(folder, name)) else ended.stderr.rstrip() or f"{name} is missing"

    missing = [name for name in names if not os.path.isfile(os.path.join(folder, name))]
    problems = [problem for problem in in_parallel(jobs, fetch, missing) if problem]
    return "\n".join(problems) if problems else None


def _sha256(folder: str, name: str) -> str:
    with open(os.path.join(folder, name), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()
