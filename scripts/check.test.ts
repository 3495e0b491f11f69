import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished, test, vi } from 'vitest';

import { topology } from '../templates-src/topology.fixture';
import { generate } from './build/build';
import { importTemplates } from './build/templates.fixture';

const root = join(__dirname, '..');
const work = mkdtempSync(join(tmpdir(), 'check-'));
afterAll(() => rmSync(work, { recursive: true }));

const check = (...args: string[]) => checkIn(root, {}, ...args);

function checkIn(cwd: string, environment: NodeJS.ProcessEnv, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      ...['-r', join(root, 'node_modules', 'tsx', 'dist', 'cjs', 'index.cjs')],
      ...[join(root, 'scripts', 'check.ts'), ...args],
    ],
    { cwd, env: { ...process.env, ...environment }, encoding: 'utf8' },
  );
  return { status, stdout, stderr };
}

/** A folder with one generated template in it. */
async function folderWith(name: string, edit: (text: string) => string = (text) => text): Promise<string> {
  const folder = join(work, name);
  mkdirSync(join(folder, 'tooling'), { recursive: true });
  const source = (await importTemplates()).filter(({ path }) => path === 'tooling/container-build-pipeline');
  for (const it of source) {
    writeFileSync(join(folder, `${it.path}.yaml`), edit(generate(it, topology)));
  }
  return folder;
}

test('what is clean ends with 0', async () => {
  const { status, stdout, stderr } = check('--generated', await folderWith('clean'), '--only', 'rules');
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^ok: 0 findings in 1 templates/m);
  expect(status).toBe(0);
});

test('what breaks a rule ends with 1, and is in every report', async () => {
  const folder = await folderWith('polling', (text) =>
    text.replace("PollForSourceChanges: 'false'", "PollForSourceChanges: 'true'"),
  );
  const junit = join(work, 'junit.xml');
  const sarif = join(work, 'sarif.json');
  const { status, stdout } = check('--generated', folder, '--only', 'rules', '--junit', junit, '--sarif', sarif);
  expect(stdout).toContain('error rules pipelines-do-not-poll Pipeline');
  expect(readFileSync(junit, 'utf8')).toContain('pipelines-do-not-poll');
  expect(JSON.parse(readFileSync(sarif, 'utf8')).runs[0].results[0].ruleId).toBe('pipelines-do-not-poll');
  expect(status).toBe(1);
});

test('several tools may be chosen', async () => {
  const { stdout } = check('--generated', await folderWith('two'), '--only', 'rules', '--only', 'cdk-nag');
  expect(stdout).toMatch(/^rules /m);
  expect(stdout).toMatch(/^cdk-nag /m);
  expect(stdout).not.toMatch(/^guard /m);
});

test.each(['.cfnlintrc', '.cfnlintrc.yaml', '.cfnlintrc.yml'])(
  'a %s in the folder or in HOME switches no check off',
  (name) => {
    const generated = join(work, 'generated');
    mkdirSync(generated, { recursive: true });
    writeFileSync(
      join(generated, 'topic.yaml'),
      'Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n    Properties: {Nonsense: 1}\n',
    );
    const strangers = mkdtempSync(join(work, 'strangers-'));
    writeFileSync(join(strangers, name), 'ignore_checks: [E, W, I]\n');
    const options = ['--generated', generated, '--only', 'cfn-lint'];
    for (const { status, stdout } of [
      checkIn(strangers, {}, ...options),
      checkIn(root, { HOME: strangers }, ...options),
    ]) {
      expect(stdout).toContain('E3002');
      expect(status).toBe(1);
    }
  },
);

test('a tool that is asked for by name and is not installed fails', async () => {
  vi.stubEnv('CHECK_TOOLS', work);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const { status, stdout, stderr } = check('--generated', await folderWith('named'), '--only', 'cfn-nag');
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^check: cfn-nag is not installed\. .*check-templates\.sh --install$/m);
  expect(status).toBe(1);
});

test.each([
  [['--only', 'cfn-lynt'], 'unknown tool cfn-lynt, expected cfn-lint, '],
  [['--generated', '/nowhere'], 'found no templates in /nowhere'],
  [['--nonsense'], '--nonsense'],
])('%o is wrong usage', (args, message) => {
  const { status, stdout, stderr } = check(...args);
  expect(status).toBe(2);
  expect(stderr).toContain(message);
  expect(stderr).toContain('\nSee: npm run check -- --help\n');
  expect(stdout).toBe('');
});

test('--help tells the options and exit codes', () => {
  const { status, stdout } = check('--help');
  expect(status).toBe(0);
  for (const part of ['--generated DIR', '--only TOOL', '--junit FILE', '--sarif FILE', 'Exit codes']) {
    expect(stdout).toContain(part);
  }
});
