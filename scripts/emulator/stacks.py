"""Stacks and change sets of the emulated CloudFormation.

Replaces moto 5.2.5's, which reads a template and creates resources but does not do what a deployment relies on: a
stack that came from a change set (as with `aws cloudformation deploy`) has no outputs and no exports; resources are
updated only when their own text or a plain Ref in them changes; a condition that changes, a replacement, DeletionPolicy
during an update and a failure midway are not handled; a type it does not know is skipped.

Here every operation ends before its call returns, so that a waiter's first look finds the result.
"""

import json
import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any
from uuid import uuid4

from moto.utilities.utils import get_partition

from . import authorization
from .accounts import api, role_api
from .api import UNSUPPORTED, Api, Properties
from .authorization import AccessDeniedError, Call
from .errors import (
    AlreadyExistsError,
    ChangeSetNotFoundError,
    InsufficientCapabilitiesError,
    InvalidChangeSetStatusError,
    ResourceError,
    ValidationError,
)
from .existing import EARLY_VALIDATION, identifiers_to_import, name_conflicts
from .resource_type import ResourceType, changed, tag_map
from .stack_policy import DELETE, MODIFY, REPLACE, StackPolicy
from .template import Evaluation, Template

logger = logging.getLogger(__name__)

SERVICE = "cloudformation.amazonaws.com"
NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."
#: Stands in a change set for a value that is known only once its resource has been made.
KNOWN_AFTER_APPLY = "{{changeSet:KNOWN_AFTER_APPLY}}"


class NotYetKnownError(Exception):
    """A change set cannot tell a value, because its resource is still to be made."""


def now() -> datetime:
    """The time, as moto's serializer wants it."""
    return datetime.now(timezone.utc)


@dataclass(frozen=True)
class Resource:
    """A deployed resource."""

    logical_id: str
    type: str
    physical_id: str
    properties: Properties
    attributes: dict[str, Any]
    #: Its entry in the template save Properties: Metadata, DeletionPolicy...
    definition: dict[str, Any]
    dependencies: frozenset[str]
    #: Name that CloudFormation made up, if it did.
    generated_name: str | None
    status: str
    timestamp: datetime = field(default_factory=now)


def _is_retained(definition: dict[str, Any], policy: str) -> bool:
    """Whether a DeletionPolicy or an UpdateReplacePolicy keeps a resource that has been created."""
    return str(definition.get(policy, "")).startswith("Retain")


@dataclass(frozen=True)
class Change:
    """What a change set would do to a resource."""

    action: str
    logical_id: str
    type: str
    physical_id: str | None = None
    replacement: bool | None = None
    properties: tuple[str, ...] = ()
    #: Attributes of the resource, such as Metadata, that change besides properties.
    attributes: tuple[str, ...] = ()
    #: What becomes of it when it is removed or replaced.
    policy_action: str | None = None
    #: Properties before the change, unless it is added, and after it, unless it is removed.
    before: Properties | None = None
    after: Properties | None = None

    def describe(self, with_values: bool) -> dict[str, Any]:
        """The change as DescribeChangeSet tells it.

        Args:
            with_values: whether IncludePropertyValues was asked for
        """
        resource_change: dict[str, Any] = {
            "Action": self.action,
            "LogicalResourceId": self.logical_id,
            "PhysicalResourceId": self.physical_id,
            "ResourceType": self.type,
        }
        if self.policy_action is not None:
            resource_change["PolicyAction"] = self.policy_action
        if with_values:
            contexts = {"BeforeContext": self.before, "AfterContext": self.after}
            resource_change |= {
                name: json.dumps({"Properties": properties}, default=str)
                for name, properties in contexts.items()
                if properties is not None
            }
        if self.action == "Modify":
            resource_change |= {
                "Replacement": str(self.replacement),
                "Scope": [*(["Properties"] if self.properties else []), *self.attributes],
                "Details": [
                    {
                        "Target": {
                            "Attribute": "Properties",
                            "Name": name,
                            "RequiresRecreation": "Always" if self.replacement else "Never",
                        },
                        "Evaluation": "Static",
                        "ChangeSource": "DirectModification",
                    }
                    for name in self.properties
                ],
            }
        return {"Type": "Resource", "ResourceChange": resource_change}


@dataclass
class Submission:
    """What a request submits for a stack."""

    template: Template
    parameters: dict[str, str]
    tags: dict[str, str]
    capabilities: list[str]
    role_arn: str | None
    notification_arns: list[str]


@dataclass
class ChangeSet:
    """A change set."""

    id: str
    name: str
    type: str
    stack: "Stack"
    submission: Submission
    description: str | None
    changes: list[Change]
    status: str
    status_reason: str | None
    execution_status: str
    #: Physical ids of what a change set of type IMPORT imports, by logical id.
    imported: dict[str, str] = field(default_factory=dict)
    #: What was found before it could be executed, as DescribeEvents tells it.
    findings: list[dict[str, Any]] = field(default_factory=list)
    created: datetime = field(default_factory=now)


class Stack:
    """A stack."""

    def __init__(self, name: str, account: "Account", submission: Submission, status: str):
        self.name = name
        self.account = account
        self.id = account.arn(f"stack/{name}/{uuid4()}")
        self.submission = submission
        self.status = status
        self.status_reason: str | None = None
        self.termination_protection = False
        self.policy: StackPolicy | None = None
        self.created = now()
        self.updated: datetime | None = None
        self.deleted: datetime | None = None
        self.events: list[dict[str, Any]] = []
        self.resources: dict[str, Resource] = {}
        #: What updates could not delete, by its ids: no longer the stack's, but still in force.
        self.left_over: dict[str, Resource] = {}
        self.outputs: list[dict[str, Any]] = []
        #: Names of the exports of other stacks that this one uses.
        self.imports: set[str] = set()
        #: Set of an executed change set.
        self.change_set_id: str | None = None

    @property
    def api(self) -> Api:
        """The services as CloudFormation calls them for the stack: as the stack's role, else as whoever asked."""
        role_arn = self.submission.role_arn
        return self.account.caller if role_arn is None else role_api(role_arn, self.account.region)

    @property
    def exports(self) -> dict[str, str]:
        """The stack's exports."""
        return {output["ExportName"]: output["OutputValue"] for output in self.outputs if "ExportName" in output}

    def set_status(self, status: str, reason: str | None = None) -> None:
        """Enter a status, with an event."""
        self.status = status
        self.status_reason = reason
        self.add_event(self.name, self.id, "AWS::CloudFormation::Stack", status, reason)

    def add_event(
        self, logical_id: str, physical_id: str, resource_type: str, status: str, reason: str | None = None
    ) -> None:
        """Record an event of the stack or of one of its resources."""
        self.events.append(
            {
                "StackId": self.id,
                "EventId": str(uuid4()),
                "StackName": self.name,
                "LogicalResourceId": logical_id,
                "PhysicalResourceId": physical_id,
                "ResourceType": resource_type,
                "Timestamp": now(),
                "ResourceStatus": status,
                "ResourceStatusReason": reason,
            }
        )


class Deployment:
    """A submission on its way into a stack: what would change, and the change itself."""

    def __init__(self, stack: Stack, submission: Submission, policy: StackPolicy | None = None):
        """Evaluate what does not depend on resources.

        Args:
            stack: the stack
            submission: what it shall be
            policy: what its resources are protected by; by default the stack's own policy

        Raises:
            ValidationError: the template cannot be deployed
        """
        self.stack = stack
        self.account = stack.account
        self.submission = submission
        pseudo_parameters = {
            "AWS::AccountId": self.account.id,
            "AWS::NotificationARNs": submission.notification_arns,
            "AWS::Partition": get_partition(self.account.region),
            "AWS::Region": self.account.region,
            "AWS::StackId": stack.id,
            "AWS::StackName": stack.name,
            "AWS::URLSuffix": "amazonaws.com",
        }
        self.evaluation = Evaluation(submission.template, submission.parameters, pseudo_parameters)
        self.policy = policy or stack.policy
        # CloudFormation works on everything at once whose dependencies are there. The order in which that goes wrong is
        # to create what is new before what is there has changed: two listeners on a port, say.
        self.order = self.evaluation.order(first=self.evaluation.resources.keys() - stack.resources.keys())
        #: While planning: resources whose physical id and attributes are not known yet.
        self.unknown: set[str] = set()
        self.imports: set[str] = set()

    # What the evaluation asks for (template.Names)

    def ref(self, name: str) -> Any:
        """Physical id of a resource."""
        if name in self.unknown:
            raise NotYetKnownError(name)
        if name not in self.stack.resources:
            raise ValidationError(f"Unresolved resource dependencies [{name}] in the template")
        return self.stack.resources[name].physical_id

    def attribute(self, logical_id: str, attribute: str) -> Any:
        """Attribute of a resource."""
        if logical_id in self.unknown:
            raise NotYetKnownError(logical_id)
        if logical_id not in self.stack.resources:
            raise ValidationError(f"Unresolved resource dependencies [{logical_id}] in the template")
        resource = self.stack.resources[logical_id]
        if attribute not in resource.attributes:
            raise ValidationError(
                f"Template error: resource {logical_id} does not support attribute type {attribute} in Fn::GetAtt"
            )
        return resource.attributes[attribute]

    def exported(self, name: str) -> str:
        """Value of another stack's export."""
        exports = self.account.exports()
        if name not in exports or exports[name]["stack"] is self.stack:
            raise ValidationError(f"No export named {name} found.")
        self.imports.add(name)
        return exports[name]["value"]

    # Planning

    def changes(self) -> list[Change] | None:
        """What deploying would do.

        Returns:
            changes of resources; None if nothing at all changes

        Raises:
            ValidationError: the template refers to what is not there, or changes a resource's type
        """
        changes: list[Change] = []
        self.unknown = set()
        for logical_id in self.order:
            change = self._change(logical_id)
            if change is not None:
                changes.append(change)
                if change.action == "Add" or change.replacement:
                    self.unknown.add(logical_id)
        changes += [
            Change(
                "Remove",
                resource.logical_id,
                resource.type,
                resource.physical_id,
                policy_action="Retain" if _is_retained(resource.definition, "DeletionPolicy") else "Delete",
                before=resource.properties,
            )
            for resource in self._surplus()
        ]
        outputs = self._outputs()
        self.unknown = set()
        if not changes and outputs == self.stack.outputs and self.submission.tags == self.stack.submission.tags:
            return None
        return changes

    def _change(self, logical_id: str) -> Change | None:
        definition = self.evaluation.resources[logical_id]
        existing = self.stack.resources.get(logical_id)
        properties, _ = self._properties(logical_id)
        if existing is None:
            return Change("Add", logical_id, definition["Type"], after=properties)
        if existing.type != definition["Type"]:
            raise ValidationError(
                "Update of resource type is not permitted. The new template modifies resource type of the following "
                f"resources: [{logical_id}]"
            )
        names = changed(existing.properties, properties)
        attributes = changed(existing.definition, _attributes(definition)) - {"DependsOn", "Condition"}
        if not names and not attributes:
            return None
        kind = ResourceType.registry[existing.type]
        replaced = bool(names) and kind.replaces(names, existing.properties, properties)
        kept = _is_retained(definition, "UpdateReplacePolicy")
        return Change(
            "Modify",
            logical_id,
            existing.type,
            existing.physical_id,
            replaced,
            tuple(sorted(names)),
            tuple(sorted(attributes)),
            ("ReplaceAndRetain" if kept else "ReplaceAndDelete") if replaced else None,
            existing.properties,
            properties,
        )

    def _properties(self, logical_id: str, fresh_name: bool = False) -> tuple[Properties, str | None]:
        """A resource's properties, with the stack's tags, and the name in them if it had to be made up."""
        definition = self.evaluation.resources[logical_id]
        kind = ResourceType.registry[definition["Type"]]
        properties = {name: self._value(value) for name, value in (definition.get("Properties") or {}).items()}
        kind.check(logical_id, properties)
        if kind.tags is not None and self.submission.tags and properties.get("Tags") != KNOWN_AFTER_APPLY:
            tags = self.submission.tags | tag_map(properties)
            properties["Tags"] = tags if kind.tags is dict else [{"Key": k, "Value": v} for k, v in tags.items()]
        if kind.name is None or kind.name in properties:
            return properties, None
        existing = self.stack.resources.get(logical_id)
        name = existing.generated_name if existing is not None and not fresh_name else None
        name = name or kind.generated_name(self.stack.name, logical_id)
        return {**properties, kind.name: name}, name

    def _value(self, value: Any) -> Any:
        try:
            return self.evaluation.value(value, self)
        except NotYetKnownError:
            return KNOWN_AFTER_APPLY

    def _surplus(self) -> list[Resource]:
        """Resources that the new template no longer has, dependent ones first."""
        surplus = [resource for name, resource in self.stack.resources.items() if name not in self.evaluation.resources]
        return _dependent_first(surplus)

    def _outputs(self) -> list[dict[str, Any]]:
        outputs = []
        for key, definition in self.evaluation.outputs.items():
            value = self._value(definition["Value"])
            if not isinstance(value, (str, int, float)):
                raise ValidationError(f"Template format error: Output {key} is malformed: its value is no text")
            output = {"OutputKey": key, "OutputValue": str(value)}
            if "Description" in definition:
                output["Description"] = definition["Description"]
            if "Export" in definition:
                output["ExportName"] = self._value(definition["Export"]["Name"])
            outputs.append(output)
        return outputs

    def name_conflicts(self, changes: list[Change]) -> list[dict[str, Any]]:
        """Events of names that resources to be created would take a second time."""
        added = [change for change in changes if change.action == "Add"]
        self.unknown = {change.logical_id for change in added}
        found = name_conflicts(
            self.account.api,
            [(change.logical_id, change.type, self._properties(change.logical_id)[0]) for change in added],
            {"StackId": self.stack.id, "OperationType": "CREATE_CHANGESET", "Timestamp": now()},
        )
        self.unknown = set()
        return found

    # Deploying

    def take_in(self, physical_ids: dict[str, str]) -> None:
        """Make resources that are there part of the stack, as they are.

        Args:
            physical_ids: by logical id
        """
        stack = self.stack
        stack.set_status("IMPORT_IN_PROGRESS", "User Initiated")
        stack.submission = self.submission
        for logical_id, physical_id in physical_ids.items():
            definition = self.evaluation.resources[logical_id]
            properties, generated_name = self._properties(logical_id)
            kind: ResourceType = ResourceType.registry[definition["Type"]](self.account.api)
            stack.resources[logical_id] = Resource(
                logical_id,
                definition["Type"],
                physical_id,
                properties,
                kind.attributes(physical_id, properties),
                _attributes(definition),
                frozenset(self.evaluation.dependencies(logical_id)),
                generated_name,
                "IMPORT_COMPLETE",
            )
            stack.add_event(logical_id, physical_id, definition["Type"], "IMPORT_COMPLETE", "Resource import completed.")
        stack.set_status("IMPORT_COMPLETE")

    def deploy(self, operation: str) -> None:
        """Make the stack what was submitted, or roll back to what it was. The stack's status tells.

        Args:
            operation: CREATE or UPDATE
        """
        stack = self.stack
        stack.set_status(f"{operation}_IN_PROGRESS", "User Initiated")
        before, stack.submission = stack.submission, self.submission
        undo: list[Callable[[], None]] = []
        replaced: list[Resource] = []
        try:
            for logical_id in self.order:
                self._deploy_resource(logical_id, undo, replaced)
            for resource in self._surplus():
                self._check_policy(DELETE, resource)
            outputs = self._outputs()
            self.account.check_exports(stack, outputs)
        except (ResourceError, ValidationError) as error:
            self._roll_back(operation, str(getattr(error, "message", error)), undo)
            stack.submission = before
            return
        stack.outputs, stack.imports = outputs, self.imports
        surplus = [*replaced, *self._surplus()]
        if operation == "UPDATE":
            stack.updated = now()
            if surplus:
                stack.set_status("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        for resource in surplus:
            if stack.resources.get(resource.logical_id) is resource:
                del stack.resources[resource.logical_id]
                policy = resource.definition.get("DeletionPolicy")
            else:
                policy = resource.definition.get("UpdateReplacePolicy")
            try:
                delete_resource(stack, resource, policy)
            except ResourceError:
                # As in AWS, an update stands although what it leaves over cannot be deleted; the event tells.
                stack.left_over[f"{resource.logical_id} {resource.physical_id}"] = resource
        stack.set_status(f"{operation}_COMPLETE")

    def _deploy_resource(self, logical_id: str, undo: list[Callable[[], None]], replaced: list[Resource]) -> None:
        stack = self.stack
        definition = self.evaluation.resources[logical_id]
        existing = stack.resources.get(logical_id)
        try:
            properties, generated_name = self._properties(logical_id)
        except ValidationError as error:
            stack.add_event(logical_id, "", definition["Type"], "CREATE_FAILED", error.message)
            raise
        kind: ResourceType = ResourceType.registry[definition["Type"]](self.stack.api)
        names = changed(existing.properties, properties) if existing is not None else set()
        if existing is not None and self.policy is not None and self._change(logical_id) is not None:
            replaces = names and kind.replaces(names, existing.properties, properties)
            self._check_policy(REPLACE if replaces else MODIFY, existing)
        if existing is not None and names and kind.replaces(names, existing.properties, properties):
            if kind.name is not None and kind.name not in names:
                if generated_name is None:
                    message = (
                        "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
                        f"Rename {properties[kind.name]} and update the stack again."
                    )
                    stack.add_event(logical_id, existing.physical_id, existing.type, "UPDATE_FAILED", message)
                    raise ResourceError(message)
                properties, generated_name = self._properties(logical_id, fresh_name=True)
            replaced.insert(0, existing)
        elif existing is not None:
            if names:
                operate(
                    stack,
                    existing,
                    "UPDATE",
                    lambda: kind.update(existing.physical_id, existing.properties, properties),
                )
                undo.append(lambda: self._undo_update(kind, existing, properties))
            stack.resources[logical_id] = replace(
                existing,
                properties=properties,
                definition=_attributes(definition),
                dependencies=frozenset(self.evaluation.dependencies(logical_id)),
                generated_name=generated_name,
            )
            if names:
                self._read_attributes(logical_id, kind, "UPDATE_COMPLETE")
            return
        resource = Resource(
            logical_id,
            definition["Type"],
            "",
            properties,
            {},
            _attributes(definition),
            frozenset(self.evaluation.dependencies(logical_id)),
            generated_name,
            "CREATE_IN_PROGRESS",
        )

        def create() -> str:
            physical_id = kind.create(properties)
            # From here on there is something to undo, even if the rest fails.
            stack.resources[logical_id] = replace(resource, physical_id=physical_id)
            undo.append(lambda: self._undo_create(stack.resources[logical_id], existing))
            kind.configure(physical_id, properties)
            return physical_id

        operate(stack, resource, "CREATE", create)
        self._read_attributes(logical_id, kind, "CREATE_COMPLETE")

    def _check_policy(self, action: str, resource: Resource) -> None:
        if self.policy is None:
            return
        try:
            self.policy.check(action, resource.logical_id, resource.type)
        except ResourceError as error:
            stack, reason = self.stack, str(error)
            stack.add_event(resource.logical_id, resource.physical_id, resource.type, "UPDATE_FAILED", reason)
            raise

    def _read_attributes(self, logical_id: str, kind: ResourceType, status: str) -> None:
        resource = self.stack.resources[logical_id]
        attributes = kind.attributes(resource.physical_id, resource.properties)
        self.stack.resources[logical_id] = replace(resource, attributes=attributes, status=status, timestamp=now())

    def _undo_update(self, kind: ResourceType, before: Resource, properties: Properties) -> None:
        self.stack.resources[before.logical_id] = before
        operate(self.stack, before, "UPDATE", lambda: kind.update(before.physical_id, properties, before.properties))

    def _undo_create(self, resource: Resource, before: Resource | None) -> None:
        if before is None:
            del self.stack.resources[resource.logical_id]
        else:
            self.stack.resources[resource.logical_id] = before
        policy = resource.definition.get("DeletionPolicy")
        delete_resource(self.stack, resource, None if policy == "RetainExceptOnCreate" else policy)

    def _roll_back(self, operation: str, reason: str, undo: list[Callable[[], None]]) -> None:
        prefix = "" if operation == "CREATE" else "UPDATE_"
        self.stack.set_status(f"{prefix}ROLLBACK_IN_PROGRESS", reason)
        try:
            for step in reversed(undo):
                step()
        except ResourceError as error:
            self.stack.set_status(f"{prefix}ROLLBACK_FAILED", str(error))
        else:
            self.stack.set_status(f"{prefix}ROLLBACK_COMPLETE", reason)


def _attributes(definition: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in definition.items() if name not in ("Type", "Properties")}


def _dependent_first(resources: Iterable[Resource]) -> list[Resource]:
    """Resources, each before those it depends on."""
    waiting = {resource.logical_id: resource for resource in reversed(list(resources))}
    ordered = []
    while waiting:
        needed = {name for resource in waiting.values() for name in resource.dependencies}
        # A circle can only come from several deployments of which each was in order: break it anywhere.
        chosen = next((name for name in waiting if name not in needed), next(iter(waiting)))
        ordered.append(waiting.pop(chosen))
    return ordered


def operate(stack: Stack, resource: Resource, operation: str, work: Callable[[], Any]) -> Any:
    """Work on a resource, with events of its progress.

    Args:
        stack: the resource's stack
        resource: the resource; one that is being created has no physical id yet
        operation: CREATE, UPDATE or DELETE
        work: what to do; returns the physical id when it creates

    Raises:
        ResourceError: the work failed
    """

    def event(status: str, physical_id: str, reason: str | None = None) -> None:
        stack.add_event(resource.logical_id, physical_id, resource.type, f"{operation}_{status}", reason)

    event("IN_PROGRESS", resource.physical_id)
    try:
        result = work()
    except Exception as error:
        if isinstance(error, ResourceError):
            reason = str(error)
        elif isinstance(error, KeyError):
            reason = f"Property {error} is required and missing, or has a value that the emulator does not know"
        else:
            reason = repr(error)
        logger.warning("%s of %s %s failed", operation, resource.type, resource.logical_id, exc_info=True)
        event("FAILED", resource.physical_id, reason)
        raise ResourceError(reason) from error
    event("COMPLETE", result if operation == "CREATE" else resource.physical_id)
    return result


def delete_resource(stack: Stack, resource: Resource, policy: str | None) -> None:
    """Delete a resource, unless its policy is to retain it.

    Raises:
        ResourceError: the service refuses
    """
    if policy in ("Retain", "RetainExceptOnCreate"):
        stack.add_event(resource.logical_id, resource.physical_id, resource.type, "DELETE_SKIPPED")
        return
    kind: ResourceType = ResourceType.registry[resource.type](stack.api)
    operate(stack, resource, "DELETE", lambda: kind.delete(resource.physical_id, resource.properties))


class Account:
    """The stacks of one account in one Region."""

    def __init__(self, account_id: str, region: str, api: Api):
        self.id = account_id
        self.region = region
        #: The services as the account's administrator calls them.
        self.api = api
        #: The services as whoever makes the current request calls them.
        self.caller = api
        self.lock = threading.RLock()
        self.stacks: dict[str, Stack] = {}
        self.deleted: dict[str, Stack] = {}
        self.change_sets: dict[str, ChangeSet] = {}

    def arn(self, resource: str) -> str:
        """ARN of something of CloudFormation's."""
        return f"arn:{get_partition(self.region)}:cloudformation:{self.region}:{self.id}:{resource}"

    def stack(self, name_or_id: str) -> Stack:
        """A stack by its name, or by its id even when it has been deleted.

        Raises:
            ValidationError: there is none
        """
        for stack in self.stacks.values():
            if name_or_id in (stack.name, stack.id):
                return stack
        if name_or_id in self.deleted:
            return self.deleted[name_or_id]
        raise ValidationError(f"Stack with id {name_or_id} does not exist")

    def exports(self) -> dict[str, dict[str, Any]]:
        """All exports: stack and value by name."""
        return {
            name: {"stack": stack, "value": value}
            for stack in self.stacks.values()
            for name, value in stack.exports.items()
        }

    def importers(self, name: str) -> list[str]:
        """Names of the stacks that import an export."""
        return [stack.name for stack in self.stacks.values() if name in stack.imports]

    def check_exports(self, stack: Stack, outputs: list[dict[str, Any]]) -> None:
        """Refuse a stack's new exports where they clash with other stacks.

        Raises:
            ValidationError: another stack has such an export, or uses one that goes away or changes
        """
        exports = {output["ExportName"]: output["OutputValue"] for output in outputs if "ExportName" in output}
        for name in exports:
            owner = self.exports().get(name, {}).get("stack", stack)
            if owner is not stack:
                raise ValidationError(f"Export with name {name} is already exported by stack {owner.name}.")
        for name, value in stack.exports.items():
            importers = self.importers(name)
            if importers and exports.get(name) != value:
                verb = "updated" if name in exports else "deleted"
                raise ValidationError(f"Export {name} cannot be {verb} as it is in use by {' and '.join(importers)}")

    def check(self, submission: Submission, stack_name: str) -> None:
        """Refuse a submission that CloudFormation would not start on.

        Raises:
            ValidationError: a resource type that the emulator does not know, or a role that is not there, or does not
                trust CloudFormation
            InsufficientCapabilitiesError: the template makes IAM resources and nobody acknowledged it
        """
        types = {resource["Type"] for resource in submission.template.resources.values()}
        unknown = sorted(types - set(ResourceType.registry))
        if unknown:
            raise ValidationError(
                f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]. {UNSUPPORTED}"
            )
        needed = submission.template.capabilities()
        given = {"CAPABILITY_IAM"} if "CAPABILITY_NAMED_IAM" in submission.capabilities else set()
        if not set(needed) <= given | set(submission.capabilities):
            raise InsufficientCapabilitiesError(f"Requires capabilities : [{', '.join(needed)}]")
        if submission.role_arn is not None:
            prefix = f"arn:{get_partition(self.region)}:iam::{self.id}:role/"
            try:
                if not submission.role_arn.startswith(prefix):
                    raise ResourceError("of another account")
                self.api.call("iam", "GetRole", {"RoleName": submission.role_arn.split("/")[-1]})
                if authorization.gate is not None:
                    arn = self.arn(f"stack/{stack_name}/{uuid4()}")
                    service = {"service": SERVICE, "sourceAccount": self.id, "sourceArn": arn}
                    assume = Call("sts", self.region, "AssumeRole", {"RoleArn": submission.role_arn})
                    authorization.gate.ask(service, assume)
            except (ResourceError, AccessDeniedError) as error:
                raise ValidationError(f"Role {submission.role_arn} is invalid or cannot be assumed") from error

    def create_stack(self, name: str, submission: Submission) -> Stack:
        """Create a stack.

        Raises:
            AlreadyExistsError: there is one of that name
            ValidationError: the submission is refused
        """
        if any(stack.name == name for stack in self.stacks.values()):
            raise AlreadyExistsError(f"Stack [{name}] already exists")
        self.check(submission, name)
        stack = Stack(name, self, submission, "CREATE_IN_PROGRESS")
        deployment = Deployment(stack, submission)
        deployment.changes()
        self.stacks[stack.id] = stack
        deployment.deploy("CREATE")
        return stack

    def update_stack(
        self, stack: Stack, submission: Submission, policy: StackPolicy | None, override: StackPolicy | None
    ) -> None:
        """Update a stack.

        Args:
            stack: the stack
            submission: what it shall be
            policy: the stack's policy from now on; None leaves it as it is
            override: what holds in the place of the stack's policy for this update

        Raises:
            ValidationError: the submission is refused, changes nothing, or the stack cannot be updated
        """
        self.check_updatable(stack)
        self.check(submission, stack.name)
        deployment = Deployment(stack, submission, override)
        new_policy = policy is not None and (stack.policy is None or policy.body != stack.policy.body)
        if deployment.changes() is None and not new_policy:
            raise ValidationError("No updates are to be performed.")
        deployment.deploy("UPDATE")
        # A policy that comes with an update is for the next one (LocalStack, test_set_policy_with_update_operation).
        if new_policy and stack.status == "UPDATE_COMPLETE":
            stack.policy = policy
        self._outdate_change_sets(stack)

    def check_updatable(self, stack: Stack) -> None:
        """Refuse to update a stack in the wrong status.

        Raises:
            ValidationError: the stack cannot be updated
        """
        if stack.status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"):
            raise ValidationError(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")

    def create_change_set(
        self,
        stack_name: str,
        name: str,
        kind: str,
        description: str | None,
        submission: Submission,
        to_import: Iterable[dict[str, Any]] = (),
    ) -> ChangeSet:
        """Create a change set, and the stack that it is for unless there is one.

        Args:
            stack_name: name or id of the stack
            name: of the change set
            kind: CREATE, UPDATE or IMPORT
            description: of the change set
            submission: what is to be deployed
            to_import: the request's ResourcesToImport

        Raises:
            ValidationError: the submission is refused, or type and stack do not fit
            AlreadyExistsError: the stack has a change set of that name
        """
        stack = next((stack for stack in self.stacks.values() if stack_name in (stack.name, stack.id)), None)
        if kind == "CREATE" and stack is not None and stack.status != "REVIEW_IN_PROGRESS":
            raise ValidationError(
                f"Stack [{stack_name}] already exists and cannot be created again with the changeSet [{name}]."
            )
        if kind == "UPDATE":
            if stack is None:
                raise ValidationError(f"Stack [{stack_name}] does not exist")
            self.check_updatable(stack)
        self.check(submission, stack_name)
        if stack is None:
            stack = Stack(stack_name, self, submission, "REVIEW_IN_PROGRESS")
        existing = next((one for one in self.change_sets.values() if one.stack is stack and one.name == name), None)
        # AWS refuses any name that is taken. `aws cloudformation deploy` takes the second for a name, in which the
        # emulator can do two deployments: let the name of a change set go that can no longer be executed.
        if existing is not None and existing.execution_status == "AVAILABLE":
            raise AlreadyExistsError(f"ChangeSet {name} cannot be created because it already exists")
        deployment, imported, findings = Deployment(stack, submission), {}, []
        try:
            changes, failure = deployment.changes(), NO_CHANGES
        except ValidationError as error:
            if not error.message.startswith("No export named"):
                raise
            changes, failure = None, error.message
        if kind == "IMPORT":
            imported = self._check_import(stack, submission, changes or [], to_import)
            changes = [
                replace(change, action="Import", physical_id=imported[change.logical_id]) for change in changes or []
            ]
        elif changes is not None:
            findings = deployment.name_conflicts(changes)
            changes, failure = (None, EARLY_VALIDATION) if findings else (changes, failure)
        if existing is not None:
            del self.change_sets[existing.id]
        if stack.id not in self.stacks:
            self.stacks[stack.id] = stack
            stack.set_status("REVIEW_IN_PROGRESS", "User Initiated")
        change_set = ChangeSet(
            self.arn(f"changeSet/{name}/{uuid4()}"),
            name,
            kind,
            stack,
            submission,
            description,
            changes or [],
            "FAILED" if changes is None else "CREATE_COMPLETE",
            failure if changes is None else None,
            "UNAVAILABLE" if changes is None else "AVAILABLE",
            imported,
            findings,
        )
        self.change_sets[change_set.id] = change_set
        return change_set

    def _check_import(
        self, stack: Stack, submission: Submission, changes: list[Change], to_import: Iterable[dict[str, Any]]
    ) -> dict[str, str]:
        """Physical ids of what is to be imported, by logical id.

        Raises:
            ValidationError: the change set would do anything else as well, or a resource cannot be imported
        """
        owned = {
            (resource.type, resource.physical_id): owner.name
            for owner in self.stacks.values()
            for resource in owner.resources.values()
        }
        imported = identifiers_to_import(self.api, submission.template, to_import, owned)
        others = [one.logical_id for one in changes if one.action != "Add" or one.logical_id not in imported]
        if others:
            raise ValidationError(f"As part of the import operation, you cannot modify or add [{', '.join(others)}]")
        if submission.template.outputs:
            raise ValidationError("As part of the import operation, you cannot modify or add [Outputs]")
        return imported

    def change_set(self, name_or_id: str, stack_name: str | None) -> ChangeSet:
        """A change set by its id, or by its name and its stack's.

        Raises:
            ChangeSetNotFoundError: there is none
        """
        for change_set in self.change_sets.values():
            same_stack = stack_name in (change_set.stack.name, change_set.stack.id)
            if change_set.id == name_or_id or (change_set.name == name_or_id and same_stack):
                return change_set
        raise ChangeSetNotFoundError(f"ChangeSet [{name_or_id}] does not exist")

    def execute_change_set(self, change_set: ChangeSet) -> None:
        """Deploy a change set.

        Raises:
            InvalidChangeSetStatusError: it has been executed, or holds nothing that can be
        """
        if change_set.execution_status != "AVAILABLE":
            status = change_set.status if change_set.status == "FAILED" else change_set.execution_status
            raise InvalidChangeSetStatusError(
                f"ChangeSet [{change_set.id}] cannot be executed in its current status of [{status}]"
            )
        deployment = Deployment(change_set.stack, change_set.submission)
        change_set.stack.change_set_id = change_set.id
        if change_set.type == "IMPORT":
            deployment.take_in(change_set.imported)
        else:
            deployment.deploy(change_set.type)
        succeeded = change_set.stack.status.removeprefix(change_set.type) == "_COMPLETE"
        change_set.execution_status = "EXECUTE_COMPLETE" if succeeded else "EXECUTE_FAILED"
        self._outdate_change_sets(change_set.stack)

    def _outdate_change_sets(self, stack: Stack) -> None:
        for change_set in self.change_sets.values():
            if change_set.stack is stack and change_set.execution_status == "AVAILABLE":
                change_set.execution_status = "OBSOLETE"

    def delete_stack(self, stack: Stack, retain: list[str]) -> None:
        """Delete a stack. Its status tells whether that worked.

        Raises:
            ValidationError: the stack is protected
        """
        if stack.termination_protection:
            raise ValidationError(f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled")
        if retain and stack.status != "DELETE_FAILED":
            raise ValidationError(
                f"Invalid operation on stack [{stack.id}]. Resources can only be retained from a stack in DELETE_FAILED"
            )
        used = [(name, self.importers(name)) for name in stack.exports if self.importers(name)]
        if used:
            # AWS goes back to the status before, which a waiter for the deletion waits on for an hour. Here it fails.
            name, importers = used[0]
            stack.set_status(
                "DELETE_FAILED", f"Export {name} cannot be deleted as it is in use by {' and '.join(importers)}"
            )
            return
        stack.set_status("DELETE_IN_PROGRESS", "User Initiated")
        failed: list[str] = []
        needed: set[str] = set()
        for resource in _dependent_first(stack.resources.values()):
            if resource.logical_id in needed:
                needed |= resource.dependencies
                continue
            policy = "Retain" if resource.logical_id in retain else resource.definition.get("DeletionPolicy")
            try:
                delete_resource(stack, resource, policy)
            except ResourceError:
                failed.append(resource.logical_id)
                needed |= resource.dependencies
            else:
                del stack.resources[resource.logical_id]
        if failed:
            stack.set_status("DELETE_FAILED", f"The following resource(s) failed to delete: [{', '.join(failed)}].")
            return
        stack.deleted = now()
        stack.outputs = []
        stack.imports = set()
        stack.set_status("DELETE_COMPLETE")
        self.deleted[stack.id] = self.stacks.pop(stack.id)
        for change_set_id in [one.id for one in self.change_sets.values() if one.stack is stack]:
            del self.change_sets[change_set_id]


#: Stacks by account and Region.
accounts: dict[tuple[str, str], Account] = {}


def account(account_id: str, region: str) -> Account:
    """The stacks of an account in a Region."""
    return accounts.setdefault((account_id, region), Account(account_id, region, api(account_id, region)))


def deployed() -> dict[tuple[str, str], Resource]:
    """The resources of all stacks by the stack's id and their logical id, and what they left over."""
    stacks = [stack for account in list(accounts.values()) for stack in list(account.stacks.values())]
    return {
        (stack.id, name): resource
        for stack in stacks
        for name, resource in [*stack.resources.items(), *stack.left_over.items()]
    }
