"""AWS::ApplicationAutoScaling.

moto 5.2.5 registers targets, and leaves what they name as it is.
"""

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
        self._register(without(properties, "ScheduledActions"))
        return "|".join(properties[name] for name in TARGET)

    def configure(self, physical_id: str, properties: Properties) -> None:
        for action in properties.get("ScheduledActions", []):
            self.call("PutScheduledAction", {**only(properties, *TARGET), **action})

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        self._register(without(new, "ScheduledActions", "Tags"))
        before, after = (
            {action["ScheduledActionName"] for action in properties.get("ScheduledActions", [])}
            for properties in (old, new)
        )
        for name in sorted(before - after):
            self.call("DeleteScheduledAction", {**only(new, *TARGET), "ScheduledActionName": name})
        self.configure(physical_id, new)

    def _register(self, request: Properties) -> None:
        """Register the target, which brings the number of a service's tasks into its range at once.

        https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
        """
        self.call("RegisterScalableTarget", request)
        if request["ServiceNamespace"] != "ecs":
            return
        _, cluster, service = request["ResourceId"].split("/")
        found = self.api.call("ecs", "DescribeServices", {"Cluster": cluster, "Services": [service]})["services"]
        if found:
            count = min(max(found[0]["desiredCount"], int(request["MinCapacity"])), int(request["MaxCapacity"]))
            self.api.call("ecs", "UpdateService", {"Cluster": cluster, "Service": service, "DesiredCount": count})

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
