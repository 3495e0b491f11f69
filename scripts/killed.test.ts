import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Emulator, startEmulator } from './lib/emulator';
import {
  accountsOfStages,
  onStage,
  type Run,
  repository,
  run,
  type Stage,
  setStage,
  summary,
  withAws,
} from './lib/script.fixture';

/** What is left when a script is killed, where no signal handler helps: the machine goes down, or memory runs out. */

// Each call of the AWS CLI is one place to be killed at, and each place takes a run to get there and one to go on.
vi.setConfig({ testTimeout: 1_200_000, hookTimeout: 240_000 });

const store = 'route-to-live-artifact-store';
const scriptOf = (name: string) => join(repository, 'scripts', name);

/** More than a script makes calls. */
const places = 24;
let emulator: Emulator;
let scratch: string;
let stagesSet = 0;
const stages: Stage[] = [];
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'killed-test-'));
  emulator = await startEmulator({ accounts: accountsOfStages(3 * places) });
});
afterAll(async () => {
  await emulator.stop();
  await Promise.all([rm(scratch, { recursive: true }), ...stages.map(({ route }) => route.remove())]);
});

async function stage() {
  const number = stagesSet++;
  const made = await setStage(number);
  stages.push(made);
  return { ...made, account: onStage(number, 'tooling') };
}

/**
 * Runs a script that is killed, with all that it has started, around one of its calls of the AWS CLI.
 *
 * @param place which call, from 1 on
 * @param when whether AWS has got the call by then
 * @returns whether the script made so many calls
 */
async function killAt(script: string, args: readonly string[], place: number, when: 'before' | 'after') {
  const directory = await mkdtemp(join(scratch, 'aws-'));
  const environment = await withAws(
    emulator.environment(),
    directory,
    `call=$(($(cat "$directory/calls" 2>/dev/null || echo 0) + 1))
echo "$call" >"$directory/calls"
[[ $call:${when} != ${place}:before ]] || kill -KILL 0
"$aws" "$@"
code=$?
[[ $call:${when} != ${place}:after ]] || kill -KILL 0
exit "$code"`,
  );
  // A group of its own: kill 0 is for all processes in it.
  const child = spawn(script, args, { env: environment, cwd: repository, detached: true, stdio: 'ignore' });
  const signal = await new Promise((resolveSignal) => {
    child.once('close', (_code, by) => resolveSignal(by));
  });
  const calls = Number(await readFile(join(directory, 'calls'), 'utf8').catch(() => '0'));
  expect(signal, `${script} after ${calls} calls`).toBe(calls < place ? null : 'SIGKILL');
  return calls >= place;
}

/**
 * Kills a script at each of its calls, each time on another stage, and lets it run again.
 *
 * @param prepare makes what has to be there before
 * @param check that the second run has ended well
 * @returns at how many calls it was killed
 */
async function killEverywhere(
  name: string,
  when: 'before' | 'after',
  argumentsOn: (options: readonly string[]) => readonly string[],
  prepare: (on: Awaited<ReturnType<typeof stage>>) => Promise<void>,
  check: (second: Run, account: string) => Promise<void>,
): Promise<number> {
  let killed = 0;
  for (let place = 1; place <= places; place += 1) {
    const on = await stage();
    await prepare(on);
    const args = argumentsOn(on.options);
    if (!(await killAt(scriptOf(name), args, place, when))) {
      break;
    }
    killed += 1;
    await check(await run(scriptOf(name), args, emulator.environment()), on.account);
  }
  return killed;
}

async function statusOf(account: string): Promise<string | undefined> {
  const { Stacks } = await emulator
    .call<{ Stacks: readonly { readonly StackStatus: string }[] }>(account, 'cloudformation', 'DescribeStacks', {
      StackName: store,
    })
    .catch(() => ({ Stacks: [] }));
  return Stacks[0]?.StackStatus;
}

test.each(['before', 'after'] as const)(
  'deploy.sh, killed %s any of its calls, deploys when it is run again',
  async (when) => {
    const killed = await killEverywhere(
      'deploy.sh',
      when,
      (options) => ['--no-doctor', ...options, store],
      async () => {},
      async (second, account) => {
        expect(second, second.stderr).toMatchObject({ code: 0 });
        expect(['created', 'no changes', 'updated']).toContain(summary(second)[store]);
        expect(await statusOf(account)).toMatch(/^(CREATE|UPDATE)_COMPLETE$/);
      },
    );
    expect(killed).toBeGreaterThan(3);
    expect(killed).toBeLessThan(places);
  },
);

test('destroy.sh, killed before any of its calls, deletes when it is run again', async () => {
  const killed = await killEverywhere(
    'destroy.sh',
    'before',
    (options) => [...options, '--yes', store],
    async ({ options, account }) => {
      await run(scriptOf('deploy.sh'), ['--no-doctor', ...options, store], emulator.environment());
      await emulator.call(account, 'cloudformation', 'UpdateTerminationProtection', {
        StackName: store,
        EnableTerminationProtection: false,
      });
    },
    async (second, account) => {
      expect(second, second.stderr).toMatchObject({ code: 0 });
      expect(await statusOf(account)).toBeUndefined();
    },
  );
  expect(killed).toBeGreaterThan(3);
  expect(killed).toBeLessThan(places);
});
