import { appendFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Topology } from '../../templates-src/model/topology';
import { messageOf } from '../lib/message';
import { help, readOptions, UsageError } from './options';
import { type RehearsalInput, rehearse } from './rehearsal';
import { Report } from './report';
import { NameError } from './route-names';

/** Exit code of a program that was interrupted. */
const INTERRUPTED = 130;

/**
 * The command line of the rehearsal: options in, exit code out.
 *
 * @param argv without the program's own name
 * @param checkout what is rehearsed
 * @param topology that of the checkout
 */
export async function runCommand(argv: readonly string[], checkout: string, topology: Topology): Promise<number> {
  try {
    const options = readOptions(argv);
    if (options === undefined) {
      process.stdout.write(help);
      return 0;
    }
    if (options.interactive && !(process.stdin.isTTY && process.stdout.isTTY)) {
      throw new UsageError('--interactive needs a terminal to ask on.');
    }
    return await run({ options, checkout, topology });
  } catch (error) {
    const usage = error instanceof UsageError || error instanceof NameError;
    process.stderr.write(
      usage ? `rehearse: ${error.message}\nSee: npm run rehearse -- --help\n` : `rehearse: ${messageOf(error)}\n`,
    );
    return usage ? 2 : 1;
  }
}

async function run(input: Pick<RehearsalInput, 'options' | 'checkout' | 'topology'>): Promise<number> {
  // Beside the temporary files, which go at the end.
  const logFile = join(mkdtempSync(join(tmpdir(), 'route-to-live-log-')), 'rehearsal.log');
  const log = (text: string) => appendFileSync(logFile, text);
  const live = process.stdout.isTTY === true;
  const report = new Report({
    write: (text) => process.stdout.write(text),
    log,
    live,
    colours: live && !process.env.NO_COLOR,
    columns: () => process.stdout.columns ?? 80,
  });
  const stopping = new AbortController();
  // For good: a second Ctrl-C must not cut short what takes everything away.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => stopping.abort());
  }
  try {
    return (await rehearse({ ...input, report, log, signal: stopping.signal })) ? 0 : 1;
  } catch (error) {
    if (stopping.signal.aborted) {
      report.line('rehearse: interrupted; what was running has been ended.');
      return INTERRUPTED;
    }
    if (error instanceof NameError) {
      throw error;
    }
    report.line(`rehearse: ${messageOf(error)}`, 'red');
    return 1;
  } finally {
    report.pause();
    process.stdout.write(`The full log: ${logFile}\n`);
  }
}
