"""build-image.sh, against an AWS in memory and with docker in the form of a function."""

from __future__ import annotations

import base64
import json
import os
import unittest
from typing import Any
from unittest import mock

import build_image
from fixture import Call, FakeAws, Killed, Result, ScriptTest, failure, read, write
from program import Ended

REGISTRY = "111111111111.dkr.ecr.eu-west-1.amazonaws.com"
URI = f"{REGISTRY}/team/container"


class FakeRegistry(FakeAws):
    """A repository of ECR: what the tags name, and when each image was pushed."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: dict[str, str] = {}
        self.pushed: list[str] = []

    def push(self, tag: str, digest: str) -> None:
        """Take an image under a tag."""
        self.tags[tag] = digest
        if digest not in self.pushed:
            self.pushed.append(digest)

    def ecr_describe_images(self, call: Call) -> Any:
        """Images by tag or digest."""
        assert (call["registry-id"], call["region"]) == ("111111111111", "eu-west-1")
        if call["repository-name"] != "team/container":
            raise failure("RepositoryNotFoundException", call.operation)
        names = [word.partition("=")[2] for word in call.options["image-ids"]]
        digests = [self.tags.get(name, name) for name in names]
        if not set(digests) <= set(self.pushed):
            raise failure("ImageNotFoundException", call.operation)
        return {"imageDetails": [{"imageDigest": one, "imagePushedAt": self.pushed.index(one)} for one in digests]}

    def ecr_batch_get_image(self, call: Call) -> Any:
        """The manifest of an image."""
        return {"images": [{"imageManifest": f'{{"of": "{call["image-ids"].partition("=")[2]}"}}'}]}

    def ecr_put_image(self, call: Call) -> Any:
        """Put an image under another tag."""
        manifest = json.loads(read(call["image-manifest"].replace("file://", "")))
        assert manifest == {"of": call["image-digest"]}
        self.tags[call["image-tag"]] = call["image-digest"]

    def ecr_get_authorization_token(self, call: Call) -> Any:
        """A password."""
        return {"authorizationData": [{"authorizationToken": base64.b64encode(b"AWS:password").decode()}]}


class BuildTest(ScriptTest):
    """A folder with a Dockerfile, and a repository."""

    def setUp(self) -> None:
        super().setUp()
        write({"container/Dockerfile": "FROM scratch\n", "bin/docker": "#!/bin/sh\n"})
        os.chmod("bin/docker", 0o755)
        os.environ["PATH"] = f"{self.folder}/bin"
        self.aws = FakeRegistry()
        self.docker: list[tuple[tuple[str, ...], str | None]] = []
        #: What docker does instead of succeeding, by the words of its call.
        self.broken: dict[tuple[str, ...], BaseException | Ended] = {}
        self.version = "1"
        mock.patch("build_image.run_program", self.run_docker).start()
        self.addCleanup(mock.patch.stopall)

    def run_docker(self, *command: str, input: str | None = None, **_: Any) -> Ended:
        """Note a call of docker, and push what it pushes."""
        self.docker.append((command[1:], input))
        for words, reaction in self.broken.items():
            if set(words) <= set(command):
                if isinstance(reaction, Ended):
                    return reaction
                raise reaction
        if command[1] == "push":
            self.aws.push(command[2].rpartition(":")[2], f"sha256:{self.version}")
        return Ended(0, "", "")

    def build(self, build_id: str, *arguments: str) -> Result:
        """Run the script."""
        given = ("--repository-uri", URI, "--context", "container", *(("--build-id", build_id) if build_id else ()))
        return self.run_script(build_image, *given, *arguments, aws=self.aws)

    def commands(self) -> list[str]:
        """What docker was called for."""
        return [command[0] for command, _ in self.docker]


class Building(BuildTest):
    """An image of a build id that the repository has not."""

    def test_is_built_and_pushed_under_its_build_id_first_and_as_latest_last(self) -> None:
        self.assertEqual(Result(0, f"{URI}:one is sha256:1.\n", ""), self.build("one"))
        self.assertEqual(
            [
                (("login", "--username", "AWS", "--password-stdin", REGISTRY), "password"),
                (
                    (
                        *("build", "--no-cache", "--pull", "--build-arg", "BUILD_ID=one"),
                        *("--tag", f"{URI}:one", "--tag", f"{URI}:latest", "container"),
                    ),
                    None,
                ),
                (("push", f"{URI}:one"), None),
                (("push", f"{URI}:latest"), None),
                (("logout", REGISTRY), None),
            ],
            self.docker,
        )
        self.assertEqual({"uri": URI, "tag": "one", "digest": "sha256:1"}, json.loads(read("image.json")))

    def test_takes_the_build_id_from_what_follows_the_colon_in_CODEBUILD_BUILD_ID(self) -> None:
        with mock.patch.dict(os.environ, {"CODEBUILD_BUILD_ID": "container-build:0b3d2c1a-9f7e"}):
            self.assertEqual(0, self.build("").code)
        self.assertEqual({"0b3d2c1a-9f7e", "latest"}, set(self.aws.tags))

    def test_that_cannot_be_built_is_not_pushed(self) -> None:
        self.broken[("build",)] = Ended(1, "", "")
        result = self.build("one")
        self.assertEqual(1, result.code)
        self.assertIn("The image could not be built from container; see above. Nothing was pushed.", result.stderr)
        self.assertEqual(["login", "build", "logout"], self.commands())
        self.assertFalse(os.path.exists("image.json"))

    def test_whose_push_fails_leaves_latest_alone(self) -> None:
        self.broken[("push", f"{URI}:one")] = Ended(1, "", "")
        result = self.build("one")
        self.assertIn(f"{URI}:one could not be pushed; see above.", result.stderr)
        self.assertEqual({}, self.aws.tags)
        self.assertEqual("logout", self.commands()[-1])

    def test_that_is_not_there_after_its_push_is_a_failure(self) -> None:
        self.aws.fail("ecr describe-images", "ImageNotFoundException")
        self.assertIn(f"{URI}:one was pushed, but the repository does not have it.", self.build("one").stderr)


class Finishing(BuildTest):
    """A build id that the repository has."""

    def test_is_neither_built_nor_pushed_again_whatever_the_source_is_now(self) -> None:
        self.build("one")
        self.docker.clear()
        self.version = "2"
        result = self.build("one")
        self.assertEqual(
            f"{URI}:one exists as sha256:1; it is neither built nor pushed again.\nlatest is this image already.\n"
            f"{URI}:one is sha256:1.\n",
            result.stdout,
        )
        self.assertEqual([], self.docker)

    def test_becomes_latest_when_an_earlier_run_was_killed_between_the_two_pushes(self) -> None:
        for what, first in (("after another", True), ("the very first", False)):
            with self.subTest(what):
                self.aws.tags.clear()
                self.broken.clear()
                if first:
                    self.build("one")
                self.version = "2"
                self.broken[("push", f"{URI}:latest")] = Killed()
                with self.assertRaises(Killed):
                    self.build("two")
                self.assertNotEqual("sha256:2", self.aws.tags.get("latest"))
                result = self.build("two")
                self.assertEqual((0, ""), (result.code, result.stderr))
                self.assertIn("latest is now this image.", result.stdout)
                self.assertEqual("sha256:2", self.aws.tags["latest"])
                self.version = "1"

    def test_does_not_become_latest_when_there_is_a_newer_one(self) -> None:
        self.build("one")
        self.version = "2"
        self.build("two")
        result = self.build("one")
        self.assertIn("latest is a newer image, sha256:2, and stays.", result.stdout)
        self.assertEqual("sha256:2", self.aws.tags["latest"])
        self.assertEqual("sha256:1", json.loads(read("image.json"))["digest"])

    def test_that_cannot_become_latest_says_at_which_step(self) -> None:
        self.build("one")
        del self.aws.tags["latest"]
        for operation, message in (
            ("ecr batch-get-image", f"The manifest of {URI}:one cannot be read. An error occurred"),
            ("ecr put-image", "latest could not be pointed at sha256:1. An error occurred"),
        ):
            with self.subTest(operation):
                self.aws.faults.clear()
                self.aws.fail(operation, "AccessDeniedException")
                self.assertIn(message, self.build("one").stderr)


class Refusing(BuildTest):
    """What keeps an image from being built."""

    def test_a_missing_repository_one_that_may_not_be_read_and_a_login_that_is_refused_are_named(self) -> None:
        missing = self.build("one", "--repository-uri", f"{REGISTRY}/other")
        self.assertIn(f"The repository {REGISTRY}/other does not exist. It is made by the stack", missing.stderr)
        self.aws.fail("ecr get-authorization-token", "AccessDeniedException")
        login = self.build("one").stderr
        self.assertIn(f"docker could not log in to {REGISTRY}: may the caller", login)
        self.assertIn("(AccessDeniedException)", login)
        self.aws.faults.clear()
        self.broken[("login",)] = Ended(1, "", "no daemon")
        self.assertIn("no daemon\nbuild-image.sh: docker could not log in", self.build("one").stderr)
        self.aws.fail("ecr describe-images", "AccessDeniedException")
        self.assertIn(f"The repository {URI} cannot be read. An error occurred", self.build("one").stderr)
        self.assertEqual({}, self.aws.tags)

    def test_a_folder_without_a_Dockerfile_and_a_machine_without_docker_are_named(self) -> None:
        folder = "build-image.sh: .: found no Dockerfile; expected the folder of the image (--context).\n"
        self.assertEqual(Result(1, "", folder), self.build("one", "--context", "."))
        os.remove("bin/docker")
        docker = "build-image.sh: The program docker is not on PATH. Install it.\n"
        self.assertEqual(Result(1, "", docker), self.build("one"))
        self.assertEqual([], self.docker)

    def test_a_wrong_call_is_told(self) -> None:
        tag = "expected a tag of letters, digits, dots, hyphens and underscores that is not latest."
        uri = "expected ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME without a tag."
        calls: dict[tuple[str, ...], str] = {
            ("--build-id", "1"): "--repository-uri is missing.",
            ("--repository-uri", URI): "--build-id is missing.",
            ("--repository-uri", f"{URI}:a", "--build-id", "1"): f'--repository-uri is "{URI}:a"; {uri}',
            ("--repository-uri", URI, "--build-id", "a:b"): f'--build-id is "a:b"; {tag}',
            ("--repository-uri", URI, "--build-id", "latest"): f'--build-id is "latest"; {tag}',
            ("--push",): 'Unknown option "--push".',
            ("--output",): "--output needs a value.",
            ("stray",): 'Unknown option "stray".',
        }
        self.refuses_calls(build_image, calls, self.aws)


if __name__ == "__main__":
    unittest.main()
