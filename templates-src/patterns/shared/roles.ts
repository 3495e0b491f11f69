import {
  type IdentityStatement,
  policy,
  type StringValue,
  Substitution,
  type Suppression,
  suppressed,
  type Template,
  type TrustStatement,
} from '../../dsl';
import { ManagedPolicy, Role } from '../../resources/iam';

/** A role of the route to live itself: who assumes it, and what it may do, in one or more documents. */
export interface RoleDefinition {
  readonly name: StringValue;
  readonly description: string;
  readonly trust: readonly TrustStatement[];
  /** Each list becomes a managed policy `<id>Policy`, or `<id>Policy<Name>`: one holds 6,144 characters. */
  readonly permissions: Readonly<Record<string, readonly IdentityStatement[]>>;
  /** Why resources in its policies hold a `*`; without it scanners refuse them. */
  readonly wildcards?: string;
  /** Other rules of scanners that its policies break, by the key of the list. */
  readonly suppressions?: Readonly<Record<string, readonly Suppression[]>>;
}

/**
 * Declares a role with managed policies. The policies come first and the role takes them along when it is created, so
 * that nobody ever assumes it before it may do anything.
 */
export function declareRole(
  t: Template,
  id: string,
  { name, description, trust, permissions, wildcards, suppressions = {} }: RoleDefinition,
) {
  const policies = Object.entries(permissions).map(([part, statements]) => {
    const managed = ManagedPolicy({ PolicyDocument: policy(...statements) });
    const accepted = [
      ...(wildcards === undefined ? [] : wildcardsIn(statements, 'W13', wildcards)),
      ...(suppressions[part] ?? []),
    ];
    return t.resource(`${id}${part}Policy`, suppressed(managed, ...accepted));
  });
  return t.resource(
    id,
    suppressed(
      Role({
        RoleName: name,
        Description: description,
        AssumeRolePolicyDocument: policy(...trust),
        ManagedPolicyArns: policies,
      }),
      {
        reason: 'Policies and conditions of other templates and accounts name this role, also before it exists.',
        cfn_nag: ['W28'],
      },
    ),
  );
}

/**
 * The rules that wildcards in the resources of statements break; none where there is no wildcard. What is denied
 * everywhere is no concern of theirs.
 *
 * @param all the rule of cfn-nag that `*` alone breaks, which is another one for each kind of policy
 */
export function wildcardsIn(
  statements: readonly IdentityStatement[],
  all: 'W11' | 'W13',
  reason: string,
): readonly Suppression[] {
  const resources = statements
    .flatMap(({ Effect, Resource }) => (Effect === 'Deny' ? [] : [Resource].flat()))
    .map(textOf);
  return resources.some((resource) => resource.includes('*'))
    ? [{ reason, cdk_nag: ['AwsSolutions-IAM5'], ...(resources.includes('*') ? { cfn_nag: [all] } : {}) }]
    : [];
}

const textOf = (value: StringValue) => (value instanceof Substitution ? value.text : String(value));
