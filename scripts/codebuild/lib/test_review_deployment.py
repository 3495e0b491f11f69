"""review-deployment.sh, against answers of AWS."""

from __future__ import annotations

import json
import unittest
from typing import Any

import review_deployment
from fixture import FakeAws, Result, ScriptTest, read, write

DIGESTS = {letter: f"sha256:{letter * 64}" for letter in "ab"}
CALL = (
    *("--environment", "live", "--role-arn", "arn:aws:iam::333333333333:role/shop-live-review"),
    *("--cluster", "shop-live-cluster", "--service", "shop-live-container", "--repository", "shop-container"),
    *("--builds", "shop-build-image", "--image", "image", "--output", "review"),
)


def image(letter: str) -> str:
    """An image of the repository."""
    return f"111111111111.dkr.ecr.us-east-1.amazonaws.com/shop-container@{DIGESTS[letter]}"


def definition(container: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A task definition, as `npm run build` writes it."""
    variables = [{"name": "A", "value": "b"}]
    own = {"name": "shop", "image": "<IMAGE1_NAME>", "environment": variables, "user": "1000", **(container or {})}
    return {"family": "shop-live-container", "cpu": "256", "containerDefinitions": [own], **more}


class Reviewing(ScriptTest):
    """A review of a container deployment."""

    def setUp(self) -> None:
        super().setUp()
        write({"image/imageDetail.json": json.dumps({"ImageURI": image("b")})})
        self.aws = FakeAws()
        serving = definition(
            {"image": image("a"), "mountPoints": [], "cpu": 0}, revision=4, volumes=[], status="ACTIVE"
        )
        task_set = {"status": "PRIMARY", "taskDefinition": "shop-live-container:4"}
        self.aws.answers = {
            "ecs describe-services": {"services": [{"taskSets": [task_set]}]},
            "ecs describe-task-definition": {"taskDefinition": {**serving, "taskDefinitionArn": "arn:4"}},
            "ecr describe-images": {"imageDetails": [{"imageTags": ["latest", "0a1b"]}]},
            "codebuild batch-get-builds": {"builds": [{"resolvedSourceVersion": "c0ffee"}]},
        }

    def review(self, following: dict[str, Any] | None = None) -> Result:
        """Run the script for a task definition."""
        write({"taskdef-live.json": json.dumps(following or definition())})
        return self.run_script(review_deployment, *CALL, aws=self.aws)

    def test_says_where_the_image_comes_from_and_what_differs_from_what_serves_now(self) -> None:
        variables = [{"name": "A", "value": "c"}, {"name": "D", "value": ""}]
        result = self.review(definition({"environment": variables, "command": ["sh"]}, cpu="512"))
        lines = [
            f"Image {DIGESTS['b']}: built from commit c0ffee.",
            f"Serves now: {DIGESTS['a']}, task definition shop-live-container:4.",
            '  containerDefinitions.shop.command: nothing -> ["sh"]',
            '  containerDefinitions.shop.environment.A.value: "b" -> "c"',
            '  containerDefinitions.shop.environment.D: nothing -> {"name": "D", "value": ""}',
            f'  containerDefinitions.shop.image: "{image("a")}" -> "{image("b")}"',
            '  cpu: "256" -> "512"',
        ]
        self.assertEqual(Result(0, "".join(f"{line}\n" for line in lines), ""), result)
        place = "containerDefinitions.shop"
        self.assertEqual(
            f"The image is built from commit c0ffee. It serves {DIGESTS['a']}. Task definition: {place}.command, "
            f"{place}.environment.A.value, {place}.environment.D, cpu differ.\n",
            read("review/summary"),
        )

    def test_of_an_image_alone_says_that_the_task_definition_is_as_it_is(self) -> None:
        self.review()
        expected = f"The image is built from commit c0ffee. It serves {DIGESTS['a']}. Task definition: as it is.\n"
        self.assertEqual(expected, read("review/summary"))

    def test_of_a_first_deployment_says_that_nothing_serves_yet(self) -> None:
        self.aws.answers["ecs describe-services"] = {"services": [{"taskSets": []}]}
        self.assertEqual(0, self.review().code)
        self.assertEqual("The image is built from commit c0ffee. Nothing serves there yet.\n", read("review/summary"))

    def test_an_image_that_no_build_is_known_of_is_told_as_such_whatever_it_says_of_itself(self) -> None:
        for operation, answer, words in (
            ("codebuild batch-get-builds", {"builds": []}, "CodeBuild knows no build 0a1b of shop-build-image"),
            ("ecr describe-images", {"imageDetails": [{"imageTags": ["latest"]}]}, "no build's tag is on it"),
        ):
            with self.subTest(words):
                self.aws.answers[operation] = answer
                self.review()
                self.assertIn(f"The image is {words}", read("review/summary"))

    def test_fails_where_something_is_denied_so_that_nobody_is_asked(self) -> None:
        for operation in self.aws.answers:
            with self.subTest(operation):
                self.aws.faults.clear()
                self.aws.fail(operation, "AccessDeniedException", message="not authorized")
                result = self.review()
                self.assertEqual(1, result.code)
                self.assertIn("not authorized\n", result.stderr)
                self.assertIn("live: not everything that the approval would let through can be seen", result.stderr)

    def test_looks_at_the_service_as_the_role_of_the_environment_and_at_images_and_builds_as_itself(self) -> None:
        self.review()
        self.assertEqual(
            [
                ("sts assume-role", "caller"),
                ("ecs describe-services", "shop-live-review"),
                ("ecs describe-task-definition", "shop-live-review"),
                ("ecr describe-images", "caller"),
                ("codebuild batch-get-builds", "caller"),
            ],
            [(call.operation, call.identity) for call in self.aws.calls],
        )

    def test_a_wrong_call_is_told(self) -> None:
        self.refuses_calls(review_deployment, {(): "--image is missing."}, self.aws)


if __name__ == "__main__":
    unittest.main()
