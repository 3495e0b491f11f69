import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Bench, role, withFault } from '../action-context.fixture';

let bench: Bench;
let projects = 0;
beforeAll(async () => {
  bench = await Bench.start();
  await bench.makeRole('tooling', 'team-build');
});
afterAll(() => bench.stop());

/** Makes a project, and builds with it what an artifact holds. */
async function build(
  buildspec: object,
  {
    files = { 'a.txt': '' },
    project = {},
    configuration = {},
    ...more
  }: {
    files?: Record<string, string>;
    project?: object;
    configuration?: Record<string, string>;
  } & Parameters<Bench['perform']>[2] = {},
) {
  projects += 1;
  const name = `team-project-${projects}`;
  await bench.tooling('logs', 'CreateLogGroup', { logGroupName: `/team/${name}` });
  await bench.tooling('codebuild', 'CreateProject', {
    name,
    serviceRole: role('tooling', 'team-build'),
    source: { type: 'CODEPIPELINE', buildspec: JSON.stringify({ version: 0.2, env: { shell: 'bash' }, ...buildspec }) },
    artifacts: { type: 'CODEPIPELINE' },
    environment: {
      type: 'LINUX_CONTAINER',
      image: 'aws/codebuild/amazonlinux-x86_64-standard:5.0',
      computeType: 'BUILD_GENERAL1_SMALL',
      environmentVariables: [
        { name: 'OF_PROJECT', value: 'from the project' },
        { name: 'OF_BOTH', value: 'from the project' },
      ],
    },
    logsConfig: { cloudWatchLogs: { status: 'ENABLED', groupName: `/team/${name}` } },
    timeoutInMinutes: 5,
    ...project,
  });
  const result = bench.perform(
    'CodeBuild',
    { ProjectName: name, ...configuration },
    { inputs: [await bench.artifact('Source', files)], ...more },
  );
  return { name, result };
}

const commands = (...lines: string[]) => ({ phases: { build: { commands: lines } } });

describe('a build', () => {
  test('runs the buildspec of the project on the input artifact', async () => {
    const { result } = await build(commands('cat folder/b.txt', './run.sh'), {
      files: { 'folder/b.txt': 'content of b\n', 'run.sh': '#!/bin/sh\necho a script ran\n' },
    });

    expect((await result).summary).toMatch(/^build [0-9a-f]{8} succeeded$/);
    expect(bench.notes).toEqual(['content of b', 'a script ran']);
  });

  test('of several input artifacts runs in the primary one, and is told where the others are', async () => {
    const { result } = await build(commands('cat a.txt "$CODEBUILD_SRC_DIR_Zips/b.txt"'), {
      inputs: [
        await bench.artifact('Zips', { 'b.txt': 'content of b\n' }),
        await bench.artifact('Source', { 'a.txt': 'content of a\n' }),
      ],
      configuration: { PrimarySource: 'Source' },
    });

    await result;
    expect(bench.notes).toEqual(['content of a', 'content of b']);
  });

  test('hands the variables on that it exports, and no others', async () => {
    const { result } = await build({
      env: { shell: 'bash', 'exported-variables': ['SUMMARY', 'EMPTY'] },
      phases: { build: { commands: ['export SUMMARY="two words" OTHER=other'] }, post_build: { commands: ['true'] } },
    });

    expect((await result).variables).toEqual({ SUMMARY: 'two words', EMPTY: '' });
  });

  test('sees the variables of project and action, the action first, and those of CodeBuild', async () => {
    const { name, result } = await build(
      commands('echo "$OF_PROJECT|$OF_ACTION|$OF_BOTH"', 'echo "$CODEBUILD_BUILD_ID|$CODEBUILD_INITIATOR"'),
      {
        configuration: {
          EnvironmentVariables: JSON.stringify([
            { name: 'OF_ACTION', value: 'from the action' },
            { name: 'OF_BOTH', value: 'from the action', type: 'PLAINTEXT' },
          ]),
        },
      },
    );
    await result;

    expect(bench.notes[0]).toBe('from the project|from the action|from the action');
    expect(bench.notes[1]).toMatch(new RegExp(`^${name}:[0-9a-f-]{36}\\|codepipeline/Fixture-Pipeline$`));
  });

  test('acts as the role of the project, with the real AWS CLI', async () => {
    const { result } = await build(commands('aws sts get-caller-identity --query Arn --output text'));
    await result;

    expect(bench.notes).toEqual([expect.stringMatching(/^arn:aws:sts::111111111111:assumed-role\/team-build\//)]);
  });

  test('leaves the files behind that the buildspec names, below their folder', async () => {
    const { result } = await build(
      {
        ...commands('mkdir -p out/deep', 'echo one >out/one.txt', 'echo two >out/deep/.two', 'echo no >other.txt'),
        artifacts: { 'base-directory': 'out', files: ['**/*'] },
      },
      { outputArtifacts: [{ name: 'Package' }] },
    );

    expect(await bench.filesOf((await result).outputs?.get('Package'))).toEqual({
      'one.txt': 'one\n',
      'deep/.two': 'two\n',
    });
  });

  test('without the files it is to leave behind has failed', async () => {
    const { result } = await build(
      { ...commands('true'), artifacts: { 'base-directory': '.', files: ['missing/*'] } },
      { outputArtifacts: [{ name: 'Package' }] },
    );
    await expect(result).rejects.toThrow(
      'CLIENT_ERROR: no matching artifact paths: found no file that matches missing/* in ..',
    );
  });

  test('that fails shows the end of what it printed', async () => {
    const { result } = await build(commands('seq 1 30; echo "it broke" >&2; exit 4'));

    const { message } = await result.then(
      () => new Error('it succeeded'),
      (error: Error) => error,
    );
    expect(message.split('\n')[0]).toMatch(
      /^Build team-project-\d+:\S+ failed\. Phase: BUILD\. COMMAND_EXECUTION_ERROR: .*exit status 4$/,
    );
    expect(message.split('\n').slice(-2)).toEqual(['30', 'it broke']);
    expect(message).not.toContain('\n10\n');
    expect(bench.log).toContain('\n10\n');
  });

  test('keeps its output in the log group of the project', async () => {
    const { name, result } = await build(commands('echo "to be kept"'));
    await result;

    const { events } = await bench.tooling<{ events: { message: string }[] }>('logs', 'FilterLogEvents', {
      logGroupName: `/team/${name}`,
    });
    expect(events.map(({ message }) => message)).toContain('to be kept');
  });

  test('says where CodeBuild has other runtimes, and where a report is missing', async () => {
    const { name, result } = await build({
      phases: { install: { 'runtime-versions': { python: 3.13 } }, build: { commands: ['true'] } },
      reports: { checks: { files: ['checks.xml'], 'base-directory': 'reports', 'file-format': 'JUNITXML' } },
    });
    await result;

    expect(bench.differences).toContain(
      `Builds run with the runtimes of this machine. CodeBuild installs python 3.13 for ${name}.`,
    );
    expect(bench.notes).toContain('report checks: found no checks.xml in reports');
  });

  test('with a fault fails before its own commands', async () => {
    const { result } = await build(commands('echo mine'), { context: withFault });
    await expect(result).rejects.toThrow('This command fails, as --fail-at asked for.');
    expect(bench.log).not.toContain('\nmine\n');
  });

  test('of a project that does not exist, or without its role, has failed', async () => {
    await expect(bench.perform('CodeBuild', { ProjectName: 'nobody' })).rejects.toThrow(
      'There is no CodeBuild project nobody in the account 111111111111.',
    );
    const { result } = await build(commands('true'), { project: { serviceRole: role('tooling', 'gone') } });
    await expect(result).rejects.toThrow(
      `AccessDenied: codebuild.amazonaws.com is not authorized to perform sts:AssumeRole on ${role('tooling', 'gone')}`,
    );
  });

  test('with a variable that is a secret is refused, because nobody here knows the value', async () => {
    const variable = { name: 'TOKEN', value: 'team/token', type: 'SECRETS_MANAGER' };
    const { result } = await build(commands('true'), {
      configuration: { EnvironmentVariables: JSON.stringify([variable]) },
    });
    await expect(result).rejects.toThrow('The rehearsal has no value for the variable TOKEN of type SECRETS_MANAGER.');
  });
});
