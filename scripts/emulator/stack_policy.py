"""Stack policies: which resources the update of a stack may touch.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html
"""

import json
from fnmatch import fnmatchcase
from typing import Any

from .errors import ResourceError, ValidationError

MODIFY, REPLACE, DELETE = "Update:Modify", "Update:Replace", "Update:Delete"
_ACTIONS = {MODIFY, REPLACE, DELETE, "Update:*"}
_KEYS = {"Effect", "Action", "NotAction", "Principal", "Resource", "NotResource", "Condition"}


class StackPolicy:
    """The policy of a stack."""

    def __init__(self, body: str):
        """Read a policy.

        Raises:
            ValidationError: it is none
        """
        self.body = body
        try:
            document = json.loads(body)
            self._statements = [_checked(statement) for statement in document.get("Statement", [])]
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValidationError("Error validating stack policy: Invalid stack policy") from error

    def check(self, action: str, logical_id: str, resource_type: str) -> None:
        """Refuse what the policy does not let an update do to a resource.

        Without a statement it protects nothing; with one, it protects whatever no statement allows. A denial overrides:
        so the guide says; that the last of two contradicting statements counts, as a test of LocalStack's recorded
        against AWS, is no policy to rely on.

        Raises:
            ResourceError: in the words of CloudFormation; it counts the statements that deny, and names what stands in
                them (README of awscfncli, with the events of such an update)
        """
        matching = [it for it in self._statements if _matches(it, action, logical_id, resource_type)]
        denials = [it for it in self._statements if it["Effect"] == "Deny"]
        for denial in matching:
            if denial["Effect"] == "Deny":
                actions = ", ".join(_list(denial.get("Action", denial.get("NotAction"))))
                resources = ", ".join(_list(denial.get("Resource", denial.get("NotResource"))))
                raise ResourceError(
                    f"Action denied by stack policy: Statement [#{denials.index(denial) + 1}] does not allow "
                    f"[{actions}] for resource [{resources}];"
                )
        if self._statements and not matching:
            raise ResourceError(
                f"Action not allowed by stack policy: no statement allows [{action}] for resource "
                f"[LogicalResourceId/{logical_id}];"
            )


def _checked(statement: dict[str, Any]) -> dict[str, Any]:
    actions = _list(statement.get("Action", statement.get("NotAction")))
    condition = statement.get("Condition", {})
    valid = (
        set(statement) <= _KEYS
        and statement["Effect"] in ("Allow", "Deny")
        and statement["Principal"] == "*"
        and ("Action" in statement) != ("NotAction" in statement)
        and not ("Resource" in statement and "NotResource" in statement)
        and bool(actions)
        and set(actions) <= _ACTIONS
        and set(condition) <= {"StringEquals", "StringLike"}
        and all(set(keys) == {"ResourceType"} for keys in condition.values())
    )
    if not valid:
        raise ValueError(statement)
    return statement


def _matches(statement: dict[str, Any], action: str, logical_id: str, resource_type: str) -> bool:
    resource = f"LogicalResourceId/{logical_id}"

    def one_of(patterns: Any, value: str) -> bool:
        return any(fnmatchcase(value, pattern) for pattern in _list(patterns))

    condition = statement.get("Condition", {})
    return (
        one_of(statement.get("Action", statement.get("NotAction")), action) == ("Action" in statement)
        # Without Resource a statement matches nothing (serverless #5012).
        and (
            one_of(statement["Resource"], resource)
            if "Resource" in statement
            else "NotResource" in statement and not one_of(statement["NotResource"], resource)
        )
        and all(one_of(keys["ResourceType"], resource_type) for keys in condition.values())
    )


def _list(value: Any) -> list[str]:
    return [] if value is None else value if isinstance(value, list) else [value]
