import CfManagedPolicy, { type ManagedPolicyProperties } from 'cloudform-types/types/iam/managedPolicy';
import CfRole, { type RoleProperties } from 'cloudform-types/types/iam/role';
import type { StringValue } from '../dsl/intrinsics';
import type { IdentityStatement, Policy, TrustStatement } from '../dsl/policies';
import { type ResourceClass, resourceType } from '../dsl/resources';

// `Policies` is a mutable list: cloudform-types' class has one, and a readonly list is not comparable to it.
type RoleWithStatements = Omit<RoleProperties, 'AssumeRolePolicyDocument' | 'Policies'> & {
  readonly AssumeRolePolicyDocument: Policy<TrustStatement>;
  readonly Policies?: {
    readonly PolicyName: StringValue;
    readonly PolicyDocument: Policy<IdentityStatement>;
  }[];
};

/** `!Ref`: the role's name. */
export const Role = resourceType('AWS::IAM::Role', CfRole as ResourceClass<RoleWithStatements>, {
  attributes: ['Arn', 'RoleId'],
});

type ManagedPolicyWithStatements = Omit<ManagedPolicyProperties, 'PolicyDocument'> & {
  readonly PolicyDocument: Policy<IdentityStatement>;
};

/** `!Ref`: the policy's ARN. */
export const ManagedPolicy = resourceType(
  'AWS::IAM::ManagedPolicy',
  CfManagedPolicy as ResourceClass<ManagedPolicyWithStatements>,
);
