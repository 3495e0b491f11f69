import './lib/unread-output';
import { parseArgs } from 'node:util';
import { messageOf } from './lib/message';

const help = `Usage: npm run bench [-- --rounds N]

Measures how long generating the templates takes, against the same templates as literals that js-yaml writes, and how
time and memory grow with the number of environments. Fails when a target is missed. Trust the ratios, and repeat: the
times depend on the machine and on what else it does.

  --rounds N   how often each contender takes its turn (default 15)
  --help       print this text

Exit codes: 0 all targets are met, 1 one is missed or something failed, 2 wrong usage
`;

function main(): number {
  let options: { rounds?: string; help?: boolean };
  try {
    options = parseArgs({ options: { rounds: { type: 'string' }, help: { type: 'boolean', short: 'h' } } }).values;
    if (options.rounds !== undefined && !/^[1-9]\d*$/.test(options.rounds)) {
      throw new Error(`found --rounds ${options.rounds}, expected a number from 1`);
    }
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n\n${help}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(help);
    return 0;
  }
  try {
    const { topology } = require('../templates-src/topology') as typeof import('../templates-src/topology');
    const { bench } = require('./build/bench') as typeof import('./build/bench');
    const missed = bench(topology, Number(options.rounds ?? 15), (line) => process.stdout.write(`${line}\n`));
    process.stderr.write(missed.map((target) => `bench: missed: ${target}\n`).join(''));
    return missed.length > 0 ? 1 : 0;
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return 1;
  }
}

process.exitCode = main();
