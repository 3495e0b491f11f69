import { execFile } from 'node:child_process';
import type { Command } from './shell-text';

/** What a command of the AWS CLI said. */
export interface Answer {
  readonly succeeded: boolean;
  readonly stdout: string;
  /** Without the empty lines that the AWS CLI puts around its messages. */
  readonly stderr: string;
}

/** Runs a command of the AWS CLI; it fails in its answer, and never throws. */
export type Aws = (command: Command) => Promise<Answer>;

/** The AWS CLI on PATH, of either version. A template of 1 MB is the longest answer that anything here asks for. */
export const awsCli: Aws = (command) =>
  new Promise((resolve) => {
    const [program = '', ...words] = command.flat().map(String);
    // Version 2 would show its answers in a pager and wait for a key.
    const env = { ...process.env, AWS_PAGER: '' };
    execFile(program, words, { env, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      const said = stderr.trim() || (error?.message ?? '');
      resolve({ succeeded: error === null, stdout, stderr: said });
    });
  });

/**
 * Does something with every item, eight at a time: each command of the AWS CLI is a Python process of its own.
 *
 * @returns the results in the order of the items
 */
export async function eightAtATime<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += 8) {
    results.push(...(await Promise.all(items.slice(start, start + 8).map(work))));
  }
  return results;
}
