"""AWS::CloudWatch."""

from typing import Any

from ..accounts import api
from ..api import Properties
from ..errors import ResourceError
from ..resource_type import ResourceType, without


class Alarm(ResourceType):
    """An alarm. Ref: its name."""

    type = "AWS::CloudWatch::Alarm"
    service = "cloudwatch"
    name = "AlarmName"
    longest_name = 255
    tags = list

    def create(self, properties: Properties) -> str:
        self._put(properties)
        return properties["AlarmName"]

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        # PutMetricAlarm replaces the alarm; it ignores tags when the alarm exists.
        self._put(without(new, "Tags"))
        self.update_tags(old, new, resource={"ResourceARN": self._arn(physical_id)})

    def _put(self, properties: Properties) -> None:
        for actions in ("AlarmActions", "InsufficientDataActions", "OKActions"):
            for action in properties.get(actions, []):
                self._check_topic(action)
        self.call("PutMetricAlarm", properties)

    def _check_topic(self, action: str) -> None:
        """Refuse a topic that would hear nothing. AWS refuses other Regions, but takes topics that do not exist."""
        _, _, service, region, account_id, *_ = action.split(":")
        if service != "sns":
            return
        if region != self.api.region:
            raise ResourceError(f"Invalid region {region} specified. Only {self.api.region} is supported.")
        try:
            api(account_id, region).call("sns", "GetTopicAttributes", {"TopicArn": action})
        except ResourceError as error:
            raise ResourceError(f"Nobody would hear of the alarm: {action}: {error}") from error

    def _arn(self, name: str) -> str:
        return self.arn("cloudwatch", f"alarm:{name}")

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteAlarms", {"AlarmNames": [physical_id]})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Arn": self._arn(physical_id)}
