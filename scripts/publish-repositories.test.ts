import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { accountsOf } from '../templates-src/model/accounts';
import { pipelineNames } from '../templates-src/model/names';
import { stacksOf } from '../templates-src/model/stacks';
import { topology } from '../templates-src/topology.fixture';
import { submitTemplate } from './build/submit-template.fixture';
import { type Emulator, startEmulator } from './emulator/client';
import { checkoutForTests } from './lib/checkout.fixture';
import { madeUpId } from './lib/values.fixture';

const repository = checkoutForTests();
const names = Object.values(pipelineNames);
const { containerBuild, infrastructureDeployment, containerDeployment } = pipelineNames;
const published = ['container', 'generated/environment', 'parameters', 'lambda', 'ecs-deploy'];

const operatorsStacks = stacksOf(topology).filter(({ deployedBy }) => deployedBy === 'deploy.sh');

let work = '';
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'publish-'));
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

/** No configuration of the machine, and somebody who commits. */
const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  HOME: work,
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Somebody',
  GIT_AUTHOR_EMAIL: 'somebody@example.com',
  GIT_COMMITTER_NAME: 'Somebody',
  GIT_COMMITTER_EMAIL: 'somebody@example.com',
});

function git(folder: string, ...words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('git', ['-C', folder, ...words], {
    env: environment(),
    encoding: 'utf8',
  });
  expect(status, `git ${words.join(' ')}\n${stderr}`).toBe(0);
  return stdout.trim();
}

const source = () => join(work, 'source');
const remotes = () => join(work, 'remotes');
const bare = (name: string) => join(remotes(), name);

/** A repository with what this one would publish, and three empty remotes. */
function prepare(): void {
  mkdirSync(join(source(), 'scripts'), { recursive: true });
  for (const path of [...published, '.gitignore', 'scripts/publish-repositories.sh']) {
    cpSync(join(repository, path), join(source(), path), { recursive: true });
  }
  git(work, 'init', '--quiet', '--initial-branch', 'trunk', source());
  commitAll('First');
  for (const name of names) {
    git(work, 'init', '--quiet', '--bare', bare(name));
  }
}

function commitAll(message: string): string {
  git(source(), 'add', '--all');
  git(source(), 'commit', '--quiet', '--message', message);
  return git(source(), 'rev-parse', 'HEAD');
}

function publish(...options: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    join(source(), 'scripts', 'publish-repositories.sh'),
    ['--remote-base', remotes(), '--branch', 'main', ...options],
    { env: environment(), encoding: 'utf8' },
  );
  return { status, stdout, stderr };
}

/** Publishes, which has to succeed, and gives back what it says of each repository. */
function publishAll(...options: readonly string[]): Record<string, string> {
  const { status, stdout, stderr } = publish(...options);
  expect(status, stderr).toBe(0);
  return Object.fromEntries(
    names.map((name) => [name, (new RegExp(`^${name} +(.*)$`, 'm').exec(stdout) ?? [])[1] ?? '']),
  );
}

/** Mode, id and path of every file of a branch, the paths as `rename` gives them. */
const filesOf = (folder: string, revision: string, rename = (path: string): string | undefined => path) =>
  git(folder, 'ls-tree', '-r', revision)
    .split('\n')
    .flatMap((line) => {
      const [, entry = '', path = ''] = /^(\S+ blob \S+)\t(.*)$/.exec(line) ?? [];
      const renamed = rename(path);
      return renamed === undefined ? [] : [`${entry} ${renamed}`];
    })
    .sort();

const headOf = (name: string, branch = 'main') => git(bare(name), 'rev-parse', `refs/heads/${branch}`);
const below = (folder: string, path: string) =>
  path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : undefined;

/** A commit that somebody makes in a remote by hand. */
function commitInRemote(name: string): string {
  const clone = join(work, `clone-${name}`);
  git(work, 'clone', '--quiet', '--branch', 'main', bare(name), clone);
  writeFileSync(join(clone, 'hotfix.txt'), 'Quick!');
  git(clone, 'add', '--all');
  git(clone, 'commit', '--quiet', '--message', 'Hotfix in the console');
  git(clone, 'push', '--quiet', 'origin', 'main');
  return headOf(name);
}

describe('publishing into three empty repositories', () => {
  beforeEach(prepare);

  test('gives each exactly its files, with modes, and one commit that names its source', () => {
    const commit = git(source(), 'rev-parse', 'HEAD');
    publishAll();

    expect(filesOf(bare(containerBuild), 'main')).toEqual(
      filesOf(source(), 'HEAD', (path) => below('container', path)),
    );
    expect(filesOf(bare(infrastructureDeployment), 'main')).toEqual(
      filesOf(source(), 'HEAD', (path) =>
        /^(generated\/environment|parameters|lambda)\//.test(path) ? path : undefined,
      ),
    );
    expect(filesOf(bare(containerDeployment), 'main')).toEqual(
      filesOf(source(), 'HEAD', (path) => below('ecs-deploy', path)),
    );
    for (const name of names) {
      expect(git(bare(name), 'log', '--format=%s%n%(trailers:key=Source-Commit)', 'main')).toBe(
        `First\nSource-Commit: ${commit}`,
      );
    }
  });

  test('a second time pushes nothing', () => {
    publishAll();
    const heads = names.map((name) => headOf(name));
    expect(Object.values(publishAll())).toEqual(['up to date', 'up to date', 'up to date']);
    expect(names.map((name) => headOf(name))).toEqual(heads);
  });

  test('makes the same commits again from the same source', () => {
    publishAll();
    const heads = names.map((name) => headOf(name));
    for (const name of names) {
      git(bare(name), 'update-ref', '-d', 'refs/heads/main');
    }
    publishAll();
    expect(names.map((name) => headOf(name))).toEqual(heads);
  });

  test('changes nothing in the source, neither files nor objects nor references', () => {
    const state = () => [
      git(source(), 'status', '--porcelain', '--ignored'),
      git(source(), 'for-each-ref'),
      git(source(), 'count-objects', '-v'),
    ];
    const before = state();
    publishAll();
    expect(state()).toEqual(before);
  });

  test('with --dry-run says what it would push, and pushes nothing', () => {
    const said = publishAll('--dry-run');
    expect(said[containerDeployment]).toMatch(
      new RegExp(`^would push [0-9a-f]{12}: 4 changed files to main of ${bare(containerDeployment)}$`),
    );
    expect(names.map((name) => git(bare(name), 'for-each-ref'))).toEqual(['', '', '']);
    const pushed = publishAll()[containerDeployment];
    expect(pushed).toBe(said[containerDeployment]?.replace('would push', 'pushed'));
  });

  test('publishes only the repositories that are named', () => {
    const { status, stdout } = publish(infrastructureDeployment);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Publishing commit \w+\nInfrastructure-Deployment +pushed [^\n]+\n$/);
    expect(git(bare(infrastructureDeployment), 'rev-parse', 'main')).toMatch(/^[0-9a-f]{40}$/);
    expect(git(bare(containerBuild), 'for-each-ref')).toBe('');
    expect(git(bare(containerDeployment), 'for-each-ref')).toBe('');
  });

  test('a repository that there is not is refused as wrong usage', () => {
    const { status, stderr } = publish('Infrastructure');
    expect(status).toBe(2);
    expect(stderr).toContain("Unknown repository 'Infrastructure', expected one of ECS-Container-Build ");
  });

  test('pushes to the branch and the remotes that options name', () => {
    const elsewhere = join(work, 'elsewhere.git');
    git(work, 'init', '--quiet', '--bare', elsewhere);
    publishAll('--branch', 'release', '--remote', `${containerBuild}=${elsewhere}`);
    expect(git(elsewhere, 'rev-parse', 'release')).toMatch(/^[0-9a-f]{40}$/);
    expect(git(bare(containerBuild), 'for-each-ref')).toBe('');
    expect(headOf(containerDeployment, 'release')).toMatch(/^[0-9a-f]{40}$/);
  });
});

describe('a route without container', () => {
  beforeEach(prepare);

  test('publishes Infrastructure-Deployment alone, and names the pipelines that it does not have', () => {
    rmSync(join(source(), 'generated', 'environment', 'container-service.yaml'));
    rmSync(join(source(), 'ecs-deploy'), { recursive: true });
    commitAll('Without container');

    expect(publishAll()).toEqual({
      [containerBuild]: '',
      [infrastructureDeployment]: expect.stringMatching(/^pushed /),
      [containerDeployment]: '',
    });
    const { status, stderr } = publish(containerBuild);
    expect(status).toBe(2);
    expect(stderr).toContain(
      `'${containerBuild}' is a pipeline of the container, and templates-src/topology.ts declares none.`,
    );
  });
});

describe('publishing later work', () => {
  beforeEach(() => {
    prepare();
    publishAll();
  });

  test('adds a commit where something changed, and none elsewhere', () => {
    const before = headOf(containerBuild);
    const untouched = headOf(infrastructureDeployment);
    writeFileSync(join(source(), 'container', 'notes.txt'), 'New');
    commitAll('Second');
    const said = publishAll();
    expect(said[containerBuild]).toMatch(/^pushed [0-9a-f]{12}: 1 changed files/);
    expect(said[infrastructureDeployment]).toBe('up to date');
    expect(git(bare(containerBuild), 'rev-parse', 'main^')).toBe(before);
    expect(headOf(infrastructureDeployment)).toBe(untouched);
  });

  test('takes away what is gone from the source', () => {
    rmSync(join(source(), 'container', 'README.md'));
    commitAll('Second');
    publishAll();
    expect(git(bare(containerBuild), 'ls-tree', '--name-only', 'main').split('\n')).not.toContain('README.md');
  });

  test('is refused while something is not committed, new files too; other folders do not matter', () => {
    writeFileSync(join(source(), 'container', 'new.txt'), 'New');
    writeFileSync(join(source(), 'lambda', 'orders-api', 'index.mjs'), 'Changed');
    const { status, stderr } = publish();
    expect(status).toBe(1);
    expect(stderr).toContain('found changes that are not committed');
    expect(stderr).toContain('?? container/new.txt');
    expect(stderr).toContain('M lambda/orders-api/index.mjs');
    expect(stderr).toContain('Commit them');

    git(source(), 'checkout', '--quiet', '--', 'lambda');
    rmSync(join(source(), 'container', 'new.txt'));
    writeFileSync(join(source(), 'elsewhere.txt'), 'Not published');
    publishAll();
  });

  test('is refused when somebody committed in the remote, until told to replace that commit', () => {
    const hotfix = commitInRemote(containerDeployment);
    writeFileSync(join(source(), 'container', 'notes.txt'), 'New');
    writeFileSync(join(source(), 'ecs-deploy', 'appspec.yaml'), 'version: 0.0\n');
    commitAll('Second');
    const before = headOf(containerBuild);
    const { status, stderr } = publish();
    expect(status).toBe(1);
    expect(stderr).toContain(`${containerDeployment}: found commit ${hotfix} on main`);
    expect(stderr).toContain('Somebody, ');
    expect(stderr).toContain('Hotfix in the console');
    expect(stderr).toContain(`--replace ${hotfix}`);
    expect(headOf(containerDeployment)).toBe(hotfix);
    expect(headOf(containerBuild), 'nothing was pushed to the others either').toBe(before);

    publishAll('--replace', hotfix);
    expect(git(bare(containerDeployment), 'rev-parse', 'main^')).toBe(hotfix);
  });

  test('is refused from a commit that is behind what was published', () => {
    const first = git(source(), 'rev-parse', 'HEAD');
    writeFileSync(join(source(), 'container', 'notes.txt'), 'New');
    const second = commitAll('Second');
    publishAll();
    git(source(), 'checkout', '--quiet', first);
    const { status, stderr } = publish();
    expect(status).toBe(1);
    expect(stderr).toContain(`found what was published from commit ${second} on main`);
    expect(stderr).toMatch(/^It is newer than .* Pull, then run this again\.$/m);
    expect(stderr).not.toContain('--replace');
  });

  test('never forces: when the branch moves on at the last moment, the remote refuses', () => {
    writeFileSync(join(source(), 'ecs-deploy', 'appspec.yaml'), 'version: 0.0\n');
    commitAll('Second');
    // A remote whose branch moves between reading and pushing.
    writeFileSync(join(bare(containerDeployment), 'hooks', 'pre-receive'), '#!/bin/sh\necho "moved on" >&2\nexit 1\n', {
      mode: 0o755,
    });
    const before = headOf(containerDeployment);
    const { status, stderr } = publish();
    expect(status).toBe(1);
    expect(stderr).toContain(`${containerDeployment}: main of ${bare(containerDeployment)} did not take the commit`);
    expect(stderr).toContain('run this again');
    expect(headOf(containerDeployment)).toBe(before);
    expect(readFileSync(join(source(), 'scripts', 'publish-repositories.sh'), 'utf8')).not.toMatch(
      /push .*(--force|-f\b| \+)/,
    );
  });
});

describe('called', () => {
  const script = join(repository, 'scripts', 'publish-repositories.sh');

  test.each([
    [['--nonsense'], "Unknown option '--nonsense'"],
    [['--branch'], '--branch needs a value'],
    [['--branch', 'a..b'], "--branch is 'a..b', expected the name of a branch"],
    [['--remote', 'https://example.com'], "--remote is 'https://example.com', expected NAME=URL"],
    [
      ['--remote', 'Container=https://example.com'],
      "--remote: Unknown repository 'Container', expected one of ECS-Container-Build",
    ],
    [
      ['ECS-Container-Build-shop'],
      "Found 'ECS-Container-Build-shop', expected the name without the project: ECS-Container-Build.",
    ],
    [['--replace', 'main'], "--replace is 'main', expected the full id of a commit"],
  ])('with %j it says what is wrong and ends with 2', (options, message) => {
    const { status, stderr } = spawnSync(script, options, { env: environment(), encoding: 'utf8' });
    expect(stderr).toContain(message);
    expect(status).toBe(2);
  });

  test('with --help it prints how it is used', () => {
    const { status, stdout } = spawnSync(script, ['--help'], { env: environment(), encoding: 'utf8' });
    expect(status).toBe(0);
    for (const name of names) {
      expect(stdout).toContain(name);
    }
  });

  test('with a remote that is not there it names it and says what to do', () => {
    prepare();
    const gone = join(work, 'gone.git');
    const { status, stderr } = publish('--remote', `${containerBuild}=${gone}`);
    expect(status).toBe(1);
    expect(stderr).toContain(`${containerBuild}: found no repository at ${gone}`);
    expect(stderr).toContain('scripts/deploy.sh');
  });

  test('in a folder without a commit it says so', () => {
    prepare();
    rmSync(join(source(), '.git'), { recursive: true });
    const { status, stderr } = publish();
    expect(status).toBe(1);
    expect(stderr).toContain('found no git commit in');
  });

  test('with a wrong choice of a profile it ends with 2', () => {
    prepare();
    linkTypeScript();
    const { status, stderr } = publishToCodeCommit('--profile', 'ours');
    expect(stderr).toContain("publish-repositories.sh: --profile: found 'ours', expected ACCOUNT=PROFILE");
    expect(status).toBe(2);
  });
});

/** Puts next to what is published what the scripts of this repository run with. */
function linkTypeScript(): void {
  for (const room of ['build', 'codebuild', 'deploy', 'lib', 'parameters']) {
    cpSync(join(repository, 'scripts', room), join(source(), 'scripts', room), { recursive: true });
  }
  cpSync(join(repository, 'generated'), join(source(), 'generated'), { recursive: true });
  for (const path of ['templates-src', 'node_modules', 'tsconfig.json']) {
    symlinkSync(join(repository, path), join(source(), path));
  }
}

let emulator: Emulator | undefined;
afterAll(() => emulator?.stop());

/** Publishes to the bare repositories in place of CodeCommit's, as a user who has the emulator's profiles. */
function publishToCodeCommit(...options: readonly string[]) {
  writeFileSync(
    join(work, '.gitconfig'),
    `[url "${remotes()}/"]\n\tinsteadOf = https://git-codecommit.${region}.amazonaws.com/v1/repos/\n`,
  );
  const { status, stdout, stderr } = spawnSync(join(source(), 'scripts', 'publish-repositories.sh'), options, {
    env: { ...emulator?.environment(), ...environment(), PATH: emulator?.environment().PATH ?? process.env.PATH },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

/** Deploys what scripts/deploy.sh deploys, from the files of the source. */
async function deployAll(running: Emulator): Promise<void> {
  let keyArn = '';
  let bucket: string | undefined;
  for (const { name, account, template, parameters, feeds } of operatorsStacks) {
    const { Parameters } = JSON.parse(readFileSync(join(source(), parameters), 'utf8'));
    const all = { ...Parameters, ...Object.fromEntries(feeds.map(({ parameter }) => [parameter, keyArn])) };
    const text = readFileSync(join(source(), 'generated', `${template}.yaml`), 'utf8');
    await running.call(account, 'cloudformation', 'CreateStack', {
      StackName: name,
      ...(await submitTemplate(running, { account: 'tooling', bucket, region }, name, text)),
      Parameters: Object.entries(all).map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue })),
      Capabilities: ['CAPABILITY_NAMED_IAM'],
    });
    const { Stacks } = await running.call<{ Stacks: { Outputs?: { OutputKey: string; OutputValue: string }[] }[] }>(
      account,
      'cloudformation',
      'DescribeStacks',
      { StackName: name },
    );
    const output = (key: string) => Stacks[0]?.Outputs?.find(({ OutputKey }) => OutputKey === key)?.OutputValue;
    keyArn = output('ArtifactKeyArn') ?? keyArn;
    bucket = output('ArtifactBucketName') ?? bucket;
  }
}

/** Of all stacks of the tests. */
const region = 'eu-west-1';

describe('into CodeCommit', { timeout: 240_000 }, () => {
  const accounts = accountsOf(topology);
  const ids = Object.fromEntries(accounts.map(({ name }) => [name, madeUpId(topology, name)]));
  const tooling = operatorsStacks[0]?.name ?? '';
  const last = accounts.at(-1)?.name ?? '';
  const lastRoles = operatorsStacks.find(({ account }) => account === last)?.name ?? '';
  const profiles = accounts.flatMap(({ name }) => ['--profile', `${name}=route-to-live-${name}`]);

  test('it finds account, Region and profile as deploy.sh does, and refuses to push before what is changed is deployed', async () => {
    prepare();
    linkTypeScript();
    const running = await startEmulator({ accounts: ids, region });
    emulator = running;

    const early = publishToCodeCommit(...profiles);
    expect(early).toMatchObject({ status: 1 });
    expect(early.stdout).toContain(`account ${ids.tooling} (tooling), with the profile route-to-live-tooling\n`);
    expect(early.stderr).toContain(`  ${tooling} in tooling (${ids.tooling}): does not exist`);
    expect(names.map((name) => git(bare(name), 'for-each-ref')).join('')).toBe('');

    await deployAll(running);
    const { status, stdout, stderr } = publishToCodeCommit(...profiles);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain(
      `To CodeCommit in ${region}, account ${ids.tooling} (tooling), with the profile route-to-live-tooling\n`,
    );
    const { branch } = topology.pipelines;
    expect(stdout).toContain(
      `to ${branch} of https://git-codecommit.${region}.amazonaws.com/v1/repos/${infrastructureDeployment}`,
    );
    const heads = names.map((name) => headOf(name, branch));

    // A role changes: nothing that the pipelines publish, but something that they stand on.
    const roles = join(source(), 'generated', 'environment', 'deployment-roles.yaml');
    const text = readFileSync(roles, 'utf8');
    writeFileSync(roles, text.replace(/\n {6}RoleName: /, '\n      MaxSessionDuration: 7200$&'));
    expect(readFileSync(roles, 'utf8')).not.toBe(text);
    writeFileSync(join(source(), 'container', 'notes.txt'), 'New');
    commitAll('Second');
    const stale = publishToCodeCommit(...profiles);
    expect(stale.status).toBe(1);
    expect(stale.stderr).toMatch(
      new RegExp(`  ${lastRoles} in ${last} \\(${ids[last]}\\): Resources\\.\\w+ differs\n`),
    );
    expect(stale.stderr).not.toContain(tooling);
    expect(stale.stderr).toContain(`Deploy first:\n  scripts/deploy.sh ${profiles.join(' ')} `);
    expect(names.map((name) => headOf(name, branch))).toEqual(heads);

    // The environments cannot be seen with these profiles, which is said, and stops nothing.
    const blind = publishToCodeCommit(
      '--profile',
      'tooling=route-to-live-tooling',
      '--profile',
      `${last}=nobody`,
      '--dry-run',
    );
    expect(blind.stderr).toContain('Cannot see whether these stacks are deployed as they are checked out here:\n');
    expect(blind.stderr).toContain(
      `  ${lastRoles} in ${last} (${ids[last]}): The config profile (nobody) could not be found`,
    );

    const anyway = publishToCodeCommit(...profiles, '--without-deploying');
    expect(anyway).toMatchObject({ status: 0, stderr: '' });
    expect(headOf(containerBuild, branch)).not.toBe(heads[names.indexOf(containerBuild)]);
  });

  test('it refuses credentials of another account before it pushes', () => {
    prepare();
    linkTypeScript();
    const { status, stderr } = publishToCodeCommit('--profile', `tooling=route-to-live-${last}`);
    expect(status).toBe(1);
    expect(stderr).toContain(
      `with the profile route-to-live-${last} found account ${ids[last]}, expected ${ids.tooling}`,
    );
    expect(names.map((name) => git(bare(name), 'for-each-ref')).join('')).toBe('');
  });
});
