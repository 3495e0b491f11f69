import { relative } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { command } from './lib/command';

// A build is over before optimized code has paid for being made: without it, it takes a quarter less (npm run bench).
setFlagsFromString('--no-opt');

const help = `Usage: npm run build [-- --check]

Writes generated/, ecs-deploy/ and the generated part of README.md from templates-src/ (ecs-deploy/ from parameters/,
too), and prints what changed. Generated files without a source are removed; files in these folders that no build wrote
are named as unknown, and stay.

  --check   write nothing; fail, naming the files, when one of them is stale or unknown
  --help    print this text

Exit codes: 0 all is up to date, 1 something is stale or wrong, 2 wrong usage
`;

function build(check: boolean): number {
  // Loaded late, so that a mistake in topology.ts is reported like any other and not with a trace of module loading.
  const { topology } = require('../templates-src/topology') as typeof import('../templates-src/topology');
  const { applyBuild, generatedFolder, planBuild, planBuildScripts, planFunctionPlatforms } =
    require('./build/build') as typeof import('./build/build');
  const { planEcsDeploy } = require('./build/ecs-deploy') as typeof import('./build/ecs-deploy');
  const { planReadme } = require('./build/readme') as typeof import('./build/readme');

  const plans = [
    planBuild(topology, generatedFolder),
    planFunctionPlatforms(topology, generatedFolder),
    planBuildScripts(generatedFolder),
    planEcsDeploy(topology),
  ];
  const errors = plans.flatMap((plan) => plan.errors);
  if (errors.length > 0) {
    throw new Error(errors.join('\n'));
  }
  const plan = { files: [...plans.flatMap(({ files }) => files), planReadme(topology)], errors };
  const changes = plan.files.filter(({ change }) => change !== 'unchanged');
  if (!check) {
    applyBuild(plan);
  }
  for (const { path, change } of changes) {
    process.stdout.write(`${change.padEnd(9)} ${relative(process.cwd(), path)}\n`);
  }
  const unknown = changes.filter(({ change }) => change === 'unknown').length;
  if (unknown > 0) {
    process.stderr.write(
      'build: the files above that are unknown have no source, and no build wrote them, so they stay as they are.\n' +
        'Move them elsewhere: what lies there is to come from a build.\n',
    );
  }
  if (check) {
    if (changes.length > unknown) {
      process.stderr.write('build: the files above are stale. Run `npm run build` and commit what it writes.\n');
    }
    return changes.length > 0 ? 1 : 0;
  }
  const generated = plan.files.length - unknown;
  const unchanged = plan.files.length - changes.length;
  process.stdout.write(`${generated} generated files, ${unchanged} of them unchanged\n`);
  return 0;
}

command({
  name: 'build',
  help,
  options: { check: { type: 'boolean' } },
  afterError: 'nothing was written.',
  run: ({ check = false }) => build(check),
});
