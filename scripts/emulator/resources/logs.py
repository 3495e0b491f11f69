"""AWS::Logs. moto 5.2.5 gives a log group its key only when it is new."""

from typing import Any

from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.responses import LogsResponse

from ..api import Properties
from ..resource_type import ResourceType, changed, only


class LogGroup(ResourceType):
    """A log group. Ref: its name."""

    type = "AWS::Logs::LogGroup"
    service = "logs"
    name = "LogGroupName"
    longest_name = 512
    properties = frozenset({"KmsKeyId", "LogGroupName", "RetentionInDays", "Tags"})
    tags = list

    def create(self, properties: Properties) -> str:
        self.call("CreateLogGroup", only(properties, "LogGroupName", "KmsKeyId", "Tags"))
        return properties["LogGroupName"]

    def configure(self, physical_id: str, properties: Properties) -> None:
        self._retain(physical_id, properties)

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


def _set_key(self: LogsResponse, key: str | None) -> str:
    group = self.logs_backend.groups.get(self._get_param("logGroupName"))
    if group is None:
        raise ResourceNotFoundException()
    group.kms_key_id = key
    return ""


def associate_kms_key(self: LogsResponse) -> str:
    """AssociateKmsKey."""
    return _set_key(self, self._get_param("kmsKeyId"))


def disassociate_kms_key(self: LogsResponse) -> str:
    """DisassociateKmsKey."""
    return _set_key(self, None)


LogsResponse.associate_kms_key = associate_kms_key
LogsResponse.disassociate_kms_key = disassociate_kms_key
