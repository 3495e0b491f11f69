"""AWS::CodePipeline. moto 5.2.5 runs no pipeline and knows no state of one."""

import json
from typing import Any

from moto.codepipeline.responses import CodePipelineResponse

from ..api import Properties
from ..resource_type import ResourceType, only, without


class Pipeline(ResourceType):
    """A pipeline. Ref: its name."""

    type = "AWS::CodePipeline::Pipeline"
    service = "codepipeline"
    name = "Name"
    longest_name = 100
    tags = list

    def create(self, properties: Properties) -> str:
        self.call("CreatePipeline", {"Pipeline": _definition(properties), **only(properties, "Tags")})
        return properties["Name"]

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        if _definition(old) != _definition(new):
            self.call("UpdatePipeline", {"Pipeline": _definition(new)})
        self.update_tags(old, new, resource={"ResourceArn": self.arn("codepipeline", physical_id)})

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeletePipeline", {"Name": physical_id})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Version": str(self.call("GetPipeline", {"Name": physical_id})["pipeline"]["version"])}


def _definition(properties: Properties) -> dict[str, Any]:
    """The API's form: https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_PipelineDeclaration.html."""
    # RestartExecutionOnUpdate is about executions, which moto does not run.
    definition = without(properties, "RestartExecutionOnUpdate", "Tags")
    if "ArtifactStores" in definition:
        definition["ArtifactStores"] = {one["Region"]: one["ArtifactStore"] for one in definition["ArtifactStores"]}
    return definition


def get_pipeline_state(self: CodePipelineResponse) -> str:
    """GetPipelineState of a pipeline that was never executed."""
    pipeline, _ = self.codepipeline_backend.get_pipeline(self._get_param("name"))
    stages = [
        {
            "stageName": stage["name"],
            "inboundTransitionState": {"enabled": True},
            "actionStates": [{"actionName": action["name"]} for action in stage["actions"]],
        }
        for stage in pipeline["stages"]
    ]
    return json.dumps(
        {"pipelineName": pipeline["name"], "pipelineVersion": pipeline["version"], "stageStates": stages}
    )


CodePipelineResponse.get_pipeline_state = get_pipeline_state
