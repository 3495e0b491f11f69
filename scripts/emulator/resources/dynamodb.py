"""AWS::DynamoDB."""

from typing import Any

from ..api import Properties
from ..resource_type import ResourceType, changed, only, renamed, without

#: Properties that an operation of their own sets.
APART = ("PointInTimeRecoverySpecification", "TimeToLiveSpecification")
#: Properties that UpdateTable changes.
CHANGEABLE = {
    "BillingMode", "DeletionProtectionEnabled", "ProvisionedThroughput", "SSESpecification", "StreamSpecification",
    "TableClass",
}  # fmt: skip


class Table(ResourceType):
    """A table. Ref: its name."""

    type = "AWS::DynamoDB::Table"
    service = "dynamodb"
    name = "TableName"
    longest_name = 255
    replacing = frozenset({"KeySchema", "LocalSecondaryIndexes"})
    tags = list

    def create(self, properties: Properties) -> str:
        self.call("CreateTable", _request(without(properties, *APART)))
        return properties["TableName"]

    def configure(self, physical_id: str, properties: Properties) -> None:
        self._set_apart(physical_id, {}, properties)

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        names = changed(old, new) - {"Tags", *APART}
        if names - CHANGEABLE:
            super().update(physical_id, old, new)
        if names:
            off = {
                "DeletionProtectionEnabled": {"DeletionProtectionEnabled": False},
                "SSESpecification": {"SSESpecification": {"Enabled": False}},
                "StreamSpecification": {"StreamSpecification": {"StreamEnabled": False}},
            }
            request = {**_request(only(new, *names)), "TableName": physical_id}
            for name in names - new.keys():
                request |= off.get(name, {})
            self.call("UpdateTable", request)
        self._set_apart(physical_id, old, new)
        self.update_tags(old, new, resource={"ResourceArn": self.arn("dynamodb", f"table/{physical_id}")})

    def _set_apart(self, table: str, old: Properties, new: Properties) -> None:
        names = changed(old, new)
        if "PointInTimeRecoverySpecification" in names:
            recovery = new.get("PointInTimeRecoverySpecification", {"PointInTimeRecoveryEnabled": False})
            request = {"TableName": table, "PointInTimeRecoverySpecification": recovery}
            self.call("UpdateContinuousBackups", request)
        if "TimeToLiveSpecification" in names:
            expiry = {**old.get("TimeToLiveSpecification", {}), "Enabled": False}
            expiry |= new.get("TimeToLiveSpecification", {})
            self.call("UpdateTimeToLive", {"TableName": table, "TimeToLiveSpecification": expiry})

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteTable", {"TableName": physical_id})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        table = self.call("DescribeTable", {"TableName": physical_id})["Table"]
        return {"Arn": table["TableArn"], **renamed(only(table, "LatestStreamArn"), LatestStreamArn="StreamArn")}


def _request(properties: Properties) -> dict[str, Any]:
    request = dict(properties)
    if "SSESpecification" in request:
        request["SSESpecification"] = renamed(request["SSESpecification"], SSEEnabled="Enabled")
    if "StreamSpecification" in request:
        request["StreamSpecification"] = {"StreamEnabled": True, **request["StreamSpecification"]}
    return request
