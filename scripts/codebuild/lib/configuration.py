"""Template configurations: the parameters of an environment's stacks and their policy, as CodePipeline takes them.

A configuration is the file parameters/<environment>/<template>.json plus, for the infrastructure template, the S3
keys of the packages of this pipeline execution, plus the stack policy that `npm run build` has written beside the
template, if it has one. Later stages use these files, so every environment gets the packages that the environments
before it got.
"""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections import Counter
from typing import Any

from failure import Failure
from files import Limits, Pairs, read_json, write_json_atomically
from function_source import code_key_parameter
from manifest import Package

# The templates of environments that the operator deploys; their parameters are not the pipeline's business.
OPERATORS_TEMPLATES = {"deployment-roles", "service-roles"}
TEMPLATE_WITH_FUNCTIONS = "infrastructure"
# Not an environment: the folder with the parameters of the tooling account's stacks, which deploy.sh deploys.
TOOLING = "tooling"

# Limits of a parameters file; those of scripts/parameters/parameter-file.ts, which says where they come from.
LIMITS = Limits(size=1024 * 1024, depth=20, mark=False)
MOST_ENTRIES = 200
LONGEST_TEXT = 4096


def environments_in(parameters_directory: str) -> list[str]:
    """The environments that have a folder of parameters, sorted by name. Raises Failure."""
    environments = sorted(
        entry.name
        for entry in os.scandir(parameters_directory)
        if entry.is_dir() and not entry.name.startswith(".") and entry.name != TOOLING
    )
    if not environments:
        raise Failure(
            [
                f"{parameters_directory}: found no environment; expected a sub-folder for each. "
                "Is --parameters-dir the right folder?"
            ]
        )
    return environments


def read_parameters(path: str, *beside: str) -> dict[str, str]:
    """The parameters of a parameters file, or of a configuration, which may hold other keys beside them.

    Takes what `npm run validate` takes, and refuses what that refuses (scripts/parameters/parameter-file.ts; a table of cases
    is run through both). Raises Failure with what is wrong with it.
    """
    expected = 'expected {"Parameters": {"Key": "value"}}'
    parsed = _read_json(path, expected)
    keys = set(parsed) - set(beside) if isinstance(parsed, dict) else set()
    if keys != {"Parameters"} or not isinstance(parsed["Parameters"], dict):
        raise Failure([f"{path}: found something else at its top level; {expected}."])
    problems = [
        f"{path}: {_printable(key)} is {_printable(value)}; expected a string, since CloudFormation parameters are "
        "strings: put the value in quotes."
        for key, value in parsed["Parameters"].items()
        if not isinstance(value, str)
    ]
    if problems:
        raise Failure(problems)
    return parsed["Parameters"]


def _read_json(path: str, expected: str) -> Any:
    """What a file of JSON holds, which has to keep within the limits. Raises Failure."""
    problems: list[str] = []

    def object_of(pairs: Pairs) -> dict[str, Any]:
        problems.extend(_problems_of_entries(path, pairs))
        return dict(pairs)

    try:
        parsed = read_json(path, LIMITS, object_of)
    except OSError as error:
        raise Failure([f"{path}: cannot be read ({error.strerror}); {expected}."]) from None
    except ValueError as error:
        raise Failure(problems or [f"{path}: found no JSON ({error}); {expected}."]) from None
    if problems:
        raise Failure(problems)
    return parsed


def _problems_of_entries(path: str, pairs: list[tuple[str, Any]]) -> list[str]:
    """What is wrong with the entries of one object, but for the objects in it."""
    if len(pairs) > MOST_ENTRIES:
        return [f"{path}: found {len(pairs)} entries in one object; CloudFormation takes {MOST_ENTRIES} parameters."]
    counts = Counter(key for key, _ in pairs)
    problems = [
        f"{path}: found {_printable(key)} {count} times; all but the last would be ignored. Keep one."
        for key, count in counts.items()
        if count > 1
    ]
    for key, value in pairs:
        problems += _problems_of_text(f"{path}: a key", key) + _problems_of_value(f"{path}: {_printable(key)}", value)
    return problems


def _problems_of_value(place: str, value: Any) -> list[str]:
    if isinstance(value, str):
        return _problems_of_text(place, value)
    if isinstance(value, list):
        if len(value) > MOST_ENTRIES:
            return [f"{place}: found {len(value)} entries in one list; expected {MOST_ENTRIES} at most."]
        return [problem for member in value for problem in _problems_of_value(place, member)]
    return []


def _problems_of_text(place: str, text: str) -> list[str]:
    for character in text:
        category = unicodedata.category(character)
        if category == "Cs":
            return [f"{place}: found half of a character (U+{ord(character):04X}). Write the whole character."]
        if (category == "Cc" and character not in "\t\n\r") or character in "\ufffe\uffff":
            return [f"{place}: found a control character (U+{ord(character):04X}), which AWS's answers cannot hold."]
    size = len(text.encode())
    return [f"{place}: found {size} bytes of text; expected {LONGEST_TEXT} at most."] if size > LONGEST_TEXT else []


def _printable(value: Any) -> str:
    """A key as it is, if it looks like one, and any other value as JSON, not longer than a line."""
    text = value if isinstance(value, str) and re.fullmatch(r"[\w.:-]+", value, re.ASCII) else json.dumps(value)
    return text if len(text) <= 80 else f"{text[:80]}..."


def pipeline_templates(templates_directory: str) -> list[str]:
    """The templates that the Infrastructure-Deployment pipeline deploys, sorted by name. Raises Failure."""
    names = [name for name, extension in map(os.path.splitext, os.listdir(templates_directory)) if extension == ".yaml"]
    templates = sorted(set(names) - OPERATORS_TEMPLATES)
    if TEMPLATE_WITH_FUNCTIONS not in templates:
        raise Failure(
            [
                f"{templates_directory}: found {', '.join(sorted(names)) or 'no template'}; expected "
                f"{TEMPLATE_WITH_FUNCTIONS}.yaml among them. Is --templates-dir the right folder?"
            ]
        )
    return templates


def _read_stack_policies(templates_directory: str, templates: list[str]) -> dict[str, Any]:
    """The stack policies by template: <template>.stack-policy.json, where there is one. Raises Failure."""
    policies = {}
    for template in templates:
        path = os.path.join(templates_directory, f"{template}.stack-policy.json")
        if os.path.exists(path):
            try:
                policies[template] = read_json(path)
            except (OSError, ValueError) as error:
                raise Failure([f"{path}: cannot be read ({error}). `npm run build` writes it."]) from None
    return policies


def configurations(
    parameters_directory: str, environments: list[str], packages: list[Package], templates_directory: str
) -> dict[str, dict[str, Any]]:
    """The template configurations by their paths below the configuration folder.

    Raises Failure with the problems of all files, not of the first alone.
    """
    templates = pipeline_templates(templates_directory)
    stack_policies = _read_stack_policies(templates_directory, templates)
    code_keys = {code_key_parameter(package.function): package.key for package in packages}
    result: dict[str, dict[str, Any]] = {}
    problems: list[str] = []
    for environment in environments:
        for template in templates:
            path = os.path.join(parameters_directory, environment, f"{template}.json")
            try:
                parameters = read_parameters(path)
            except Failure as error:
                problems += error.problems
                continue
            if template == TEMPLATE_WITH_FUNCTIONS:
                problems += [
                    f"{path}: {key} is set; packaging sets it to the key of the package. Remove it from the file."
                    for key in code_keys
                    if key in parameters
                ]
                parameters = {**parameters, **code_keys}
            configuration: dict[str, Any] = {"Parameters": parameters}
            if template in stack_policies:
                configuration["StackPolicy"] = stack_policies[template]
            result[f"{environment}/{template}.json"] = configuration
    if problems:
        raise Failure(problems)
    return result


def write_configurations(directory: str, files: dict[str, dict[str, Any]]) -> None:
    """Write template configurations below a folder, each whole or not at all. Raises OSError."""
    for path, configuration in files.items():
        write_json_atomically(os.path.join(directory, path), configuration)
