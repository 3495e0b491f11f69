"""KMS's safety check: no key policy that would keep its author from changing it again.

KMS decides as if the caller made another request PutKeyPolicy under the new policy: a statement that names the caller is
enough; one that names the account leaves it to the caller's own policies. A key that is being created has no tags yet
that anything could depend on. (KMS Developer Guide, "Default key policy"; aws-samples/rds-snapshot-export-to-s3-pipeline
#8; aws-solutions/innovation-sandbox-on-aws #31)

Not as in AWS: boundaries and policies of organizations are not looked at.
"""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

Statement = Mapping[str, Any]


def may_put_policy(
    key_policy: Mapping[str, Any], role_arn: str, key_arn: str, identity: Sequence[Mapping[str, Any]] | None
) -> bool:
    """Whether a role may change the policy of a key again.

    Args:
        key_policy: the new policy
        role_arn: role that gives the key this policy
        key_arn: the key
        identity: the policies of the role; None for an administrator, who may do everything
    """
    account = role_arn.split(":")[4]
    context = {
        "aws:principalarn": role_arn,
        "aws:principalaccount": account,
        "aws:resourceaccount": account,
        "aws:securetransport": "true",
        "kms:calleraccount": account,
        "kms:policyname": "default",
    }
    own = [one for one in _statements(key_policy) if _concerns(one, context)]
    by_iam = [
        one
        for policy in identity or []
        for one in _statements(policy)
        if _concerns(one, context) and any(fnmatchcase(key_arn, pattern) for pattern in _list(one["Resource"]))
    ]
    named, through_iam = (
        [one for one in own if any(principal in _principals(one) for principal in principals)]
        for principals in (("*", role_arn), (account, f"arn:aws:iam::{account}:root"))
    )
    if any(one["Effect"] == "Deny" for one in (*named, *through_iam, *by_iam)):
        return False
    return bool(named) or bool(through_iam) and (identity is None or bool(by_iam))


def roles_in(key_policy: Mapping[str, Any]) -> set[str]:
    """ARNs of the roles that a policy names as principals."""
    return {arn for one in _statements(key_policy) for arn in _principals(one) if ":role/" in arn}


def _statements(policy: Mapping[str, Any]) -> list[Statement]:
    return _list(policy.get("Statement", []))


def _principals(statement: Statement) -> list[str]:
    principal = statement.get("Principal", [])
    return _list(principal.get("AWS", []) if isinstance(principal, Mapping) else principal)


def _concerns(statement: Statement, context: Mapping[str, str]) -> bool:
    """Whether a statement says something about PutKeyPolicy in this context."""
    patterns = (pattern.lower() for pattern in _list(statement.get("Action", [])))
    return any(fnmatchcase("kms:putkeypolicy", pattern) for pattern in patterns) and all(
        _holds(operator, [str(value) for value in _list(values)], actual)
        for operator, keys in statement.get("Condition", {}).items()
        for key, values in keys.items()
        for actual in [context.get(key.lower())]
    )


def _holds(operator: str, values: Sequence[str], actual: str | None) -> bool:
    if operator == "Null":
        return (actual is None) == (values[0].lower() == "true")
    negated = "Not" in operator
    if actual is None:
        return negated or operator.endswith("IfExists") or operator.startswith("ForAllValues:")
    if operator.startswith("Bool"):
        return actual in [value.lower() for value in values]
    matches = fnmatchcase if "Like" in operator or "Arn" in operator else str.__eq__
    return any(matches(actual, value) for value in values) != negated


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
