import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { stacksOf } from '../../templates-src/model/stacks';
import { toolingAccount } from '../../templates-src/model/topology';
import { topology } from '../../templates-src/topology.fixture';
import { checkoutForTests } from '../lib/checkout.fixture';
import { type FixtureRoute, fixtureRoute } from './route.fixture';

/** A copy of this repository, with the topology and the parameters of the tests. */
export const repository = checkoutForTests();

/** What a script left behind. */
export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end. For tests.
 *
 * @param input what it reads on standard input; nothing unless given
 */
export async function run(
  program: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  input = '',
): Promise<Run> {
  const child = spawn(program, args, { env: environment, cwd: repository });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text;
  });
  // A script that reads nothing may be gone before it is written to.
  child.stdin.on('error', () => {}).end(input);
  const code = await new Promise<number | null>((resolveCode, reject) => {
    child.once('error', reject);
    child.once('close', resolveCode);
  });
  return { code, ...said };
}

/** The rows of the summary: stack -> result. */
export function summary({ stdout }: Run): Record<string, string> {
  const rows = stdout.slice(stdout.lastIndexOf('\n\nstack ')).trim().split('\n').slice(1);
  return Object.fromEntries(
    rows
      .map((row) => row.split(/ {2,}/).slice(0, 3) as [string, string, string])
      .map(([stack, , result]) => [stack, result]),
  );
}

/**
 * Puts an `aws` of our own in front of the real one.
 *
 * @param directory an empty folder for it
 * @param script shell text; `"$aws" "$@"` is the real one, and `$directory` the folder
 */
export async function withAws(
  environment: NodeJS.ProcessEnv,
  directory: string,
  script: string,
): Promise<NodeJS.ProcessEnv> {
  const { stdout } = await run('bash', ['-c', 'command -v aws'], environment);
  const stub = `#!/usr/bin/env bash\naws='${stdout.trim()}' directory='${directory}'\n${script}\n`;
  await writeFile(join(directory, 'aws'), stub, { mode: 0o755 });
  return { ...environment, PATH: [directory, environment.PATH].join(delimiter) };
}

/** A way to run a script against a small route to live, in accounts of its own. */
export interface Stage {
  readonly route: FixtureRoute;
  /** The made-up id of an account, by its place in the topology. */
  readonly accountId: (place: number) => string;
  /** Options that point a script to the route and to the profiles of its accounts. */
  readonly options: readonly string[];
}

/** The made-up ids of the accounts of so many stages, for `startEmulator`. */
export function accountsOfStages(count: number): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, stage) =>
      accountNames.map((account, place) => [onStage(stage, account), stageAccountId(stage, place)]),
    ).flat(),
  );
}

/** Sets a stage. Tests on different stages do not see each other's stacks. */
export async function setStage(stage: number): Promise<Stage> {
  const accountId = (place: number) => stageAccountId(stage, place);
  const route = await fixtureRoute(topology, stacksOf(topology), accountId);
  return {
    route,
    accountId,
    options: [
      ...['--generated', route.generated, '--parameters', route.parameters],
      ...accountNames.flatMap((account) => ['--profile', `${account}=route-to-live-${onStage(stage, account)}`]),
    ],
  };
}

/** What the emulator calls an account of a stage. */
export function onStage(stage: number, account: string): string {
  return `${stage}-${account}`;
}

const accountNames = [toolingAccount, ...topology.environments.map(({ name }) => name)];

function stageAccountId(stage: number, place: number): string {
  return String(100 * (stage + 1) + place).padStart(12, '0');
}
