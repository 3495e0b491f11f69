import type { ManagedPolicyProperties } from 'cloudform-types/types/iam/managedPolicy';
import type { RoleProperties } from 'cloudform-types/types/iam/role';
import {
  type ExceptingStatement,
  type IdentityStatement,
  type Policy,
  resourceType,
  type StringValue,
  type TrustStatement,
} from '../dsl';

type RoleWithStatements = Omit<RoleProperties, 'AssumeRolePolicyDocument' | 'Policies'> & {
  readonly AssumeRolePolicyDocument: Policy<TrustStatement>;
  readonly Policies?: {
    readonly PolicyName: StringValue;
    readonly PolicyDocument: Policy<IdentityStatement | ExceptingStatement>;
  }[];
};

/** `!Ref`: the role's name. */
export const Role = resourceType<RoleWithStatements>()('AWS::IAM::Role', {
  attributes: ['Arn', 'RoleId'],
});

type ManagedPolicyWithStatements = Omit<ManagedPolicyProperties, 'PolicyDocument'> & {
  readonly PolicyDocument: Policy<IdentityStatement | ExceptingStatement>;
};

/** `!Ref`: the policy's ARN. */
export const ManagedPolicy = resourceType<ManagedPolicyWithStatements>()('AWS::IAM::ManagedPolicy');
