import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';

/**
 * The one way to run a program. Plain Node.js, because of what the libraries do besides: tinyexec puts
 * `node_modules/.bin` in front of PATH and hands down this process's environment, which builds and the AWS CLI must not
 * have; execa takes longer to load than most commands take.
 */

export interface RunOptions {
  readonly cwd?: string;
  /** The whole environment; this process's own unless given. */
  readonly env?: NodeJS.ProcessEnv;
  /** What it reads on standard input; nothing unless given. */
  readonly input?: string;
  /** Ends the program, and all that it has started. */
  readonly signal?: AbortSignal;
  /** Milliseconds after which it is ended like that. */
  readonly timeout?: number;
  /** Gets what it prints, line by line, as soon as it is printed. */
  readonly line?: (text: string) => void;
}

/** How a program ended. */
export interface Ended {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How long a program has to clean up after itself, in milliseconds. */
const GRACE = 5_000;
const TAIL_LINES = 20;

/**
 * Runs a program to its end.
 *
 * @returns undefined when there is no such program
 * @throws AbortError, TimeoutError when the options ended it; Error when it can't be started, or there is no such folder
 */
export async function run(
  program: string,
  args: readonly string[],
  { cwd, env, input, signal, timeout, line }: RunOptions = {},
): Promise<Ended | undefined> {
  const signals = [...(signal ? [signal] : []), ...(timeout === undefined ? [] : [AbortSignal.timeout(timeout)])];
  const stopping = AbortSignal.any(signals);
  stopping.throwIfAborted();
  // What can be stopped gets a group of its own: Ctrl-C then reaches it once, from here, with all it has started.
  const detached = signals.length > 0;
  const child = spawn(program, args, { cwd, env, detached, stdio: ['pipe', 'pipe', 'pipe'] });
  const kill = (name: NodeJS.Signals) => {
    try {
      process.kill(-(child.pid as number), name);
    } catch {
      // It has ended by itself.
    }
  };
  let grace: NodeJS.Timeout | undefined;
  const stop = () => {
    kill('SIGTERM');
    grace = setTimeout(() => kill('SIGKILL'), GRACE);
  };
  stopping.addEventListener('abort', stop, { once: true });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
    if (line !== undefined) {
      createInterface({ input: child[name] }).on('line', line);
    }
  }
  // A program that reads nothing may be gone before it is written to.
  child.stdin.on('error', () => {}).end(input);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject).once('close', resolve);
    });
    stopping.throwIfAborted();
    return { code, ...said };
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    // Node.js says the same of a folder that isn't there.
    if (code === 'ENOENT' && syscall?.startsWith('spawn') && (cwd === undefined || existsSync(cwd))) {
      return undefined;
    }
    throw error;
  } finally {
    clearTimeout(grace);
    stopping.removeEventListener('abort', stop);
  }
}

/**
 * Runs a program that has to succeed.
 *
 * @returns what it printed on standard output
 * @throws Error with the end of what it printed when it fails, or with its name when there is no such program; and as
 * `run` does
 */
export async function outputOf(program: string, args: readonly string[], options?: RunOptions): Promise<string> {
  const ended = await run(program, args, options);
  if (ended?.code === 0) {
    return ended.stdout;
  }
  throw new Error(
    ended === undefined
      ? `found no program '${program}'`
      : `${[program, ...args].join(' ')} ended with ${ended.code ?? 'a signal'}:\n${tailOf(ended)}`,
  );
}

const tailOf = ({ stdout, stderr }: Ended) => `${stdout}${stderr}`.trim().split('\n').slice(-TAIL_LINES).join('\n');

/**
 * What a tool printed, as JSON.
 *
 * @throws Error with what it said on standard error when it printed none
 */
export function jsonOf<T>(tool: string, { stdout, stderr, code }: Ended): T {
  try {
    return JSON.parse(stdout) as T;
  } catch {
    throw new Error(
      `${tool} ended with exit code ${code} and no JSON. It said:\n${(stderr || stdout).trim().slice(-2000) || 'nothing'}`,
    );
  }
}
