"""AWS::CodeDeploy.

moto 5.2.5 creates applications and deployment groups but neither changes nor deletes them, forgets a group's alarms,
gives ECS groups the default configuration of EC2, and has no deployment configurations.
"""

import json
from typing import Any
from uuid import uuid4

from moto.codedeploy import responses
from moto.codedeploy.exceptions import CodeDeployException
from moto.codedeploy.models import DeploymentGroup as MotoDeploymentGroup
from moto.codedeploy.responses import CodeDeployResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import camelcase_to_underscores, utcnow

from ..api import Properties
from ..resource_type import ResourceType, only, renamed, without


class Application(ResourceType):
    """An application. Ref: its name."""

    type = "AWS::CodeDeploy::Application"
    service = "codedeploy"
    name = "ApplicationName"
    longest_name = 100
    replacing = frozenset({"ComputePlatform"})
    tags = list

    def create(self, properties: Properties) -> str:
        self.call("CreateApplication", properties)
        return properties["ApplicationName"]

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        self.update_tags(old, new, resource={"ResourceArn": self.arn("codedeploy", f"application:{physical_id}")})

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteApplication", {"ApplicationName": physical_id})


class DeploymentGroup(ResourceType):
    """A deployment group. Ref: its name."""

    type = "AWS::CodeDeploy::DeploymentGroup"
    service = "codedeploy"
    name = "DeploymentGroupName"
    longest_name = 100
    replacing = frozenset({"ApplicationName"})
    tags = list

    def create(self, properties: Properties) -> str:
        self.call("CreateDeploymentGroup", _request(properties))
        return properties["DeploymentGroupName"]

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        # UpdateDeploymentGroup leaves what it is not told: tell it of what is gone.
        gone: dict[str, Any] = {name: {"Enabled": False} for name in old.keys() - new.keys() if name in SWITCHED}
        if "DeploymentConfigName" not in new:
            platform = "ECSAllAtOnce" if "ECSServices" in new else "OneAtATime"
            gone["DeploymentConfigName"] = f"CodeDeployDefault.{platform}"
        request = without(_request({**gone, **new}), "Tags", "DeploymentGroupName")
        self.call("UpdateDeploymentGroup", {**request, "CurrentDeploymentGroupName": physical_id})
        group = f"deploymentgroup:{new['ApplicationName']}/{physical_id}"
        self.update_tags(old, new, resource={"ResourceArn": self.arn("codedeploy", group)})

    def delete(self, physical_id: str, properties: Properties) -> None:
        group = only(properties, "ApplicationName", "DeploymentGroupName")
        self.call("DeleteDeploymentGroup", group)


class DeploymentConfig(ResourceType):
    """A deployment configuration. Ref: its name."""

    type = "AWS::CodeDeploy::DeploymentConfig"
    service = "codedeploy"
    name = "DeploymentConfigName"
    longest_name = 100
    replacing = frozenset({"ComputePlatform", "MinimumHealthyHosts", "TrafficRoutingConfig", "ZonalConfig"})

    def create(self, properties: Properties) -> str:
        self.call("CreateDeploymentConfig", properties)
        return properties["DeploymentConfigName"]

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteDeploymentConfig", {"DeploymentConfigName": physical_id})


#: Properties of a group that are turned off rather than removed.
SWITCHED = {"AlarmConfiguration", "AutoRollbackConfiguration"}


def _request(properties: Properties) -> dict[str, Any]:
    return renamed(properties, ECSServices="ecsServices")


_create_application_group = CodeDeployResponse.create_deployment_group
_deployment_group_info = responses._deployment_group_info


def create_deployment_group(self: CodeDeployResponse) -> ActionResult:
    """CreateDeploymentGroup with the default configuration of the application's platform."""
    answer = _create_application_group(self)
    request = json.loads(self.body)
    backend = self.codedeploy_backend
    application = backend.applications[request["applicationName"]]
    if application.compute_platform == "ECS" and "deploymentConfigName" not in request:
        group = backend.deployment_groups[request["applicationName"]][request["deploymentGroupName"]]
        group.deployment_config_name = "CodeDeployDefault.ECSAllAtOnce"
    return answer


def deployment_group_info(group: MotoDeploymentGroup) -> dict[str, Any]:
    """A group's description with its alarms."""
    return {**_deployment_group_info(group), "alarmConfiguration": group.alarm_configuration or {}}


def update_deployment_group(self: CodeDeployResponse) -> EmptyResult:
    """UpdateDeploymentGroup, save that a group cannot be renamed."""
    request = json.loads(self.body)
    group = self.codedeploy_backend.get_deployment_group(
        request.pop("applicationName"), request.pop("currentDeploymentGroupName")
    )
    for name, value in request.items():
        setattr(group, camelcase_to_underscores(name), value)
    return EmptyResult()


def delete_deployment_group(self: CodeDeployResponse) -> EmptyResult:
    """DeleteDeploymentGroup."""
    groups = self.codedeploy_backend.deployment_groups.get(self._get_param("applicationName"), {})
    groups.pop(self._get_param("deploymentGroupName"), None)
    return EmptyResult()


def delete_application(self: CodeDeployResponse) -> EmptyResult:
    """DeleteApplication, with its groups."""
    self.codedeploy_backend.applications.pop(self._get_param("applicationName"), None)
    self.codedeploy_backend.deployment_groups.pop(self._get_param("applicationName"), None)
    return EmptyResult()


def _configurations(self: CodeDeployResponse) -> dict[str, dict[str, Any]]:
    return self.codedeploy_backend.__dict__.setdefault("deployment_configurations", {})


def create_deployment_config(self: CodeDeployResponse) -> ActionResult:
    """CreateDeploymentConfig."""
    request = json.loads(self.body)
    name = request["deploymentConfigName"]
    if name in _configurations(self):
        raise CodeDeployException(
            "DeploymentConfigAlreadyExistsException", f"The deployment configuration {name} already exists"
        )
    configuration = {"deploymentConfigId": str(uuid4()), "createTime": utcnow(), "computePlatform": "Server", **request}
    _configurations(self)[name] = configuration
    return ActionResult({"deploymentConfigId": configuration["deploymentConfigId"]})


def get_deployment_config(self: CodeDeployResponse) -> ActionResult:
    """GetDeploymentConfig."""
    name = self._get_param("deploymentConfigName")
    if name not in _configurations(self):
        raise CodeDeployException(
            "DeploymentConfigDoesNotExistException", f"No deployment configuration found for name: {name}"
        )
    return ActionResult({"deploymentConfigInfo": _configurations(self)[name]})


def delete_deployment_config(self: CodeDeployResponse) -> EmptyResult:
    """DeleteDeploymentConfig."""
    _configurations(self).pop(self._get_param("deploymentConfigName"), None)
    return EmptyResult()


responses._deployment_group_info = deployment_group_info
for operation in (
    create_deployment_config,
    create_deployment_group,
    delete_application,
    delete_deployment_config,
    delete_deployment_group,
    get_deployment_config,
    update_deployment_group,
):
    setattr(CodeDeployResponse, operation.__name__, operation)
