import { expect, test } from 'vitest';
import { notNeeded, notNeededFor } from '../../access/not-needed';
import handlers from '../../access/resource-handlers.json';
import { compile, Reference, sub, type Template } from '../../dsl';
import containerService from '../../templates/environment/container-service';
import infrastructure from '../../templates/environment/infrastructure';
import serviceRoles from '../../templates/environment/service-roles';
import { topology } from '../../topology.fixture';
import { creatorManagesKey } from '../shared/key-statements';
import { containerServicePermissions } from './container-permissions';
import { environmentResourceTypes, infrastructurePermissions } from './execution-permissions';

/** Actions beside those of handlers, by the reason. */
const neededBesides: Readonly<Record<string, readonly string[]>> = {
  'CloudFormation looks up the values of parameters that are availability zones': ['ec2:DescribeAvailabilityZones'],
  'Elastic Load Balancing asks the caller that makes a load balancer': ['ec2:DescribeAccountAttributes'],
  'the Service Authorization Reference had it as a dependent action of ec2:CreateVpcEndpoint': [
    'route53:AssociateVPCWithHostedZone',
  ],
};

/** A compiled resource, as far as these tests look into it. */
interface CompiledResource {
  readonly Type: string;
  readonly Properties: {
    readonly Policies?: readonly { readonly PolicyDocument: CompiledPolicy }[];
    readonly PolicyDocument?: CompiledPolicy;
  };
}
interface CompiledPolicy {
  readonly Statement: readonly { readonly Effect: string; readonly Action?: string | readonly string[] }[];
}

const resourcesOf = (template: Template) =>
  compile(template).Resources as unknown as Readonly<Record<string, CompiledResource>>;
const resources = [infrastructure, containerService].flatMap((make) => Object.values(resourcesOf(make(topology))));
const declared = resources.map(({ Type, Properties }) => ({
  type: Type,
  properties: Properties as Readonly<Record<string, unknown>>,
}));
const usedTypes = [...new Set(resources.map(({ Type }) => Type))].sort();

const any = new Reference('Any');
const allowed = new Set<string>(
  [
    ...Object.values(infrastructurePermissions(topology, { environment: any, artifactKey: any, tooling: any })).flat(),
    ...Object.values(containerServicePermissions(topology, any)).flat(),
    creatorManagesKey(sub`${any}`),
  ].flatMap(({ Action }) => Action ?? []),
);

/** What the handlers of each type name, whatever they do. */
const needed = Object.fromEntries(
  Object.entries(handlers).map(([type, actionsOfHandlers]) => [
    type,
    [...new Set(Object.values(actionsOfHandlers).flatMap((actions) => actions.split(' ').filter(Boolean)))],
  ]),
);
const besides = new Set(Object.values(neededBesides).flat());

test('the list of resource types is that of the templates', () => {
  expect([...environmentResourceTypes].sort()).toEqual(usedTypes);
});

test('every type has handlers that say what they need', () => {
  expect(Object.keys(needed).sort()).toEqual(usedTypes);
  expect(Object.entries(needed).filter(([, actions]) => actions.length === 0)).toEqual([]);
});

test('every action that creating, reading, updating and deleting needs is allowed, or has a reason not to be', () => {
  const missing = environmentResourceTypes.flatMap((type) => {
    const exceptions = notNeededFor(type, declared);
    return (needed[type] ?? [])
      .filter((action) => !allowed.has(action) && !exceptions.has(action))
      .map((action) => `${type}: ${action}`);
  });
  expect(missing).toEqual([]);
});

test('no action is allowed that nothing needs', () => {
  const all = new Set(Object.values(needed).flat());
  expect([...allowed].filter((action) => !all.has(action) && !besides.has(action))).toEqual([]);
});

test('no exception is left that a handler of its type no longer names, or that two entries have', () => {
  for (const [type, entries] of Object.entries(notNeeded)) {
    const actions = entries.flatMap((entry) => entry.actions);
    expect(actions.filter((action) => !needed[type]?.includes(action))).toEqual([]);
    expect(new Set(actions).size).toBe(actions.length);
  }
});

test('what is allowed beside what handlers name has a reason, and no reason is left over', () => {
  const all = new Set(Object.values(needed).flat());
  expect([...besides].filter((action) => all.has(action) || !allowed.has(action))).toEqual([]);
});

test('the boundary of functions allows what their roles use, and beside it that Lambda decrypts their variables', () => {
  const allowedBy = (document: CompiledPolicy | undefined) =>
    (document?.Statement ?? []).filter(({ Effect }) => Effect === 'Allow').flatMap(({ Action }) => Action ?? []);
  const used = resources
    .filter(({ Type }) => Type === 'AWS::IAM::Role')
    .flatMap(({ Properties }) => Properties.Policies ?? [])
    .flatMap(({ PolicyDocument }) => allowedBy(PolicyDocument));
  const boundary = resourcesOf(serviceRoles(topology)).FunctionBoundary?.Properties.PolicyDocument;
  expect([...new Set(used)].sort()).toEqual([...new Set(allowedBy(boundary))].sort());
  expect(JSON.stringify(boundary)).toMatch(/"lambda\.\$/);
});
