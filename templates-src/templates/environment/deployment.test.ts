import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../../scripts/emulator/client';
import { valuesOf } from '../../../scripts/lib/values.fixture';
import { compile, toYaml } from '../../dsl';
import { codeKeyParameter } from '../../model/function-names';
import { namesOf } from '../../model/names';
import type { Stack } from '../../model/stacks';
import { stacksOf } from '../../model/stacks';
import { functionsIn } from '../../model/workload';
import { topology } from '../../topology.fixture';
import containerService from './container-service';
import deploymentRoles from './deployment-roles';
import infrastructure from './infrastructure';
import serviceRoles from './service-roles';

const templates = {
  'deployment-roles': deploymentRoles,
  'service-roles': serviceRoles,
  infrastructure,
  'container-service': containerService,
} as const;
type TemplateName = keyof typeof templates;

let emulator: Emulator;
let work = '';

function aws(account: string, ...words: readonly string[]) {
  return spawnSync('aws', [...words, '--output', 'json'], { env: emulator.environment(account), encoding: 'utf8' });
}

/** What a command of the AWS CLI prints, which has to succeed. */
function answerOf<T>(account: string, ...words: readonly string[]): T {
  const { status, stdout, stderr } = aws(account, ...words);
  expect(status, `aws ${words.join(' ')}\n${stderr}`).toBe(0);
  return (stdout.trim() === '' ? {} : JSON.parse(stdout)) as T;
}

const region = 'eu-west-1';
const packageBucket = `route-to-live-packages-111111111111-${region}`;

const parametersOf = (environment: string, template: TemplateName) =>
  valuesOf(topology, stacksOf(topology).find(({ name }) => name === stackName(environment, template)) as Stack, region);

/** The keys of packages of one build, as the pipeline passes them. */
const codeKeys = (digit: string) =>
  Object.fromEntries(
    Object.keys(functionsIn(topology.workloads)).map((folder) => [
      codeKeyParameter(folder),
      `${folder}/${digit.repeat(64)}.zip`,
    ]),
  );

const stackName = (environment: string, template: TemplateName) => `route-to-live-${environment}-${template}`;

function deploy(environment: string, template: TemplateName, overrides: Readonly<Record<string, string>> = {}) {
  const parameters = { ...parametersOf(environment, template), ...overrides };
  const { status, stdout, stderr } = aws(
    environment,
    'cloudformation',
    'deploy',
    '--stack-name',
    stackName(environment, template),
    '--template-file',
    join(work, `${template}.yaml`),
    '--capabilities',
    'CAPABILITY_NAMED_IAM',
    '--no-fail-on-empty-changeset',
    '--parameter-overrides',
    ...Object.entries(parameters).map(([key, value]) => `${key}=${value}`),
  );
  return { status, output: stdout + stderr };
}

/** The reasons that the events of a stack give: why resources failed, or why the stack was rolled back. */
const reasonsOf = (environment: string, template: TemplateName) =>
  JSON.stringify(
    answerOf<{ StackEvents: readonly { ResourceStatusReason?: string }[] }>(
      environment,
      'cloudformation',
      'describe-stack-events',
      '--stack-name',
      stackName(environment, template),
    ).StackEvents.flatMap(({ ResourceStatusReason }) => ResourceStatusReason ?? []),
  );

function deployed(environment: string, template: TemplateName, overrides?: Readonly<Record<string, string>>): string {
  const { status, output } = deploy(environment, template, overrides);
  expect(status, status === 0 ? '' : output + reasonsOf(environment, template)).toBe(0);
  return output;
}

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'environment-stacks-'));
  for (const [name, make] of Object.entries(templates)) {
    writeFileSync(join(work, `${name}.yaml`), toYaml(compile(make(topology)), []));
  }
  writeFileSync(join(work, 'package.zip'), emptyZip);
  emulator = await startEmulator({ region });
  answerOf(
    'tooling',
    's3api',
    'create-bucket',
    '--bucket',
    packageBucket,
    '--create-bucket-configuration',
    `LocationConstraint=${region}`,
  );
  for (const key of ['1', '2'].flatMap((digit) => Object.values(codeKeys(digit)))) {
    answerOf(
      'tooling',
      's3api',
      'put-object',
      '--bucket',
      packageBucket,
      '--key',
      key,
      '--body',
      join(work, 'package.zip'),
    );
  }
  answerOf('tooling', 'sns', 'create-topic', '--name', namesOf(topology).topic);
  for (const { name } of topology.environments) {
    deployed(name, 'deployment-roles', {
      ArtifactKeyArn: `arn:aws:kms:${region}:111111111111:key/00000000-0000-0000-0000-000000000000`,
    });
    deployed(name, 'service-roles');
    deployed(name, 'infrastructure', codeKeys('1'));
    deployed(name, 'container-service');
  }
}, 240_000);

afterAll(async () => {
  await emulator?.stop();
  rmSync(work, { recursive: true, force: true });
});

/** End of central directory, and nothing before it. */
const emptyZip = Buffer.concat([Buffer.from('PK\u0005\u0006'), Buffer.alloc(18)]);

describe.each(topology.environments.map(({ name }) => name))('the account of %s', (environment) => {
  const parameters = () => parametersOf(environment, 'container-service');

  test('takes roles, infrastructure and container service in one pass, with its parameters', () => {
    const { StackSummaries } = answerOf<{ StackSummaries: readonly { StackName: string; StackStatus: string }[] }>(
      environment,
      'cloudformation',
      'list-stacks',
      '--stack-status-filter',
      'CREATE_COMPLETE',
      'UPDATE_COMPLETE',
      'UPDATE_ROLLBACK_COMPLETE',
    );
    expect(StackSummaries.map(({ StackName }) => StackName).sort()).toEqual(
      (['container-service', 'deployment-roles', 'infrastructure', 'service-roles'] as const).map((it) =>
        stackName(environment, it),
      ),
    );
  });

  test('has a function for each folder of lambda/, from the package bucket of the tooling account', () => {
    for (const folder of Object.keys(functionsIn(topology.workloads))) {
      const { FunctionName, Role, LoggingConfig } = answerOf<{
        FunctionName: string;
        Role: string;
        LoggingConfig: { LogGroup: string };
      }>(
        environment,
        'lambda',
        'get-function-configuration',
        '--function-name',
        `route-to-live-${environment}-${folder}`,
      );
      expect(Role).toMatch(new RegExp(`:role/route-to-live-${environment}-workload-function-${folder}$`));
      expect(LoggingConfig.LogGroup).toBe(`/aws/lambda/${FunctionName}`);
    }
  });

  test('has a public and a private subnet in each of the zones that its parameters name', () => {
    const { Subnets } = answerOf<{ Subnets: readonly { AvailabilityZone: string; Tags: readonly unknown[] }[] }>(
      environment,
      'ec2',
      'describe-subnets',
      '--filters',
      `Name=tag:Name,Values=route-to-live-${environment}-*`,
    );
    const { FirstZone, SecondZone, ThirdZone } = parametersOf(environment, 'infrastructure');
    const zones = [FirstZone, SecondZone, ThirdZone].filter(Boolean);
    expect(Subnets.map(({ AvailabilityZone }) => AvailabilityZone).sort()).toEqual([...zones, ...zones].sort());
  });

  test('has a service that CodeDeploy controls, with as many tasks as its parameter says at least', () => {
    const { services } = answerOf<{
      services: readonly { desiredCount: number; deploymentController: { type: string } }[];
    }>(
      environment,
      'ecs',
      'describe-services',
      '--cluster',
      `route-to-live-${environment}-cluster`,
      '--services',
      `route-to-live-${environment}-container`,
    );
    expect(services).toMatchObject([
      { desiredCount: Number(parameters().MinTasks), deploymentController: { type: 'CODE_DEPLOY' } },
    ]);
    const { ScalableTargets } = answerOf<{ ScalableTargets: readonly object[] }>(
      environment,
      'application-autoscaling',
      'describe-scalable-targets',
      '--service-namespace',
      'ecs',
    );
    expect(ScalableTargets).toMatchObject([
      { MinCapacity: Number(parameters().MinTasks), MaxCapacity: Number(parameters().MaxTasks) },
    ]);
  });

  test('has a deployment group under the names that the pipeline uses', () => {
    const name = `route-to-live-${environment}-container`;
    const { deploymentGroupInfo } = answerOf<{ deploymentGroupInfo: object }>(
      environment,
      'deploy',
      'get-deployment-group',
      '--application-name',
      name,
      '--deployment-group-name',
      name,
    );
    expect(deploymentGroupInfo).toMatchObject({
      deploymentConfigName: parameters().DeploymentConfiguration,
      ecsServices: [{ clusterName: `route-to-live-${environment}-cluster`, serviceName: name }],
    });
  });
});

// Each in another account, so that they don't see each other's changes.
describe('after the first deployment', () => {
  test('new code is an update of infrastructure, and none of the container service', () => {
    expect(deployed('dev', 'infrastructure', codeKeys('2'))).toContain('Successfully');
    expect(deployed('dev', 'container-service')).toContain('No changes to deploy');
  });

  test('another task size makes a new revision and does not touch the service', () => {
    expect(deployed('test', 'container-service', { TaskSize: 'xlarge' })).toContain('Successfully');
    const { taskDefinitionArns } = answerOf<{ taskDefinitionArns: readonly string[] }>(
      'test',
      'ecs',
      'list-task-definitions',
      '--family-prefix',
      'route-to-live-test-container',
    );
    expect(taskDefinitionArns).toHaveLength(2);
  });

  test('zones that are one and the same, or that the account does not have, are refused before anything changes', () => {
    const { FirstZone = '' } = parametersOf('prod', 'infrastructure');
    const refusal = (zones: Readonly<Record<string, string>>) =>
      deploy('prod', 'infrastructure', { ...codeKeys('1'), ...zones }).output;
    expect(refusal({ SecondZone: FirstZone })).toContain('have to be different availability zones');
    expect(refusal({ ThirdZone: FirstZone })).toContain('have to be different availability zones');
    expect(refusal({ FirstZone: `${region}z` })).toContain(
      `parameter value ${region}z for parameter name FirstZone does not exist`,
    );
  });

  test('the network can no longer move under the service', () => {
    const { SecondZone = '', ThirdZone } = parametersOf('prod', 'infrastructure');
    const moved = ThirdZone ? { ThirdZone: '' } : { ThirdZone: SecondZone.replace(/.$/, 'c') };
    const { status } = deploy('prod', 'infrastructure', { ...codeKeys('1'), ...moved });
    expect(status).not.toBe(0);
    expect(reasonsOf('prod', 'infrastructure')).toMatch(/P(rivate|ublic)SubnetIds/);
  });
});
