import type { Stack } from '../../../templates-src/model/stacks';
import { policiesOf, type RoutePolicies } from '../../lib/iam/policies';
import type { ResolvedStack, Resource, ValueMap } from '../../lib/resolve/resolve-stack';
import type { Change } from './call';

/** A resource of a deployed stack. */
export interface DeployedResource extends Resource {
  readonly isComplete: boolean;
}

/** The resources of all deployed stacks, as the emulator describes them, and their policies. */
export class Deployed {
  /** By the stack's id and the logical id. */
  private readonly resources = new Map<string, Map<string, DeployedResource>>();
  private known: RoutePolicies | undefined;

  /** @param stacks of the topology, which know the templates */
  constructor(private readonly stacks: readonly Stack[]) {}

  apply(changes: readonly Change[]): void {
    for (const { stackId, logicalId, resource } of changes) {
      const ofStack = this.resources.get(stackId) ?? new Map<string, DeployedResource>();
      this.resources.set(stackId, ofStack);
      const before = ofStack.get(logicalId);
      const after = resource && this.read(stackId, logicalId, resource);
      if (after === undefined) {
        ofStack.delete(logicalId);
      } else {
        ofStack.set(logicalId, after);
      }
      if ([before, after].some((it) => it !== undefined && decides(it))) {
        this.known = undefined;
      }
    }
  }

  /**
   * All policies that decide now.
   *
   * @throws Error when one is in a place that nobody looks into
   */
  get policies(): RoutePolicies {
    this.known ??= policiesOf({ stacks: new Map([...this.resources].map(([id, all]) => [id, stackOf(all)])) });
    return this.known;
  }

  /** The resource that has an ARN. */
  byArn(arn: string): DeployedResource | undefined {
    for (const ofStack of this.resources.values()) {
      for (const resource of ofStack.values()) {
        if (resource.ids.arn === arn) {
          return resource;
        }
      }
    }
    return undefined;
  }

  private read(stackId: string, logicalId: string, resource: NonNullable<Change['resource']>): DeployedResource {
    const [, , , region = '', accountId = '', path = ''] = stackId.split(':');
    const name = path.split('/')[1] ?? '';
    const { type, physicalId, properties, attributes, isComplete } = resource;
    return {
      stack: this.stacks.find((stack) => stack.name === name) ?? unknownStack(name),
      logicalId,
      type,
      accountId,
      region,
      properties: properties as ValueMap,
      ids: {
        ref: physicalId,
        arn:
          attributes.Arn ??
          attributes[`${type.split('::')[2]}Arn`] ??
          (physicalId.startsWith('arn:') ? physicalId : undefined) ??
          arnOf(type, physicalId, region, accountId, properties.Path),
        attribute: (attribute) => attributes[attribute],
      },
      isComplete,
    };
  }
}

/** Whether policies depend on a resource. */
const decides = ({ type, properties }: DeployedResource) =>
  type === 'AWS::S3::Bucket' ||
  type === 'AWS::Lambda::Permission' ||
  JSON.stringify(properties).includes('"Statement"');

/** ARNs of what decides about the very calls that complete it; its attributes are not known before. */
function arnOf(type: string, physicalId: string, region: string, accountId: string, path: unknown): string | undefined {
  switch (type) {
    case 'AWS::IAM::Role':
      return `arn:aws:iam::${accountId}:role${String(path ?? '/')}${physicalId}`;
    case 'AWS::KMS::Key':
      return `arn:aws:kms:${region}:${accountId}:key/${physicalId}`;
    case 'AWS::S3::Bucket':
      return `arn:aws:s3:::${physicalId}`;
    default:
      return undefined;
  }
}

/** A stack that is not one of the topology. */
const unknownStack = (name: string): Stack => ({
  name,
  template: name,
  account: '',
  parameters: '',
  feeds: [],
  deployedBy: 'deploy.sh',
});

const stackOf = (resources: ReadonlyMap<string, DeployedResource>): Pick<ResolvedStack, 'resources' | 'declined'> => ({
  resources,
  declined: new Map(),
});
