"""AWS::KMS.

moto 5.2.5 forgets how often a key is to be rotated, obeys denials of a key policy whatever their conditions, and takes
every key policy: KMS refuses one that names a principal which isn't there, or under which its author could not call
PutKeyPolicy again.
"""

import json
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.iam.models import Role, iam_backends
from moto.kms import responses
from moto.kms.responses import KmsResponse

from ..accounts import caller as calling_session
from ..api import Properties
from ..key_lockout import may_put_policy, roles_in
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


_create_key = KmsResponse.create_key
_put_key_policy = KmsResponse.put_key_policy
_enable_key_rotation = KmsResponse.enable_key_rotation
_get_key_rotation_status = KmsResponse.get_key_rotation_status


def _key(self: KmsResponse) -> Any:
    return self.kms_backend.describe_key(self.kms_backend.get_key_id(self._get_param("KeyId")))


def _refuse(message: str) -> None:
    raise JsonRESTError("MalformedPolicyDocumentException", message)


def _check_policy(self: KmsResponse, key_id: str) -> None:
    """Refuse a key policy as KMS does."""
    session = calling_session(self.access_key)
    if session is None or not self._get_param("Policy"):
        return
    caller = session.role_arn
    policy = json.loads(self._get_param("Policy"))
    _, partition, _, _, account = caller.split(":")[:5]
    roles = {role.arn: role for backend in list(iam_backends.values()) for role in backend[partition].get_roles()}
    if not roles_in(policy) <= roles.keys():
        _refuse("Policy contains a statement with one or more invalid principals.")
    # Without a role of that name, it is the administrator's session, which IAM knows nothing of here.
    identity = _policies_of(roles[caller]) if caller in roles else None
    key_arn = f"arn:{partition}:kms:{self.region}:{account}:key/{key_id}"
    if not self._get_param("BypassPolicyLockoutSafetyCheck") and not may_put_policy(policy, caller, key_arn, identity):
        _refuse("The new key policy will not allow you to update the key policy in the future.")


def _policies_of(role: Role) -> list[dict[str, Any]]:
    """The policies that IAM gives a role."""
    managed = [
        version.document
        for policy in role.managed_policies.values()
        for version in policy.versions
        if version.version_id == policy.default_version_id
    ]
    return [json.loads(document) for document in (*role.policies.values(), *managed)]


def create_key(self: KmsResponse) -> str:
    """CreateKey that refuses a policy which its author could not change."""
    _check_policy(self, "00000000-0000-0000-0000-000000000000")
    return _create_key(self)


def put_key_policy(self: KmsResponse) -> str:
    """PutKeyPolicy that refuses a policy which its author could not change."""
    _check_policy(self, self._get_param("KeyId"))
    return _put_key_policy(self)


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


KmsResponse.create_key = create_key
KmsResponse.put_key_policy = put_key_policy
KmsResponse.enable_key_rotation = enable_key_rotation
KmsResponse.get_key_rotation_status = get_key_rotation_status
# Who may do what is for the proof of access to tell (scripts/prove-access.ts): here everybody may. But a policy that
# nobody could change again is refused, as by KMS.
responses.validate_policy = lambda *_: None
