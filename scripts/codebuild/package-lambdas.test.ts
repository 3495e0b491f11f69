import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../lib/emulator';
import { elf } from './test-support/elf';
import { type FaultProxy, startFaultProxy, throttled } from './test-support/fault-proxy';
import {
  aws,
  lockLine,
  makeFolder,
  makeWheel,
  parameters,
  platformsFile,
  platformsPath,
  stackPolicy,
  writeFiles,
} from './test-support/project';
import { type Result, type Running, runScript, startScript } from './test-support/script';

const run = promisify(execFile);
// Every test runs the AWS CLI a dozen times, which takes long to start.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const EVENTS = { 'lambda/order-events/app.py': 'def handler(event, context):\n    return len(event)\n' };
const API = {
  'lambda/orders-api/index.mjs': "export { handler } from './src/handler.mjs';\n",
  'lambda/orders-api/src/handler.mjs': 'export const handler = async () => 200;\n',
};
/** What functions run on whose files a test writes later. */
const PLATFORMS = { [platformsPath]: platformsFile(Object.keys(API)) };
const BOTH_PLATFORMS = { [platformsPath]: platformsFile(Object.keys({ ...EVENTS, ...API })) };

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

/** A source tree, a bucket of its own, and how to package the one into the other. */
interface Project {
  readonly folder: string;
  readonly bucket: string;
  package(args?: readonly string[], env?: NodeJS.ProcessEnv): Promise<Result>;
  start(): Running;
  manifest(): Promise<Manifest>;
  /** Bytes of a function's package in S3, read past the proxy. */
  object(key: string): Promise<Buffer>;
  /** Puts something else into S3, past the proxy. */
  replace(key: string, content: string, options?: readonly string[]): Promise<void>;
}

async function project(files: Readonly<Record<string, string | Buffer>>): Promise<Project> {
  const folder = await makeFolder(onTestFinished);
  await writeFiles(folder, { ...parameters, [platformsPath]: platformsFile(Object.keys(files)), ...files });
  const bucket = `packages-${randomUUID()}`;
  await aws(
    emulator.environment('tooling'),
    ...['s3api', 'create-bucket', '--bucket', bucket],
    ...['--create-bucket-configuration', 'LocationConstraint=eu-west-1'],
  );
  const required = ['--bucket', bucket, '--output', 'package'];
  return {
    folder,
    bucket,
    package: (args = [], env = {}) =>
      runScript('package-lambdas.sh', [...required, ...args], { cwd: folder, env: { ...tooling, ...env } }),
    start: () => startScript('package-lambdas.sh', required, { cwd: folder, env: tooling }),
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

interface Entry {
  name: string;
  mode: string;
  time: number[];
  extra: number;
  system: number;
  content: string;
}

/** What a zip holds, in its own order. */
async function entries(zip: Buffer): Promise<Entry[]> {
  const path = join(await makeFolder(onTestFinished), 'package.zip');
  await writeFile(path, zip);
  const program = `
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    assert archive.testzip() is None
    print(json.dumps([{'name': entry.filename, 'mode': oct(entry.external_attr >> 16), 'time': entry.date_time,
                       'extra': len(entry.extra), 'system': entry.create_system,
                       'content': archive.read(entry).decode(errors='replace')} for entry in archive.infolist()]))
`;
  const { stdout } = await run('python3', ['-c', program, path]);
  return JSON.parse(stdout) as Entry[];
}

async function contents(zip: Buffer): Promise<Record<string, string>> {
  return Object.fromEntries((await entries(zip)).map(({ name, content }) => [name, content]));
}

async function onlyPackage({ manifest, object }: Project): Promise<Buffer> {
  const { functions } = await manifest();
  expect(functions).toHaveLength(1);
  return object(functions[0]?.key ?? '');
}

/** A function with a production and a development dependency in files of its own. Returns settings for npm. */
async function npmFunction(folder: string): Promise<NodeJS.ProcessEnv> {
  const npm = { npm_config_offline: 'true', npm_config_cache: join(folder, 'cache') };
  const env = { ...process.env, ...npm };
  const function_ = join(folder, 'lambda/orders-api');
  for (const name of ['greeting', 'linter']) {
    await writeFiles(folder, {
      [`${name}/package.json`]: JSON.stringify({
        name,
        version: '1.0.0',
        bin: 'index.js',
        scripts: { install: 'touch installed' },
      }),
      [`${name}/index.js`]: `module.exports = '${name}';\n`,
      [`${name}/index.test.js`]: 'code of others\n',
    });
    await mkdir(join(function_, 'vendor'), { recursive: true });
    await run('npm', ['pack', join(folder, name), '--pack-destination', join(function_, 'vendor')], {
      cwd: folder,
      env,
    });
  }
  await writeFiles(folder, {
    ...API,
    'lambda/orders-api/package.json': JSON.stringify({
      dependencies: { greeting: 'file:vendor/greeting-1.0.0.tgz' },
      devDependencies: { linter: 'file:vendor/linter-1.0.0.tgz' },
    }),
  });
  await run('npm', ['install', '--package-lock-only', '--no-audit', '--no-fund'], { cwd: function_, env });
  return npm;
}

describe('package-lambdas.sh', () => {
  test('puts every sub-folder into S3 and writes the manifest and the configurations', async () => {
    const source = await project({
      ...EVENTS,
      ...API,
      'lambda/README.md': 'No function.',
      'lambda/.cache/file': 'No function either.',
    });

    const result = await source.package();

    expect(result).toMatchObject({ code: 0, stderr: '' });
    const manifest = await source.manifest();
    expect(manifest).toEqual({
      bucket: source.bucket,
      functions: ['order-events', 'orders-api'].map((name) => ({
        function: name,
        key: expect.any(String),
        sha256: expect.any(String),
        size: expect.any(Number),
      })),
    });
    for (const { function: name, key, sha256, size } of manifest.functions) {
      const zip = await source.object(key);
      expect(zip.length).toBe(size);
      const digest = createHash('sha256').update(zip).digest();
      expect(sha256).toBe(digest.toString('base64'));
      expect(key).toBe(`${name}/${digest.toString('hex')}.zip`);
    }
    const configuration = async (path: string) =>
      JSON.parse(await readFile(join(source.folder, 'package/configuration', path), 'utf8'));
    for (const environment of ['dev', 'test']) {
      expect(await configuration(`${environment}/infrastructure.json`)).toEqual({
        Parameters: {
          EnvironmentName: environment,
          OrderEventsCodeKey: manifest.functions[0]?.key,
          OrdersApiCodeKey: manifest.functions[1]?.key,
        },
      });
      expect(await configuration(`${environment}/container-service.json`)).toEqual({
        Parameters: { EnvironmentName: environment },
        StackPolicy: stackPolicy,
      });
    }
    expect((await readdir(join(source.folder, 'package'), { recursive: true })).sort()).toEqual([
      'configuration',
      'configuration/dev',
      'configuration/dev/container-service.json',
      'configuration/dev/infrastructure.json',
      'configuration/test',
      'configuration/test/container-service.json',
      'configuration/test/infrastructure.json',
      'manifest.json',
    ]);
  });

  test('configures the templates that there are', async () => {
    const source = await project(API);
    await rm(join(source.folder, 'generated/environment/container-service.yaml'));
    await rm(join(source.folder, 'parameters/dev/container-service.json'));
    await rm(join(source.folder, 'parameters/test/container-service.json'));
    const { code, stderr } = await source.package();
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect((await readdir(join(source.folder, 'package/configuration'), { recursive: true })).sort()).toEqual([
      ...['dev', 'dev/infrastructure.json', 'test', 'test/infrastructure.json'],
    ]);
  });

  test('of no functions at all is a manifest without any', async () => {
    const source = await project({ 'lambda/README.md': '' });
    expect(await source.package()).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect((await source.manifest()).functions).toEqual([]);
  });

  test('packages what a function needs at run time and leaves out the rest', async () => {
    const source = await project({
      ...API,
      'lambda/orders-api/bin/tool': '#!/bin/sh\n',
      'lambda/orders-api/a.test.mjs': 'test',
      'lambda/orders-api/test_a.py': 'test',
      'lambda/orders-api/tsconfig.build.json': '{}',
      'lambda/orders-api/__pycache__/a.pyc': 'cache',
      'lambda/orders-api/.DS_Store': 'folder',
      'lambda/orders-api/node_modules/.cache/a': 'cache',
      'lambda/orders-api/node_modules/vendored/index.test.js': 'code of others',
    });
    await chmod(join(source.folder, 'lambda/orders-api/bin/tool'), 0o700);
    await symlink('src/handler.mjs', join(source.folder, 'lambda/orders-api/link.mjs'));

    expect(await source.package()).toMatchObject({ code: 0, stderr: '' });

    const plain = { mode: '0o100644', time: [1980, 1, 1, 0, 0, 0], extra: 0, system: 3 };
    expect(await entries(await onlyPackage(source))).toEqual([
      { ...plain, name: 'bin/tool', mode: '0o100755', content: '#!/bin/sh\n' },
      { ...plain, name: 'index.mjs', content: API['lambda/orders-api/index.mjs'] },
      { ...plain, name: 'link.mjs', content: API['lambda/orders-api/src/handler.mjs'] },
      { ...plain, name: 'node_modules/vendored/index.test.js', content: 'code of others' },
      { ...plain, name: 'src/handler.mjs', content: API['lambda/orders-api/src/handler.mjs'] },
    ]);
  });

  test('makes the same bytes of the same tree on other days, under other umasks, in other folders', async () => {
    // pip notes the path of a wheel that is a file.
    const wheel = await makeWheel(await makeFolder(onTestFinished), 'greeting', '1.0.0', { 'greeting.py': '' });
    const [, hash] = (await lockLine(wheel)).split(' ');
    const makeAndPackage = async (umask: string, day: string, order: (names: string[]) => string[]) => {
      const source = await project(BOTH_PLATFORMS);
      const npm = await npmFunction(source.folder);
      const tree = join(source.folder, 'lambda/order-events');
      // Made in an order of its own, so that the folder lists the files in that order too.
      const names = order(['b.py', 'a.py', 'ü.json', 'run']);
      const program = `umask ${umask}; mkdir "$0"; cd "$0"; for name; do echo "$name" >"$name"; done; chmod u+x run`;
      await run('sh', ['-c', program, tree, ...names]);
      await writeFiles(tree, {
        'vendor/greeting-1.0.0-py3-none-any.whl': await readFile(wheel),
        'requirements.txt': `./vendor/greeting-1.0.0-py3-none-any.whl ${hash}`,
      });
      for (const name of names) {
        await utimes(join(tree, name), new Date(day), new Date(day));
      }
      const script = join(__dirname, 'package-lambdas.sh');
      await run(
        'sh',
        ['-c', `umask ${umask}; exec bash "$0" "$@"`, script, '--bucket', source.bucket, '--output', 'package'],
        { cwd: source.folder, env: { ...tooling, ...npm } },
      );
      const { functions } = await source.manifest();
      return { functions, zips: await Promise.all(functions.map(({ key }) => source.object(key))) };
    };

    const first = await makeAndPackage('0022', '2020-02-29', (names) => names);
    const second = await makeAndPackage('0077', '2026-11-23', (names) => names.reverse());

    expect(first.functions.map((entry) => entry.function)).toEqual(['order-events', 'orders-api']);
    expect(second.functions).toEqual(first.functions);
    expect(second.zips.map((zip, index) => zip.equals(first.zips[index] as Buffer))).toEqual([true, true]);
  });

  test('uploads nothing when nothing changed', async () => {
    const source = await project({ ...EVENTS, ...API });
    await source.package();
    const manifest = await source.manifest();
    proxy.reset();

    const result = await source.package();

    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toMatch(/^unchanged {2}order-events .*\nunchanged {2}orders-api .*\n$/);
    expect(uploads()).toEqual([]);
    expect(await source.manifest()).toEqual(manifest);
  });

  test('uploads a changed function alone', async () => {
    const source = await project({ ...EVENTS, ...API });
    await source.package();
    const before = await source.manifest();
    proxy.reset();
    await writeFiles(source.folder, {
      'lambda/orders-api/src/handler.mjs': 'export const handler = async () => 204;\n',
    });

    expect(await source.package()).toMatchObject({ code: 0 });

    expect(uploads()).toEqual(['orders-api']);
    const after = await source.manifest();
    expect(after.functions[0]).toEqual(before.functions[0]);
    expect(after.functions[1]?.key).not.toBe(before.functions[1]?.key);
  });

  // What differs between platforms is in the bytes, or does not matter; the runtime itself is the template's to change.
  test('keeps the package of the same bytes when runtime and architecture change', async () => {
    const source = await project(API);
    await source.package();
    const before = await source.manifest();
    const platform = { runtime: 'nodejs22.x', architecture: 'arm64' };
    await writeFiles(source.folder, { [platformsPath]: JSON.stringify({ 'orders-api': platform }) });

    expect(await source.package()).toMatchObject({ code: 0, stderr: '' });

    expect(await source.manifest()).toEqual(before);
  });

  test.each([
    ['a name', (tree: string) => rename(join(tree, 'index.mjs'), join(tree, 'main.mjs'))],
    ['an executable bit', (tree: string) => chmod(join(tree, 'index.mjs'), 0o755)],
  ])('makes another package when %s changes', async (_, change) => {
    const source = await project(API);
    await source.package();
    const before = await source.manifest();
    await change(join(source.folder, 'lambda/orders-api'));

    expect(await source.package()).toMatchObject({ code: 0 });

    expect((await source.manifest()).functions[0]?.key).not.toBe(before.functions[0]?.key);
    expect(uploads()).toEqual(['orders-api', 'orders-api']);
  });

  test('writes configurations of the environments it is told', async () => {
    const source = await project(EVENTS);

    expect(await source.package(['--environments', 'test'])).toMatchObject({ code: 0 });

    expect(await readdir(join(source.folder, 'package/configuration'))).toEqual(['test']);
  });
});

describe('dependencies', () => {
  test('are installed from package-lock.json: those for production, fresh, without running their scripts', async () => {
    const source = await project(PLATFORMS);
    const npm = await npmFunction(source.folder);
    await writeFiles(source.folder, { 'lambda/orders-api/node_modules/greeting/index.js': 'an old one' });
    expect(await source.package([], npm)).toMatchObject({ code: 0, stderr: '' });

    const packaged = await contents(await onlyPackage(source));
    expect(packaged['node_modules/greeting/index.js']).toBe("module.exports = 'greeting';\n");
    expect(Object.keys(packaged).filter((name) => name.includes('/.bin/'))).toEqual([]);
    expect(Object.keys(packaged)).toContain('node_modules/greeting/index.test.js');
    expect(Object.keys(packaged)).not.toContain('node_modules/greeting/installed');
    expect(Object.keys(packaged).filter((name) => name.startsWith('node_modules/linter/'))).toEqual([]);

    proxy.reset();
    await rm(join(source.folder, 'lambda/orders-api/node_modules'), { recursive: true });
    expect(await source.package([], npm)).toMatchObject({ code: 0 });
    expect(uploads()).toEqual([]);
  });

  test('that npm cannot install are reported with what npm said, and nothing is uploaded', async () => {
    const source = await project({ ...EVENTS, ...BOTH_PLATFORMS });
    const npm = await npmFunction(source.folder);
    await rm(join(source.folder, 'lambda/orders-api/vendor/greeting-1.0.0.tgz'));
    await writeFiles(source.folder, { 'package/manifest.json': 'of an earlier run' });

    const result = await source.package([], { ...npm, npm_config_cache: join(source.folder, 'empty-cache') });

    expect(result.code).toBe(1);
    expect(result.stderr).toContain('orders-api: installing its dependencies failed:');
    expect(result.stderr).toContain('ENOENT');
    expect(uploads()).toEqual([]);
    expect(existsSync(join(source.folder, 'package/manifest.json'))).toBe(false);
  });

  test('are installed from requirements.txt when it has hashes', async () => {
    const source = await project(EVENTS);
    const wheels = join(source.folder, 'wheels');
    const wheel = await makeWheel(wheels, 'greeting', '1.0.0', { 'greeting/__init__.py': 'WORD = "hello"\n' });
    const pip = { PIP_NO_INDEX: '1', PIP_FIND_LINKS: wheels, PIP_CONFIG_FILE: '/dev/null' };
    await writeFiles(source.folder, { 'lambda/order-events/requirements.txt': 'greeting==1.0.0\n' });

    const unlocked = await source.package([], pip);
    await writeFiles(source.folder, { 'lambda/order-events/requirements.txt': await lockLine(wheel) });
    const locked = await source.package([], pip);

    expect(unlocked.code).toBe(1);
    expect(unlocked.stderr).toContain('Hashes are required in --require-hashes mode');
    expect(locked).toMatchObject({ code: 0, stderr: '' });
    expect(await contents(await onlyPackage(source))).toMatchObject({
      'app.py': EVENTS['lambda/order-events/app.py'],
      'greeting/__init__.py': 'WORD = "hello"\n',
    });
  });
});

describe('what cannot be packaged', () => {
  test('is refused, all of it at once, before AWS is asked anything', async () => {
    const folders = ['empty', 'Upper_Case', 'a-1', 'a1', 'links', 'linked', 'yarn', 'unlocked', 'broken', 'huge'];
    const others = ['mixed', 'native', 'without-folder'];
    const source = await project({
      [platformsPath]: platformsFile([...folders, ...others].map((name) => `lambda/${name}/index.mjs`)),
      'lambda/empty/test_only.py': '',
      'lambda/Upper_Case/a.py': '',
      'lambda/a-1/a.py': '',
      'lambda/a1/a.py': '',
      'lambda/links/a.py': '',
      'lambda/yarn/yarn.lock': '',
      'lambda/unlocked/package.json': '{"dependencies": {"left-pad": "1.3.0"}}',
      'lambda/broken/package.json': '[',
      'lambda/huge/model.bin': '',
      'lambda/mixed/requirements.txt': '',
      'lambda/native/lib/tool.so': elf({ machine: 'arm64' }),
      'lambda/without-settings/index.mjs': '',
      'outside/secret': '',
      'parameters/dev/infrastructure.json': '{"Parameters": {"DesiredCount": 2}}',
      'parameters/dev/container-service.json': '{"Parameters": {}',
      'parameters/test/infrastructure.json': '{"EnvironmentName": "test"}',
    });
    const lambda = join(source.folder, 'lambda');
    await symlink('../../outside/secret', join(lambda, 'links/secret'));
    await symlink('nowhere', join(lambda, 'links/dangling'));
    await mkdir(join(lambda, 'links/sub'));
    await symlink('..', join(lambda, 'links/sub/loop'));
    await symlink('../outside', join(lambda, 'linked'));
    await run('mkfifo', [join(lambda, 'links/pipe')]);
    await truncate(join(lambda, 'huge/model.bin'), 262_144_000);
    await rm(join(source.folder, 'parameters/test/container-service.json'));

    const { code, stderr } = await source.package();

    expect(code).toBe(1);
    const lines = stderr.trimEnd().split('\n');
    const expected = [
      'The folder name "Upper_Case" is no function name;',
      'The folders "a-1" and "a1" both need the template parameter A1CodeKey.',
      `lambda/without-settings: found no function for this folder in ${platformsPath}. Add it to a workload`,
      `${platformsPath}: found the function without-folder, but no folder lambda/without-folder. Create the folder`,
      'lambda/broken/package.json: found no JSON object',
      'lambda/empty: found no file to package;',
      'huge: the package has 262144000 bytes unzipped; Lambda accepts less than 262144000 (250 MB).',
      'lambda/linked: found a symbolic link; expected a folder.',
      'lambda/links/dangling: cannot be read (No such file or directory).',
      'lambda/links/pipe: found neither a file nor a folder nor a symbolic link.',
      'lambda/links/secret: found a symbolic link to ../../outside/secret, outside of the folder.',
      'lambda/links/sub/loop: found a symbolic link to a folder that holds the link itself.',
      'lambda/mixed: found requirements.txt, but the function runs nodejs24.x, which has no use for it.',
      'lambda/native/lib/tool.so: found a binary for arm64, expected one for Linux on x86_64.',
      'lambda/unlocked: package.json names dependencies (left-pad), but there is no package-lock.json.',
      'lambda/yarn: found yarn.lock; dependencies are installed from package-lock.json or requirements.txt',
      'parameters/dev/container-service.json: found no JSON (Expecting',
      'parameters/dev/infrastructure.json: DesiredCount is 2; expected a string',
      'parameters/test/container-service.json: cannot be read (No such file or directory);',
      'parameters/test/infrastructure.json: found something else at its top level;',
      'package-lambdas.sh: Nothing has been packaged; see above.',
    ];
    expect(lines.map((line, index) => line.slice(0, expected[index]?.length))).toEqual(expected);
    expect(proxy.calls).toEqual([]);
    expect(existsSync(join(source.folder, 'package'))).toBe(false);
  });

  test('is a function whose key the parameters set already', async () => {
    const source = await project({
      ...EVENTS,
      'parameters/dev/infrastructure.json': '{"Parameters": {"OrderEventsCodeKey": "order-events/other.zip"}}',
    });

    const { code, stderr } = await source.package();

    expect(code).toBe(1);
    expect(stderr).toContain('parameters/dev/infrastructure.json: OrderEventsCodeKey is set; packaging sets it');
    expect(existsSync(join(source.folder, 'package'))).toBe(false);
  });

  test.each([
    ['is missing', undefined, 'cannot be read (No such file or directory). It is written by `npm run build`:'],
    ['is cut off', '{"order-events": {', 'found no JSON (Expecting'],
    ['holds something else', '[]', 'found something else than an object of functions.'],
    ['names a Python of Amazon Linux 2', { runtime: 'python3.11', architecture: 'x86_64' }, 'order-events: found {'],
    ['names a Node.js of Amazon Linux 2', { runtime: 'nodejs18.x', architecture: 'x86_64' }, 'order-events: found {'],
    ['names an unknown processor', { runtime: 'python3.14', architecture: 'aarch64' }, 'order-events: found {'],
    ['has no architecture', { runtime: 'python3.14' }, 'order-events: found {"runtime": "python3.14"}; expected'],
  ])('is any function when the file of what they run on %s', async (_, content, problem) => {
    const text = typeof content === 'object' ? JSON.stringify({ 'order-events': content }) : content;
    const source = await project({ ...EVENTS, [platformsPath]: text ?? '' });
    if (text === undefined) {
      await rm(join(source.folder, platformsPath));
    }

    expect(await source.package()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`${platformsPath}: ${problem}`),
    });
  });

  test('is a folder without functions, when the templates have some', async () => {
    const source = await project({
      'lambda/README.md': '',
      [platformsPath]: platformsFile(['lambda/orders-api/a.py']),
    });

    expect(await source.package()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('lambda: found no sub-folder; expected one folder per function.'),
    });
    expect(await source.package(['--lambda-dir', 'functions'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('functions: found no such folder;'),
    });
    expect(await source.package(['--lambda-dir', 'parameters/dev', '--parameters-dir', 'lambda'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('lambda: found no environment; expected a sub-folder for each.'),
    });
    // Without the templates nobody would know of a stack policy that is missing.
    expect(await source.package(['--templates-dir', 'templates'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('templates: found no such folder;'),
    });
  });
});

describe('when S3 does not do as wished', () => {
  test('a missing bucket, a denied upload and a denied look at a package say what may be missing', async () => {
    const source = await project(EVENTS);
    await source.package();
    proxy.fail({ action: 'PutObject', calls: [2] }, { status: 403, code: 'AccessDenied' });
    proxy.fail({ action: 'HeadObject' }, { status: 403, code: 'AccessDenied' });

    const bucket = await source.package(['--bucket', 'no-such-bucket']);
    const upload = await source.package();
    const look = await source.package();

    expect(bucket).toMatchObject({ code: 1, stderr: expect.stringContaining('(NoSuchBucket)') });
    expect(bucket.stderr).toContain('Is no-such-bucket the package bucket that the stack artifact-store made,');
    expect(upload).toMatchObject({ code: 1, stderr: expect.stringContaining('may the caller s3:PutObject') });
    expect(look).toMatchObject({ code: 1, stderr: expect.stringContaining('lacks s3:GetObject on it') });
    expect(existsSync(join(source.folder, 'package/manifest.json'))).toBe(false);
  });

  test('throttling is waited out', async () => {
    const source = await project(EVENTS);
    proxy.fail({ action: 'PutObject', calls: [1, 2] }, throttled.s3);
    proxy.fail({ action: 'HeadObject', calls: [1] }, throttled.s3);

    expect(await source.package()).toMatchObject({ code: 0, stderr: '' });
    expect(await source.package()).toMatchObject({ code: 0, stderr: '' });

    expect(proxy.count('PutObject')).toBe(4);
    expect(proxy.count('HeadObject')).toBe(2);
    expect(uploads()).toEqual(['order-events']);
  });

  test('a conflict with somebody who writes the same object is tried again', async () => {
    const source = await project(EVENTS);
    const conflict = {
      status: 409,
      code: 'ConditionalRequestConflict',
      message: 'The conditional request cannot succeed',
    };
    proxy.fail({ action: 'PutObject', calls: [1, 2] }, conflict);

    expect(await source.package()).toMatchObject({ code: 0, stderr: '' });

    expect(uploads()).toEqual(['order-events']);
  });

  test('throttling that does not end fails without a manifest, and the next run uploads the rest', async () => {
    const source = await project({ ...EVENTS, ...API });
    proxy.fail({ action: 'PutObject', target: /orders-api/ }, throttled.s3);

    const first = await source.package([], { AWS_MAX_ATTEMPTS: '2' });

    expect(first.code).toBe(1);
    expect(first.stderr).toContain('SlowDown');
    expect(first.stderr).toContain('Not all packages are in S3 as they were made, and no manifest was written;');
    expect(existsSync(join(source.folder, 'package'))).toBe(false);

    proxy.reset();
    expect(await source.package()).toMatchObject({ code: 0 });
    expect(uploads()).toEqual(['orders-api']);
  });

  test('a run that is killed while it uploads leaves no manifest, and the next run uploads the rest', async () => {
    const source = await project({ ...EVENTS, ...API });
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
    expect(await source.package()).toMatchObject({ code: 0, stderr: '' });
    expect(uploads()).toEqual(['orders-api']);
    expect((await source.manifest()).functions).toHaveLength(2);
  });

  test('a package that another run uploads meanwhile stays as it is', async () => {
    const source = await project(EVENTS);
    const hold = proxy.hold({ action: 'PutObject', calls: [1] });
    const slow = source.start();
    await hold.arrived(1);
    const fast = await source.package();
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
  const sha256 = (text: string) => createHash('sha256').update(text).digest('base64');

  /** What a harmless run makes of a source, elsewhere. */
  async function packageOf(files: Readonly<Record<string, string>>) {
    const elsewhere = await project(files);
    await elsewhere.package();
    const [entry] = (await elsewhere.manifest()).functions;
    return entry as Manifest['functions'][number];
  }

  // What the bucket's policy keeps from happening (templates-src/access); whoever gets past it is found out.
  test.each([
    ['by an overwrite that was reverted', ['--checksum-algorithm', 'SHA256'], sha256('malicious'), true],
    ['ahead of its commit', ['--checksum-algorithm', 'SHA256'], sha256('malicious'), false],
    ['ahead of its commit, without a checksum', [], 'no SHA-256 checksum', false],
  ])('%s is refused: the run says what it found, and writes no manifest', async (_, options, found, isOverwrite) => {
    const source = await project({ ...EVENTS, ...API });
    const { key, sha256: expected } = await packageOf(EVENTS);
    if (isOverwrite) {
      await source.package();
    }
    await source.replace(key, 'malicious', options);

    const result = await source.package();

    expect(result.code).toBe(1);
    expect(result.stderr).toContain(
      `s3://${source.bucket}/${key}: found ${found}, expected the SHA-256 checksum ${expected}. These are not the bytes`,
    );
    expect(existsSync(join(source.folder, 'package/manifest.json'))).toBe(false);
  });
});

describe('the AWS CLI', () => {
  test.each([
    ['2.17.33', 'The AWS CLI is 2.17.33; expected 2.17.34 or later, which can upload without overwriting.'],
    ['1.34.1', 'The AWS CLI is 1.34.1; expected 1.34.2 or later, which can upload without overwriting.'],
    ['2.17.34', 'lambda: found no such folder;'],
    ['1.34.2', 'lambda: found no such folder;'],
  ])('of version %s: %s', async (version, message) => {
    const cwd = await makeFolder(onTestFinished);
    await writeFiles(cwd, { aws: `#!/bin/sh\necho 'aws-cli/${version} Python/3.11.8 Linux/6.1 exe/x86_64'\n` });
    await chmod(join(cwd, 'aws'), 0o755);

    const result = await runScript('package-lambdas.sh', ['--bucket', 'b', '--output', 'package'], {
      cwd,
      env: { ...tooling, PATH: `${cwd}:${process.env.PATH}` },
    });

    expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining(message) });
  });
});

describe('options', () => {
  test.each([
    [['--output', 'package'], '--bucket is missing.'],
    [['--bucket', 'b'], '--output is missing.'],
    [['--bucket'], '--bucket needs a value.'],
    [['--bucket', 'b', '--output', 'package', '--jobs', '0'], '--jobs is "0"; expected a number from 1 to 64.'],
    [['--verbose'], 'Unknown option "--verbose".'],
  ])('%j end with 2', async (args, message) => {
    const cwd = await makeFolder(onTestFinished);

    const result = await runScript('package-lambdas.sh', args, { cwd, env: tooling });

    expect(result).toEqual({ code: 2, stdout: '', stderr: `package-lambdas.sh: ${message} Try --help.\n` });
  });

  test('can come from the environment', async () => {
    const source = await project({});
    await writeFiles(source.folder, {
      'functions/order-events/app.py': '',
      'templates/lambda-functions.json': platformsFile(['lambda/order-events/app.py']),
      'templates/infrastructure.yaml': '',
    });

    const result = await runScript('package-lambdas.sh', [], {
      cwd: source.folder,
      env: {
        ...tooling,
        PACKAGE_BUCKET: source.bucket,
        PACKAGE_OUTPUT: 'output',
        LAMBDA_DIR: 'functions',
        TEMPLATES_DIR: 'templates',
        PARAMETERS_DIR: 'parameters',
        ENVIRONMENTS: 'dev',
        PACKAGE_JOBS: '1',
      },
    });

    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect((await readdir(join(source.folder, 'output'))).sort()).toEqual(['configuration', 'manifest.json']);
  });
});
