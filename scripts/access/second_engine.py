"""Answers questions about access with Principal Mapper, which somebody else wrote than the engine of the proof.

Reads {"documents": [policy document], "questions": [question]} from standard input. A question is a `Question` of
access-evaluate.ts, with the position of a document in place of the document: most questions share theirs. Writes a list
with an answer for each question: true when it is allowed.

Principal Mapper reads two things otherwise than AWS documents them, so policies are put into words that it reads so:

- A principal is its role, never a session; but whom a policy of the same account names is let in whatever the boundary
  does not allow, which AWS says of sessions alone. So a session that a policy names becomes its role. The policies name
  no role that has a boundary.
- StringNotLike does not hold of a key that a request lacks. It does in AWS, and so does StringNotLikeIfExists here (IAM
  User Guide, "IAM JSON policy elements: Condition operators": negated matching).
"""

import collections
import collections.abc
import json
import re
import sys

# Principal Mapper 1.1.5 imports from `collections` what Python 3.10 has only in `collections.abc`.
for name in ("Mapping", "MutableMapping"):
    setattr(collections, name, getattr(collections.abc, name))

from principalmapper.common import Node, Policy  # noqa: E402
from principalmapper.querying.local_policy_simulation import (  # noqa: E402
    ResourcePolicyEvalResult,
    resource_policy_authorization,
)
from principalmapper.querying.query_interface import local_check_authorization_full  # noqa: E402

SESSION = re.compile(r"^arn:([^:]*):sts::(\d+):assumed-role/([^/]+)/.*$")
NAMES = {"StringNotLike": "StringNotLikeIfExists"}
NOBODY = {"Version": "2012-10-17", "Statement": []}


def is_allowed(question: dict, documents: list[dict]) -> bool:
    """Answers one question."""
    actor = question["actor"]
    resource_policy = documents[question["resourcePolicy"]] if "resourcePolicy" in question else None
    if actor["kind"] == "service":
        return is_service_allowed(actor["service"], question, resource_policy or NOBODY)
    # Principal Mapper takes no policy for "don't look"; AWS lets nobody in from another account without one.
    if resource_policy is None and question["owner"] != actor["arn"].split(":")[4]:
        resource_policy = NOBODY
    # It knows no policies of VPC endpoints; like those of an organization, they only take away.
    passed = [[policy(question["endpoint"], documents)]] if "endpoint" in question else None
    return local_check_authorization_full(
        principal(actor["arn"], question, documents),
        question["action"],
        question["resource"],
        question["context"],
        resource_policy,
        question["owner"],
        passed,
    )


def is_service_allowed(service: str, question: dict, resource_policy: dict) -> bool:
    """Says whether a service of AWS may act by itself, which nothing but the policy of the resource decides."""
    result = resource_policy_authorization(
        service, question["owner"], resource_policy, question["action"], question["resource"], question["context"]
    )
    return result is ResourcePolicyEvalResult.SERVICE_MATCH


def principal(arn: str, question: dict, documents: list[dict]) -> Node:
    """Makes a role or user with the policies of a question, and what else Principal Mapper wants to know of them."""
    return Node(
        arn=arn,
        id_value="AROAEXAMPLE",
        attached_policies=[policy(position, documents) for position in question["identity"]],
        group_memberships=None,
        trust_policy=NOBODY if ":role/" in arn else None,
        instance_profile=None,
        num_access_keys=0,
        active_password=False,
        is_admin=False,
        permissions_boundary=policy(question["boundary"], documents) if "boundary" in question else None,
        has_mfa=False,
        tags=None,
    )


def reworded(value: object) -> object:
    """Puts what Principal Mapper reads otherwise than AWS into words that it reads so."""
    if isinstance(value, dict):
        return {NAMES.get(key, key): reworded(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [reworded(entry) for entry in value]
    return SESSION.sub(r"arn:\1:iam::\2:role/\3", value) if isinstance(value, str) else value


def policy(position: int, documents: list[dict]) -> Policy:
    """Makes a policy of a document; its name and ARN decide nothing."""
    return Policy("arn:aws:iam::aws:policy/policy", "policy", documents[position])


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    policies = reworded(asked["documents"])
    json.dump([is_allowed(question, policies) for question in asked["questions"]], sys.stdout)
