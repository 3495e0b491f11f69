import contextlib
import io
import json
import os
import subprocess
import sys
import time
import unittest
from unittest import mock

os.environ["ENVIRONMENT_NAME"] = "test"
os.environ["METRICS_NAMESPACE"] = "route-to-live/orders"

import order_events  # noqa: E402  the module reads its environment while it is loaded

ORDER_ID = "5f0f6b1e-8e0e-4c57-9d1f-0a5d8f6a7b3c"
CUSTOMER = "customer-secret"


class Context:
    aws_request_id = "invocation-1"


def order(**changes):
    """A valid OrderPlaced event as orders-api sends it, with changes."""
    return {
        "type": "OrderPlaced",
        "version": 1,
        "orderId": ORDER_ID,
        "placedAt": "2026-01-02T03:04:05.678Z",
        "customerId": CUSTOMER,
        "items": [{"sku": "MUG", "quantity": 2}, {"sku": "TEA", "quantity": 3}],
        **changes,
    }


def record(message_id, body, age_ms=0):
    """One record of an SQS event; body is a str as it is, anything else becomes JSON."""
    return {
        "messageId": message_id,
        "body": body if isinstance(body, str) else json.dumps(body),
        "attributes": {
            "SentTimestamp": str(int(time.time() * 1000) - age_ms),
            "ApproximateReceiveCount": "2",
        },
        "eventSource": "aws:sqs",
    }


def call(*records):
    """Run the handler; return (its answer, the log lines, the metric documents)."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        answer = order_events.handler({"Records": list(records)}, Context())
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    return answer, [line for line in lines if "_aws" not in line], [line for line in lines if "_aws" in line]


class HandlerTest(unittest.TestCase):
    def test_good_messages_are_all_reported_as_done_and_counted(self):
        answer, log, [metrics] = call(record("m1", order(), age_ms=5000), record("m2", order()))
        self.assertEqual(answer, {"batchItemFailures": []})
        self.assertEqual([line["level"] for line in log], ["INFO", "INFO"])
        self.assertEqual(log[0]["orderId"], ORDER_ID)
        self.assertEqual(log[0]["invocationId"], "invocation-1")
        self.assertEqual(metrics["OrdersProcessed"], 2)
        self.assertEqual(metrics["OrdersFailed"], 0)
        self.assertEqual(metrics["ItemsOrdered"], 10)
        self.assertGreaterEqual(metrics["LongestDelay"], 5000)
        self.assertLess(metrics["LongestDelay"], 60_000)

    def test_only_the_bad_message_of_a_batch_is_reported_as_failed(self):
        answer, log, [metrics] = call(record("m1", order()), record("m2", "{"), record("m3", order()))
        self.assertEqual(answer, {"batchItemFailures": [{"itemIdentifier": "m2"}]})
        self.assertEqual((metrics["OrdersProcessed"], metrics["OrdersFailed"], metrics["ItemsOrdered"]), (2, 1, 10))
        [failed] = [line for line in log if line["level"] == "ERROR"]
        self.assertEqual(failed["messageId"], "m2")
        self.assertEqual(failed["receiveCount"], "2")
        self.assertEqual(failed["reason"], "the body is not JSON")

    def test_an_unexpected_error_fails_that_message_only_and_is_logged_with_its_stack(self):
        broken = record("m1", order())
        del broken["attributes"]
        answer, log, [metrics] = call(broken, record("m2", order()))
        self.assertEqual(answer, {"batchItemFailures": [{"itemIdentifier": "m1"}]})
        self.assertEqual((metrics["OrdersProcessed"], metrics["ItemsOrdered"]), (1, 5))
        self.assertEqual(log[0]["error"], "KeyError")
        self.assertIn("order_events.py", "".join(log[0]["stack"]))

    def test_a_batch_of_bad_messages_has_no_delay_metric(self):
        answer, _, [metrics] = call(record("m1", "{"))
        self.assertEqual(answer, {"batchItemFailures": [{"itemIdentifier": "m1"}]})
        self.assertNotIn("LongestDelay", json.dumps(metrics))

    def test_the_metrics_line_is_a_valid_embedded_metric_format_document(self):
        _, _, [metrics] = call(record("m1", order()))
        meta = metrics["_aws"]
        self.assertLess(abs(meta["Timestamp"] - time.time() * 1000), 60_000)
        [directive] = meta["CloudWatchMetrics"]
        self.assertEqual(directive["Namespace"], "route-to-live/orders")
        self.assertEqual(directive["Dimensions"], [["Environment"]])
        self.assertEqual(metrics["Environment"], "test")
        for definition in directive["Metrics"]:
            self.assertIsInstance(metrics[definition["Name"]], int)
            self.assertIn(definition["Unit"], ("Count", "Milliseconds"))

    def test_customer_data_stays_out_of_the_log(self):
        with mock.patch.object(order_events, "parse_order", side_effect=ValueError(CUSTOMER)):
            unexpected = call(record("m1", order()))
        for result in (call(record("m1", order()), record("m2", order(version=2))), unexpected):
            self.assertTrue(result[1])
            self.assertNotIn(CUSTOMER, json.dumps(result))

    def test_an_event_that_is_not_from_sqs_fails_as_a_whole(self):
        for event in ({}, {"Records": [{"body": "{}"}]}):
            with self.subTest(event=event), self.assertRaises(KeyError):
                order_events.handler(event, Context())


class ParseOrderTest(unittest.TestCase):
    def test_bodies_that_are_no_order_placed_event_are_refused_with_the_reason(self):
        cases = [
            ("", "not JSON"),
            ("[]", "not a JSON object"),
            ("null", "not a JSON object"),
            (order(type="OrderCancelled"), "type and version"),
            (order(version=2), "type and version"),
            (order(orderId="1"), "not a UUID"),
            (order(orderId=ORDER_ID + "\n"), "not a UUID"),
            (order(orderId=None), "not a UUID"),
            (order(items=[]), "items is not a list"),
            (order(items={"sku": "MUG"}), "items is not a list"),
            (order(items=[{"sku": "MUG"}]), "quantity"),
            (order(items=[{"quantity": 0}]), "quantity"),
            (order(items=[{"quantity": True}]), "quantity"),
            (order(items=[{"quantity": "1"}]), "quantity"),
            (order(items=[1]), "quantity"),
        ]
        for body, reason in cases:
            with self.subTest(body=body), self.assertRaisesRegex(order_events.InvalidOrder, reason):
                order_events.parse_order(body if isinstance(body, str) else json.dumps(body))

    def test_keys_that_a_later_orders_api_adds_do_no_harm(self):
        self.assertEqual(order_events.parse_order(json.dumps(order(channel="web")))["orderId"], ORDER_ID)


class StartTest(unittest.TestCase):
    def test_the_function_does_not_start_without_its_environment_and_says_so(self):
        for name in ("ENVIRONMENT_NAME", "METRICS_NAMESPACE"):
            environment = {key: value for key, value in os.environ.items() if key != name}
            started = subprocess.run(
                [sys.executable, "-B", "-c", "import order_events"],
                cwd=os.path.dirname(os.path.abspath(__file__)),
                env=environment,
                capture_output=True,
                text=True,
            )
            with self.subTest(name=name):
                self.assertNotEqual(started.returncode, 0)
                self.assertIn(f"The environment variable {name} is missing", started.stderr)


if __name__ == "__main__":
    unittest.main()
