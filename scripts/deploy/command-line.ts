import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { PlanError, type Request } from './deployment-request';

/**
 * A path as the AWS CLI reads it out of AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE: botocore replaces variables of
 * the environment, `$NAME` and `${NAME}`, then a leading `~` or `~user` (configloader.raw_config_parse, with Python's
 * os.path.expandvars and expanduser). Variables that are not set, and users that do not exist, stay as they stand.
 */
export function expandedPath(path: string, environment: NodeJS.ProcessEnv): string {
  const variable = /\$(?:(\w+)|\{([^}]*)\})/g;
  const expanded = path.replace(variable, (text, name, braced) => environment[name ?? braced] ?? text);
  const [, user, rest = ''] = /^~([^/]*)(.*)$/s.exec(expanded) ?? [];
  if (user === undefined) {
    return expanded;
  }
  const home = user === '' ? (environment.HOME ?? homedir()) : homeOf(user);
  return home === undefined ? expanded : `${home.replace(/\/+$/, '')}${rest}` || '/';
}

/** The home of a user by name, where the system keeps its users in a file. */
function homeOf(user: string): string | undefined {
  try {
    const line = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((one) => one.startsWith(`${user}:`));
    return line?.split(':')[5];
  } catch {
    return undefined;
  }
}

/**
 * The names of the profiles in the AWS CLI's two files. Read here because `aws configure list-profiles` exists in
 * version 2 alone.
 *
 * @param environment names the files, if they are not in their usual places
 */
export function configuredProfiles(environment: NodeJS.ProcessEnv): Set<string> {
  const files = [
    environment.AWS_CONFIG_FILE ?? '~/.aws/config',
    environment.AWS_SHARED_CREDENTIALS_FILE ?? '~/.aws/credentials',
  ];
  return new Set(
    files
      .map((file) => expandedPath(file, environment))
      .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile())
      .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/^\[\s*(?:profile\s+)?["']?([^"'\]]+?)["']?\s*\]/gm)])
      .map(([, name]) => name as string),
  );
}

const repository = resolve(__dirname, '../..');

/** The options that an operator's script has besides `--profile`, `--generated` and `--parameters`. */
const flagsOf = {
  deploy: ['dry-run', 'no-doctor', 'adopt'],
  destroy: ['dry-run', 'yes', 'including-prod'],
  'publish-repositories': ['without-deploying'],
  doctor: ['json'],
} as const;

/** An operator's script. */
export type Operation = keyof typeof flagsOf;

/**
 * Reads the command line of an operator's script, less what the script itself understands.
 *
 * @throws PlanError when it is wrong
 */
export function requestFrom(argv: readonly string[], operation: Operation): Request & { flags: Set<string> } {
  const { values, positionals } = parsed(() =>
    parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        ...Object.fromEntries(flagsOf[operation].map((name) => [name, { type: 'boolean' as const }])),
        profile: { type: 'string', multiple: true, default: [] },
        generated: { type: 'string', default: join(repository, 'generated') },
        parameters: { type: 'string', default: join(repository, 'parameters') },
      },
    }),
  );
  return {
    selection: positionals,
    generated: values.generated as string,
    parameters: values.parameters as string,
    profiles: new Map((values.profile as string[]).map(profileChoice)),
    configuredProfiles: configuredProfiles(process.env),
    endpoint: process.env.AWS_ENDPOINT_URL || undefined,
    flags: new Set(flagsOf[operation].filter((name) => (values as Record<string, unknown>)[name] === true)),
  };
}

/** Splits what a script passes on: names of stacks, `--`, and its own command line. */
export function namedStacks(argv: readonly string[]): { names: readonly string[]; options: readonly string[] } {
  const end = argv.indexOf('--');
  return { names: argv.slice(0, end), options: argv.slice(end + 1) };
}

function parsed<Result>(parse: () => Result): Result {
  try {
    return parse();
  } catch (error) {
    throw new PlanError((error as Error).message, 2);
  }
}

function profileChoice(choice: string): [account: string, profile: string] {
  const [, account, profile] = /^([^=]+)=(.+)$/.exec(choice) ?? [];
  if (account === undefined || profile === undefined) {
    throw new PlanError(`--profile: found '${choice}', expected ACCOUNT=PROFILE, as in --profile dev=my-profile.`, 2);
  }
  return [account, profile];
}

/** Does the work of an operator's script; an error that is meant for the operator becomes a message and an exit code. */
export async function runFor(operation: Operation, work: () => void | Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof PlanError)) {
      throw error;
    }
    process.stderr.write(`${operation}.sh: ${error.message}\n`);
    process.exitCode = error.exitCode;
  }
}
