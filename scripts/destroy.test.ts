import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { stacksOf } from '../templates-src/model/stacks';
import { topology } from '../templates-src/topology.fixture';
import { artifactStore, deploymentRoles } from './deploy/route.fixture';
import {
  accountsOfStages,
  onStage,
  repository,
  run,
  type Stage,
  setStage,
  summary,
  withAws,
} from './deploy/script.fixture';
import { type Emulator, startEmulator } from './emulator/client';

// A run of the script starts the AWS CLI a dozen times.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const script = join(repository, 'scripts', 'destroy.sh');
const store = 'route-to-live-artifact-store';
const devRoles = 'route-to-live-dev-deployment-roles';
const testRoles = 'route-to-live-test-deployment-roles';
const pipeline = 'route-to-live-infrastructure-deployment-pipeline';

/** What of the stack of a pipeline people have. */
const notApprover = `
Parameters:
  Region: {Type: String}
Resources:
  NotApproverPolicy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      ManagedPolicyName: route-to-live-not-approver
      PolicyDocument:
        Version: '2012-10-17'
        Statement: {Sid: OnlySee, Effect: Deny, NotAction: 'codebuild:BatchGetBuilds', Resource: 'arn:aws:codebuild:*:*:project/r-*'}
`;

let emulator: Emulator;
let scratch: string;
let stagesSet = 0;
const stages: Stage[] = [];
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'destroy-test-'));
  emulator = await startEmulator({ accounts: accountsOfStages(10) });
});
afterAll(async () => {
  await emulator.stop();
  await Promise.all([rm(scratch, { recursive: true }), ...stages.map(({ route }) => route.remove())]);
});

/** A stage that no other test plays on, with stacks on it. */
async function stage(...stacks: string[]) {
  const number = stagesSet++;
  const made = await setStage(number);
  stages.push(made);
  for (const { name, account, template } of stacksOf(topology).filter((one) => stacks.includes(one.name))) {
    await create(
      onStage(number, account),
      name,
      template === 'tooling/artifact-store' ? artifactStore : deploymentRoles,
    );
  }
  return {
    ...made,
    number,
    run: (args: readonly string[], input = '', environment = emulator.environment()) =>
      run(script, [...made.options, ...args], environment, input),
  };
}

async function create(account: string, name: string, template: string): Promise<void> {
  const values = {
    Region: 'eu-west-1',
    ...(template === deploymentRoles ? { ArtifactKeyArn: 'arn:aws:kms:key' } : {}),
  };
  await emulator.call(account, 'cloudformation', 'CreateStack', {
    StackName: name,
    TemplateBody: template,
    Parameters: Object.entries(values).map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue })),
    Capabilities: ['CAPABILITY_NAMED_IAM'],
  });
}

async function stacksIn(account: string): Promise<string[]> {
  const { Stacks } = await emulator.call<{ Stacks: { StackName: string }[] }>(
    account,
    'cloudformation',
    'DescribeStacks',
  );
  return Stacks.map(({ StackName }) => StackName);
}

const emptyDirectory = () => mkdtemp(join(scratch, 'directory-'));

describe.concurrent('the whole route to live', () => {
  test('is deleted in reverse after the name of the project was typed, less what is retained; then nothing is left', async () => {
    const { number, accountId, run: destroy } = await stage(store, devRoles, testRoles);
    const tooling = onStage(number, 'tooling');
    const selection = [store, devRoles, testRoles];
    const bucket = `fixture-packages-${accountId(0)}`;

    const refused = await destroy([store], 'yes\n');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toBe("destroy.sh: found 'yes', expected 'route-to-live'. Nothing was deleted.\n");
    expect((await destroy([store])).stderr).toContain("found '', expected 'route-to-live'");
    expect(await stacksIn(tooling)).toEqual([store]);

    const done = await destroy(selection, 'route-to-live\n');
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(done.stdout).toContain(`To be deleted, in this order:
  ${testRoles} in test (${accountId(2)})
  ${devRoles} in dev (${accountId(1)})
  ${store} in tooling (${accountId(0)})

Retained, because the deployed template says so (its DeletionPolicy):
  Packages ${bucket} (AWS::S3::Bucket): its objects would be lost
`);
    expect(done.stdout).toContain('Type the name of the project (route-to-live) to delete 3 stacks: ');
    expect(Object.entries(summary(done))).toEqual([
      [testRoles, 'deleted'],
      [devRoles, 'deleted'],
      [store, 'deleted'],
    ]);
    expect(await Promise.all(['tooling', 'dev', 'test'].map((name) => stacksIn(onStage(number, name))))).toEqual([
      [],
      [],
      [],
    ]);
    expect(await emulator.call(tooling, 's3', 'ListBuckets')).toMatchObject({ Buckets: [{ Name: bucket }] });

    const again = await destroy(selection);
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(again.stdout).not.toContain('Type the name');
    expect(new Set(Object.values(summary(again)))).toEqual(new Set(['does not exist']));
  });

  test('is refused with production in it, before AWS is called', async () => {
    const { run: destroy } = await stage();
    const directory = await emptyDirectory();
    const environment = await withAws(emulator.environment(), directory, 'touch "$directory/called"');

    const { code, stdout, stderr } = await destroy(['--yes'], '', environment);

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('destroy.sh: The selection holds production: prod. Nothing was deleted.');
    expect(stderr).toContain('scripts/destroy.sh tooling dev test\n');
    expect(await readdir(directory)).toEqual(['aws']);
  });

  test('is shown by a dry run, production included where that is allowed, without calling AWS', async () => {
    const { run: destroy } = await stage();
    const directory = await emptyDirectory();
    const environment = await withAws(emulator.environment(), directory, 'touch "$directory/called"');

    const { code, stdout, stderr } = await destroy(['--dry-run', '--including-prod'], '', environment);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.match(/(?<=delete-stack --stack-name )\S+/g)).toEqual(
      stacksOf(topology)
        .map(({ name }) => name)
        .reverse(),
    );
    expect(stdout).toContain(
      '# Kept, if this template is deployed: Packages (AWS::S3::Bucket): its objects would be lost.\n',
    );
    expect(await readdir(directory)).toEqual(['aws']);
  });
});

test.concurrent('what does not exist is passed over', async () => {
  const { number, run: destroy } = await stage(devRoles);

  const done = await destroy(['--yes', 'test', 'dev', '--including-prod', 'prod']);

  expect(done).toMatchObject({ code: 0, stderr: '' });
  expect(done.stdout).not.toContain('Retained');
  expect(summary(done)).toMatchObject({
    'route-to-live-prod-deployment-roles': 'does not exist',
    [testRoles]: 'does not exist',
    [devRoles]: 'deleted',
  });
  expect(await stacksIn(onStage(number, 'dev'))).toEqual([]);
});

test.concurrent('a deletion that fails ends the run with its events; once the cause is gone, the next run goes on', async () => {
  const { number, run: destroy } = await stage(testRoles, devRoles);
  const dev = onStage(number, 'dev');
  // A policy that somebody added by hand: CloudFormation knows nothing of it, and IAM keeps the role.
  const policy = { RoleName: 'fixture-role', PolicyName: 'by-hand' };
  await emulator.call(dev, 'iam', 'PutRolePolicy', {
    ...policy,
    PolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 's3:ListAllMyBuckets', Resource: '*' }],
    }),
  });
  const selection = ['--yes', devRoles, testRoles];
  await create(onStage(number, 'tooling'), store, artifactStore);

  const failed = await destroy([...selection, store]);

  expect(failed.code).toBe(1);
  expect(failed.stderr).toMatch(
    new RegExp(
      `Failed events of ${devRoles}, the cause first:\n {2}Role \\(AWS::IAM::Role\\) DELETE_FAILED: .*policies`,
    ),
  );
  expect(summary(failed)).toEqual({ [testRoles]: 'deleted', [devRoles]: 'failed', [store]: 'not deleted' });

  await emulator.call(dev, 'iam', 'DeleteRolePolicy', policy);
  expect(summary(await destroy([...selection, store]))).toEqual({
    [testRoles]: 'does not exist',
    [devRoles]: 'deleted',
    [store]: 'deleted',
  });
});

test.concurrent('what protects a stack, or would stop its deletion half-way, is named before anything is deleted, with what lifts it', async () => {
  const { number, accountId, run: destroy } = await stage(store, testRoles);
  const tooling = onStage(number, 'tooling');
  const dev = onStage(number, 'dev');
  const Bucket = `fixture-packages-${accountId(1)}`;
  await create(dev, devRoles, artifactStore.replace('DeletionPolicy: Retain', 'DeletionPolicy: Delete'));
  // Old versions and a delete marker are all that it holds.
  await emulator.call(dev, 's3', 'PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Enabled' } });
  await emulator.call(dev, 's3', 'PutObject', { Bucket, Key: "an object's name", Body: 'held' });
  await emulator.call(dev, 's3', 'PutObject', { Bucket, Key: "an object's name", Body: 'held again' });
  await emulator.call(dev, 's3', 'DeleteObject', { Bucket, Key: "an object's name" });
  await emulator.call(tooling, 'cloudformation', 'UpdateTerminationProtection', {
    StackName: store,
    EnableTerminationProtection: true,
  });
  // The bucket of this stack is retained: that it holds something is in nobody's way.
  await emulator.call(tooling, 's3', 'PutObject', {
    Bucket: `fixture-packages-${accountId(0)}`,
    Key: 'object',
    Body: 'held',
  });
  await create(tooling, pipeline, notApprover);
  const PolicyArn = `arn:aws:iam::${accountId(0)}:policy/route-to-live-not-approver`;
  const AssumeRolePolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' },
  });
  await emulator.call(tooling, 'iam', 'CreateRole', { RoleName: 'developer', AssumeRolePolicyDocument });
  await emulator.call(tooling, 'iam', 'AttachRolePolicy', { RoleName: 'developer', PolicyArn });
  await emulator.call(tooling, 'iam', 'CreateUser', { UserName: 'anna' });
  await emulator.call(tooling, 'iam', 'AttachUserPolicy', { UserName: 'anna', PolicyArn });
  const selection = ['--yes', pipeline, store, devRoles, testRoles];

  const refused = await destroy(selection);

  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toContain(
    'destroy.sh: these protect what is to be deleted, or would stop it half-way. Nothing was deleted.\n',
  );
  expect(refused.stderr).toContain(`  ${store} in tooling (${accountId(0)}): its termination protection is on\n`);
  expect(refused.stderr).toContain(`  ${devRoles} in dev (${accountId(1)}): Packages ${Bucket}: it is not empty`);
  expect(refused.stderr).toContain(
    `  ${pipeline} in tooling (${accountId(0)}): NotApproverPolicy ${PolicyArn}: it is attached`,
  );
  expect(await stacksIn(onStage(number, 'test'))).toEqual([testRoles]);

  const commands = refused.stderr.match(/(?<=^ {4})\S.+/gm) ?? [];
  expect(commands).toHaveLength(3);
  expect(await run('bash', ['-e'], emulator.environment(), commands.join('\n'))).toMatchObject({ code: 0 });
  expect(new Set(Object.values(summary(await destroy(selection))))).toEqual(new Set(['deleted']));
});

test.concurrent('nothing is deleted as long as it cannot be seen what protects it', async () => {
  const { number, run: destroy } = await stage(devRoles);
  const environment = await withAws(
    emulator.environment(),
    await emptyDirectory(),
    '[[ $2 != list-stack-resources ]] || { echo "An error occurred (AccessDenied): no" >&2; exit 254; }\nexec "$aws" "$@"',
  );

  const { code, stderr } = await destroy(['--yes', devRoles], '', environment);

  expect(code).toBe(1);
  expect(stderr).toContain(`destroy.sh: cannot see what protects ${devRoles} in dev`);
  expect(stderr).toContain('AccessDenied');
  expect(await stacksIn(onStage(number, 'dev'))).toEqual([devRoles]);
});

test.concurrent('the roles of an environment stay as long as a stack of a pipeline stands on them', async () => {
  const infrastructure = 'route-to-live-dev-infrastructure';
  const { number, run: destroy } = await stage(devRoles);
  const dev = onStage(number, 'dev');
  await create(dev, infrastructure, artifactStore);

  const refused = await destroy(['--yes', devRoles]);
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toBe(`destroy.sh: these stacks are still needed. Nothing was deleted.
  ${devRoles}: ${infrastructure} was deployed with its roles, or imports its outputs.
    Delete that first: scripts/destroy.sh ${infrastructure}
`);

  expect(Object.entries(summary(await destroy(['--yes', 'dev'])))).toEqual([
    ['route-to-live-dev-container-service', 'does not exist'],
    [infrastructure, 'deleted'],
    ['route-to-live-dev-service-roles', 'does not exist'],
    [devRoles, 'deleted'],
  ]);
});

test.concurrent('credentials of another account are refused before anything is deleted', async () => {
  const { number, accountId, run: destroy } = await stage(devRoles);

  const { code, stderr } = await destroy([
    ...['--profile', `dev=route-to-live-${onStage(number, 'prod')}`, '--yes', 'dev'],
  ]);

  expect(code).toBe(1);
  expect(stderr).toContain(`dev: found account ${accountId(3)} in the profile`);
  expect(await stacksIn(onStage(number, 'dev'))).toEqual([devRoles]);
});

test.each([
  [['--help'], 0],
  [['--including-production'], 2],
  [['--yes', 'deployment-roles'], 2],
])('%j ends with %i', async (args, code) => {
  expect(await run(script, args, emulator.environment())).toMatchObject({ code });
});
