import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

// Every run starts Node.js.
vi.setConfig({ testTimeout: 60_000 });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'exit-codes-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Programs of our own, first on PATH. */
function standIns(programs: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  mkdirSync(join(folder, 'bin'), { recursive: true });
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(folder, 'bin', name), `#!/bin/bash\n${script}\n`);
    chmodSync(join(folder, 'bin', name), 0o755);
  }
  return { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}` };
}

const commands: Readonly<Record<string, readonly string[]>> = {
  deploy: ['scripts/deploy.sh'],
  destroy: ['scripts/destroy.sh'],
  doctor: ['scripts/doctor.sh'],
  configure: [process.execPath, '-r', 'tsx/cjs', 'scripts/configure.ts'],
  validate: [process.execPath, '-r', 'tsx/cjs', 'scripts/validate.ts'],
};

function run(name: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): SpawnSyncReturns<string> {
  const [program = '', ...words] = commands[name] ?? [];
  return spawnSync(program, [...words, ...args], { env, encoding: 'utf8', cwd: join(__dirname, '..') });
}

/** The exit codes that --help names. */
function documented(name: string): readonly number[] {
  const { status, stdout } = run(name, ['--help']);
  expect(status).toBe(0);
  const text = stdout.slice(stdout.search(/Exit codes?:/));
  return [...text.matchAll(/\b(\d+)\b/g)].map(([code]) => Number(code));
}

test.each([
  ['deploy', [0, 1, 2, 129, 130, 143]],
  ['destroy', [0, 1, 2, 129, 130, 143]],
  ['doctor', [0, 1, 2, 3, 129, 130, 143]],
  ['configure', [0, 1, 2, 129, 130, 143]],
  ['validate', [0, 1, 2, 129, 130, 143]],
])('%s names its exit codes in --help: %j', (name, codes) => {
  expect(documented(name)).toEqual(codes);
});

test.each(Object.keys(commands))('%s ends with 2 on wrong usage', (name) => {
  expect(run(name, ['--no-such-option']).status).toBe(2);
});

describe('an exit code that --help does not name becomes 1, and is told', () => {
  test.each([
    ['deploy', []],
    ['destroy', ['--yes']],
    ['doctor', []],
    ['deploy', ['--dry-run']],
    ['destroy', ['--dry-run']],
  ] as const)('%s %j', (name, args) => {
    for (const code of [3, 7, 128, 134, 254]) {
      const env = standIns({ node: `exit ${code}`, aws: 'echo aws-cli/2.36.7' });
      const { status, stderr } = run(name, args, env);
      if (name === 'doctor' && code === 3) {
        expect(status).toBe(3);
      } else {
        expect(status).toBe(1);
        expect(stderr).toContain(`a command ended with code ${code}, which ended this, too`);
      }
    }
  });

  test('also where a program was killed', () => {
    const { status, stderr } = run('deploy', ['--dry-run'], standIns({ node: 'kill -KILL $$' }));

    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('code 137') });
  });
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('deploy.sh ended by %s ends with %i, and leaves no files', async (signal, code) => {
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary);
  const env = {
    ...standIns({ aws: `[[ $1 == --version ]] && exit; : >'${folder}/asked'; exec sleep 60` }),
    TMPDIR: temporary,
  };
  const child = spawn('scripts/deploy.sh', ['--no-doctor', 'tooling'], {
    env,
    cwd: join(__dirname, '..'),
    stdio: 'ignore',
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', (status) => resolve(status)));
  await vi.waitUntil(() => spawnSync('test', ['-e', join(folder, 'asked')]).status === 0, { timeout: 30_000 });
  child.kill(signal);

  expect(await ended).toBe(code);
  expect(spawnSync('ls', ['-A', temporary], { encoding: 'utf8' }).stdout).toBe('');
});
