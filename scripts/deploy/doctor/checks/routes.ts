import { toolingAccount } from '../../../../templates-src/model/topology';
import type { AccountView, DeployedStack, ExpectedStack } from '../account-view';
import { type Check, type Finding, ofEach, orOk, problem } from '../check';

/** A stack as a list of all stacks has it. */
interface ListedStack {
  readonly StackName: string;
  readonly Tags?: readonly { readonly Key: string; readonly Value: string }[];
}

export const routes: Check = {
  name: 'routes',
  asks: 'does another route have the name of this one, or an account of its environments?',
  beforeDeployment: true,
  run: async (view) => {
    const named = await ofEach(view.stacks, (expected) => lookForTwin(view, expected));
    const others = view.targets.some(({ account }) => account !== toolingAccount) ? await lookForOthers(view) : [];
    return orOk([...named, ...others], 'no other route is in the way');
  },
};

/**
 * Whether a stack is that of another route: it was deployed for accounts of which this route has none. To deploy to it
 * would take the pipelines of somebody else over.
 */
export function isOfAnotherRoute({ Parameters = [] }: DeployedStack, { parameters }: ExpectedStack): boolean {
  const idsIn = (entries: readonly (readonly [string, string])[]) =>
    entries.filter(([key]) => key.endsWith('AccountId')).map(([, value]) => value);
  const there = idsIn(Parameters.map(({ ParameterKey, ParameterValue }) => [ParameterKey, ParameterValue]));
  const here = idsIn(Object.entries(parameters));
  return there.length > 0 && here.length > 0 && !there.some((id) => here.includes(id));
}

async function lookForTwin(view: AccountView, expected: ExpectedStack): Promise<Finding[]> {
  const { stack } = expected;
  const deployed = await view.deployed(stack);
  if (deployed === undefined || !isOfAnotherRoute(deployed, expected)) {
    return [];
  }
  const accounts = (deployed.Parameters ?? [])
    .filter(({ ParameterKey }) => ParameterKey.endsWith('AccountId'))
    .map(({ ParameterKey, ParameterValue }) => `${ParameterKey} ${ParameterValue}`);
  const { project } = view.topology;
  return [
    problem(
      `${stack.name} is deployed for accounts that this route does not have (${accounts.join(', ')})`,
      `if it is another route that is called ${project}, give this one another project in templates-src/topology.ts; ` +
        'if all accounts of this route have changed, deploy with --no-doctor',
      [stack.name],
    ),
  ];
}

/** Stacks of other projects that deploy to this account, or from it. */
async function lookForOthers(view: AccountView): Promise<Finding[]> {
  const { Stacks } = await view.call<{ Stacks: readonly ListedStack[] }>('cloudformation', 'describe-stacks');
  const others = new Map<string, string[]>();
  for (const { StackName, Tags = [] } of Stacks) {
    const project = Tags.find(({ Key }) => Key === 'Project')?.Value;
    const ofRoute = project !== undefined && new RegExp(`^${project}-(.+-deployment-roles|artifact-store)$`);
    if (project !== view.topology.project && ofRoute && ofRoute.test(StackName)) {
      others.set(project, [...(others.get(project) ?? []), StackName]);
    }
  }
  const roles = view.stacks.map(({ stack }) => stack.name).filter((name) => name.endsWith('-deployment-roles'));
  return [...others].map(([project, stacks]) =>
    problem(
      `the route ${project} has this account, too (${stacks.join(', ')}), and roles that deploy here for one route reach what the other has`,
      'give one of the routes an account of its own; one that holds tooling alone may be shared',
      roles,
    ),
  );
}
