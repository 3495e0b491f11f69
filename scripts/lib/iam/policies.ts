import type { PolicyDocument } from '../../../templates-src/access/case';
import type { ResolvedStack, Resource, Value, ValueMap } from '../resolve/resolve-stack';

/** What a policy decides about. */
export type PolicyKind = 'identity' | 'boundary' | 'trust' | 'resource' | 'endpoint';

/** A policy as a template declares it; each stack of the template has one of its own. */
export interface PolicySource {
  /** `generated/environment/deployment-roles.yaml` without folder and extension. */
  readonly template: string;
  readonly logicalId: string;
  /** Property below `Properties` that holds the document. */
  readonly property: string;
  readonly kind: PolicyKind;
}

/** A policy of one stack. */
export interface Policy {
  readonly source: PolicySource;
  readonly stackName: string;
  readonly document: PolicyDocument;
}

/** A role with everything that decides what it may do, and who may become it. */
export interface RolePolicies {
  readonly arn: string;
  readonly identity: readonly Policy[];
  readonly boundary: Policy | undefined;
  readonly boundaryArn: string | undefined;
  readonly trust: Policy;
}

/** All policies of the route to live. */
export interface RoutePolicies {
  /** What the templates declare, each once. */
  readonly sources: readonly PolicySource[];
  readonly all: readonly Policy[];
  readonly roles: ReadonlyMap<string, RolePolicies>;
  /** Permissions boundaries that roles have, by ARN. */
  readonly boundaries: ReadonlyMap<string, Policy>;
  /** Managed policies that no role of a template has, by ARN: for people to whom somebody attaches them. */
  readonly attachable: ReadonlyMap<string, Policy>;
  /** By the ARN of the bucket, key, repository, topic, queue or function. */
  readonly ofResources: ReadonlyMap<string, Policy>;
  /** By the id of the VPC endpoint. */
  readonly ofEndpoints: ReadonlyMap<string, Policy>;
  /** Account ids by bucket ARN, which doesn't say who owns it. */
  readonly bucketOwners: ReadonlyMap<string, string>;
}

/** Where types of resources keep policies that apply to a resource: the document, and the resources. */
const resourcePolicies: Readonly<
  Record<string, { readonly property: string; readonly resources: (holder: Resource) => readonly string[] }>
> = {
  'AWS::ECR::Repository': { property: 'RepositoryPolicyText', resources: ({ ids }) => present(ids.arn) },
  'AWS::KMS::Key': { property: 'KeyPolicy', resources: ({ ids }) => present(ids.arn) },
  'AWS::S3::BucketPolicy': {
    property: 'PolicyDocument',
    resources: ({ properties }) => [`arn:aws:s3:::${properties.Bucket}`],
  },
  'AWS::SNS::TopicPolicy': { property: 'PolicyDocument', resources: ({ properties }) => texts(properties.Topics) },
  'AWS::SQS::QueuePolicy': {
    property: 'PolicyDocument',
    resources: ({ properties, region, accountId }) =>
      texts(properties.Queues).map((url) => `arn:aws:sqs:${region}:${accountId}:${url.replace(/^.*\//, '')}`),
  },
};

/** Properties that hold policies of another kind. */
const otherPolicyProperties: Readonly<Record<string, readonly string[]>> = {
  'AWS::EC2::VPCEndpoint': ['PolicyDocument'],
  'AWS::IAM::Role': ['AssumeRolePolicyDocument', 'Policies'],
  'AWS::IAM::ManagedPolicy': ['PolicyDocument'],
};

/** Stacks, as far as their policies go. */
export interface PolicyHolders {
  readonly stacks: ReadonlyMap<string, Pick<ResolvedStack, 'resources' | 'declined'>>;
}

/**
 * Finds every policy of the resolved stacks.
 *
 * @throws Error when a policy is found in a place that this module doesn't know, or when a role has a policy whose text
 * no template has: the proof would be silently incomplete
 */
export function policiesOf({ stacks }: PolicyHolders): RoutePolicies {
  const sources = new Map<string, PolicySource>();
  const all: Policy[] = [];
  const declare = (resource: Resource, property: string, kind: PolicyKind, document: Value | undefined): Policy => {
    const { template } = resource.stack;
    const key = `${template} ${resource.logicalId} ${property} ${kind}`;
    const source = sources.get(key) ?? { template, logicalId: resource.logicalId, property, kind };
    sources.set(key, source);
    const policy = { source, stackName: resource.stack.name, document: normalized(document) };
    all.push(policy);
    return policy;
  };

  const resources = [...stacks.values()].flatMap((stack) => [...stack.resources.values()]);
  const byType = (type: string) => resources.filter((resource) => resource.type === type);
  for (const resource of resources) {
    refuseUnknownPolicies(resource);
  }
  for (const resource of [...stacks.values()].flatMap((stack) => [...stack.declined.values()])) {
    refuseDeclinedPolicies(resource);
  }

  const managed = new Map(byType('AWS::IAM::ManagedPolicy').map((resource) => [resource.ids.arn ?? '', resource]));
  const managedPolicy = (arn: string, kind: 'identity' | 'boundary', role: Resource): Policy => {
    const holder = managed.get(arn);
    if (holder === undefined) {
      throw new Error(
        `${role.stack.name}: ${role.logicalId}: found the policy ${arn}, which no template declares; its text can't be evaluated`,
      );
    }
    return declare(holder, 'PolicyDocument', kind, holder.properties.PolicyDocument);
  };
  const roles = new Map(
    byType('AWS::IAM::Role').map((role): [string, RolePolicies] => {
      const { AssumeRolePolicyDocument, ManagedPolicyArns, PermissionsBoundary, Policies } = role.properties;
      const inline = (Policies ?? []) as readonly ValueMap[];
      return [
        role.ids.arn ?? '',
        {
          arn: role.ids.arn ?? '',
          trust: declare(role, 'AssumeRolePolicyDocument', 'trust', AssumeRolePolicyDocument),
          identity: [
            ...texts(ManagedPolicyArns).map((arn) => managedPolicy(arn, 'identity', role)),
            ...inline.map(({ PolicyName, PolicyDocument }) =>
              declare(role, `Policies.${PolicyName}.PolicyDocument`, 'identity', PolicyDocument),
            ),
          ],
          boundaryArn: PermissionsBoundary === undefined ? undefined : String(PermissionsBoundary),
          boundary:
            PermissionsBoundary === undefined
              ? undefined
              : managedPolicy(String(PermissionsBoundary), 'boundary', role),
        },
      ];
    }),
  );

  const held = new Set(
    byType('AWS::IAM::Role').flatMap(({ properties: { ManagedPolicyArns, PermissionsBoundary } }) => [
      ...texts(ManagedPolicyArns),
      ...texts(PermissionsBoundary),
    ]),
  );
  const attachable = new Map(
    [...managed]
      .filter(([arn]) => !held.has(arn))
      .map(([arn, holder]): [string, Policy] => [
        arn,
        declare(holder, 'PolicyDocument', 'identity', holder.properties.PolicyDocument),
      ]),
  );

  const ofResources = new Map<string, Policy>();
  for (const resource of resources) {
    const place = resourcePolicies[resource.type];
    const document = place && resource.properties[place.property];
    if (place !== undefined && document !== undefined) {
      const policy = declare(resource, place.property, 'resource', document);
      for (const arn of place.resources(resource)) {
        ofResources.set(arn, policy);
      }
    }
  }
  for (const [arn, permissions] of functionPermissions(resources)) {
    const [first] = permissions as [Resource];
    ofResources.set(arn, declare(first, 'Permission', 'resource', functionPolicy(permissions, arn)));
  }
  return {
    sources: [...sources.values()],
    all,
    roles,
    boundaries: new Map(
      [...roles.values()].flatMap(({ boundaryArn, boundary }) =>
        boundaryArn === undefined || boundary === undefined ? [] : [[boundaryArn, boundary]],
      ),
    ),
    attachable,
    ofResources,
    ofEndpoints: new Map(
      byType('AWS::EC2::VPCEndpoint').flatMap((endpoint): [string, Policy][] => {
        const { PolicyDocument } = endpoint.properties;
        return PolicyDocument === undefined
          ? []
          : [[endpoint.ids.ref, declare(endpoint, 'PolicyDocument', 'endpoint', PolicyDocument)]];
      }),
    ),
    bucketOwners: new Map(byType('AWS::S3::Bucket').map(({ ids, accountId }) => [ids.arn ?? '', accountId])),
  };
}

/** Functions keep their policy in single resources. */
function functionPermissions(resources: readonly Resource[]): ReadonlyMap<string, readonly Resource[]> {
  const permissions = new Map<string, Resource[]>();
  for (const resource of resources.filter(({ type }) => type === 'AWS::Lambda::Permission')) {
    const name = String(resource.properties.FunctionName);
    const arn = name.startsWith('arn:')
      ? name
      : `arn:aws:lambda:${resource.region}:${resource.accountId}:function:${name}`;
    permissions.set(arn, [...(permissions.get(arn) ?? []), resource]);
  }
  return permissions;
}

/** The policy that Lambda makes of permissions (Lambda Developer Guide, "Viewing resource-based IAM policies"). */
function functionPolicy(permissions: readonly Resource[], functionArn: string): Value {
  return {
    Version: '2012-10-17',
    Statement: permissions.map(({ logicalId, properties }) => {
      const { Action, FunctionUrlAuthType, InvokedViaFunctionUrl, Principal, SourceAccount, SourceArn } = properties;
      const principal = String(Principal);
      const condition = {
        ...(SourceAccount === undefined ? {} : { StringEquals: { 'AWS:SourceAccount': SourceAccount } }),
        ...(SourceArn === undefined ? {} : { ArnLike: { 'AWS:SourceArn': SourceArn } }),
        ...(FunctionUrlAuthType === undefined
          ? {}
          : { StringEquals: { 'lambda:FunctionUrlAuthType': FunctionUrlAuthType } }),
        ...(InvokedViaFunctionUrl === undefined
          ? {}
          : { Bool: { 'lambda:InvokedViaFunctionUrl': String(InvokedViaFunctionUrl) } }),
      };
      return {
        Sid: logicalId,
        Effect: 'Allow',
        Principal:
          principal === '*' ? '*' : principal.endsWith('.amazonaws.com') ? { Service: principal } : { AWS: principal },
        Action: String(Action),
        Resource: functionArn,
        ...(Object.keys(condition).length > 0 ? { Condition: condition as ValueMap } : {}),
      };
    }),
  };
}

function refuseUnknownPolicies({ stack, logicalId, type, properties }: Resource): void {
  const known = [...(otherPolicyProperties[type] ?? []), ...present(resourcePolicies[type]?.property)];
  for (const [name, value] of Object.entries(properties)) {
    if (!known.includes(name) && holdsPolicy(value)) {
      throw new Error(
        `${stack.name}: ${logicalId}: found a policy in ${name} of an ${type}; teach scripts/lib/iam/policies.ts what it decides`,
      );
    }
  }
}

function refuseDeclinedPolicies({ stack, logicalId, properties }: Resource): void {
  if (Object.values(properties).some(holdsPolicy)) {
    throw new Error(
      `${stack.name}: ${logicalId}: found a policy in a resource whose condition is false; nothing can be proven of it with these parameters`,
    );
  }
}

/** Whether a value is, or has in it, something with statements. */
function holdsPolicy(value: Value): boolean {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  return (
    (!Array.isArray(value) && 'Statement' in value) ||
    Object.values(value as ValueMap).some((entry) => holdsPolicy(entry))
  );
}

/** What has been normalized: a document that stays what it was stays the same object, and needs no second look. */
const known = new WeakMap<object, PolicyDocument>();

/** The document as IAM stores it: a list of statements, and text in conditions where YAML has booleans and numbers. */
function normalized(document: Value | undefined): PolicyDocument {
  const { Version, Statement } = document as { Version: '2012-10-17'; Statement: ValueMap | readonly ValueMap[] };
  const before = known.get(document as ValueMap);
  if (before !== undefined) {
    return before;
  }
  const result: PolicyDocument = {
    Version,
    Statement: [Statement].flat().map((statement) => {
      const { Condition, ...rest } = statement as ValueMap;
      return Condition === undefined ? rest : { ...rest, Condition: asText(Condition) };
    }),
  };
  known.set(document as ValueMap, result);
  return result;
}

function asText(value: Value): Value {
  if (Array.isArray(value)) {
    return value.map(asText);
  }
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, asText(entry)]))
    : String(value);
}

const present = <T>(value: T | undefined): readonly T[] => (value === undefined ? [] : [value]);

const texts = (value: Value | undefined): readonly string[] =>
  value === undefined ? [] : [value].flat().map((entry) => String(entry));
