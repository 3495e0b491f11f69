"""Native code in a package: can the function's runtime load it?

A module for another processor, system, Python or Node.js is packaged and deployed like any other file, and fails when
it is first imported, in every environment. So every file is asked what it is: its format, its machine, the interpreter
that it was made for, and the glibc that it needs.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable

from packaged_files import PackagedFile
from platforms import GLIBC, NODEJS_MODULE_VERSIONS, PYTHON_MACHINES, Platform

# e_machine of "ELF-64 Object File Format", and of its registry for later machines.
ELF_MACHINES = {3: "x86", 40: "ARM", 62: "x86_64", 183: "arm64"}
# e_type of programs and of shared objects. Others (objects of a compiler) are never loaded.
ELF_LOADED = (2, 3)
SHT_GNU_VERNEED = 0x6FFFFFFE
# How Alpine Linux names the libc that a binary needs.
MUSL = b"\0libc.musl-"

MACH_O = (b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe")
MACH_O_UNIVERSAL = b"\xca\xfe\xba\xbe"  # that of Java's class files, too
# A class file has its version (45 and later) where a universal binary has the number of its machines.
MACH_O_MACHINES = 45
# Names that nothing on Linux loads or runs: setuptools and pip, for example, carry launchers for Windows.
OF_OTHER_SYSTEMS = (".exe", ".dll", ".dylib")

# What CPython on Linux takes for an extension module: <name>.<tag>.so; without a tag any version loads it.
EXTENSION_MODULE = re.compile(r"\.(?P<tag>(?:cpython|pypy|graalpy|abi3)[^./]*)\.so$")
# A module with Node-API has no NODE_MODULE_VERSION, and fits every version of Node.js.
NODE_MODULE = re.compile(rb"node_register_module_v(\d+)\0")

NPM_PACKAGE = re.compile(r"^(?:.*/)?node_modules/(?:@[^/]+/)?[^/]+(?=/)")


def native_problems(prefix: str, files: Iterable[PackagedFile], platform: Platform) -> list[str]:
    """What the platform cannot load of the files of a package: a sentence or more for each, after `prefix`.

    A package of npm may carry its module for many platforms and pick one at run time (prebuildify): it has to hold one
    that fits, and the others do no harm.
    """
    problems: list[str] = []
    npm_packages: dict[str, list[tuple[bool, str | None]]] = {}
    for file in files:
        with open(file.path, "rb") as opened:
            start = opened.read(4)
        if start != b"\x7fELF" and (not _is_foreign(start) or file.name.lower().endswith(OF_OTHER_SYSTEMS)):
            continue
        content = file.read()
        system = _system(content)
        if system is None:
            continue
        misfit = _misfit(file.name, content, platform) if system == "Linux" else _other_system(system, platform)
        problem = misfit and f"{prefix}{file.name}: {misfit}"
        if match := NPM_PACKAGE.match(file.name):
            npm_packages.setdefault(match[0], []).append((system != "Linux", problem))
        elif problem:
            problems.append(problem)
    for misfits in npm_packages.values():
        if all(problem for _, problem in misfits):
            others = f" None of the {len(misfits)} binaries of its package fits." if len(misfits) > 1 else ""
            # One stands for all: one for Linux tells more than those for other systems.
            problems.append(f"{min(misfits)[1]}{others}")
    return problems


def _is_foreign(start: bytes) -> bool:
    return start in MACH_O or start == MACH_O_UNIVERSAL or start[:2] == b"MZ"


def _system(content: bytes) -> str | None:
    """The system that loads a file; None for a file that none loads."""
    if content[:4] == b"\x7fELF":
        return "Linux" if len(content) >= 64 and _elf_kind(content)[0] in ELF_LOADED else None
    if content[:4] in MACH_O:
        return "macOS"
    if content[:4] == MACH_O_UNIVERSAL:
        return "macOS" if int.from_bytes(content[4:8], "big") < MACH_O_MACHINES else None
    # The header of Windows' own format is where the one of MS-DOS says.
    header = int.from_bytes(content[60:64], "little")
    return "Windows" if content[header : header + 4] == b"PE\0\0" else None


def _elf_kind(content: bytes) -> tuple[int, int]:
    """e_type and e_machine."""
    return struct.unpack_from("<HH" if content[5] == 1 else ">HH", content, 16)


def _other_system(system: str, platform: Platform) -> str:
    return (
        f"found a binary for {system}, expected one for Linux on {platform.architecture}. It was probably installed on "
        f"{system} and copied: remove it and have it installed from a lock file, or take the build of its package for "
        "Linux."
    )


def _misfit(name: str, content: bytes, platform: Platform) -> str | None:
    """Why a platform cannot load an ELF file; None if it can."""
    machine = _elf_kind(content)[1]
    if content[4] != 2 or ELF_MACHINES.get(machine) != platform.architecture:
        bits = "" if content[4] == 2 else " in 32 bits"
        return (
            f"found a binary for {ELF_MACHINES.get(machine, f'machine {machine}')}{bits}, expected one for Linux on "
            f"{platform.architecture}. It was built or installed for another processor: take the build of its package "
            "for this one, or give the function the architecture that it is for."
        )
    if MUSL in content:
        return (
            "found a binary for musl, expected one for glibc, which Amazon Linux 2023 has. It was built or installed "
            "on Alpine Linux: take the build of its package for glibc."
        )
    return _other_interpreter(name, content, platform) or _newer_glibc(content)


def _other_interpreter(name: str, content: bytes, platform: Platform) -> str | None:
    if platform.language == "python":
        match = EXTENSION_MODULE.search(name)
        expected = f"cpython-{platform.version.replace('.', '')}-{PYTHON_MACHINES[platform.architecture]}-linux-gnu"
        if match is None or match["tag"] in (expected, "abi3"):
            return None
        return (
            f"found an extension module with the tag {match['tag']}, expected {expected} or abi3: {platform.runtime} "
            "does not import it. It was installed with another Python, or for another one: have it installed from "
            "requirements.txt, or change the function's runtime."
        )
    module = NODE_MODULE.search(content) if name.endswith(".node") else None
    expected = NODEJS_MODULE_VERSIONS[platform.version]
    if module is None or module[1].decode() == expected:
        return None
    return (
        f"found a module with NODE_MODULE_VERSION {module[1].decode()}, expected {expected} ({platform.runtime}), or "
        "one with Node-API. It was built with another Node.js: take the build of its package for this one."
    )


def _newer_glibc(content: bytes) -> str | None:
    newest = max(_needed_glibc(content), default=GLIBC)
    if newest <= GLIBC:
        return None
    return (
        f"found a binary that needs glibc {newest[0]}.{newest[1]}, expected {GLIBC[0]}.{GLIBC[1]} at the most, which "
        "Amazon Linux 2023 has. It was built on a newer Linux: take the manylinux build of its package, or build it on "
        "Amazon Linux 2023."
    )


def _needed_glibc(content: bytes) -> Iterable[tuple[int, int]]:
    """The versions of glibc that a 64-bit little-endian ELF file needs (.gnu.version_r); none if it does not tell."""
    versions = []
    try:
        (offset,) = struct.unpack_from("<Q", content, 40)
        size, count = struct.unpack_from("<HH", content, 58)
        sections = [struct.unpack_from("<IIQQQQII", content, offset + index * size) for index in range(count)]
        for _, kind, _, _, entry, _, strings, files in sections:
            for _ in range(files if kind == SHT_GNU_VERNEED else 0):
                _, names, _, first, following = struct.unpack_from("<HHIII", content, entry)
                position = entry + first
                for _ in range(names):
                    _, _, _, name, next_name = struct.unpack_from("<IHHII", content, position)
                    start = sections[strings][4] + name
                    text = content[start : content.index(b"\0", start)]
                    if match := re.fullmatch(rb"GLIBC_(\d+)\.(\d+)(?:\.\d+)?", text):
                        versions.append((int(match[1]), int(match[2])))
                    elif text == b"GLIBC_ABI_DT_RELR":
                        versions.append((2, 36))  # where this mark came up
                    position += next_name
                entry += following
    except (struct.error, IndexError, ValueError):
        return []
    return versions
