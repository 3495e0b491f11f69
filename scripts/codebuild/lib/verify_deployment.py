"""Makes sure that what CodeDeploy is to deploy is what the pipeline was made for: verify-deployment.sh.

A task definition may name any image, another role, further containers, and an appspec a network or hooks of its own;
AWS has no condition key for any of it. So what is not known here is refused, and what is written is what was read here.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from collections.abc import Iterable
from typing import Any

from command import Command, Option, run, say
from failure import Failure
from files import read_json, write_atomically, write_json_atomically

COMMAND = Command(
    script="verify-deployment.sh",
    usage="verify-deployment.sh --expected JSON --output DIR [OPTION...]",
    about="""
Makes sure that appspec.yaml is the one that the pipeline was deployed for, and that the task definition of each
environment is of one container, with the image that the pipeline puts in, and with the roles, the network, the port and
the log group of the route. Processor, memory, environment variables, secrets and what else works inside of the
container are the commit's to choose. Everything else is refused by name.

Writes DIR/appspec.yaml and DIR/taskdef-ENVIRONMENT.json, which later actions deploy. Runs nothing of the commit.""",
    options=(
        Option(
            "--expected",
            "JSON",
            "what is expected, from the template of the pipeline, which a commit cannot change: appspec (SHA-256 of "
            "appspec.yaml, in hexadecimal), container, port, and family, taskRole, executionRole and logGroup, with "
            "{environment} and {account} in the places of these; for each environment its account is in the variable "
            "ACCOUNT_<environment>",
            "EXPECTED",
            required=True,
        ),
        Option("--source", "DIR", "folder with the files", "SOURCE", "."),
        Option("--output", "DIR", "where to write", "VERIFIED_OUTPUT", required=True),
    ),
    notes="Needs Python 3.",
    success="all is as expected",
    failure="something is not",
)
IMAGE = "<IMAGE1_NAME>"
ACCOUNT = "ACCOUNT_"

#: Parts of a task definition that a commit may set as it likes; those with an expectation come on top.
FREE_OF_TASK = {"cpu", "memory", "runtimePlatform", "ephemeralStorage"}
#: Parts of its container that a commit may set as it likes: they work inside of it, with its roles.
FREE_OF_CONTAINER = {
    "command",
    "entryPoint",
    "environment",
    "healthCheck",
    "readonlyRootFilesystem",
    "secrets",
    "startTimeout",
    "stopTimeout",
    "ulimits",
    "user",
    "workingDirectory",
}
DANGERS = {
    "versionConsistency": "with it disabled, a tag may mean another image for each task",
    "volumes": "a volume may reach data of others",
    "pidMode": "it lets containers see each other",
    "proxyConfiguration": "it sends the traffic through another container",
    "privileged": "Fargate refuses it",
    "repositoryCredentials": "the image comes from the repository of the route",
}


class Repeated(ValueError):
    """A key that is there twice: which one counts depends on who reads it."""


def no_repetition(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object, unless a key is there twice. Raises Repeated."""
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise Repeated(f"the key {json.dumps(key)} twice")
        result[key] = value
    return result


def task_definition_problems(definition: Any, expected: dict[str, Any]) -> list[str]:
    """What is wrong with a task definition, each with the key, what was found and what was expected."""
    if not isinstance(definition, dict):
        return ["found something else than an object"]
    fixed = {
        "family": expected["family"],
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "taskRoleArn": expected["taskRole"],
        "executionRoleArn": expected["executionRole"],
    }
    problems = _part_problems(definition, "", fixed, FREE_OF_TASK | {"containerDefinitions"})
    containers = definition.get("containerDefinitions")
    if not isinstance(containers, list) or len(containers) != 1 or not isinstance(containers[0], dict):
        count = len(containers) if isinstance(containers, list) else "no list"
        return [*problems, f"containerDefinitions: found {count}, expected one container"]
    (only,) = containers
    place = "containerDefinitions[0]."
    fixed_of_container = {
        "name": expected["container"],
        "image": IMAGE,
        "essential": True,
        "portMappings": [{"containerPort": expected["port"], "protocol": "tcp"}],
    }
    free = FREE_OF_CONTAINER | {"linuxParameters", "logConfiguration"}
    problems += _part_problems(only, place, fixed_of_container, free)
    logging = only.get("logConfiguration")
    options = logging.get("options", {}) if isinstance(logging, dict) else {}
    if not isinstance(logging, dict) or logging.get("logDriver") != "awslogs":
        problems.append(f"{place}logConfiguration: expected the driver awslogs, so that it is seen what a task does")
    elif not isinstance(options, dict) or options.get("awslogs-group") != expected["logGroup"]:
        problems.append(f"{place}logConfiguration: expected the log group {expected['logGroup']}")
    capabilities = only.get("linuxParameters", {})
    if capabilities not in ({}, {"capabilities": {"drop": ["ALL"]}}):
        problems.append(f'{place}linuxParameters: expected nothing but {{"capabilities": {{"drop": ["ALL"]}}}}')
    return problems


def _part_problems(part: dict[str, Any], place: str, fixed: dict[str, Any], free: set[str]) -> list[str]:
    problems = [
        f"{place}{key}: found {json.dumps(part.get(key))}, expected {json.dumps(value)}"
        for key, value in fixed.items()
        if part.get(key) != value
    ]
    return problems + [
        f"{place}{key}: found {json.dumps(part[key])[:100]}, expected nothing: "
        + DANGERS.get(key, "this pipeline does not know it")
        for key in part
        if key not in fixed and key not in free
    ]


def read_task_definition(path: str, expected: dict[str, Any]) -> Any:
    """A task definition that may be deployed. Raises Failure with every problem."""
    try:
        definition = read_json(path, pairs=no_repetition)
    except OSError as error:
        raise Failure([f"{path}: cannot be read ({error.strerror}); `npm run build` writes it."]) from None
    except Repeated as error:
        raise Failure([f"{path}: found {error}."]) from None
    except ValueError as error:
        raise Failure([f"{path}: found no JSON ({error})."]) from None
    problems = task_definition_problems(definition, expected)
    if problems:
        raise Failure([f"{path}: {problem}." for problem in problems])
    return definition


def read_appspec(path: str, expected: str) -> str:
    """The appspec that has the expected hash. Raises Failure."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            appspec = file.read()
    except (OSError, ValueError) as error:
        found = error.strerror if isinstance(error, OSError) else error
        raise Failure([f"{path}: cannot be read ({found}); `npm run build` writes it."]) from None
    found = hashlib.sha256(appspec.encode()).hexdigest()
    if found != expected:
        raise Failure(
            [
                f"{path}: found the SHA-256 {found}, expected {expected}: it is not the appspec that the pipeline was "
                "deployed for. Undo the change; or, if the container's name or port is to change, deploy the stack of "
                "the pipeline first (scripts/deploy.sh)."
            ]
        )
    return appspec


def main(options: argparse.Namespace) -> None:
    """Verify everything, then write it."""
    expected = json.loads(options.expected)
    problems: list[str] = []
    definitions: dict[str, Any] = {}
    appspec = ""
    try:
        appspec = read_appspec(os.path.join(options.source, "appspec.yaml"), expected["appspec"])
    except Failure as error:
        problems += error.problems
    accounts = {key[len(ACCOUNT) :]: value for key, value in sorted(os.environ.items()) if key.startswith(ACCOUNT)}
    if not accounts:
        problems.append(f"No environment is known: expected a variable {ACCOUNT}<environment> for each.")
    for environment, account in accounts.items():
        named = {
            key: expected[key].replace("{environment}", environment).replace("{account}", account)
            for key in ("family", "taskRole", "executionRole", "logGroup")
        }
        try:
            path = os.path.join(options.source, f"taskdef-{environment}.json")
            definitions[environment] = read_task_definition(path, {**expected, **named})
        except Failure as error:
            problems += error.problems
    if problems:
        raise Failure(problems, "The commit is not deployed; see above.")
    for environment, definition in definitions.items():
        # Written anew, so that CodePipeline reads what was read here.
        write_json_atomically(os.path.join(options.output, f"taskdef-{environment}.json"), definition)
    write_atomically(os.path.join(options.output, "appspec.yaml"), appspec)
    say(f"Verified: appspec.yaml and the task definitions of {', '.join(definitions)}.")


if __name__ == "__main__":
    run(COMMAND, main)
