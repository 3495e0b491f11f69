import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface ChildOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Ends the program and all it has started. */
  readonly signal: AbortSignal;
  /** Takes what the program prints, line by line. */
  readonly line: (text: string) => void;
}

const TAIL_LINES = 20;
/** How long a program has to clean up after itself. */
const GRACE_MS = 5_000;

/**
 * Runs a program to its end.
 *
 * @throws Error with the end of what it printed when it fails or is stopped
 */
export async function runChild(program: string, args: readonly string[], options: ChildOptions): Promise<void> {
  options.signal.throwIfAborted();
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.env,
    // A group of its own: Ctrl-C must reach it once, from here, and take along what it has started.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = (signal: NodeJS.Signals) => {
    try {
      process.kill(-(child.pid as number), signal);
    } catch {
      // It has ended by itself.
    }
  };
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    kill('SIGTERM');
    timer = setTimeout(() => kill('SIGKILL'), GRACE_MS);
  };
  options.signal.addEventListener('abort', stop, { once: true });
  const tail: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (text) => {
      tail.push(text);
      tail.splice(0, tail.length - TAIL_LINES);
      options.line(text);
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  clearTimeout(timer);
  options.signal.removeEventListener('abort', stop);
  options.signal.throwIfAborted();
  if (code !== 0) {
    throw new Error(`${[program, ...args].join(' ')} ended with ${code}:\n${tail.join('\n')}`);
  }
}
