import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { appspec, taskDefinitionFile } from '../../templates-src/patterns/environment/ecs-deploy';
import { topologyWith } from '../../templates-src/topology.fixture';
import { makeFolder, writeFiles } from './test-support/project';
import { type Result, runScript } from './test-support/script';

const container = { name: 'shop', port: 3000, healthCheckPath: '/' };
const topology = topologyWith({
  project: 'store',
  environments: [
    { name: 'sandbox', approval: false },
    { name: 'live', approval: true },
  ],
  container,
});
const accounts = { sandbox: '222222222222', live: '333333333333' };

const expected = {
  appspec: createHash('sha256').update(appspec(container)).digest('hex'),
  container: 'shop',
  port: 3000,
  family: 'store-{environment}-container',
  logGroup: '/store/{environment}/container',
  taskRole: 'arn:aws:iam::{account}:role/store-{environment}-workload-container-task',
  executionRole: 'arn:aws:iam::{account}:role/store-{environment}-task-execution',
};

/** What the template of the pipeline says besides. */
const env = {
  ...process.env,
  ...Object.fromEntries(Object.entries(accounts).map(([name, id]) => [`ACCOUNT_${name}`, id])),
};

type Definition = Record<string, unknown> & { containerDefinitions: Record<string, unknown>[] };

/** What `npm run build` writes. */
const definitionOf = (name: keyof typeof accounts) =>
  JSON.parse(
    taskDefinitionFile(topology, { name, account: accounts[name], region: 'us-east-1', size: 'small' }),
  ) as Definition;

/** Verifies a commit whose files are changed. */
async function verify(
  change: (definition: Definition) => void = () => {},
  files: Readonly<Record<string, string>> = {},
): Promise<Result & { folder: string }> {
  const folder = await makeFolder(onTestFinished);
  const live = definitionOf('live');
  change(live);
  await writeFiles(folder, {
    'appspec.yaml': appspec(container),
    'taskdef-sandbox.json': JSON.stringify(definitionOf('sandbox')),
    'taskdef-live.json': JSON.stringify(live),
    ...files,
  });
  const args = ['--expected', JSON.stringify(expected), '--output', 'verified'];
  return { ...(await runScript('verify-deployment.sh', args, { cwd: folder, env })), folder };
}

test('what npm run build writes is verified, and handed on as it is', async () => {
  const { code, stdout, stderr, folder } = await verify();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toBe('Verified: appspec.yaml and the task definitions of live, sandbox.\n');
  expect(await readFile(join(folder, 'verified/appspec.yaml'), 'utf8')).toBe(appspec(container));
  for (const name of ['sandbox', 'live'] as const) {
    expect(JSON.parse(await readFile(join(folder, `verified/taskdef-${name}.json`), 'utf8'))).toEqual(
      definitionOf(name),
    );
  }
});

test('a commit may choose size, variables, secrets and command of the container', async () => {
  const { code, stderr } = await verify((definition) => {
    Object.assign(definition, { cpu: '1024', memory: '2048' });
    Object.assign(definition.containerDefinitions[0] as object, {
      environment: [{ name: 'A', value: 'b' }],
      secrets: [{ name: 'C', valueFrom: 'arn:aws:ssm:us-east-1:333333333333:parameter/c' }],
      command: ['serve'],
      linuxParameters: {},
    });
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

describe('a commit is not deployed', () => {
  const other = (more: object) => (definition: Definition) => void Object.assign(definition, more);
  const inContainer = (more: object) => (definition: Definition) =>
    void Object.assign(definition.containerDefinitions[0] as object, more);

  test.each<[string, (definition: Definition) => void, string]>([
    [
      'an image of its own',
      inContainer({ image: 'public.ecr.aws/somebody/else:latest' }),
      'containerDefinitions[0].image: found "public.ecr.aws/somebody/else:latest", expected "<IMAGE1_NAME>".',
    ],
    [
      'a second container',
      (definition) => void definition.containerDefinitions.push({ name: 'miner', image: 'miner' }),
      'containerDefinitions: found 2, expected one container.',
    ],
    [
      'the execution role as role of the task',
      (definition) => void Object.assign(definition, { taskRoleArn: definition.executionRoleArn }),
      'taskRoleArn: found "arn:aws:iam::333333333333:role/store-live-task-execution", expected ' +
        '"arn:aws:iam::333333333333:role/store-live-workload-container-task".',
    ],
    [
      'the roles of another environment',
      (definition) => void Object.assign(definition, { executionRoleArn: definitionOf('sandbox').executionRoleArn }),
      'executionRoleArn: found "arn:aws:iam::222222222222:role/store-sandbox-task-execution"',
    ],
    ['no role', (definition) => void delete definition.taskRoleArn, 'taskRoleArn: found null, expected "arn:'],
    [
      'another family',
      other({ family: 'store-other' }),
      'family: found "store-other", expected "store-live-container".',
    ],
    [
      'a tag that may mean another image later',
      other({ versionConsistency: 'disabled' }),
      'versionConsistency: found "disabled", expected nothing: with it disabled, a tag may mean another image',
    ],
    ['the network of the host', other({ networkMode: 'host' }), 'networkMode: found "host", expected "awsvpc".'],
    ['volumes', other({ volumes: [{ name: 'data' }] }), 'volumes: found [{"name": "data"}], expected nothing:'],
    [
      'what nobody knows here',
      other({ tomorrow: true }),
      'tomorrow: found true, expected nothing: this pipeline does not',
    ],
    [
      'privileges',
      inContainer({ privileged: true }),
      'containerDefinitions[0].privileged: found true, expected nothing:',
    ],
    [
      'capabilities',
      inContainer({ linuxParameters: { capabilities: { add: ['SYS_PTRACE'] } } }),
      'containerDefinitions[0].linuxParameters: expected nothing but',
    ],
    [
      'another port',
      inContainer({ portMappings: [{ containerPort: 22, protocol: 'tcp' }] }),
      'containerDefinitions[0].portMappings: found [{"containerPort": 22, "protocol": "tcp"}], expected',
    ],
    [
      'logs that go elsewhere',
      inContainer({ logConfiguration: { logDriver: 'splunk', options: { 'splunk-url': 'https://example.com' } } }),
      'containerDefinitions[0].logConfiguration: expected the driver awslogs',
    ],
    [
      "somebody else's log group",
      inContainer({ logConfiguration: { logDriver: 'awslogs', options: { 'awslogs-group': '/other' } } }),
      'containerDefinitions[0].logConfiguration: expected the log group /store/live/container.',
    ],
  ])('whose task definition has %s', async (_, change, problem) => {
    const { code, stderr, folder } = await verify(change);
    expect(code).toBe(1);
    expect(stderr).toContain(`./taskdef-live.json: ${problem}`);
    await expect(readFile(join(folder, 'verified/appspec.yaml'))).rejects.toThrow('ENOENT');
  });

  test('whose task definition has a key twice, of which each reader takes another', async () => {
    const text = JSON.stringify(definitionOf('live')).replace('{', '{"taskRoleArn": "arn:other",');
    const { code, stderr } = await verify(undefined, { 'taskdef-live.json': text });
    expect(code).toBe(1);
    expect(stderr).toContain('./taskdef-live.json: found the key "taskRoleArn" twice.');
  });

  test('whose appspec is another one, say with a network or hooks of its own', async () => {
    const { code, stderr } = await verify(undefined, {
      'appspec.yaml': `${appspec(container)}Hooks:\n  - BeforeAllowTraffic: anything\n`,
    });
    expect(code).toBe(1);
    expect(stderr).toContain(`./appspec.yaml: found the SHA-256 `);
    expect(stderr).toContain(`expected ${expected.appspec}: it is not the appspec that the pipeline was deployed for.`);
  });

  test('with every problem of every file at once', async () => {
    const { folder } = await verify();
    await rm(join(folder, 'taskdef-sandbox.json'));
    await writeFiles(folder, { 'taskdef-live.json': '{', 'appspec.yaml': '' });
    const args = ['--expected', JSON.stringify(expected), '--output', 'other'];
    const { code, stderr } = await runScript('verify-deployment.sh', args, { cwd: folder, env });
    expect(code).toBe(1);
    expect(stderr).toContain('./appspec.yaml: found the SHA-256');
    expect(stderr).toContain('./taskdef-sandbox.json: cannot be read (No such file or directory);');
    expect(stderr).toContain('./taskdef-live.json: found no JSON (');
    expect(stderr).toContain('verify-deployment.sh: The commit is not deployed; see above.\n');
  });
});

test('a pipeline that knows no environment verifies nothing', async () => {
  const { folder } = await verify();
  const args = ['--expected', JSON.stringify(expected), '--output', 'other'];
  const { code, stderr } = await runScript('verify-deployment.sh', args, { cwd: folder, env: process.env });
  expect(code).toBe(1);
  expect(stderr).toContain('No environment is known: expected a variable ACCOUNT_<environment> for each.');
});

test.each([
  [['--output', 'x'], '--expected is missing.'],
  [['--expected', '{}'], '--output is missing.'],
  [['--verbose'], 'Unknown option "--verbose".'],
])('%j end with 2', async (args, message) => {
  const cwd = await makeFolder(onTestFinished);
  expect(await runScript('verify-deployment.sh', args, { cwd, env: process.env })).toEqual({
    code: 2,
    stdout: '',
    stderr: `verify-deployment.sh: ${message} Try --help.\n`,
  });
});
