"""AWS::Lambda.

moto 5.2.5 makes a function without code, and with an empty CodeSha256, when the object in S3 is missing, ignores the
object's version and a change of the architecture, and keeps some of the settings only.
"""

import io
import json
import zipfile
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import LambdaFunction, _s3_content
from moto.awslambda.responses import LambdaResponse
from moto.awslambda.urls import url_paths
from moto.s3.exceptions import MissingBucket
from moto.s3.models import s3_backends

from ..api import Properties
from ..resource_type import ResourceType, changed, only, random_suffix, renamed, without

#: Suffix of the file that CloudFormation makes of code in a template.
SUFFIXES = {"node": "js", "pyth": "py"}


def _code(properties: Properties) -> dict[str, Any]:
    """A function's code as the API takes it: code in the template as a zip."""
    code = dict(properties["Code"])
    if "ZipFile" in code:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            name = f"index.{SUFFIXES[properties['Runtime'][:4]]}"
            file.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), code["ZipFile"])
        code["ZipFile"] = archive.getvalue()
    return code


class Function(ResourceType):
    """A function. Ref: its name."""

    type = "AWS::Lambda::Function"
    service = "lambda"
    name = "FunctionName"
    longest_name = 64
    replacing = frozenset({"PackageType"})
    tags = list

    def create(self, properties: Properties) -> str:
        request = without(properties, "Code", "ReservedConcurrentExecutions")
        self.call("CreateFunction", {**request, "Code": _code(properties)})
        return properties["FunctionName"]

    def configure(self, physical_id: str, properties: Properties) -> None:
        self._reserve(physical_id, properties)

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        function = {"FunctionName": physical_id}
        names = changed(old, new)
        if names & {"Code", "Architectures"}:
            architectures = {"Architectures": ["x86_64"], **only(new, "Architectures")}
            self.call("UpdateFunctionCode", {**function, **_code(new), **architectures})
        apart = {"Architectures", "Code", "PackageType", "ReservedConcurrentExecutions", "Tags"}
        if names - apart:
            # UpdateFunctionConfiguration leaves what it is not told: tell it of what is gone.
            gone = {name: DEFAULTS[name] for name in old.keys() - new.keys() - apart}
            self.call("UpdateFunctionConfiguration", {**gone, **without(new, *apart)})
        if "ReservedConcurrentExecutions" in names:
            self._reserve(physical_id, new)
        self.update_tags(old, new, resource={"Resource": self._arn(physical_id)})

    def _reserve(self, function: str, properties: Properties) -> None:
        if "ReservedConcurrentExecutions" in properties:
            reserved = only(properties, "ReservedConcurrentExecutions")
            self.call("PutFunctionConcurrency", {"FunctionName": function, **reserved})
        else:
            self.call("DeleteFunctionConcurrency", {"FunctionName": function})

    def _arn(self, name: str) -> str:
        return self.arn("lambda", f"function:{name}")

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteFunction", {"FunctionName": physical_id})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Arn": self._arn(physical_id)}


#: Settings of a function that has none of its own.
DEFAULTS: dict[str, Any] = {
    "DeadLetterConfig": {},
    "Description": "",
    "Environment": {"Variables": {}},
    "EphemeralStorage": {"Size": 512},
    "FileSystemConfigs": [],
    "KmsKeyArn": "",
    "Layers": [],
    "LoggingConfig": {"LogFormat": "Text"},
    "MemorySize": 128,
    "SnapStart": {"ApplyOn": "None"},
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
    "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
}


class Permission(ResourceType):
    """A statement of a function's policy. Ref: the statement's id."""

    type = "AWS::Lambda::Permission"
    service = "lambda"
    replacing = frozenset(
        {
            "Action", "EventSourceToken", "FunctionName", "FunctionUrlAuthType", "Principal", "PrincipalOrgID",
            "SourceAccount", "SourceArn",
        }
    )  # fmt: skip

    def create(self, properties: Properties) -> str:
        statement = f"permission-{random_suffix()}"
        self.call("AddPermission", {"StatementId": statement, **properties})
        return statement

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("RemovePermission", {**only(properties, "FunctionName"), "StatementId": physical_id})


class Version(ResourceType):
    """A version of a function. Ref: its ARN."""

    type = "AWS::Lambda::Version"
    service = "lambda"
    replacing = frozenset({"CodeSha256", "Description", "FunctionName"})

    def create(self, properties: Properties) -> str:
        return self.call("PublishVersion", properties)["FunctionArn"]

    def delete(self, physical_id: str, properties: Properties) -> None:
        *function, version = physical_id.split(":")
        self.call("DeleteFunction", {"FunctionName": function[-1], "Qualifier": version})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"FunctionArn": physical_id, "Version": physical_id.split(":")[-1]}


class Alias(ResourceType):
    """An alias of a version. Ref: its ARN."""

    type = "AWS::Lambda::Alias"
    service = "lambda"
    replacing = frozenset({"FunctionName", "Name"})

    def create(self, properties: Properties) -> str:
        return self.call("CreateAlias", self._request(properties))["AliasArn"]

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        self.call("UpdateAlias", {"Description": "", "RoutingConfig": {}, **self._request(new)})

    @staticmethod
    def _request(properties: Properties) -> dict[str, Any]:
        request = dict(properties)
        if "RoutingConfig" in request:
            weights = request["RoutingConfig"]["AdditionalVersionWeights"]
            by_version = {one["FunctionVersion"]: one["FunctionWeight"] for one in weights}
            request["RoutingConfig"] = {"AdditionalVersionWeights": by_version}
        return request

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteAlias", only(properties, "FunctionName", "Name"))

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"AliasArn": physical_id}


class EventInvokeConfig(ResourceType):
    """How a function is invoked asynchronously. Ref: a name without further use."""

    type = "AWS::Lambda::EventInvokeConfig"
    service = "lambda"
    replacing = frozenset({"FunctionName", "Qualifier"})

    def create(self, properties: Properties) -> str:
        self.call("PutFunctionEventInvokeConfig", properties)
        return f"{properties['FunctionName']}:{properties['Qualifier']}"

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        # moto 5.2.5 keeps the old configuration when it is told of a new one.
        self.delete(physical_id, old)
        self.create(new)

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteFunctionEventInvokeConfig", only(properties, "FunctionName", "Qualifier"))


class EventSourceMapping(ResourceType):
    """A source whose records a function gets. Ref: the mapping's id."""

    type = "AWS::Lambda::EventSourceMapping"
    service = "lambda"
    replacing = frozenset({"EventSourceArn", "StartingPosition", "StartingPositionTimestamp"})

    def create(self, properties: Properties) -> str:
        return self.call("CreateEventSourceMapping", properties)["UUID"]

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        self.call("UpdateEventSourceMapping", {**without(new, *self.replacing), "UUID": physical_id})

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteEventSourceMapping", {"UUID": physical_id})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Id": physical_id}


class Url(ResourceType):
    """A function's URL. Ref: the function's ARN."""

    type = "AWS::Lambda::Url"
    service = "lambda"
    replacing = frozenset({"Qualifier", "TargetFunctionArn"})

    def create(self, properties: Properties) -> str:
        return self.call("CreateFunctionUrlConfig", self._request(properties))["FunctionArn"]

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        self.call("UpdateFunctionUrlConfig", self._request(new))

    @staticmethod
    def _request(properties: Properties) -> dict[str, Any]:
        return renamed(properties, TargetFunctionArn="FunctionName")

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteFunctionUrlConfig", only(self._request(properties), "FunctionName", "Qualifier"))

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        function = only(self._request(properties), "FunctionName", "Qualifier")
        url = self.call("GetFunctionUrlConfig", function)["FunctionUrl"]
        return {"FunctionArn": physical_id, "FunctionUrl": url}


#: Settings that moto's functions drop, or do not change once they exist.
KEPT = (
    "DeadLetterConfig", "EphemeralStorage", "FileSystemConfigs", "KMSKeyArn", "LoggingConfig", "TracingConfig",
)  # fmt: skip

_init = LambdaFunction.__init__
_get_configuration = LambdaFunction.get_configuration
_update_configuration = LambdaFunction.update_configuration
_set_function_code = LambdaFunction._set_function_code


def init(self: LambdaFunction, account_id: str, spec: dict[str, Any], *rest: Any, **named: Any) -> None:
    """Make a function that keeps its settings."""
    self.kept = {name: spec[name] for name in KEPT if name in spec}
    _init(self, account_id, spec, *rest, **named)


def get_configuration(self: LambdaFunction, on_create: bool = False) -> dict[str, Any]:
    """The configuration with the settings that moto drops."""
    logging = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{self.function_name}"}
    kept = {**self.kept, "LoggingConfig": {**logging, **self.kept.get("LoggingConfig", {})}}
    return {**_get_configuration(self, on_create), **kept}


def update_configuration(self: LambdaFunction, config_updates: dict[str, Any]) -> dict[str, Any]:
    """Change settings, also those that moto leaves alone."""
    self.kept = {**self.kept, **{name: config_updates[name] for name in KEPT if name in config_updates}}
    return _update_configuration(self, config_updates)


def set_function_code(self: LambdaFunction, updated_spec: dict[str, Any]) -> None:
    """Read the very version of the code's object in S3, of whichever account, and refuse a missing one."""
    self.architectures = updated_spec.get("Architectures", self.architectures)
    if "S3Bucket" not in updated_spec or updated_spec.get("DryRun"):
        _set_function_code(self, updated_spec)
        return
    location = updated_spec["S3Bucket"], updated_spec["S3Key"], updated_spec.get("S3ObjectVersion")
    try:
        key = s3_backends[self.account_id][self.partition].get_object(*location)
        problem = "NoSuchKey. S3 Error Message: The specified key does not exist."
    except MissingBucket:
        key, problem = None, "NoSuchBucket. S3 Error Message: The specified bucket does not exist"
    if key is None:
        raise InvalidParameterValueException(f"Error occurred while GetObject. S3 Error Code: {problem}")
    self.code_bytes, self.code_size, self.code_sha_256, self.code_digest = _s3_content(key)
    self.code = only(updated_spec, "S3Bucket", "S3Key", "S3ObjectVersion")


LambdaFunction.__init__ = init
LambdaFunction.get_configuration = get_configuration
LambdaFunction.update_configuration = update_configuration
LambdaFunction._set_function_code = set_function_code


def get_account_settings(self: LambdaResponse) -> str:
    """GetAccountSettings of an account that AWS knows for a while; new ones may have 10 runs at a time."""
    functions = list(self.backend.list_functions())
    reserved = sum(int(one.reserved_concurrency or 0) for one in functions)
    limit = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000 - reserved}
    return json.dumps({"AccountLimit": limit, "AccountUsage": {"FunctionCount": len(functions)}})


LambdaResponse.get_account_settings = get_account_settings
url_paths[r"{0}/(?P<api_version>[^/]+)/account-settings/?$"] = LambdaResponse.dispatch
