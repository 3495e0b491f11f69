import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runtimes } from '../../../templates-src/model/function-platforms';
import { elf } from '../test-support/elf';
import { makeFolder, writeFiles } from '../test-support/project';

const run = promisify(execFile);

const x86_64 = elf({ machine: 'x86_64' });
const arm64 = elf({ machine: 'arm64' });
const machO = Buffer.concat([Buffer.from('cffaedfe', 'hex'), Buffer.alloc(60)]);
const universal = Buffer.concat([Buffer.from('cafebabe00000002', 'hex'), Buffer.alloc(60)]);
const javaClass = Buffer.concat([Buffer.from('cafebabe00000041', 'hex'), Buffer.alloc(60)]);
const windows = Buffer.concat([
  Buffer.from('MZ'),
  Buffer.alloc(58),
  Buffer.from('40000000', 'hex'),
  Buffer.from('PE\0\0'),
]);
const nodeModule = (version: string) => elf({ machine: 'x86_64', text: `\0node_register_module_v${version}\0` });
const needing = (...versions: string[]) => elf({ machine: 'x86_64', versions });

interface Case {
  /** A package that ... */
  readonly name: string;
  readonly runtime?: string;
  readonly architecture?: string;
  readonly files: Readonly<Record<string, string | Buffer>>;
  /** How each problem begins, or a part of it; none for a package that can be loaded. */
  readonly problems: readonly string[];
}

const CASES: readonly Case[] = [
  { name: 'has no native code', files: { 'app.py': 'pass', empty: '', short: 'MZ' }, problems: [] },
  {
    name: 'has native code of its platform',
    files: {
      'a.cpython-313-x86_64-linux-gnu.so': x86_64,
      'b.abi3.so': x86_64,
      'c.so': x86_64,
      'd.libs/libz-4e3a.so.1.2': x86_64,
      'bin/tool': x86_64,
    },
    problems: [],
  },
  {
    name: 'has native code of arm64 for arm64',
    architecture: 'arm64',
    files: { 'a.cpython-313-aarch64-linux-gnu.so': arm64 },
    problems: [],
  },
  {
    name: 'has native code for the other processor',
    files: { 'a.abi3.so': arm64, 'bin/tool': elf({ machine: 'x86' }) },
    problems: [
      'fn/a.abi3.so: found a binary for arm64, expected one for Linux on x86_64.',
      'fn/bin/tool: found a binary for x86 in 32 bits, expected one for Linux on x86_64.',
    ],
  },
  {
    name: 'has native code of x86_64 for arm64',
    architecture: 'arm64',
    files: { 'a.so': x86_64 },
    problems: ['fn/a.so: found a binary for x86_64, expected one for Linux on arm64.'],
  },
  {
    name: 'was installed on macOS or Windows',
    files: { 'a.cpython-313-darwin.so': machO, 'b.so': universal, 'c.cp313-win_amd64.pyd': windows, 'bin/tool': machO },
    problems: [
      'fn/a.cpython-313-darwin.so: found a binary for macOS, expected one for Linux on x86_64. It was probably installed',
      'fn/b.so: found a binary for macOS',
      'fn/bin/tool: found a binary for macOS',
      'fn/c.cp313-win_amd64.pyd: found a binary for Windows',
    ],
  },
  {
    name: 'has files that nothing on Linux loads',
    files: {
      'setuptools/gui-64.exe': windows,
      'a.dll': windows,
      'b.dylib': machO,
      'C.class': javaClass,
      'd.o': elf({ machine: 'arm64', kind: 'object' }),
    },
    problems: [],
  },
  {
    name: 'has extension modules for other Pythons',
    files: {
      'a.cpython-312-x86_64-linux-gnu.so': x86_64,
      'b.cpython-313t-x86_64-linux-gnu.so': x86_64,
      'c.cpython-313-x86_64-linux-musl.so': x86_64,
      'd.pypy311-pp73-x86_64-linux-gnu.so': x86_64,
    },
    problems: [
      'fn/a.cpython-312-x86_64-linux-gnu.so: found an extension module with the tag cpython-312-x86_64-linux-gnu, ' +
        'expected cpython-313-x86_64-linux-gnu or abi3: python3.13 does not import it.',
      'fn/b.cpython-313t-x86_64-linux-gnu.so: found an extension module with the tag cpython-313t-x86_64-linux-gnu',
      'fn/c.cpython-313-x86_64-linux-musl.so: found an extension module with the tag cpython-313-x86_64-linux-musl',
      'fn/d.pypy311-pp73-x86_64-linux-gnu.so: found an extension module with the tag pypy311-pp73-x86_64-linux-gnu',
    ],
  },
  {
    name: 'has an extension module for python3.13',
    runtime: 'python3.14',
    files: { 'a.cpython-313-x86_64-linux-gnu.so': x86_64 },
    problems: ['expected cpython-314-x86_64-linux-gnu or abi3: python3.14 does not import it.'],
  },
  {
    name: 'needs a glibc that Amazon Linux 2023 has',
    files: { 'a.so': needing('GLIBC_2.2.5', 'GLIBC_2.34', 'GLIBC_PRIVATE', 'GCC_3.0') },
    problems: [],
  },
  {
    name: 'needs a newer glibc',
    files: { 'a.so': needing('GLIBC_2.38', 'GLIBC_2.4'), 'b.so': needing('GLIBC_2.2.5', 'GLIBC_ABI_DT_RELR') },
    problems: [
      'fn/a.so: found a binary that needs glibc 2.38, expected 2.34 at the most',
      'fn/b.so: found a binary that needs glibc 2.36, expected 2.34 at the most',
    ],
  },
  {
    name: 'was installed on Alpine Linux',
    files: { 'a.abi3.so': elf({ machine: 'x86_64', text: '\0libc.musl-x86_64.so.1\0' }) },
    problems: ['fn/a.abi3.so: found a binary for musl, expected one for glibc, which Amazon Linux 2023 has.'],
  },
  {
    name: 'has tables that end beyond its end',
    files: { 'a.so': needing('GLIBC_2.38').subarray(0, -200) },
    problems: [],
  },
  {
    name: 'has modules for Node.js with Node-API, or for its version',
    runtime: 'nodejs24.x',
    files: {
      'node_modules/a/a.node': elf({ machine: 'x86_64', text: '\0napi_register_module_v1\0' }),
      'node_modules/b/b.node': nodeModule('137'),
    },
    problems: [],
  },
  {
    name: 'has a module for another Node.js',
    runtime: 'nodejs22.x',
    files: { 'node_modules/b/b.node': nodeModule('137') },
    problems: [
      'fn/node_modules/b/b.node: found a module with NODE_MODULE_VERSION 137, expected 127 (nodejs22.x), or one with',
    ],
  },
  {
    name: 'has a module for Node.js 20',
    runtime: 'nodejs20.x',
    files: { 'node_modules/b/b.node': nodeModule('115') },
    problems: [],
  },
  {
    name: 'has modules for many platforms, one of which fits',
    runtime: 'nodejs24.x',
    files: {
      'node_modules/@a/b/prebuilds/darwin-arm64/b.node': machO,
      'node_modules/@a/b/prebuilds/linux-arm64/b.node': arm64,
      'node_modules/@a/b/prebuilds/linux-x64/b.node': x86_64,
      'node_modules/@a/b/prebuilds/linux-x64/b.musl.node': elf({
        machine: 'x86_64',
        text: '\0libc.musl-x86_64.so.1\0',
      }),
      'node_modules/@a/b/prebuilds/win32-x64/b.node': windows,
    },
    problems: [],
  },
  {
    name: 'has modules for many platforms, none of which fits',
    runtime: 'nodejs24.x',
    files: {
      'node_modules/@a/b/prebuilds/darwin-arm64/b.node': machO,
      'node_modules/@a/b/prebuilds/linux-arm64/b.node': arm64,
      'node_modules/@a/b/node_modules/c/c.node': x86_64,
      'node_modules/@a/d/d.node': x86_64,
    },
    problems: [
      'fn/node_modules/@a/b/prebuilds/linux-arm64/b.node: found a binary for arm64, expected one for Linux on x86_64.',
    ],
  },
];

let found: readonly (readonly string[])[] = [];
let cleanUp = async () => {};

beforeAll(async () => {
  const folder = await makeFolder((end) => {
    cleanUp = end;
  });
  const cases = [];
  for (const [index, { files, runtime = 'python3.13', architecture = 'x86_64' }] of CASES.entries()) {
    await writeFiles(join(folder, `${index}`), files);
    cases.push([join(folder, `${index}`), runtime, architecture]);
  }
  // One process for all of them: to start one takes longer than all they do.
  const program = `
import json, sys
from native_code import native_problems
from packaged_files import packaged_files
from platforms import platform_of
print(json.dumps([native_problems('fn/', packaged_files(folder, lambda parts: False), platform_of(*settings))
                  for folder, *settings in json.loads(sys.argv[1])]))
`;
  const { stdout } = await run('python3', ['-c', program, JSON.stringify(cases)], {
    env: { ...process.env, PYTHONPATH: __dirname, PYTHONDONTWRITEBYTECODE: '1' },
  });
  found = JSON.parse(stdout);
});

afterAll(() => cleanUp());

describe('a package that', () => {
  test.each(CASES.map((it, index) => ({ ...it, index })))('$name', ({ index, problems }) => {
    expect(found[index]).toEqual(problems.map((problem) => expect.stringContaining(problem)));
  });
});

test('packages can be made for every runtime that a function can have, and for none that is not known', async () => {
  const program = `
import json, sys
from platforms import platform_of
print(json.dumps([platform_of(runtime, 'x86_64') is not None for runtime in json.loads(sys.argv[1])]))
`;
  const { stdout } = await run('python3', ['-c', program, JSON.stringify([...runtimes, 'nodejs18.x', 'nodejs96.x'])], {
    env: { ...process.env, PYTHONPATH: __dirname, PYTHONDONTWRITEBYTECODE: '1' },
  });
  expect(JSON.parse(stdout)).toEqual([...runtimes.map(() => true), false, false]);
});

test('a real program, the Node.js that runs this, needs a glibc that can be read', async (context) => {
  context.skip(process.platform !== 'linux', 'programs of other systems are not ELF files');
  const { glibcVersionRuntime } = (process.report.getReport() as { header: { glibcVersionRuntime?: string } }).header;
  context.skip(glibcVersionRuntime === undefined, 'this Node.js runs with another libc');
  const program = `
import sys
from native_code import _needed_glibc
print(max(_needed_glibc(open(sys.argv[1], 'rb').read())))
`;
  const { stdout } = await run('python3', ['-c', program, process.execPath], {
    env: { ...process.env, PYTHONPATH: __dirname, PYTHONDONTWRITEBYTECODE: '1' },
  });
  const [, major, minor] = /^\((\d+), (\d+)\)$/.exec(stdout.trim()) ?? [];
  expect(Number(major)).toBe(2);
  expect(Number(minor)).toBeGreaterThanOrEqual(17);
  expect(Number(minor)).toBeLessThanOrEqual(Number(glibcVersionRuntime?.split('.')[1]));
});
