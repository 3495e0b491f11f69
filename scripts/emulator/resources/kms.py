"""AWS::KMS.

moto 5.2.5 forgets how often a key is to be rotated, and obeys denials of a key policy whatever their conditions.
"""

import json
from typing import Any

from moto.kms import responses
from moto.kms.responses import KmsResponse

from ..api import Properties
from ..resource_type import ResourceType, changed, only, tag_map


class Key(ResourceType):
    """A key. Ref: its id."""

    type = "AWS::KMS::Key"
    service = "kms"
    replacing = frozenset({"KeySpec", "KeyUsage", "MultiRegion", "Origin"})
    properties = replacing | {
        "Description", "EnableKeyRotation", "Enabled", "KeyPolicy", "PendingWindowInDays", "RotationPeriodInDays",
        "Tags",
    }  # fmt: skip
    tags = list

    def create(self, properties: Properties) -> str:
        request = {
            **only(properties, "Description", *self.replacing),
            "Tags": _tags(properties),
            **({"Policy": properties["KeyPolicy"]} if "KeyPolicy" in properties else {}),
        }
        return self.call("CreateKey", request)["KeyMetadata"]["KeyId"]

    def configure(self, physical_id: str, properties: Properties) -> None:
        self._switch(physical_id, {}, properties)

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        key = {"KeyId": physical_id}
        self._switch(physical_id, old, new)
        self.call("UpdateKeyDescription", {**key, "Description": new.get("Description", "")})
        if "KeyPolicy" in changed(old, new):
            self.call("PutKeyPolicy", {**key, "PolicyName": "default", "Policy": new["KeyPolicy"]})
        gone = sorted(set(tag_map(old)) - set(tag_map(new)))
        if gone:
            self.call("UntagResource", {**key, "TagKeys": gone})
        if "Tags" in changed(old, new) and new.get("Tags"):
            self.call("TagResource", {**key, "Tags": _tags(new)})

    def _switch(self, key: str, old: Properties, new: Properties) -> None:
        """Switch rotation and the key itself on or off."""
        names = changed(old, new)
        if names & {"EnableKeyRotation", "RotationPeriodInDays"}:
            if str(new.get("EnableKeyRotation", False)).lower() == "true":
                self.call("EnableKeyRotation", {"KeyId": key, **only(new, "RotationPeriodInDays")})
            else:
                self.call("DisableKeyRotation", {"KeyId": key})
        if "Enabled" in names:
            enabled = str(new.get("Enabled", True)).lower() == "true"
            self.call("EnableKey" if enabled else "DisableKey", {"KeyId": key})

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("ScheduleKeyDeletion", {"KeyId": physical_id, **only(properties, "PendingWindowInDays")})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Arn": self.arn("kms", f"key/{physical_id}"), "KeyId": physical_id}


class Alias(ResourceType):
    """An alias. Ref: its name."""

    type = "AWS::KMS::Alias"
    service = "kms"
    replacing = frozenset({"AliasName"})

    def create(self, properties: Properties) -> str:
        self.call("CreateAlias", properties)
        return properties["AliasName"]

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        self.call("UpdateAlias", new)

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteAlias", {"AliasName": physical_id})


def _tags(properties: Properties) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in tag_map(properties).items()]


_enable_key_rotation = KmsResponse.enable_key_rotation
_get_key_rotation_status = KmsResponse.get_key_rotation_status


def _key(self: KmsResponse) -> Any:
    return self.kms_backend.describe_key(self.kms_backend.get_key_id(self._get_param("KeyId")))


def enable_key_rotation(self: KmsResponse) -> str:
    """EnableKeyRotation that keeps the period."""
    answer = _enable_key_rotation(self)
    _key(self).rotation_period = self._get_param("RotationPeriodInDays", 365)
    return answer


def get_key_rotation_status(self: KmsResponse) -> str:
    """GetKeyRotationStatus with the period."""
    status = json.loads(_get_key_rotation_status(self))
    if status["KeyRotationEnabled"]:
        status["RotationPeriodInDays"] = _key(self).rotation_period
    return json.dumps(status)


KmsResponse.enable_key_rotation = enable_key_rotation
KmsResponse.get_key_rotation_status = get_key_rotation_status
# Who may do what is for the proof of access to tell (scripts/prove-access.ts): here everybody may.
responses.validate_policy = lambda *_: None
