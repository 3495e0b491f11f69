"""cfn-lint rule: what outlives its stack.

What a rejected or reverted commit made has to go with it. Only what holds data may stay.
"""

from __future__ import annotations

from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.template import Template

DATA = {
    "AWS::Cognito::UserPool",
    "AWS::DynamoDB::GlobalTable",
    "AWS::DynamoDB::Table",
    "AWS::ECR::Repository",
    "AWS::EFS::FileSystem",
    "AWS::Kinesis::Stream",
    "AWS::KMS::Key",
    "AWS::Logs::LogGroup",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
    "AWS::SQS::Queue",
}
# A service may still run the revision that another one replaces; it grants nothing.
REPLACED = {"AWS::ECS::TaskDefinition"}
KEEPS = {"Retain", "RetainExceptOnCreate", "Snapshot"}


class RetainedData(CloudFormationLintRule):
    """Roles, functions and all else that acts goes with its stack."""

    id = "E9002"
    shortdesc = "Only data outlives its stack"
    description = "What a reverted commit made and nothing deletes would act on, unseen"
    tags = ["resources"]

    def match(self, cfn: Template) -> list[RuleMatch]:
        """Finds policies that keep what holds no data."""
        matches = []
        for name, resource in cfn.get_resources().items():
            kind = resource.get("Type")
            for attribute, more in (("DeletionPolicy", set()), ("UpdateReplacePolicy", REPLACED)):
                found = resource.get(attribute, "Delete")
                # What is computed could be computed to anything.
                if (not isinstance(found, str) or found in KEEPS) and kind not in DATA | more:
                    matches.append(
                        RuleMatch(
                            ["Resources", name, attribute],
                            f"found {attribute} {found} of a resource of type {kind}; expected Delete: only what holds "
                            "data is kept (scripts/codebuild/rules/retained_data.py)",
                        )
                    )
        return matches
