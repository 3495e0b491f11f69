"""AWS::CloudWatch."""

from typing import Any

from ..api import Properties
from ..resource_type import ResourceType, without


class Alarm(ResourceType):
    """An alarm. Ref: its name."""

    type = "AWS::CloudWatch::Alarm"
    service = "cloudwatch"
    name = "AlarmName"
    longest_name = 255
    tags = list

    def create(self, properties: Properties) -> str:
        self.call("PutMetricAlarm", properties)
        return properties["AlarmName"]

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        # PutMetricAlarm replaces the alarm; it ignores tags when the alarm exists.
        self.call("PutMetricAlarm", without(new, "Tags"))
        self.update_tags(old, new, resource={"ResourceARN": self._arn(physical_id)})

    def _arn(self, name: str) -> str:
        return self.arn("cloudwatch", f"alarm:{name}")

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteAlarms", {"AlarmNames": [physical_id]})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Arn": self._arn(physical_id)}
