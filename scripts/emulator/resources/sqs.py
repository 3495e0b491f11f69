"""AWS::SQS."""

from typing import Any

from ..api import Properties, text
from ..resource_type import ResourceType, changed, tag_map, without

#: Attributes of a queue that has none of its own.
DEFAULTS = {
    "DelaySeconds": "0",
    "KmsDataKeyReusePeriodSeconds": "300",
    "KmsMasterKeyId": "",
    "MaximumMessageSize": "262144",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "RedriveAllowPolicy": "",
    "RedrivePolicy": "",
    "SqsManagedSseEnabled": "true",
    "VisibilityTimeout": "30",
}


class Queue(ResourceType):
    """A queue. Ref: its URL."""

    type = "AWS::SQS::Queue"
    service = "sqs"
    name = "QueueName"
    longest_name = 80
    replacing = frozenset({"FifoQueue"})
    properties = replacing | {"QueueName", "Tags", *DEFAULTS}
    tags = list

    def create(self, properties: Properties) -> str:
        request = {"QueueName": properties["QueueName"], "Attributes": _attributes(properties)}
        return self.call("CreateQueue", {**request, "tags": tag_map(properties)})["QueueUrl"]

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        attributes = _attributes(new)
        attributes |= {name: DEFAULTS[name] for name in _attributes(old).keys() - attributes.keys()}
        self.call("SetQueueAttributes", {"QueueUrl": physical_id, "Attributes": attributes})
        if "Tags" in changed(old, new):
            queue = {"QueueUrl": physical_id}
            self.update_tags(old, new, resource=queue, tag="TagQueue", untag="UntagQueue")

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteQueue", {"QueueUrl": physical_id})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        name = properties["QueueName"]
        return {"Arn": self.arn("sqs", name), "QueueName": name, "QueueUrl": physical_id}


def _attributes(properties: Properties) -> dict[str, str]:
    return {name: text(value) for name, value in without(properties, "QueueName", "Tags").items()}


class QueuePolicy(ResourceType):
    """The policy of queues. Ref: a name without further use."""

    type = "AWS::SQS::QueuePolicy"
    service = "sqs"
    properties = frozenset({"PolicyDocument", "Queues"})

    def create(self, properties: Properties) -> str:
        for queue in properties["Queues"]:
            self._set(queue, text(properties["PolicyDocument"]))
        return f"{properties['Queues'][0]}-policy"

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        for queue in sorted(set(old["Queues"]) - set(new["Queues"])):
            self._set(queue, "")
        self.create(new)

    def delete(self, physical_id: str, properties: Properties) -> None:
        for queue in properties["Queues"]:
            self._set(queue, "")

    def _set(self, queue: str, policy: str) -> None:
        self.call("SetQueueAttributes", {"QueueUrl": queue, "Attributes": {"Policy": policy}})
