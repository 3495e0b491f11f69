import { execFile, spawn } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Emulator, startEmulator } from './client';

const run = promisify(execFile);

async function callerAccount(environment: NodeJS.ProcessEnv): Promise<string> {
  const { stdout } = await run('aws', ['sts', 'get-caller-identity', '--query', 'Account', '--output', 'text'], {
    env: environment,
  });
  return stdout.trim();
}

async function answers(endpoint: string): Promise<boolean> {
  return fetch(endpoint).then(
    () => true,
    () => false,
  );
}

describe('startEmulator', () => {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await startEmulator();
  }, 60_000);
  afterAll(() => emulator.stop());

  test('gives every account its own credentials', async () => {
    const accounts = await Promise.all(
      ['tooling', 'prod'].map((account) => callerAccount(emulator.environment(account))),
    );

    expect(accounts).toEqual(['111111111111', '444444444444']);
  }, 30_000);

  test('calls an API in an account', async () => {
    expect(await emulator.call('test', 'sts', 'GetCallerIdentity')).toMatchObject({ Account: '333333333333' });
    const created = { Bucket: 'bucket', CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } };
    await emulator.call('dev', 's3', 'CreateBucket', created);
    await emulator.call('dev', 's3', 'PutObject', { Bucket: 'bucket', Key: 'object', Body: 'content' });
    expect(await emulator.call('dev', 's3', 'GetObject', { Bucket: 'bucket', Key: 'object' })).toMatchObject({
      Body: 'content',
      LastModified: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
  });

  test('tells what is wrong with a call', async () => {
    await expect(emulator.call('dev', 'iam', 'GetRole', { RoleName: 'none' })).rejects.toThrow(
      'iam GetRole: NoSuchEntity: Role none not found',
    );
    await expect(emulator.call('dev', 'iam', 'GetRole', { Role: 'none' })).rejects.toThrow('ParamValidationError');
    await expect(emulator.call('staging', 'iam', 'ListRoles')).rejects.toThrow('No account is named "staging"');
    // What moto lacks, in services of each protocol.
    for (const [service, operation] of [
      ['ec2', 'DescribeFastLaunchImages'],
      ['sns', 'ListOriginationNumbers'],
      ['codebuild', 'ListReports'],
    ] as const) {
      await expect(emulator.call('dev', service, operation)).rejects.toThrow(
        `${service} ${operation}: InternalFailure`,
      );
    }
    expect(await readFile(emulator.log, 'utf8')).toContain('NotImplementedError');
  }, 30_000);

  test('refuses an account nobody declared', () => {
    expect(() => emulator.environment('staging')).toThrow(
      'No account is named "staging"; there are tooling, dev, test, prod.',
    );
  });

  test('lets a call that names no account fail, and hides the AWS settings of its caller', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAOFTHECALLER');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'of-the-caller');
    vi.stubEnv('AWS_PROFILE', 'of-the-caller');
    try {
      const environment = emulator.environment();

      expect(Object.keys(environment).filter((name) => name.startsWith('AWS_'))).toEqual([
        'AWS_ENDPOINT_URL',
        'AWS_CONFIG_FILE',
        'AWS_SHARED_CREDENTIALS_FILE',
        'AWS_REGION',
        'AWS_DEFAULT_REGION',
        'AWS_PAGER',
        'AWS_EC2_METADATA_DISABLED',
      ]);
      await expect(callerAccount(environment)).rejects.toThrow('Unable to locate credentials');
    } finally {
      vi.unstubAllEnvs();
    }
  }, 30_000);
});

test('accounts and Region can be others, and stop leaves no server and no files', async () => {
  const emulator = await startEmulator({ accounts: { sandbox: '012345678901' }, region: 'us-east-2' });
  try {
    expect(emulator.environment('sandbox')).toMatchObject({ AWS_REGION: 'us-east-2', AWS_DEFAULT_REGION: 'us-east-2' });
    expect(await emulator.call('sandbox', 'sns', 'CreateTopic', { Name: 'topic' })).toEqual({
      TopicArn: 'arn:aws:sns:us-east-2:012345678901:topic',
    });
    expect(await emulator.call('sandbox', 'sts', 'GetCallerIdentity')).toMatchObject({ Account: '012345678901' });
  } finally {
    await emulator.stop();
  }

  expect(await answers(emulator.endpoint)).toBe(false);
  await expect(stat(emulator.log)).rejects.toThrow('ENOENT');
  await emulator.stop();
}, 60_000);

test('the emulator ends, and removes its files, when the process that started it is killed', async () => {
  const program = `
    import { startEmulator } from ${JSON.stringify(join(__dirname, 'client'))};
    startEmulator().then(({ endpoint }) => { console.log(endpoint); setInterval(() => {}, 1000); });
  `;
  const directory = await mkdtemp(join(tmpdir(), 'emulator-owner-'));
  try {
    await writeFile(join(directory, 'owner.ts'), program);
    const repository = resolve(__dirname, '../..');
    const owner = spawn(process.execPath, ['-r', 'tsx/cjs', join(directory, 'owner.ts')], {
      cwd: repository,
      env: { ...process.env, TMPDIR: directory },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const endpoint = await new Promise<string>((resolveLine, reject) => {
      createInterface({ input: owner.stdout }).once('line', resolveLine);
      owner.once('exit', () => reject(new Error('the owner ended before its emulator answered')));
    });
    expect(await answers(endpoint)).toBe(true);

    owner.kill('SIGKILL');

    await vi.waitFor(async () => expect(await answers(endpoint)).toBe(false), { timeout: 10_000, interval: 50 });
    expect((await readdir(directory)).filter((name) => name.startsWith('route-to-live'))).toEqual([]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}, 60_000);

describe('a Python that will not do', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'emulator-python-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  test('a server that ends at once is reported with its log', async () => {
    // Answers the search for moto with yes, and fails as the server.
    const python = join(directory, 'python3');
    await writeFile(python, '#!/bin/sh\ntest "$1" = -c && exit 0\necho "no module called emulator" >&2\nexit 3\n');
    await chmod(python, 0o755);
    vi.doMock('node:fs', async (original) => {
      const fs = await original<typeof import('node:fs')>();
      return { ...fs, existsSync: (path: string) => !path.includes('.venv') && fs.existsSync(path) };
    });
    vi.resetModules();
    vi.stubEnv('PATH', directory);
    try {
      const { startEmulator: start } = await import('./client');
      await expect(start()).rejects.toThrow(
        'The emulated AWS did not start: it ended with exit code 3. Its log ends with:\nno module called emulator',
      );

      vi.stubEnv('PATH', '');
      await expect(start()).rejects.toThrow('Run `npm run python-tools`.');
    } finally {
      vi.unstubAllEnvs();
      vi.doUnmock('node:fs');
      vi.resetModules();
    }
  });
});
