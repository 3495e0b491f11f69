"""cfn-lint rule: whom roles of a pipeline's templates trust.

IAM has no condition key for what a trust policy says, so no permission keeps a template from opening a role to another
account. This rule does, where no commit can change it: builds run it in the version that the operator deployed.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.template import Template

# The pipeline does not deploy them, whatever a commit makes of them.
OPERATORS_TEMPLATES = {"deployment-roles.yaml", "service-roles.yaml"}
# Those that run code. Roles of other services are the operator's.
SERVICES = ("ecs-tasks.amazonaws.com", "lambda.amazonaws.com")
OWN_ACCOUNT = {"Ref": "AWS::AccountId"}


class TrustedServices(CloudFormationLintRule):
    """A role is for a service that runs workloads, acting for its own account."""

    id = "E9001"
    shortdesc = "Roles trust services that run workloads alone"
    description = "A role that trusts anybody else would open its account to them, without any approval of theirs"
    tags = ["iam"]

    def match(self, cfn: Template) -> list[RuleMatch]:
        """Finds trust that is not written out, names another principal, or does not name the account."""
        if PurePath(cfn.filename or "").name in OPERATORS_TEMPLATES:
            return []
        matches = []
        # A macro could add what this rule never sees.
        if "Transform" in cfn.template:
            matches.append(RuleMatch(["Transform"], "found a transform; expected a template that says all by itself"))
        for name, role in cfn.get_resources(["AWS::IAM::Role"]).items():
            trust = role.get("Properties", {}).get("AssumeRolePolicyDocument")
            for problem in problems_of(trust):
                path = ["Resources", name, "Properties", "AssumeRolePolicyDocument"]
                matches.append(RuleMatch(path, f"{problem}, in the trust policy of {name}"))
        return matches


def problems_of(trust: Any) -> list[str]:
    """What is wrong with a trust policy; anything that is computed is, because it could be computed to anything."""
    statements = trust.get("Statement") if isinstance(trust, dict) else None
    if isinstance(statements, dict) and "Effect" in statements:
        statements = [statements]
    if not isinstance(statements, list) or not all(isinstance(each, dict) for each in statements):
        return ["found no list of statements; expected them written out"]
    return [problem for each in statements for problem in problems_of_statement(each)]


def problems_of_statement(statement: dict[str, Any]) -> list[str]:
    """What is wrong with one statement."""
    principal = statement.get("Principal")
    if principal not in [{"Service": service} for service in SERVICES]:
        return [f"found the principal {principal}; expected the service {' or '.join(SERVICES)}"]
    condition = statement.get("Condition")
    equal = condition.get("StringEquals") if isinstance(condition, dict) else None
    if not isinstance(equal, dict) or equal.get("aws:SourceAccount") != OWN_ACCOUNT:
        return ["found no StringEquals of aws:SourceAccount; expected !Ref AWS::AccountId"]
    return []
