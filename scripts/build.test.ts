import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checkoutForTests } from './lib/checkout.fixture';

/** `npm run build` in a copy of the repository. */

const root = checkoutForTests();
const installed = ['.git', '.venv', 'node_modules'];
let copy: string;

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'build-'));
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
});
beforeEach(() => {
  for (const part of readdirSync(root).filter((name) => !installed.includes(name))) {
    rmSync(join(copy, part), { recursive: true, force: true });
    // Python writes its caches whenever it likes, also while this copies.
    cpSync(join(root, part), join(copy, part), { recursive: true, filter: (path) => !path.includes('__pycache__') });
  }
});
afterAll(() => {
  rmSync(copy, { recursive: true });
});

function run(options: readonly string[], { cwd = copy, environment = {} as NodeJS.ProcessEnv } = {}) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '-r',
      join(root, 'node_modules', 'tsx', 'dist', 'cjs', 'index.cjs'),
      join(copy, 'scripts', 'build.ts'),
      ...options,
    ],
    { cwd, encoding: 'utf8', env: { ...process.env, ...environment } },
  );
  return { status, stdout, stderr };
}

const artifactStore = 'generated/tooling/artifact-store.yaml';
const sourceOf = (template: string) => join(copy, 'templates-src', 'templates', `${template}.ts`);
const read = (path: string) => readFileSync(join(copy, path), 'utf8');
const write = (path: string, text: string) => writeFileSync(join(copy, path), text);
const replace = (path: string, from: string, to: string) => {
  expect(read(path)).toContain(from);
  write(path, read(path).replace(from, to));
};
/** The first lines of a generated file. */
const generatedFrom = (template: string) =>
  `# Generated from templates-src/templates/${template}.ts by \`npm run build\`. Do not edit:\n`;
/** Everything that the build may write, by path. */
const output = () =>
  Object.fromEntries(
    ['generated', 'ecs-deploy']
      .flatMap((folder) => readdirSync(join(copy, folder), { recursive: true, withFileTypes: true, encoding: 'utf8' }))
      .filter((entry) => entry.isFile())
      .map((entry) => relative(copy, join(entry.parentPath, entry.name)))
      .concat('README.md')
      .map((path) => [path, read(path)]),
  );

test('a repository that is up to date stays as it is, and --check has nothing to say', () => {
  const before = output();
  expect(run(['--check'])).toEqual({ status: 0, stdout: '', stderr: '' });
  const { status, stdout, stderr } = run([]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^(\d+) generated files, \1 of them unchanged\n$/);
  expect(output()).toEqual(before);
});

test('--check names the files that are stale and writes nothing; a build then brings them up to date', () => {
  const upToDate = output();
  write(artifactStore, read(artifactStore).replace('Environment', 'Surroundings'));
  rmSync(join(copy, 'generated/environment/infrastructure.yaml'));
  write('generated/tooling/old-pipeline.yaml', `${generatedFrom('tooling/old-pipeline')}Resources: {}\n`);
  const stale = output();

  const check = run(['--check']);
  expect(check.status).toBe(1);
  expect(check.stdout.split('\n')).toEqual([
    'created   generated/environment/infrastructure.yaml',
    `changed   ${artifactStore}`,
    'removed   generated/tooling/old-pipeline.yaml',
    '',
  ]);
  expect(check.stderr).toBe('build: the files above are stale. Run `npm run build` and commit what it writes.\n');
  expect(output()).toEqual(stale);

  const build = run([]);
  expect(build.status).toBe(0);
  expect(build.stdout.startsWith(check.stdout)).toBe(true);
  expect(output()).toEqual(upToDate);
});

test('work of somebody among the generated files is named and stays, and --check fails for it with what to do', () => {
  write('generated/environment/mine.yaml', 'Resources: {}\n');
  write('ecs-deploy/taskdef-canary.json', '{"family": "canary"}\n');
  const before = output();
  const unknown = 'unknown   generated/environment/mine.yaml\nunknown   ecs-deploy/taskdef-canary.json\n';

  const check = run(['--check']);
  expect(check).toMatchObject({ status: 1, stdout: unknown });
  expect(check.stderr).toMatch(
    /^build: the files above that are unknown .* stay as they are\.\nMove them elsewhere: .*\n$/,
  );

  expect(run([])).toEqual({
    status: 0,
    stdout: expect.stringMatching(new RegExp(`^${unknown}(\\d+) generated files, \\1 of them unchanged\\n$`)),
    stderr: check.stderr,
  });
  expect(output()).toEqual(before);
});

test('a change of the source shows in one file', () => {
  replace('templates-src/templates/tooling/artifact-store.ts', "Label: 'Approvers'", "Label: 'Who approves'");
  expect(run(['--check']).stdout).toBe(`changed   ${artifactStore}\n`);
});

test('paths are told as seen from the folder that the build is run in', () => {
  write(artifactStore, 'stale');
  expect(run(['--check'], { cwd: join(copy, 'templates-src') }).stdout).toBe(`changed   ../${artifactStore}\n`);
  const { stdout } = spawnSync('npm', ['run', '-s', 'build', '--', '--check'], {
    cwd: join(copy, 'templates-src', 'dsl'),
    encoding: 'utf8',
  });
  expect(stdout).toBe(`changed   ${artifactStore}\n`);
});

describe('a build that fails writes nothing and says where to look:', () => {
  test.each<[string, () => void, RegExp]>([
    [
      'a template that is refused',
      () =>
        replace(
          'templates-src/templates/tooling/artifact-store.ts',
          "Action: ['s3:GetObject', 's3:GetObjectVersion']",
          "Action: ['s3:*']",
        ),
      /^templates-src\/templates\/tooling\/artifact-store\.ts: Resources\.\S+\.Action: found the action 's3:\*'/m,
    ],
    [
      'a template without default export',
      () => writeFileSync(sourceOf('tooling/empty'), 'export {};\n'),
      /^templates-src\/templates\/tooling\/empty\.ts: default export: found none, expected 'export default function/m,
    ],
    [
      'a template that does not parse',
      () => writeFileSync(sourceOf('tooling/broken'), 'export default function ( {\n'),
      /^templates-src\/templates\/tooling\/broken\.ts: .*[\s\S]*broken\.ts:2:0: ERROR/m,
    ],
    [
      'a name in the topology that AWS does not take',
      () => replace('templates-src/topology.ts', '"name": "prod"', '"name": "Prod"'),
      /^templates-src\/topology\.ts:\n {2}- environments\[2\].name: found "Prod" \(capital letters\), expected /,
    ],
  ])('%s', (_, spoil, message) => {
    write(artifactStore, 'stale');
    spoil();
    const before = output();
    const { status, stdout, stderr } = run([]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/\nbuild: nothing was written\.\n$/);
    expect(output()).toEqual(before);
  });
});

test.each<[string, readonly string[]]>([
  ['an unknown option', ['--chek']],
  ['an argument', ['tooling']],
])('%s is refused, before anything is written', (_, options) => {
  write(artifactStore, 'stale');
  const { status, stdout, stderr } = run(options);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(/^build: .*\nbuild: nothing was written\.\nSee: npm run build -- --help\n$/);
  expect(read(artifactStore)).toBe('stale');
});

test('--help tells the usage', () => {
  const { status, stdout, stderr } = run(['--help']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain('--check');
});
