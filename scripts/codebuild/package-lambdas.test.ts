import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { elf } from './test-support/elf';
import { lockLine, makeFolder, makeWheel, platformsFile, platformsPath, writeFiles } from './test-support/project';
import { type Result, runScript } from './test-support/script';

const run = promisify(execFile);
// npm and pip take long to start.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const EVENTS = { 'lambda/order-events/app.py': 'def handler(event, context):\n    return len(event)\n' };
const API = {
  'lambda/orders-api/index.mjs': "export { handler } from './src/handler.mjs';\n",
  'lambda/orders-api/src/handler.mjs': 'export const handler = async () => 200;\n',
};
/** What functions run on whose files a test writes later. */
const PLATFORMS = { [platformsPath]: platformsFile(Object.keys(API)) };
const BOTH_PLATFORMS = { [platformsPath]: platformsFile(Object.keys({ ...EVENTS, ...API })) };

/** A package, as the list of zips has it. */
interface Made {
  readonly function: string;
  /** In hexadecimal. */
  readonly sha256: string;
}

/** A source tree, and how to package it. */
interface Project {
  readonly folder: string;
  package(args?: readonly string[], env?: NodeJS.ProcessEnv): Promise<Result>;
  /** What the list says that was made. */
  made(): Promise<readonly Made[]>;
  /** Bytes of a function's package. */
  zip(name: string): Promise<Buffer>;
}

async function project(files: Readonly<Record<string, string | Buffer>>): Promise<Project> {
  const folder = await makeFolder(onTestFinished);
  await writeFiles(folder, { 'lambda/README.md': '', [platformsPath]: platformsFile(Object.keys(files)), ...files });
  return {
    folder,
    package: (args = [], env = {}) =>
      runScript('package-lambdas.sh', ['--output', 'zips', ...args], { cwd: folder, env: { ...process.env, ...env } }),
    made: async () =>
      (await readFile(join(folder, 'zips/zips.sha256'), 'utf8'))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => {
          const [, sha256 = '', name = ''] = /^([0-9a-f]{64}) {2}(.+)\.zip$/.exec(line) ?? [];
          return { function: name, sha256 };
        }),
    zip: (name) => readFile(join(folder, 'zips', `${name}.zip`)),
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

async function onlyPackage({ made, zip }: Project): Promise<Buffer> {
  const packages = await made();
  expect(packages).toHaveLength(1);
  return zip(packages[0]?.function ?? '');
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
      allowScripts: { greeting: false },
      devDependencies: { linter: 'file:vendor/linter-1.0.0.tgz' },
    }),
  });
  await run('npm', ['install', '--package-lock-only', '--no-audit', '--no-fund'], { cwd: function_, env });
  return npm;
}

describe('package-lambdas.sh', () => {
  test('makes a zip of every sub-folder, and lists them', async () => {
    const source = await project({
      ...EVENTS,
      ...API,
      'lambda/README.md': 'No function.',
      'lambda/.cache/file': 'No function either.',
    });

    expect(await source.package()).toMatchObject({ code: 0, stderr: '' });

    const made = await source.made();
    expect(made.map(({ function: name }) => name)).toEqual(['order-events', 'orders-api']);
    for (const { function: name, sha256 } of made) {
      expect(
        createHash('sha256')
          .update(await source.zip(name))
          .digest('hex'),
      ).toBe(sha256);
    }
  });

  test('of no functions at all makes a list without any', async () => {
    const source = await project({});
    expect(await source.package()).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(await source.made()).toEqual([]);
  });

  test('packages what a function needs at run time and leaves out the rest', async () => {
    const source = await project({
      ...API,
      'lambda/orders-api/bin/tool': '#!/bin/sh\n',
      'lambda/orders-api/a.test.mjs': 'test',
      'lambda/orders-api/test_a.py': 'def test_it():\n    pass\n',
      'lambda/orders-api/tsconfig.build.json': '{}',
      'lambda/orders-api/__pycache__/a.pyc': 'cache',
      'lambda/orders-api/.DS_Store': 'folder',
      'lambda/orders-api/node_modules/.cache/a': 'cache',
      'lambda/orders-api/node_modules/vendored/index.test.js': 'code of others',
    });
    await chmod(join(source.folder, 'lambda/orders-api/bin/tool'), 0o700);
    await symlink('src/handler.mjs', join(source.folder, 'lambda/orders-api/link.mjs'));

    expect(await source.package()).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('orders-api  left out: a.test.mjs, test_a.py, tsconfig.build.json\n'),
      stderr: '',
    });

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
      await run('sh', ['-c', `umask ${umask}; exec bash "$0" "$@"`, script, '--output', 'zips'], {
        cwd: source.folder,
        env: { ...process.env, ...npm },
      });
      return source.made();
    };

    const first = await makeAndPackage('0022', '2020-02-29', (names) => names);
    const second = await makeAndPackage('0077', '2026-11-23', (names) => names.reverse());

    expect(first.map((entry) => entry.function)).toEqual(['order-events', 'orders-api']);
    expect(second).toEqual(first);
  });

  // What differs between platforms is in the bytes, or does not matter; the runtime itself is the template's to change.
  test('keeps the package of the same bytes when runtime and architecture change', async () => {
    const source = await project(API);
    await source.package();
    const before = await source.made();
    const platform = { runtime: 'nodejs22.x', architecture: 'arm64' };
    await writeFiles(source.folder, { [platformsPath]: JSON.stringify({ 'orders-api': platform }) });

    expect(await source.package()).toMatchObject({ code: 0, stderr: '' });

    expect(await source.made()).toEqual(before);
  });

  test.each([
    ['a name', (tree: string) => rename(join(tree, 'index.mjs'), join(tree, 'main.mjs'))],
    ['an executable bit', (tree: string) => chmod(join(tree, 'index.mjs'), 0o755)],
  ])('makes another package when %s changes', async (_, change) => {
    const source = await project(API);
    await source.package();
    const before = await source.made();
    await change(join(source.folder, 'lambda/orders-api'));

    expect(await source.package()).toMatchObject({ code: 0 });

    expect((await source.made())[0]?.sha256).not.toBe(before[0]?.sha256);
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

    const before = await source.made();
    await rm(join(source.folder, 'lambda/orders-api/node_modules'), { recursive: true });
    expect(await source.package([], npm)).toMatchObject({ code: 0 });
    expect(await source.made()).toEqual(before);
  });

  test('that npm cannot install are reported with what npm said, and nothing is listed', async () => {
    const source = await project({ ...EVENTS, ...BOTH_PLATFORMS });
    const npm = await npmFunction(source.folder);
    await rm(join(source.folder, 'lambda/orders-api/vendor/greeting-1.0.0.tgz'));
    await writeFiles(source.folder, { 'zips/zips.sha256': 'of an earlier run' });

    const result = await source.package([], { ...npm, npm_config_cache: join(source.folder, 'empty-cache') });

    expect(result.code).toBe(1);
    expect(result.stderr).toContain('orders-api: installing its dependencies failed:');
    expect(result.stderr).toContain('ENOENT');
    expect(existsSync(join(source.folder, 'zips/zips.sha256'))).toBe(false);
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
  test('is refused, all of it at once, before anything is installed', async () => {
    const folders = ['empty', 'Upper_Case', 'a-1', 'a1', 'links', 'linked', 'yarn', 'unlocked', 'broken', 'huge'];
    const others = ['mixed', 'native', 'without-folder'];
    const source = await project({
      [platformsPath]: platformsFile([...folders, ...others].map((name) => `lambda/${name}/index.mjs`)),
      'lambda/empty/only.test.mjs': '',
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
    });
    const lambda = join(source.folder, 'lambda');
    await symlink('../../outside/secret', join(lambda, 'links/secret'));
    await symlink('nowhere', join(lambda, 'links/dangling'));
    await mkdir(join(lambda, 'links/sub'));
    await symlink('..', join(lambda, 'links/sub/loop'));
    await symlink('../outside', join(lambda, 'linked'));
    await run('mkfifo', [join(lambda, 'links/pipe')]);
    await truncate(join(lambda, 'huge/model.bin'), 262_144_000);

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
      'lambda/links/dangling: found a symbolic link to nowhere, which cannot be read (No such file or directory).',
      'lambda/links/pipe: found neither a file nor a folder nor a symbolic link.',
      'lambda/links/secret: found a symbolic link to ../../outside/secret, outside of the folder.',
      'lambda/links/sub/loop: found a symbolic link to a folder that holds the link itself.',
      'lambda/mixed: found requirements.txt, but the function runs nodejs24.x, which has no use for it.',
      'lambda/native/lib/tool.so: found a binary for arm64, expected one for Linux on x86_64.',
      'lambda/unlocked: package.json names dependencies (left-pad), but there is no package-lock.json.',
      'lambda/yarn: found yarn.lock; dependencies are installed from package-lock.json or requirements.txt',
      'package-lambdas.sh: Nothing has been packaged; see above.',
    ];
    expect(lines.map((line, index) => line.slice(0, expected[index]?.length))).toEqual(expected);
    expect(existsSync(join(source.folder, 'zips'))).toBe(false);
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
    expect(await source.package(['--templates-dir', 'templates'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('templates: found no such folder;'),
    });
  });
});

describe('options', () => {
  test.each([
    [[], '--output is missing.'],
    [['--output'], '--output needs a value.'],
    [['--output', 'zips', '--jobs', '0'], '--jobs is "0"; expected a number from 1 to 64.'],
    [['--verbose'], 'Unknown option "--verbose".'],
  ])('%j end with 2', async (args, message) => {
    const cwd = await makeFolder(onTestFinished);

    const result = await runScript('package-lambdas.sh', args, { cwd, env: process.env });

    expect(result).toEqual({ code: 2, stdout: '', stderr: `package-lambdas.sh: ${message} Try --help.\n` });
  });

  test('can come from the environment', async () => {
    const source = await project({});
    await writeFiles(source.folder, {
      'functions/order-events/app.py': '',
      'templates/lambda-functions.json': platformsFile(['lambda/order-events/app.py']),
    });

    const result = await runScript('package-lambdas.sh', [], {
      cwd: source.folder,
      env: {
        ...process.env,
        PACKAGE_OUTPUT: 'zips',
        LAMBDA_DIR: 'functions',
        TEMPLATES_DIR: 'templates',
        PACKAGE_JOBS: '1',
      },
    });

    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect((await source.made()).map(({ function: name }) => name)).toEqual(['order-events']);
  });
});
