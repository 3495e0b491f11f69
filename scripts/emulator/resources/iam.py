"""AWS::IAM. moto 5.2.5 calls service-linked roles by other names than AWS, and makes each as often as it is asked; and it
deletes policies that are in use."""

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.exceptions import ServiceException
from moto.iam.exceptions import DeleteConflictException
from moto.iam.responses import IamResponse

from ..api import Properties
from ..resource_type import ResourceType, changed, only, renamed


class Role(ResourceType):
    """A role. Ref: its name."""

    type = "AWS::IAM::Role"
    service = "iam"
    name = "RoleName"
    longest_name = 64
    replacing = frozenset({"Path"})
    properties = replacing | {
        "AssumeRolePolicyDocument", "Description", "ManagedPolicyArns", "MaxSessionDuration", "PermissionsBoundary",
        "Policies", "RoleName", "Tags",
    }  # fmt: skip
    tags = list

    def create(self, properties: Properties) -> str:
        self.call("CreateRole", only(properties, *(self.properties - {"ManagedPolicyArns", "Policies"})))
        return properties["RoleName"]

    def configure(self, physical_id: str, properties: Properties) -> None:
        self._set_policies(physical_id, {}, properties)

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        role = {"RoleName": physical_id}
        names = changed(old, new)
        if "AssumeRolePolicyDocument" in names:
            self.call("UpdateAssumeRolePolicy", {**role, "PolicyDocument": new["AssumeRolePolicyDocument"]})
        if names & {"Description", "MaxSessionDuration"}:
            settings = {"Description": "", "MaxSessionDuration": 3600, **only(new, "Description", "MaxSessionDuration")}
            self.call("UpdateRole", {**role, **settings})
        if "PermissionsBoundary" in names:
            if "PermissionsBoundary" in new:
                self.call("PutRolePermissionsBoundary", {**role, **only(new, "PermissionsBoundary")})
            else:
                self.call("DeleteRolePermissionsBoundary", role)
        self._set_policies(physical_id, old, new)
        self.update_tags(old, new, resource=role, tag="TagRole", untag="UntagRole")

    def _set_policies(self, role: str, old: Properties, new: Properties) -> None:
        """Make inline and managed policies those of the new properties."""
        before, after = (
            {policy["PolicyName"]: policy["PolicyDocument"] for policy in properties.get("Policies", [])}
            for properties in (old, new)
        )
        for name in before.keys() - after.keys():
            self.call("DeleteRolePolicy", {"RoleName": role, "PolicyName": name})
        for name, document in after.items():
            if before.get(name) != document:
                self.call("PutRolePolicy", {"RoleName": role, "PolicyName": name, "PolicyDocument": document})
        attached, wanted = (set(properties.get("ManagedPolicyArns", [])) for properties in (old, new))
        for arn in sorted(attached - wanted):
            self.call("DetachRolePolicy", {"RoleName": role, "PolicyArn": arn})
        for arn in sorted(wanted - attached):
            self.call("AttachRolePolicy", {"RoleName": role, "PolicyArn": arn})

    def delete(self, physical_id: str, properties: Properties) -> None:
        role = {"RoleName": physical_id}
        attached = [one["PolicyArn"] for one in self.call("ListAttachedRolePolicies", role)["AttachedPolicies"]]
        inline = self.call("ListRolePolicies", role)["PolicyNames"]
        # A role whose creation failed has some of its policies only.
        there = {
            "ManagedPolicyArns": [arn for arn in properties.get("ManagedPolicyArns", []) if arn in attached],
            "Policies": [policy for policy in properties.get("Policies", []) if policy["PolicyName"] in inline],
        }
        self._set_policies(physical_id, there, {})
        self.call("DeleteRole", role)

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        role = self.call("GetRole", {"RoleName": physical_id})["Role"]
        return {"Arn": role["Arn"], "RoleId": role["RoleId"]}


class ManagedPolicy(ResourceType):
    """A managed policy. Ref: its ARN."""

    type = "AWS::IAM::ManagedPolicy"
    service = "iam"
    name = "ManagedPolicyName"
    replacing = frozenset({"Description", "Path"})
    properties = replacing | {"ManagedPolicyName", "PolicyDocument", "Roles"}

    def create(self, properties: Properties) -> str:
        request = renamed(only(properties, *(self.properties - {"Roles"})), ManagedPolicyName="PolicyName")
        return self.call("CreatePolicy", request)["Policy"]["Arn"]

    def configure(self, physical_id: str, properties: Properties) -> None:
        for role in properties.get("Roles", []):
            self.call("AttachRolePolicy", {"RoleName": role, "PolicyArn": physical_id})

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        policy = {"PolicyArn": physical_id}
        if "PolicyDocument" in changed(old, new):
            for version in self.call("ListPolicyVersions", policy)["Versions"]:
                if not version["IsDefaultVersion"]:
                    self.call("DeletePolicyVersion", {**policy, "VersionId": version["VersionId"]})
            self.call("CreatePolicyVersion", {**policy, **only(new, "PolicyDocument"), "SetAsDefault": True})
        before, after = (set(properties.get("Roles", [])) for properties in (old, new))
        for role in sorted(before - after):
            self.call("DetachRolePolicy", {**policy, "RoleName": role})
        for role in sorted(after - before):
            self.call("AttachRolePolicy", {**policy, "RoleName": role})

    def delete(self, physical_id: str, properties: Properties) -> None:
        policy = {"PolicyArn": physical_id}
        for role in self.call("ListEntitiesForPolicy", policy)["PolicyRoles"]:
            if role["RoleName"] in properties.get("Roles", []):
                self.call("DetachRolePolicy", {**policy, "RoleName": role["RoleName"]})
        for version in self.call("ListPolicyVersions", policy)["Versions"]:
            if not version["IsDefaultVersion"]:
                self.call("DeletePolicyVersion", {**policy, "VersionId": version["VersionId"]})
        self.call("DeletePolicy", policy)

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"PolicyArn": physical_id}


class Policy(ResourceType):
    """An inline policy of roles. Ref: its name."""

    type = "AWS::IAM::Policy"
    service = "iam"
    properties = frozenset({"PolicyDocument", "PolicyName", "Roles"})
    replacing = frozenset({"PolicyName"})

    def create(self, properties: Properties) -> str:
        for role in properties["Roles"]:
            self.call("PutRolePolicy", {"RoleName": role, **only(properties, "PolicyName", "PolicyDocument")})
        return properties["PolicyName"]

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        for role in sorted(set(old["Roles"]) - set(new["Roles"])):
            self.call("DeleteRolePolicy", {"RoleName": role, "PolicyName": physical_id})
        self.create(new)

    def delete(self, physical_id: str, properties: Properties) -> None:
        for role in properties["Roles"]:
            self.call("DeleteRolePolicy", {"RoleName": role, "PolicyName": physical_id})


#: The service-linked roles that the templates' services make, in AWS's own writing.
SERVICE_LINKED_ROLES = {
    "ecs.amazonaws.com": "AWSServiceRoleForECS",
    "ecs.application-autoscaling.amazonaws.com": "AWSServiceRoleForApplicationAutoScaling_ECSService",
    "elasticloadbalancing.amazonaws.com": "AWSServiceRoleForElasticLoadBalancing",
}


class InvalidInputError(ServiceException):
    """The role is there, or nobody makes one for the service."""

    code = "InvalidInput"


def create_service_linked_role(self: IamResponse) -> ActionResult:
    """CreateServiceLinkedRole: once in an account."""
    service = self._get_param("AWSServiceName")
    name = SERVICE_LINKED_ROLES.get(service)
    if name is None or self._get_param("CustomSuffix"):
        raise InvalidInputError(f"The emulator does not know the service-linked role of {service} and its suffix.")
    if any(role.name == name for role in self.backend.roles.values()):
        raise InvalidInputError(
            f"Service role name {name} has been taken in this account, please try a different suffix."
        )
    role = self.backend.create_service_linked_role(service, self._get_param("Description") or "", "")
    role.name = name
    return ActionResult({"Role": role})


IamResponse.create_service_linked_role = create_service_linked_role


def delete_policy(self: IamResponse) -> ActionResult:
    """DeletePolicy: refuses one that is attached, or is somebody's boundary (gruntwork-io/cloud-nuke #972)."""
    arn = self._get_param("PolicyArn")
    bearers = [*self.backend.roles.values(), *self.backend.users.values()]
    bound = any(getattr(bearer, "permissions_boundary_arn", None) == arn for bearer in bearers)
    if bound or self.backend.get_policy(arn).attachment_count > 0:
        raise DeleteConflictException("Cannot delete a policy attached to entities.")
    self.backend.delete_policy(arn)
    return EmptyResult()


IamResponse.delete_policy = delete_policy
