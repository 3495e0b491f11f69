"""update-lambdas.sh, against an AWS in memory."""

from __future__ import annotations

import json
import re
import unittest
from typing import Any
from unittest import mock

import update_lambdas
from fixture import ROLE, FakeAws, Killed, Result, ScriptTest, failure, sha256, write
from manifest import Package

OLD = sha256("old")
PACKAGES = [Package(name, sha256(f"code of {name}"), 12) for name in ("orders", "parcels")]
FUNCTIONS = [
    {"function": package.function, "key": package.key, "sha256": package.sha256, "size": package.size}
    for package in PACKAGES
]
MANIFEST = {"bucket": "packages", "functions": FUNCTIONS}
CALL = ("--manifest", "manifest.json", "--role-arn", ROLE, "--environment", "dev", "--function-prefix", "dev-")


class UpdateTest(ScriptTest):
    """Functions with other code than their packages'."""

    def setUp(self) -> None:
        super().setUp()
        self.pauses = mock.patch("update_lambdas.pause").start()
        self.addCleanup(mock.patch.stopall)
        self.aws = FakeAws()
        self.aws.objects = {f"packages/{package.key}": package.sha256 for package in PACKAGES}
        self.aws.functions = {f"dev-{package.function}": OLD for package in PACKAGES}
        self.of(MANIFEST)

    def of(self, manifest: object) -> None:
        """Write the manifest."""
        write({"manifest.json": manifest if isinstance(manifest, str) else json.dumps(manifest)})

    def update(self, *arguments: str) -> Result:
        """Run the script."""
        return self.run_script(update_lambdas, *CALL, *arguments, aws=self.aws)

    def updated(self) -> list[str]:
        """The functions whose code was updated, in the order of the calls."""
        calls = [call for call in self.aws.calls if call.operation == "lambda update-function-code"]
        return [call["function-name"] for call in calls]

    def results(self, result: Result) -> list[list[str]]:
        """The columns of the table, without its head."""
        return [re.split(" {2,}", line) for line in result.stdout.splitlines()[1:]]

    def assert_runs_packages(self) -> None:
        """Every function runs its package."""
        self.assertEqual({f"dev-{package.function}": package.sha256 for package in PACKAGES}, self.aws.functions)


class Updating(UpdateTest):
    """What an update does."""

    def test_makes_every_function_run_its_package_and_prints_a_table(self) -> None:
        result = self.update("--jobs", "1")
        row = "{:<40}  {:<44}  {:<44}  {}\n"
        table = [("FUNCTION", "BEFORE", "AFTER", "RESULT")]
        table += [(f"dev-{package.function}", OLD, package.sha256, "updated") for package in PACKAGES]
        self.assertEqual(Result(0, "".join(row.format(*line) for line in table), ""), result)
        self.assert_runs_packages()

    def test_waits_before_and_after_each_update_and_reads_every_function_again_at_the_end(self) -> None:
        self.of({**MANIFEST, "functions": FUNCTIONS[:1]})
        self.update()
        self.assertEqual(
            [
                *("sts assume-role", "s3api head-object", "lambda get-function-configuration", "lambda wait"),
                *("lambda update-function-code", "lambda wait", "lambda get-function-configuration"),
            ],
            self.aws.operations(),
        )

    def test_updates_nothing_when_every_function_runs_its_package(self) -> None:
        self.update()
        self.aws.calls.clear()
        result = self.update()
        self.assertEqual((0, ["unchanged", "unchanged"]), (result.code, [row[-1] for row in self.results(result)]))
        self.assertEqual([], self.updated())
        self.assertEqual(4, self.aws.operations().count("lambda get-function-configuration"))

    def test_updates_a_changed_function_alone(self) -> None:
        self.aws.functions["dev-parcels"] = PACKAGES[1].sha256
        self.assertEqual(0, self.update().code)
        self.assertEqual(["dev-orders"], self.updated())

    def test_notes_the_commit_once_every_function_runs_its_package_and_not_before(self) -> None:
        record = ("--commit", "one", "--record", "/shop/commit")
        self.aws.fail("lambda update-function-code", "AccessDeniedException", calls=(1, 2))
        self.assertEqual(1, self.update(*record).code)
        self.assertEqual({}, self.aws.parameters)
        self.assertEqual(0, self.update(*record).code)
        self.assertEqual({"/shop/commit": "one"}, self.aws.parameters)
        self.aws.fail("ssm put-parameter", "AccessDeniedException")
        self.assertIn(
            "dev: the functions run their packages, but /shop/commit cannot be set to one. An error occurred",
            self.update(*record).stderr,
        )

    def test_notes_the_commit_also_when_there_are_no_functions(self) -> None:
        self.of({**MANIFEST, "functions": []})
        result = self.update("--commit", "two", "--record", "/shop/commit")
        self.assertEqual(Result(0, "dev: the manifest has no functions; nothing to update.\n", ""), result)
        self.assertEqual({"/shop/commit": "two"}, self.aws.parameters)
        self.aws.calls.clear()
        self.assertEqual(0, self.update().code)
        self.assertEqual([], self.aws.calls)

    def test_killed_at_any_of_its_calls_leaves_nothing_that_the_next_run_does_not_put_right(self) -> None:
        self.update("--jobs", "1")
        operations = self.aws.operations()
        for index, operation in enumerate(operations):
            with self.subTest(f"{index}: {operation}"):
                self.aws.functions = {name: OLD for name in self.aws.functions}
                number = operations[: index + 1].count(operation)
                self.aws.answer(operation, Killed(), calls=(number,))
                with self.assertRaises(Killed):
                    self.update("--jobs", "1")
                self.aws.faults.clear()
                before = dict(self.aws.functions)
                self.aws.calls.clear()
                self.assertEqual(0, self.update("--jobs", "1").code)
                self.assert_runs_packages()
                self.assertEqual([name for name, code in before.items() if code == OLD], self.updated())


class Refusing(UpdateTest):
    """What keeps functions from being updated."""

    def test_a_package_that_is_not_what_was_packaged_updates_no_function_not_even_one_whose_package_is_good(
        self,
    ) -> None:
        place = f"packages/{PACKAGES[1].key}"
        expected = f"expected the SHA-256 checksum {PACKAGES[1].sha256}."
        for what, checksum, message in (
            ("overwritten", OLD, f"found {OLD}, {expected}"),
            ("overwritten without a checksum", None, f"found no SHA-256 checksum, {expected}"),
            ("gone", "", "cannot be read: either it is gone, and a new run of the pipeline puts it back;"),
        ):
            with self.subTest(what):
                self.aws.objects[place] = checksum
                if checksum == "":
                    del self.aws.objects[place]
                result = self.update()
                self.assertEqual((1, ""), (result.code, result.stdout))
                self.assertIn(f"s3://{place}", result.stderr)
                self.assertIn(message, result.stderr)
                self.assertIn(
                    "dev: not all packages are what was packaged, so no function has been updated;", result.stderr
                )
                self.assertEqual([], self.updated())

    def test_a_manifest_that_is_damaged_is_refused_before_AWS_is_asked_anything(self) -> None:
        def entry(**changes: Any) -> object:
            return {**MANIFEST, "functions": [{**FUNCTIONS[0], **changes}]}

        zeros = "0" * 64
        for manifest, message in (
            (json.dumps(MANIFEST)[:100], "found no JSON ("),
            ("[]", 'found no bucket name at "bucket" (found null).'),
            ({"functions": FUNCTIONS}, 'found no bucket name at "bucket" (found null).'),
            ({"bucket": "packages"}, 'found no list of functions at "functions".'),
            ({**MANIFEST, "functions": ["orders"]}, "found no object at functions[0]."),
            (entry(function="../x"), 'found no function name at functions[0].function (found "../x").'),
            (entry(key=f"parcels/{zeros}.zip"), "found another key than orders/"),
            (entry(key=f"orders/{zeros}.zip"), "found another key than orders/"),
            (entry(sha256="abc="), "found no SHA-256 in base64 at functions[0].sha256"),
            (entry(size="12"), 'found no size in bytes at functions[0].size (found "12").'),
            ({**MANIFEST, "functions": FUNCTIONS[:1] * 2}, "found the function orders more than once."),
        ):
            with self.subTest(message):
                self.of(manifest)
                result = self.update()
                self.assertEqual(1, result.code)
                self.assertIn(f"manifest.json: {message}", result.stderr)
                self.assertIn("dev: the manifest cannot be used; see above.", result.stderr)
                self.assertEqual([], self.aws.calls)

    def test_a_manifest_that_is_not_there_is_named_with_where_it_comes_from(self) -> None:
        result = self.update("--manifest", "other.json")
        self.assertIn("other.json: cannot be read (No such file or directory). It is written by", result.stderr)

    def test_a_role_that_cannot_be_assumed_is_named_and_nothing_else_is_tried(self) -> None:
        self.aws.fail("sts assume-role", "AccessDenied", message="User is not authorized")
        result = self.update()
        self.assertEqual((1, ""), (result.code, result.stdout))
        self.assertIn(f"dev: the role {ROLE} cannot be assumed, so nothing has been changed.", result.stderr)
        self.assertIn("User is not authorized", result.stderr)
        self.assertEqual(["sts assume-role"], self.aws.operations())

    def test_a_wrong_call_is_told(self) -> None:
        options = dict(zip(CALL[::2], CALL[1::2], strict=True))
        calls = {
            tuple(word for pair in options.items() if pair[0] != missing for word in pair): f"{missing} is missing."
            for missing in options
        }
        for more, message in (
            (("--jobs", "65"), '--jobs is "65"; expected a number from 1 to 64.'),
            (("--force",), 'Unknown option "--force".'),
            (("--role-arn", "x"), '--role-arn is "x"; expected arn:aws:iam::ACCOUNT:role/NAME.'),
        ):
            calls[CALL + more] = message
        self.refuses_calls(update_lambdas, calls, self.aws)


class Failing(UpdateTest):
    """Functions that cannot be brought up to date."""

    def test_one_that_does_not_exist_is_named_the_others_are_updated_and_the_next_run_converges(self) -> None:
        del self.aws.functions["dev-orders"]
        result = self.update()
        self.assertEqual(1, result.code)
        self.assertEqual(["dev-orders", "(no such function)", "(no such function)", "FAILED"], self.results(result)[0])
        self.assertIn("dev-orders does not run its package. An error occurred (ResourceNotFound", result.stderr)
        self.assertIn("dev: 1 of 2 functions are not on the packaged code: orders. Run again:", result.stderr)
        self.assertNotIn("None of the functions exists", result.stderr)
        self.assertEqual(PACKAGES[1].sha256, self.aws.functions["dev-parcels"])
        self.aws.functions["dev-orders"] = OLD
        self.aws.calls.clear()
        self.assertEqual(0, self.update().code)
        self.assertEqual(["dev-orders"], self.updated())

    def test_where_none_exists_the_message_says_where_it_looked(self) -> None:
        self.aws.functions.clear()
        result = self.update()
        self.assertIn("None of the functions exists: has the stack with the functions been deployed", result.stderr)
        self.assertIn('account (222222222222), the Region and the prefix "dev-" those of dev?', result.stderr)
        self.assertIn("dev: 2 of 2 functions are not on the packaged code: orders parcels.", result.stderr)

    def test_one_whose_package_cannot_be_read_is_named_with_what_AWS_said(self) -> None:
        self.aws.fail("lambda update-function-code", "InvalidParameterValueException", "orders", message="NoSuchBucket")
        result = self.update()
        self.assertIn("dev-orders does not run its package. An error occurred", result.stderr)
        self.assertIn("NoSuchBucket", result.stderr)
        self.assertEqual(["FAILED", "updated"], [row[-1] for row in self.results(result)])

    def test_one_that_runs_other_code_in_the_end_is_named(self) -> None:
        other = {"CodeSha256": OLD, "LastUpdateStatus": "Successful"}
        self.aws.answer("lambda get-function-configuration", other, "orders", calls=(2,))
        result = self.update()
        self.assertIn("dev: 1 of 2 functions are not on the packaged code: orders.", result.stderr)

    def test_one_whose_last_update_failed_is_named_though_it_shows_the_hash_of_the_package(self) -> None:
        failed = {"CodeSha256": PACKAGES[0].sha256, "LastUpdateStatus": "Failed"}
        self.aws.answer("lambda get-function-configuration", failed, "orders")
        result = self.update()
        self.assertEqual(1, result.code)
        self.assertRegex(result.stdout, r"dev-orders +\S{44} +\(update failed\) +FAILED")
        self.assertIn("dev-orders", self.updated())

    def test_one_that_is_being_updated_to_its_package_is_waited_for_and_not_updated_again(self) -> None:
        self.update()
        self.aws.calls.clear()
        busy = {"CodeSha256": PACKAGES[0].sha256, "LastUpdateStatus": "InProgress"}
        self.aws.answer("lambda get-function-configuration", busy, "orders", calls=(1,))
        self.assertEqual(0, self.update().code)
        self.assertEqual([], self.updated())
        self.assertEqual(1, self.aws.operations().count("lambda wait"))

    def test_one_that_is_busy_when_it_is_to_be_updated_is_asked_again_after_growing_pauses(self) -> None:
        self.aws.fail("lambda update-function-code", "ResourceConflictException", "orders", calls=(1, 2))
        self.assertEqual(0, self.update().code)
        self.assertEqual(3, self.updated().count("dev-orders"))
        self.assertEqual([mock.call(2), mock.call(4)], self.pauses.mock_calls)
        self.aws.functions["dev-orders"] = OLD
        self.aws.faults.clear()
        self.aws.fail("lambda update-function-code", "ResourceConflictException", "orders")
        self.aws.calls.clear()
        self.assertEqual(1, self.update().code)
        self.assertEqual(update_lambdas.UPDATE_ATTEMPTS, self.updated().count("dev-orders"))

    def test_a_waiter_that_gives_up_before_an_update_leaves_it_to_the_update_to_say_what_is_the_matter(self) -> None:
        self.aws.answer("lambda wait", failure("WaiterError", "lambda wait"), calls=(1,))
        self.assertEqual(0, self.update("--jobs", "1").code)
        self.assert_runs_packages()


if __name__ == "__main__":
    unittest.main()
