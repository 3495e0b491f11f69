import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { checkoutForTests } from './lib/checkout.fixture';

/**
 * What programs leave when nothing can be written any more. The system refuses every byte of every file (a limit of size
 * zero), which is what a full disk does in the middle of the first file.
 */

vi.setConfig({ testTimeout: 120_000 });

const checkout = checkoutForTests();
let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'full-disk-'));
});
afterAll(() => rmSync(scratch, { recursive: true }));

/** All files below a folder of the checkout, by the hash of what they hold. */
const contentsOf = (folder: string) =>
  Object.fromEntries(
    readdirSync(join(checkout, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path, createHash('sha256').update(readFileSync(path)).digest('hex')]),
  );

/** @param full whether nothing can be written */
function run(command: readonly string[], full: boolean) {
  const limit = full ? 'ulimit -f 0; ' : '';
  const { status, stdout, stderr } = spawnSync('bash', ['-c', `${limit}exec "$@"`, 'bash', ...command], {
    cwd: checkout,
    encoding: 'utf8',
    env: { ...process.env, TSX_DISABLE_CACHE: '1', TMPDIR: scratch, PYTHONDONTWRITEBYTECODE: '1' },
  });
  return { status, said: stdout + stderr };
}

const program = (name: string, ...words: readonly string[]) => [
  process.execPath,
  '-r',
  'tsx/cjs',
  `scripts/${name}.ts`,
  ...words,
];

test.each<[name: string, command: readonly string[], folders: readonly string[], change: () => void]>([
  [
    'build',
    program('build'),
    ['generated', 'ecs-deploy'],
    () => {
      rmSync(join(checkout, 'generated', 'tooling', 'artifact-store.yaml'));
      const other = join(checkout, 'generated', 'environment', 'infrastructure.yaml');
      writeFileSync(other, `${readFileSync(other, 'utf8')}# changed\n`);
    },
  ],
  ['configure', program('configure', '--region', 'eu-central-1'), ['parameters'], () => {}],
  ['package-lambdas.sh', ['bash', 'scripts/codebuild/package-lambdas.sh', '--output', 'zips'], ['.'], () => {}],
])('%s leaves everything as it was, says why, and ends its work the next time', (_name, command, folders, change) => {
  change();
  const before = folders.map(contentsOf);

  const failed = run(command, true);

  expect(failed.status, failed.said).toBe(1);
  expect(failed.said).toMatch(/EFBIG|File too large/i);
  expect(folders.map(contentsOf)).toEqual(before);

  const done = run(command, false);
  expect(done.status, done.said).toBe(0);
  expect(folders.map(contentsOf)).not.toEqual(before);
});
