import { join } from 'node:path';
import { command } from './lib/command';

const help = `Usage: npm run remove-sample

Takes the sample (orders) out of this checkout: its workload, its two functions, and where templates-src/topology.ts
names them. Refused while something of it is not committed. npm run build is next.

Where it is deployed, the next run of the pipeline deletes the functions; their log groups and queues are retained, and
yours to delete.

Exit codes: 0 it is gone, 1 nothing was removed, 2 wrong usage
`;

function remove(): number {
  const { removeSample } = require('./build/sample') as typeof import('./build/sample');
  const { topology } = require('../templates-src/topology') as typeof import('../templates-src/topology');
  const others = topology.workloads.filter(({ functions }) => !('orders-api' in functions));
  if (topology.container === undefined && others.length === 0) {
    throw new Error(
      'the topology declares no container, so nothing would be left that runs. Add a workload of yours first: a file ' +
        'like templates-src/workloads/orders.ts that templates-src/topology.ts names.',
    );
  }
  const removed = removeSample(join(__dirname, '..'));
  process.stdout.write(
    removed.length === 0
      ? 'The sample is gone already.\n'
      : `${removed.map((path) => `removed ${path}\n`).join('')}Next: npm run build && npm run prove-access -- --markdown\n`,
  );
  return 0;
}

command({ name: 'remove-sample', help, options: {}, afterError: 'nothing was removed.', run: remove });
