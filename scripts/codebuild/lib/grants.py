"""What the properties of a resource allow, in words: policies, rules of security groups, open URLs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

# Properties that grant something without being a policy.
OTHER_GRANTS = ("ManagedPolicyArns", "PermissionsBoundary", "AuthType")

Grant = tuple[str, ...]


def grants(properties: Any, effect: str, path: str = "") -> Iterator[tuple[Grant, str]]:
    """What the properties of a resource allow, or deny: for each a key that is equal for equal ones, and words for it.

    Policies are found by their shape, wherever they are. Under another condition, the same is another grant.
    """
    if isinstance(properties, str) and properties.lstrip().startswith("{"):
        try:
            properties = json.loads(properties)
        except ValueError:
            return
    if isinstance(properties, list):
        for value in properties:
            yield from grants(value, effect, path)
    if not isinstance(properties, dict):
        return
    if "Statement" in properties:
        yield from _policy_grants(_list(properties["Statement"]), effect, path)
        return
    if "IpProtocol" in properties:
        if effect == "Allow":
            yield (path, json.dumps(properties, sort_keys=True)), f"{path or 'rule'}: {_rule_words(properties)}"
        return
    if "Action" in properties and "Principal" in properties:
        # AWS::Lambda::Permission is a statement of its own.
        yield from _policy_grants([{"Effect": "Allow", **properties}], effect, path or "Permission")
        return
    for name, value in properties.items():
        if name in OTHER_GRANTS and effect == "Deny":
            continue
        if name == "ManagedPolicyArns":
            for arn in _list(value):
                yield (name, str(arn)), f"allows what {arn} allows"
        elif name == "PermissionsBoundary":
            # Whatever it was before, the ceiling is another one now.
            yield (name, str(value)), f"has the boundary {value}"
        elif name == "AuthType" and value == "NONE":
            yield (name, str(value)), "may be called by anybody"
        else:
            yield from grants(value, effect, name if path == "" else path)


def _policy_grants(statements: list[Any], effect: str, path: str) -> Iterator[tuple[Grant, str]]:
    verb = {"Allow": "allows", "Deny": "denies"}[effect]
    for statement in statements:
        if not isinstance(statement, dict) or statement.get("Effect") != effect:
            continue
        condition = json.dumps(statement.get("Condition", {}), sort_keys=True)
        under = "" if condition == "{}" else f", if {condition}"
        for principal in _principals(statement):
            for action_kind in ("Action", "NotAction"):
                for action in _list(statement.get(action_kind, [])):
                    for resource_kind, resource in _resources(statement):
                        words = f"{path}: {verb} {principal + ' ' if principal else ''}"
                        words += "everything but " if action_kind == "NotAction" else ""
                        words += f"{action}"
                        words += (
                            f" on {'all but ' if resource_kind == 'NotResource' else ''}{resource}" if resource else ""
                        )
                        yield (path, principal, action_kind, action, resource_kind, resource, condition), words + under


def _resources(statement: dict[str, Any]) -> list[tuple[str, str]]:
    found = [(kind, str(one)) for kind in ("Resource", "NotResource") for one in _list(statement.get(kind, []))]
    return found or [("Resource", "")]


def _principals(statement: dict[str, Any]) -> list[str]:
    found = []
    for kind in ("Principal", "NotPrincipal"):
        value = statement.get(kind)
        if value is None:
            continue
        but = "everybody but " if kind == "NotPrincipal" else ""
        if isinstance(value, dict):
            found += [f"{but}{one}" for names in value.values() for one in _list(names)]
        else:
            found.append(f"{but}{'everybody' if value == '*' else value}")
    return found or [""]


def _rule_words(rule: dict[str, Any]) -> str:
    """A rule of a security group, in words."""
    ports = f"{rule.get('FromPort', 'all')} to {rule.get('ToPort', 'all')}"
    peers = [str(value) for key, value in sorted(rule.items()) if key.startswith(("Cidr", "Source", "Destination"))]
    return f"{rule.get('IpProtocol')} {ports} with {', '.join(peers) or 'everybody'}"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
