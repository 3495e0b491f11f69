import {
  AccountId,
  type IdentityStatement,
  Partition,
  policy,
  type Substitution,
  sub,
  suppressed,
  type Template,
  type TrustStatement,
} from '../../dsl';
import { Role } from '../../resources/iam';

/** A role that a template of an environment creates: who assumes it, and what it may do. */
export interface WorkloadRoleDefinition {
  readonly name: Substitution;
  /** The name of the boundary for roles of this purpose; CloudFormation may create none of that name without it. */
  readonly boundary: Substitution;
  /** Of the policy inside it. */
  readonly policyName: string;
  readonly description: string;
  readonly trust: TrustStatement;
  readonly permissions: readonly IdentityStatement[];
}

/**
 * Declares a role of the code that an environment runs, under the boundary of its purpose.
 *
 * Its policy is inline: the role that creates it must not be able to write managed policies, because the boundary is
 * one. And it is part of the role, so that the permissions are there before anything uses the role: Lambda
 * tries them out when it is given it.
 */
export function declareWorkloadRole(
  t: Template,
  id: string,
  { name, boundary, policyName, description, trust, permissions }: WorkloadRoleDefinition,
) {
  return t.resource(
    id,
    suppressed(
      Role({
        RoleName: name,
        Description: description,
        AssumeRolePolicyDocument: policy(trust),
        PermissionsBoundary: sub`arn:${Partition}:iam::${AccountId}:policy/${boundary}`,
        ...(permissions.length === 0
          ? {}
          : { Policies: [{ PolicyName: policyName, PolicyDocument: policy(...permissions) }] }),
      }),
      {
        reason: 'CloudFormation may create, and services may be passed, only roles whose names begin like this one.',
        cfn_nag: ['W28'],
      },
      ...(permissions.length === 0
        ? []
        : [
            {
              reason: 'The role that creates it must not write managed policies: the boundary of workloads is one.',
              cdk_nag: ['NIST.800.53.R5-IAMNoInlinePolicy'] as const,
            },
          ]),
    ),
  );
}
