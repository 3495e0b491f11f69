"""Template configurations: the parameters of an environment's stacks and their policy, as CodePipeline takes them.

A configuration is the file parameters/<environment>/<template>.json plus, for the infrastructure template, the S3
keys of the packages of this pipeline execution, plus the stack policy that `npm run build` has written beside the
template, if it has one. Later stages use these files, so every environment gets the packages that the environments
before it got.
"""

from __future__ import annotations

import json
import os
from typing import Any

from files import write_json_atomically
from function_source import code_key_parameter
from manifest import Package

# The templates of environments that the operator deploys; their parameters are not the pipeline's business.
OPERATORS_TEMPLATES = {"deployment-roles", "service-roles"}
TEMPLATE_WITH_FUNCTIONS = "infrastructure"
# Not an environment: the folder with the parameters of the tooling account's stacks, which deploy.sh deploys.
TOOLING = "tooling"


class ConfigurationError(Exception):
    """Parameters files that cannot be used. `problems` has one sentence or more for each thing that is wrong."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def environments_in(parameters_directory: str) -> list[str]:
    """The environments that have a folder of parameters, sorted by name. Raises ConfigurationError."""
    environments = sorted(
        entry.name
        for entry in os.scandir(parameters_directory)
        if entry.is_dir() and not entry.name.startswith(".") and entry.name != TOOLING
    )
    if not environments:
        raise ConfigurationError(
            [
                f"{parameters_directory}: found no environment; expected a sub-folder for each. "
                "Is --parameters-dir the right folder?"
            ]
        )
    return environments


def read_parameters(path: str, *beside: str) -> dict[str, str]:
    """The parameters of a parameters file, or of a configuration, which may hold other keys beside them.

    Raises ConfigurationError with everything that is wrong with it.
    """
    expected = 'expected {"Parameters": {"Key": "value"}}'
    try:
        with open(path, encoding="utf-8") as file:
            parsed = json.load(file)
    except OSError as error:
        raise ConfigurationError([f"{path}: cannot be read ({error.strerror}); {expected}."]) from None
    except ValueError as error:
        raise ConfigurationError([f"{path}: found no JSON ({error}); {expected}."]) from None
    keys = set(parsed) - set(beside) if isinstance(parsed, dict) else set()
    if keys != {"Parameters"} or not isinstance(parsed["Parameters"], dict):
        raise ConfigurationError([f"{path}: found something else at its top level; {expected}."])
    problems = [
        f"{path}: {key} is {json.dumps(value)}; expected a string, since CloudFormation parameters are strings: "
        "put the value in quotes."
        for key, value in parsed["Parameters"].items()
        if not isinstance(value, str)
    ]
    if problems:
        raise ConfigurationError(problems)
    return parsed["Parameters"]


def pipeline_templates(templates_directory: str) -> list[str]:
    """The templates that the Infrastructure-Deployment pipeline deploys, sorted by name. Raises ConfigurationError."""
    names = [name for name, extension in map(os.path.splitext, os.listdir(templates_directory)) if extension == ".yaml"]
    templates = sorted(set(names) - OPERATORS_TEMPLATES)
    if TEMPLATE_WITH_FUNCTIONS not in templates:
        raise ConfigurationError(
            [
                f"{templates_directory}: found {', '.join(sorted(names)) or 'no template'}; expected "
                f"{TEMPLATE_WITH_FUNCTIONS}.yaml among them. Is --templates-dir the right folder?"
            ]
        )
    return templates


def _read_stack_policies(templates_directory: str, templates: list[str]) -> dict[str, Any]:
    """The stack policies by template: <template>.stack-policy.json, where there is one. Raises ConfigurationError."""
    policies = {}
    for template in templates:
        path = os.path.join(templates_directory, f"{template}.stack-policy.json")
        if os.path.exists(path):
            try:
                with open(path, encoding="utf-8") as file:
                    policies[template] = json.load(file)
            except (OSError, ValueError) as error:
                raise ConfigurationError([f"{path}: cannot be read ({error}). `npm run build` writes it."]) from None
    return policies


def configurations(
    parameters_directory: str, environments: list[str], packages: list[Package], templates_directory: str
) -> dict[str, dict[str, Any]]:
    """The template configurations by their paths below the configuration folder.

    Raises ConfigurationError with the problems of all files, not of the first alone.
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
            except ConfigurationError as error:
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
        raise ConfigurationError(problems)
    return result


def write_configurations(directory: str, files: dict[str, dict[str, Any]]) -> None:
    """Write template configurations below a folder, each whole or not at all. Raises OSError."""
    for path, configuration in files.items():
        write_json_atomically(os.path.join(directory, path), configuration)
