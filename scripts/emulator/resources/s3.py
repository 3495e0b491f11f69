"""AWS::S3.

moto 5.2.5 takes a statement of a bucket policy whose condition does not hold for a denial, even where the statement
would deny; and it refuses to log to a bucket whose policy does not admit the logs yet, which AWS does not ask for.
"""

from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

from ..api import Properties
from ..resource_type import ResourceType, changed, only, random_suffix, renamed, without


def _encryption(value: Any) -> dict[str, Any]:
    rules = [
        renamed(rule, ServerSideEncryptionByDefault="ApplyServerSideEncryptionByDefault")
        for rule in value["ServerSideEncryptionConfiguration"]
    ]
    return {"ServerSideEncryptionConfiguration": {"Rules": rules}}


def _lifecycle(value: Any) -> dict[str, Any]:
    return {"LifecycleConfiguration": {"Rules": [_lifecycle_rule(rule) for rule in value["Rules"]]}}


def _lifecycle_rule(rule: Properties) -> dict[str, Any]:
    """The API's form: https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html."""
    request = without(
        rule, "Id", "Prefix", "ExpirationInDays", "ExpiredObjectDeleteMarker", "NoncurrentVersionExpirationInDays",
        "Transitions",
    )  # fmt: skip
    expiration = {
        **({"Days": rule["ExpirationInDays"]} if "ExpirationInDays" in rule else {}),
        **only(rule, "ExpiredObjectDeleteMarker"),
    }
    if expiration:
        request["Expiration"] = expiration
    if "NoncurrentVersionExpirationInDays" in rule:
        request["NoncurrentVersionExpiration"] = {"NoncurrentDays": rule["NoncurrentVersionExpirationInDays"]}
    if "Transitions" in rule:
        request["Transitions"] = [renamed(one, TransitionInDays="Days") for one in rule["Transitions"]]
    return {"ID": rule.get("Id", random_suffix().lower()), "Filter": {"Prefix": rule.get("Prefix", "")}, **request}


def _logging(value: Any) -> dict[str, Any]:
    target = renamed(value, DestinationBucketName="TargetBucket", LogFilePrefix="TargetPrefix")
    return {"BucketLoggingStatus": {"LoggingEnabled": {"TargetPrefix": "", **target}}}


#: For each property: the operation that sets it, that operation's parameters, and the operation that removes it.
CONFIGURATIONS: dict[str, tuple[str, Any, str | None]] = {
    "BucketEncryption": ("PutBucketEncryption", _encryption, "DeleteBucketEncryption"),
    "LifecycleConfiguration": ("PutBucketLifecycleConfiguration", _lifecycle, "DeleteBucketLifecycle"),
    "LoggingConfiguration": ("PutBucketLogging", _logging, None),
    "OwnershipControls": (
        "PutBucketOwnershipControls",
        lambda value: {"OwnershipControls": value},
        "DeleteBucketOwnershipControls",
    ),
    "PublicAccessBlockConfiguration": (
        "PutPublicAccessBlock",
        lambda value: {"PublicAccessBlockConfiguration": value},
        "DeletePublicAccessBlock",
    ),
    "Tags": ("PutBucketTagging", lambda value: {"Tagging": {"TagSet": value}}, "DeleteBucketTagging"),
    "VersioningConfiguration": ("PutBucketVersioning", lambda value: {"VersioningConfiguration": value}, None),
}
#: What turns a property off that no operation removes.
OFF: dict[str, dict[str, Any]] = {
    "LoggingConfiguration": {"BucketLoggingStatus": {}},
    "VersioningConfiguration": {"VersioningConfiguration": {"Status": "Suspended"}},
}


class Bucket(ResourceType):
    """A bucket. Ref: its name."""

    type = "AWS::S3::Bucket"
    service = "s3"
    name = "BucketName"
    longest_name = 63
    properties = frozenset({"BucketName", *CONFIGURATIONS})
    tags = list

    @classmethod
    def generated_name(cls, stack: str, logical_id: str) -> str:
        return super().generated_name(stack, logical_id).lower()

    def create(self, properties: Properties) -> str:
        request: dict[str, Any] = {"Bucket": properties["BucketName"]}
        # The one Region that is no LocationConstraint (S3 API Reference, "CreateBucket").
        if self.api.region != "us-east-1":
            request["CreateBucketConfiguration"] = {"LocationConstraint": self.api.region}
        self.call("CreateBucket", request)
        return properties["BucketName"]

    def configure(self, physical_id: str, properties: Properties) -> None:
        self.update(physical_id, {"BucketName": physical_id}, properties)

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        for name in sorted(changed(old, new)):
            put, parameters, delete = CONFIGURATIONS[name]
            if name in new:
                self.call(put, {"Bucket": physical_id, **parameters(new[name])})
            elif delete is not None:
                self.call(delete, {"Bucket": physical_id})
            else:
                self.call(put, {"Bucket": physical_id, **OFF[name]})

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteBucket", {"Bucket": physical_id})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        regional = f"{physical_id}.s3.{self.api.region}.amazonaws.com"
        return {
            "Arn": self.arn("s3", physical_id, region=False, account=False),
            "DomainName": f"{physical_id}.s3.amazonaws.com",
            "RegionalDomainName": regional,
        }


class BucketPolicy(ResourceType):
    """A bucket's policy. Ref: the bucket's name."""

    type = "AWS::S3::BucketPolicy"
    service = "s3"
    replacing = frozenset({"Bucket"})

    def create(self, properties: Properties) -> str:
        self.call("PutBucketPolicy", renamed(properties, PolicyDocument="Policy"))
        return properties["Bucket"]

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        self.create(new)

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteBucketPolicy", {"Bucket": physical_id})


# Who may do what is for the proof of access to tell (scripts/prove-access.ts): here everybody may.
FakeBucket.get_permission = lambda *_: PermissionResult.NEUTRAL
# The policy usually names the buckets that log, and so comes after them.
FakeBucket._log_permissions_enabled_policy = staticmethod(lambda **_: True)
