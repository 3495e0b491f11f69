import { buildScriptsFolder } from '../../../templates-src/model/build-scripts';
import { functionsIn } from '../../../templates-src/model/workload';
import { artifactFolder } from '../../../templates-src/patterns/shared/artifacts';
import { committedCodeTag } from '../../../templates-src/patterns/tooling/build-project';
import type { ResolvedRoute } from '../../lib/resolve/resolve-route';
import type { Resource, ValueMap } from '../../lib/resolve/resolve-stack';
import { type Approved, actionsOf, stageOf, toolingResources } from './stages';

/** Something that an environment stands on. */
export interface Target {
  readonly arn: string;
  /** As CloudFormation calls it; of objects in buckets, `AWS::S3::Object`. */
  readonly type: string;
  /** What becomes of it: `read by Deploy-infrastructure of Prod`. */
  readonly use: string;
  /** The service whose settings are meant, where no ARN names what changes. */
  readonly settingsOf?: string;
}

/**
 * What an environment behind an approval runs, reads and is decided by: everything in its account, and of the tooling
 * account all but what a commit is meant to change: the repositories, and the builds that run what it says.
 */
export function targetsOf(route: ResolvedRoute, of: Approved): readonly Target[] {
  return [...ownTargets(route, of), ...toolingTargets(route), ...artifactTargets(route, of), ...storedTargets(route)];
}

/** Everything in the environment's account. */
export function ownTargets(route: ResolvedRoute, { environment: { name } }: Approved): Target[] {
  return [...route.stacks.values()]
    .filter(({ stack }) => stack.account === name)
    .flatMap(({ stack, accountId, region, resources }) => [
      stackTarget(stack.name, accountId, region, `a stack of ${name}`),
      ...[...resources.values()].flatMap((resource) => resourceTargets(resource, `part of ${name}`)),
    ]);
}

function toolingTargets(route: ResolvedRoute): Target[] {
  const resources = toolingResources(route);
  const committed = resources.filter(
    ({ type, properties }) =>
      type === 'AWS::CodeBuild::Project' &&
      ((properties.Tags ?? []) as readonly ValueMap[]).some(({ Key }) => Key === committedCodeTag),
  );
  // What such a build prints is a commit's own to say; nobody decides by it.
  const ownLogs = committed.map(({ properties }) => `/aws/codebuild/${properties.Name}`);
  const stacks = [...route.stacks.values()].filter(({ stack }) => stack.account === resources[0]?.stack.account);
  return [
    ...stacks.map(({ stack, accountId, region }) =>
      stackTarget(stack.name, accountId, region, 'a stack of the tooling account'),
    ),
    // What isn't there yet: who can make a role or a policy in this account needs none of those that are.
    ...['role', 'policy'].map((kind) => ({
      arn: `arn:aws:iam::${resources[0]?.accountId}:${kind}/any-new-one`,
      type: `AWS::IAM::${kind === 'role' ? 'Role' : 'ManagedPolicy'}`,
      use: `a new ${kind} of the tooling account`,
    })),
    ...resources
      .filter(({ type }) => type !== 'AWS::CodeCommit::Repository')
      .filter(({ properties }) => !ownLogs.includes(String(properties.LogGroupName)))
      .flatMap((resource) => [
        ...resourceTargets(resource, 'part of the tooling account'),
        ...(resource.type === 'AWS::CodePipeline::Pipeline' ? stagesAndActions(resource) : []),
      ]),
  ];
}

/** Approvals are given, and stages retried, on ARNs of their own. */
function stagesAndActions({ ids, properties }: Resource): Target[] {
  return ((properties.Stages ?? []) as readonly ValueMap[]).flatMap(({ Name, Actions }) => {
    const stage = `${ids.arn}/${Name}`;
    return [
      { arn: stage, type: 'AWS::CodePipeline::Stage', use: `the stage ${Name}` },
      ...((Actions ?? []) as readonly ValueMap[]).map((action) => ({
        arn: `${stage}/${action.Name}`,
        type: 'AWS::CodePipeline::Action',
        use: `the action ${action.Name} of the stage ${Name}`,
      })),
    ];
  });
}

/** The artifacts that the stages behind the approval read. CodePipeline reads them by their key: who writes there replaces. */
function artifactTargets(route: ResolvedRoute, { environment, approvedFor }: Approved): Target[] {
  const actions = actionsOf(route);
  const places = new Map(
    actions.map(({ pipeline, stage, place }) => [`${pipeline.logicalId} ${pipeline.stack.name} ${stage}`, place]),
  );
  return actions.flatMap(({ pipeline, stage, place, name, inputs }) => {
    const place0 = places.get(`${pipeline.logicalId} ${pipeline.stack.name} ${stageOf(approvedFor)}`);
    const placeN = places.get(`${pipeline.logicalId} ${pipeline.stack.name} ${stageOf(environment)}`);
    if (place0 === undefined || placeN === undefined || place < place0 || place > placeN) {
      return [];
    }
    const { Location } = pipeline.properties.ArtifactStore as ValueMap;
    const object = (artifact: string, use: string): Target => ({
      arn: `arn:aws:s3:::${Location}/${String(pipeline.properties.Name).slice(0, 20)}/${artifactFolder(artifact)}/AbCdEfG`,
      type: 'AWS::S3::Object',
      use: `the artifact ${artifact}, ${use}`,
    });
    const own = actions.filter((action) => action.pipeline === pipeline);
    return inputs.flatMap((artifact) => [
      object(artifact, `read by ${name} of ${stage}`),
      // And what it is made of, as far as that isn't made by a build, which may run what a commit says.
      ...own
        .filter(({ outputs }) => outputs.includes(artifact))
        .flatMap((maker) => maker.inputs.map((input) => [maker, input] as const))
        .filter(([, input]) => own.some(({ provider, outputs }) => provider !== 'CodeBuild' && outputs.includes(input)))
        .map(([maker, input]) => object(input, `of which ${maker.name} makes ${artifact}`)),
    ]);
  });
}

/** Packages, and the scripts of builds. */
function storedTargets(route: ResolvedRoute): Target[] {
  const bucket = toolingResources(route).find(({ logicalId }) => logicalId === 'PackageBucket');
  const hash = '0'.repeat(64);
  return [
    ...['any-function', ...Object.keys(functionsIn(route.topology.workloads))].map((name) => ({
      arn: `${bucket?.ids.arn}/${name}/${hash}.zip`,
      type: 'AWS::S3::Object',
      use: 'the package of a function',
    })),
    {
      arn: `${bucket?.ids.arn}/${buildScriptsFolder}/${hash}.tar.gz`,
      type: 'AWS::S3::Object',
      use: 'the scripts that builds run',
    },
  ];
}

function resourceTargets({ ids, type, logicalId }: Resource, use: string): Target[] {
  return ids.arn === undefined
    ? []
    : [
        { arn: ids.arn, type, use: `${logicalId}, ${use}` },
        ...(type === 'AWS::S3::Bucket'
          ? [{ arn: `${ids.arn}/any/object`, type: 'AWS::S3::Object', use: `what lies in ${logicalId}, ${use}` }]
          : []),
      ];
}

const stackTarget = (name: string, accountId: string, region: string, use: string): Target => ({
  arn: `arn:aws:cloudformation:${region}:${accountId}:stack/${name}/0a1b2c3d-4e5f-6a7b-8c9d-0e1f2a3b4c5d`,
  type: 'AWS::CloudFormation::Stack',
  use,
});

/** The settings of an account, of each service that has one of the targets: they apply to all that is there. */
export const settingTargets = (targets: readonly Target[]): readonly Target[] =>
  [...new Set(targets.map(({ arn }) => arn.split(':')[2] ?? ''))].map((service) => ({
    arn: '*',
    type: 'Account',
    use: `the settings of ${service} in the tooling account`,
    settingsOf: service,
  }));
