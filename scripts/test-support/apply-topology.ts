import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { TopologyDefinition } from '../../templates-src/define-topology';
import { giveTopology } from './give-topology';

const help = `Usage: npm run try-topology -- NAME

Gives this checkout another topology and parameters, and generates everything from them, so that \`npm test\` shows
that no test of the product depends on what belongs to the user. For a clone that can be thrown away: topology.ts,
parameters/, generated/ and ecs-deploy/ are overwritten, and must be without changes before.

  one          one environment, another project, in us-east-1
  four         four environments behind a connection, another project, in us-east-1

Exit codes: 0 applied, 1 failed, 2 wrong usage
`;

const topologies: Readonly<Record<string, TopologyDefinition<string>>> = {
  one: { project: 'shop', environments: [{ name: 'live', approval: true, production: true }] },
  four: {
    project: 'billing',
    pipelines: { source: 'connection' },
    environments: [
      { name: 'sandbox', approval: false },
      { name: 'staging', approval: true },
      { name: 'live', approval: true, production: true },
      { name: 'dr', approval: true, production: true },
    ],
  },
};

const root = join(__dirname, '..', '..');

const run = (program: string, ...args: string[]) => execFileSync(program, args, { cwd: root, encoding: 'utf8' });

async function apply(definition: TopologyDefinition<string>): Promise<void> {
  const changed = run('git', 'status', '--porcelain');
  if (changed !== '') {
    throw new Error(`found changes that are not committed; use a clone that can be thrown away:\n${changed}`);
  }
  await giveTopology(root, definition, 'us-east-1');
  run('npx', 'biome', 'check', '--write', 'templates-src/topology.ts', 'parameters');
  run('npm', 'run', '-s', 'validate');
  run('npm', 'run', '-s', 'build');
  run('npm', 'run', '-s', 'prove-access', '--', '--markdown');
}

async function main(): Promise<number> {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    process.stdout.write(help);
    return 0;
  }
  const definition = args.length === 1 ? topologies[args[0] ?? ''] : undefined;
  if (definition === undefined) {
    process.stderr.write(`try-topology: expected one of ${Object.keys(topologies).join(', ')}\n\n${help}`);
    return 2;
  }
  await apply(definition);
  process.stdout.write('Applied. `npm test` is next; `git status` says what was changed.\n');
  return 0;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: Error & { readonly stdout?: string }) => {
    process.stderr.write(`try-topology: ${error.message}\n${error.stdout ?? ''}`);
    process.exitCode = 1;
  },
);
