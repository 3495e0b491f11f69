"""AWS::Logs."""

from typing import Any

from ..resource_type import Properties, ResourceType, changed, only


class LogGroup(ResourceType):
    """A log group. Ref: its name."""

    type = "AWS::Logs::LogGroup"
    service = "logs"
    name = "LogGroupName"
    longest_name = 512
    replacing = frozenset({"LogGroupClass"})
    properties = replacing | {"KmsKeyId", "LogGroupName", "RetentionInDays", "Tags"}
    tags = list

    def create(self, properties: Properties) -> str:
        group = properties["LogGroupName"]
        self.call("CreateLogGroup", only(properties, "LogGroupName", "LogGroupClass", "KmsKeyId", "Tags"))
        self._retain(group, properties)
        return group

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        if "RetentionInDays" in changed(old, new):
            self._retain(physical_id, new)
        if "KmsKeyId" in changed(old, new):
            operation = "AssociateKmsKey" if "KmsKeyId" in new else "DisassociateKmsKey"
            self.call(operation, {"LogGroupName": physical_id, **only(new, "KmsKeyId")})
        self.update_tags(old, new, resource={"ResourceArn": self.arn("logs", f"log-group:{physical_id}")})

    def _retain(self, group: str, properties: Properties) -> None:
        if "RetentionInDays" in properties:
            self.call("PutRetentionPolicy", {"LogGroupName": group, **only(properties, "RetentionInDays")})
        else:
            self.call("DeleteRetentionPolicy", {"LogGroupName": group})

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteLogGroup", {"LogGroupName": physical_id})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Arn": self.arn("logs", f"log-group:{physical_id}:*")}
