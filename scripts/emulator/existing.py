"""Resources that are there before their stack is: names that a change set finds taken, and resources that it imports.

User Guide, "Import AWS resources into a CloudFormation stack" and "Validate stack deployments".
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import uuid4

from .api import Api
from .errors import ResourceError, ValidationError
from .template import Template

#: What AWS says of a change set that would take names twice.
EARLY_VALIDATION = (
    "The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]. To troubleshoot Early "
    "Validation errors, use the DescribeEvents API for detailed failure information."
)


def _log_group(api: Api, name: str) -> bool:
    groups = api.call("logs", "DescribeLogGroups", {"LogGroupNamePrefix": name})["logGroups"]
    return any(group["logGroupName"] == name for group in groups)


#: The property that identifies a resource (its primary identifier), and how to see whether it is there, by type.
IDENTIFIED: dict[str, tuple[str, Callable[[Api, str], Any]]] = {
    "AWS::ECR::Repository": (
        "RepositoryName",
        lambda api, name: api.call("ecr", "DescribeRepositories", {"RepositoryNames": [name]}),
    ),
    "AWS::KMS::Key": ("KeyId", lambda api, key: api.call("kms", "DescribeKey", {"KeyId": key})),
    "AWS::Logs::LogGroup": ("LogGroupName", _log_group),
    "AWS::S3::Bucket": ("BucketName", lambda api, name: api.call("s3", "HeadBucket", {"Bucket": name})),
    "AWS::SQS::Queue": ("QueueUrl", lambda api, url: api.call("sqs", "GetQueueAttributes", {"QueueUrl": url})),
}


def exists(api: Api, resource_type: str, identifier: str) -> bool:
    """Whether there is a resource of a type that can be looked for."""
    try:
        return bool(IDENTIFIED[resource_type][1](api, identifier))
    except ResourceError:
        return False


def name_conflicts(
    api: Api, added: Iterable[tuple[str, str, Mapping[str, Any]]], context: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The events of names that are taken. Only identifiers that stand in a template can be looked at.

    Args:
        api: services of the stack's account and Region
        added: logical id, type and properties of the resources that are to be created
        context: what every event has: StackId and so on
    """
    events = []
    for logical_id, resource_type, properties in added:
        identifier = properties.get(IDENTIFIED.get(resource_type, ("", None))[0])
        if isinstance(identifier, str) and exists(api, resource_type, identifier):
            events.append(
                {
                    **context,
                    "EventId": str(uuid4()),
                    "EventType": "VALIDATION_ERROR",
                    "LogicalResourceId": logical_id,
                    "PhysicalResourceId": "",
                    "ResourceType": resource_type,
                    "ValidationFailureMode": "FAIL",
                    "ValidationName": "NAME_CONFLICT_VALIDATION",
                    "ValidationStatus": "FAILED",
                    "ValidationStatusReason": (
                        f"Resource of type '{resource_type}' with identifier '{identifier}' already exists."
                    ),
                    "ValidationPath": f"/Resources/{logical_id}",
                }
            )
    return events


def identifiers_to_import(
    api: Api, template: Template, wanted: Iterable[Mapping[str, Any]], owned: Mapping[tuple[str, str], str]
) -> dict[str, str]:
    """The identifiers of the resources that a change set of type IMPORT names, by logical id.

    Args:
        api: services of the stack's account and Region
        template: of the whole stack, the resources to import included
        wanted: the request's ResourcesToImport
        owned: names of stacks by type and physical id of their resources

    Raises:
        ValidationError: one cannot be imported
    """
    found = {}
    for resource in wanted:
        logical_id, resource_type = resource["LogicalResourceId"], resource["ResourceType"]
        definition = template.resources.get(logical_id)
        if definition is None or definition["Type"] != resource_type:
            raise ValidationError(f"Resource {logical_id} of type {resource_type} to import is not in the template")
        if "DeletionPolicy" not in definition:
            raise ValidationError(f"Resources [{logical_id}] to import must have a DeletionPolicy in the template")
        key, _ = IDENTIFIED.get(resource_type, ("", None))
        if set(resource["ResourceIdentifier"]) != {key}:
            raise ValidationError(f"Resource type {resource_type} cannot be imported by {resource['ResourceIdentifier']}")
        identifier = resource["ResourceIdentifier"][key]
        if (resource_type, identifier) in owned:
            stack = owned[resource_type, identifier]
            raise ValidationError(f"Resource {identifier} to import is already in the stack {stack}")
        if not exists(api, resource_type, identifier):
            raise ValidationError(f"Resource of type '{resource_type}' with identifier '{identifier}' was not found.")
        found[logical_id] = identifier
    return found

