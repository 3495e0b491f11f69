import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { accountsOf } from '../../templates-src/model/accounts';
import { stacksOf } from '../../templates-src/model/stacks';
import { topology } from '../../templates-src/topology.fixture';
import { templatePaths } from '../build/templates';
import { type Emulator, startEmulator } from '../emulator/client';
import { codeKey } from '../lib/resolve/resolve-route';
import { readTemplate } from '../lib/template/document';
import { adoptionCommands, type Remains, remainsOf, searchedTypes } from './adoption';
import type { Aws } from './aws-cli';
import { planDeployment } from './deployment-plan';
import { fixtureAccountId } from './route.fixture';
import { repository, run } from './script.fixture';
import type { Command } from './shell-text';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const route = { topology, stacks: stacksOf(topology) };
const generated = join(repository, 'generated');

test('every type of resource that a template retains is looked for', () => {
  const retained = templatePaths().flatMap((path) =>
    Object.values(readTemplate(join(generated, `${path}.yaml`)).Resources)
      .filter(({ DeletionPolicy }) => DeletionPolicy?.startsWith('Retain'))
      .map(({ Type }) => Type),
  );

  expect(retained).toContain('AWS::S3::Bucket');
  expect([...new Set(retained)].filter((type) => !searchedTypes.includes(type))).toEqual([]);
});

/** In the order of the topology: each stack stands on those before. */
describe('a stack of this repository that is created again after it was deleted', () => {
  let emulator: Emulator;
  beforeAll(async () => {
    const ids = Object.fromEntries(accountsOf(topology).map(({ name }, place) => [name, fixtureAccountId(place)]));
    emulator = await startEmulator({ accounts: ids });
  });
  afterAll(() => emulator.stop());

  const words = (command: Command) => command.flat().map(String);
  const awsOf =
    (account: string): Aws =>
    async (command) => {
      const { code, stdout, stderr } = await run('aws', words(command).slice(1), emulator.environment(account));
      return { succeeded: code === 0, stdout, stderr };
    };

  /** A stack of the topology, and what it is deployed with: with its environment's role when a pipeline does it. */
  function planned(template: string, account: string) {
    const { steps } = planDeployment(route, {
      selection: [route.stacks.find((one) => one.template === template && one.account === account)?.name ?? ''],
      generated,
      parameters: join(repository, 'parameters'),
      profiles: new Map(),
      configuredProfiles: new Set<string>(),
      // Version 1 of the AWS CLI does not honour AWS_ENDPOINT_URL for queues.
      endpoint: emulator.endpoint,
    });
    const [step] = steps;
    if (step === undefined) {
      throw new Error(`no stack of ${template} in ${account}`);
    }
    const body = readFileSync(step.template, 'utf8');
    const passed = Object.fromEntries([
      ...(step.stack.passedByPipeline ?? []).map((name) => [name, codeKey(name)]),
      ...step.feeds.map(({ parameter }) => [parameter, 'arn:aws:kms:eu-west-1:111111111111:key/0a1b2c3d']),
    ]);
    const role = `arn:aws:iam::${step.target.accountId}:role/${topology.project}-${account}-cloudformation-execution`;
    const call = <Answer>(operation: string, parameters: object = {}) =>
      emulator.call<Answer>(account, 'cloudformation', operation, { StackName: step.stack.name, ...parameters });
    const submission = {
      TemplateBody: body,
      Parameters: Object.entries({ ...passed, ...step.parameters }).map(([ParameterKey, ParameterValue]) => ({
        ParameterKey,
        ParameterValue,
      })),
      Capabilities: ['CAPABILITY_NAMED_IAM'],
      ...(step.stack.deployedBy === 'pipeline' ? { RoleARN: role } : {}),
    };
    return { step, body, call, submission };
  }

  /** A stack of the topology: created and deleted, and what is left of it then. */
  async function livedBefore(template: string, account: string) {
    const { step, body, call, submission } = planned(template, account);
    const status = async () =>
      (await call<{ Stacks: { StackStatus: string }[] }>('DescribeStacks')).Stacks[0]?.StackStatus;
    const resources = async (): Promise<Record<string, string>> => {
      const { StackResourceSummaries } = await call<{
        StackResourceSummaries: { LogicalResourceId: string; PhysicalResourceId: string }[];
      }>('ListStackResources');
      return Object.fromEntries(StackResourceSummaries.map((one) => [one.LogicalResourceId, one.PhysicalResourceId]));
    };
    await call('CreateStack', submission);
    expect(await status()).toBe('CREATE_COMPLETE');
    const before = await resources();
    await call('DeleteStack');
    const remains = await remainsOf(step, body, awsOf(account));
    return { step, submission, call, status, resources, before, remains };
  }

  const namesOf = ({ survivors }: Remains) =>
    Object.fromEntries(survivors.map(({ logicalId, identifier }) => [logicalId, Object.values(identifier)[0]]));

  test.each([
    ['tooling/artifact-store', 'tooling'],
    ['environment/infrastructure', topology.environments[0]?.name ?? ''],
  ])('%s takes in all that was retained, the key included, and is what it was before', async (template, account) => {
    if (template !== 'tooling/artifact-store') {
      for (const template of ['deployment-roles', 'service-roles']) {
        const roles = planned(`environment/${template}`, account);
        await roles.call('CreateStack', roles.submission);
      }
      const Bucket = `${topology.project}-packages-${fixtureAccountId(0)}-eu-west-1`;
      for (const name of route.stacks.flatMap(({ passedByPipeline = [] }) => passedByPipeline)) {
        await emulator.call('tooling', 's3', 'PutObject', { Bucket, Key: codeKey(name), Body: 'code' });
      }
    }
    const { step, submission, call, status, resources, before, remains } = await livedBefore(template, account);
    const retained = Object.entries(readTemplate(step.template).Resources)
      .filter(([id, { DeletionPolicy }]) => DeletionPolicy?.startsWith('Retain') && id in before)
      .map(([id]) => id);

    // As AWS words it, since November 2025: before anything is changed, and the events of the stack say nothing of it.
    await call('CreateChangeSet', { ...submission, ChangeSetName: 'again', ChangeSetType: 'CREATE' });
    expect(await call('DescribeChangeSet', { ChangeSetName: 'again' })).toMatchObject({
      Status: 'FAILED',
      StatusReason: expect.stringContaining('[AWS::EarlyValidation::ResourceExistenceCheck]'),
    });
    const { OperationEvents } = await call<{ OperationEvents: { ValidationStatusReason: string }[] }>(
      'DescribeEvents',
      {
        ChangeSetName: 'again',
      },
    );
    expect(OperationEvents.map((one) => one.ValidationStatusReason).join()).toContain('already exists.');
    await call('DeleteStack');

    expect(remains.blockers).toEqual([]);
    expect(namesOf(remains)).toEqual(Object.fromEntries(retained.map((id) => [id, before[id]])));

    for (const command of adoptionCommands(step, remains.survivors, 'adopt')) {
      const { succeeded, stderr } = await awsOf(account)(command);
      expect(succeeded, `${words(command).join(' ')}\n${stderr}`).toBe(true);
    }
    expect(await status()).toBe('IMPORT_COMPLETE');
    await call('CreateChangeSet', { ...submission, ChangeSetName: 'rest', ChangeSetType: 'UPDATE' });
    await call('ExecuteChangeSet', { ChangeSetName: 'rest' });
    expect(await status()).toBe('UPDATE_COMPLETE');
    expect(await resources()).toMatchObject(Object.fromEntries(retained.map((id) => [id, before[id]])));
    expect(Object.keys(await resources()).sort()).toEqual(Object.keys(before).sort());
  });

  test.each(['PendingDeletion', 'Disabled'])(
    'a key in the state %s is in the way, and once the remedies were run it is adopted',
    async (state) => {
      const { step } = planned('tooling/artifact-store', 'tooling');
      const kms = <Answer>(operation: string, parameters: object = {}) =>
        emulator.call<Answer>('tooling', 'kms', operation, parameters);
      const { KeyMetadata } = await kms<{ KeyMetadata: { KeyId: string; Arn: string } }>('CreateKey');
      const { KeyId, Arn: kmsKeyId } = KeyMetadata;
      const logGroupName = `key-${state}`;
      await emulator.call('tooling', 'logs', 'CreateLogGroup', { logGroupName, kmsKeyId });
      await kms(state === 'Disabled' ? 'DisableKey' : 'ScheduleKeyDeletion', { KeyId });
      const template = `
Resources:
  Key: {Type: AWS::KMS::Key, DeletionPolicy: Retain, Properties: {KeyPolicy: {}}}
  Log:
    Type: AWS::Logs::LogGroup
    DeletionPolicy: Retain
    Properties: {LogGroupName: ${logGroupName}, KmsKeyId: !GetAtt Key.Arn}
`;
      const { blockers, survivors } = await remainsOf(step, template, awsOf('tooling'));
      expect(blockers.map(({ logicalId, name }) => [logicalId, name])).toEqual([['Key', KeyId]]);
      expect(survivors.map(({ logicalId }) => logicalId)).toEqual(['Log']);

      for (const remedy of blockers.flatMap(({ remedies }) => remedies)) {
        expect(await awsOf('tooling')(remedy)).toMatchObject({ succeeded: true });
      }
      const now = await remainsOf(step, template, awsOf('tooling'));
      expect(now.blockers).toEqual([]);
      expect(namesOf(now)).toEqual({ Log: logGroupName, Key: KeyId });
    },
  );

  test('a repository of CodeCommit, which CloudFormation cannot import, is named with the command that moves it away', async () => {
    const { remains } = await livedBefore('tooling/container-build-pipeline', 'tooling');

    expect(
      remains.blockers.map(({ logicalId, name, remedies }) => [
        logicalId,
        name,
        ...remedies.map((remedy) => words(remedy).slice(0, 7)),
      ]),
    ).toEqual([
      [
        'SourceRepository',
        'ECS-Container-Build',
        [
          'aws',
          'codecommit',
          'update-repository-name',
          '--old-name',
          'ECS-Container-Build',
          '--new-name',
          'ECS-Container-Build-before',
        ],
      ],
    ]);
  });
});
