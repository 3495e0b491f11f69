import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { stacksOf } from '../templates-src/model/stacks';
import { topology } from '../templates-src/topology.fixture';
import { checkoutForTests } from './lib/checkout.fixture';
import { settingsOf } from './parameters/configure-settings';
import { pathInTree, readFileTree } from './parameters/parameter-tree';

// Every test starts processes, which take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const root = checkoutForTests();
const script = ['-r', 'tsx/cjs', 'scripts/configure.ts'];
const settings = settingsOf(topology);

/** New values for all settings, whatever environments the topology has. */
const values = new Map(
  settings.map(({ flag }, index) => {
    const other = flag === 'region' ? 'ap-southeast-4' : 'platform@example.org';
    return [flag, flag.endsWith('-account-id') ? `0${98765432100 + index}` : other] as const;
  }),
);
const flags = [...values].map(([flag, value]) => `--${flag}=${value}`);

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'configure-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const copyOfParameters = () => cpSync(join(root, 'parameters'), folder, { recursive: true });

function configure(...argv: readonly string[]) {
  const run = spawnSync(process.execPath, [...script, '--parameters', folder, ...argv], {
    cwd: root,
    encoding: 'utf8',
  });
  return { code: run.status, output: run.stdout, errors: run.stderr };
}

/** Configures on a terminal: waits for each text, then types. */
function configureAt(steps: readonly (readonly [text: string, typed: string])[], ...argv: readonly string[]) {
  const command = [process.execPath, ...script, '--parameters', folder, ...argv];
  const session = [join(__dirname, 'lib', 'terminal_session.fixture.py'), JSON.stringify(steps), ...command];
  const run = spawnSync('python3', session, { cwd: root, encoding: 'utf8' });
  return { code: run.status, screen: stripVTControlCharacters(run.stdout).replaceAll('\r', '') + run.stderr };
}

/** All values of the settings in the files. */
function written(): Record<string, string> {
  const found: Record<string, string> = {};
  for (const stack of stacksOf(topology)) {
    const { Parameters } = JSON.parse(readFileSync(join(folder, pathInTree(stack)), 'utf8'));
    for (const { flag, parameters } of settings) {
      for (const parameter of parameters) {
        found[flag] = Parameters[parameter] ?? found[flag];
      }
    }
  }
  return found;
}

test('flags are written into the files, and a second run changes nothing', () => {
  copyOfParameters();
  const first = configure(...flags);
  expect(first).toMatchObject({ code: 0, errors: '' });
  expect(first.output).toContain(`Changed ${folder}/tooling/artifact-store.json\n`);
  expect(first.output).not.toContain('look made up');
  expect(written()).toEqual(Object.fromEntries(values));

  const before = readFileTree(folder);
  expect(configure()).toEqual({ code: 0, errors: '', output: `${folder} has these values already.\n` });
  expect(readFileTree(folder)).toEqual(before);
});

test('without a terminal and without values nothing is written, and the flags are named', () => {
  const { code, output, errors } = configure();
  expect({ code, output }).toEqual({ code: 2, output: '' });
  for (const { flag } of settings) {
    expect(errors).toContain(`--${flag} `);
  }
  expect(readFileTree(folder)).toEqual(new Map());
});

test('a wrong flag changes no file', () => {
  copyOfParameters();
  const before = readFileTree(folder);
  const { code, errors } = configure(...flags, '--tooling-account-id', '12345678901');
  expect(code).toBe(2);
  expect(errors).toContain('--tooling-account-id: found "12345678901"');
  expect(errors).toContain('configure: nothing was written');
  expect(readFileTree(folder)).toEqual(before);
});

test('a file that would be refused changes no other', () => {
  copyOfParameters();
  writeFileSync(join(folder, 'tooling', 'forgotten.json'), '{}');
  const before = readFileTree(folder);
  const { code, errors } = configure(...flags);
  expect(code).toBe(1);
  expect(errors).toContain(`${folder}/tooling/forgotten.json: found a file that no stack reads`);
  expect(errors).toContain('configure: nothing was written.\n');
  expect(readFileTree(folder)).toEqual(before);
});

test('--help names every flag', () => {
  const { code, output } = configure('--help');
  expect(code).toBe(0);
  for (const { flag } of settings) {
    expect(output).toContain(`--${flag} VALUE`);
  }
});

test('on a terminal it asks for every value, and again after a wrong one', () => {
  copyOfParameters();
  const answers = settings.map(({ flag, question }) => [`${question} [`, `${values.get(flag)}\r`] as const);
  const { code, screen } = configureAt([[`${settings[0]?.question}`, '0123\r'], ...answers]);
  expect(screen).toContain('  found "0123"; ');
  expect(code).toBe(0);
  expect(written()).toEqual(Object.fromEntries(values));
});

test.each([
  ['Ctrl-C', '\u0003'],
  ['Ctrl-D', '\u0004'],
])('on a terminal %s ends it, and nothing is written', (_name, key) => {
  copyOfParameters();
  const before = readFileTree(folder);
  const { code, screen } = configureAt([
    [`${settings[0]?.question}`, '987654321098\r'],
    [`${settings[1]?.question}`, key],
  ]);
  expect(screen).toContain('configure: nothing was written.\n');
  expect(code).toBe(1);
  expect(readFileTree(folder)).toEqual(before);
});

test('on a terminal one flag changes one thing without questions', () => {
  copyOfParameters();
  const before = written();
  const { code, screen } = configureAt([], '--region', 'ap-southeast-4');
  expect(screen).not.toContain('Account id of');
  expect(code).toBe(0);
  expect(written()).toEqual({ ...before, region: 'ap-southeast-4' });
});
