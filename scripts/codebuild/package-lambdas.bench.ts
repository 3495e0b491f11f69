import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { startEmulator } from '../emulator/client';

/**
 * Measures packaging against a loop of `zip -qr`. Run with `node -r tsx/cjs scripts/codebuild/package-lambdas.bench.ts`;
 * needs zip(1) for the comparison, and the emulated AWS for the whole script.
 *
 * Trust the ratios: the times depend on the machine and on what else it does. Every contender takes its turn in every
 * round, so that a busy moment hits them alike.
 */
const FUNCTIONS = 100;
const FILES = 20;
const BYTES = 1_000_000 / FILES;
const ROUNDS = 5;
const STEPS = join(__dirname, 'lib/package_lambdas.py');

function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'package-lambdas-bench-'));
  return measure(folder).finally(() => rmSync(folder, { recursive: true }));
}

async function measure(folder: string): Promise<void> {
  makeFunctions(folder);
  const python = (...args: string[]) => `PYTHONDONTWRITEBYTECODE=1 python3 ${STEPS} ${args.join(' ')}`;
  const plan = python('plan lambda templates');
  const contenders: Record<string, string> = {
    'loop of zip -qr': 'for d in lambda/*/; do (cd "$d" && zip -qr "../../zips/$(basename "$d").zip" .); done',
    'read and zip': `${plan} >plan && ${python('zip lambda staged zips')} <plan >zipped`,
  };
  const times: Record<string, number[]> = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, command] of Object.entries(contenders)) {
      rmSync(join(folder, 'zips'), { recursive: true, force: true });
      mkdirSync(join(folder, 'zips'));
      times[name]?.push(seconds(() => execFileSync('bash', ['-c', command], { cwd: folder })));
    }
  }
  console.log(`${FUNCTIONS} functions, ${FILES} files and 1 MB each; median of ${ROUNDS}`);
  const floor = median(Object.values(times)[0] ?? []);
  for (const [name, values] of Object.entries(times)) {
    report(name, median(values), `${(median(values) / floor).toFixed(2)} x`);
  }
  await measureWithAws(folder);
}

/** A first and a second publishing: what uploading costs, one process of the AWS CLI each. */
async function measureWithAws(folder: string): Promise<void> {
  const emulator = await startEmulator();
  try {
    const options = { cwd: folder, env: { ...emulator.environment('tooling'), TEMPLATES_DIR: 'templates' } };
    const location = ['--create-bucket-configuration', 'LocationConstraint=eu-west-1'];
    execFileSync('aws', ['s3api', 'create-bucket', '--bucket', 'packages-bench', ...location], options);
    execFileSync('bash', [join(__dirname, 'package-lambdas.sh'), '--output', 'made'], options);
    const script = join(__dirname, 'publish-packages.sh');
    const publish = ['--zips', 'made', '--bucket', 'packages-bench', '--output', 'package'];
    const run = () => execFileSync('bash', [script, ...publish], options);
    report('publishing, first run', seconds(run), 'with upload to the emulated AWS');
    report('publishing, unchanged', seconds(run), 'with a refused upload and a look at the checksum for each');
  } finally {
    await emulator.stop();
  }
}

/** Functions of text that compresses about as code does, the same in every run. */
function makeFunctions(folder: string): void {
  let state = 1;
  const random = (limit: number) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % limit;
  };
  const words = Array.from({ length: 4_000 }, () => random(2 ** 31).toString(36));
  for (let number = 0; number < FUNCTIONS; number += 1) {
    const source = join(folder, 'lambda', `function-${number}`, 'src');
    mkdirSync(source, { recursive: true });
    for (let file = 0; file < FILES; file += 1) {
      let text = '';
      while (text.length < BYTES) {
        text += `${words[random(words.length)]}${random(12) === 0 ? ';\n' : ' '}`;
      }
      writeFileSync(join(source, `${file}.mjs`), text.slice(0, BYTES));
    }
  }
  const platform = { runtime: 'nodejs24.x', architecture: 'x86_64' };
  const names = Array.from({ length: FUNCTIONS }, (_, number) => [`function-${number}`, platform]);
  mkdirSync(join(folder, 'templates'));
  writeFileSync(join(folder, 'templates/lambda-functions.json'), JSON.stringify(Object.fromEntries(names)));
  for (const template of ['infrastructure', 'container-service']) {
    mkdirSync(join(folder, 'parameters/dev'), { recursive: true });
    writeFileSync(join(folder, `parameters/dev/${template}.json`), '{"Parameters": {}}');
  }
}

function seconds(run: () => void): number {
  const start = performance.now();
  run();
  return (performance.now() - start) / 1_000;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function report(name: string, time: number, remark: string): void {
  console.log(`${name.padEnd(22)} ${time.toFixed(2).padStart(6)} s  ${remark}`);
}

main();
