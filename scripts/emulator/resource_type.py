"""What a resource type of the emulated CloudFormation is made of.

A type deploys its resources as CloudFormation does: through the service's API, which here is moto's. So whatever moto
keeps of an API call can be read back, and what the API refuses fails the deployment. moto 5.2.5 has CloudFormation
models of its own for some of the types; the emulator does not use them, because most of them drop properties without
a word, few can be updated and some cannot be deleted.

To add a type, subclass ResourceType in resources/<service>.py, and test in a *.test.ts of this folder that the resource
can be read back, changed and deleted. Where moto's API itself falls short, mend it in the same module, saying what is
wrong with which version of moto.
"""

import random
import string
from collections.abc import Mapping
from typing import Any, ClassVar

from moto.utilities.utils import get_partition

from .api import UNSUPPORTED, Api, Properties
from .errors import ResourceError, ValidationError


def without(properties: Properties, *names: str) -> dict[str, Any]:
    """Properties save some."""
    return {name: value for name, value in properties.items() if name not in names}


def only(properties: Properties, *names: str) -> dict[str, Any]:
    """Some of the properties, as far as they are there."""
    return {name: value for name, value in properties.items() if name in names}


def renamed(properties: Properties, **names: str) -> dict[str, Any]:
    """Properties, some under the name that the API gives them."""
    return {names.get(name, name): value for name, value in properties.items()}


def changed(old: Properties, new: Properties) -> set[str]:
    """Names of the properties that differ."""
    return {name for name in {*old, *new} if old.get(name) != new.get(name)}


def random_suffix(length: int = 12) -> str:
    """Letters and digits such as CloudFormation adds to the names that it makes up."""
    return "".join(random.choices(string.ascii_uppercase + string.digits, k=length))


class ResourceType:
    """One type of resource. Subclasses are instantiated for each operation on a resource.

    Reference of properties, return values and what a change replaces:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
    """

    #: `AWS::Service::Resource`
    type: ClassVar[str]
    #: Service of `call`, as botocore names it.
    service: ClassVar[str]
    #: Property that names the resource. CloudFormation makes up a name when a template gives none.
    name: ClassVar[str | None] = None
    #: Longest name that the service takes.
    longest_name: ClassVar[int] = 128
    #: All properties that the type knows, unless it hands what it gets to one call, whose own names refuse the others;
    #: an operation that takes attributes by name, as those of SNS and SQS do, takes any.
    properties: ClassVar[frozenset[str] | None] = None
    #: Properties that cannot change in place, besides the name.
    replacing: ClassVar[frozenset[str]] = frozenset()
    #: What the property `Tags` is, if the resource has one: list (of keys and values) or dict.
    tags: ClassVar[Any] = None

    #: All types by their name.
    registry: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "type" in cls.__dict__:
            ResourceType.registry[cls.type] = cls

    def __init__(self, api: Api):
        """Work in an account.

        Args:
            api: services of the stack's account and Region
        """
        self.api = api

    def call(self, operation: str, parameters: Properties) -> dict[str, Any]:
        """Call an operation of the type's service; see `Api.call`."""
        return self.api.call(self.service, operation, parameters)

    def arn(self, service: str, resource: str, *, region: bool = True, account: bool = True) -> str:
        """ARN of a resource in the stack's account and Region."""
        return ":".join(
            [
                "arn",
                get_partition(self.api.region),
                service,
                self.api.region if region else "",
                self.api.account_id if account else "",
                resource,
            ]
        )

    @classmethod
    def generated_name(cls, stack: str, logical_id: str) -> str:
        """A name for a resource whose template gives none."""
        suffix = f"-{random_suffix()}"
        return f"{stack}-{logical_id}"[: cls.longest_name - len(suffix)] + suffix

    @classmethod
    def check(cls, logical_id: str, properties: Properties) -> None:
        """Refuse properties that the type does not know.

        Raises:
            ValidationError: naming them
        """
        unknown = set(properties) - cls.properties if cls.properties is not None else set()
        if unknown:
            raise ValidationError(
                f"Encountered unsupported property {', '.join(sorted(unknown))} of {logical_id} ({cls.type}). "
                f"{UNSUPPORTED}"
            )

    @classmethod
    def replaces(cls, names: set[str], _old: Properties, _new: Properties) -> bool:
        """Whether a change of the named properties takes a new resource."""
        return not names.isdisjoint({*cls.replacing, *([cls.name] if cls.name else [])})

    def create(self, properties: Properties) -> str:
        """Create the resource; what it takes more than one call for is left to `configure`.

        Returns:
            its physical id: the value of Ref

        Raises:
            ResourceError: the service refuses
        """
        raise NotImplementedError

    def configure(self, physical_id: str, properties: Properties) -> None:
        """Do what remains to be done about a resource just created. If that fails, the resource is deleted.

        Raises:
            ResourceError: the service refuses
        """

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        """Change the resource in place.

        Raises:
            ResourceError: the service refuses, or a property changed that the emulator cannot change
        """
        raise ResourceError(
            f"The emulator cannot change {', '.join(sorted(changed(old, new)))} of {self.type}: see emulator/resources"
        )

    def delete(self, physical_id: str, properties: Properties) -> None:
        """Delete the resource.

        Raises:
            ResourceError: the service refuses
        """
        raise NotImplementedError

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        """Values of Fn::GetAtt by attribute."""
        return {}

    def update_tags(
        self,
        old: Properties,
        new: Properties,
        *,
        resource: Mapping[str, Any],
        keys: str = "TagKeys",
        tag: str = "TagResource",
        untag: str = "UntagResource",
    ) -> None:
        """Make a resource's tags those of its new properties.

        Args:
            old: properties so far
            new: properties to be
            resource: parameter of the service's operations that names the resource, and its value
            keys: parameter of the operation that removes tags
            tag: operation that sets tags
            untag: operation that removes tags
        """
        before, after = tag_map(old), tag_map(new)
        gone = [key for key in before if key not in after]
        if gone:
            self.call(untag, {**resource, keys: gone})
        if after != before and after:
            self.call(tag, {**resource, "Tags": new["Tags"]})


def tag_map(properties: Properties) -> dict[str, str]:
    """A resource's tags by key."""
    tags = properties.get("Tags") or {}
    return {tag["Key"]: tag["Value"] for tag in tags} if isinstance(tags, list) else dict(tags)
