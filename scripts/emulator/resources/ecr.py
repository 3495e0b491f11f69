"""AWS::ECR."""

from typing import Any

from ..api import Properties
from ..resource_type import ResourceType, changed, only, renamed


def _mutability(properties: Properties) -> dict[str, Any]:
    request = only(properties, "ImageTagMutability")
    if "ImageTagMutabilityExclusionFilters" in properties:
        request["imageTagMutabilityExclusionFilters"] = [
            renamed(
                one,
                ImageTagMutabilityExclusionFilterType="filterType",
                ImageTagMutabilityExclusionFilterValue="filter",
            )
            for one in properties["ImageTagMutabilityExclusionFilters"]
        ]
    return request


class Repository(ResourceType):
    """A repository of images. Ref: its name."""

    type = "AWS::ECR::Repository"
    service = "ecr"
    name = "RepositoryName"
    longest_name = 256
    replacing = frozenset({"EncryptionConfiguration"})
    properties = replacing | {
        "EmptyOnDelete", "ImageScanningConfiguration", "ImageTagMutability", "ImageTagMutabilityExclusionFilters",
        "LifecyclePolicy", "RepositoryName", "RepositoryPolicyText", "Tags",
    }  # fmt: skip
    tags = list

    @classmethod
    def generated_name(cls, stack: str, logical_id: str) -> str:
        return super().generated_name(stack, logical_id).lower()

    def create(self, properties: Properties) -> str:
        created = only(properties, "RepositoryName", "EncryptionConfiguration", "ImageScanningConfiguration", "Tags")
        self.call("CreateRepository", {**created, **_mutability(properties)})
        return properties["RepositoryName"]

    def configure(self, physical_id: str, properties: Properties) -> None:
        self._set_policies(physical_id, {}, properties)

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        repository = {"RepositoryName": physical_id}
        names = changed(old, new)
        if names & {"ImageTagMutability", "ImageTagMutabilityExclusionFilters"}:
            self.call("PutImageTagMutability", {**repository, "ImageTagMutability": "MUTABLE", **_mutability(new)})
        if "ImageScanningConfiguration" in names:
            scanning = new.get("ImageScanningConfiguration", {"ScanOnPush": False})
            self.call("PutImageScanningConfiguration", {**repository, "ImageScanningConfiguration": scanning})
        self._set_policies(physical_id, old, new)
        self.update_tags(old, new, resource={"ResourceArn": self.arn("ecr", f"repository/{physical_id}")})

    def _set_policies(self, repository: str, old: Properties, new: Properties) -> None:
        names = changed(old, new)
        if "LifecyclePolicy" in names:
            if "LifecyclePolicy" in new:
                self.call("PutLifecyclePolicy", {"RepositoryName": repository, **new["LifecyclePolicy"]})
            else:
                self.call("DeleteLifecyclePolicy", {"RepositoryName": repository})
        if "RepositoryPolicyText" in names:
            if "RepositoryPolicyText" in new:
                text = {"RepositoryName": repository, "PolicyText": new["RepositoryPolicyText"]}
                self.call("SetRepositoryPolicy", text)
            else:
                self.call("DeleteRepositoryPolicy", {"RepositoryName": repository})

    def delete(self, physical_id: str, properties: Properties) -> None:
        force = properties.get("EmptyOnDelete", False)
        self.call("DeleteRepository", {"RepositoryName": physical_id, "Force": force})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        registry = f"{self.api.account_id}.dkr.ecr.{self.api.region}.amazonaws.com"
        return {
            "Arn": self.arn("ecr", f"repository/{physical_id}"),
            "RepositoryUri": f"{registry}/{physical_id}",
        }
