"""AWS::Scheduler."""

from typing import Any

from ..api import Properties
from ..resource_type import ResourceType, only


class Schedule(ResourceType):
    """A schedule. Ref: its name."""

    type = "AWS::Scheduler::Schedule"
    service = "scheduler"
    name = "Name"
    longest_name = 64
    replacing = frozenset({"GroupName"})

    def create(self, properties: Properties) -> str:
        self.call("CreateSchedule", properties)
        return properties["Name"]

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        self.call("UpdateSchedule", new)

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteSchedule", only(properties, "Name", "GroupName"))

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Arn": self.arn("scheduler", f"schedule/{properties.get('GroupName', 'default')}/{physical_id}")}
