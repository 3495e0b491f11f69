import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../emulator/client';
import { type FaultProxy, startFaultProxy, throttled } from './test-support/fault-proxy';
import { killAtEachCall } from './test-support/kill-at-each-call';
import { aws, makeFolder, parameters, platformsFile, platformsPath, writeFiles } from './test-support/project';
import { type Result, type Running, runScript, type ScriptOptions, startScript } from './test-support/script';

// Every test runs the AWS CLI a dozen times, which takes long to start.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const run = promisify(execFile);
const ROLE = 'arn:aws:iam::222222222222:role/route-to-live-dev-lambda-update';
const FUNCTIONS = ['orders', 'parcels'];

const sources = {
  ...parameters,
  [platformsPath]: platformsFile(FUNCTIONS.map((name) => `lambda/${name}/app.py`)),
  ...Object.fromEntries(FUNCTIONS.map((name) => [`lambda/${name}/app.py`, `NAME = '${name}'\n`])),
};

interface Manifest {
  bucket: string;
  functions: { function: string; key: string; sha256: string; size: number }[];
}

let emulator: Emulator;
let proxy: FaultProxy;
let tooling: NodeJS.ProcessEnv;
let dev: NodeJS.ProcessEnv;
/** What the packages of the functions are; the tests only read it. */
let manifest: Manifest;
/** A zip of code that is nobody's package. */
let otherCode: string;
let executionRole: string;
let removePackages: () => Promise<void>;

beforeAll(async () => {
  emulator = await startEmulator();
  proxy = await startFaultProxy(emulator.endpoint);
  tooling = { ...emulator.environment('tooling'), AWS_ENDPOINT_URL: proxy.endpoint };
  dev = emulator.environment('dev');
  const folder = await makeFolder((cleanUp) => {
    removePackages = cleanUp;
  });
  const bucket = `packages-${randomUUID()}`;
  const trust = { Version: '2012-10-17', Statement: [] };
  const [role] = await Promise.all([
    aws(
      dev,
      ...['iam', 'create-role', '--role-name', 'function', '--assume-role-policy-document', JSON.stringify(trust)],
    ),
    aws(
      emulator.environment('tooling'),
      ...['s3api', 'create-bucket', '--bucket', bucket],
      ...['--create-bucket-configuration', 'LocationConstraint=eu-west-1'],
    ),
    writeFiles(folder, sources),
  ]);
  executionRole = role.Role.Arn;
  manifest = await packageLambdas(bucket, folder);
  otherCode = join(folder, 'other.zip');
  const program = "import sys, zipfile; zipfile.ZipFile(sys.argv[1], 'w').writestr('app.py', 'old')";
  await run('python3', ['-c', program, otherCode]);
});

afterAll(async () => {
  await removePackages();
  await proxy.stop();
  await emulator.stop();
});

beforeEach(() => proxy.reset());

async function packageLambdas(bucket: string, folder: string): Promise<Manifest> {
  const options = { cwd: folder, env: tooling };
  const packaging = await runScript('package-lambdas.sh', ['--output', 'zips'], options);
  expect(packaging).toMatchObject({ code: 0, stderr: '' });
  const publication = ['--zips', 'zips', '--bucket', bucket, '--output', 'package'];
  expect(await runScript('publish-packages.sh', publication, options)).toMatchObject({ code: 0, stderr: '' });
  return JSON.parse(await readFile(join(folder, 'package/manifest.json'), 'utf8')) as Manifest;
}

/** Functions in the account of dev, and how to update them. */
interface Deployment {
  readonly folder: string;
  readonly prefix: string;
  create(name: string): Promise<void>;
  /** CodeSha256 of a function, read past the proxy. */
  code(name: string): Promise<string>;
  update(args?: readonly string[], options?: Partial<ScriptOptions>): Promise<Result>;
  start(args?: readonly string[]): Running;
}

/** Makes functions with other code than their packages', of names that no other test uses. */
async function deployment(names: readonly string[] = FUNCTIONS, content: unknown = manifest): Promise<Deployment> {
  const folder = await makeFolder(onTestFinished);
  await writeFile(
    join(folder, 'manifest.json'),
    typeof content === 'string' ? content : JSON.stringify(content, undefined, 2),
  );
  const prefix = `dev-${randomUUID().slice(0, 8)}-`;
  const required = [
    ...['--manifest', 'manifest.json', '--role-arn', ROLE, '--environment', 'dev', '--function-prefix', prefix],
  ];
  const create = async (name: string) => {
    await aws(
      dev,
      ...['lambda', 'create-function', '--function-name', `${prefix}${name}`, '--runtime', 'python3.14'],
      ...['--handler', 'app.handler', '--role', executionRole, '--zip-file', `fileb://${otherCode}`],
    );
  };
  await Promise.all(names.map(create));
  return {
    folder,
    prefix,
    create,
    code: async (name) => {
      const configuration = await aws(
        dev,
        ...['lambda', 'get-function-configuration', '--function-name', `${prefix}${name}`],
      );
      return configuration.CodeSha256;
    },
    update: (args = [], options = {}) =>
      runScript('update-lambdas.sh', [...required, ...args], { cwd: folder, env: tooling, ...options }),
    start: (args = []) => startScript('update-lambdas.sh', [...required, ...args], { cwd: folder, env: tooling }),
  };
}

function packaged(name: string): string {
  return manifest.functions.find((entry) => entry.function === name)?.sha256 ?? '';
}

/** Names of the functions whose code was updated, in the order of the calls. */
function updated({ prefix }: Deployment): string[] {
  return proxy.calls
    .filter(({ action }) => action === 'UpdateFunctionCode')
    .map(({ target }) => target.split('/')[3]?.replace(prefix, '') ?? '');
}

/** The table that the script prints: the columns of each function. */
function table(stdout: string): string[][] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {2,}/));
}

async function sha256(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('base64');
}

describe('update-lambdas.sh', () => {
  test('makes the functions of another account run their packages', async () => {
    const functions = await deployment();

    const result = await functions.update();

    expect(result).toMatchObject({ code: 0, stderr: '' });
    const old = await sha256(otherCode);
    expect(table(result.stdout)).toEqual([
      ['FUNCTION', 'BEFORE', 'AFTER', 'RESULT'],
      ...FUNCTIONS.map((name) => [`${functions.prefix}${name}`, old, packaged(name), 'updated']),
    ]);
    for (const name of FUNCTIONS) {
      expect(await functions.code(name)).toBe(packaged(name));
    }
    const own = await aws(emulator.environment('tooling'), 'lambda', 'list-functions');
    expect(own.Functions).toEqual([]);
  });

  test('notes the commit that is deployed once every function runs its package, and not before', async () => {
    const functions = await deployment();
    const none = await deployment([], { ...manifest, functions: [] });
    const record = `/${functions.prefix}commit`;
    const noted = () =>
      aws(dev, 'ssm', 'get-parameter', '--name', record).then(
        ({ Parameter }) => Parameter.Value,
        () => 'nothing',
      );
    proxy.fail({ action: 'UpdateFunctionCode' }, { status: 403, code: 'AccessDeniedException' });
    const failing = await functions.update(['--commit', 'one', '--record', record]);
    const before = await noted();
    proxy.reset();

    expect([failing.code, before]).toEqual([1, 'nothing']);
    expect(await functions.update(['--commit', 'one', '--record', record])).toMatchObject({ code: 0, stderr: '' });
    expect(await noted()).toBe('one');
    expect(await none.update(['--commit', 'two', '--record', record])).toMatchObject({ code: 0, stderr: '' });
    expect(await noted()).toBe('two');
  });

  test('updates nothing when every function runs its package', async () => {
    const functions = await deployment();
    await functions.update();
    proxy.reset();

    const result = await functions.update();

    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(table(result.stdout).map((row) => row.at(-1))).toEqual(['RESULT', 'unchanged', 'unchanged']);
    expect(proxy.calls.map(({ action }) => action)).toEqual([
      'AssumeRole',
      ...FUNCTIONS.map(() => 'HeadObject'),
      ...Array.from({ length: 4 }, () => 'GetFunctionConfiguration'),
    ]);
  });

  test('updates a changed function alone', async () => {
    const functions = await deployment();
    await functions.update();
    await writeFiles(functions.folder, { ...sources, 'lambda/orders/app.py': "NAME = 'orders, changed'\n" });
    const next = await packageLambdas(manifest.bucket, functions.folder);
    await writeFile(join(functions.folder, 'manifest.json'), JSON.stringify(next));
    proxy.reset();

    const result = await functions.update();

    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(updated(functions)).toEqual(['orders']);
    expect(await functions.code('orders')).toBe(next.functions.find((entry) => entry.function === 'orders')?.sha256);
    expect(await functions.code('parcels')).toBe(packaged('parcels'));
  });

  test('waits before and after each update, and reads every function again at the end', async () => {
    const functions = await deployment(['orders'], { ...manifest, functions: [manifest.functions[0]] });

    await functions.update();

    expect(proxy.calls.map(({ action }) => action)).toEqual([
      'AssumeRole',
      'HeadObject',
      'GetFunctionConfiguration',
      'GetFunction',
      'UpdateFunctionCode',
      'GetFunction',
      'GetFunctionConfiguration',
    ]);
  });

  test('updates no more functions at a time than it may', async () => {
    const functions = await deployment();
    const hold = proxy.hold({ action: 'UpdateFunctionCode' });
    const running = functions.start(['--jobs', '1']);
    await hold.arrived(1);
    // Longer than a second one would need to arrive.
    await new Promise((resolve) => setTimeout(resolve, 2_000));

    expect(hold.waiting).toBe(1);

    hold.release();
    expect(await running.result).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('a package that is not what was packaged', () => {
  const put = (bucket: string, key: string, ...options: string[]) =>
    aws(
      emulator.environment('tooling'),
      ...['s3api', 'put-object', '--bucket', bucket, '--key', key, '--body', otherCode, ...options],
    );

  // What the bucket's policy keeps from happening (templates-src/access); whoever gets past it is found out.
  test.each([
    [
      'was overwritten while its release waited',
      (bucket: string, key: string) => put(bucket, key, '--checksum-algorithm', 'SHA256'),
      async () => `found ${await sha256(otherCode)}, expected the SHA-256 checksum ${packaged('parcels')}.`,
    ],
    [
      'was overwritten by an object without a checksum',
      (bucket: string, key: string) => put(bucket, key),
      async () => `found no SHA-256 checksum, expected the SHA-256 checksum ${packaged('parcels')}.`,
    ],
    [
      'is gone',
      (bucket: string, key: string) =>
        aws(emulator.environment('tooling'), ...['s3api', 'delete-object', '--bucket', bucket, '--key', key]),
      async () => 'cannot be read: either it is gone, and a new run of the pipeline puts it back;',
    ],
  ])('%s: no function is updated, not even one whose package is good', async (_, attack, message) => {
    const bucket = `packages-${randomUUID()}`;
    await aws(
      emulator.environment('tooling'),
      ...['s3api', 'create-bucket', '--bucket', bucket],
      ...['--create-bucket-configuration', 'LocationConstraint=eu-west-1'],
    );
    const functions = await deployment(FUNCTIONS, { ...manifest, bucket });
    await writeFiles(functions.folder, sources);
    expect(await packageLambdas(bucket, functions.folder)).toEqual({ ...manifest, bucket });
    await attack(bucket, manifest.functions.find((entry) => entry.function === 'parcels')?.key ?? '');
    proxy.reset();

    const result = await functions.update();

    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toContain(await message());
    expect(result.stderr).toContain('dev: not all packages are what was packaged, so no function has been updated;');
    expect(updated(functions)).toEqual([]);
    expect(await functions.code('orders')).toBe(await sha256(otherCode));
  });
});

describe('a function that cannot be brought up to date', () => {
  test('is named when it does not exist, the others are updated, and the next run converges', async () => {
    const functions = await deployment(['parcels']);

    const result = await functions.update();

    expect(result.code).toBe(1);
    expect(table(result.stdout)[1]).toEqual([
      `${functions.prefix}orders`,
      '(no such function)',
      '(no such function)',
      'FAILED',
    ]);
    expect(result.stderr).toContain(`${functions.prefix}orders does not run its package. `);
    expect(result.stderr).toContain('dev: 1 of 2 functions are not on the packaged code: orders.');
    expect(result.stderr).not.toContain('None of the functions exists');
    expect(await functions.code('parcels')).toBe(packaged('parcels'));

    await functions.create('orders');
    proxy.reset();
    expect(await functions.update()).toMatchObject({ code: 0, stderr: '' });
    expect(updated(functions)).toEqual(['orders']);
    expect(await functions.code('orders')).toBe(packaged('orders'));
  });

  test('is named with what AWS said when its package cannot be read', async () => {
    const functions = await deployment();
    proxy.fail(
      { action: 'UpdateFunctionCode', target: /orders/ },
      {
        status: 400,
        code: 'InvalidParameterValueException',
        message: 'Error occurred while GetObject. S3 Error Code: NoSuchBucket.',
      },
    );

    const result = await functions.update();

    expect(result.code).toBe(1);
    expect(result.stderr).toContain(`${functions.prefix}orders does not run its package. An error occurred`);
    expect(result.stderr).toContain('NoSuchBucket');
    expect(table(result.stdout).map((row) => row.at(-1))).toEqual(['RESULT', 'FAILED', 'updated']);
    expect(await functions.code('orders')).toBe(await sha256(otherCode));
  });

  test('is named when other code than the package is found in the end', async () => {
    const functions = await deployment();
    const other = await sha256(otherCode);
    proxy.answer(
      { action: 'GetFunctionConfiguration', target: /orders/, calls: [2] },
      { CodeSha256: other, LastUpdateStatus: 'Successful' },
    );

    const result = await functions.update();

    expect(result.code).toBe(1);
    expect(result.stderr).toContain('dev: 1 of 2 functions are not on the packaged code: orders.');
  });

  test('is named when its last update failed, though it shows the hash of the package', async () => {
    const functions = await deployment();
    proxy.answer(
      { action: 'GetFunctionConfiguration', target: /orders/ },
      { CodeSha256: packaged('orders'), LastUpdateStatus: 'Failed' },
    );

    const result = await functions.update();

    expect(result.code).toBe(1);
    expect(table(result.stdout)[1]).toEqual([
      `${functions.prefix}orders`,
      packaged('orders'),
      '(update failed)',
      'FAILED',
    ]);
    expect(updated(functions)).toContain('orders');
  });
});

describe('a function that is busy', () => {
  test('with an update to its package is waited for and not updated again', async () => {
    const functions = await deployment();
    await functions.update();
    proxy.reset();
    proxy.answer(
      { action: 'GetFunctionConfiguration', target: /orders/, calls: [1] },
      { CodeSha256: packaged('orders'), LastUpdateStatus: 'InProgress' },
    );

    expect(await functions.update()).toMatchObject({ code: 0, stderr: '' });

    expect(proxy.count('GetFunction')).toBe(1);
    expect(updated(functions)).toEqual([]);
  });

  test('when it is to be updated is asked again', async () => {
    const functions = await deployment();
    proxy.fail(
      { action: 'UpdateFunctionCode', target: /orders/, calls: [1] },
      { status: 409, code: 'ResourceConflictException', message: 'An update is in progress for resource' },
    );

    expect(await functions.update()).toMatchObject({ code: 0, stderr: '' });

    expect(updated(functions).filter((name) => name === 'orders')).toHaveLength(2);
    expect(await functions.code('orders')).toBe(packaged('orders'));
  });
});

describe('throttling', () => {
  test('is waited out, whichever call it hits', async () => {
    const functions = await deployment();
    proxy.fail({ action: 'AssumeRole', calls: [1] }, throttled.sts);
    proxy.fail({ action: 'GetFunctionConfiguration', target: /orders/, calls: [1] }, throttled.lambda);
    proxy.fail({ action: 'GetFunction', target: /orders/, calls: [1] }, throttled.lambda);
    proxy.fail({ action: 'UpdateFunctionCode', target: /orders/, calls: [1, 2] }, throttled.lambda);

    expect(await functions.update()).toMatchObject({ code: 0, stderr: '' });

    expect(proxy.count('AssumeRole')).toBe(2);
    expect(await functions.code('orders')).toBe(packaged('orders'));
  });

  test('that does not end fails with the name of the function, and the next run converges', async () => {
    const functions = await deployment();
    proxy.fail({ action: 'UpdateFunctionCode', target: /orders/ }, throttled.lambda);

    const result = await functions.update([], { env: { ...tooling, AWS_MAX_ATTEMPTS: '2' } });

    expect(result.code).toBe(1);
    expect(result.stderr).toContain('TooManyRequestsException');
    expect(result.stderr).toContain('are not on the packaged code: orders.');

    proxy.reset();
    expect(await functions.update()).toMatchObject({ code: 0, stderr: '' });
    expect(updated(functions)).toEqual(['orders']);
  });
});

describe('a run that is killed', () => {
  test('leaves functions that the next run brings up to date, touching no others', async () => {
    const functions = await deployment();
    const hold = proxy.hold({ action: 'UpdateFunctionCode', target: /parcels/ });
    const running = functions.start();
    await hold.arrived(1);
    // The other one has to be through, so that there is something to keep.
    const through = () => proxy.calls.some((call) => call.action === 'UpdateFunctionCode' && call.answer !== undefined);
    await expect.poll(through, { timeout: 20_000 }).toBe(true);
    running.kill();
    await running.result;

    expect(await functions.code('orders')).toBe(packaged('orders'));
    expect(await functions.code('parcels')).toBe(await sha256(otherCode));

    proxy.reset();
    expect(await functions.update()).toMatchObject({ code: 0, stderr: '' });
    expect(updated(functions)).toEqual(['parcels']);
    expect(await functions.code('parcels')).toBe(packaged('parcels'));
  });
});

test('a run that is killed at any of its calls leaves nothing that the next run does not put right', async () => {
  const killed = await killAtEachCall(
    proxy,
    // Of one function: each further one makes the same calls.
    () => deployment(['orders'], { ...manifest, functions: manifest.functions.slice(0, 1) }),
    (functions) => functions.start(),
    async (functions, at) => {
      expect(await functions.update(), at).toMatchObject({ code: 0, stderr: '' });
      expect(await functions.code('orders'), at).toBe(packaged('orders'));
    },
  );
  expect(new Set(killed).size).toBeGreaterThan(3);
}, 480_000);

describe('the role', () => {
  test('that cannot be assumed is named, and nothing else is tried', async () => {
    const functions = await deployment();
    proxy.fail(
      { action: 'AssumeRole' },
      { status: 403, code: 'AccessDenied', message: 'User is not authorized to perform: sts:AssumeRole' },
    );

    const result = await functions.update();

    expect(result.code).toBe(1);
    expect(result.stdout).toBe('');
    expect(result.stderr).toContain(`dev: the role ${ROLE} cannot be assumed, so nothing has been changed.`);
    expect(result.stderr).toContain('User is not authorized to perform: sts:AssumeRole');
    expect(proxy.calls.map(({ action }) => action)).toEqual(['AssumeRole']);
  });

  test('of another account finds no function there, and the message says where it looked', async () => {
    const functions = await deployment();
    const role = 'arn:aws:iam::333333333333:role/route-to-live-test-lambda-update';

    const result = await functions.update(['--role-arn', role]);

    expect(result.code).toBe(1);
    expect(result.stderr).toContain('None of the functions exists: has the stack with the functions been deployed');
    expect(result.stderr).toContain('account (333333333333)');
    expect(result.stderr).toContain('dev: 2 of 2 functions are not on the packaged code: orders parcels.');
    expect(await functions.code('orders')).toBe(await sha256(otherCode));
  });

  test('is assumed for an hour at most, under a name that leads to the build', async () => {
    const functions = await deployment();

    await functions.update([], {
      env: { ...tooling, CODEBUILD_BUILD_ID: 'update-lambdas-dev:0b3d2c1a-9f7e-4c2b-8a6d-5e4f3a2b1c0d' },
    });

    const [call] = proxy.calls.filter(({ action }) => action === 'AssumeRole');
    const request = new URLSearchParams(call?.target);
    expect(request.get('RoleArn')).toBe(ROLE);
    expect(request.get('RoleSessionName')).toBe('lambda-update-0b3d2c1a-9f7e-4c2b-8a6d-5e4f3a2b1c0d');
    expect(Number(request.get('DurationSeconds'))).toBeLessThanOrEqual(3600);
  });

  test('lends its credentials to the AWS CLI alone: they are in no file and in no output, even with bash -x', async () => {
    const functions = await deployment();
    const home = join(functions.folder, 'home');
    const temporary = join(functions.folder, 'tmp');
    await Promise.all([mkdir(home), mkdir(temporary)]);
    // While an update waits, all files that a run makes are there.
    const hold = proxy.hold({ action: 'UpdateFunctionCode' });
    const running = runScript(
      'update-lambdas.sh',
      [
        ...['--manifest', 'manifest.json', '--role-arn', ROLE, '--environment', 'dev'],
        ...['--function-prefix', functions.prefix],
      ],
      {
        cwd: functions.folder,
        env: { ...tooling, HOME: home, TMPDIR: temporary },
        bash: ['-x'],
      },
    );
    await hold.arrived(1);
    const secrets = secretsOf(proxy.calls.find(({ action }) => action === 'AssumeRole')?.answer?.body ?? '');
    const meanwhile = await textsBelow(functions.folder);
    hold.release();
    const result = await running;

    expect(result.code).toBe(0);
    expect(secrets.every((secret) => secret.length > 15)).toBe(true);
    expect(meanwhile.length).toBeGreaterThan(1);
    for (const text of [result.stdout, result.stderr, ...meanwhile, ...(await textsBelow(functions.folder))]) {
      expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
    }
    expect(await readdir(temporary)).toEqual([]);
  });
});

function secretsOf(answer: string): string[] {
  return ['AccessKeyId', 'SecretAccessKey', 'SessionToken'].map(
    (name) => new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(answer)?.[1]?.trim() ?? '',
  );
}

async function textsBelow(folder: string): Promise<string[]> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  return Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), 'utf8')));
}

describe('a manifest', () => {
  const entry = (changes: object) => () => ({
    ...manifest,
    functions: [{ ...manifest.functions[0], ...changes }],
  });
  test.each<[string, () => unknown, string]>([
    ['that is cut off', () => JSON.stringify(manifest).slice(0, 100), 'found no JSON ('],
    ['that is no object', () => '[]', 'found no bucket name at "bucket" (found null).'],
    ['without a bucket', () => ({ functions: manifest.functions }), 'found no bucket name at "bucket" (found null).'],
    ['without functions', () => ({ bucket: manifest.bucket }), 'found no list of functions at "functions".'],
    ['with a text for a function', () => ({ ...manifest, functions: ['orders'] }), 'found no object at functions[0].'],
    [
      'with a wrong name',
      entry({ function: '../x' }),
      'found no function name at functions[0].function (found "../x").',
    ],
    ["with another function's key", entry({ key: `parcels/${'0'.repeat(64)}.zip` }), 'found another key than orders/'],
    ['with a key of other bytes', entry({ key: `orders/${'0'.repeat(64)}.zip` }), 'found another key than orders/'],
    ['with a wrong hash', entry({ sha256: 'abc=' }), 'found no SHA-256 in base64 at functions[0].sha256'],
    ['with a wrong size', entry({ size: '12' }), 'found no size in bytes at functions[0].size (found "12").'],
    [
      'with a function twice',
      () => ({ ...manifest, functions: [manifest.functions[0], manifest.functions[0]] }),
      'found the function orders more than once.',
    ],
  ])('%s is refused before AWS is asked anything', async (_, content, message) => {
    const functions = await deployment([], content());

    const result = await functions.update();

    expect(result.code).toBe(1);
    expect(result.stderr).toContain(`manifest.json: ${message}`);
    expect(result.stderr).toContain('dev: the manifest cannot be used; see above.');
    expect(proxy.calls).toEqual([]);
  });

  test('of no functions leaves nothing to do', async () => {
    const functions = await deployment([], { ...manifest, functions: [] });

    expect(await functions.update()).toMatchObject({
      code: 0,
      stdout: 'dev: the manifest has no functions; nothing to update.\n',
      stderr: '',
    });
    expect(proxy.calls).toEqual([]);
  });

  test('that is not there is named with where it comes from', async () => {
    const functions = await deployment([]);

    const result = await functions.update(['--manifest', 'other.json']);

    expect(result.code).toBe(1);
    expect(result.stderr).toContain('other.json: cannot be read (No such file or directory). It is written by');
  });
});

describe('options', () => {
  const required = {
    '--manifest': 'manifest.json',
    '--role-arn': ROLE,
    '--environment': 'dev',
    '--function-prefix': 'dev-',
  };
  test.each([
    ...Object.keys(required).map((missing): [string[], string] => [
      Object.entries(required)
        .filter(([name]) => name !== missing)
        .flat(),
      `${missing} is missing.`,
    ]),
    [[...Object.entries(required).flat(), '--jobs', '65'], '--jobs is "65"; expected a number from 1 to 64.'],
    [[...Object.entries(required).flat(), '--force'], 'Unknown option "--force".'],
    [
      [...Object.entries(required).flat(), '--role-arn', 'lambda-update'],
      '--role-arn is "lambda-update"; expected arn:aws:iam::ACCOUNT:role/NAME.',
    ],
  ])('%j end with 2', async (args, message) => {
    const cwd = await makeFolder(onTestFinished);

    const result = await runScript('update-lambdas.sh', args, { cwd, env: tooling });

    expect(result).toEqual({ code: 2, stdout: '', stderr: `update-lambdas.sh: ${message} Try --help.\n` });
  });
});
