import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pascalCase } from '../../templates-src/model/function-names';
import { namesOf, pipelineNamesOf } from '../../templates-src/model/names';
import { partitionOf } from '../../templates-src/model/region';
import { type Topology, toolingAccount } from '../../templates-src/model/topology';
import { assumeRole, type Cloud, putObject, type Session } from './cloud';
import type { ArtifactLocation, Execution } from './pipeline';
import { git, type Repositories } from './repositories';
import type { Route } from './route';
import { readVersions } from './summary';

/** What a hostile commit tries, once the route has run well: each attempt has to end where it should. */

/** What attacks work with. */
export interface Target {
  readonly cloud: Cloud;
  readonly route: Route;
  readonly repositories: Repositories;
  readonly topology: Topology;
  /** For files that go when the rehearsal ends. */
  readonly folder: string;
}

/** One thing that an attack tried. */
export interface Attempt {
  /** Completes "it ...": `replaces the package of orders-api`. */
  readonly tries: string;
  /** How it ended, in words. */
  readonly ended: string;
  /** Whether it got nowhere. */
  readonly isHeld: boolean;
}

/** An attack, and what it is about. */
export interface Attack {
  readonly title: string;
  readonly run: (target: Target) => Promise<readonly Attempt[]>;
}

/** The attacks by name. */
export const attacks: Readonly<Record<string, Attack>> = {
  'poisoned-package': {
    title: 'Code of a commit runs in the build that installs what functions depend on, and goes for packages',
    run: poisonPackages,
  },
  'replaced-artifact': {
    title: 'Code of a commit runs in a build, and goes for artifacts that wait for an approval, and for environments',
    run: replaceArtifacts,
  },
  'changed-script': {
    title: 'A commit brings its own scripts for the builds, and a template that the checks refuse',
    run: changeScripts,
  },
  'own-image': {
    title: 'A commit names an image of its own in a task definition',
    run: nameOwnImage,
  },
  'image-under-latest': {
    title: 'Code of a commit pushes an image of its own as latest',
    run: pushImage,
  },
};

/** Calls of one kind, each with the name of what it is made on. */
type Calls = readonly (readonly [on: string, call: () => Promise<unknown>])[];

/** Tries calls of one kind, each of which AWS has to deny: one attempt, which names those that it does not deny. */
async function denied(tries: string, calls: Calls): Promise<Attempt> {
  const undenied: string[] = [];
  for (const [on, call] of calls) {
    try {
      await call();
      undenied.push(`${on}: AWS allows it`);
    } catch (error) {
      const { message } = error as Error;
      // Only a denial counts: what fails for another reason might work next time.
      if (!/AccessDenied|is not authorized|explicit deny/.test(message)) {
        undenied.push(`${on}: it fails, but is not denied: ${message}`);
      }
    }
  }
  const isHeld = undenied.length === 0 && calls.length > 0;
  const ended = calls.length === 0 ? 'found nothing to try it on' : `denied, all ${calls.length}`;
  return { tries, ended: undenied.length > 0 ? undenied.join('; ') : ended, isHeld };
}

/** The session that a build has: what code in it can do. */
function buildSession({ cloud, topology }: Target, build: string): Promise<Session> {
  const { region, accounts } = cloud;
  const account = accounts[toolingAccount] ?? '';
  const names = namesOf(topology);
  const partition = partitionOf(region);
  const service = {
    service: 'codebuild.amazonaws.com',
    sourceAccount: account,
    sourceArn: `arn:${partition}:codebuild:${region}:${account}:project/${names.buildProject(build)}`,
  } as const;
  const role = `arn:${partition}:iam::${account}:role/${names.buildRole(build)}`;
  return assumeRole(cloud, service, role, `attack-${randomUUID()}`);
}

/** The builds in which code of commits runs, as far as the route has them. */
const hostileBuilds = ({ topology }: Target): readonly string[] => [
  'package-lambdas',
  ...(topology.container === undefined ? [] : [namesOf(topology).imageBuild]),
];

const bucketOf = ({ cloud, topology }: Target, kind: 'artifacts' | 'packages') =>
  `${topology.project}-${kind}-${cloud.accounts[toolingAccount]}-${cloud.region}`;

const poison = Buffer.from('poison');

async function poisonPackages(target: Target): Promise<readonly Attempt[]> {
  const { cloud } = target;
  const session = await buildSession(target, 'package-lambdas');
  const Bucket = bucketOf(target, 'packages');
  const { Contents = [] } = await cloud.emulator.call<{ Contents?: readonly { Key: string }[] }>(
    toolingAccount,
    's3',
    'ListObjectsV2',
    { Bucket },
  );
  const stored = Contents.map(({ Key }) => Key);
  const ahead = `any-function/${createHash('sha256').update('of a commit to come').digest('hex')}.zip`;
  const put = (Key: string, more: object = {}) =>
    session.call('s3', 'PutObject', { Bucket, Key, Body: 'poison', ...more });
  return [
    await denied(
      'replaces what is there',
      stored.map((key) => [key, () => put(key)]),
    ),
    await denied(
      'deletes what is there, to put something else in its place',
      stored.map((key) => [key, () => session.call('s3', 'DeleteObject', { Bucket, Key: key })]),
    ),
    await denied('places a package ahead of the commit that will have its hash', [
      [ahead, () => put(ahead, { IfNoneMatch: '*' })],
    ]),
  ];
}

async function replaceArtifacts(target: Target): Promise<readonly Attempt[]> {
  const { cloud, route, topology } = target;
  const partition = partitionOf(cloud.region);
  const attempts: Attempt[] = [];
  for (const build of hostileBuilds(target)) {
    const session = await buildSession(target, build);
    const roles = await Promise.all(
      Object.entries(cloud.accounts).map(async ([account, id]) => {
        const { Roles } = await cloud.emulator.call<{ Roles: readonly { RoleName: string }[] }>(
          account,
          'iam',
          'ListRoles',
        );
        return Roles.filter(({ RoleName }) => RoleName.startsWith(topology.project)).map(
          ({ RoleName }) => `arn:${partition}:iam::${id}:role/${RoleName}`,
        );
      }),
    );
    const { pipelines } = await cloud.emulator.call<{ pipelines: readonly { name: string }[] }>(
      toolingAccount,
      'codepipeline',
      'ListPipelines',
    );
    attempts.push(
      await denied(
        `${build}: replaces an artifact that is read behind an approval`,
        readAfterApproval(route).map(({ artifact, pipeline, location }) => [
          `${artifact} of ${pipeline}`,
          () => putObject(cloud, session, location, poison, undefined),
        ]),
      ),
      await denied(
        `${build}: becomes a role of the route`,
        roles.flat().map((arn) => [arn, () => assumeRole(cloud, session, arn, 'attack')]),
      ),
      await denied(
        `${build}: starts a pipeline with a commit of its choice`,
        pipelines.map(({ name }) => [
          name,
          () => session.authorize('codepipeline', 'StartPipelineExecution', { name }),
        ]),
      ),
    );
  }
  return attempts;
}

/** Artifacts of the last executions that actions of environments read, where they lie. */
function readAfterApproval(
  route: Route,
): readonly { readonly artifact: string; readonly pipeline: string; readonly location: ArtifactLocation }[] {
  const newest = new Map(route.executions.map((execution) => [execution.pipeline, execution]));
  return [...newest.values()].flatMap(({ pipeline, artifacts }) => {
    const stages = route.pipeline(pipeline)?.definition.stages ?? [];
    const inputs = stages.flatMap(({ actions }) =>
      actions
        .filter(({ actionTypeId }) => actionTypeId.category === 'Deploy')
        .flatMap(({ inputArtifacts }) => inputArtifacts.map(({ name }) => name)),
    );
    return [...new Set(inputs)].flatMap((artifact) => {
      const location = artifacts.get(artifact);
      return location === undefined ? [] : [{ artifact, pipeline, location }];
    });
  });
}

/** Commits files to a repository, as somebody would who may push to it; the commit is taken back when it has ended. */
async function commit(
  { repositories, route, topology, folder }: Target,
  pipeline: string,
  change: (checkout: string) => Promise<void>,
): Promise<Execution> {
  const name = route.repositoryOf(pipeline);
  const checkout = join(folder, `attack-${randomUUID()}`);
  const { branch } = topology.pipelines;
  const { id: before } = await repositories.head(name, branch);
  await git(['clone', '--quiet', '--branch', branch, repositories.path(name), checkout]);
  await change(checkout);
  await git(['add', '--all', '--force'], {}, checkout);
  const person = ['-c', 'user.name=Mallory', '-c', 'user.email=mallory@example.com'];
  await git([...person, 'commit', '--quiet', '--message', 'Fix a typo'], {}, checkout);
  await git(['push', '--quiet', 'origin', branch], {}, checkout);
  await rm(checkout, { recursive: true });
  const started = await route.seeCommits([name]);
  const execution = started.find((it) => it.pipeline === pipeline);
  if (execution === undefined) {
    throw new Error(`Nothing started ${pipeline} when its repository was pushed to.`);
  }
  await execution.finished;
  await route.settle();
  await git(['update-ref', `refs/heads/${branch}`, before], { GIT_DIR: repositories.path(name) });
  // Nobody publishes again for that.
  await repositories.changes([name]);
  return execution;
}

/** What runs in all environments, as text: equal before and after when nothing got there. */
async function state({ cloud, topology }: Target, environments = topology.environments): Promise<string> {
  const versions = await Promise.all(
    environments.map(({ name }) => readVersions(cloud, name, `${topology.project}-${name}-`)),
  );
  return JSON.stringify(versions.map(({ functions, images }) => [[...functions], [...images]]));
}

async function changeScripts(target: Target): Promise<readonly Attempt[]> {
  const before = await state(target);
  const { infrastructureDeployment } = pipelineNamesOf(target.topology);
  const execution = await commit(target, infrastructureDeployment, async (checkout) => {
    for (const script of ['check-templates.sh', 'package-lambdas.sh', 'publish-packages.sh', 'update-lambdas.sh']) {
      const path = join(checkout, 'scripts', 'codebuild', script);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, '#!/usr/bin/env bash\nexit 0\n');
    }
    const template = join(checkout, 'generated', 'environment', 'infrastructure.yaml');
    const text = await readFile(template, 'utf8');
    await writeFile(template, text.replace(/^Resources:\n/m, 'Resources:\n  Open:\n    Type: AWS::S3::Buckets\n'));
  });
  const reached = (await state(target)) !== before;
  return [
    {
      tries: 'gets past the checks with its own check-templates.sh',
      ended: `${execution.status.toLowerCase()}, ${reached ? 'and reached an environment' : 'before any environment'}`,
      isHeld: execution.status === 'Failed' && !reached,
    },
  ];
}

async function nameOwnImage(target: Target): Promise<readonly Attempt[]> {
  const { topology } = target;
  if (topology.container === undefined) {
    return [];
  }
  const before = await state(target);
  const { containerDeployment } = pipelineNamesOf(topology);
  const execution = await commit(target, containerDeployment, async (checkout) => {
    for (const { name } of topology.environments) {
      const path = join(checkout, `taskdef-${name}.json`);
      const text = await readFile(path, 'utf8');
      await writeFile(path, text.replace('<IMAGE1_NAME>', 'public.ecr.aws/mallory/image:latest'));
    }
  });
  const reached = (await state(target)) !== before;
  return [
    {
      tries: 'has its own image deployed',
      ended: `${execution.status.toLowerCase()}, ${reached ? 'and reached an environment' : 'before any environment'}`,
      isHeld: execution.status === 'Failed' && !reached,
    },
  ];
}

async function pushImage(target: Target): Promise<readonly Attempt[]> {
  const { route, topology } = target;
  if (topology.container === undefined) {
    return [];
  }
  const session = await buildSession(target, namesOf(topology).imageBuild);
  const repositoryName = namesOf(topology).imageRepository;
  const first = topology.environments.findIndex(({ approval }) => approval);
  const behind = first < 0 ? [] : topology.environments.slice(first);
  const before = await state(target, behind);
  const { imageDetails } = await target.cloud.emulator.call<{
    imageDetails: readonly { imageDigest: string; imageTags?: readonly string[] }[];
  }>(toolingAccount, 'ecr', 'DescribeImages', { repositoryName });
  const imageManifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: `sha256:${'e'.repeat(64)}`, size: 2 },
    layers: [],
  });
  const deletion = await denied(
    'deletes images, to have environments run none or another',
    imageDetails.map(({ imageDigest }) => [
      imageDigest,
      () => session.call('ecr', 'BatchDeleteImage', { repositoryName, imageIds: [{ imageDigest }] }),
    ]),
  );
  await session.call('ecr', 'PutImage', { repositoryName, imageManifest, imageTag: 'latest' });
  const count = route.executions.length;
  await route.seeImages();
  const [execution] = route.executions.slice(count);
  await execution?.finished;
  await route.settle();
  const reached = (await state(target, behind)) !== before;
  const stage = behind[0] === undefined ? 'the end' : `the approval of ${pascalCase(behind[0].name)}`;
  return [
    deletion,
    {
      tries: 'has an image that nobody approved run behind an approval',
      ended: reached ? 'it runs there' : `it got as far as ${stage}, where it was rejected`,
      isHeld: !reached && execution?.status === 'Failed',
    },
  ];
}
