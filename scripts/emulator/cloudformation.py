"""The API of the emulated CloudFormation: requests in, responses out.

An operation or a parameter that the emulator does not know is refused rather than ignored.
"""

from typing import Any
from urllib.parse import urlparse

from botocore.credentials import ReadOnlyCredentials
from moto.core.responses import ActionResult, BaseResponse, EmptyResult

from . import resources as resources
from .accounts import api_of, caller
from .errors import ResourceError, ValidationError
from .stack_policy import StackPolicy
from .stacks import Account, ChangeSet, Resource, Stack, Submission, account
from .template import Template

LONGEST_BODY = 51_200
LONGEST_BODY_IN_S3 = 1_000_000


class CloudFormation(BaseResponse):
    """Operations of CloudFormation; moto calls the method with the operation's name.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Operations.html
    """

    def __init__(self) -> None:
        super().__init__(service_name="cloudformation")
        self.automated_parameter_parsing = True

    @property
    def account(self) -> Account:
        """The caller's account in the Region of the request."""
        return account(self.current_account, self.region)

    def call_action(self) -> Any:
        """Answer a request; one at a time in an account."""
        with self.account.lock:
            session = caller(self.access_key)
            if session is None or session.is_operator:
                self.account.caller = self.account.api
            else:
                # Nobody checks a signature here.
                credentials = ReadOnlyCredentials(self.access_key, "secret", "token")
                self.account.caller = api_of(self.account.id, self.region, credentials)
            return super().call_action()

    def _request(self, *known: str) -> dict[str, Any]:
        """Parameters of the request.

        Raises:
            ValidationError: one is not among the known ones
        """
        parameters = {name: value for name, value in self._get_params().items() if value not in (None, [], "")}
        unknown = sorted(set(parameters) - {*known, "ClientRequestToken"})
        if unknown:
            raise ValidationError(f"The emulator does not know what {', '.join(unknown)} does to {self._get_action()}.")
        return parameters

    def _template_body(self, request: dict[str, Any]) -> str:
        if ("TemplateBody" in request) == ("TemplateURL" in request):
            raise ValidationError("Either Template URL or Template Body must be specified.")
        if "TemplateBody" in request:
            body = request["TemplateBody"]
            if len(body.encode()) > LONGEST_BODY:
                raise ValidationError(
                    "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must "
                    f"have length less than or equal to {LONGEST_BODY}"
                )
            return body
        url = urlparse(request["TemplateURL"])
        host = (url.hostname or "").split(".")
        in_path = host[0] in ("127", "localhost", "s3") or host[0].startswith("s3-")
        bucket, key = url.path.lstrip("/").split("/", 1) if in_path else (host[0], url.path.lstrip("/"))
        try:
            body = self.account.caller.call("s3", "GetObject", {"Bucket": bucket, "Key": key})["Body"].read()
        except ResourceError as error:
            raise ValidationError(f"S3 error: {error}") from error
        if len(body) > LONGEST_BODY_IN_S3:
            raise ValidationError(f"Template may not exceed {LONGEST_BODY_IN_S3} bytes in size.")
        return body.decode()

    def _submission(self, request: dict[str, Any], stack: Stack | None) -> Submission:
        """What a request submits for a new stack, or for an existing one."""
        if request.get("UsePreviousTemplate") and stack is not None:
            template = stack.submission.template
        else:
            template = Template(self._template_body(request))
        given = {}
        for parameter in request.get("Parameters", []):
            name = parameter["ParameterKey"]
            if not parameter.get("UsePreviousValue"):
                given[name] = parameter.get("ParameterValue", "")
            elif stack is not None and name in stack.submission.parameters:
                given[name] = stack.submission.parameters[name]
            else:
                raise ValidationError(f"Invalid input for parameter key {name}. There is no previous value to use")
        previous = stack.submission if stack is not None else None
        tags = {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}
        return Submission(
            template=template,
            parameters=template.parameter_values(given, self.account.region),
            tags=tags or (previous.tags if previous else {}),
            capabilities=request.get("Capabilities", []),
            role_arn=request.get("RoleARN") or (previous.role_arn if previous else None),
            notification_arns=request.get("NotificationARNs") or (previous.notification_arns if previous else []),
        )

    # Stacks

    def create_stack(self) -> ActionResult:
        """CreateStack."""
        request = self._request(*SUBMITTED, "StackName", "EnableTerminationProtection", "StackPolicyBody")
        policy = _policy(request.get("StackPolicyBody"))
        stack = self.account.create_stack(request["StackName"], self._submission(request, None))
        stack.policy = policy
        stack.termination_protection = request.get("EnableTerminationProtection", False)
        return ActionResult({"StackId": stack.id})

    def update_stack(self) -> ActionResult:
        """UpdateStack."""
        policies = ("StackPolicyBody", "StackPolicyDuringUpdateBody")
        request = self._request(*SUBMITTED, *policies, "StackName", "UsePreviousTemplate")
        stack = self.account.stack(request["StackName"])
        policy, override = (_policy(request.get(name)) for name in policies)
        self.account.update_stack(stack, self._submission(request, stack), policy, override)
        return ActionResult({"StackId": stack.id})

    def set_stack_policy(self) -> EmptyResult:
        """SetStackPolicy."""
        request = self._request("StackName", "StackPolicyBody")
        self.account.stack(request["StackName"]).policy = _policy(request.get("StackPolicyBody"))
        return EmptyResult()

    def get_stack_policy(self) -> ActionResult:
        """GetStackPolicy: nothing for a stack that never had one."""
        policy = self.account.stack(self._request("StackName")["StackName"]).policy
        return ActionResult({} if policy is None else {"StackPolicyBody": policy.body})

    def delete_stack(self) -> ActionResult:
        """DeleteStack; does nothing when there is no such stack."""
        request = self._request("StackName", "RetainResources", "RoleARN")
        for stack in list(self.account.stacks.values()):
            if request["StackName"] in (stack.name, stack.id):
                stack.submission.role_arn = request.get("RoleARN") or stack.submission.role_arn
                self.account.delete_stack(stack, request.get("RetainResources", []))
        return EmptyResult()

    def update_termination_protection(self) -> ActionResult:
        """UpdateTerminationProtection."""
        request = self._request("StackName", "EnableTerminationProtection")
        stack = self.account.stack(request["StackName"])
        stack.termination_protection = request["EnableTerminationProtection"]
        return ActionResult({"StackId": stack.id})

    def describe_stacks(self) -> ActionResult:
        """DescribeStacks."""
        request = self._request("StackName")
        stacks = [self.account.stack(request["StackName"])] if "StackName" in request else self.account.stacks.values()
        return ActionResult({"Stacks": [_stack(stack) for stack in stacks]})

    def list_stacks(self) -> ActionResult:
        """ListStacks."""
        request = self._request("StackStatusFilter")
        wanted = request.get("StackStatusFilter")
        stacks = [*self.account.stacks.values(), *self.account.deleted.values()]
        return ActionResult(
            {"StackSummaries": [_stack(stack) for stack in stacks if wanted is None or stack.status in wanted]}
        )

    def describe_stack_events(self) -> ActionResult:
        """DescribeStackEvents: the latest first."""
        request = self._request("StackName")
        return ActionResult({"StackEvents": self.account.stack(request["StackName"]).events[::-1]})

    def describe_stack_resources(self) -> ActionResult:
        """DescribeStackResources."""
        request = self._request("StackName", "LogicalResourceId")
        stack = self.account.stack(request["StackName"])
        wanted = request.get("LogicalResourceId")
        return ActionResult(
            {
                "StackResources": [
                    _resource(stack, resource, "Timestamp")
                    for resource in stack.resources.values()
                    if wanted in (None, resource.logical_id)
                ]
            }
        )

    def describe_stack_resource(self) -> ActionResult:
        """DescribeStackResource."""
        request = self._request("StackName", "LogicalResourceId")
        stack = self.account.stack(request["StackName"])
        resource = stack.resources.get(request["LogicalResourceId"])
        if resource is None:
            raise ValidationError(f"Resource {request['LogicalResourceId']} does not exist for stack {stack.name}")
        return ActionResult({"StackResourceDetail": _resource(stack, resource, "LastUpdatedTimestamp")})

    def list_stack_resources(self) -> ActionResult:
        """ListStackResources."""
        stack = self.account.stack(self._request("StackName")["StackName"])
        return ActionResult(
            {
                "StackResourceSummaries": [
                    _resource(stack, resource, "LastUpdatedTimestamp") for resource in stack.resources.values()
                ]
            }
        )

    def list_exports(self) -> ActionResult:
        """ListExports."""
        self._request()
        return ActionResult(
            {
                "Exports": [
                    {"ExportingStackId": export["stack"].id, "Name": name, "Value": export["value"]}
                    for name, export in self.account.exports().items()
                ]
            }
        )

    def list_imports(self) -> ActionResult:
        """ListImports."""
        name = self._request("ExportName")["ExportName"]
        importers = self.account.importers(name)
        if not importers:
            raise ValidationError(f"Export '{name}' is not imported by any stack.")
        return ActionResult({"Imports": importers})

    # Templates

    def get_template(self) -> ActionResult:
        """GetTemplate: of a stack or of a change set."""
        request = self._request("StackName", "ChangeSetName", "TemplateStage")
        if "ChangeSetName" in request:
            template = self._change_set(request).submission.template
        else:
            template = self.account.stack(request["StackName"]).submission.template
        return ActionResult({"TemplateBody": template.body, "StagesAvailable": ["Original", "Processed"]})

    def get_template_summary(self) -> ActionResult:
        """GetTemplateSummary."""
        request = self._request("StackName", "TemplateBody", "TemplateURL")
        if "StackName" in request:
            template = self.account.stack(request["StackName"]).submission.template
        else:
            template = Template(self._template_body(request))
        return ActionResult(_summary(template))

    def validate_template(self) -> ActionResult:
        """ValidateTemplate: whether CloudFormation can read it, no more."""
        request = self._request("TemplateBody", "TemplateURL")
        return ActionResult(_summary(Template(self._template_body(request))))

    # Change sets

    def _change_set(self, request: dict[str, Any]) -> ChangeSet:
        return self.account.change_set(request["ChangeSetName"], request.get("StackName"))

    def create_change_set(self) -> ActionResult:
        """CreateChangeSet."""
        request = self._request(
            *SUBMITTED,
            "StackName",
            "ChangeSetName",
            "ChangeSetType",
            "Description",
            "ResourcesToImport",
            "UsePreviousTemplate",
        )
        kind = request.get("ChangeSetType", "UPDATE")
        if kind not in ("CREATE", "UPDATE", "IMPORT"):
            raise ValidationError(f"Value '{kind}' at 'changeSetType' failed to satisfy constraint")
        if (kind == "IMPORT") != ("ResourcesToImport" in request):
            raise ValidationError("ResourcesToImport goes with change sets of type IMPORT, and they with it")
        stack = next((one for one in self.account.stacks.values() if request["StackName"] in (one.name, one.id)), None)
        submission = self._submission(request, stack if kind == "UPDATE" else None)
        change_set = self.account.create_change_set(
            request["StackName"],
            request["ChangeSetName"],
            kind,
            request.get("Description"),
            submission,
            request.get("ResourcesToImport", []),
        )
        return ActionResult({"Id": change_set.id, "StackId": change_set.stack.id})

    def describe_change_set(self) -> ActionResult:
        """DescribeChangeSet."""
        request = self._request("ChangeSetName", "StackName", "IncludePropertyValues")
        change_set = self._change_set(request)
        return ActionResult(
            {
                **_change_set(change_set),
                "Parameters": _parameters(change_set.submission),
                "Tags": _tags(change_set.submission.tags),
                "Capabilities": change_set.submission.capabilities,
                "NotificationARNs": change_set.submission.notification_arns,
                "Changes": [change.describe(bool(request.get("IncludePropertyValues"))) for change in change_set.changes],
            }
        )

    def describe_events(self) -> ActionResult:
        """DescribeEvents: of a change set, what was found before it could be executed."""
        request = self._request("ChangeSetName", "StackName", "Filters")
        return ActionResult({"OperationEvents": self._change_set(request).findings})

    def list_change_sets(self) -> ActionResult:
        """ListChangeSets: of one stack."""
        stack = self.account.stack(self._request("StackName")["StackName"])
        return ActionResult(
            {"Summaries": [_change_set(one) for one in self.account.change_sets.values() if one.stack is stack]}
        )

    def execute_change_set(self) -> ActionResult:
        """ExecuteChangeSet; rolls back when it fails."""
        request = self._request("ChangeSetName", "StackName", "DisableRollback")
        if request.get("DisableRollback"):
            raise ValidationError("The emulator always rolls back.")
        self.account.execute_change_set(self._change_set(request))
        return EmptyResult()

    def delete_change_set(self) -> ActionResult:
        """DeleteChangeSet."""
        change_set = self._change_set(self._request("ChangeSetName", "StackName"))
        del self.account.change_sets[change_set.id]
        return EmptyResult()


#: Parameters that `_submission` takes.
SUBMITTED = ("TemplateBody", "TemplateURL", "Parameters", "Tags", "Capabilities", "RoleARN", "NotificationARNs")


def _policy(body: str | None) -> StackPolicy | None:
    return None if body is None else StackPolicy(body)


def _tags(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _parameters(submission: Submission) -> list[dict[str, str]]:
    definitions = submission.template.parameters
    return [
        {
            "ParameterKey": name,
            "ParameterValue": "****" if str(definitions[name].get("NoEcho")).lower() == "true" else value,
        }
        for name, value in submission.parameters.items()
    ]


def _stack(stack: Stack) -> dict[str, Any]:
    submission = stack.submission
    return {
        "StackId": stack.id,
        "StackName": stack.name,
        "ChangeSetId": stack.change_set_id,
        "Description": submission.template.description,
        "TemplateDescription": submission.template.description,
        "Parameters": _parameters(submission),
        "CreationTime": stack.created,
        "LastUpdatedTime": stack.updated,
        "DeletionTime": stack.deleted,
        "StackStatus": stack.status,
        "StackStatusReason": stack.status_reason,
        "DisableRollback": False,
        "NotificationARNs": submission.notification_arns,
        "Capabilities": submission.capabilities,
        "Outputs": stack.outputs,
        "RoleARN": submission.role_arn,
        "Tags": _tags(submission.tags),
        "EnableTerminationProtection": stack.termination_protection,
    }


def _resource(stack: Stack, resource: Resource, timestamp: str) -> dict[str, Any]:
    return {
        "StackName": stack.name,
        "StackId": stack.id,
        "LogicalResourceId": resource.logical_id,
        "PhysicalResourceId": resource.physical_id,
        "ResourceType": resource.type,
        timestamp: resource.timestamp,
        "ResourceStatus": resource.status,
    }


def _change_set(change_set: ChangeSet) -> dict[str, Any]:
    return {
        "ChangeSetId": change_set.id,
        "ChangeSetName": change_set.name,
        "StackId": change_set.stack.id,
        "StackName": change_set.stack.name,
        "Description": change_set.description,
        "CreationTime": change_set.created,
        "Status": change_set.status,
        "StatusReason": change_set.status_reason,
        "ExecutionStatus": change_set.execution_status,
    }


def _summary(template: Template) -> dict[str, Any]:
    capabilities = template.capabilities()
    return {
        "Description": template.description,
        "Version": "2010-09-09",
        "Parameters": [
            {
                "ParameterKey": name,
                "DefaultValue": None if definition.get("Default") is None else str(definition["Default"]),
                "ParameterType": definition["Type"],
                "NoEcho": str(definition.get("NoEcho")).lower() == "true",
                "Description": definition.get("Description"),
                "ParameterConstraints": {"AllowedValues": [str(one) for one in definition.get("AllowedValues", [])]},
            }
            for name, definition in template.parameters.items()
        ],
        "Capabilities": capabilities,
        "CapabilitiesReason": "The template makes IAM resources." if capabilities else None,
        "ResourceTypes": sorted({resource["Type"] for resource in template.resources.values()}),
    }
