"""What approving a container deployment changes, in words, for the approver.

    review_deployment.py OPTIONS, a JSON object:
        definition    path of the task definition that is to be deployed
        image         path of imageDetail.json, with the image
        cluster       name of the cluster, and of the
        service       service that runs there now
        builds        CodeBuild project that makes images; the tags of images are ids of its builds
        repository    repository of images
        output        folder to write to

Prints everything, and writes OUTPUT/summary and OUTPUT/build, a line each, as review_changes.py does. The environment's
credentials are in variables that begin with ENVIRONMENT_AWS_, so that images and builds are looked up with the caller's
own. Ends with 1 when something cannot be looked at.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any, Iterator

from files import write_atomically

SUMMARY_LIMIT = 600
#: What ECS adds to a task definition when it is registered.
OF_ECS = {
    "taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt", "registeredBy",
    "deregisteredAt",
}  # fmt: skip
PREFIX = "ENVIRONMENT_"


class AwsError(Exception):
    """What the AWS CLI said when a call failed."""


def aws(*arguments: str, in_environment: bool = False) -> Any:
    """Call the AWS CLI, as the caller or with the credentials of the environment. Raises AwsError."""
    variables = {key: value for key, value in os.environ.items() if not key.startswith(f"{PREFIX}AWS_")}
    if in_environment:
        variables |= {
            key.removeprefix(PREFIX): value for key, value in os.environ.items() if key.startswith(f"{PREFIX}AWS_")
        }
    result = subprocess.run(
        ("aws", *arguments, "--output", "json"), capture_output=True, encoding="utf-8", env=variables
    )
    if result.returncode != 0:
        raise AwsError(result.stderr.strip())
    return json.loads(result.stdout) if result.stdout.strip() else None


def running(cluster: str, service: str) -> dict[str, Any] | None:
    """The task definition that serves now; None where nothing does. Raises AwsError."""
    answer = aws("ecs", "describe-services", "--cluster", cluster, "--services", service, in_environment=True)
    for found in answer["services"]:
        primary = [one for one in found.get("taskSets", []) if one["status"] == "PRIMARY"]
        if primary:
            arn = primary[0]["taskDefinition"]
            return aws("ecs", "describe-task-definition", "--task-definition", arn, in_environment=True)["taskDefinition"]
    return None


def origin(repository: str, digest: str, project: str) -> str:
    """Where an image comes from, in words. Raises AwsError."""
    images = aws("ecr", "describe-images", "--repository-name", repository, "--image-ids", f"imageDigest={digest}")
    tags = [tag for image in images["imageDetails"] for tag in image.get("imageTags", []) if tag != "latest"]
    if not tags:
        return "no build's tag is on it"
    # Tags of builds never move, and CodeBuild itself says which commit a build had.
    answer = aws("codebuild", "batch-get-builds", "--ids", *(f"{project}:{tag}" for tag in sorted(tags)[:100]))
    commits = sorted({build["resolvedSourceVersion"] for build in answer["builds"] if build.get("resolvedSourceVersion")})
    if not commits:
        return f"CodeBuild knows no build {', '.join(sorted(tags))} of {project}"
    return f"built from commit {', '.join(commits)}"


def differences(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """What differs between two values, key by key, in words. Empty values are as good as none."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            yield from differences(before.get(key), after.get(key), f"{path}.{key}" if path else key)
    elif isinstance(before, list) and isinstance(after, list) and _are_named(before) and _are_named(after):
        yield from differences(_by_name(before), _by_name(after), path)
    elif before != after and not (before in (None, [], {}, 0, "") and after in (None, [], {}, 0, "")):
        yield f"{path}: {_words(before)} -> {_words(after)}"


def _are_named(values: list[Any]) -> bool:
    return all(isinstance(value, dict) and "name" in value for value in values)


def _by_name(values: list[dict[str, Any]]) -> dict[str, Any]:
    return {value["name"]: value for value in values}


def _words(value: Any) -> str:
    return "nothing" if value in (None, [], {}, "") else json.dumps(value)


def main() -> int:
    """Review what the options name."""
    options = json.loads(sys.argv[1])
    with open(options["definition"], encoding="utf-8") as file:
        definition = json.load(file)
    with open(options["image"], encoding="utf-8") as file:
        image = json.load(file)["ImageURI"]
    digest = image.partition("@")[2]
    for container in definition["containerDefinitions"]:
        container["image"] = image
    try:
        now = running(options["cluster"], options["service"])
        made = origin(options["repository"], digest, options["builds"])
    except AwsError as error:
        print(error, file=sys.stderr)
        return 1
    before = {key: value for key, value in (now or {}).items() if key not in OF_ECS}
    found = [] if now is None else list(differences(before, definition))
    image_now = "" if now is None else now["containerDefinitions"][0]["image"].partition("@")[2]
    print(f"Image {digest}: {made}.")
    if now is None:
        print("Nothing serves there yet: this is the first deployment.")
    else:
        print(f"Serves now: {image_now}, task definition {now['family']}:{now['revision']}.")
        print("\n".join(f"  {line}" for line in found) or "  Nothing is different.")
    changed = [line.partition(":")[0] for line in found if not line.partition(":")[0].endswith(".image")]
    parts = [
        f"The image is {made}.",
        "Nothing serves there yet." if now is None else f"It serves {image_now}.",
        "" if now is None else f"Task definition: {', '.join(changed) + ' differ' if changed else 'as it is'}.",
    ]
    text = " ".join(part for part in parts if part)
    text = text if len(text) <= SUMMARY_LIMIT else f"{text[: SUMMARY_LIMIT - 3]}..."
    write_atomically(os.path.join(options["output"], "summary"), f"{text}\n")
    build = os.environ.get("CODEBUILD_BUILD_ID", "").rpartition(":")[2]
    write_atomically(os.path.join(options["output"], "build"), f"{build}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
