"""Makes sure that what CodeDeploy is to deploy is what the pipeline was made for, and writes it down anew.

    verify_deployment.py EXPECTED SOURCE_DIR OUTPUT_DIR

EXPECTED is a JSON object: `appspec` (SHA-256 of appspec.yaml, in hexadecimal), `container`, `port`, and `family`,
`taskRole`, `executionRole` and `logGroup`, with {environment} and {account} in the places of these. The environments are
those that a variable ACCOUNT_<environment> has the account id of. All of it comes from the template of the pipeline, which
a commit cannot change. SOURCE_DIR has appspec.yaml and a taskdef-<environment>.json for each; OUTPUT_DIR gets the same files.

A task definition may name any image, another role, further containers, and an appspec a network or hooks of its own; AWS
has no condition key for any of it. So what is not known here is refused. Ends with 1 and every problem.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from typing import Any, Iterable

from files import write_atomically, write_json_atomically

IMAGE = "<IMAGE1_NAME>"
ACCOUNT = "ACCOUNT_"

#: Parts of a task definition that a commit may set as it likes; those with an expectation come on top.
FREE_OF_TASK = {"cpu", "memory", "runtimePlatform", "ephemeralStorage"}
#: Parts of its container that a commit may set as it likes: they work inside of it, with its roles.
FREE_OF_CONTAINER = {
    "command", "entryPoint", "environment", "healthCheck", "readonlyRootFilesystem", "secrets", "startTimeout",
    "stopTimeout", "ulimits", "user", "workingDirectory",
}  # fmt: skip
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


def task_definition_problems(definition: Any, expected: dict[str, Any], container: str, port: int) -> list[str]:
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
        "name": container,
        "image": IMAGE,
        "essential": True,
        "portMappings": [{"containerPort": port, "protocol": "tcp"}],
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
        f"{place}{key}: found {json.dumps(part[key])[:100]}, expected nothing: {DANGERS.get(key, 'this pipeline does not know it')}"
        for key in part
        if key not in fixed and key not in free
    ]


def read_task_definition(path: str, expected: dict[str, Any], container: str, port: int) -> Any:
    """A task definition that may be deployed. Raises ValueError with every problem, a line each."""
    try:
        with open(path, encoding="utf-8") as file:
            definition = json.load(file, object_pairs_hook=no_repetition)
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror}); `npm run build` writes it.") from None
    except Repeated as error:
        raise ValueError(f"{path}: found {error}.") from None
    except ValueError as error:
        raise ValueError(f"{path}: found no JSON ({error}).") from None
    problems = task_definition_problems(definition, expected, container, port)
    if problems:
        raise ValueError("\n".join(f"{path}: {problem}." for problem in problems))
    return definition


def main() -> int:
    """Verify everything, then write it."""
    expected, source, output = json.loads(sys.argv[1]), sys.argv[2], sys.argv[3]
    problems: list[str] = []
    definitions: dict[str, Any] = {}
    appspec_path = os.path.join(source, "appspec.yaml")
    appspec = ""
    try:
        with open(appspec_path, encoding="utf-8", newline="") as file:
            appspec = file.read()
        found = hashlib.sha256(appspec.encode()).hexdigest()
        if found != expected["appspec"]:
            problems.append(
                f"{appspec_path}: found the SHA-256 {found}, expected {expected['appspec']}: it is not the appspec that the "
                "pipeline was deployed for. Undo the change; or, if the container's name or port is to change, deploy the "
                "stack of the pipeline first (scripts/deploy.sh)."
            )
    except OSError as error:
        problems.append(f"{appspec_path}: cannot be read ({error.strerror}); `npm run build` writes it.")
    accounts = {key.removeprefix(ACCOUNT): value for key, value in sorted(os.environ.items()) if key.startswith(ACCOUNT)}
    if not accounts:
        problems.append(f"No environment is known: expected a variable {ACCOUNT}<environment> for each.")
    for environment, account in accounts.items():
        names = {
            key: expected[key].replace("{environment}", environment).replace("{account}", account)
            for key in ("family", "taskRole", "executionRole", "logGroup")
        }
        path = os.path.join(source, f"taskdef-{environment}.json")
        try:
            definitions[environment] = read_task_definition(path, names, expected["container"], expected["port"])
        except ValueError as error:
            problems.append(str(error))
    if problems:
        print("\n".join(problems), file=sys.stderr)
        return 1
    for environment, definition in definitions.items():
        # Written anew, so that CodePipeline reads what was read here.
        write_json_atomically(os.path.join(output, f"taskdef-{environment}.json"), definition)
    write_atomically(os.path.join(output, "appspec.yaml"), appspec)
    print(f"Verified: appspec.yaml and the task definitions of {', '.join(definitions)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
