import { execFile } from 'node:child_process';

/** How a program ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const outputBytes = 256 * 1024 * 1024;

/**
 * Runs a program to its end.
 *
 * @returns undefined when there is no such program
 * @throws Error when it was ended by a signal
 */
export function run(program: string, args: readonly string[]): Promise<Ended | undefined> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { encoding: 'utf8', maxBuffer: outputBytes }, (error, stdout, stderr) => {
      if (error === null) {
        resolve({ code: 0, stdout, stderr });
      } else if (error.code === 'ENOENT') {
        resolve(undefined);
      } else if (typeof error.code === 'number') {
        resolve({ code: error.code, stdout, stderr });
      } else {
        reject(new Error(`${program} was ended before it was done: ${error.message}`));
      }
    });
  });
}

/** What a tool printed, as JSON; an error with what it said on standard error when it printed none. */
export function parseOutput<T>(tool: string, { stdout, stderr, code }: Ended): T {
  try {
    return JSON.parse(stdout) as T;
  } catch {
    throw new Error(
      `${tool} ended with exit code ${code} and no JSON. It said:\n${(stderr || stdout).trim().slice(-2000) || 'nothing'}`,
    );
  }
}
