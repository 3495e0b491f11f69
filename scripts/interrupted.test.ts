import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
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
} from './deploy/script.fixture';
import { type Emulator, startEmulator } from './emulator/client';

/**
 * What is left when a script is killed, where no signal handler helps (the machine goes down, or memory runs out), and
 * when AWS does not answer a call.
 */

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

/** What becomes of one call of the AWS CLI: shell text in place of it. */
const faults = {
  // A group of its own: kill 0 is for all processes in it.
  'killed before AWS has got a call': 'kill -KILL 0',
  'killed after AWS has got a call': '"$aws" "$@"; kill -KILL 0',
  'cut off at a call': `echo 'Connection was closed before we received a valid response' >&2; exit 255`,
} as const;
type Fault = keyof typeof faults;

/**
 * Runs a script with a fault at one of its calls.
 *
 * @param place which call, from 1 on
 * @returns how it ended; undefined when it made fewer calls
 */
async function runWith(fault: Fault, place: number, script: string, args: readonly string[]) {
  const directory = await mkdtemp(join(scratch, 'aws-'));
  const environment = await withAws(
    emulator.environment(),
    directory,
    `call=$(($(cat "$directory/calls" 2>/dev/null || echo 0) + 1))
echo "$call" >"$directory/calls"
if [[ $call == ${place} ]]; then ${faults[fault]}; fi
exec "$aws" "$@"`,
  );
  const child = spawn(script, args, { env: environment, cwd: repository, detached: true });
  let stderr = '';
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  child.stdout.resume();
  const ended = await new Promise<{ code: number | null; signal: string | null }>((resolveEnd) => {
    child.once('close', (code, signal) => resolveEnd({ code, signal }));
  });
  const calls = Number(await readFile(join(directory, 'calls'), 'utf8').catch(() => '0'));
  return calls < place ? undefined : { ...ended, stderr };
}

/**
 * Lets a fault happen at each of a script's calls, each time on another stage, and runs the script again.
 *
 * @param prepare makes what has to be there before
 * @param check that the second run has ended well
 * @returns at how many calls
 */
async function everywhere(
  fault: Fault,
  name: string,
  argumentsOn: (options: readonly string[]) => readonly string[],
  prepare: (on: Awaited<ReturnType<typeof stage>>) => Promise<void>,
  check: (second: Run, account: string) => Promise<void>,
): Promise<number> {
  for (let place = 1; place <= places; place += 1) {
    const on = await stage();
    await prepare(on);
    const args = argumentsOn(on.options);
    const first = await runWith(fault, place, scriptOf(name), args);
    if (first === undefined) {
      return place - 1;
    }
    if (fault.startsWith('killed')) {
      expect(first.signal, `call ${place}`).toBe('SIGKILL');
    } else if (first.code !== 0) {
      // Where a look-up is all that failed, it may go on without; where it does not, it says why.
      expect(first.stderr, `call ${place}`).toContain('Connection was closed');
    }
    await check(await run(scriptOf(name), args, emulator.environment()), on.account);
  }
  throw new Error(`${name} makes more calls than ${places}: raise places`);
}

async function statusOf(account: string): Promise<string | undefined> {
  const { Stacks } = await emulator
    .call<{ Stacks: readonly { readonly StackStatus: string }[] }>(account, 'cloudformation', 'DescribeStacks', {
      StackName: store,
    })
    .catch(() => ({ Stacks: [] }));
  return Stacks[0]?.StackStatus;
}

// Killed before AWS has got a call it leaves what it leaves when that call is cut off.
test.each(['killed after AWS has got a call', 'cut off at a call'] as const)(
  'deploy.sh, %s, deploys when it is run again',
  async (fault) => {
    const calls = await everywhere(
      fault,
      'deploy.sh',
      (options) => ['--no-doctor', ...options, store],
      async () => {},
      async (second, account) => {
        expect(second, second.stderr).toMatchObject({ code: 0 });
        expect(['created', 'no changes', 'updated']).toContain(summary(second)[store]);
        expect(await statusOf(account)).toMatch(/^(CREATE|UPDATE)_COMPLETE$/);
      },
    );
    expect(calls).toBeGreaterThan(3);
  },
);

test('destroy.sh, killed before AWS has got a call, deletes when it is run again', async () => {
  const calls = await everywhere(
    'killed before AWS has got a call',
    'destroy.sh',
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
  expect(calls).toBeGreaterThan(3);
});
