"""AWS::ApplicationAutoScaling."""

from typing import Any

from ..api import Properties
from ..resource_type import ResourceType, only, without

TARGET = ("ResourceId", "ScalableDimension", "ServiceNamespace")


class ScalableTarget(ResourceType):
    """Something that scales. Ref: its resource id, dimension and service namespace."""

    type = "AWS::ApplicationAutoScaling::ScalableTarget"
    service = "application-autoscaling"
    replacing = frozenset(TARGET)
    tags = list

    def create(self, properties: Properties) -> str:
        self.call("RegisterScalableTarget", without(properties, "ScheduledActions"))
        return "|".join(properties[name] for name in TARGET)

    def configure(self, physical_id: str, properties: Properties) -> None:
        for action in properties.get("ScheduledActions", []):
            self.call("PutScheduledAction", {**only(properties, *TARGET), **action})

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        self.call("RegisterScalableTarget", without(new, "ScheduledActions", "Tags"))
        before, after = (
            {action["ScheduledActionName"] for action in properties.get("ScheduledActions", [])}
            for properties in (old, new)
        )
        for name in sorted(before - after):
            self.call("DeleteScheduledAction", {**only(new, *TARGET), "ScheduledActionName": name})
        self.configure(physical_id, new)

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeregisterScalableTarget", only(properties, *TARGET))

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Id": physical_id}


class ScalingPolicy(ResourceType):
    """How a target scales. Ref: the policy's ARN."""

    type = "AWS::ApplicationAutoScaling::ScalingPolicy"
    service = "application-autoscaling"
    replacing = frozenset({*TARGET, "PolicyName", "ScalingTargetId"})

    def create(self, properties: Properties) -> str:
        return self.call("PutScalingPolicy", self._request(properties))["PolicyARN"]

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        self.create(new)

    @staticmethod
    def _request(properties: Properties) -> dict[str, Any]:
        if "ScalingTargetId" not in properties:
            return dict(properties)
        target = dict(zip(TARGET, properties["ScalingTargetId"].split("|"), strict=True))
        return {**without(properties, "ScalingTargetId"), **target}

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteScalingPolicy", only(self._request(properties), *TARGET, "PolicyName"))

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Arn": physical_id}
