import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../emulator/client';
import { type FaultProxy, startFaultProxy, throttled } from './test-support/fault-proxy';
import { killAtEachCall } from './test-support/kill-at-each-call';
import {
  aws,
  makeFolder,
  parameters,
  platformsFile,
  platformsPath,
  stackPolicy,
  writeFiles,
} from './test-support/project';
import { type Result, type Running, runScript, startScript } from './test-support/script';

// Every test runs the AWS CLI a dozen times, which takes long to start.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

interface Manifest {
  bucket: string;
  functions: { function: string; key: string; sha256: string; size: number }[];
}

let emulator: Emulator;
let proxy: FaultProxy;
let tooling: NodeJS.ProcessEnv;

beforeAll(async () => {
  emulator = await startEmulator();
  proxy = await startFaultProxy(emulator.endpoint);
  tooling = { ...emulator.environment('tooling'), AWS_ENDPOINT_URL: proxy.endpoint };
});

afterAll(async () => {
  await proxy.stop();
  await emulator.stop();
});

beforeEach(() => proxy.reset());

/** Functions whose packages were uploaded. */
function uploads(): string[] {
  const zip = /^\/[^/]+\/([^/]+)\/[^/]+\.zip$/;
  return proxy.calls
    .filter(({ action, answer }) => action === 'PutObject' && answer?.status === 200)
    .flatMap(({ target }) => zip.exec(target)?.[1] ?? [])
    .sort();
}

/** A commit with the zips that were made of it, a bucket of its own, and how to publish the one into the other. */
interface Project {
  readonly folder: string;
  readonly bucket: string;
  publish(args?: readonly string[], env?: NodeJS.ProcessEnv): Promise<Result>;
  start(): Running;
  manifest(): Promise<Manifest>;
  /** Bytes of a function's package in S3, read past the proxy. */
  object(key: string): Promise<Buffer>;
  /** Puts something else into S3, past the proxy. */
  replace(key: string, content: string, options?: readonly string[]): Promise<void>;
}

/** What stands for the zip of a function: of its bytes nothing is known but their hash. */
const zipOf = (name: string) => `zip of ${name}`;

async function project(
  functions: readonly string[],
  files: Readonly<Record<string, string | Buffer>> = {},
): Promise<Project> {
  const folder = await makeFolder(onTestFinished);
  await writeFiles(folder, {
    ...parameters,
    [platformsPath]: platformsFile(functions.map((name) => `lambda/${name}/index.mjs`)),
    'zips/zips.sha256': '',
    ...Object.fromEntries(functions.map((name) => [`zips/${name}.zip`, zipOf(name)])),
    ...files,
  });
  const bucket = `packages-${randomUUID()}`;
  await aws(
    emulator.environment('tooling'),
    ...['s3api', 'create-bucket', '--bucket', bucket],
    ...['--create-bucket-configuration', 'LocationConstraint=eu-west-1'],
  );
  const required = ['--zips', 'zips', '--bucket', bucket, '--output', 'package'];
  return {
    folder,
    bucket,
    publish: (args = [], env = {}) =>
      runScript('publish-packages.sh', [...required, ...args], { cwd: folder, env: { ...tooling, ...env } }),
    start: () => startScript('publish-packages.sh', required, { cwd: folder, env: tooling }),
    manifest: async () => JSON.parse(await readFile(join(folder, 'package/manifest.json'), 'utf8')) as Manifest,
    object: async (key) => {
      const path = join(folder, randomUUID());
      await aws(emulator.environment('tooling'), ...['s3api', 'get-object', '--bucket', bucket, '--key', key, path]);
      return readFile(path);
    },
    replace: async (key, content, options = []) => {
      const path = join(folder, randomUUID());
      await writeFile(path, content);
      await aws(
        emulator.environment('tooling'),
        ...['s3api', 'put-object', '--bucket', bucket, '--key', key, '--body', path],
        ...options,
      );
    },
  };
}

/** SHA-256 in base64, as S3 and Lambda have it. */
const sha256 = (text: string) => createHash('sha256').update(text).digest('base64');
const keyOf = (name: string, text: string) => `${name}/${createHash('sha256').update(text).digest('hex')}.zip`;

describe('publish-packages.sh', () => {
  test('puts every zip into S3, and fixes manifest, configurations and templates', async () => {
    const source = await project(['order-events', 'orders-api'], {
      'generated/environment/infrastructure.yaml': 'A: 1',
    });

    expect(await source.publish()).toMatchObject({ code: 0, stderr: '' });

    expect(await source.manifest()).toEqual({
      bucket: source.bucket,
      functions: ['order-events', 'orders-api'].map((name) => ({
        function: name,
        key: keyOf(name, zipOf(name)),
        sha256: sha256(zipOf(name)),
        size: zipOf(name).length,
      })),
    });
    expect((await source.object(keyOf('orders-api', zipOf('orders-api')))).toString()).toBe(zipOf('orders-api'));
    const output = (path: string) => readFile(join(source.folder, 'package', path), 'utf8');
    for (const environment of ['dev', 'test']) {
      expect(JSON.parse(await output(`configuration/${environment}/infrastructure.json`))).toEqual({
        Parameters: {
          EnvironmentName: environment,
          OrderEventsCodeKey: keyOf('order-events', zipOf('order-events')),
          OrdersApiCodeKey: keyOf('orders-api', zipOf('orders-api')),
        },
      });
      expect(JSON.parse(await output(`configuration/${environment}/container-service.json`))).toEqual({
        Parameters: { EnvironmentName: environment },
        StackPolicy: stackPolicy,
      });
    }
    expect(await output('generated/environment/infrastructure.yaml')).toBe('A: 1');
    const files = (await readdir(join(source.folder, 'package'), { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map(({ name }) => name);
    expect(files.sort()).toEqual([
      ...['container-service.json', 'container-service.json', 'container-service.yaml'],
      ...['infrastructure.json', 'infrastructure.json', 'infrastructure.yaml', 'manifest.json'],
    ]);
  });

  test('configures the templates that there are', async () => {
    const source = await project(['orders-api']);
    await rm(join(source.folder, 'generated/environment/container-service.yaml'));
    await rm(join(source.folder, 'parameters/dev/container-service.json'));
    await rm(join(source.folder, 'parameters/test/container-service.json'));
    expect(await source.publish()).toMatchObject({ code: 0, stderr: '' });
    expect((await readdir(join(source.folder, 'package/configuration'), { recursive: true })).sort()).toEqual([
      ...['dev', 'dev/infrastructure.json', 'test', 'test/infrastructure.json'],
    ]);
  });

  test('of no functions at all is a manifest without any', async () => {
    const source = await project([]);
    expect(await source.publish()).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect((await source.manifest()).functions).toEqual([]);
  });

  test('uploads nothing when nothing changed', async () => {
    const source = await project(['order-events', 'orders-api']);
    await source.publish();
    const manifest = await source.manifest();
    proxy.reset();

    const result = await source.publish();

    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toMatch(/^unchanged {2}order-events .*\nunchanged {2}orders-api .*\n$/);
    expect(uploads()).toEqual([]);
    expect(await source.manifest()).toEqual(manifest);
  });

  test('uploads a changed zip alone', async () => {
    const source = await project(['order-events', 'orders-api']);
    await source.publish();
    const before = await source.manifest();
    proxy.reset();
    await writeFiles(source.folder, { 'zips/orders-api.zip': 'another' });

    expect(await source.publish()).toMatchObject({ code: 0 });

    expect(uploads()).toEqual(['orders-api']);
    const after = await source.manifest();
    expect(after.functions[0]).toEqual(before.functions[0]);
    expect(after.functions[1]?.key).toBe(keyOf('orders-api', 'another'));
  });

  test('writes configurations of the environments it is told', async () => {
    const source = await project(['order-events']);

    expect(await source.publish(['--environments', 'test'])).toMatchObject({ code: 0 });

    expect(await readdir(join(source.folder, 'package/configuration'))).toEqual(['test']);
  });
});

describe('what cannot be published', () => {
  test('is refused, all of it at once, before AWS is asked anything', async () => {
    const source = await project(['linked', 'missing', 'folder', 'good'], {
      'parameters/dev/infrastructure.json': '{"Parameters": {"DesiredCount": 2}}',
      'parameters/dev/container-service.json': '{"Parameters": {}',
      'parameters/test/infrastructure.json': '{"EnvironmentName": "test"}',
      'zips/foreign.zip': '',
      secret: 'of this machine',
    });
    const zips = join(source.folder, 'zips');
    await rm(join(source.folder, 'parameters/test/container-service.json'));
    for (const name of ['linked', 'missing', 'folder']) {
      await rm(join(zips, `${name}.zip`));
    }
    // What a hostile build may leave behind, to have a file of the next build published.
    await symlink('../secret', join(zips, 'linked.zip'));
    await mkdir(join(zips, 'folder.zip'));

    const { code, stderr } = await source.publish();

    expect(code).toBe(1);
    const lines = stderr.trimEnd().split('\n');
    const expected = [
      `zips: found no missing.zip, expected one for the function missing of ${platformsPath}.`,
      `zips/foreign.zip: found a zip of a function that ${platformsPath} does not have.`,
      'zips/folder.zip: found something else than a file, expected a zip.',
      'zips/linked.zip: found something else than a file, expected a zip.',
      'parameters/dev/container-service.json: found no JSON (Expecting',
      'parameters/dev/infrastructure.json: DesiredCount is 2; expected a string',
      'parameters/test/container-service.json: cannot be read (No such file or directory);',
      'parameters/test/infrastructure.json: found something else at its top level;',
      'publish-packages.sh: Nothing has been uploaded; see above.',
    ];
    expect(lines.map((line, index) => line.slice(0, expected[index]?.length))).toEqual(expected);
    expect(proxy.calls).toEqual([]);
    expect(existsSync(join(source.folder, 'package'))).toBe(false);
  });

  test('is a function whose key the parameters set already', async () => {
    const source = await project(['order-events'], {
      'parameters/dev/infrastructure.json': '{"Parameters": {"OrderEventsCodeKey": "order-events/other.zip"}}',
    });

    const { code, stderr } = await source.publish();

    expect(code).toBe(1);
    expect(stderr).toContain('parameters/dev/infrastructure.json: OrderEventsCodeKey is set; packaging sets it');
    expect(uploads()).toEqual([]);
  });

  test.each([
    [['--zips', 'nowhere'], 'nowhere: found no such folder; expected the zips of package-lambdas.sh'],
    [['--parameters-dir', 'nowhere'], 'nowhere: found no such folder; expected the parameters'],
    [['--parameters-dir', 'generated/environment'], 'found no environment; expected a sub-folder for each.'],
    // Without the templates nobody would know of a stack policy that is missing.
    [['--templates-dir', 'nowhere'], 'nowhere: found no such folder; expected the templates'],
  ])('%j is no folder for it', async (args, message) => {
    const source = await project([]);
    expect(await source.publish(args)).toMatchObject({ code: 1, stderr: expect.stringContaining(message) });
  });
});

describe('when S3 does not do as wished', () => {
  test('a missing bucket, a denied upload and a denied look at a package say what may be missing', async () => {
    const source = await project(['order-events']);
    await source.publish();
    proxy.fail({ action: 'PutObject', calls: [2] }, { status: 403, code: 'AccessDenied' });
    proxy.fail({ action: 'HeadObject' }, { status: 403, code: 'AccessDenied' });

    const bucket = await source.publish(['--bucket', 'no-such-bucket']);
    const upload = await source.publish();
    const look = await source.publish();

    expect(bucket).toMatchObject({ code: 1, stderr: expect.stringContaining('(NoSuchBucket)') });
    expect(bucket.stderr).toContain('Is no-such-bucket the package bucket that the stack artifact-store made,');
    expect(upload).toMatchObject({ code: 1, stderr: expect.stringContaining('may the caller s3:PutObject') });
    expect(look).toMatchObject({ code: 1, stderr: expect.stringContaining('lacks s3:GetObject on it') });
    expect(existsSync(join(source.folder, 'package/manifest.json'))).toBe(false);
  });

  test('throttling is waited out', async () => {
    const source = await project(['order-events']);
    proxy.fail({ action: 'PutObject', calls: [1, 2] }, throttled.s3);
    proxy.fail({ action: 'HeadObject', calls: [1] }, throttled.s3);

    expect(await source.publish()).toMatchObject({ code: 0, stderr: '' });
    expect(await source.publish()).toMatchObject({ code: 0, stderr: '' });

    expect(proxy.count('PutObject')).toBe(4);
    expect(proxy.count('HeadObject')).toBe(2);
    expect(uploads()).toEqual(['order-events']);
  });

  test('a conflict with somebody who writes the same object is tried again', async () => {
    const source = await project(['order-events']);
    const conflict = {
      status: 409,
      code: 'ConditionalRequestConflict',
      message: 'The conditional request cannot succeed',
    };
    proxy.fail({ action: 'PutObject', calls: [1, 2] }, conflict);

    expect(await source.publish()).toMatchObject({ code: 0, stderr: '' });

    expect(uploads()).toEqual(['order-events']);
  });

  test('throttling that does not end fails without a manifest, and the next run uploads the rest', async () => {
    const source = await project(['order-events', 'orders-api']);
    proxy.fail({ action: 'PutObject', target: /orders-api/ }, throttled.s3);

    const first = await source.publish([], { AWS_MAX_ATTEMPTS: '2' });

    expect(first.code).toBe(1);
    expect(first.stderr).toContain('SlowDown');
    expect(first.stderr).toContain('Not all packages are in S3 as they were made, and no manifest was written;');
    expect(existsSync(join(source.folder, 'package'))).toBe(false);

    proxy.reset();
    expect(await source.publish()).toMatchObject({ code: 0 });
    expect(uploads()).toEqual(['orders-api']);
  });

  test('a run that is killed while it uploads leaves no manifest, and the next run uploads the rest', async () => {
    const source = await project(['order-events', 'orders-api']);
    const hold = proxy.hold({ action: 'PutObject', target: /orders-api/ });
    const running = source.start();
    await hold.arrived(1);
    // The other one has to be through, so that there is something to keep.
    const uploaded = () => proxy.calls.some((call) => call.action === 'PutObject' && call.answer?.status === 200);
    await expect.poll(uploaded, { timeout: 20_000 }).toBe(true);
    running.kill();
    await running.result;

    expect(existsSync(join(source.folder, 'package'))).toBe(false);

    proxy.reset();
    expect(await source.publish()).toMatchObject({ code: 0, stderr: '' });
    expect(uploads()).toEqual(['orders-api']);
    expect((await source.manifest()).functions).toHaveLength(2);
  });

  test('a run that is killed at any of its calls leaves no manifest, and nothing that the next run does not put right', async () => {
    const killed = await killAtEachCall(
      proxy,
      () => project(['order-events', 'orders-api']),
      (source) => source.start(),
      async (source, at) => {
        expect(existsSync(join(source.folder, 'package')), at).toBe(false);
        expect(await source.publish(), at).toMatchObject({ code: 0, stderr: '' });
        const { functions } = await source.manifest();
        expect(functions, at).toHaveLength(2);
        for (const { key } of functions) {
          expect((await source.object(key)).length, at).toBeGreaterThan(0);
        }
      },
    );
    expect(killed).toEqual(['PutObject', 'PutObject']);
  }, 240_000);

  test('a package that another run uploads meanwhile stays as it is', async () => {
    const source = await project(['order-events']);
    const hold = proxy.hold({ action: 'PutObject', calls: [1] });
    const slow = source.start();
    await hold.arrived(1);
    const fast = await source.publish();
    const [first] = (await source.manifest()).functions;
    const bytes = await source.object(first?.key ?? '');
    hold.release();

    expect([fast, await slow.result]).toMatchObject([
      { code: 0, stderr: '' },
      { code: 0, stderr: '' },
    ]);

    expect(uploads()).toEqual(['order-events']);
    expect(proxy.calls.filter(({ answer }) => answer?.status === 412)).toHaveLength(1);
    expect(await source.object(first?.key ?? '')).toEqual(bytes);
    expect((await source.manifest()).functions).toEqual([first]);
  });
});

describe('a package whose key was taken', () => {
  // What the bucket's policy keeps from happening (templates-src/access); whoever gets past it is found out.
  test.each([
    ['by an overwrite that was reverted', ['--checksum-algorithm', 'SHA256'], sha256('malicious'), true],
    ['ahead of its commit', ['--checksum-algorithm', 'SHA256'], sha256('malicious'), false],
    ['ahead of its commit, without a checksum', [], 'no SHA-256 checksum', false],
  ])('%s is refused: the run says what it found, and writes no manifest', async (_, options, found, isOverwrite) => {
    const source = await project(['order-events', 'orders-api']);
    const key = keyOf('order-events', zipOf('order-events'));
    if (isOverwrite) {
      await source.publish();
    }
    await source.replace(key, 'malicious', options);

    const result = await source.publish();

    expect(result.code).toBe(1);
    expect(result.stderr).toContain(
      `s3://${source.bucket}/${key}: found ${found}, expected the SHA-256 checksum ${sha256(zipOf('order-events'))}. ` +
        'These are not the bytes',
    );
    expect(existsSync(join(source.folder, 'package/manifest.json'))).toBe(false);
  });
});

describe('the AWS CLI', () => {
  test.each([
    ['2.17.33', 'The AWS CLI is 2.17.33; expected 2.17.34 or later, which can upload without overwriting.'],
    ['1.34.1', 'The AWS CLI is 1.34.1; expected 1.34.2 or later, which can upload without overwriting.'],
    ['2.17.34', 'zips: found no such folder;'],
    ['1.34.2', 'zips: found no such folder;'],
  ])('of version %s: %s', async (version, message) => {
    const cwd = await makeFolder(onTestFinished);
    await writeFiles(cwd, { aws: `#!/bin/sh\necho 'aws-cli/${version} Python/3.11.8 Linux/6.1 exe/x86_64'\n` });
    await chmod(join(cwd, 'aws'), 0o755);

    const result = await runScript('publish-packages.sh', ['--zips', 'zips', '--bucket', 'b', '--output', 'package'], {
      cwd,
      env: { ...tooling, PATH: `${cwd}:${process.env.PATH}` },
    });

    expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining(message) });
  });
});

describe('options', () => {
  test.each([
    [['--bucket', 'b', '--output', 'package'], '--zips is missing.'],
    [['--zips', 'zips', '--output', 'package'], '--bucket is missing.'],
    [['--zips', 'zips', '--bucket', 'b'], '--output is missing.'],
    [['--bucket'], '--bucket needs a value.'],
    [
      ['--zips', 'z', '--bucket', 'b', '--output', 'p', '--jobs', '0'],
      '--jobs is "0"; expected a number from 1 to 64.',
    ],
    [['--verbose'], 'Unknown option "--verbose".'],
  ])('%j end with 2', async (args, message) => {
    const cwd = await makeFolder(onTestFinished);

    const result = await runScript('publish-packages.sh', args, { cwd, env: tooling });

    expect(result).toEqual({ code: 2, stdout: '', stderr: `publish-packages.sh: ${message} Try --help.\n` });
  });

  test('can come from the environment', async () => {
    const source = await project([], {
      'made/order-events.zip': 'zip',
      'templates/lambda-functions.json': platformsFile(['lambda/order-events/app.py']),
      'templates/infrastructure.yaml': '',
    });

    const result = await runScript('publish-packages.sh', [], {
      cwd: source.folder,
      env: {
        ...tooling,
        ZIPS_DIR: 'made',
        PACKAGE_BUCKET: source.bucket,
        PACKAGE_OUTPUT: 'output',
        TEMPLATES_DIR: 'templates',
        PARAMETERS_DIR: 'parameters',
        ENVIRONMENTS: 'dev',
        PACKAGE_JOBS: '1',
      },
    });

    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect((await readdir(join(source.folder, 'output'))).sort()).toEqual([
      'configuration',
      'generated',
      'manifest.json',
    ]);
  });
});
