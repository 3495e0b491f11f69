import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Build, runBuild } from './build';
import { readBuildspec } from './buildspec';

let directory: string;
let printed: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rehearsal-build-test-'));
  printed = '';
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function build(phases: Readonly<Record<string, readonly string[]>>, more: Partial<Build> = {}) {
  const folder = join(directory, 'source');
  await mkdir(join(directory, 'scratch'), { recursive: true });
  await mkdir(folder, { recursive: true });
  return runBuild({
    buildspec: readBuildspec(
      JSON.stringify({
        version: 0.2,
        env: { shell: 'bash', variables: { FROM_SPEC: 'spec' } },
        phases: Object.fromEntries(Object.entries(phases).map(([name, commands]) => [name, { commands }])),
      }),
    ),
    folder,
    scratch: join(directory, 'scratch'),
    environment: { PATH: process.env.PATH ?? '', FROM_PROJECT: 'project' },
    timeoutInMinutes: 1,
    signal: new AbortController().signal,
    print: (text) => {
      printed += text;
    },
    ...more,
  });
}

describe('a build', () => {
  test('runs its phases in their order, whatever the order they are written in', async () => {
    expect(
      await build({ post_build: ['echo four'], build: ['echo three'], install: ['echo one'], pre_build: ['echo two'] }),
    ).toBeUndefined();

    expect(printed.match(/^(one|two|three|four)$/gm)).toEqual(['one', 'two', 'three', 'four']);
  });

  test('begins in the source, and sees the variables of buildspec and project but none of this machine', async () => {
    vi.stubEnv('OF_THIS_MACHINE', 'secret');
    try {
      await build({ build: ['pwd', 'echo "$FROM_SPEC $FROM_PROJECT $(printenv OF_THIS_MACHINE || echo nothing)"'] });
    } finally {
      vi.unstubAllEnvs();
    }
    expect(printed).toContain(`\n${join(directory, 'source')}\n`);
    expect(printed).toContain('\nspec project nothing\n');
  });

  test('hands on directory and exported variables from command to command and from phase to phase', async () => {
    expect(
      await build({
        install: ['mkdir "a folder"', 'cd "a folder"', "export GREETING='it''s\nhere'"],
        build: ['printf "%s" "$GREETING" >greeting'],
      }),
    ).toBeUndefined();

    expect(await readFile(join(directory, 'source', 'a folder', 'greeting'), 'utf8')).toBe('its\nhere');
  });

  test.each(['install', 'pre_build'])('ends when %s fails', async (phase) => {
    const commands = {
      [phase]: ['echo before', '(exit 7)', 'echo after'],
      build: ['echo late'],
      post_build: ['echo late'],
    };

    expect(await build(commands)).toEqual({
      phase,
      message: 'COMMAND_EXECUTION_ERROR: Error while executing command: (exit 7). Reason: exit status 7',
    });

    expect(printed.match(/^(before|after|late)$/gm)).toEqual(['before']);
  });

  test('that fails in build still runs post_build, which is told so', async () => {
    expect(await build({ build: ['false'], post_build: ['echo "succeeding: $CODEBUILD_BUILD_SUCCEEDING"'] })).toEqual({
      phase: 'build',
      message: 'COMMAND_EXECUTION_ERROR: Error while executing command: false. Reason: exit status 1',
    });
    expect(printed).toContain('succeeding: 0');

    await build({ build: ['true'], post_build: ['echo "succeeding: $CODEBUILD_BUILD_SUCCEEDING"'] });
    expect(printed).toContain('succeeding: 1');
  });

  test('fails when post_build fails', async () => {
    expect(await build({ build: ['true'], post_build: ['exit 3'] })).toEqual({
      phase: 'post_build',
      message: 'COMMAND_EXECUTION_ERROR: Error while executing command: exit 3. Reason: exit status 3',
    });
  });

  test('that takes too long is killed, with all it has started', async () => {
    const marker = join(directory, 'late');
    const failure = await build({ build: [`(sleep 2; touch '${marker}') & sleep 60`] }, { timeoutInMinutes: 0.005 });

    expect(failure?.message).toBe('BUILD_TIMED_OUT: Build has timed out.');
    await new Promise((resolve) => setTimeout(resolve, 2500));
    await expect(readFile(marker)).rejects.toThrow('ENOENT');
  });

  test('ends without what it left in the background', async () => {
    expect(await build({ build: ['sleep 60 & echo started'] })).toBeUndefined();
    expect(printed).toContain('started');
  });

  test('can be stopped', async () => {
    const stopping = new AbortController();
    const running = build({ build: ['sleep 60'] }, { signal: stopping.signal });
    await vi.waitFor(() => expect(printed).toContain('running: sleep 60'));
    stopping.abort();

    expect(await running).toEqual({ phase: 'build', message: 'the build was stopped' });
  });
});

describe('a buildspec', () => {
  test('is read as CodeBuild reads it', () => {
    const spec = [
      'version: 0.2',
      'phases:',
      '  install:',
      '    runtime-versions: { nodejs: 22, python: 3.13 }',
      '  build:',
      '    commands: [make]',
      'reports:',
      '  checks: { files: [checks.xml], base-directory: reports, file-format: JUNITXML }',
      'artifacts: { files: ["**/*"] }',
    ].join('\n');
    expect(readBuildspec(spec)).toEqual({
      shell: 'sh',
      variables: {},
      exportedVariables: [],
      phases: [
        { name: 'install', commands: [] },
        { name: 'build', commands: ['make'] },
      ],
      runtimeVersions: { nodejs: '22', python: '3.13' },
      artifacts: { baseDirectory: '.', files: ['**/*'] },
      reports: { checks: { baseDirectory: 'reports', files: ['checks.xml'] } },
    });
  });

  test('with parts that the rehearsal would have to leave out is refused, all of them at once', () => {
    const spec = {
      version: 0.1,
      env: { shell: 'powershell.exe', 'secrets-manager': {} },
      phases: { build: { commands: [], finally: [], 'on-failure': 'CONTINUE' } },
      cache: { paths: [] },
      artifacts: { files: [], 'secondary-artifacts': {} },
    };
    expect(() => readBuildspec(JSON.stringify(spec))).toThrow(
      'The rehearsal does not know what CodeBuild makes of cache, env.secrets-manager, env.shell powershell.exe, ' +
        'version 0.1, phases.build.finally, phases.build.on-failure, artifacts.secondary-artifacts in a buildspec.',
    );
  });
});
