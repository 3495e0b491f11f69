import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { elf } from '../test-support/elf';
import { lockLine, makeFolder, makeWheel, platformsPath, type WheelOptions, writeFiles } from '../test-support/project';

const run = promisify(execFile);
// npm and pip take their time when others run, too.
vi.setConfig({ testTimeout: 120_000 });

const STEPS = join(__dirname, 'package_lambdas.py');
const otherArchitecture = process.arch === 'x64' ? 'arm64' : 'x86_64';
const otherCpu = process.arch === 'x64' ? 'arm64' : 'x64';

type Files = Readonly<Record<string, string | Buffer>>;

/** A function `fn`, what it runs on, and what pip and npm get as settings. */
interface Source {
  readonly folder: string;
  readonly platform: { readonly runtime: string; readonly architecture: string };
  readonly settings?: NodeJS.ProcessEnv;
}

/** Plans and installs a function as the packager does. */
async function install({ folder, platform, settings }: Source) {
  await writeFiles(folder, { [platformsPath]: JSON.stringify({ fn: platform }), 'staged/.keep': '' });
  const step = async (...args: string[]) => {
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...settings };
    const running = run('python3', [STEPS, ...args], { cwd: folder, env });
    return running.then(
      (result) => ({ code: 0, ...result }),
      ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
    );
  };
  const planned = await step('plan', 'lambda', dirname(platformsPath));
  expect(planned).toMatchObject({ code: 0, stderr: '' });
  const result = await step('install', 'lambda', join(folder, 'staged'), planned.stdout);
  const staged = join(folder, 'staged/fn');
  return {
    code: result.code as number,
    stderr: result.stderr as string,
    files: async () =>
      (await readdir(staged, { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(staged.length + 1)),
    read: (path: string) => readFile(join(staged, path), 'utf8'),
  };
}

describe('of a Python function', () => {
  interface Wheel extends WheelOptions {
    readonly name: string;
    readonly version?: string;
    readonly files?: Files;
  }

  async function python(
    platform: Source['platform'],
    wheels: readonly Wheel[],
    lock: (lines: readonly string[]) => string = (lines) => lines.join(''),
    source: Files = {},
  ): Promise<Source> {
    const folder = await makeFolder(onTestFinished);
    const lines: string[] = [];
    for (const { name, version = '1.0.0', files = { [`${name}.py`]: '' }, ...options } of wheels) {
      lines.push(await lockLine(await makeWheel(join(folder, 'wheels'), name, version, files, options)));
    }
    const inFolder = Object.entries(source).map(([path, text]) => [`lambda/fn/${path}`, text]);
    await writeFiles(folder, {
      'lambda/fn/app.py': '',
      'lambda/fn/requirements.txt': lock(lines),
      ...Object.fromEntries(inFolder),
    });
    const settings = { PIP_NO_INDEX: '1', PIP_FIND_LINKS: join(folder, 'wheels'), PIP_CONFIG_FILE: '/dev/null' };
    return { folder, platform, settings };
  }

  const on = (version: string, architecture = 'x86_64') => ({ runtime: `python${version}`, architecture });

  /** Wheels of one release for many platforms; each has a file with its tag. */
  const tags = [
    ...['312', '313', '314'].flatMap((version) => [
      `cp${version}-cp${version}-manylinux2014_x86_64.manylinux_2_17_x86_64`,
      `cp${version}-cp${version}-manylinux_2_28_aarch64`,
      `cp${version}-cp${version}-musllinux_1_2_x86_64`,
      `cp${version}-cp${version}-macosx_11_0_arm64`,
    ]),
    'cp314-cp314-manylinux_2_39_x86_64',
    'cp314-cp314t-manylinux_2_28_x86_64',
  ];

  test.each([
    [on('3.12'), tags[0]],
    [on('3.13'), tags[4]],
    [on('3.14'), tags[8]],
    [on('3.12', 'arm64'), tags[1]],
    [on('3.13', 'arm64'), tags[5]],
    [on('3.14', 'arm64'), tags[9]],
  ])('are the wheels for %j, whatever Python runs pip', async (platform, tag) => {
    const wheels = tags.map((it) => ({ name: 'native', tag: it, files: { 'native/tag': it } }));
    // One requirement with the hashes of all files, as tools that lock write it.
    const lock = (lines: readonly string[]) =>
      `native==1.0.0 \\\n    ${lines.map((line) => line.trim().split(' ')[1]).join(' \\\n    ')}\n    # via app\n`;
    const installed = await install(await python(platform, wheels, lock));
    expect(installed).toMatchObject({ code: 0, stderr: '' });
    expect(await installed.read('native/tag')).toBe(tag);
  });

  test.each<[string, Source['platform'], readonly Wheel[], (lines: readonly string[]) => string, string, Files?]>([
    [
      'has no wheel for its platform',
      on('3.14', 'arm64'),
      [{ name: 'native', tag: 'cp314-cp314-manylinux_2_28_x86_64' }],
      (lines) => lines.join(''),
      'fn: native==1.0.0 has no wheel for python3.14 on arm64 with glibc 2.34 or older. Source distributions are not built',
    ],
    [
      'needs a newer glibc',
      on('3.13'),
      [{ name: 'native', tag: 'cp313-cp313-manylinux_2_35_x86_64' }],
      (lines) => lines.join(''),
      'fn: native==1.0.0 has no wheel for python3.13 on x86_64 with glibc 2.34 or older.',
    ],
    [
      'has the hash of a wheel for another platform',
      on('3.13'),
      [
        { name: 'native', tag: 'cp313-cp313-manylinux_2_28_x86_64' },
        { name: 'native', tag: 'cp312-cp312-manylinux_2_28_x86_64' },
      ],
      (lines) => lines[1] ?? '',
      'fn: does requirements.txt have hashes for another platform alone? Lock for python3.13 on x86_64: `uv pip compile',
    ],
    [
      'requires what the lock file lacks',
      on('3.12'),
      [{ name: 'top', requires: ['backport>=1; python_version < "3.13"'] }],
      (lines) => lines.join(''),
      'fn: top requires backport>=1; python_version < "3.13", but it was not installed. Lock for python3.12 on x86_64:',
    ],
    [
      'is left out by its marker on the machine that builds, but not on the one that runs',
      on('3.14'),
      [{ name: 'late' }],
      (lines) => lines.join('').replace(' --hash', '; python_full_version >= "3.14.98" --hash'),
      'fn: requirements.txt requires late==1.0.0; python_full_version >= "3.14.98", but it was not installed.',
    ],
    [
      'requires another version than the lock file has',
      on('3.14'),
      [{ name: 'top', requires: ['Some_Lib>=2'] }, { name: 'some_lib' }],
      (lines) => lines.join(''),
      'fn: top requires Some_Lib>=2, but found 1.0.0.',
    ],
    [
      'has an extra whose dependency is missing',
      on('3.14'),
      [{ name: 'top', requires: ['speedups; extra == "fast"', 'docs; extra == "doc"'] }],
      (lines) => lines.join('').replace('top', 'top[fast]'),
      'fn: top requires speedups; extra == "fast", but it was not installed.',
    ],
    [
      'is another version than that of pyproject.toml',
      on('3.14'),
      [{ name: 'attrs' }],
      (lines) => lines.join(''),
      'fn: pyproject.toml requires attrs>=2, but found 1.0.0.',
      { 'pyproject.toml': '[project]\ndependencies = ["attrs>=2", "pywin; sys_platform == \'win32\'"]\n' },
    ],
    [
      'is in setup.cfg alone',
      on('3.14'),
      [{ name: 'attrs' }],
      (lines) => lines.join(''),
      'fn: setup.cfg requires requests, but it was not installed.',
      { 'setup.cfg': '[options]\ninstall_requires =\n  attrs\n  requests\n' },
    ],
    [
      'has a file that another one has, too',
      on('3.14'),
      [
        { name: 'one', files: { 'tests/__init__.py': '', 'tests/test_it.py': '1' } },
        { name: 'two', files: { 'tests/__init__.py': '', 'tests/test_it.py': '2' } },
      ],
      (lines) => lines.join(''),
      'both have a file tests/test_it.py, and not the same: only one can be installed.',
    ],
    [
      'says that it fits, but does not',
      on('3.14'),
      [{ name: 'native', files: { 'native/_it.abi3.so': elf({ machine: 'arm64' }) } }],
      (lines) => lines.join(''),
      'fn: native/_it.abi3.so: found a binary for arm64, expected one for Linux on x86_64.',
    ],
  ])('are refused when one %s', async (_, platform, wheels, lock, problem, source) => {
    const { code, stderr } = await install(await python(platform, wheels, lock, source));
    expect(code).toBe(1);
    expect(stderr.trimEnd().split('\n').at(-1)).toContain(problem);
  });

  test('need not have what only other platforms require', async () => {
    const requires = ['backport; python_version < "3.13"', 'pywin; sys_platform == "win32"', 'docs; extra == "doc"'];
    const installed = await install(await python(on('3.14'), [{ name: 'top', requires }]));
    expect(installed).toMatchObject({ code: 0, stderr: '' });
  });

  test('leave out programs that name the Python of the machine that builds', async () => {
    const files = {
      'it.py': '',
      'it-1.0.0.dist-info/entry_points.txt': '[console_scripts]\nmade = it:main\n',
      'it-1.0.0.data/scripts/rewritten': '#!python\n',
      'it-1.0.0.data/scripts/kept.sh': '#!/bin/sh\n',
    };
    const installed = await install(await python(on('3.14'), [{ name: 'it', files }]));
    expect(installed).toMatchObject({ code: 0, stderr: '' });
    expect((await installed.files()).filter((name) => name.startsWith('bin/'))).toEqual(['bin/kept.sh']);
    const record = await installed.read('it-1.0.0.dist-info/RECORD');
    expect(record.split('\n').filter((line) => line.includes('bin/'))).toEqual([expect.stringMatching(/kept\.sh,/)]);
  });

  test('come with the warnings of pip, and with paths of the source', async () => {
    const lock = (lines: readonly string[]) => `--find-links ./wheels\n${lines.join('')}`;
    const wheel = 'it-1.0.0-py3-none-any.whl';
    const warned = await install(await python(on('3.14'), [{ name: 'it' }], lock));
    const failed = await install(await python(on('3.14'), [{ name: 'it' }], () => `./vendor/${wheel}\n`));
    expect(warned.code).toBe(0);
    expect(warned.stderr).toMatch(/^fn: WARNING: Location '\.\/wheels' is ignored: .*\n$/);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain(`lambda/fn/vendor/${wheel}`);
    expect(failed.stderr).not.toContain('staged');
  });

  test('are merged with the source file by file, and what both have is refused', async () => {
    const dependency = { name: 'google_it', files: { 'google/it/__init__.py': 'theirs', 'config.py': 'theirs' } };
    const source = { 'google/ours/__init__.py': 'ours' };
    const merged = await install(await python(on('3.14'), [dependency], undefined, source));
    const refused = await install(
      await python(on('3.14'), [dependency], undefined, { ...source, 'config.py': 'ours', 'google/it': 'a file' }),
    );
    expect(merged).toMatchObject({ code: 0, stderr: '' });
    expect(await merged.files()).toEqual(
      expect.arrayContaining(['app.py', 'config.py', 'google/it/__init__.py', 'google/ours/__init__.py']),
    );
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('fn: its source and its dependencies both have config.py.');
    expect(refused.stderr).toContain('fn: its source and its dependencies both have google/it/__init__.py.');
  });
});

describe('of a Node.js function', () => {
  interface Package {
    readonly manifest?: Readonly<Record<string, unknown>>;
    readonly files?: Files;
    readonly optional?: boolean;
  }

  /** A function with packages in files of its own, and a lock file that was written by hand: npm is slow. */
  async function nodejs(
    platform: Source['platform'],
    packages: Readonly<Record<string, Package>>,
    own: Readonly<Record<string, unknown>> = {},
  ): Promise<Source> {
    const folder = await makeFolder(onTestFinished);
    const locked: Record<string, unknown> = {};
    const dependencies: Record<string, string> = {};
    const optionalDependencies: Record<string, string> = {};
    for (const [name, { manifest = {}, files = {}, optional = false }] of Object.entries(packages)) {
      const text = JSON.stringify({ name, version: '1.0.0', ...manifest });
      await writeFiles(join(folder, 'packages', name, 'package'), { 'package.json': text, ...files });
      await writeFiles(folder, { 'lambda/fn/index.mjs': '', [`lambda/fn/vendor/${name}.tgz`]: '' });
      await run('tar', ['-czf', join(folder, `lambda/fn/vendor/${name}.tgz`), 'package'], {
        cwd: join(folder, 'packages', name),
      });
      (optional ? optionalDependencies : dependencies)[name] = `file:vendor/${name}.tgz`;
      const bytes = await readFile(join(folder, `lambda/fn/vendor/${name}.tgz`));
      const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
      const resolved = `file:vendor/${name}.tgz`;
      locked[`node_modules/${name}`] = { version: '1.0.0', resolved, integrity, optional, ...manifest };
    }
    const root = { name: 'fn', version: '1.0.0', dependencies, optionalDependencies, ...own };
    await writeFiles(folder, {
      'lambda/fn/package.json': JSON.stringify(root),
      'lambda/fn/package-lock.json': JSON.stringify({ lockfileVersion: 3, packages: { '': root, ...locked } }),
    });
    const settings = { npm_config_offline: 'true', npm_config_cache: join(folder, 'cache') };
    return { folder, platform, settings };
  }

  const on = (version: string, architecture = 'x86_64') => ({ runtime: `nodejs${version}.x`, architecture });

  test.each(['20', '22', '24'])('are those for its platform (Node.js %s)', async (version) => {
    const module = (machine: 'x86_64' | 'arm64') => ({ 'it.node': elf({ machine }) });
    const of = (cpu: string, os = 'linux', libc = 'glibc') => ({ os: [os], cpu: [cpu], libc: [libc] });
    const packages = {
      it: { files: { 'index.js': '' } },
      'it-linux-x64': { manifest: of('x64'), files: module('x86_64'), optional: true },
      'it-linux-arm64': { manifest: of('arm64'), files: module('arm64'), optional: true },
      'it-linuxmusl-arm64': { manifest: of('arm64', 'linux', 'musl'), files: module('arm64'), optional: true },
      'it-darwin-arm64': { manifest: of('arm64', 'darwin'), files: module('arm64'), optional: true },
      // What is optional can be missing, also for want of a compiler.
      faster: { files: { 'binding.gyp': '{}' }, optional: true },
    };
    const installed = await install(await nodejs(on(version, 'arm64'), packages, { allowScripts: { faster: false } }));
    expect(installed).toMatchObject({ code: 0, stderr: '' });
    const modules = (await installed.files()).filter((name) => name.endsWith('.node'));
    expect(modules).toEqual(['node_modules/it-linux-arm64/it.node']);
  });

  test('are refused, all at once, when they do not fit', async () => {
    const { code, stderr } = await install(
      await nodejs(
        on('24', otherArchitecture),
        {
          built: { files: { 'binding.gyp': '{}' } },
          ready: { files: { 'binding.gyp': '{}', 'prebuilds/it.node': '' } },
          lacking: { manifest: { optionalDependencies: { [`lacking-linux-${otherCpu}-gnu`]: '1.0.0' } } },
          [`lacking-linux-${otherCpu}-gnu`]: { manifest: { engines: { node: '>=99' } }, optional: true },
          old: { manifest: { engines: { node: '<20' } } },
          // npm finds nothing wrong: it fits the machine that this runs on.
          pinned: { manifest: { cpu: [process.arch], os: ['!win32'] } },
        },
        { engines: { node: '22.x' }, allowScripts: { built: false, ready: false } },
      ),
    );
    const platform = `nodejs24.x on ${otherArchitecture}`;
    expect(code).toBe(1);
    expect(stderr.trimEnd().split('\n').sort()).toEqual(
      [
        'fn: node_modules/built is built when it is installed (it has a binding.gyp and no module that is ready), and ' +
          'its scripts did not run. Take a package, or a release, that brings its module along; or allow its scripts in ' +
          'package.json (allowScripts).',
        `fn: node_modules/lacking needs lacking-linux-${otherCpu}-gnu on ${platform}, but that was not installed. ` +
          'Either package-lock.json was written for another machine alone: remove it and node_modules, run ' +
          '`npm install --package-lock-only` and commit the new one. Or its engines do not admit the Node.js that runs ' +
          'npm here.',
        `fn: node_modules/pinned is for cpu ${process.arch}, expected ${otherCpu} (${platform}). It is a dependency ` +
          'that must be there: make it an optional one, or remove it if another package brings it along.',
        'fn: package.json: found engines.node 22.x, but the function runs nodejs24.x. Correct one of them (the runtime ' +
          'is typed in the workload in templates-src/workloads).',
        'fn: warning: old@1.0.0 says engines.node <20, but the function runs nodejs24.x. Take a release for it.',
      ].sort(),
    );
  });

  test('for another machine than the one that builds are explained when they must be there', async () => {
    const packages = { pinned: { manifest: { cpu: [otherCpu] } } };
    const { code, stderr } = await install(await nodejs(on('22', otherArchitecture), packages));
    expect(code).toBe(1);
    expect(stderr).toContain('EBADPLATFORM');
    expect(stderr).toContain('fn: npm compares a dependency that must be there with the machine that it runs on, and');
  });

  test('that say they are for another Node.js are a warning, as npm has it', async () => {
    const packages = { old: { manifest: { engines: { node: '>=0.10 <23' } } } };
    expect(await install(await nodejs(on('22'), packages))).toMatchObject({ code: 0, stderr: '' });
    expect(await install(await nodejs(on('24'), packages))).toMatchObject({
      code: 0,
      stderr:
        'fn: warning: old@1.0.0 says engines.node >=0.10 <23, but the function runs nodejs24.x. Take a release for it.\n',
    });
  });

  test('that do not fit package.json are refused with what npm says of it, not with how to call npm', async () => {
    const source = await nodejs(on('22'), { it: {} });
    const packageJson = join(source.folder, 'lambda/fn/package.json');
    const more = Object.fromEntries([...'abcdefghij'].map((name) => [name, 'file:vendor/it.tgz']));
    const { dependencies, ...rest } = JSON.parse(await readFile(packageJson, 'utf8'));
    await writeFiles(source.folder, {
      'lambda/fn/package.json': JSON.stringify({ ...rest, dependencies: { ...dependencies, ...more } }),
    });
    const { code, stderr } = await install(source);
    expect(code).toBe(1);
    expect(stderr).toContain('npm error code EUSAGE');
    expect(stderr).toContain('npm error Missing: j@1.0.0 from lock file');
    expect(stderr).toContain('lambda/fn: the lock file was not written for this package.json. Run `npm install');
    expect(stderr).not.toMatch(/Usage|--install-strategy|complete log/);
  });

  test('come with the warnings of npm, and with paths of the source', async () => {
    const deprecated = await install(await nodejs(on('22'), { it: { manifest: { deprecated: 'use that' } } }));
    const source = await nodejs(on('22'), { it: {}, other: {} });
    await rm(join(source.folder, 'lambda/fn/vendor/it.tgz'));
    const failed = await install(source);
    expect(deprecated).toMatchObject({ code: 0, stderr: 'fn: npm warn deprecated it@1.0.0: use that\n' });
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('lambda/fn/vendor/it.tgz');
    expect(failed.stderr).not.toContain('staged');
  });

  describe('with scripts', () => {
    const [major = ''] = process.versions.node.split('.');
    const here = on(major, process.arch === 'x64' ? 'x86_64' : 'arm64');
    const onLinux = process.platform === 'linux' && ['20', '22', '24'].includes(major);
    const scripted = (install: string, more: Readonly<Record<string, unknown>> = {}) => ({
      it: {
        manifest: { hasInstallScript: true, scripts: { install }, ...more },
        files: { 'env.js': PRINTS_ENVIRONMENT },
      },
    });
    const PRINTS_ENVIRONMENT =
      "require('fs').writeFileSync('made.json', JSON.stringify(Object.keys(process.env).sort()))";
    const allowed = { allowScripts: { 'it@1.0.0': true } };

    test('run those that are allowed, with nothing of the environment of the build', async (context) => {
      context.skip(!onLinux, 'scripts run on a machine as the function has it');
      const source = await nodejs(here, scripted('node env.js'), allowed);
      const secrets = { AWS_SECRET_ACCESS_KEY: 'x', AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: 'x', NPM_TOKEN: 'x' };
      const installed = await install({ ...source, settings: { ...source.settings, ...secrets } });
      expect(installed).toMatchObject({ code: 0, stderr: '' });
      const names: string[] = JSON.parse(await installed.read('node_modules/it/made.json'));
      expect(names).toContain('PATH');
      expect(names.filter((name) => /AWS|TOKEN/.test(name))).toEqual([]);
    });

    test.each<[string, Source['platform'], Record<string, Package>, Record<string, unknown>, string]>([
      [
        'of a package whose lock file conceals them',
        here,
        {
          it: {
            manifest: {},
            files: { 'package.json': '{"name": "it", "version": "1.0.0", "scripts": {"install": ""}}' },
          },
        },
        {},
        'lambda/fn: node_modules/it (as it was installed) runs scripts when it is installed, which none does here',
      ],
      [
        'for another processor',
        on(major, otherArchitecture),
        scripted('node env.js'),
        allowed,
        'fn: the scripts of it@1.0.0 build for the machine that they run on: found ',
      ],
      [
        'for another Node.js',
        { ...here, runtime: major === '22' ? 'nodejs24.x' : 'nodejs22.x' },
        scripted('node env.js'),
        allowed,
        'fn: the scripts of it@1.0.0 build for the machine that they run on: found ',
      ],
      [
        'of bytes that no hash names',
        here,
        scripted('node env.js', { integrity: undefined }),
        allowed,
        'fn: node_modules/it: its scripts are allowed, but the lock file names no hash of its bytes (integrity).',
      ],
      [
        'that change what is not theirs',
        here,
        scripted('echo 1 >../../index.mjs; echo 2 >../new.js'),
        allowed,
        'fn: the scripts of it@1.0.0 changed index.mjs, node_modules/new.js, outside of their packages:',
      ],
      ['that fail', here, scripted('echo no compiler; exit 3'), allowed, 'fn: the scripts of it@1.0.0 failed:'],
    ])('refuse those %s', async (what, platform, packages, own, problem) => {
      const result = await install(await nodejs(platform, packages, own));
      expect(result.code).toBe(1);
      expect(result.stderr).toContain(problem);
      expect(result.stderr.includes('no compiler')).toBe(what === 'that fail');
    });
  });
});
