"""AWS::SSM."""

from typing import Any

from ..api import Properties
from ..resource_type import ResourceType, only, without


class Parameter(ResourceType):
    """A parameter. Ref: its name."""

    type = "AWS::SSM::Parameter"
    service = "ssm"
    name = "Name"
    longest_name = 1011
    tags = dict

    def create(self, properties: Properties) -> str:
        tags = [{"Key": key, "Value": value} for key, value in properties.get("Tags", {}).items()]
        self.call("PutParameter", {**properties, "Tags": tags})
        return properties["Name"]

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        self.call("PutParameter", {"Description": "", **without(new, "Tags"), "Overwrite": True})
        before, after = old.get("Tags", {}), new.get("Tags", {})
        parameter = {"ResourceType": "Parameter", "ResourceId": physical_id}
        gone = sorted(before.keys() - after.keys())
        if gone:
            self.call("RemoveTagsFromResource", {**parameter, "TagKeys": gone})
        if after and after != before:
            tags = [{"Key": key, "Value": value} for key, value in after.items()]
            self.call("AddTagsToResource", {**parameter, "Tags": tags})

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteParameter", {"Name": physical_id})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return only(properties, "Type", "Value")
