import type { Rule } from '../rule';
import { demands, type Statement, statementsOf } from '../statements';

const ownAccount = '<AWS.AccountId>';
const accountOf = (principal: string) => principal.split(':')[4] ?? principal;

/** A role, or roles that share the beginning of their name; not all of an account. */
const namedRole = /^arn:[^:]*:iam::([^:*?]+):(role|user)\/[^*?]+/;

/** Whether a statement lets in nobody but principals that it names. */
function namesRoles(statement: Statement): boolean {
  return demands(statement).some(
    ({ key, values }) =>
      key.toLowerCase() === 'aws:principalarn' && values.length > 0 && values.every((value) => namedRole.test(value)),
  );
}

/** Accounts that a statement lets in; the own one counts for trusts only: elsewhere it hands access over to IAM. */
const accountsOf = ({ kind, principals }: Statement) =>
  principals
    .filter((principal) => principal.kind === 'AWS')
    .map(({ value }) => accountOf(value))
    .filter((account) => kind === 'trust' || account !== ownAccount);

/** No scanner reports that the condition is gone. */
export const crossAccountGrantsNameRoles: Rule = {
  id: 'cross-account-grants-name-roles',
  severity: 'error',
  why: 'An account root stands for every principal of the account: whoever may do anything there, could come in here.',
  fix: 'Add the condition ArnEquals (or ArnLike) aws:PrincipalArn with the ARNs of the roles that are meant.',
  check: (template) =>
    statementsOf(template)
      .filter((it) => it.allows && it.kind !== 'endpoint' && accountsOf(it).length > 0 && !namesRoles(it))
      .map((statement) => ({
        path: statement.path,
        message: `${statement.name} lets in all of ${[...new Set(accountsOf(statement))].join(', ')}: it has no condition that names roles by aws:PrincipalArn`,
      })),
};
