import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../emulator/client';
import { type FaultProxy, startFaultProxy, throttled } from './test-support/fault-proxy';
import { aws, makeFolder, writeFiles } from './test-support/project';
import { type Result, type Running, runScript, startScript } from './test-support/script';

// Every test runs the AWS CLI a dozen times, which takes long to start.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const REGISTRY = '111111111111.dkr.ecr.eu-west-1.amazonaws.com';

let emulator: Emulator;
let proxy: FaultProxy;
let tooling: NodeJS.ProcessEnv;
let repositories = 0;

beforeAll(async () => {
  emulator = await startEmulator();
  proxy = await startFaultProxy(emulator.endpoint);
  tooling = {
    ...emulator.environment('tooling'),
    AWS_ENDPOINT_URL: proxy.endpoint,
  };
});

afterAll(async () => {
  await proxy.stop();
  await emulator.stop();
});

beforeEach(() => proxy.reset());

/** A folder with a Dockerfile, a repository of its own, and how to build the one into the other. */
interface Project {
  readonly folder: string;
  readonly uri: string;
  build(id: string, args?: readonly string[], env?: NodeJS.ProcessEnv): Promise<Result>;
  start(id: string): Running;
  /** Digests by tag, read past the proxy. */
  tags(): Promise<Record<string, string>>;
  /** What docker was called with since the last look. */
  dockerCalls(): Promise<string[][]>;
  output(): Promise<unknown>;
}

async function project(): Promise<Project> {
  const folder = await makeFolder(onTestFinished);
  await writeFiles(folder, { 'container/Dockerfile': 'FROM scratch\n', 'container/server.mjs': 'listen();\n' });
  repositories += 1;
  const repository = `team/container-${repositories}`;
  // As in the stack artifact-store: build ids never change, latest moves.
  await aws(
    emulator.environment('tooling'),
    ...['ecr', 'create-repository', '--repository-name', repository],
    ...['--image-tag-mutability', 'IMMUTABLE_WITH_EXCLUSION'],
    ...['--image-tag-mutability-exclusion-filters', 'filterType=WILDCARD,filter=latest'],
  );
  const uri = `${REGISTRY}/${repository}`;
  const env = {
    ...tooling,
    PATH: `${join(__dirname, '../rehearsal/docker-stand-in')}:${tooling.PATH}`,
    DOCKER_STAND_IN: join(folder, 'docker'),
  };
  const required = ['--repository-uri', uri, '--context', 'container'];
  let seen = 0;
  return {
    folder,
    uri,
    build: (id, args = [], more = {}) =>
      runScript('build-image.sh', [...required, ...(id === '' ? [] : ['--build-id', id]), ...args], {
        cwd: folder,
        env: { ...env, ...more },
      }),
    start: (id) => startScript('build-image.sh', [...required, '--build-id', id], { cwd: folder, env }),
    tags: async () => {
      const { imageDetails } = await aws(
        emulator.environment('tooling'),
        ...['ecr', 'describe-images', '--repository-name', repository],
      );
      return Object.fromEntries(
        (imageDetails as { imageDigest: string; imageTags: string[] }[]).flatMap(({ imageDigest, imageTags }) =>
          imageTags.map((tag) => [tag, imageDigest]),
        ),
      );
    },
    dockerCalls: async () => {
      const path = join(folder, 'docker/calls');
      const lines = existsSync(path) ? (await readFile(path, 'utf8')).trimEnd().split('\n') : [];
      const fresh = lines.slice(seen).map((line) => JSON.parse(line) as string[]);
      seen = lines.length;
      return fresh;
    },
    output: async () => JSON.parse(await readFile(join(folder, 'image.json'), 'utf8')),
  };
}

describe('build-image.sh', () => {
  test('builds an image and pushes it under its build id first and as latest last', async () => {
    const image = await project();

    const result = await image.build('build-1');

    expect(result.code).toBe(0);
    const { 'build-1': digest, ...others } = await image.tags();
    expect(others).toEqual({ latest: digest });
    expect(await image.output()).toEqual({ uri: image.uri, tag: 'build-1', digest });
    expect(await image.dockerCalls()).toEqual([
      ['login', '--username', 'AWS', '--password-stdin', REGISTRY],
      [
        ...['build', '--no-cache', '--pull', '--build-arg', 'BUILD_ID=build-1'],
        ...['--tag', `${image.uri}:build-1`, '--tag', `${image.uri}:latest`, 'container'],
      ],
      ['push', `${image.uri}:build-1`],
      ['push', `${image.uri}:latest`],
      ['logout', REGISTRY],
    ]);
    expect(await readdir(join(image.folder, 'docker/logins'))).toEqual([]);
  });

  test('takes nothing from earlier builds, and moves latest on', async () => {
    const image = await project();
    await image.build('build-1');
    await writeFiles(image.folder, { 'container/server.mjs': 'listen(8080);\n' });
    await image.dockerCalls();

    expect(await image.build('build-2')).toMatchObject({ code: 0 });

    const calls = await image.dockerCalls();
    expect(calls.map(([command]) => command)).toEqual(['login', 'build', 'push', 'push', 'logout']);
    expect(calls.flat().filter((word) => word.includes('cache'))).toEqual(['--no-cache']);
    const tags = await image.tags();
    expect(tags.latest).toBe(tags['build-2']);
    expect(tags['build-1']).not.toBe(tags['build-2']);
  });

  test('takes the build id from what follows the colon in CODEBUILD_BUILD_ID', async () => {
    const image = await project();

    expect(await image.build('', [], { CODEBUILD_BUILD_ID: 'container-build:0b3d2c1a-9f7e' })).toMatchObject({
      code: 0,
    });

    expect(await image.output()).toMatchObject({ tag: '0b3d2c1a-9f7e' });
    expect(Object.keys(await image.tags()).sort()).toEqual(['0b3d2c1a-9f7e', 'latest']);
  });

  test('waits out throttling', async () => {
    const image = await project();
    proxy.fail({ action: 'DescribeImages', calls: [1] }, throttled.ecr);
    proxy.fail({ action: 'GetAuthorizationToken', calls: [1] }, throttled.ecr);

    expect(await image.build('build-1')).toMatchObject({ code: 0 });
  });
});

describe('a build id that the repository has', () => {
  test('is neither built nor pushed again, whatever the source is now', async () => {
    const image = await project();
    await image.build('build-1');
    const tags = await image.tags();
    const output = await image.output();
    await writeFiles(image.folder, { 'container/server.mjs': 'listen(8080);\n' });
    await image.dockerCalls();

    const result = await image.build('build-1');

    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toContain(`${image.uri}:build-1 exists as ${tags.latest}; it is neither built nor pushed`);
    expect(result.stdout).toContain('latest is this image already.');
    expect(await image.dockerCalls()).toEqual([]);
    expect(await image.tags()).toEqual(tags);
    expect(await image.output()).toEqual(output);
  });

  test('becomes latest when an earlier run was killed between the two pushes', async () => {
    const image = await project();
    await image.build('build-1');
    await sleep(1_100); // times in ECR have whole seconds
    await writeFiles(image.folder, { 'container/server.mjs': 'listen(8080);\n' });
    const hold = proxy.hold({ action: 'PutImage', target: /"latest"/ });
    const running = image.start('build-2');
    await hold.arrived(1);
    running.kill();
    await running.result;
    const killed = await image.tags();
    expect(killed.latest).toBe(killed['build-1']);
    proxy.reset();

    const result = await image.build('build-2');

    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toContain('latest is now this image.');
    expect(await image.tags()).toEqual({ ...killed, latest: killed['build-2'] });
    expect(await image.output()).toEqual({ uri: image.uri, tag: 'build-2', digest: killed['build-2'] });
  });

  test('becomes latest when it is the very first', async () => {
    const image = await project();
    const hold = proxy.hold({ action: 'PutImage', target: /"latest"/ });
    const running = image.start('build-1');
    await hold.arrived(1);
    running.kill();
    await running.result;
    proxy.reset();

    expect(await image.build('build-1')).toMatchObject({ code: 0, stderr: '' });

    const tags = await image.tags();
    expect(tags).toEqual({ 'build-1': tags['build-1'], latest: tags['build-1'] });
  });

  test('does not become latest when there is a newer one', async () => {
    const image = await project();
    await image.build('build-1');
    await sleep(1_100); // times in ECR have whole seconds
    await writeFiles(image.folder, { 'container/server.mjs': 'listen(8080);\n' });
    await image.build('build-2');
    const tags = await image.tags();

    const result = await image.build('build-1');

    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toContain(`latest is a newer image, ${tags['build-2']}, and stays.`);
    expect(await image.tags()).toEqual(tags);
    expect(await image.output()).toMatchObject({ tag: 'build-1', digest: tags['build-1'] });
  });
});

describe('what goes wrong', () => {
  test('a build that fails pushes nothing', async () => {
    const image = await project();
    await writeFiles(image.folder, { 'container/Dockerfile': 'FROM scratch\nRUN false\n' });

    const result = await image.build('build-1');

    expect(result.code).toBe(1);
    expect(result.stderr).toContain('The image could not be built from container; see above. Nothing was pushed.');
    expect(proxy.count('PutImage')).toBe(0);
    expect(await readdir(join(image.folder, 'docker/logins'))).toEqual([]);
    expect(existsSync(join(image.folder, 'image.json'))).toBe(false);
  });

  test('a push of the build id that fails leaves latest alone', async () => {
    const image = await project();
    proxy.fail({ action: 'PutImage', target: /"build-1"/ }, { status: 400, code: 'AccessDeniedException' });

    const result = await image.build('build-1');

    expect(result.code).toBe(1);
    expect(result.stderr).toContain('AccessDeniedException');
    expect(result.stderr).toContain(`${image.uri}:build-1 could not be pushed; see above.`);
    expect(await image.tags()).toEqual({});
    expect(existsSync(join(image.folder, 'image.json'))).toBe(false);
  });

  test('a missing repository, one that may not be read, and a login that is refused are named', async () => {
    const image = await project();
    const missing = await image.build('build-1', ['--repository-uri', `${REGISTRY}/other`]);
    proxy.fail({ action: 'DescribeImages', calls: [1] }, { status: 400, code: 'AccessDeniedException' });
    const denied = await image.build('build-1');
    proxy.fail({ action: 'GetAuthorizationToken' }, { status: 400, code: 'AccessDeniedException' });
    const locked = await image.build('build-1');

    expect(missing).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`The repository ${REGISTRY}/other does not exist. It is made by the stack`),
    });
    expect(denied).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`The repository ${image.uri} cannot be read. An error occurred`),
    });
    expect(locked).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`docker could not log in to ${REGISTRY}: may the caller`),
    });
    expect(proxy.count('PutImage')).toBe(0);
  });

  test('a folder without a Dockerfile is named', async () => {
    const image = await project();

    expect(await image.build('build-1', ['--context', '.'])).toMatchObject({
      code: 1,
      stderr: 'build-image.sh: .: found no Dockerfile; expected the folder of the image (--context).\n',
    });
    expect(await image.dockerCalls()).toEqual([]);
  });
});

describe('options', () => {
  const uri = `${REGISTRY}/container`;
  test.each([
    [['--build-id', '1'], '--repository-uri is missing.'],
    [['--repository-uri', uri], '--build-id is missing.'],
    [
      ['--repository-uri', `${uri}:latest`, '--build-id', '1'],
      `--repository-uri is "${uri}:latest"; expected ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME without a tag.`,
    ],
    [
      ['--repository-uri', uri, '--build-id', 'project:uuid'],
      '--build-id is "project:uuid"; expected a tag of letters, digits, dots, hyphens and underscores that is not latest.',
    ],
    [
      ['--repository-uri', uri, '--build-id', 'latest'],
      '--build-id is "latest"; expected a tag of letters, digits, dots, hyphens and underscores that is not latest.',
    ],
    [['--push'], 'Unknown option "--push".'],
  ])('%j end with 2', async (args, message) => {
    const cwd = await makeFolder(onTestFinished);
    const { CODEBUILD_BUILD_ID: _, ...env } = tooling;

    const result = await runScript('build-image.sh', args, { cwd, env });

    expect(result).toEqual({ code: 2, stdout: '', stderr: `build-image.sh: ${message} Try --help.\n` });
  });
});
