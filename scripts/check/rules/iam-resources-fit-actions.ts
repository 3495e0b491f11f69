import { type ActionData, actionData } from '../../lib/iam/iam-data';
import { anyName, overlapOfArns } from '../../lib/iam/overlap';
import type { Rule, Violation } from '../rule';
import { type Statement, statementsOf } from '../statements';

/** `*`, or a reference: nobody knows what it will be. */
const isAnything = (resource: string) => /^(\*|<[^>]*>)$/.test(resource);

async function problemsOf({ path, name, actions, resources }: Statement): Promise<readonly Violation[]> {
  const all = await Promise.all(actions.map(actionData));
  const known = all.filter((it): it is ActionData => it !== undefined);
  const works = ({ arns }: ActionData, resource: string) =>
    isAnything(resource) || arns.some((arn) => overlapOfArns(arn, resource));
  const useless = known
    .filter((action) => !resources.some((resource) => works(action, resource)))
    .map(({ action, arns }) =>
      arns.length === 0
        ? `${name} allows ${action} on named resources, but AWS evaluates it against * only`
        : `${name} allows ${action} on none of the resources that it works on (${arns.join(', ').replaceAll(anyName, '*')})`,
    );
  // An action that doesn't exist may work on anything; another rule finds it.
  const idle = resources
    .filter((resource) => known.length === actions.length && !known.some((action) => works(action, resource)))
    .map((resource) => `${name} names ${resource}, on which none of its actions works`);
  return [...useless, ...idle].map((message) => ({ path, message }));
}

/** An action on a resource that it never works on is allowed in vain. */
export const iamResourcesFitActions: Rule = {
  id: 'iam-resources-fit-actions',
  severity: 'error',
  why: 'The statement looks like a permission and is none: what needs it fails with AccessDenied.',
  fix: "Name resources of the types that AWS's Service Authorization Reference lists for the action, or * where it lists none.",
  check: async (template) =>
    (
      await Promise.all(
        statementsOf(template)
          .filter(({ kind, allows, resources }) => kind === 'identity' && allows && resources.length > 0)
          .map(problemsOf),
      )
    ).flat(),
};
