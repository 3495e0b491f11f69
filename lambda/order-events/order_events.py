"""order-events: counts the OrderPlaced events of an SQS queue as CloudWatch metrics.

Handler ``order_events.handler``. Environment: ENVIRONMENT_NAME, METRICS_NAMESPACE.

The function calls no AWS API. Metrics leave as one log line in the Embedded Metric Format
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html),
and Lambda itself receives and deletes the messages with the function's role.

The event source mapping MUST have ``FunctionResponseTypes: [ReportBatchItemFailures]``. Without it Lambda ignores the
answer, takes every batch as done and deletes the messages that failed.
"""

import json
import os
import re
import sys
import time
import traceback
from datetime import datetime, timezone

ORDER_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class InvalidOrder(Exception):
    """A message that is not an OrderPlaced event of version 1. Trying again will not help."""


def _required(name):
    """Return the environment variable; raise RuntimeError, so that the function fails to start, if it is missing."""
    value = os.environ.get(name)
    if not value:
        raise RuntimeError(f"The environment variable {name} is missing: set it in the function's configuration.")
    return value


ENVIRONMENT = _required("ENVIRONMENT_NAME")
NAMESPACE = _required("METRICS_NAMESPACE")


def parse_order(body):
    """Return the OrderPlaced event in a message body, as a dict.

    Raises InvalidOrder with the reason. The reason never quotes the body: it goes to the log, customer data must not.
    """
    try:
        event = json.loads(body)
    except ValueError:
        raise InvalidOrder("the body is not JSON") from None
    if not isinstance(event, dict):
        raise InvalidOrder("the body is not a JSON object")
    if event.get("type") != "OrderPlaced" or event.get("version") != 1:
        raise InvalidOrder("type and version are not OrderPlaced and 1")
    if not isinstance(event.get("orderId"), str) or not ORDER_ID.fullmatch(event["orderId"]):
        raise InvalidOrder("orderId is not a UUID")
    items = event.get("items")
    if not isinstance(items, list) or not items:
        raise InvalidOrder("items is not a list with at least one item")
    for item in items:
        quantity = item.get("quantity") if isinstance(item, dict) else None
        # bool is a subclass of int: true would count as 1.
        if not isinstance(quantity, int) or isinstance(quantity, bool) or quantity < 1:
            raise InvalidOrder("an item has no quantity of at least 1")
    return event


def _write(entry):
    """Write one JSON line to standard output, which Lambda sends to CloudWatch Logs as it is."""
    sys.stdout.write(json.dumps(entry, separators=(",", ":")) + "\n")


def _log(level, message, context, **fields):
    """Write one line of the log; the key names are those that Lambda's JSON log format filters by."""
    timestamp = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    _write(
        {
            "timestamp": timestamp,
            "level": level,
            "message": message,
            "invocationId": context.aws_request_id,
            "environment": ENVIRONMENT,
            **fields,
        }
    )


def _emit_metrics(processed, failed, items, delays_ms):
    """Write the batch's metrics as one line in the Embedded Metric Format.

    A list of values may hold 100 of them at most, and a batch can be larger, so only the longest delay is given. The environment is the only dimension: each combination of dimensions is a metric of its own and is paid for.
    """
    metrics = {"OrdersProcessed": processed, "OrdersFailed": failed, "ItemsOrdered": items}
    definitions = [{"Name": name, "Unit": "Count"} for name in metrics]
    if delays_ms:
        metrics["LongestDelay"] = max(delays_ms)
        definitions.append({"Name": "LongestDelay", "Unit": "Milliseconds"})
    _write(
        {
            "_aws": {
                "Timestamp": int(time.time() * 1000),
                "CloudWatchMetrics": [
                    {"Namespace": NAMESPACE, "Dimensions": [["Environment"]], "Metrics": definitions}
                ],
            },
            "Environment": ENVIRONMENT,
            **metrics,
        }
    )


def handler(event, context):
    """Process one batch of SQS messages and answer with those that failed.

    in:   the SQS event of https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    out:  ``{"batchItemFailures": [{"itemIdentifier": <message id>}, ...]}``, see
          https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html: those messages become visible
          again and go to the dead-letter queue after the queue's maxReceiveCount; the others are deleted.
    raises KeyError for an event that is not from SQS; Lambda then takes the whole batch as failed. That is wanted:
          a message without an id could not be named in the answer, and leaving it out would delete it.

    SQS delivers at least once, so an order can be counted twice. That is accepted for metrics; a function that does
    more with an order must use orderId to recognise what it has seen. The queue is a standard queue: with a FIFO queue
    the function would have to stop at the first failure to keep the order of messages.
    """
    failures = []
    items = 0
    delays_ms = []
    for record in event["Records"]:
        message_id = record["messageId"]
        try:
            order = parse_order(record["body"])
            delay_ms = int(time.time() * 1000) - int(record["attributes"]["SentTimestamp"])
            _log("INFO", "order processed", context, orderId=order["orderId"], messageId=message_id)
            # Last, so that a message that fails on the way is not counted among the good ones.
            items += sum(item["quantity"] for item in order["items"])
            delays_ms.append(max(0, delay_ms))
        except Exception as error:  # one bad message must not fail the nine good ones beside it
            failures.append({"itemIdentifier": message_id})
            fields = {
                "messageId": message_id,
                "receiveCount": record.get("attributes", {}).get("ApproximateReceiveCount"),
                "error": type(error).__name__,
            }
            if isinstance(error, InvalidOrder):
                fields["reason"] = str(error)
            else:
                # Frames only: the text of an unexpected error may quote the message.
                fields["stack"] = traceback.format_tb(error.__traceback__)
            _log("ERROR", "order failed", context, **fields)
    _emit_metrics(len(event["Records"]) - len(failures), len(failures), items, delays_ms)
    return {"batchItemFailures": failures}
