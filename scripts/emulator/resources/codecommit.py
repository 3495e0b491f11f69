"""AWS::CodeCommit. moto 5.2.5 has CreateRepository, GetRepository and DeleteRepository, and drops tags and the key."""

import json
from typing import Any

from moto.codecommit.responses import CodeCommitResponse
from moto.core.exceptions import JsonRESTError
from moto.core.utils import iso_8601_datetime_with_milliseconds

from ..api import Properties
from ..resource_type import ResourceType, changed, only


class Repository(ResourceType):
    """A git repository. Ref: its id."""

    type = "AWS::CodeCommit::Repository"
    service = "codecommit"
    name = "RepositoryName"
    properties = frozenset({"KmsKeyId", "RepositoryDescription", "RepositoryName", "Tags"})
    tags = list

    def create(self, properties: Properties) -> str:
        return self.call("CreateRepository", properties)["repositoryMetadata"]["repositoryId"]

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        repository = only(new, "RepositoryName")
        if "RepositoryDescription" in changed(old, new):
            description = {"RepositoryDescription": "", **only(new, "RepositoryDescription")}
            self.call("UpdateRepositoryDescription", {**repository, **description})
        if "KmsKeyId" in changed(old, new):
            self.call(
                "UpdateRepositoryEncryptionKey", {**repository, "KmsKeyId": new.get("KmsKeyId", "alias/aws/codecommit")}
            )
        self.update_tags(old, new, resource={"ResourceArn": self.arn("codecommit", new["RepositoryName"])})

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteRepository", only(properties, "RepositoryName"))

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        repository = self.call("GetRepository", only(properties, "RepositoryName"))["repositoryMetadata"]
        return {
            "Arn": repository["Arn"],
            "CloneUrlHttp": repository["cloneUrlHttp"],
            "CloneUrlSsh": repository["cloneUrlSsh"],
            "Name": repository["repositoryName"],
        }


_create_repository = CodeCommitResponse.create_repository


def create_repository(self: CodeCommitResponse) -> str:
    """CreateRepository that keeps the key and the tags."""
    answer = json.loads(_create_repository(self))
    repository = self.codecommit_backend.get_repository(self._get_param("repositoryName"))
    repository["kmsKeyId"] = self._get_param("kmsKeyId", "alias/aws/codecommit")
    self.codecommit_backend.repositories[repository["repositoryName"]].tags = self._get_param("tags", {})
    return json.dumps({**answer, "repositoryMetadata": repository})


def _change(self: CodeCommitResponse, name: str) -> str:
    repository = self.codecommit_backend.get_repository(self._get_param("repositoryName"))
    repository[name] = self._get_param(name)
    repository["lastModifiedDate"] = iso_8601_datetime_with_milliseconds()
    return json.dumps({})


def update_repository_description(self: CodeCommitResponse) -> str:
    """UpdateRepositoryDescription."""
    return _change(self, "repositoryDescription")


def update_repository_encryption_key(self: CodeCommitResponse) -> str:
    """UpdateRepositoryEncryptionKey."""
    return _change(self, "kmsKeyId")


def get_branch(self: CodeCommitResponse) -> str:
    """GetBranch of a repository that nobody ever pushes to."""
    self.codecommit_backend.get_repository(self._get_param("repositoryName"))
    raise JsonRESTError("BranchDoesNotExistException", f"The branch {self._get_param('branchName')} does not exist")


def list_repositories(self: CodeCommitResponse) -> str:
    """ListRepositories."""
    repositories = [one.repository_metadata for one in self.codecommit_backend.repositories.values()]
    return json.dumps(
        {"repositories": [{name: one[name] for name in ("repositoryName", "repositoryId")} for one in repositories]}
    )


def _tags(self: CodeCommitResponse) -> dict[str, str]:
    name = self._get_param("resourceArn").split(":")[-1]
    self.codecommit_backend.get_repository(name)
    return self.codecommit_backend.repositories[name].tags


def list_tags_for_resource(self: CodeCommitResponse) -> str:
    """ListTagsForResource."""
    return json.dumps({"tags": _tags(self)})


def tag_resource(self: CodeCommitResponse) -> str:
    """TagResource."""
    _tags(self).update(self._get_param("tags"))
    return json.dumps({})


def untag_resource(self: CodeCommitResponse) -> str:
    """UntagResource."""
    for key in self._get_param("tagKeys"):
        _tags(self).pop(key, None)
    return json.dumps({})


for operation in (
    create_repository,
    get_branch,
    list_repositories,
    list_tags_for_resource,
    tag_resource,
    untag_resource,
    update_repository_description,
    update_repository_encryption_key,
):
    setattr(CodeCommitResponse, operation.__name__, operation)
