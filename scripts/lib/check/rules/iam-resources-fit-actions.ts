import { type ActionData, actionData } from '../iam-data';
import { overlap } from '../overlap';
import type { Rule, Violation } from '../rule';
import { type Statement, statementsOf } from '../statements';

async function problemsOf({ path, name, actions, resources }: Statement): Promise<readonly Violation[]> {
  const all = await Promise.all(actions.map(actionData));
  const data = all.filter((it): it is ActionData => it !== undefined);
  const works = (arns: readonly string[], resource: string) => arns.some((arn) => overlap(arn, resource));
  const useless = data
    .filter(
      ({ arns }) =>
        !resources.some((resource) =>
          arns.length === 0 ? overlap(resource, '*') && /^(\*|<[^>]*>)$/.test(resource) : works(arns, resource),
        ),
    )
    .map(({ action, arns }) => ({
      path,
      message:
        arns.length === 0
          ? `${name} allows ${action} on named resources, but AWS evaluates it against * only`
          : `${name} allows ${action} on none of the resources that it works on (${arns.join(', ')})`,
    }));
  const idle =
    data.length < actions.length
      ? []
      : resources
          .filter((resource) => !data.some(({ arns }) => works(arns, resource)) && !/^(\*|<[^>]*>)$/.test(resource))
          .map((resource) => ({ path, message: `${name} names ${resource}, on which none of its actions works` }));
  return [...useless, ...idle];
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
