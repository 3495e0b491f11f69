import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { expect, onTestFinished, test } from 'vitest';
import { compile, type Intrinsic, list, record, template } from '../../dsl';
import { buildScripts, buildScriptsSource } from '../../model/build-scripts';
import { topologyWith } from '../../topology.fixture';
import { artifactStore } from '../shared/artifacts';
import { sourceAction } from './actions';
import { declareBuild } from './build-project';

const topology = topologyWith({ project: 'any', environments: [{ name: 'one', approval: false }] });

const source = sourceAction(
  'Source',
  {
    Name: 'Source',
    ActionTypeId: { Category: 'Source', Owner: 'AWS', Provider: 'ECR', Version: '1' },
    Configuration: {},
  },
  [],
);

const definition = {
  name: 'try',
  description: 'Tries',
  runsCommittedCode: false,
  timeoutInMinutes: 5,
  input: source.output,
  permissions: [],
} as const;

const declare = (...build: readonly string[]) =>
  declareBuild(template('A pipeline'), topology, artifactStore(topology), 'containerBuild', {
    ...definition,
    buildspec: { build },
  });

test.each([['bash scripts/codebuild/check.sh'], ['npm run build'], ['bash "$CODEBUILD_SRC_DIR/scripts/a.sh"']])(
  'a build that would run %s, which a commit may contain, is refused',
  (command) => {
    expect(() => declare('bash "$scripts/check.sh"', command)).toThrow(
      `the build try runs '${command}', which may come from the commit; expected 'bash "$scripts/..."'`,
    );
  },
);

/** Runs the commands of a build with what the bucket gives it in the place of the scripts. */
function run(files: Readonly<Record<string, string>>) {
  const t = template('A pipeline');
  declareBuild(t, topology, artifactStore(topology), 'containerBuild', {
    ...definition,
    buildspec: { build: ['bash "$scripts/check-templates.sh" --help'] },
  });
  const { Source, Environment } = record(record(record(compile(t).Resources).TryProject).Properties);
  const { phases } = load(String(record(Source).BuildSpec)) as { phases: { build: { commands: string[] } } };
  const [variable] = list(record(Environment).EnvironmentVariables);
  const uri = (record(variable).Value as Intrinsic).argument;
  const folder = mkdtempSync(join(tmpdir(), 'build-project-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  cpSync(buildScriptsSource, join(folder, 'files'), { recursive: true });
  for (const [path, text] of Object.entries({ 'codebuild-scripts.sha256': buildScripts().list, ...files })) {
    writeFileSync(join(folder, 'files', path), text);
  }
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin', 'aws'), `#!/bin/sh\ntar -czf - -C '${folder}/files' .\n`, { mode: 0o755 });
  return spawnSync('bash', ['-c', phases.build.commands.join(' && ')], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${folder}/bin:${process.env.PATH}`, SCRIPTS: String(uri) },
  });
}

test('a build runs the scripts that its pipeline was deployed with', () => {
  expect(run({})).toMatchObject({ status: 0, stdout: expect.stringContaining('Usage: check-templates.sh') });
});

test.each([
  ['a script', { 'check-templates.sh': 'exit 0\n' }],
  ['a script and the list', { 'check-templates.sh': 'exit 0\n', 'codebuild-scripts.sha256': '' }],
])('a build does not run scripts when %s has changed in the bucket', (_, files) => {
  const { status, stdout } = run(files);
  expect(status).not.toBe(0);
  expect(stdout).toContain('FAILED');
  expect(stdout).not.toContain('Usage');
});
