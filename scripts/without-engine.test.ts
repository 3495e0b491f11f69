import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { topology } from '../templates-src/topology.fixture';
import { checkoutForTests } from './lib/checkout.fixture';
import { Witness } from './rehearsal/authorization/witness';
import { readOptions } from './rehearsal/options';
import { Report } from './rehearsal/report';

vi.mock(import('./lib/iam/engine'), async (original) => ({ ...(await original()), isEngineInstalled: () => false }));

/** What becomes of the commands where somebody has removed the packages whose licence is AGPL-3.0. */

const root = checkoutForTests();
const withoutEngine = join(__dirname, 'lib', 'iam', 'without-engine.fixture.ts');

const run = (script: string, ...argv: readonly string[]) =>
  spawnSync(process.execPath, ['-r', 'tsx/cjs', '-r', withoutEngine, join(root, 'scripts', script), ...argv], {
    cwd: root,
    encoding: 'utf8',
  });

test('the proof says which packages are missing, and how to install them', () => {
  const { status, stdout, stderr } = run('prove-access.ts');
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/policies can't be evaluated: found no package @cloud-copilot\/iam-simulate .*npm install/s);
  expect(stderr).toContain('prove-access: nothing was proven.');
});

test.each([
  ['build.ts', ['--check']],
  ['check.ts', ['--help']],
  ['configure.ts', ['--help']],
  ['validate.ts', ['--help']],
  ['rehearse.ts', ['--help']],
])('%s works as ever', (script, argv) => {
  expect(run(script, ...argv)).toMatchObject({ status: 0, stderr: '' });
});

describe('a rehearsal', () => {
  test('allows every call, and says that it evaluated none', async () => {
    const witness = new Witness(topology);
    expect(await witness.answer('{"caller": {"roleArn": "arn:aws:iam::111111111111:role/any"}}')).toEqual({});
    let told = '';
    const write = (text: string) => {
      told += text;
    };
    await witness.tell(new Report({ write, log: () => {}, live: false, colours: false, columns: () => 80 }), root);
    expect(told).toContain("No call was evaluated: policies can't be evaluated");
    expect(witness.differences).toEqual([expect.stringContaining('So every call was allowed.')]);
  });

  test('plays no attacks, which nothing would stop', () => {
    expect(() => readOptions(['--attack', 'all'])).toThrow(/^--attack: policies can't be evaluated/);
  });
});
