"""AWS::Events. moto 5.2.5 matches events with patterns, but has no TestEventPattern."""

import json
from typing import Any

from moto.core.responses import ActionResult
from moto.events.models import EventPattern
from moto.events.responses import EventsHandler

from ..api import Properties
from ..errors import ResourceError
from ..resource_type import ResourceType, changed, only, without


class Rule(ResourceType):
    """A rule on the default bus. Ref: its name."""

    type = "AWS::Events::Rule"
    service = "events"
    name = "Name"
    longest_name = 64
    tags = list

    def create(self, properties: Properties) -> str:
        self.call("PutRule", without(properties, "Targets"))
        return properties["Name"]

    def configure(self, physical_id: str, properties: Properties) -> None:
        self._target(properties)

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        # PutRule replaces the rule; it ignores tags when the rule exists.
        self.call("PutRule", without(new, "Targets", "Tags"))
        gone = {target["Id"] for target in old.get("Targets", [])} - {target["Id"] for target in new.get("Targets", [])}
        if gone:
            self.call("RemoveTargets", {"Rule": physical_id, "Ids": sorted(gone)})
        if "Targets" in changed(old, new):
            self._target(new)
        self.update_tags(old, new, resource={"ResourceARN": self._arn(physical_id)})

    def _target(self, properties: Properties) -> None:
        if not properties.get("Targets"):
            return
        answer = self.call("PutTargets", {"Rule": properties["Name"], **only(properties, "Targets")})
        for failure in answer["FailedEntries"]:
            raise ResourceError(f"{failure['TargetId']}: {failure['ErrorMessage']}")

    def _arn(self, name: str) -> str:
        return self.arn("events", f"rule/{name}")

    def delete(self, physical_id: str, properties: Properties) -> None:
        targets = [target["Id"] for target in properties.get("Targets", [])]
        if targets:
            self.call("RemoveTargets", {"Rule": physical_id, "Ids": targets})
        self.call("DeleteRule", {"Name": physical_id})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Arn": self._arn(physical_id)}


def test_event_pattern(self: EventsHandler) -> ActionResult:
    """TestEventPattern."""
    pattern = EventPattern.load(self._get_param("EventPattern"))
    return ActionResult({"Result": pattern.matches_event(json.loads(self._get_param("Event")))})


EventsHandler.test_event_pattern = test_event_pattern
