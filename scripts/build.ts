import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { topology } from '../templates-src/topology';
import { applyBuild, generatedFolder, planBuild } from './lib/build';
import { planReadme } from './lib/readme';

const help = `Usage: npm run build [-- --check]

Writes generated/ and the generated part of README.md from templates-src/, and prints what changed. Files of generated/
without a source are removed.

  --check   write nothing; fail, naming the files, when generated/ is stale
  --help    print this text
`;

function main(): number {
  let options: { check?: boolean; help?: boolean };
  try {
    options = parseArgs({ options: { check: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } }).values;
  } catch (error) {
    process.stderr.write(`build: ${(error as Error).message}\n\n${help}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(help);
    return 0;
  }

  const templates = planBuild(topology, generatedFolder);
  const plan = { ...templates, files: [...templates.files, planReadme(topology)] };
  if (plan.errors.length > 0) {
    process.stderr.write(`${plan.errors.join('\n')}\nbuild: nothing was written.\n`);
    return 1;
  }
  const changes = plan.files.filter(({ change }) => change !== 'unchanged');
  for (const { path, change } of changes) {
    process.stdout.write(`${change.padEnd(9)} ${relative(process.cwd(), path)}\n`);
  }
  if (options.check) {
    if (changes.length > 0) {
      process.stderr.write('build: the files above are stale. Run `npm run build` and commit what it writes.\n');
    }
    return changes.length > 0 ? 1 : 0;
  }
  applyBuild(plan);
  const unchanged = plan.files.length - changes.length;
  process.stdout.write(`${plan.files.length} generated files, ${unchanged} of them unchanged\n`);
  return 0;
}

process.exitCode = main();
