import { command, UsageError } from './lib/command';

const help = `Usage: npm run bench [-- --rounds N]

Measures how long generating the templates takes, against the same templates as literals that js-yaml writes, and how
time and memory grow with the number of environments. Fails when a target is missed. Trust the ratios, and repeat: the
times depend on the machine and on what else it does.

  --rounds N   how often each contender takes its turn (default 15)
  --help       print this text

Exit codes: 0 all targets are met, 1 one is missed or something failed, 2 wrong usage
`;

command({
  name: 'bench',
  help,
  options: { rounds: { type: 'string', default: '15' } },
  run: ({ rounds }) => {
    if (!/^[1-9]\d*$/.test(rounds)) {
      throw new UsageError(`found --rounds ${rounds}, expected a number from 1`);
    }
    const { topology } = require('../templates-src/topology') as typeof import('../templates-src/topology');
    const { bench } = require('./build/bench') as typeof import('./build/bench');
    const missed = bench(topology, Number(rounds), (line) => process.stdout.write(`${line}\n`));
    process.stderr.write(missed.map((target) => `bench: missed: ${target}\n`).join(''));
    return missed.length > 0 ? 1 : 0;
  },
});
