import type { Rule } from '../rule';
import { demands, type Statement, statementsOf } from '../statements';
import type { CheckedTemplate } from '../template';
import { isCreatorOfKeys } from './keys-obey-their-creators';

/** Conditions that say who everybody is. */
const narrowing = [
  'aws:principalarn',
  'aws:principalaccount',
  'aws:principalorgid',
  'aws:principalorgpaths',
  'aws:sourceaccount',
  'aws:sourcearn',
  'aws:sourcevpc',
  'aws:sourcevpce',
];

const accountRoot = /^arn:[^:]*:iam::[^:*?]+:root$/;
const accountId = /^([0-9]{12}|<[A-Za-z.]*AccountId>)$/;

const isNarrowed = (statement: Statement) =>
  demands(statement).some(({ key, values }) => narrowing.includes(key.toLowerCase()) && !values.includes('*'));

/** What is wrong with the principals of a statement that allows something. */
function* problems(template: CheckedTemplate, statement: Statement): Generator<string> {
  const { kind, name, principals, hasNotPrincipal } = statement;
  if (hasNotPrincipal) {
    yield `${name} allows everyone but the NotPrincipal it names`;
  }
  for (const principal of principals) {
    if (principal.kind === '*' && (kind === 'trust' || !isNarrowed(statement))) {
      yield `${name} allows everyone (Principal "*")`;
    } else if (
      principal.kind === 'AWS' &&
      !accountRoot.test(principal.value) &&
      !accountId.test(principal.value) &&
      !isCreatorOfKeys(template, statement, principal.value)
    ) {
      yield `${name} names the principal ${principal.value}, expected the root of an account`;
    } else if (principal.kind === 'Service' && !/^[a-z0-9.<>A-Z-]+\.amazonaws\.com$/.test(principal.value)) {
      yield `${name} names the service ${principal.value}, expected <service>.amazonaws.com`;
    } else if (principal.kind === 'CanonicalUser') {
      yield `${name} names the canonical user ${principal.value}, expected the root of an account`;
    }
  }
}

/** No scanner reports a role that everybody may assume. */
export const principalsAreAccountsOrServices: Rule = {
  id: 'principals-are-accounts-or-services',
  severity: 'error',
  why:
    'Everybody with an AWS account is everyone. A role in a Principal must exist when the policy is saved, and is kept ' +
    'as its unique id: once it is created anew, access is gone without a trace.',
  fix: "Name the account's root as principal and narrow it with aws:PrincipalArn, or name the service.",
  check: (template) =>
    statementsOf(template)
      .filter(({ allows, kind }) => allows && kind !== 'endpoint')
      .flatMap((statement) => [...problems(template, statement)].map((message) => ({ path: statement.path, message }))),
};
