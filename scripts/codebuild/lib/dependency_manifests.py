"""Whether what a function's folder names as its dependencies is locked, and so gets installed.

One rule for every manifest: what it names is installed from package-lock.json or requirements.txt, or it is refused. A
manifest that nobody reads makes a package that fails when it is first imported, in every environment.
"""

from __future__ import annotations

import configparser
import json
import os
import re
from typing import Any, Callable, Iterable
from urllib.parse import unquote

from bounded_text import parse_within_bounds, read_json, read_text
from install_scripts import allowed_scripts, packages_with_scripts, script_problems
from platforms import NODEJS_CPUS, Platform, admits
from tests_of_source import FOLDERS_OF_OTHERS

NPM_LOCKS = ("npm-shrinkwrap.json", "package-lock.json")  # npm takes the first one
PIP_LOCK = "requirements.txt"
LOCK_NPM = f"Run `npm install --package-lock-only` there and commit {NPM_LOCKS[1]}."
LOCK_PIP = (
    f"Lock them: `uv pip compile --generate-hashes -o {PIP_LOCK} FILE` or `pip-compile --generate-hashes -o {PIP_LOCK} "
    f"FILE`, and commit {PIP_LOCK}."
)

# Lock files and manifests of other tools, and what turns each into one that is read.
OTHER_TOOLS = {
    "yarn.lock": "npm install --package-lock-only",
    "pnpm-lock.yaml": "npm install --package-lock-only",
    "bun.lock": "npm install --package-lock-only",
    "bun.lockb": "npm install --package-lock-only",
    "deno.lock": "npm install --package-lock-only",
    "poetry.lock": "poetry export -o requirements.txt",
    "uv.lock": "uv export --no-dev --no-emit-project -o requirements.txt",
    "pdm.lock": "pdm export --prod -o requirements.txt",
    "Pipfile.lock": "pipenv requirements --hash >requirements.txt",
    "pylock.toml": "uv pip compile --generate-hashes -o requirements.txt pyproject.toml",
    "pixi.lock": "uv pip compile --generate-hashes -o requirements.txt requirements.in",
    "conda-lock.yml": "uv pip compile --generate-hashes -o requirements.txt requirements.in",
}

# Fields of package.json whose packages `npm ci --omit=dev` installs.
INSTALLED_BY_NPM = ("dependencies", "optionalDependencies", "peerDependencies")
NAMES_SHOWN = 10

# Files of requirements by the names that people give them, and parts of names of those that are not for production.
REQUIREMENTS = re.compile(r".*requirements.*\.(?:txt|in)", re.IGNORECASE)
FOR_DEVELOPERS = {"build", "ci", "dev", "development", "doc", "docs", "lint", "local", "test", "testing", "tests", "tools"}
PATH_OPTIONS = {"-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-f", "--find-links"}


def some_of(names: Iterable[str]) -> str:
    """Names in words: the first ones, and how many others there are."""
    listed = list(names)
    others = f" and {len(listed) - NAMES_SHOWN} others" if len(listed) > NAMES_SHOWN else ""
    return ", ".join(listed[:NAMES_SHOWN]) + others


def manifest_problems(folder: str, platform: Platform) -> list[str]:
    """What a function's folder names as dependencies and would be missing from the package."""
    found = {entry.name for entry in os.scandir(folder) if entry.is_file()}
    problems = [
        f"{folder}: found {name}; dependencies are installed from {NPM_LOCKS[1]} or {PIP_LOCK} (with hashes) only, so "
        f"the package would lack them. Make one of these (`{command}`), commit it and remove {name}."
        for name, command in OTHER_TOOLS.items()
        if name in found
    ]
    if platform.language == "python":
        problems += [_no_use(folder, name, platform) for name in ("package.json", *NPM_LOCKS) if name in found]
        problems += _python_problems(folder, found)
        problems += _below(folder, _named_by_python)
    else:
        problems += _npm_problems(folder, found, platform)
        problems += [_no_use(folder, PIP_LOCK, platform)] if PIP_LOCK in found else []
        problems += [_no_use(folder, path, platform) for path, _ in _python_manifests(folder, found, problems)]
        problems += _below(folder, _named_by_npm)
    return problems


def _below(folder: str, named_in: Callable[[str, set[str], list[str]], Iterable[str]]) -> list[str]:
    """Manifests in sub-folders that name dependencies: nothing is installed there."""
    problems: list[str] = []
    packages = _local_packages(folder)
    for directory, folders, files in os.walk(folder):
        path = os.path.relpath(directory, folder)
        if path != os.curdir and path not in packages:
            problems += [
                f"{folder}/{path}/{name} names dependencies, but they are installed for the function's folder alone, from "
                f"{folder}/{NPM_LOCKS[1]} or {PIP_LOCK}. Name and lock them there, and remove them here; or, if this is "
                "code of others, move it below a folder called vendor."
                for name in named_in(directory, set(files), problems)
            ]
        # What is only there for developers is none of the package's dependencies.
        folders[:] = sorted(
            name for name in folders if name not in FOLDERS_OF_OTHERS and FOR_DEVELOPERS.isdisjoint(_words(name))
        )
    return problems


def _local_packages(folder: str) -> set[str]:
    """Sub-folders that a lock file of npm takes for packages of their own, whose dependencies it has (workspaces)."""
    paths: set[str] = set()
    for name in NPM_LOCKS:
        if os.path.isfile(os.path.join(folder, name)):
            lock = _read_object(os.path.join(folder, name), [])
            paths.update(os.path.normpath(path) for path in _table(lock, "packages"))
    return paths


def _named_by_npm(directory: str, found: set[str], problems: list[str]) -> Iterable[str]:
    if "package.json" in found:
        package = _read_object(os.path.join(directory, "package.json"), problems)
        if any(package.get(field) for field in INSTALLED_BY_NPM):
            yield "package.json"


def _named_by_python(directory: str, found: set[str], problems: list[str]) -> Iterable[str]:
    yield from (name for name, _ in _python_manifests(directory, found, problems))
    if PIP_LOCK in found and _lines(_text_or_problem(directory, PIP_LOCK, problems).splitlines()):
        yield PIP_LOCK


def declared_requirements(folder: str) -> list[tuple[str, str]]:
    """The requirements of Python manifests that a lock file has to cover, each with the name of its file."""
    found = {entry.name for entry in os.scandir(folder) if entry.is_file()}
    return [(name, text) for name, texts in _python_manifests(folder, found, []) for text in texts]


def _no_use(folder: str, name: str, platform: Platform) -> str:
    return (
        f"{folder}: found {name}, but the function runs {platform.runtime}, which has no use for it. Remove the file, or "
        "correct the runtime in its workload in templates-src/workloads."
    )


def _npm_problems(folder: str, found: set[str], platform: Platform) -> list[str]:
    locks = [name for name in NPM_LOCKS if name in found]
    if "package.json" not in found:
        return [
            f"{folder}: found {name} without a package.json, which says what of it is needed. Add package.json, or remove "
            f"{name}."
            for name in locks
        ]
    problems: list[str] = []
    package = _read_object(os.path.join(folder, "package.json"), problems)
    named: dict[str, str] = {}
    for field in (*INSTALLED_BY_NPM, "devDependencies"):
        value = package.get(field, {})
        if not isinstance(value, dict) or not all(isinstance(version, str) for version in value.values()):
            problems.append(
                f'{folder}/package.json: {field}: found {_short(value)}, expected an object such as {{"left-pad": '
                '"1.3.0"}. Correct it, or remove the field.'
            )
        elif field in INSTALLED_BY_NPM:
            named.update(value)
            problems += _outside(folder, "package.json", ((f"{field}.{name}", it) for name, it in value.items()))
    allowed = package.get("allowScripts", {})
    if not isinstance(allowed, dict) or not all(isinstance(answer, bool) for answer in allowed.values()):
        problems.append(
            f'{folder}/package.json: allowScripts: found {_short(allowed)}, expected an object such as '
            '{"bcrypt@5.1.1": true, "core-js": false}. Correct it.'
        )
    for name in locks:
        lock = _read_object(os.path.join(folder, name), problems)
        if lock and not _has_packages(lock):
            problems.append(
                f"{folder}/{name}: found lockfileVersion {_short(lock.get('lockfileVersion'))} and no object "
                f'"packages" of objects, expected version 2 or later. Remove the file. {LOCK_NPM}'
            )
        elif lock:
            problems += _outside(folder, name, _places(lock["packages"]))
            # npm takes the first of two lock files.
            if name == locks[0]:
                with_scripts = packages_with_scripts(_installed_on(platform, lock["packages"]))
                problems += script_problems(folder, name, allowed_scripts(package), with_scripts)
    if named and not locks:
        problems.append(
            f"{folder}: package.json names dependencies ({some_of(sorted(named))}), but there is no {NPM_LOCKS[1]}. "
            f"{LOCK_NPM}"
        )
    return problems


def _installed_on(platform: Platform, packages: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The packages of a lock file that npm installs for a platform."""
    here = (("os", "linux"), ("cpu", NODEJS_CPUS[platform.architecture]), ("libc", "glibc"))
    return {
        path: package
        for path, package in packages.items()
        if not package.get("dev")
        if not package.get("optional") or all(admits(package.get(field, []), value) for field, value in here)
    }


def _has_packages(lock: dict[str, Any]) -> bool:
    packages = lock.get("packages")
    return isinstance(packages, dict) and all(isinstance(package, dict) for package in packages.values())


def _places(packages: dict[str, dict[str, Any]]) -> Iterable[tuple[str, str]]:
    """Where the packages of a lock file of npm are, as a package.json would say it."""
    for path, package in packages.items():
        place = package.get("resolved", "")
        if not path or package.get("dev") or not isinstance(place, str):
            continue
        if package.get("link"):
            yield f'packages["{path}"]', f"file:{place}"
        elif "node_modules" in path.split("/"):
            yield f'packages["{path}"]', place


def _python_problems(folder: str, found: set[str]) -> list[str]:
    problems: list[str] = []
    declared = _python_manifests(folder, found, problems)
    if PIP_LOCK not in found:
        problems += [
            f"{folder}: {name} names dependencies ({some_of(texts)}), but there is no {PIP_LOCK}. "
            + LOCK_PIP.replace("FILE", name)
            for name, texts in declared
        ]
        return problems
    try:
        text = read_text(os.path.join(folder, PIP_LOCK))
    except (OSError, ValueError) as error:
        return [*problems, f"{folder}/{PIP_LOCK}: cannot be read ({error}); expected a text in UTF-8."]
    return problems + _outside(folder, PIP_LOCK, _requirement_paths(text))


def _python_manifests(folder: str, found: set[str], problems: list[str]) -> list[tuple[str, list[str]]]:
    """The manifests of Python that name dependencies for production, each with what it names.

    Says which cannot be compared with a lock file in `problems`.
    """
    declared: dict[str, list[str]] = {}

    def refuse(name: str, problem: str, advice: str) -> None:
        problems.append(f"{folder}/{name}: {problem}. {advice}")

    move = f'Move them into "dependencies" below [project] of pyproject.toml and lock them in {PIP_LOCK}.'
    if "pyproject.toml" in found:
        content = _read_toml(os.path.join(folder, "pyproject.toml"), problems)
        project = _table(content, "project")
        names = project.get("dependencies", [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            refuse("pyproject.toml", f"project.dependencies: found {_short(names)}, expected a list of texts", "Correct it.")
            names = []
        declared["pyproject.toml"] = names
        dynamic = project.get("dynamic", [])
        if isinstance(dynamic, list) and "dependencies" in dynamic:
            refuse("pyproject.toml", "project.dynamic has dependencies, which only a build computes", move)
        poetry = [name for name in _table(content, "tool", "poetry", "dependencies") if name.lower() != "python"]
        if poetry:
            refuse("pyproject.toml", f"tool.poetry.dependencies has {some_of(poetry)}, in a notation of Poetry's own", move)
    if "setup.cfg" in found:
        parser = configparser.RawConfigParser()
        try:
            parser.read_string(read_text(os.path.join(folder, "setup.cfg")))
        except (OSError, ValueError, configparser.Error) as error:
            refuse("setup.cfg", f"cannot be read ({_first_line(error)})", "Correct it, or remove the file.")
        lines = parser.get("options", "install_requires", fallback="").splitlines()
        declared["setup.cfg"] = _lines(lines)
    if "setup.py" in found:
        try:
            text = read_text(os.path.join(folder, "setup.py"))
        except (OSError, ValueError) as error:
            text = f"requires {error}"
        if re.search(r"requires|\*\*", text):
            refuse("setup.py", "names dependencies, or may do so when it runs, which it does not here", move)
    if "Pipfile" in found:
        packages = _table(_read_toml(os.path.join(folder, "Pipfile"), problems), "packages")
        if packages:
            refuse("Pipfile", f"names dependencies ({some_of(packages)}), in a notation of Pipenv's own", move)
    for name in sorted(found):
        if name.lower() in ("environment.yml", "environment.yaml"):
            if re.search(r"^dependencies:", _text_or_problem(folder, name, problems), re.MULTILINE):
                refuse(name, "names dependencies for conda", move)
        elif name != PIP_LOCK and REQUIREMENTS.fullmatch(name) and FOR_DEVELOPERS.isdisjoint(_words(name)):
            # Beside the lock file, another .txt may be anything: constraints, or the lock of another platform.
            if name.endswith(".in") or PIP_LOCK not in found:
                declared[name] = _lines(_text_or_problem(folder, name, problems).splitlines())
    return [(name, texts) for name, texts in declared.items() if texts]


def _words(name: str) -> list[str]:
    return re.split(r"[^a-z]+", name.lower())


def _lines(lines: Iterable[str]) -> list[str]:
    """The requirements of lines, without comments and options."""
    texts = (re.split(r"(?:^|\s)(?:#|--?[a-z])", line, maxsplit=1)[0].strip(" \\\t") for line in lines)
    return [text for text in texts if text]


def _requirement_paths(text: str) -> Iterable[tuple[str, str]]:
    """The files that a requirements.txt names, with the numbers of their lines, as a package.json would say it."""
    for number, line in enumerate(text.splitlines(), 1):
        words = re.sub(r"(?:^|\s)#.*", "", line).replace("=", " ", 1 if line.lstrip().startswith("--") else 0).split()
        if not words:
            continue
        if words[0] in PATH_OPTIONS:
            yield f"line {number}", _as_file(" ".join(words[1:2]))
        elif re.match(r"-[rcef].", words[0]):
            yield f"line {number}", _as_file(words[0][2:])
        elif match := re.search(r"@\s*(file:\S+)", line):
            yield f"line {number}", match[1]
        elif "/" in words[0] and not words[0].startswith("-"):
            yield f"line {number}", _as_file(words[0])


def _as_file(place: str) -> str:
    return place if re.match(r"[A-Za-z+]+:", place) else f"file:{place}"


def _outside(folder: str, name: str, places: Iterable[tuple[str, str]]) -> list[str]:
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
                f"{folder}/{name}: {where} names {path}, which is {target}, outside of the function's folder. A package "
                f"is made of {folder} alone: copy it there, or publish it to a package index, and lock again."
            )
    return problems


def _read_object(path: str, problems: list[str]) -> dict[str, Any]:
    """The object that a file of JSON holds; empty, and a problem, if it holds none."""
    try:
        value = read_json(path)
    except (OSError, ValueError) as error:
        problems.append(f"{path}: found no JSON object ({error}). Correct the file.")
        return {}
    if not isinstance(value, dict):
        problems.append(f"{path}: found no JSON object, but {_short(value)}. Correct the file.")
        return {}
    return value


def _read_toml(path: str, problems: list[str]) -> dict[str, Any]:
    try:
        return parse_within_bounds(_toml_parser(), read_text(path))
    except (OSError, ValueError) as error:
        problems.append(f"{path}: cannot be read as TOML ({error}). Correct the file, or remove it.")
        return {}


def _toml_parser() -> Callable[[str], Any]:
    try:
        import tomllib
    except ImportError:  # before Python 3.11; pip, which a Python function needs anyway, has the same parser
        from pip._vendor import tomli as tomllib
    return tomllib.loads


def _text_or_problem(folder: str, name: str, problems: list[str]) -> str:
    try:
        return read_text(os.path.join(folder, name))
    except (OSError, ValueError) as error:
        problems.append(f"{folder}/{name}: cannot be read ({error}). Correct the file, or remove it.")
        return ""


def _table(content: Any, *keys: str) -> dict[str, Any]:
    for key in keys:
        content = content.get(key) if isinstance(content, dict) else None
    return content if isinstance(content, dict) else {}


def _short(value: object) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:60]}..."


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
