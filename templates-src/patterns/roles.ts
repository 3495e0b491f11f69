import type { StringValue } from '../dsl/intrinsics';
import { type IdentityStatement, policy, type TrustStatement } from '../dsl/policies';
import type { Template } from '../dsl/template';
import { ManagedPolicy, Role } from '../resources/iam';

/** A role of the route to live itself: who assumes it, and what it may do, in one or more documents. */
export interface RoleDefinition {
  readonly name: StringValue;
  readonly description: string;
  readonly trust: readonly TrustStatement[];
  /** Each list becomes a managed policy `<id>Policy`, or `<id>Policy<Name>`: one holds 6,144 characters. */
  readonly permissions: Readonly<Record<string, readonly IdentityStatement[]>>;
}

/**
 * Declares a role with managed policies. The policies come first and the role takes them along when it is created, so
 * that nobody ever assumes it before it may do anything.
 */
export function declareRole(t: Template, id: string, { name, description, trust, permissions }: RoleDefinition) {
  const policies = Object.entries(permissions).map(([part, statements]) =>
    t.resource(`${id}${part}Policy`, ManagedPolicy({ PolicyDocument: policy(...statements) })),
  );
  return t.resource(
    id,
    Role({
      RoleName: name,
      Description: description,
      AssumeRolePolicyDocument: policy(...trust),
      ManagedPolicyArns: policies,
    }),
  );
}
