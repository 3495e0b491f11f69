import { type ParseArgsConfig, parseArgs } from 'node:util';
import { messageOf } from './message';
import './unread-output';

/**
 * The one way in which commands of this repository parse, help, fail and exit: 0 all is well, 1 something is wrong,
 * 2 wrong usage, or what the command says besides.
 */

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<O extends Options> = ReturnType<typeof parseArgs<{ options: O }>>['values'];

/** What a person asks for can't be done as it stands; the exit code is 2 and help is named. */
export class UsageError extends Error {}

/** An error with an exit code of its own. */
export interface ErrorWithExitCode extends Error {
  readonly exitCode: number;
}

export interface Command<O extends Options> {
  /** As it is called: `build` for an npm script, `deploy.sh`. */
  readonly name: string;
  /** Begins with `Usage: ` and ends with the exit codes. */
  readonly help: string | (() => string);
  /** As `util.parseArgs` takes them; `--help` goes without saying. */
  readonly options: O;
  /** Whether there may be words that are no options. */
  readonly takesWords?: boolean;
  /** What an error leaves behind, such as 'nothing was written.' */
  readonly afterError?: string;
  /**
   * Does the work.
   *
   * @returns the exit code
   * @throws UsageError; Error with a message for a person
   */
  readonly run: (values: Values<O>, words: readonly string[]) => number | Promise<number>;
}

/** Runs a command with the arguments of this process, and sets its exit code. */
export function command<const O extends Options>(definition: Command<O>): void {
  void exitCodeOf(definition, process.argv.slice(2)).then((code) => {
    process.exitCode = code;
  });
}

/**
 * Runs a command with these arguments.
 *
 * @returns its exit code; it never throws
 */
export async function exitCodeOf<const O extends Options>(
  { name, help, options, takesWords = false, afterError, run }: Command<O>,
  argv: readonly string[],
): Promise<number> {
  const say = (message: string) => process.stderr.write(`${message}\n`);
  const after = afterError === undefined ? '' : `\n${name}: ${afterError}`;
  try {
    const { values, positionals } = parsed(argv, options, takesWords);
    if (values.help === true) {
      process.stdout.write(typeof help === 'string' ? help : help());
      return 0;
    }
    return await run(values as Values<O>, positionals);
  } catch (error) {
    if (error instanceof UsageError) {
      const how = name.endsWith('.sh') ? `scripts/${name}` : `npm run ${name} --`;
      say(`${name}: ${error.message}${after}\nSee: ${how} --help`);
      return 2;
    }
    // What a command leaves as it is, it lists by file: those lines begin with the file.
    say(`${after === '' ? `${name}: ` : ''}${messageOf(error)}${after}`);
    return (error as Partial<ErrorWithExitCode>).exitCode ?? 1;
  }
}

function parsed(argv: readonly string[], options: Options, allowPositionals: boolean) {
  try {
    const all: Options = { ...options, help: { type: 'boolean', short: 'h' } };
    return parseArgs({ args: [...argv], options: all, allowPositionals });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
