"""AWS::CodeBuild.

moto 5.2.5 demands a location of sources and artifacts that CodePipeline brings, keeps some of a project's properties
only, and has neither UpdateProject nor report groups.
"""

import json
from typing import Any

from moto.codebuild.exceptions import InvalidInputException, ResourceAlreadyExistsException, ResourceNotFoundException
from moto.codebuild.models import CodeBuild
from moto.codebuild.responses import CodeBuildResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import unix_time

from ..api import Properties
from ..resource_type import ResourceType, only, without


class Project(ResourceType):
    """A build project. Ref: its name."""

    type = "AWS::CodeBuild::Project"
    service = "codebuild"
    name = "Name"
    longest_name = 150
    tags = list

    def create(self, properties: Properties) -> str:
        self.call("CreateProject", properties)
        return properties["Name"]

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        # UpdateProject leaves what it is not told: tell it of what is gone.
        gone = {name: DEFAULTS.get(name, {}) for name in old.keys() - new.keys()}
        if "EncryptionKey" in gone:
            gone["EncryptionKey"] = self.arn("kms", "alias/aws/s3")
        self.call("UpdateProject", {**gone, **new})

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteProject", {"Name": physical_id})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Arn": self.arn("codebuild", f"project/{physical_id}")}


class ReportGroup(ResourceType):
    """A group of test reports. Ref: its ARN."""

    type = "AWS::CodeBuild::ReportGroup"
    service = "codebuild"
    name = "Name"
    replacing = frozenset({"Type"})
    tags = list

    def create(self, properties: Properties) -> str:
        return self.call("CreateReportGroup", without(properties, "DeleteReports"))["reportGroup"]["arn"]

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        self.call("UpdateReportGroup", {"Arn": physical_id, **only(new, "ExportConfig", "Tags")})

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteReportGroup", {"Arn": physical_id, **only(properties, "DeleteReports")})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Arn": physical_id}


#: Settings of a project that has none of its own, where they are not an empty object.
DEFAULTS: dict[str, Any] = {
    "Cache": {"Type": "NO_CACHE"},
    "ConcurrentBuildLimit": -1,
    "Description": "",
    "QueuedTimeoutInMinutes": 480,
    "SecondaryArtifacts": [],
    "SecondarySources": [],
    "SecondarySourceVersions": [],
    "SourceVersion": "",
    "Tags": [],
    "TimeoutInMinutes": 60,
}


def create_project(self: CodeBuildResponse) -> ActionResult:
    """CreateProject that keeps everything."""
    request = json.loads(self.body)
    name = request["name"]
    if name in self.codebuild_backend.codebuild_projects:
        raise ResourceAlreadyExistsException(f"Project already exists: {name}")
    for side in ("source", "artifacts"):
        if request[side]["type"] not in ("CODEPIPELINE", "NO_SOURCE", "NO_ARTIFACTS") and not request[side].get(
            "location"
        ):
            raise InvalidInputException(f"Project {side} location is required")
    if not request["serviceRole"].startswith(f"arn:{self.partition}:iam::{self.current_account}:role/"):
        raise InvalidInputException("Invalid service role: Service role account ID does not match caller's account")
    project = CodeBuild(
        self.current_account,
        self.region,
        project_name=name,
        description=None,
        project_source=request["source"],
        artifacts=request["artifacts"],
        environment=request["environment"],
        serviceRole=request["serviceRole"],
        timeout=60,
        queued_timeout=480,
    )
    project.project_metadata |= {"tags": [], **request}
    self.codebuild_backend.codebuild_projects[name] = project
    self.codebuild_backend.build_history[name] = []
    return ActionResult({"project": project.project_metadata})


def update_project(self: CodeBuildResponse) -> ActionResult:
    """UpdateProject."""
    request = json.loads(self.body)
    project = self.codebuild_backend.codebuild_projects.get(request["name"])
    if project is None:
        raise ResourceNotFoundException(f"Project cannot be found: {request['name']}")
    project.project_metadata |= {**request, "lastModifiedDate": unix_time()}
    project.service_role = project.project_metadata["serviceRole"]
    return ActionResult({"project": project.project_metadata})


def _report_groups(self: CodeBuildResponse) -> dict[str, dict[str, Any]]:
    return self.codebuild_backend.__dict__.setdefault("report_groups", {})


def create_report_group(self: CodeBuildResponse) -> ActionResult:
    """CreateReportGroup."""
    request = json.loads(self.body)
    arn = f"arn:{self.partition}:codebuild:{self.region}:{self.current_account}:report-group/{request['name']}"
    if arn in _report_groups(self):
        raise ResourceAlreadyExistsException(f"Report group already exists: {arn}")
    _report_groups(self)[arn] = {**request, "arn": arn, "created": unix_time(), "status": "ACTIVE"}
    return ActionResult({"reportGroup": _report_groups(self)[arn]})


def update_report_group(self: CodeBuildResponse) -> ActionResult:
    """UpdateReportGroup."""
    request = json.loads(self.body)
    if request["arn"] not in _report_groups(self):
        raise ResourceNotFoundException(f"Report group {request['arn']} does not exist")
    _report_groups(self)[request["arn"]] |= request
    return ActionResult({"reportGroup": _report_groups(self)[request["arn"]]})


def delete_report_group(self: CodeBuildResponse) -> EmptyResult:
    """DeleteReportGroup."""
    _report_groups(self).pop(self._get_param("arn"), None)
    return EmptyResult()


def batch_get_report_groups(self: CodeBuildResponse) -> ActionResult:
    """BatchGetReportGroups."""
    arns = self._get_param("reportGroupArns")
    groups = _report_groups(self)
    return ActionResult(
        {
            "reportGroups": [groups[arn] for arn in arns if arn in groups],
            "reportGroupsNotFound": [arn for arn in arns if arn not in groups],
        }
    )


for operation in (
    batch_get_report_groups,
    create_project,
    create_report_group,
    delete_report_group,
    update_project,
    update_report_group,
):
    setattr(CodeBuildResponse, operation.__name__, operation)
