"""publish-packages.sh, against an AWS in memory."""

from __future__ import annotations

import base64
import json
import os
import unittest
from typing import Any
from unittest import mock

import publish_packages
from fixture import FakeAws, Files, Killed, Result, ScriptTest, files_below, read, sha256, write

POLICY = {"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}]}
PLATFORMS = "generated/environment/lambda-functions.json"
CALL = ("--zips", "zips", "--bucket", "packages", "--output", "package")


def platforms_of(*functions: str) -> str:
    """What functions run on, as `npm run build` writes it."""
    return json.dumps({name: {"runtime": "nodejs24.x", "architecture": "x86_64"} for name in functions})


def key_of(function: str, content: str) -> str:
    """The key of a package."""
    return f"{function}/{base64.b64decode(sha256(content)).hex()}.zip"


class PublishTest(ScriptTest):
    """A commit with the zips that were made of it."""

    def setUp(self) -> None:
        super().setUp()
        self.pauses = mock.patch("publish_packages.pause").start()
        self.addCleanup(mock.patch.stopall)
        self.aws = FakeAws()
        self.commit("order-events", "orders-api")

    def commit(self, *functions: str, **files: str) -> None:
        """Write a commit with some functions."""
        templates = ("container-service", "deployment-roles", "infrastructure")
        content: Files = {
            PLATFORMS: platforms_of(*functions),
            "generated/environment/container-service.stack-policy.json": json.dumps(POLICY),
            "parameters/tooling/artifact-store.json": '{"Parameters": {}}',
            "zips/zips.sha256": "",
            **{f"generated/environment/{template}.yaml": f"A: {template}" for template in templates},
            **{
                f"parameters/{environment}/{template}.json": json.dumps(
                    {"Parameters": {} if template == "deployment-roles" else {"Name": environment}}
                )
                for environment in ("dev", "test")
                for template in templates
            },
            **{f"zips/{name}.zip": f"zip of {name}" for name in functions},
            **files,
        }
        write(content)

    def publish(self, *arguments: str) -> Result:
        """Run the script."""
        return self.run_script(publish_packages, *CALL, *arguments, aws=self.aws)

    def uploads(self) -> list[str]:
        """The keys of all attempts to upload."""
        return [call["key"] for call in self.aws.calls if call.operation == "s3api put-object"]

    def output(self, path: str) -> Any:
        """A file of JSON that was written."""
        return json.loads(read(f"package/{path}"))


class Publishing(PublishTest):
    """What publishing does."""

    def test_puts_every_zip_into_S3_and_fixes_manifest_configurations_and_templates(self) -> None:
        result = self.publish()
        zips = {name: f"zip of {name}" for name in ("order-events", "orders-api")}
        keys = {name: key_of(name, text) for name, text in zips.items()}
        lines = [f"uploaded   {name}  s3://packages/{keys[name]}  {len(text)} bytes\n" for name, text in zips.items()]
        self.assertEqual(Result(0, "".join(lines), ""), result)
        functions = [
            {"function": name, "key": keys[name], "sha256": sha256(text), "size": len(text)}
            for name, text in zips.items()
        ]
        self.assertEqual({"bucket": "packages", "functions": functions}, self.output("manifest.json"))
        self.assertEqual(sha256("zip of orders-api"), self.aws.objects[f"packages/{keys['orders-api']}"])
        code = {"OrderEventsCodeKey": keys["order-events"], "OrdersApiCodeKey": keys["orders-api"]}
        for environment in ("dev", "test"):
            self.assertEqual(
                [
                    {"Parameters": {"Name": environment, **code}},
                    {"Parameters": {"Name": environment}, "StackPolicy": POLICY},
                ],
                [
                    self.output(f"configuration/{environment}/{it}.json")
                    for it in ("infrastructure", "container-service")
                ],
            )
        self.assertEqual("A: infrastructure", read("package/generated/environment/infrastructure.yaml"))
        self.assertEqual(7, len(files_below("package")))

    def test_configures_the_templates_and_the_environments_that_there_are(self) -> None:
        for path in ("generated/environment/container-service.yaml", "parameters/dev/container-service.json"):
            os.remove(path)
        self.assertEqual(0, self.publish("--environments", "dev").code)
        self.assertEqual(["dev/infrastructure.json"], files_below("package/configuration"))

    def test_of_no_functions_at_all_is_a_manifest_without_any(self) -> None:
        self.commit()
        for name in ("order-events", "orders-api"):
            os.remove(f"zips/{name}.zip")
        self.assertEqual(Result(0, "", ""), self.publish())
        self.assertEqual([], self.output("manifest.json")["functions"])

    def test_uploads_a_changed_zip_alone(self) -> None:
        self.publish()
        before = self.output("manifest.json")
        unchanged = self.publish()
        self.assertRegex(unchanged.stdout, r"^unchanged  order-events .*\nunchanged  orders-api .*\n$")
        self.assertEqual(before, self.output("manifest.json"))
        write({"zips/orders-api.zip": "another"})
        self.assertRegex(self.publish().stdout, r"^unchanged  order-events .*\nuploaded   orders-api .*\n$")
        after = self.output("manifest.json")["functions"]
        self.assertEqual([before["functions"][0]["key"], key_of("orders-api", "another")], [it["key"] for it in after])

    def test_can_be_told_by_the_environment(self) -> None:
        variables = {"ZIPS_DIR": "zips", "PACKAGE_BUCKET": "b", "PACKAGE_OUTPUT": "package", "ENVIRONMENTS": "dev"}
        with mock.patch.dict(os.environ, {**variables, "PACKAGE_JOBS": "1"}):
            self.assertEqual(0, self.run_script(publish_packages, aws=self.aws).code)
        self.assertEqual(["dev"], os.listdir("package/configuration"))


class Refusing(PublishTest):
    """What cannot be published."""

    def test_is_refused_all_of_it_at_once_before_AWS_is_asked_anything(self) -> None:
        self.commit(
            *("linked", "missing", "folder", "good"),
            **{
                "parameters/dev/infrastructure.json": '{"Parameters": {"DesiredCount": 2}}',
                "parameters/dev/container-service.json": '{"Parameters": {}',
                "parameters/test/infrastructure.json": '{"EnvironmentName": "test"}',
                "secret": "of this machine",
            },
        )
        os.remove("parameters/test/container-service.json")
        for name in ("linked", "missing", "folder", "orders-api"):
            os.remove(f"zips/{name}.zip")
        # What a hostile build may leave behind, to have a file of the next build published.
        os.symlink("../secret", "zips/linked.zip")
        os.mkdir("zips/folder.zip")
        result = self.publish()
        expected = [
            f"zips: found no missing.zip, expected one for the function missing of {PLATFORMS}.",
            f"zips/order-events.zip: found a zip of a function that {PLATFORMS} does not have.",
            "zips/folder.zip: found something else than a file, expected a zip.",
            "zips/linked.zip: found something else than a file, expected a zip.",
            "parameters/dev/container-service.json: found no JSON (Expecting",
            "parameters/dev/infrastructure.json: DesiredCount is 2; expected a string",
            "parameters/test/container-service.json: cannot be read (No such file or directory);",
            "parameters/test/infrastructure.json: found something else at its top level;",
            "publish-packages.sh: Nothing has been uploaded; see above.",
        ]
        self.assertEqual(1, result.code)
        lines = result.stderr.splitlines()
        self.assertEqual(expected, [line[: len(start)] for line, start in zip(lines, expected, strict=True)])
        self.assertEqual([], self.aws.calls)
        self.assertFalse(os.path.exists("package"))

    def test_is_a_function_whose_key_the_parameters_set_already(self) -> None:
        write({"parameters/dev/infrastructure.json": '{"Parameters": {"OrderEventsCodeKey": "x"}}'})
        message = "parameters/dev/infrastructure.json: OrderEventsCodeKey is set; packaging sets it"
        self.assertIn(message, self.publish().stderr)

    def test_is_a_folder_that_is_missing_or_another_one(self) -> None:
        for option, folder, message in (
            ("--zips", "nowhere", "nowhere: found no such folder; expected the zips of package-lambdas.sh"),
            ("--parameters-dir", "nowhere", "nowhere: found no such folder; expected the parameters"),
            ("--parameters-dir", "generated/environment", "found no environment; expected a sub-folder for each."),
            # Without the templates nobody would know of a stack policy that is missing.
            ("--templates-dir", "nowhere", "nowhere: found no such folder; expected the templates"),
            ("--templates-dir", "zips", "zips: found no template; expected infrastructure.yaml among them."),
        ):
            with self.subTest(message):
                result = self.publish(option, folder)
                self.assertEqual(1, result.code)
                self.assertIn(message, result.stderr)

    def test_a_wrong_call_is_told(self) -> None:
        options = dict(zip(CALL[::2], CALL[1::2], strict=True))
        calls = {
            tuple(word for pair in options.items() if pair[0] != missing for word in pair): f"{missing} is missing."
            for missing in options
        }
        calls[("--bucket",)] = "--bucket needs a value."
        calls[CALL + ("--jobs", "0")] = '--jobs is "0"; expected a number from 1 to 64.'
        calls[("--verbose",)] = 'Unknown option "--verbose".'
        self.refuses_calls(publish_packages, calls, self.aws)


class Failing(PublishTest):
    """S3 does not do as wished."""

    def test_a_denied_upload_and_a_denied_look_at_a_package_say_what_may_be_missing(self) -> None:
        self.publish()
        self.aws.fail("s3api head-object", "403", "orders-api", calls=(1,), message="Forbidden")
        look = self.publish()
        self.assertEqual(1, look.code)
        self.assertIn("lacks s3:GetObject on it", look.stderr)
        self.assertFalse(os.path.exists("package/manifest.json"))
        self.aws.fail("s3api put-object", "NoSuchBucket")
        upload = self.publish("--bucket", "other").stderr
        self.assertIn("Is other the package bucket that the stack artifact-store made, and may the caller", upload)
        self.assertIn("(NoSuchBucket)", upload)
        self.assertIn("Not all packages are in S3 as they were made, and no manifest was written;", upload)

    def test_a_failed_upload_does_not_keep_others_from_theirs_and_the_next_run_uploads_the_rest(self) -> None:
        self.aws.fail("s3api put-object", "SlowDown", "order-events", calls=(1,))
        self.assertEqual(1, self.publish().code)
        self.assertFalse(os.path.exists("package"))
        self.assertRegex(self.publish().stdout, r"^uploaded   order-events .*\nunchanged  orders-api .*\n$")

    def test_a_conflict_with_another_writer_of_the_object_is_tried_again_after_growing_pauses(self) -> None:
        self.aws.fail("s3api put-object", "ConditionalRequestConflict", "orders-api", calls=(1, 2))
        self.assertEqual(0, self.publish().code)
        self.assertEqual([mock.call(1), mock.call(2)], self.pauses.mock_calls)
        self.aws.objects.clear()
        self.aws.faults.clear()
        self.aws.fail("s3api put-object", "ConditionalRequestConflict", "orders-api")
        self.assertEqual(1, self.publish().code)

    def test_a_run_that_is_killed_at_any_of_its_calls_leaves_nothing_that_the_next_run_does_not_put_right(self) -> None:
        for number in (1, 2):
            with self.subTest(number):
                self.aws.objects.clear()
                self.aws.faults.clear()
                self.aws.answer("s3api put-object", Killed(), calls=(number,))
                with self.assertRaises(Killed):
                    self.publish("--jobs", "1")
                self.assertFalse(os.path.exists("package/manifest.json"))
                self.assertEqual(0, self.publish().code)
                self.assertEqual(2, len(self.aws.objects))

    def test_a_package_whose_key_was_taken_is_refused_by_what_is_there(self) -> None:
        key = key_of("order-events", "zip of order-events")
        expected = f"expected the SHA-256 checksum {sha256('zip of order-events')}. These are not the bytes"
        for checksum, found in ((sha256("malicious"), sha256("malicious")), (None, "no SHA-256 checksum")):
            with self.subTest(found):
                self.aws.objects[f"packages/{key}"] = checksum
                result = self.publish()
                self.assertEqual(1, result.code)
                self.assertIn(f"s3://packages/{key}: found {found}, {expected}", result.stderr)
                self.assertFalse(os.path.exists("package/manifest.json"))


if __name__ == "__main__":
    unittest.main()
