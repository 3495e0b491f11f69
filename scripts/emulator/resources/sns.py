"""AWS::SNS."""

from typing import Any

from ..api import Properties, text
from ..resource_type import ResourceType, changed, without


class Topic(ResourceType):
    """A topic. Ref: its ARN."""

    type = "AWS::SNS::Topic"
    service = "sns"
    name = "TopicName"
    longest_name = 256
    replacing = frozenset({"FifoTopic"})
    properties = replacing | {
        "ContentBasedDeduplication", "DisplayName", "KmsMasterKeyId", "SignatureVersion", "Subscription", "Tags",
        "TopicName", "TracingConfig",
    }  # fmt: skip
    tags = list

    def create(self, properties: Properties) -> str:
        attributes = {name: text(value) for name, value in _attributes(properties).items()}
        request = {"Name": properties["TopicName"], "Attributes": attributes, "Tags": properties.get("Tags", [])}
        return self.call("CreateTopic", request)["TopicArn"]

    def configure(self, physical_id: str, properties: Properties) -> None:
        for subscription in properties.get("Subscription", []):
            self.call("Subscribe", {"TopicArn": physical_id, **subscription})

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        names = changed(_attributes(old), _attributes(new))
        for name in sorted(names):
            value = text(new.get(name, ""))
            self.call("SetTopicAttributes", {"TopicArn": physical_id, "AttributeName": name, "AttributeValue": value})
        self.update_tags(old, new, resource={"ResourceArn": physical_id})
        wanted = new.get("Subscription", [])
        subscriptions = self.call("ListSubscriptionsByTopic", {"TopicArn": physical_id})["Subscriptions"]
        for one in subscriptions:
            same = {"Protocol": one["Protocol"], "Endpoint": one["Endpoint"]}
            if same in old.get("Subscription", []) and same not in wanted:
                self.call("Unsubscribe", {"SubscriptionArn": one["SubscriptionArn"]})
        for one in wanted:
            if one not in old.get("Subscription", []):
                self.call("Subscribe", {"TopicArn": physical_id, **one})

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteTopic", {"TopicArn": physical_id})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"TopicArn": physical_id, "TopicName": properties["TopicName"]}


def _attributes(properties: Properties) -> dict[str, Any]:
    return without(properties, "TopicName", "Tags", "Subscription")


class TopicPolicy(ResourceType):
    """The policy of topics. Ref: a name without further use."""

    type = "AWS::SNS::TopicPolicy"
    service = "sns"
    properties = frozenset({"PolicyDocument", "Topics"})

    def create(self, properties: Properties) -> str:
        for topic in properties["Topics"]:
            self._set(topic, properties["PolicyDocument"])
        return f"{properties['Topics'][0]}-policy"

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        self._reset(set(old["Topics"]) - set(new["Topics"]))
        self.create(new)

    def delete(self, physical_id: str, properties: Properties) -> None:
        self._reset(set(properties["Topics"]))

    def _set(self, topic: str, policy: Any) -> None:
        request = {"TopicArn": topic, "AttributeName": "Policy", "AttributeValue": policy}
        self.call("SetTopicAttributes", request)

    def _reset(self, topics: set[str]) -> None:
        """Give topics a policy such as SNS gives to new ones: their account may do everything."""
        for topic in topics:
            statement = {
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": ["SNS:Publish", "SNS:Subscribe", "SNS:GetTopicAttributes", "SNS:SetTopicAttributes"],
                "Resource": topic,
                "Condition": {"StringEquals": {"AWS:SourceOwner": self.api.account_id}},
            }
            self._set(topic, {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]})


class Subscription(ResourceType):
    """A subscription. Ref: its ARN."""

    type = "AWS::SNS::Subscription"
    service = "sns"
    replacing = frozenset({"Endpoint", "Protocol", "TopicArn"})
    properties = replacing | {
        "DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy",
        "SubscriptionRoleArn",
    }  # fmt: skip

    def create(self, properties: Properties) -> str:
        attributes = {name: text(value) for name, value in without(properties, *self.replacing).items()}
        request = {name: properties[name] for name in self.replacing}
        request |= {"Attributes": attributes, "ReturnSubscriptionArn": True}
        return self.call("Subscribe", request)["SubscriptionArn"]

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        for name in sorted(changed(old, new)):
            request = {"AttributeName": name, "AttributeValue": text(new.get(name, {}))}
            self.call("SetSubscriptionAttributes", {"SubscriptionArn": physical_id, **request})

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("Unsubscribe", {"SubscriptionArn": physical_id})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Arn": physical_id}
