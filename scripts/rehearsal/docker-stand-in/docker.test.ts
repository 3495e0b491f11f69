import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const reference = '111111111111.dkr.ecr.eu-west-1.amazonaws.com/team/image:latest';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'docker-stand-in-test-'));
  await mkdir(join(folder, 'context'));
  await mkdir(join(folder, 'home'));
  await writeFile(join(folder, 'context', 'Dockerfile'), 'FROM scratch\n');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const docker = (environment: NodeJS.ProcessEnv, ...args: string[]) =>
  run(join(__dirname, 'docker'), args, {
    env: { PATH: process.env.PATH, DOCKER_STAND_IN: join(folder, 'state'), ...environment },
  });

const build = (environment: NodeJS.ProcessEnv = {}) =>
  docker(
    environment,
    ...['build', '--no-cache', '--pull', '--build-arg', 'BUILD_ID=1', '--tag', reference, join(folder, 'context')],
  );

async function builtManifest() {
  const images = join(folder, 'state', 'images');
  const [name = ''] = await readdir(images);
  return JSON.parse(await readFile(join(images, name), 'utf8')) as {
    config: { digest: string };
    layers: { digest: string }[];
  };
}

describe('without an engine', () => {
  test('an image is what it would be built from', async () => {
    await build();
    const first = await builtManifest();
    await writeFile(join(folder, 'context', 'Dockerfile'), 'FROM other\n');
    await build();

    expect(first.config.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect((await builtManifest()).config.digest).not.toBe(first.config.digest);
  });
});

describe('with an engine', () => {
  /** A docker that notes what it is called with. */
  const engine = async (script: string) => {
    const path = join(folder, 'engine');
    await writeFile(path, `#!/usr/bin/env bash\necho "$HOME: $*" >>'${join(folder, 'calls')}'\n${script}\n`, {
      mode: 0o755,
    });
    return { DOCKER_STAND_IN_ENGINE: path, DOCKER_STAND_IN_HOME: join(folder, 'home') };
  };

  test('the engine builds, without a look at any registry, and the manifest names what it built', async () => {
    await build(
      await engine(`
        if [[ $1 == build ]]; then
          while [[ $1 != --iidfile ]]; do shift; done
          printf '%s' '${digest('a')}' >"$2"
        else
          echo '["${digest('b')}","${digest('c')}"]'
        fi`),
    );

    expect(await builtManifest()).toMatchObject({
      config: { digest: digest('a') },
      layers: [{ digest: digest('b') }, { digest: digest('c') }],
    });
    const calls = (await readFile(join(folder, 'calls'), 'utf8')).trimEnd().split('\n');
    expect(calls).toEqual([
      expect.stringMatching(
        new RegExp(`^${join(folder, 'home')}: build --build-arg BUILD_ID=1 --iidfile \\S+ ${join(folder, 'context')}$`),
      ),
      `${join(folder, 'home')}: image inspect --format {{json .RootFS.Layers}} ${digest('a')}`,
    ]);
  });

  test('a build that fails has failed', async () => {
    await expect(build(await engine('exit 3'))).rejects.toThrow('docker build ended with 3');
    await expect(builtManifest()).rejects.toThrow('ENOENT');
  });
});
