import { execFile } from 'node:child_process';
import cli from '../codebuild/lib/aws-cli.json';
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

/**
 * Settings of the caller's that would change what is read, or would ask somebody (AWS CLI v2, "aws help config-vars"),
 * which the scripts of builds read, too (scripts/codebuild/lib/aws.py). A variable wins over what a profile says. Options
 * of a profile without a variable (cli_binary_format, cli_timestamp_format) concern nothing that is passed or read.
 */
const { settings } = cli;

/** The AWS CLI on PATH, of either version. A template of 1 MB is the longest answer that anything here asks for. */
export const awsCli: Aws = (command) =>
  new Promise((resolve) => {
    const [program = '', ...words] = command.flat().map(String);
    const env = { ...process.env, ...settings };
    execFile(program, words, { env, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      const said = stderr.trim() || (error?.message ?? '');
      resolve({ succeeded: error === null, stdout, stderr: said });
    });
  });

/** The first versions that know `--if-none-match` of `s3api put-object` (changelogs of both versions, August 2024). */
const leastVersions = {
  1: cli.leastVersions[1].split('.').map(Number),
  2: cli.leastVersions[2].split('.').map(Number),
};

/** Why the AWS CLI cannot be used: `aws_cli_problem` of scripts/codebuild/lib/aws.sh, for what runs without a script. */
export async function awsCliProblem(aws: Aws = awsCli): Promise<string | undefined> {
  const { succeeded, stdout, stderr } = await aws([['aws', '--version']]);
  const said = `${stdout}${stderr}`.trim();
  // One that does not start says so at the first call, and a stand-in may say something else.
  const found = /aws-cli\/(\d+)\.(\d+)\.(\d+)/.exec(said)?.slice(1).map(Number);
  if (!succeeded || found === undefined) {
    return undefined;
  }
  const least = leastVersions[(found[0] ?? 0) > 1 ? 2 : 1];
  const differing = least.findIndex((number, place) => number !== found[place]);
  return differing < 0 || (found[differing] ?? 0) > (least[differing] ?? 0)
    ? undefined
    : `The AWS CLI is ${found.join('.')}; expected ${least.join('.')} or later, which can upload without overwriting. Update it.`;
}

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
