import { actionData, similarAction } from '../../lib/iam/iam-data';
import type { Rule, Violation } from '../rule';
import { type Statement, statementsOf } from '../statements';

async function problemsOf({ path, name, actions }: Statement): Promise<readonly Violation[]> {
  const problems = await Promise.all(
    actions
      .filter((action) => !/[*?]/.test(action))
      .map(async (action) => {
        const data = await actionData(action);
        if (data !== undefined) {
          return [];
        }
        const similar = await similarAction(action);
        return [
          {
            path,
            message: `${name} names ${action}, which is no action of IAM${similar === undefined ? '' : `; did you mean ${similar}?`}`,
          },
        ];
      }),
  );
  return problems.flat();
}

/** IAM saves a policy with a misspelt action without complaint; it grants, or denies, nothing. */
export const iamActionsExist: Rule = {
  id: 'iam-actions-exist',
  severity: 'error',
  why: 'IAM takes any name. What was to be allowed fails with AccessDenied; what was to be denied is allowed.',
  fix: "Spell the action as AWS's Service Authorization Reference does.",
  check: async (template) => (await Promise.all(statementsOf(template).map(problemsOf))).flat(),
};
