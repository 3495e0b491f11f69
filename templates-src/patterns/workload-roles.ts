import type { Topology } from '../define-topology';
import { AccountId, Partition, type Reference, sub } from '../dsl/intrinsics';
import { type IdentityStatement, policy, type TrustStatement } from '../dsl/policies';
import { type Suppression, suppressed } from '../dsl/suppressions';
import type { Template } from '../dsl/template';
import { Role } from '../resources/iam';
import { namesOf } from './names';
import { wildcardsIn } from './roles';

/** A role that a template of an environment creates: who assumes it, and what it may do. */
export interface WorkloadRoleDefinition {
  /** Without the prefix that all workload roles have. */
  readonly name: string;
  readonly description: string;
  readonly trust: TrustStatement;
  readonly permissions: readonly IdentityStatement[];
  /** Why resources in its policy hold a `*`; without it scanners refuse them. */
  readonly wildcards?: string;
  /** Other rules of scanners that it breaks. */
  readonly suppressions?: readonly Suppression[];
}

/**
 * Declares a workload role, under the boundary of the environment.
 *
 * Its policy is inline: the role that creates it must not be able to write managed policies, because the boundary is
 * one. And it is part of the role, so that the permissions are there before anything uses the role: Lambda and
 * CodeDeploy try them out when they are given it.
 *
 * @param environment the parameter that holds the environment's name
 */
export function declareWorkloadRole(
  t: Template,
  topology: Topology,
  environment: Reference,
  id: string,
  { name, description, trust, permissions, wildcards, suppressions = [] }: WorkloadRoleDefinition,
) {
  const names = namesOf(topology);
  return t.resource(
    id,
    suppressed(
      Role({
        RoleName: names.workloadRole(environment, name),
        Description: description,
        AssumeRolePolicyDocument: policy(trust),
        PermissionsBoundary: sub`arn:${Partition}:iam::${AccountId}:policy/${names.workloadBoundary(environment)}`,
        ...(permissions.length === 0
          ? {}
          : { Policies: [{ PolicyName: name, PolicyDocument: policy(...permissions) }] }),
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
      ...(wildcards === undefined ? [] : wildcardsIn(permissions, 'W11', wildcards)),
      ...suppressions,
    ),
  );
}
