"""review-changes.sh, against answers of AWS."""

from __future__ import annotations

import json
import unittest
from typing import Any
from unittest import mock

import review_changes
from fixture import ROLE, Call, FakeAws, Result, ScriptTest, failure, read, write

CALL = (
    *("--environment", "live", "--stack-prefix", "live-", "--role-arn", ROLE, "--output", "review"),
    *("--commit", "c0ffee", "--record", "/live/commit"),
)


def change(action: str, name: str, kind: str = "AWS::SQS::Queue", **more: Any) -> dict[str, Any]:
    """A change of a resource, as CloudFormation describes it."""
    properties = more.pop("properties", [])
    details = [{"Target": {"Attribute": "Properties", "Name": name}} for name in properties]
    described = {"Action": action, "LogicalResourceId": name, "ResourceType": kind, "Details": details, **more}
    return {"Type": "Resource", "ResourceChange": described}


def policies(*statements: dict[str, Any]) -> str:
    """The properties of a role with a policy, as CloudFormation gives them."""
    policy = {"PolicyName": "all", "PolicyDocument": {"Statement": list(statements)}}
    return json.dumps({"Properties": {"Policies": [policy]}})


def statement(action: str, resource: str, **more: Any) -> dict[str, Any]:
    """A statement of a policy."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


class FakeStacks(FakeAws):
    """Stacks of an environment, with what their change sets say."""

    def __init__(self) -> None:
        super().__init__()
        self.stacks = {"live-infrastructure"}
        #: What describe-change-set answers, by stack and change set.
        self.change_sets: dict[str, dict[str, Any]] = {}
        #: What a change set of a stack becomes that is created.
        self.previews: dict[str, dict[str, Any]] = {}
        self.created: list[Call] = []

    def cloudformation_describe_stacks(self, call: Call) -> Any:
        """Whether a stack exists."""
        if call["stack-name"] not in self.stacks:
            raise failure("ValidationError", call.operation, f"Stack with id {call['stack-name']} does not exist")

    def cloudformation_describe_change_set(self, call: Call) -> Any:
        """A change set."""
        name = f"{call['stack-name']}/{call['change-set-name']}"
        if name not in self.change_sets:
            raise failure("ChangeSetNotFound", call.operation)
        return self.change_sets[name]

    def cloudformation_create_change_set(self, call: Call) -> Any:
        """Make a change set."""
        self.created.append(call)
        self.change_sets[f"{call['stack-name']}/{call['change-set-name']}"] = self.previews[call["stack-name"]]

    def cloudformation_delete_change_set(self, call: Call) -> Any:
        """Delete a change set."""
        if self.change_sets.pop(f"{call['stack-name']}/{call['change-set-name']}", None) is None:
            raise failure("ChangeSetNotFound", call.operation)


class ReviewTest(ScriptTest):
    """An environment with a prepared change set."""

    def setUp(self) -> None:
        super().setUp()
        self.pauses = mock.patch("review_changes.pause").start()
        self.addCleanup(mock.patch.stopall)
        self.aws = FakeStacks()
        self.prepare(change("Add", "New"))
        write(
            {
                "generated/environment/service.yaml": "{}",
                "configuration/live/service.json": '{"Parameters": {"Suffix": "x"}}',
            }
        )

    def prepare(self, *changes: dict[str, Any], status: str = "CREATE_COMPLETE", reason: str = "") -> None:
        """Prepare the change set, as the pipeline does."""
        described = {"Status": status, "StatusReason": reason, "Changes": list(changes)}
        self.aws.change_sets["live-infrastructure/pipeline"] = described

    def review(self, *arguments: str) -> Result:
        """Run the script."""
        with mock.patch.dict("os.environ", {"CODEBUILD_BUILD_ID": "shop-review-live:0a1b"}):
            return self.run_script(review_changes, *CALL, *arguments, aws=self.aws)


class Reviewing(ReviewTest):
    """What a review says."""

    def test_says_what_is_replaced_removed_allowed_added_and_changed_the_most_important_first(self) -> None:
        send, deny = statement("sqs:SendMessage", "*"), statement("sqs:DeleteQueue", "*", Effect="Deny")
        secure = {"Bool": {"aws:SecureTransport": "true"}}
        read_objects = statement("s3:GetObject", "arn:aws:s3:::bucket/*", Condition=secure)
        self.prepare(
            change("Modify", "Slow", properties=["DelaySeconds"]),
            change("Add", "New"),
            change(
                *("Modify", "Role", "AWS::IAM::Role"),
                properties=["Policies"],
                BeforeContext=policies(send, deny),
                AfterContext=policies(send, read_objects),
            ),
            change("Remove", "Gone"),
            change("Remove", "Kept", PolicyAction="Retain"),
            change("Modify", "Orders", Replacement="True", properties=["QueueName"]),
            change("Modify", "Maybe", Replacement="Conditional", PolicyAction="ReplaceAndRetain"),
        )
        result = self.review()
        self.assertEqual((0, ""), (result.code, result.stderr))
        self.assertEqual(
            [
                "What approving commit c0ffee does to live, which runs nothing yet:",
                "",
                "live-infrastructure",
                "  Replaced:",
                "    Orders (AWS::SQS::Queue) is replaced because of QueueName; the old one is deleted",
                "    Maybe (AWS::SQS::Queue) may be replaced because of its template; the old one stays",
                "  Removed:",
                "    Gone (AWS::SQS::Queue), which is deleted",
                "    Kept (AWS::SQS::Queue), which stays in the account",
                "  Allows more:",
                "    Role (AWS::IAM::Role): Policies: allows s3:GetObject on arn:aws:s3:::bucket/*, if "
                '{"Bool": {"aws:SecureTransport": "true"}}',
                "    Role (AWS::IAM::Role): no longer Policies: denies sqs:DeleteQueue on *",
                "  Added:",
                "    New (AWS::SQS::Queue)",
                "  Changed:",
                "    Slow (AWS::SQS::Queue): DelaySeconds",
                "    Role (AWS::IAM::Role): Policies",
            ],
            result.stdout.splitlines(),
        )
        summary = "Replaced: Orders, Maybe. Removed: Gone, Kept. Allows more: Role. Added: 1. Changed: 2.\n"
        self.assertEqual(
            [summary, "nothing yet\n", "0a1b\n"], [read(f"review/{it}") for it in ("summary", "running", "build")]
        )

    def test_compares_with_the_commit_that_the_environment_runs(self) -> None:
        self.aws.parameters["/live/commit"] = "deadbeef"
        for reason in ("The submitted information didn't contain changes.", "No updates are to be performed."):
            self.prepare(status="FAILED", reason=reason)
            stdout = self.review("--compare", "https://example.com/{from}/.../{to}").stdout
            self.assertIn("live, which runs deadbeef:\nhttps://example.com/deadbeef/.../c0ffee\n", stdout)
            self.assertIn("live-infrastructure does not change\n", stdout)
        self.assertEqual("deadbeef\n", read("review/running"))

    def test_previews_the_stacks_that_are_deployed_after_the_prepared_one_and_leaves_nothing_behind(self) -> None:
        reviewed = ("--previewed", "service")
        self.assertIn("live-service is new: everything in its template is created\n", self.review(*reviewed).stdout)
        self.aws.stacks.add("live-service")
        self.aws.change_sets["live-service/review"] = {"Status": "left behind"}
        self.aws.previews["live-service"] = {"Status": "CREATE_COMPLETE", "Changes": [change("Add", "Two")]}
        self.assertIn("live-service\n  Added:\n    Two (AWS::SQS::Queue)\n", self.review(*reviewed).stdout)
        (created,) = self.aws.created
        self.assertEqual([{"ParameterKey": "Suffix", "ParameterValue": "x"}], json.loads(created["parameters"]))
        self.assertEqual("file://./generated/environment/service.yaml", created["template-body"])
        self.aws.previews["live-service"] = {"Status": "FAILED", "StatusReason": "No export named a found"}
        self.assertEqual(0, self.review(*reviewed).code)
        note = "live-service cannot be previewed: it uses what the stacks before it do not have yet"
        self.assertEqual(
            f"Replaced: nothing. Removed: nothing. Allows more: nothing. Added: 1. {note}.\n", read("review/summary")
        )
        self.assertEqual(["live-infrastructure/pipeline"], list(self.aws.change_sets))

    def test_waits_for_a_change_set_that_is_being_created_but_not_for_ever(self) -> None:
        pending = {"Status": "CREATE_PENDING"}
        self.aws.answer("cloudformation describe-change-set", pending, calls=(1, 2))
        self.assertEqual(0, self.review().code)
        self.assertEqual([mock.call(2)] * 2, self.pauses.mock_calls)
        self.aws.answer("cloudformation describe-change-set", pending)
        message = "live-infrastructure: the change set pipeline is still CREATE_PENDING after 5 minutes."
        self.assertIn(message, self.review().stderr)

    def test_of_more_than_fits_into_a_message_says_the_most_important_of_it(self) -> None:
        name = "Queue" * 24
        self.prepare(*(change("Modify", f"{name}{number}", Replacement="True") for number in range(9)))
        self.assertEqual(0, self.review().code)
        summary = read("review/summary").rstrip()
        self.assertLessEqual(len(summary), 600)
        self.assertRegex(summary, r"^Replaced: (Queue)+0, .*\.\.\.$")

    def test_of_outputs_alone_says_so(self) -> None:
        self.prepare()
        self.assertIn("live-infrastructure changes nothing but outputs\n", self.review().stdout)


class Failing(ReviewTest):
    """A review that cannot see everything, so that nobody is asked."""

    def test_names_what_cannot_be_looked_at_all_of_it_at_once(self) -> None:
        self.aws.stacks.add("live-service")
        self.aws.change_sets.clear()
        self.aws.fail("ssm get-parameter", "AccessDeniedException")
        for operation, message in (
            ("describe-stacks", "live-service: cannot be looked at. An error occurred"),
            ("delete-change-set", "live-service: an older change set review cannot be deleted. An error occurred"),
            ("create-change-set", "live-service: no change set can be made of its template. An error occurred"),
        ):
            with self.subTest(operation):
                self.aws.faults = self.aws.faults[:1]
                self.aws.fail(f"cloudformation {operation}", "ValidationError")
                result = self.review("--previewed", "service")
                self.assertEqual((1, ""), (result.code, result.stdout))
                self.assertIn(message, result.stderr)
                self.assertIn("/live/commit: what runs now cannot be looked up. An error occurred", result.stderr)
                self.assertIn("live-infrastructure: the change set pipeline cannot be looked at.", result.stderr)
                self.assertIn("live: not everything that the approval would let through can be seen", result.stderr)

    def test_names_a_change_set_that_failed(self) -> None:
        self.prepare(status="FAILED", reason="Template format error")
        message = "live-infrastructure: the change set pipeline failed: Template format error\n"
        self.assertIn(message, self.review().stderr)

    def test_a_wrong_call_is_told(self) -> None:
        options = ("--environment", "--stack-prefix", "--role-arn", "--commit", "--record", "--output")
        calls = {
            tuple(word for name in options if name != missing for word in (name, "x")): f"{missing} is missing."
            for missing in options
        }
        self.refuses_calls(review_changes, calls, self.aws)


if __name__ == "__main__":
    unittest.main()
