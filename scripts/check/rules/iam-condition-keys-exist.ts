import { actionData, conditionKeyExists, isGlobalKey } from '../../lib/iam/iam-data';
import { overlap } from '../../lib/iam/overlap';
import type { Rule, Violation } from '../rule';
import { demands, type Statement, statementsOf } from '../statements';

/** Actions of a statement whose requests never have the key, so that the statement never allows them. */
async function actionsWithout(key: string, actions: readonly string[]): Promise<readonly string[]> {
  const without = await Promise.all(
    actions.map(async (action) => {
      const data = await actionData(action);
      const has = data === undefined || data.conditionKeys.some((pattern) => overlap(pattern, key.toLowerCase()));
      return has ? [] : [action];
    }),
  );
  return without.flat();
}

async function problemsOf(statement: Statement): Promise<readonly Violation[]> {
  const { path, sid: detail, name, allows, actions, conditions } = statement;
  const problems = await Promise.all(
    conditions.map(async (entry): Promise<readonly Violation[]> => {
      const { key } = entry;
      if (!(await conditionKeyExists(key))) {
        return [{ path, detail, message: `${name} has a condition on ${key}, which is no condition key of AWS` }];
      }
      if (!allows || isGlobalKey(key) || !demands(statement).includes(entry)) {
        return [];
      }
      const without = await actionsWithout(key, actions);
      return without.length === 0
        ? []
        : [{ path, detail, message: `${name} demands ${key}, which requests for ${without.join(', ')} never have` }];
    }),
  );
  return problems.flat();
}

/** IAM saves a condition on a key that no request has; it never holds. */
export const iamConditionKeysExist: Rule = {
  id: 'iam-condition-keys-exist',
  severity: 'error',
  why: 'A condition on a key that a request lacks never holds: the statement allows nothing, or a denial denies nothing.',
  fix: "Use a key that AWS's Service Authorization Reference lists for the action; give other actions a statement of their own.",
  check: async (template) => (await Promise.all(statementsOf(template).map(problemsOf))).flat(),
};
