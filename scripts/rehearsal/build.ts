import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Buildspec, Phase, PhaseName } from './buildspec';

export interface Build {
  readonly buildspec: Buildspec;
  /** Where the source lies; commands begin here. */
  readonly folder: string;
  /** An empty folder for what the phases hand on to each other. */
  readonly scratch: string;
  /** All that the commands see of the environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutInMinutes: number;
  /** Kills the build. */
  readonly signal: AbortSignal;
  /** Takes what the commands print. */
  readonly print: (text: string) => void;
}

/** The variables that a build has exported for later actions, once its phases have run. */
export async function exportedBy({ buildspec, scratch }: Pick<Build, 'buildspec' | 'scratch'>) {
  const entries = buildspec.exportedVariables.map(
    async (name) => [name, await readFile(join(scratch, `exported.${name}`), 'utf8')] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

/** Why a build failed: in CodeBuild's words. */
export interface BuildFailure {
  readonly phase: PhaseName;
  readonly message: string;
}

/**
 * Runs the phases of a build. When install or pre_build fails, that is the end of the build; when build fails,
 * post_build still runs. Directory and exported variables are handed on from command to command and phase to phase.
 * https://docs.aws.amazon.com/codebuild/latest/userguide/view-build-details-phases.html
 *
 * @returns why the build failed, if it did
 */
export async function runBuild(build: Build): Promise<BuildFailure | undefined> {
  const deadline = Date.now() + build.timeoutInMinutes * 60_000;
  let failure: BuildFailure | undefined;
  for (const phase of build.buildspec.phases) {
    if (failure !== undefined && !(failure.phase === 'build' && phase.name === 'post_build')) {
      break;
    }
    build.print(`[rehearsal] phase ${phase.name}\n`);
    const message = await runPhase(build, phase, failure === undefined, deadline);
    failure ??= message === undefined ? undefined : { phase: phase.name, message };
    build.print(`[rehearsal] phase ${phase.name} ${message === undefined ? 'succeeded' : `failed: ${message}`}\n`);
  }
  return failure;
}

/**
 * One process for each phase, because a command may end its shell. Commands are files that the shell sources: so they
 * share directory and variables, and need no quoting.
 */
async function runPhase(
  { buildspec, folder, scratch, environment, signal, print }: Build,
  phase: Phase,
  succeeding: boolean,
  deadline: number,
): Promise<string | undefined> {
  const directory = join(scratch, phase.name);
  await mkdir(directory, { recursive: true });
  await Promise.all(phase.commands.map((text, index) => writeFile(join(directory, `${index}`), `${text}\n`)));
  const script = join(directory, 'phase');
  await writeFile(script, phaseScript(phase.commands.length, buildspec.exportedVariables));

  const child = spawn(buildspec.shell, [script], {
    cwd: folder,
    env: {
      ...environment,
      ...buildspec.variables,
      CODEBUILD_BUILD_SUCCEEDING: succeeding ? '1' : '0',
      REHEARSAL_SCRATCH: scratch,
      REHEARSAL_PHASE: directory,
    },
    // A group of its own, so that a build that is stopped leaves no process behind.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const kill = () => {
    try {
      process.kill(-(child.pid as number), 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  };
  let failed: string | undefined;
  let timedOut = false;
  const timer = setTimeout(
    () => {
      timedOut = true;
      kill();
    },
    Math.max(deadline - Date.now(), 0),
  );
  signal.addEventListener('abort', kill, { once: true });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', print);
  }
  // The shell says on descriptor 3 which command failed, and how.
  child.stdio[3]?.on('data', (data: Buffer) => {
    failed ??= data.toString().trim();
  });
  // What a command left in the background goes with the build's container, and must not keep its output open.
  child.once('exit', kill);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  clearTimeout(timer);
  signal.removeEventListener('abort', kill);
  if (signal.aborted) {
    return 'the build was stopped';
  }
  if (timedOut) {
    return 'BUILD_TIMED_OUT: Build has timed out.';
  }
  if (code === 0) {
    return undefined;
  }
  const [index = '', status = ''] = (failed ?? '').split(' ');
  const command = phase.commands[Number(index || 0)] ?? '';
  return `COMMAND_EXECUTION_ERROR: Error while executing command: ${command.trimEnd()}. Reason: exit status ${status || code}`;
}

/** Sources the commands one after the other, in a shell that has what the phase before left behind. */
const phaseScript = (commands: number, exported: readonly string[]) => `
if [ -f "$REHEARSAL_SCRATCH/environment" ]; then
  rehearsal_phase=$REHEARSAL_PHASE rehearsal_succeeding=$CODEBUILD_BUILD_SUCCEEDING
  . "$REHEARSAL_SCRATCH/environment"
  export REHEARSAL_PHASE="$rehearsal_phase" CODEBUILD_BUILD_SUCCEEDING="$rehearsal_succeeding"
  cd "$(cat "$REHEARSAL_SCRATCH/directory")" || exit
fi
rehearsal_end() {
  rehearsal_status=$?
  [ "$rehearsal_status" = 0 ] || echo "$rehearsal_command $rehearsal_status" >&3
  export -p >"$REHEARSAL_SCRATCH/environment"
${exported.map((name) => `  printf %s "$${name}" >"$REHEARSAL_SCRATCH/exported.${name}"`).join('\n')}
  pwd >"$REHEARSAL_SCRATCH/directory"
  exit "$rehearsal_status"
}
trap rehearsal_end EXIT
${Array.from(
  { length: commands },
  (_, index) => `
rehearsal_command=${index}
printf '[rehearsal] running: %s\\n' "$(cat "$REHEARSAL_PHASE/${index}")"
. "$REHEARSAL_PHASE/${index}"
rehearsal_status=$?
[ "$rehearsal_status" = 0 ] || exit "$rehearsal_status"`,
).join('\n')}
`;
