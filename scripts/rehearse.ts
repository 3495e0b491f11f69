import { appendFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ensurePythonTools } from './lib/python-tools';
import { help, readOptions, UsageError } from './lib/rehearsal/options';
import { rehearse } from './lib/rehearsal/rehearsal';
import { Report } from './lib/rehearsal/report';
import { NameError } from './lib/rehearsal/route-names';

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) {
    process.stdout.write(help);
    return 0;
  }
  if (options.interactive && !(process.stdin.isTTY && process.stdout.isTTY)) {
    throw new UsageError('--interactive needs a terminal to ask on.');
  }
  const checkout = resolve(__dirname, '..');
  await ensurePythonTools({ repository: checkout, say: (line) => process.stdout.write(`${line}\n`) });

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
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => stopping.abort());
  }
  try {
    const well = await rehearse({ options, checkout, report, log, signal: stopping.signal });
    return stopping.signal.aborted && !options.keep ? 130 : well ? 0 : 1;
  } catch (error) {
    report.pause();
    if (stopping.signal.aborted) {
      process.stderr.write('rehearse: interrupted.\n');
      return 130;
    }
    if (error instanceof NameError) {
      throw error;
    }
    report.line(`rehearse: ${(error as Error).message}`, 'red');
    return 1;
  } finally {
    report.line(`The full log: ${logFile}`);
  }
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: Error) => {
    const usage = error instanceof UsageError || error instanceof NameError;
    process.stderr.write(`rehearse: ${error.message}\n${usage ? 'See: npm run rehearse -- --help\n' : ''}`);
    process.exitCode = usage ? 2 : 1;
  },
);
