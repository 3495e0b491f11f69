"""verify-deployment.sh. That it accepts what `npm run build` writes is tested in scripts.test.ts."""

from __future__ import annotations

import json
import os
import unittest
from collections.abc import Callable
from hashlib import sha256
from typing import Any
from unittest import mock

import verify_deployment
from fixture import Files, Result, ScriptTest, read, write

APPSPEC = "version: 0.0\n"
ACCOUNTS = {"sandbox": "222222222222", "live": "333333333333"}
EXPECTED = {
    "appspec": sha256(APPSPEC.encode()).hexdigest(),
    "container": "shop",
    "port": 3000,
    "family": "store-{environment}-container",
    "logGroup": "/store/{environment}/container",
    "taskRole": "arn:aws:iam::{account}:role/store-{environment}-task",
    "executionRole": "arn:aws:iam::{account}:role/store-{environment}-execution",
}
CALL = ("--expected", json.dumps(EXPECTED), "--output", "verified")
Change = Callable[[dict[str, Any]], object]


def definition(environment: str) -> dict[str, Any]:
    """A task definition that may be deployed."""
    role = f"arn:aws:iam::{ACCOUNTS[environment]}:role/store-{environment}"
    return {
        "family": f"store-{environment}-container",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "taskRoleArn": f"{role}-task",
        "executionRoleArn": f"{role}-execution",
        "containerDefinitions": [
            {
                "name": "shop",
                "image": "<IMAGE1_NAME>",
                "essential": True,
                "portMappings": [{"containerPort": 3000, "protocol": "tcp"}],
                "linuxParameters": {"capabilities": {"drop": ["ALL"]}},
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {"awslogs-group": f"/store/{environment}/container"},
                },
            }
        ],
    }


def other(**more: Any) -> Change:
    """Changes parts of a task definition."""
    return lambda changed: changed.update(more)


def inside(**more: Any) -> Change:
    """Changes parts of its container."""
    return lambda changed: changed["containerDefinitions"][0].update(more)


class Verifying(ScriptTest):
    """What a commit says of a container deployment."""

    def setUp(self) -> None:
        super().setUp()
        os.environ.update({f"ACCOUNT_{name}": account for name, account in ACCOUNTS.items()})

    def verify(self, change: Change = lambda _: None, files: Files | None = None) -> Result:
        """Run the script for a commit whose definition for live is changed."""
        live = definition("live")
        change(live)
        definitions = {"taskdef-live.json": json.dumps(live), "taskdef-sandbox.json": json.dumps(definition("sandbox"))}
        write({"appspec.yaml": APPSPEC, **definitions, **(files or {})})
        return self.run_script(verify_deployment, *CALL)

    def test_is_handed_on_as_it_is_when_all_is_as_expected(self) -> None:
        said = "Verified: appspec.yaml and the task definitions of live, sandbox.\n"
        self.assertEqual(Result(0, said, ""), self.verify())
        self.assertEqual(APPSPEC, read("verified/appspec.yaml"))
        for name in ACCOUNTS:
            self.assertEqual(definition(name), json.loads(read(f"verified/taskdef-{name}.json")))

    def test_may_choose_size_variables_secrets_and_command_of_the_container(self) -> None:
        def change(changed: dict[str, Any]) -> None:
            changed.update(cpu="1024", memory="2048")
            secrets = [{"name": "C", "valueFrom": "arn:aws:ssm:us-east-1:333333333333:parameter/c"}]
            inside(environment=[{"name": "A", "value": "b"}], secrets=secrets, command=["a"], linuxParameters={})(
                changed
            )

        self.assertEqual("", self.verify(change).stderr)

    def test_is_not_deployed_when_a_task_definition_is_another_one(self) -> None:
        place = "containerDefinitions[0]."
        cases: dict[str, Change] = {
            f'{place}image: found "other:latest", expected "<IMAGE1_NAME>".': inside(image="other:latest"),
            "containerDefinitions: found 2, expected one container.": lambda it: it["containerDefinitions"].append({}),
            'taskRoleArn: found "arn:aws:iam::333333333333:role/store-live-execution", expected "arn:aws:iam::'
            '333333333333:role/store-live-task".': lambda it: it.update(taskRoleArn=it["executionRoleArn"]),
            'executionRoleArn: found "arn:aws:iam::222222222222:role/store-sandbox-execution"': other(
                executionRoleArn=definition("sandbox")["executionRoleArn"]
            ),
            'taskRoleArn: found null, expected "arn:': lambda it: it.pop("taskRoleArn"),
            'family: found "store-other", expected "store-live-container".': other(family="store-other"),
            'versionConsistency: found "disabled", expected nothing: with it disabled, a tag may mean another image': (
                other(versionConsistency="disabled")
            ),
            'networkMode: found "host", expected "awsvpc".': other(networkMode="host"),
            'volumes: found [{"name": "data"}], expected nothing:': other(volumes=[{"name": "data"}]),
            "tomorrow: found true, expected nothing: this pipeline does not": other(tomorrow=True),
            f"{place}privileged: found true, expected nothing:": inside(privileged=True),
            f"{place}linuxParameters: expected nothing but": inside(
                linuxParameters={"capabilities": {"add": ["SYS_PTRACE"]}}
            ),
            f'{place}portMappings: found [{{"containerPort": 22}}], expected': inside(
                portMappings=[{"containerPort": 22}]
            ),
            f"{place}logConfiguration: expected the driver awslogs": inside(logConfiguration={"logDriver": "splunk"}),
            f"{place}logConfiguration: expected the log group /store/live/container.": inside(
                logConfiguration={"logDriver": "awslogs", "options": {"awslogs-group": "/other"}}
            ),
        }
        for problem, change in cases.items():
            with self.subTest(problem):
                result = self.verify(change)
                self.assertEqual(1, result.code)
                self.assertIn(f"./taskdef-live.json: {problem}", result.stderr)
                self.assertFalse(os.path.exists("verified"))

    def test_is_not_deployed_with_a_key_twice_of_which_each_reader_takes_another(self) -> None:
        text = json.dumps(definition("live")).replace("{", '{"taskRoleArn": "arn:other",', 1)
        result = self.verify(files={"taskdef-live.json": text})
        self.assertIn('./taskdef-live.json: found the key "taskRoleArn" twice.', result.stderr)

    def test_is_told_every_problem_of_every_file_at_once(self) -> None:
        self.verify()
        os.remove("taskdef-sandbox.json")
        write({"taskdef-live.json": "{", "appspec.yaml": f"{APPSPEC}Hooks:\n"})
        result = self.run_script(verify_deployment, *CALL)
        self.assertEqual(1, result.code)
        for message in (
            "./appspec.yaml: found the SHA-256 ",
            f"expected {EXPECTED['appspec']}: it is not the appspec that the pipeline was deployed for.",
            "./taskdef-sandbox.json: cannot be read (No such file or directory);",
            "./taskdef-live.json: found no JSON (",
            "verify-deployment.sh: The commit is not deployed; see above.\n",
        ):
            self.assertIn(message, result.stderr)

    def test_is_not_deployed_by_a_pipeline_that_knows_no_environment(self) -> None:
        with mock.patch.dict(os.environ, clear=True):
            result = self.verify()
        self.assertIn("No environment is known: expected a variable ACCOUNT_<environment> for each.", result.stderr)

    def test_a_wrong_call_is_told(self) -> None:
        calls: dict[tuple[str, ...], str] = {
            ("--output", "x"): "--expected is missing.",
            ("--expected", "{}"): "--output is missing.",
            ("--verbose",): 'Unknown option "--verbose".',
        }
        self.refuses_calls(verify_deployment, calls)


if __name__ == "__main__":
    unittest.main()
