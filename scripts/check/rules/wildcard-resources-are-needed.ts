import { actionData } from '../../lib/iam/iam-data';
import type { Rule, Violation } from '../rule';
import { demands, type Statement, statementsOf } from '../statements';

async function problemsOf({ path, sid, name, actions }: Statement): Promise<readonly Violation[]> {
  const narrowable = await Promise.all(
    actions.map(async (action) => ((await actionData(action))?.arns.length ? [action] : [])),
  );
  return narrowable.flat().length === 0
    ? []
    : [
        {
          path,
          detail: sid,
          message: `${name} allows ${narrowable.flat().join(', ')} on *, though resources can be named`,
        },
      ];
}

/** `*` is right for actions that work on nothing in particular, and where a condition narrows them. */
export const wildcardResourcesAreNeeded: Rule = {
  id: 'wildcard-resources-are-needed',
  severity: 'error',
  why: 'On *, an action reaches everything in the account, also what belongs to others.',
  fix: 'Name the resources by ARN, or narrow the statement with a condition (kms:ViaService, aws:RequestTag).',
  check: async (template) =>
    (
      await Promise.all(
        statementsOf(template)
          .filter(({ kind, allows, resources }) => kind === 'identity' && allows && resources.includes('*'))
          .filter((statement) => demands(statement).length === 0)
          .map(problemsOf),
      )
    ).flat(),
};
