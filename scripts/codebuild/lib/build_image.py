"""Builds the container image and pushes it to ECR: build-image.sh."""

from __future__ import annotations

import argparse
import base64
import os
import re
import tempfile
from typing import Any

from aws import NEEDS, Aws, AwsError
from command import Command, Option, require_programs, run, say
from failure import Failure, fail, fail_usage
from files import write_json_atomically
from program import run_program

COMMAND = Command(
    script="build-image.sh",
    usage="build-image.sh --repository-uri URI [OPTION...]",
    about="""
Builds the image of a Dockerfile, and pushes it under two tags: first its build id, then latest. A push of latest starts
the deployment, which so finds an image that has its build id. Writes {"uri": repository, "tag": build id, "digest":
...} when both are there.

Every layer is built anew. A cache that builds can write, an earlier image or a layer that a build host kept, would let
one bad commit poison what later, clean commits are built from.

A build id is never built or pushed twice: what runs under it must not change. If the repository has it already (an
earlier run was killed before it could push latest), latest is pointed at that very image; but only if latest is older,
so that running an old build again by accident cannot roll back what is deployed next.""",
    options=(
        Option("--repository-uri", "URI", "ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME", "REPOSITORY_URI", required=True),
        Option("--build-id", "ID", "tag of the image (what follows the colon in CODEBUILD_BUILD_ID)"),
        Option("--context", "DIR", "folder with the Dockerfile", "IMAGE_CONTEXT", "."),
        Option("--output", "FILE", "where to write what was pushed", "IMAGE_OUTPUT", "image.json"),
    ),
    notes=f"""
Passes the build argument BUILD_ID to the Dockerfile. Needs docker, {NEEDS}
and Python 3. The caller may
ecr:GetAuthorizationToken, and on the repository ecr:DescribeImages and what docker push needs (ecr:BatchGetImage,
ecr:BatchCheckLayerAvailability, ecr:InitiateLayerUpload, ecr:UploadLayerPart, ecr:CompleteLayerUpload, ecr:PutImage).
Safe to run again after it was killed at any point.""",
    success="the image is in ECR",
)
URI = re.compile(r"(([0-9]{12})\.dkr[.-]ecr\.([a-z0-9-]+)\.[a-z0-9.-]+)/([a-z0-9._/-]+)")
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)


class Repository:
    """A repository of ECR."""

    def __init__(self, aws: Aws, uri: str) -> None:
        match = URI.fullmatch(uri)
        if match is None:
            fail_usage(
                f'--repository-uri is "{uri}"; expected ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME without a tag.'
            )
        self._aws = aws
        self.uri = uri
        self.registry, self._account, self.region, self._name = match.groups()

    def call(self, operation: str, *arguments: str) -> Any:
        """Call an operation of ECR on the repository. Raises AwsError."""
        place = ("--region", self.region, "--registry-id", self._account, "--repository-name", self._name)
        return self._aws("ecr", operation, *place, *arguments)

    def find(self, tag: str) -> str | None:
        """The digest of the image that has a tag; None if there is none. Raises Failure."""
        try:
            digest: str = self.call("describe-images", "--image-ids", f"imageTag={tag}")["imageDetails"][0][
                "imageDigest"
            ]
            return digest
        except AwsError as error:
            if error.code == "ImageNotFoundException":
                return None
            if error.code == "RepositoryNotFoundException":
                fail(
                    f"The repository {self.uri} does not exist. It is made by the stack artifact-store: is "
                    "--repository-uri its RepositoryUri?"
                )
            fail(f"The repository {self.uri} cannot be read. {error}")

    def newest(self, *digests: str) -> str:
        """The one of some images that was pushed last. Raises Failure."""
        try:
            answer = self.call("describe-images", "--image-ids", *(f"imageDigest={digest}" for digest in digests))
        except AwsError as error:
            fail(f"The repository {self.uri} cannot be read. {error}")
        newest: str = max(answer["imageDetails"], key=lambda image: image["imagePushedAt"])["imageDigest"]
        return newest

    def tag_latest(self, digest: str, build_id: str) -> None:
        """Point latest at an image: its manifest under another tag is the same image, of which no byte changes."""
        try:
            answer = self.call(
                *("batch-get-image", "--image-ids", f"imageDigest={digest}", "--accepted-media-types", *MANIFESTS)
            )
            manifest = answer["images"][0]["imageManifest"]
        except (AwsError, LookupError) as error:
            fail(f"The manifest of {self.uri}:{build_id} cannot be read. {error}")
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
            file.write(manifest)
            file.flush()
            try:
                self.call(
                    *("put-image", "--image-tag", "latest", "--image-digest", digest),
                    *("--image-manifest", f"file://{file.name}"),
                )
            except AwsError as error:
                fail(f"latest could not be pointed at {digest}. {error}")


def point_latest_at_build(repository: Repository, build_id: str) -> str:
    """Tag the image of the build id as latest too, unless latest is that image or a newer one. Returns its digest."""
    latest = repository.find("latest")
    digest = repository.find(build_id)
    if digest is None:
        fail(f"{repository.uri}:{build_id} is gone again: somebody deletes images.")
    if latest == digest:
        say("latest is this image already.")
    elif latest is not None and repository.newest(digest, latest) != digest:
        say(f"latest is a newer image, {latest}, and stays. To go back to an older one, commit what it was built from.")
    else:
        repository.tag_latest(digest, build_id)
        say("latest is now this image.")
    return digest


def log_in(aws: Aws, repository: Repository) -> None:
    """Let docker into the registry. Raises Failure."""
    problems = []
    try:
        answer = aws("ecr", "get-authorization-token", "--region", repository.region)
        token = base64.b64decode(answer["authorizationData"][0]["authorizationToken"]).decode()
        # By a pipe: a password among the arguments would show in the list of processes.
        command = ("docker", "login", "--username", "AWS", "--password-stdin", repository.registry)
        ended = run_program(*command, input=token.partition(":")[2])
        if ended.code == 0:
            return
        problems += ended.stderr.splitlines()
    except AwsError as error:
        problems.append(str(error))
    raise Failure(
        problems,
        f"docker could not log in to {repository.registry}: may the caller ecr:GetAuthorizationToken, and does docker "
        "run? In CodeBuild docker needs PrivilegedMode.",
    )


def build_and_push(repository: Repository, build_id: str, context: str) -> None:
    """Build the image, and push it under both tags. Raises Failure."""
    tags = (f"{repository.uri}:{build_id}", f"{repository.uri}:latest")
    # --no-cache, --pull: whatever the host kept of earlier builds, nothing of it gets into this image.
    # BUILDX_NO_DEFAULT_ATTESTATIONS: with an attestation the tag would name an index, whose parts have no tags and so
    # fall to lifecycle rules for untagged images.
    ended = run_program(
        *("docker", "build", "--no-cache", "--pull", "--build-arg", f"BUILD_ID={build_id}"),
        *("--tag", tags[0], "--tag", tags[1], context),
        environment={**os.environ, "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"},
        show=True,
    )
    if ended.code != 0:
        fail(f"The image could not be built from {context}; see above. Nothing was pushed.")
    for tag in tags:
        if run_program("docker", "push", tag, show=True).code != 0:
            fail(f"{tag} could not be pushed; see above. Run again with the same build id: what was pushed stays.")


def main(options: argparse.Namespace, aws: Aws) -> None:
    """Build and push, or finish what an earlier run began."""
    # CODEBUILD_BUILD_ID is project:uuid, and a colon is illegal in a tag.
    build = os.environ.get("CODEBUILD_BUILD_ID", "")
    build_id = options.build_id or build.partition(":")[2] or build
    if not build_id:
        fail_usage("--build-id is missing.")
    repository = Repository(aws, options.repository_uri)
    if not TAG.fullmatch(build_id) or build_id == "latest":
        fail_usage(
            f'--build-id is "{build_id}"; expected a tag of letters, digits, dots, hyphens and underscores that is not '
            "latest."
        )
    aws.check()
    require_programs("docker")
    digest = repository.find(build_id)
    if digest is not None:
        say(f"{repository.uri}:{build_id} exists as {digest}; it is neither built nor pushed again.")
        digest = point_latest_at_build(repository, build_id)
    else:
        if not os.path.isfile(os.path.join(options.context, "Dockerfile")):
            fail(f"{options.context}: found no Dockerfile; expected the folder of the image (--context).")
        try:
            log_in(aws, repository)
            build_and_push(repository, build_id, options.context)
            digest = repository.find(build_id)
        finally:
            run_program("docker", "logout", repository.registry, always=True)
        if digest is None:
            fail(f"{repository.uri}:{build_id} was pushed, but the repository does not have it.")
    write_json_atomically(options.output, {"uri": repository.uri, "tag": build_id, "digest": digest})
    say(f"{repository.uri}:{build_id} is {digest}.")


if __name__ == "__main__":
    run(COMMAND, lambda options: main(options, Aws()))
