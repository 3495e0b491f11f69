import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { appspec, taskDefinitionFile } from '../../templates-src/patterns/environment/ecs-deploy';
import { topologyWith } from '../../templates-src/topology.fixture';
import { type Emulator, startEmulator } from '../emulator/client';
import { type FaultProxy, startFaultProxy, throttled } from './test-support/fault-proxy';
import { makeFolder, writeFiles } from './test-support/project';
import { type Result, type Running, startScript } from './test-support/script';

/**
 * The scripts as builds run them: with the AWS CLI, against the emulated AWS, on the main way of each and once for each
 * kind of fault. What they do besides is tested beside their code, in `lib`, against an AWS in memory; these runs hold
 * that against the AWS CLI.
 */

// Every run starts the AWS CLI a dozen times, which takes long.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const ROLE = 'arn:aws:iam::222222222222:role/shop-dev-update';
const REGISTRY = '111111111111.dkr.ecr.eu-west-1.amazonaws.com';

let emulator: Emulator;
let proxy: FaultProxy;
let folder: string;
let tooling: NodeJS.ProcessEnv;
let cleanUp = async () => {};
const call = <Answer>(account: string, service: string, operation: string, parameters: object) =>
  emulator.call<Answer>(account, service, operation, parameters);

beforeAll(async () => {
  folder = await makeFolder((end) => {
    cleanUp = end;
  });
  emulator = await startEmulator();
  proxy = await startFaultProxy(emulator.endpoint);
  tooling = { ...emulator.environment('tooling'), AWS_ENDPOINT_URL: proxy.endpoint };
});

afterAll(async () => {
  await proxy.stop();
  await emulator.stop();
  await cleanUp();
});

beforeEach(() => proxy.reset());

const start = (script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Running =>
  startScript(script, args, { cwd: folder, env: { ...tooling, ...env } });
const run = (script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Result> =>
  start(script, args, env).result;

/** Starts a script, and kills it when a call of AWS has arrived and is not answered. */
async function killAt(running: () => Running, selection: Parameters<FaultProxy['hold']>[0]): Promise<void> {
  const hold = proxy.hold(selection);
  const killed = running();
  await hold.arrived(1);
  killed.kill();
  await killed.result;
  proxy.reset();
}

describe('a function is packaged, published and updated', () => {
  const bucket = 'packages-of-shop';
  const update = [
    ...['--manifest', 'package/manifest.json', '--role-arn', ROLE, '--environment', 'dev'],
    ...['--function-prefix', 'dev-', '--commit', 'c0ffee', '--record', '/shop/commit'],
  ];
  const publish = ['--zips', 'zips', '--bucket', bucket, '--output', 'package'];
  const code = async () =>
    (await call<{ CodeSha256: string }>('dev', 'lambda', 'GetFunctionConfiguration', { FunctionName: 'dev-orders' }))
      .CodeSha256;
  let packaged: string;

  beforeAll(async () => {
    await writeFiles(folder, {
      'lambda/orders/app.py': "NAME = 'orders'\n",
      'generated/environment/lambda-functions.json': '{"orders": {"runtime": "python3.14", "architecture": "x86_64"}}',
      'generated/environment/infrastructure.yaml': 'Resources: {}\n',
      'parameters/dev/infrastructure.json': '{"Parameters": {}}',
    });
    const trust = { Version: '2012-10-17', Statement: [] };
    const [{ Role }] = await Promise.all([
      call<{ Role: { Arn: string } }>('dev', 'iam', 'CreateRole', {
        RoleName: 'function',
        AssumeRolePolicyDocument: JSON.stringify(trust),
      }),
      call('tooling', 's3', 'CreateBucket', {
        Bucket: bucket,
        CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' },
      }),
    ]);
    await call('dev', 'lambda', 'CreateFunction', {
      FunctionName: 'dev-orders',
      Runtime: 'python3.14',
      Handler: 'app.handler',
      Role: Role.Arn,
      Code: { ZipFile: Buffer.from('PK\x05\x06'.padEnd(22, '\0'), 'latin1').toString('base64') },
    });
  });

  test('packaging makes a zip and lists it', async () => {
    expect(await run('package-lambdas.sh', ['--output', 'zips'])).toMatchObject({ code: 0, stderr: '' });

    const hash = createHash('sha256').update(await readFile(join(folder, 'zips/orders.zip')));
    expect(await readFile(join(folder, 'zips/zips.sha256'), 'utf8')).toBe(`${hash.copy().digest('hex')}  orders.zip\n`);
    packaged = hash.digest('base64');
  });

  test('publishing that is killed while it uploads leaves no manifest, and the next run uploads', async () => {
    await killAt(() => start('publish-packages.sh', publish), { action: 'PutObject' });
    expect(await readdir(folder)).not.toContain('package');

    expect(await run('publish-packages.sh', publish)).toMatchObject({ code: 0, stderr: '' });

    expect(JSON.parse(await readFile(join(folder, 'package/manifest.json'), 'utf8'))).toMatchObject({
      bucket,
      functions: [{ function: 'orders', sha256: packaged }],
    });
  });

  test('what is there already is not uploaded again, and throttling is waited out', async () => {
    proxy.fail({ action: 'PutObject', calls: [1] }, throttled.s3);
    proxy.fail({ action: 'HeadObject', calls: [1] }, throttled.s3);

    const result = await run('publish-packages.sh', publish);

    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toMatch(
      /^unchanged {2}orders {2}s3:\/\/packages-of-shop\/orders\/[0-9a-f]{64}\.zip {2}\d+ bytes\n$/,
    );
    expect(proxy.calls.map(({ action, answer }) => `${action} ${answer?.status}`)).toEqual([
      ...['PutObject 503', 'PutObject 412', 'HeadObject 503', 'HeadObject 200'],
    ]);
  });

  test('an update that is killed is made by the next run, with credentials that are nowhere but with the AWS CLI', async () => {
    await mkdir(join(folder, 'tmp'));
    await mkdir(join(folder, 'home'));
    const env = { HOME: join(folder, 'home'), TMPDIR: join(folder, 'tmp'), CODEBUILD_BUILD_ID: 'update:0b3d2c1a-9f7e' };
    const before = await code();
    await killAt(() => start('update-lambdas.sh', update, env), { action: 'UpdateFunctionCode' });
    expect(await code()).toBe(before);
    proxy.fail({ action: 'AssumeRole', calls: [1] }, throttled.sts);
    proxy.fail({ action: 'UpdateFunctionCode', calls: [1, 2] }, throttled.lambda);
    const hold = proxy.hold({ action: 'UpdateFunctionCode' });
    const running = start('update-lambdas.sh', update, env);
    await hold.arrived(1);
    const meanwhile = await textsBelow(folder);
    hold.release();

    const result = await running.result;

    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['FUNCTION', 'BEFORE', 'AFTER', 'RESULT'],
      ['dev-orders', before, packaged, 'updated'],
      [''],
    ]);
    expect(await code()).toBe(packaged);
    const record = await call<{ Parameter: { Value: string } }>('dev', 'ssm', 'GetParameter', { Name: '/shop/commit' });
    expect(record.Parameter.Value).toBe('c0ffee');
    const assumed = proxy.calls.filter(({ action }) => action === 'AssumeRole').at(-1);
    expect(new URLSearchParams(assumed?.target).get('RoleSessionName')).toBe('lambda-update-0b3d2c1a-9f7e');
    const secrets = ['AccessKeyId', 'SecretAccessKey', 'SessionToken'].map(
      (name) => new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(assumed?.answer?.body ?? '')?.[1]?.trim() ?? '',
    );
    expect(secrets.every((secret) => secret.length > 15)).toBe(true);
    for (const text of [result.stdout, result.stderr, ...meanwhile, ...(await textsBelow(folder))]) {
      expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
    }
    expect(await readdir(env.TMPDIR)).toEqual([]);
  });

  test('as a role of another account, it finds no function and says where it looked', async () => {
    const role = 'arn:aws:iam::333333333333:role/shop-test-update';

    const result = await run('update-lambdas.sh', [...update, '--role-arn', role]);

    expect(result.code).toBe(1);
    expect(result.stderr).toContain('None of the functions exists: has the stack with the functions been deployed');
    expect(result.stderr).toContain('account (333333333333)');
  });
});

async function textsBelow(path: string): Promise<string[]> {
  const files = (await readdir(path, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  return Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), 'utf8')));
}

test('an image is built and pushed, and latest follows when a run was killed in between', async () => {
  await writeFiles(folder, { 'container/Dockerfile': 'FROM scratch\n', 'container/server.mjs': 'listen();\n' });
  // As in the stack artifact-store: build ids never change, latest moves.
  await call('tooling', 'ecr', 'CreateRepository', {
    repositoryName: 'team/container',
    imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION',
    imageTagMutabilityExclusionFilters: [{ filterType: 'WILDCARD', filter: 'latest' }],
  });
  const tags = async () =>
    Object.fromEntries(
      (
        await call<{ imageDetails: { imageDigest: string; imageTags: string[] }[] }>(
          ...(['tooling', 'ecr', 'DescribeImages', { repositoryName: 'team/container' }] as const),
        )
      ).imageDetails.flatMap(({ imageDigest, imageTags }) => imageTags.map((tag) => [tag, imageDigest])),
    );
  const docker = join(folder, 'docker');
  const env = { PATH: `${join(__dirname, '../rehearsal/docker-stand-in')}:${tooling.PATH}`, DOCKER_STAND_IN: docker };
  const build = (id: string) => [
    ...['--repository-uri', `${REGISTRY}/team/container`, '--context', 'container', '--build-id', id],
  ];
  proxy.fail({ action: 'GetAuthorizationToken', calls: [1] }, throttled.ecr);

  expect(await run('build-image.sh', build('one'), env)).toMatchObject({ code: 0 });

  const first = await tags();
  expect(first).toEqual({ one: first.one, latest: first.one });
  expect(await readdir(join(docker, 'logins'))).toEqual([]);
  await sleep(1_100); // times in ECR have whole seconds
  await writeFiles(folder, { 'container/server.mjs': 'listen(8080);\n' });
  await killAt(() => start('build-image.sh', build('two'), env), { action: 'PutImage', target: /"latest"/ });

  expect(await run('build-image.sh', build('two'), env)).toMatchObject({ code: 0, stderr: '' });

  const second = await tags();
  expect(second).toEqual({ one: first.one, two: second.two, latest: second.two });
  expect(second.two).not.toBe(first.one);
  expect(JSON.parse(await readFile(join(folder, 'image.json'), 'utf8'))).toMatchObject({
    tag: 'two',
    digest: second.two,
  });
});

test('a review says what the prepared change set and a preview change, and leaves nothing behind', async () => {
  const queue = (name: string) => ({ Type: 'AWS::SQS::Queue', Properties: { QueueName: name } });
  const changeSet = async (stack: string, name: string, resources: object, type: 'CREATE' | 'UPDATE') => {
    await call('dev', 'cloudformation', 'CreateChangeSet', {
      StackName: `live-${stack}`,
      ChangeSetName: name,
      ChangeSetType: type,
      TemplateBody: JSON.stringify({ Resources: resources }),
    });
  };
  for (const stack of ['infrastructure', 'service']) {
    await changeSet(stack, 'first', { Orders: queue(`live-${stack}`) }, 'CREATE');
    await call('dev', 'cloudformation', 'ExecuteChangeSet', { StackName: `live-${stack}`, ChangeSetName: 'first' });
  }
  await changeSet('infrastructure', 'pipeline', { Orders: queue('live-two') }, 'UPDATE');
  await writeFiles(folder, {
    'generated/environment/service.yaml': JSON.stringify({
      Resources: { Orders: queue('live-service'), More: queue('live-more') },
    }),
    'configuration/live/service.json': '{"Parameters": {}}',
  });

  const { code, stdout, stderr } = await run('review-changes.sh', [
    ...['--environment', 'live', '--stack-prefix', 'live-', '--role-arn', ROLE, '--output', 'review'],
    ...['--commit', 'c0ffee', '--record', '/none', '--previewed', 'service'],
  ]);

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.split('\n')).toEqual([
    'What approving commit c0ffee does to live, which runs nothing yet:',
    '',
    'live-infrastructure',
    '  Replaced:',
    '    Orders (AWS::SQS::Queue) is replaced because of QueueName; the old one is deleted',
    '',
    'live-service',
    '  Added:',
    '    More (AWS::SQS::Queue)',
    '',
  ]);
  const { Summaries } = await call<{ Summaries: { ExecutionStatus: string }[] }>(
    ...(['dev', 'cloudformation', 'ListChangeSets', { StackName: 'live-service' }] as const),
  );
  expect(Summaries.filter(({ ExecutionStatus }) => ExecutionStatus !== 'EXECUTE_COMPLETE')).toEqual([]);
});

test('a deployment of what npm run build writes is verified, and handed on as it is', async () => {
  const container = { name: 'shop', port: 3000, healthCheckPath: '/' };
  const environments = [{ name: 'live', approval: true }] as const;
  const topology = topologyWith({ project: 'store', environments, container });
  const environment = { name: 'live', account: '333333333333', region: 'us-east-1', size: 'small' } as const;
  const definition = taskDefinitionFile(topology, environment);
  await writeFiles(folder, { 'appspec.yaml': appspec(container), 'taskdef-live.json': definition });
  const expected = {
    appspec: createHash('sha256').update(appspec(container)).digest('hex'),
    container: 'shop',
    port: 3000,
    family: 'store-{environment}-container',
    logGroup: '/store/{environment}/container',
    taskRole: 'arn:aws:iam::{account}:role/store-{environment}-workload-container-task',
    executionRole: 'arn:aws:iam::{account}:role/store-{environment}-task-execution',
  };
  const args = ['--expected', JSON.stringify(expected), '--output', 'verified'];

  expect(await run('verify-deployment.sh', args, { ACCOUNT_live: '333333333333' })).toEqual({
    code: 0,
    stdout: 'Verified: appspec.yaml and the task definitions of live.\n',
    stderr: '',
  });

  expect(await readFile(join(folder, 'verified/appspec.yaml'), 'utf8')).toBe(appspec(container));
  expect(JSON.parse(await readFile(join(folder, 'verified/taskdef-live.json'), 'utf8'))).toEqual(
    JSON.parse(definition),
  );
});

test('there are the scripts that the pipelines run, each of which is a few lines before its program', async () => {
  const scripts = (await readdir(__dirname)).filter((name) => name.endsWith('.sh'));
  expect(scripts.sort()).toEqual([
    ...['build-image.sh', 'check-templates.sh', 'package-lambdas.sh', 'publish-packages.sh', 'review-changes.sh'],
    ...['review-deployment.sh', 'update-lambdas.sh', 'verify-deployment.sh'],
  ]);
  for (const script of scripts) {
    const text = await readFile(join(__dirname, script), 'utf8');
    expect(text.split('\n').length).toBeLessThan(10);
    expect(text).toContain(`/lib/${script.replace('.sh', '').replaceAll('-', '_')}.py" "$@"`);
  }
});
