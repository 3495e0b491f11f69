"""What approving a container deployment changes, in words, for the approver: review-deployment.sh.

The service is looked at as the role of the environment, images and builds as the caller.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from typing import Any

from aws import NEEDS, Aws, AwsError, account_of_role, assume_role
from command import Command, Option, run, say
from failure import Failure
from files import read_json
from review import conclusion, shortened, write_lines

COMMAND = Command(
    script="review-deployment.sh",
    usage="""review-deployment.sh --environment NAME --role-arn ARN --cluster NAME --service NAME --repository NAME
                            --builds PROJECT --image DIR --output DIR [OPTION...]""",
    about="""
Says what a deployment of the container to an environment would change, for somebody who has to approve it: the image,
with the commit that CodeBuild built it from, and what of the task definition differs from the one that serves now.

Writes for the message to the approver, a line each:

  DIR/summary   the most important of it, in at most 600 characters
  DIR/build     the id of the build that this runs in, without its project""",
    options=(
        Option("--definitions", "DIR", "folder with taskdef-ENVIRONMENT.json", "DEFINITIONS", "."),
        Option("--image", "DIR", "folder with imageDetail.json", "IMAGE_DIR", required=True),
        Option("--environment", "NAME", "environment", "ENVIRONMENT_NAME", required=True),
        Option(*("--role-arn", "ARN", "role to assume in the environment's account", "REVIEW_ROLE_ARN"), required=True),
        Option("--cluster", "NAME", "cluster", "CLUSTER", required=True),
        Option("--service", "NAME", "service that runs in it", "SERVICE", required=True),
        Option("--repository", "NAME", "repository of images", "IMAGE_REPOSITORY", required=True),
        Option("--builds", "PROJECT", "CodeBuild project that builds images", "IMAGE_BUILDS", required=True),
        Option("--output", "DIR", "where to write", "REVIEW_OUTPUT", required=True),
    ),
    notes=f"""Needs {NEEDS} and Python 3. The caller may sts:AssumeRole on the role, ecr:DescribeImages on the
repository and codebuild:BatchGetBuilds on the project; the role may ecs:DescribeServices and
ecs:DescribeTaskDefinition.""",
    success="everything could be looked at",
    failure="something could not",
)
#: What ECS adds to a task definition when it is registered.
OF_ECS = {
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
}


def running(role: Aws, cluster: str, service: str) -> dict[str, Any] | None:
    """The task definition that serves now; None where nothing does. Raises AwsError."""
    answer = role("ecs", "describe-services", "--cluster", cluster, "--services", service)
    for found in answer["services"]:
        primary = [one for one in found.get("taskSets", []) if one["status"] == "PRIMARY"]
        if primary:
            arn = primary[0]["taskDefinition"]
            definition: dict[str, Any] = role("ecs", "describe-task-definition", "--task-definition", arn)[
                "taskDefinition"
            ]
            return definition
    return None


def origin(aws: Aws, repository: str, digest: str, project: str) -> str:
    """Where an image comes from, in words. Raises AwsError."""
    images = aws("ecr", "describe-images", "--repository-name", repository, "--image-ids", f"imageDigest={digest}")
    tags = [tag for image in images["imageDetails"] for tag in image.get("imageTags", []) if tag != "latest"]
    if not tags:
        return "no build's tag is on it"
    # Tags of builds never move, and CodeBuild itself says which commit a build had.
    answer = aws("codebuild", "batch-get-builds", "--ids", *(f"{project}:{tag}" for tag in sorted(tags)[:100]))
    commits = sorted(
        {build["resolvedSourceVersion"] for build in answer["builds"] if build.get("resolvedSourceVersion")}
    )
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


def report(now: dict[str, Any] | None, definition: dict[str, Any], digest: str, made: str) -> str:
    """Print everything, and return the most important of it, in one line."""
    say(f"Image {digest}: {made}.")
    if now is None:
        say("Nothing serves there yet: this is the first deployment.")
        return shortened(f"The image is {made}. Nothing serves there yet.")
    before = {key: value for key, value in now.items() if key not in OF_ECS}
    found = list(differences(before, definition))
    image_now = now["containerDefinitions"][0]["image"].partition("@")[2]
    say(f"Serves now: {image_now}, task definition {now['family']}:{now['revision']}.")
    say("\n".join(f"  {line}" for line in found) or "  Nothing is different.")
    changed = [line.partition(":")[0] for line in found if not line.partition(":")[0].endswith(".image")]
    what = f"{', '.join(changed)} differ" if changed else "as it is"
    return shortened(f"The image is {made}. It serves {image_now}. Task definition: {what}.")


def main(options: argparse.Namespace, aws: Aws) -> None:
    """Review what the options name."""
    account_of_role(options.role_arn)
    aws.check()
    role = assume_role(aws, options.environment, options.role_arn, "review")
    definition = read_json(os.path.join(options.definitions, f"taskdef-{options.environment}.json"))
    image = read_json(os.path.join(options.image, "imageDetail.json"))["ImageURI"]
    for container in definition["containerDefinitions"]:
        container["image"] = image
    digest = image.partition("@")[2]
    try:
        now = running(role, options.cluster, options.service)
        made = origin(aws, options.repository, digest, options.builds)
    except AwsError as error:
        raise Failure([str(error)], conclusion(options.environment)) from None
    write_lines(options.output, {"summary": report(now, definition, digest, made)})


if __name__ == "__main__":
    run(COMMAND, lambda options: main(options, Aws()))
