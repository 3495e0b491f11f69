import type { Rule } from '../rule';
import { statementsOf } from '../statements';

/** A wildcard grants actions that nobody looked at, also those that AWS adds later. */
export const actionsAreNamed: Rule = {
  id: 'actions-are-named',
  severity: 'error',
  why: 'A wildcard grants actions that nobody looked at, and every action that AWS adds to the service later.',
  fix: 'Name the actions one by one; a statement that denies may use wildcards.',
  check: (template) =>
    statementsOf(template)
      .filter(({ allows }) => allows)
      .flatMap(({ path, name, actions, hasNotAction }) => [
        ...actions
          .filter((action) => /[*?]/.test(action))
          .map((action) => ({ path, message: `${name} allows ${action}` })),
        ...(hasNotAction ? [{ path, message: `${name} allows every action but those of its NotAction` }] : []),
      ]),
};
