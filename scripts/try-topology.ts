import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { accountsOf } from '../templates-src/model/accounts';
import { defineTopology } from '../templates-src/model/define-topology';
import { type Topology, type TopologyDefinition, toolingAccount } from '../templates-src/model/topology';
import { command, UsageError } from './lib/command';
import { writeTopology } from './lib/give-topology';
import { madeUpId } from './lib/values.fixture';

const help = `Usage: npm run try-topology -- NAME

Adopts this checkout as somebody would: writes another topology, runs \`npm run configure\` and \`npm run build\`, so that
tests show whether anything depends on what belongs to the user. For a clone that can be thrown away: topology.ts,
parameters/, generated/ and ecs-deploy/ are overwritten, and must be without changes before.

  one          one environment, another project, in us-east-1
  four         four environments behind a connection, another project, in us-east-1, without the sample
  functions    two environments with functions alone, no container, another project, in us-east-1

Exit codes: 0 applied, 1 failed, 2 wrong usage
`;

const container = { name: 'web', port: 3000, healthCheckPath: '/ready' };

const topologies: Readonly<Record<string, TopologyDefinition<string>>> = {
  one: {
    project: 'shop',
    environments: [{ name: 'live', approval: true, production: true, plainHttp: true }],
    container,
  },
  functions: {
    project: 'thumbnails',
    environments: [
      { name: 'sandbox', approval: false },
      { name: 'live', approval: true, production: true },
    ],
  },
  four: {
    project: 'billing',
    container,
    pipelines: { source: 'connection' },
    environments: [
      { name: 'sandbox', approval: false },
      { name: 'staging', approval: true },
      { name: 'live', approval: true, production: true, plainHttp: true },
      { name: 'dr', approval: true, production: true, plainHttp: true },
    ],
  },
};

/** Those that have no use for the sample. */
const withoutSample = new Set(['four']);

const root = join(__dirname, '..');

const run = (program: string, ...args: string[]) => execFileSync(program, args, { cwd: root, encoding: 'utf8' });

/** What nobody but the adopter knows. */
function answersFor(topology: Topology): string[] {
  const id = (name: string) => madeUpId(topology, name);
  const connection = `arn:aws:codeconnections:us-east-1:${id(toolingAccount)}:connection/0a1b2c3d-4e5f-6a7b-8c9d-0e1f2a3b4c5d`;
  return [
    ...accountsOf(topology)
      .filter(({ name, owner }) => name === owner)
      .map(({ name }) => `--${name}-account-id=${id(name)}`),
    '--region=us-east-1',
    ...(topology.pipelines.source === 'connection'
      ? [`--connection-arn=${connection}`, '--repository-owner=team']
      : []),
    '--remove',
  ];
}

function apply(name: string, definition: TopologyDefinition<string>): void {
  const changed = run('git', 'status', '--porcelain');
  if (changed !== '') {
    throw new Error(`found changes that are not committed; use a clone that can be thrown away:\n${changed}`);
  }
  if (withoutSample.has(name)) {
    run('npm', 'run', '-s', 'remove-sample');
    writeTopology(root, definition, { list: '[]', imports: '' });
  } else {
    writeTopology(root, definition, { list: '[orders]', imports: "import { orders } from './workloads/orders';" });
  }
  run('npx', 'biome', 'check', '--write', 'templates-src/topology.ts');
  run('npm', 'run', '-s', 'configure', '--', ...answersFor(defineTopology(definition)));
  run('npm', 'run', '-s', 'validate');
  run('npm', 'run', '-s', 'build');
  run('npm', 'run', '-s', 'prove-access', '--', '--markdown');
}

command({
  name: 'try-topology',
  help,
  options: {},
  takesWords: true,
  run: (_, words) => {
    const [name = ''] = words;
    const definition = words.length === 1 ? topologies[name] : undefined;
    if (definition === undefined) {
      throw new UsageError(`expected one of ${Object.keys(topologies).join(', ')}`);
    }
    apply(name, definition);
    process.stdout.write('Applied. `npm test` is next; `git status` says what was changed.\n');
    return 0;
  },
});
