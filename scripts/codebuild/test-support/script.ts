import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** How a script ended, and what it said. */
export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A script that runs. */
export interface Running {
  /** Resolves when the script and all its children have closed their output. */
  readonly result: Promise<Result>;
  /** Kills the script and all its children at once, as CodeBuild does with a build that is stopped. */
  kill(): void;
}

export interface ScriptOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Folder of the script, where it is a copy. */
  readonly scripts?: string;
}

/**
 * Starts one of the scripts beside this folder.
 *
 * @param script its file name
 */
export function startScript(script: string, args: readonly string[], options: ScriptOptions): Running {
  const path = join(options.scripts ?? join(__dirname, '..'), script);
  const child = spawn('bash', [path, ...args], {
    cwd: options.cwd,
    env: options.env,
    // A process group of its own, so that kill() reaches the children too.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const result = new Promise<Result>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return {
    result,
    kill: () => {
      if (child.pid !== undefined) {
        process.kill(-child.pid, 'SIGKILL');
      }
    },
  };
}

/** Runs one of the scripts beside this folder to its end. */
export function runScript(script: string, args: readonly string[], options: ScriptOptions): Promise<Result> {
  return startScript(script, args, options).result;
}
