"""AWS::ECS.

moto 5.2.5 drops settings of a service such as its deployment configuration, and leaves the tasks of a new service
pending for ever.
"""

import json
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores
from moto.ecs.responses import EC2ContainerServiceResponse

from ..api import Properties
from ..errors import ResourceError
from ..resource_type import ResourceType, changed, random_suffix, renamed, without


class Cluster(ResourceType):
    """A cluster. Ref: its name."""

    type = "AWS::ECS::Cluster"
    service = "ecs"
    name = "ClusterName"
    longest_name = 255
    tags = list

    def create(self, properties: Properties) -> str:
        self.call("CreateCluster", self._request(properties))
        return properties["ClusterName"]

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        names = changed(old, new)
        cluster = {"Cluster": physical_id}
        capacity = ("CapacityProviders", "DefaultCapacityProviderStrategy")
        request = without(self._request(new), "ClusterName", "Tags", *capacity)
        if request:
            self.call("UpdateCluster", {**cluster, **request})
        if not names.isdisjoint(capacity):
            self.call("PutClusterCapacityProviders", {**cluster, **{name: new.get(name, []) for name in capacity}})
        self.update_tags(old, new, resource={"ResourceArn": self.arn("ecs", f"cluster/{physical_id}")})

    @staticmethod
    def _request(properties: Properties) -> dict[str, Any]:
        return renamed(properties, ClusterSettings="settings")

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteCluster", {"Cluster": physical_id})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Arn": self.arn("ecs", f"cluster/{physical_id}")}


class TaskDefinition(ResourceType):
    """A revision of a task definition. Ref: its ARN."""

    type = "AWS::ECS::TaskDefinition"
    service = "ecs"
    tags = list

    @classmethod
    def replaces(cls, names: set[str], _old: Properties, _new: Properties) -> bool:
        return names != {"Tags"}

    def create(self, properties: Properties) -> str:
        request = {"Family": f"task-definition-{random_suffix()}", **properties}
        return self.call("RegisterTaskDefinition", request)["taskDefinition"]["taskDefinitionArn"]

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        self.update_tags(old, new, resource={"ResourceArn": physical_id})

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeregisterTaskDefinition", {"TaskDefinition": physical_id})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"TaskDefinitionArn": physical_id}


class Service(ResourceType):
    """A service. Ref: its ARN."""

    type = "AWS::ECS::Service"
    service = "ecs"
    name = "ServiceName"
    longest_name = 255
    replacing = frozenset({"Cluster", "DeploymentController", "LaunchType", "Role", "SchedulingStrategy"})
    tags = list

    def create(self, properties: Properties) -> str:
        return self.call("CreateService", {"DesiredCount": 1, **properties})["service"]["serviceArn"]

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        # CloudFormation sends every property, whatever changed, and ECS refuses any call that carries a task definition
        # (cloudformation-coverage-roadmap #1529, aws-cdk #11243 and #23564).
        if new.get("DeploymentController", {}).get("Type") == "CODE_DEPLOY":
            raise ResourceError(
                "Invalid request provided: UpdateService error: Unable to update task definition on services with a "
                "CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment."
            )
        request = without(new, "ServiceName", "Tags", *self.replacing)
        self.call("UpdateService", {**request, "Cluster": new["Cluster"], "Service": physical_id})
        self.update_tags(old, new, resource={"ResourceArn": physical_id})

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteService", {"Cluster": properties["Cluster"], "Service": physical_id, "Force": True})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Name": properties["ServiceName"], "ServiceArn": physical_id}


_create_service = EC2ContainerServiceResponse.create_service


def create_service(self: EC2ContainerServiceResponse) -> ActionResult:
    """CreateService that keeps all settings, and whose tasks run at once."""
    answer = _create_service(self)
    service = answer.result["service"]
    for name, value in json.loads(self.body).items():
        attribute = camelcase_to_underscores(name)
        if not hasattr(service, attribute) and name not in ("cluster", "serviceName"):
            setattr(service, attribute, value)
    service.running_count, service.pending_count = service.desired_count, 0
    return answer


EC2ContainerServiceResponse.create_service = create_service
