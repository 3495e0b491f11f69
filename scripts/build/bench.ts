import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { examine, Intrinsic, type Node, toYaml } from '../../templates-src/dsl';
import { defineTopology } from '../../templates-src/model/define-topology';
import type { Topology } from '../../templates-src/model/topology';
import { loadTemplate, neededPaths, templatesFolder } from './templates';

/**
 * What is compared, all of it as whole processes, because starting is most of the time:
 *
 * - the floor: the generated templates as literals, functions in their long form, that js-yaml writes to files
 * - the generator, compiled ahead: the same templates made by this project's code, as JavaScript. Like the build it
 *   goes without V8's optimizer, which would also serve the floor; that is told, and not the floor of the targets
 * - the build as people run it: TypeScript, loaded through tsx, compared with what is committed
 *
 * Contenders take turns, so that a busy moment hits all of them.
 */
const targets = {
  generatorToFloor: 1.1,
  npmToFloor: 3,
  /** Seconds of one process that generates all templates for the most environments. */
  seconds: 1,
  /** Peak memory of that process, to that of the floor of the same templates. */
  memoryToFloor: 1,
  /** How much longer three times as many environments may take. */
  growth: 3.6,
} as const;

/**
 * More than one pipeline takes: with 300 environments it would have 302 stages, and templates of up to 1 MB. So growth
 * is measured without stopping at limits. They are written twice, because they are too large with blank lines.
 */
const mostEnvironments = 300;
const environmentCounts = [10, 30, mostEnvironments / 3, mostEnvironments];

const root = join(__dirname, '..', '..');

/**
 * Measures and tells.
 *
 * @param topology that of this checkout, for which the build writes
 * @param rounds how often each contender takes its turn
 * @returns the targets that were missed
 */
export function bench(topology: Topology, rounds: number, tell: (line: string) => void): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    prepare(topology, folder);
    return [...compare(topology, folder, rounds, tell), ...grow(folder, rounds, tell)];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Writes what is run: the literals, and the generator as JavaScript with a program that calls it. */
function prepare(topology: Topology, folder: string): void {
  const compiler = join(createRequire(__filename).resolve('typescript/package.json'), '..', 'bin', 'tsc');
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: { noCheck: true, noEmit: false, rootDir: root, outDir: folder },
    files: [
      ...['dsl/index', 'topology'].map((path) => join(root, 'templates-src', `${path}.ts`)),
      ...neededPaths(topology).map((path) => join(templatesFolder, `${path}.ts`)),
    ],
    include: [],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  run([compiler, '-p', folder, '--typeRoots', join(root, 'node_modules', '@types')]);
  for (const shared of ['node_modules', 'lambda']) {
    symlinkSync(join(root, shared), join(folder, shared));
  }
  mkdirSync(join(folder, 'written'));

  writeFileSync(join(folder, 'floor.js'), floorOf(topology));
  const most = defineTopology({
    ...topology,
    environments: Array.from({ length: mostEnvironments }, (_, index) => ({
      name: `env${index}`,
      approval: index > 0,
    })),
  });
  writeFileSync(join(folder, 'floor-of-most.js'), floorOf(most));
  writeFileSync(
    join(folder, 'generator.js'),
    `require('node:v8').setFlagsFromString('--no-opt');
const { writeFileSync } = require('node:fs');
const { examine, toYaml } = require('./templates-src/dsl');
const { defineTopology } = require('./templates-src/model/define-topology');
const { topology: own } = require('./templates-src/topology');
const count = Number(process.argv[2]);
const topology = count
  ? defineTopology({
      ...own,
      environments: Array.from({ length: count }, (_, index) => ({ name: 'env' + index, approval: index > 0 })),
    })
  : own;
${JSON.stringify(neededPaths(topology))}.forEach((path, index) => {
  const { document } = examine(require('./templates-src/templates/' + path).default(topology));
  writeFileSync(__dirname + '/written/' + index + '.yaml', toYaml(document, []));
});
console.log(process.resourceUsage().maxRSS);
`,
  );
}

/** A program that writes the templates of a topology as literals, and tells its peak memory. */
function floorOf(chain: Topology): string {
  const literals = neededPaths(chain).map((path) => longForms(examine(loadTemplate(path, chain)).document));
  return `const { writeFileSync } = require('node:fs');
const { dump } = require('js-yaml');
const literals = ${JSON.stringify(literals)};
literals.forEach((literal, index) => {
  writeFileSync(__dirname + '/written/' + index + '.yaml', dump(literal, { noRefs: true, lineWidth: -1 }));
});
console.log(process.resourceUsage().maxRSS);
`;
}

/** A template as js-yaml takes it without knowing functions. */
function longForms(node: Node): unknown {
  if (node instanceof Intrinsic) {
    const { functionName, argument } = node;
    return { [functionName === 'Ref' ? 'Ref' : `Fn::${functionName}`]: longForms(argument) };
  }
  if (Array.isArray(node)) {
    return node.map(longForms);
  }
  return typeof node === 'object'
    ? Object.fromEntries(Object.entries(node).map(([key, entry]) => [key, longForms(entry)]))
    : node;
}

function compare(topology: Topology, folder: string, rounds: number, tell: (line: string) => void): readonly string[] {
  const contenders: Readonly<Record<string, () => Run>> = {
    'node -e 0': () => run(['-e', '0']),
    'floor: literals and js-yaml': () => run([join(folder, 'floor.js')]),
    'floor, --no-opt': () => run(['--no-opt', join(folder, 'floor.js')]),
    'generator, compiled ahead': () => run([join(folder, 'generator.js')]),
    'node -r tsx/cjs scripts/build.ts': () => run(['-r', 'tsx/cjs', 'scripts/build.ts', '--check']),
    'npm run -s build': () => run(['run', '-s', 'build', '--', '--check'], 'npm'),
  };
  const runs = takeTurns(rounds, Object.values(contenders));
  const times = runs.map((all) => median(all.map(({ seconds }) => seconds)));
  const [, floor = Number.NaN, , generator = Number.NaN, , npm = Number.NaN] = times;

  const documents = neededPaths(topology).map((path) => examine(loadTemplate(path, topology)).document);
  const resources = documents.reduce((sum, { Resources }) => sum + Object.keys(Resources ?? {}).length, 0);
  const lines = documents.reduce((sum, document) => sum + toYaml(document, []).split('\n').length, 0);
  tell(`${documents.length} templates, ${resources} resources, ${lines} lines; medians of ${rounds} processes`);
  Object.keys(contenders).forEach((name, index) => {
    const time = times[index] ?? Number.NaN;
    tell(`  ${name.padEnd(34)} ${(time / floor).toFixed(2)} x ${time.toFixed(3)} s`);
  });
  return [
    ...missed('generator, compiled ahead', generator / floor, targets.generatorToFloor, 'x the floor'),
    ...missed('npm run -s build', npm / floor, targets.npmToFloor, 'x the floor'),
  ];
}

function grow(folder: string, rounds: number, tell: (line: string) => void): readonly string[] {
  const counts = [1, ...environmentCounts];
  const runs = takeTurns(rounds, [
    ...counts.map((count) => () => run([join(folder, 'generator.js'), String(count)])),
    () => run([join(folder, 'floor-of-most.js')]),
  ]);
  tell(`\ngenerator, compiled ahead, limits apart; medians of ${rounds} processes`);
  const times = runs.map((all) => median(all.map(({ seconds }) => seconds)));
  const memory = runs.map((all) => median(all.map(({ output }) => Number(output) / 1024)));
  const names = [...counts.map((count) => `${count} environments`), `floor of ${mostEnvironments}`];
  names.forEach((name, index) => {
    tell(`  ${name.padEnd(34)} ${times[index]?.toFixed(3)} s ${memory[index]?.toFixed(0)} MiB`);
  });
  const [one = Number.NaN] = times;
  const [fewer = Number.NaN, most = Number.NaN] = times.slice(-3);
  const [memoryOfMost = Number.NaN, memoryOfFloor = Number.NaN] = memory.slice(-2);
  const growth = (most - one) / (fewer - one);
  tell(`  three times as many environments take ${growth.toFixed(1)} x as long, without the start`);
  const name = `${mostEnvironments} environments`;
  return [
    ...missed(name, most, targets.seconds, 's'),
    ...missed(name, memoryOfMost / memoryOfFloor, targets.memoryToFloor, 'x the memory of the floor'),
    ...missed('three times as many environments', growth, targets.growth, 'x as long'),
  ];
}

const missed = (what: string, found: number, most: number, unit: string): readonly string[] =>
  found <= most ? [] : [`${what}: ${found.toFixed(2)} ${unit}, the target is ${most} ${unit}`];

/** The middle of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = Number.NaN, high = Number.NaN] = sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1);
  return sorted.length % 2 === 0 ? (low + high) / 2 : low;
}

/** Runs every contender once, to fill caches, then in turns; gives the results of each contender. */
export function takeTurns<T>(rounds: number, contenders: readonly (() => T)[]): readonly (readonly T[])[] {
  for (const contender of contenders) {
    contender();
  }
  const turns = Array.from({ length: rounds }, () => contenders.map((contender) => contender()));
  return contenders.map((_, index) => turns.map((turn) => turn[index] as T));
}

interface Run {
  readonly seconds: number;
  readonly output: string;
}

/**
 * Runs a program in the repository, and takes its time.
 *
 * @throws Error when the program fails
 */
function run(options: readonly string[], program: string = process.execPath): Run {
  const start = performance.now();
  const { status, stdout, stderr, error } = spawnSync(program, options, { cwd: root, encoding: 'utf8' });
  const seconds = (performance.now() - start) / 1_000;
  if (status !== 0) {
    throw new Error(`${program} ${options.join(' ')}: ended with ${status}\n${error?.message ?? stdout + stderr}`);
  }
  return { seconds, output: stdout };
}
