import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { topologyWith } from '../templates-src/topology.fixture';
import { type Run, run } from './deploy/script.fixture';
import { type Emulator, startEmulator } from './emulator/client';
import { checkoutForTests } from './lib/checkout.fixture';

// Deploys two routes with the AWS CLI.
vi.setConfig({ testTimeout: 1_200_000, hookTimeout: 1_200_000 });

const routeOf = (project: string) => topologyWith({ project, environments: [{ name: 'dev', approval: false }] });
const shop = checkoutForTests(routeOf('shop'));
// The name of one begins with that of the other.
const shopEu = checkoutForTests(routeOf('shop-eu'));

let emulator: Emulator;

const profiles = (dev: string) => [
  '--profile',
  'tooling=route-to-live-tooling',
  '--profile',
  `dev=route-to-live-${dev}`,
];

function runIn(checkout: string, script: string, options: readonly string[]): Promise<Run> {
  return run(join(checkout, 'scripts', script), [...options], emulator.environment());
}

/** Puts another account in place of the one that the parameters of tests name. */
function moveEnvironment(checkout: string, from: string, to: string): void {
  const folder = join(checkout, 'parameters');
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) {
      const path = join(entry.parentPath, entry.name);
      writeFileSync(path, readFileSync(path, 'utf8').replaceAll(from, to));
    }
  }
}

/** Everything in the tooling account that has a name, by kind, as AWS lists it. */
async function inTooling(): Promise<Record<string, string[]>> {
  const call = (service: string, operation: string) =>
    emulator.call<Record<string, Record<string, unknown>[]>>('tooling', service, operation);
  const kinds = {
    stacks: ['cloudformation', 'describe_stacks', 'Stacks', 'StackName'],
    buckets: ['s3', 'list_buckets', 'Buckets', 'Name'],
    roles: ['iam', 'list_roles', 'Roles', 'RoleName'],
    pipelines: ['codepipeline', 'list_pipelines', 'pipelines', 'name'],
    repositories: ['codecommit', 'list_repositories', 'repositories', 'repositoryName'],
    images: ['ecr', 'describe_repositories', 'repositories', 'repositoryName'],
    rules: ['events', 'list_rules', 'Rules', 'Name'],
    topics: ['sns', 'list_topics', 'Topics', 'TopicArn'],
    aliases: ['kms', 'list_aliases', 'Aliases', 'AliasName'],
    logGroups: ['logs', 'describe_log_groups', 'logGroups', 'logGroupName'],
  } as const;
  const entries = Object.entries(kinds).map(async ([kind, [service, operation, list, name]]) => {
    const answer = await call(service, operation);
    return [kind, (answer[list] ?? []).map((one) => String(one[name])).sort()] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

const ofShopEu = (name: string) => name.includes('shop-eu');

/** The names of one route. */
const only = (names: Record<string, string[]>, mine: (name: string) => boolean) =>
  Object.fromEntries(Object.entries(names).map(([kind, all]) => [kind, all.filter(mine)]));

/** What stacks of a route are, down to templates, outputs, the time of their last change and their resources. */
async function stacksOf(mine: (name: string) => boolean): Promise<unknown[]> {
  const { Stacks } = await emulator.call<{ Stacks: { StackName: string }[] }>(
    'tooling',
    'cloudformation',
    'describe_stacks',
  );
  return Promise.all(
    Stacks.filter(({ StackName }) => mine(StackName)).map(async (stack) => ({
      stack,
      resources: await emulator.call('tooling', 'cloudformation', 'describe_stack_resources', {
        StackName: stack.StackName,
      }),
    })),
  );
}

/** Who may use what a route has: policies of buckets and of the topic. */
async function policiesOf(mine: (name: string) => boolean): Promise<unknown[]> {
  const { buckets = [], topics = [] } = only(await inTooling(), mine);
  return Promise.all([
    ...buckets.map((Bucket) => emulator.call('tooling', 's3', 'get_bucket_policy', { Bucket })),
    ...topics.map((TopicArn) => emulator.call('tooling', 'sns', 'get_topic_attributes', { TopicArn })),
  ]);
}

describe('two routes in one tooling account', () => {
  beforeAll(async () => {
    emulator = await startEmulator({
      accounts: { tooling: '111111111111', dev: '222222222222', 'other-dev': '333333333333' },
    });
    moveEnvironment(shopEu, '222222222222', '333333333333');
  });

  afterAll(() => emulator?.stop());

  test('are deployed side by side, and the second changes nothing of the first', async () => {
    const first = await runIn(shop, 'deploy.sh', profiles('dev'));
    expect(first, first.stdout + first.stderr).toMatchObject({ code: 0 });
    const before = [await inTooling(), await stacksOf(() => true), await policiesOf(() => true)] as const;
    expect(before[1].length).toBe(4);

    const second = await runIn(shopEu, 'deploy.sh', profiles('other-dev'));
    expect(second, second.stdout + second.stderr).toMatchObject({ code: 0 });

    const names = await inTooling();
    expect(only(names, (name) => !ofShopEu(name))).toEqual(before[0]);
    expect(await stacksOf((name) => !ofShopEu(name))).toEqual(before[1]);
    expect(await policiesOf((name) => !ofShopEu(name))).toEqual(before[2]);
    expect(names.pipelines).toEqual([
      'ECS-Container-Build-shop',
      'ECS-Container-Build-shop-eu',
      'ECS-Container-Deployment-shop',
      'ECS-Container-Deployment-shop-eu',
      'Infrastructure-Deployment-shop',
      'Infrastructure-Deployment-shop-eu',
    ]);
  });

  test('are destroyed one by one: nothing of the other changes, and what is retained is all that is left', async () => {
    const before = [
      only(await inTooling(), (name) => !ofShopEu(name)),
      await stacksOf((name) => !ofShopEu(name)),
      await policiesOf((name) => !ofShopEu(name)),
    ] as const;
    for (const { StackName } of (
      await emulator.call<{ Stacks: { StackName: string }[] }>('tooling', 'cloudformation', 'describe_stacks')
    ).Stacks.filter((stack) => ofShopEu(stack.StackName))) {
      await emulator.call('tooling', 'cloudformation', 'update_termination_protection', {
        StackName,
        EnableTerminationProtection: false,
      });
    }

    const destroyed = await runIn(shopEu, 'destroy.sh', ['--yes', ...profiles('other-dev')]);
    expect(destroyed, destroyed.stdout + destroyed.stderr).toMatchObject({ code: 0 });

    expect(only(await inTooling(), (name) => !ofShopEu(name))).toEqual(before[0]);
    expect(await stacksOf((name) => !ofShopEu(name))).toEqual(before[1]);
    expect(await policiesOf((name) => !ofShopEu(name))).toEqual(before[2]);
    // The key has no name of its own: its alias is gone.
    expect(only(await inTooling(), ofShopEu)).toEqual({
      stacks: [],
      buckets: ['access-logs', 'artifacts', 'packages'].map((name) => `shop-eu-${name}-111111111111-eu-west-1`),
      roles: [],
      pipelines: [],
      repositories: [
        'ECS-Container-Build-shop-eu',
        'ECS-Container-Deployment-shop-eu',
        'Infrastructure-Deployment-shop-eu',
      ],
      images: ['shop-eu-container'],
      rules: [],
      topics: [],
      aliases: [],
      logGroups: [
        ...['build-image', 'check-templates', 'package-lambdas', 'publish-packages', 'update-lambdas-dev'],
        'verify-deployment',
      ].map((name) => `/aws/codebuild/shop-eu-${name}`),
    });
  });
});
