import type { StringValue } from './intrinsics';

/**
 * Policy documents. A statement has a kind, because AWS reads each kind by other rules: a trust policy has principals
 * and no resource, an identity policy has resources and no principal, a resource policy has both, and a repository
 * policy of ECR has principals, no resource and actions of ECR only. A statement of the wrong kind doesn't compile.
 */

/** `service:Name`. `*` alone is not an action. */
export type Action = `${string}:${string}`;

type OneOrMore<T> = T | readonly T[];

/** Which AWS account, role or service is meant; `*` stands for everyone and belongs in Deny statements. */
export type Principal =
  | '*'
  | { readonly AWS: OneOrMore<StringValue> }
  | { readonly Service: OneOrMore<StringValue> }
  | { readonly Federated: OneOrMore<StringValue> };

type Operator =
  | `String${'' | 'Not'}Equals`
  | `String${'' | 'Not'}EqualsIgnoreCase`
  | `String${'' | 'Not'}Like`
  | `Arn${'' | 'Not'}${'Equals' | 'Like'}`
  | `Numeric${'Equals' | 'NotEquals' | 'LessThan' | 'LessThanEquals' | 'GreaterThan' | 'GreaterThanEquals'}`
  | `Date${'Equals' | 'NotEquals' | 'LessThan' | 'LessThanEquals' | 'GreaterThan' | 'GreaterThanEquals'}`
  | 'Bool'
  | 'IpAddress'
  | 'NotIpAddress';

/** The operators of conditions; `...IfExists` also holds when the request has no such key. */
export type ConditionOperator =
  | Operator
  | `${Operator}IfExists`
  | `${'ForAllValues' | 'ForAnyValue'}:${Operator}`
  | 'Null';

/** Operator -> condition key (`aws:PrincipalArn`) -> value or values. */
export type Conditions = {
  readonly [O in ConditionOperator]?: { readonly [Key in `${string}:${string}`]: OneOrMore<StringValue | boolean> };
};

interface Statement {
  /** Letters and digits: says in words what the statement is for. */
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Condition?: Conditions;
}

type Actions =
  | { readonly Action: OneOrMore<Action>; readonly NotAction?: never }
  | { readonly NotAction: OneOrMore<Action>; readonly Action?: never };

/** Who may assume a role. */
export interface TrustStatement extends Statement {
  readonly Principal: Principal;
  readonly Action: OneOrMore<`sts:${'AssumeRole' | 'AssumeRoleWithWebIdentity' | 'AssumeRoleWithSAML' | 'TagSession' | 'SetSourceIdentity'}`>;
  readonly Resource?: never;
  readonly NotAction?: never;
}

/** What the principal that the policy is attached to may do. */
export type IdentityStatement = Statement &
  Actions & { readonly Resource: OneOrMore<StringValue>; readonly Principal?: never; readonly NotPrincipal?: never };

/** What nobody may do to whom the policy is attached, but with the resources named. */
export interface ExceptingStatement extends Statement {
  readonly Effect: 'Deny';
  readonly Action: OneOrMore<Action>;
  readonly NotResource: OneOrMore<StringValue>;
  readonly Resource?: never;
  readonly Principal?: never;
  readonly NotAction?: never;
}

/** Who may do what with the resource that the policy is attached to. */
export type ResourceStatement = Statement &
  Actions & { readonly Principal: Principal; readonly Resource: OneOrMore<StringValue> };

/** Who may do what with a repository of ECR, whose policies have no `Resource`. */
export interface RepositoryStatement extends Statement {
  readonly Principal: Principal;
  readonly Action: OneOrMore<`ecr:${string}`>;
  readonly Resource?: never;
  readonly NotAction?: never;
}

/** A statement of any kind. */
export type AnyStatement =
  | TrustStatement
  | IdentityStatement
  | ExceptingStatement
  | ResourceStatement
  | RepositoryStatement;

/** A policy document whose statements are all of one kind. */
export interface Policy<S extends AnyStatement> {
  readonly Version: '2012-10-17';
  readonly Statement: readonly S[];
}

/** A policy document of any kind. */
export type AnyPolicy = Policy<AnyStatement>;

/** Makes a policy document; its kind follows from the property it is given to. */
export function policy<S extends AnyStatement>(...statements: readonly S[]): Policy<S> {
  return { Version: '2012-10-17', Statement: statements };
}
