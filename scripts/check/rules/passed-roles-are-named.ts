import type { Rule } from '../rule';
import { demands, type Statement, statementsOf } from '../statements';

const isNamed = (role: string) => /^<[^>]+>$/.test(role) || /^arn:[^:]*:iam::[^:*?]+:role\/[^*?]+/.test(role);

function* problems(statement: Statement): Generator<string> {
  const roles = statement.resources.filter((role) => !isNamed(role));
  if (roles.length > 0) {
    yield `${statement.name} passes any role (${roles.join(', ')})`;
  }
  const services = demands(statement).find(({ key }) => key.toLowerCase() === 'iam:passedtoservice')?.values ?? [];
  if (services.length === 0 || services.some((service) => /[*?]/.test(service))) {
    yield `${statement.name} passes roles to any service: it has no condition that names them by iam:PassedToService`;
  }
}

/** Who may pass a role to a service may do all that the role may. */
export const passedRolesAreNamed: Rule = {
  id: 'passed-roles-are-named',
  severity: 'error',
  why: 'Who can hand any role to any service can do whatever the mightiest role of the account may.',
  fix: 'Name the roles by ARN, and the service in StringEquals iam:PassedToService (see passRole in patterns/statements.ts).',
  check: (template) =>
    statementsOf(template)
      .filter(({ allows, actions }) => allows && actions.some((action) => action.toLowerCase() === 'iam:passrole'))
      .flatMap((statement) => [...problems(statement)].map((message) => ({ path: statement.path, message }))),
};
