import {
  AccountId,
  type HandleTo,
  type IdentityStatement,
  Partition,
  Region,
  type StringValue,
  sub,
  type Template,
} from '../../dsl';
import { pascalCase } from '../../model/function-names';
import { namesOf, type PipelineKey, pipelineNamesOf } from '../../model/names';
import type { Environment, Topology } from '../../model/topology';
import { Pipeline } from '../../resources/codepipeline';
import { type ArtifactStore, artifactAccess, artifactFolder, artifactPath } from '../shared/artifacts';
import { declareRole } from '../shared/roles';
import { trustService } from '../shared/statements';
import type { Action, Artifact } from './actions';

/** Actions that run in order, or side by side where they are in one list. */
export interface Stage {
  readonly name: string;
  readonly actions: readonly Action[];
  readonly onFailure?: 'retry' | 'rollback' | 'fail';
}

/** A stage whose actions run one after the other; a list among them runs side by side. */
export function stage(
  name: string,
  actions: readonly (Action | readonly Action[])[],
  onFailure: Stage['onFailure'] = 'fail',
): Stage {
  const inOrder = actions.flatMap((group, index) =>
    [group].flat().map((action) => ({ ...action, declaration: { ...action.declaration, RunOrder: index + 1 } })),
  );
  return { name, actions: inOrder, onFailure };
}

/** The actions of one environment, which end the stage in a way that its approval allows. */
export function environmentStage(
  { pipelines }: Topology,
  environment: Environment,
  actions: readonly (Action | readonly Action[])[],
): Stage {
  // A rejected approval fails its stage, too, and must not deploy an older execution.
  return stage(pascalCase(environment.name), actions, environment.approval ? 'fail' : pipelines.onDeploymentFailure);
}

/** A push to a branch of a connected repository that touches one of the files. */
export interface PushTrigger {
  readonly sourceAction: string;
  readonly branch: string;
  readonly files: readonly string[];
}

/**
 * Declares a pipeline with its role, which may do exactly what its actions need.
 *
 * @throws Error when an action uses an artifact that only a later action, or none, produces, or when two artifacts
 * would share a folder
 */
export function declarePipeline(
  t: Template,
  topology: Topology,
  store: ArtifactStore,
  definition: {
    readonly pipeline: PipelineKey;
    readonly stages: readonly Stage[];
    readonly trigger?: PushTrigger;
  },
): HandleTo<typeof Pipeline> {
  const names = namesOf(topology);
  const { pipeline, stages, trigger } = definition;
  const name = pipelineNamesOf(topology)[pipeline];
  checkArtifacts(name, stages);

  const role = declareRole(t, 'PipelineRole', {
    name: names.pipelineRole(pipeline),
    description: `Role of the pipeline ${name}`,
    trust: [
      trustService('codepipeline.amazonaws.com', sub`arn:${Partition}:codepipeline:${Region}:${AccountId}:${name}`),
    ],
    permissions: {
      '': joined([
        ...stages.flatMap(({ actions }) => actions.flatMap(({ permissions }) => permissions)),
        ...artifactAccess(store, {
          reads: [artifactPath(topology, pipeline)],
          writes: [artifactPath(topology, pipeline)],
        }),
        {
          Sid: 'LocateArtifactBucket',
          Effect: 'Allow',
          Action: ['s3:GetBucketLocation', 's3:GetBucketVersioning'],
          Resource: store.bucketArn,
        },
        { Sid: 'DescribeArtifactKey', Effect: 'Allow', Action: 'kms:DescribeKey', Resource: store.keyArn },
      ]),
    },
    wildcards: 'CodePipeline names artifacts by itself, in the folder of this pipeline.',
  });
  return t.resource(
    'Pipeline',
    Pipeline({
      Name: name,
      PipelineType: 'V2',
      ExecutionMode: topology.pipelines.executionMode,
      RoleArn: role.Arn,
      RestartExecutionOnUpdate: false,
      ArtifactStore: {
        Type: 'S3',
        Location: store.bucket,
        // The key's ARN: environments can't resolve an alias.
        EncryptionKey: { Type: 'KMS', Id: store.keyArn },
      },
      ...(trigger ? { Triggers: [pushTrigger(trigger)] } : {}),
      Stages: stages.map(({ name: stageName, actions, onFailure }) => ({
        Name: stageName,
        Actions: actions.map(({ declaration }) => declaration),
        ...onFailureOf(onFailure),
      })),
    }),
  );
}

const pushTrigger = ({ sourceAction, branch, files }: PushTrigger) => ({
  ProviderType: 'CodeStarSourceConnection' as const,
  GitConfiguration: {
    SourceActionName: sourceAction,
    Push: [{ Branches: { Includes: [branch] }, FilePaths: { Includes: files } }],
  },
});

function onFailureOf(choice: Stage['onFailure']) {
  switch (choice) {
    case 'retry':
      return { OnFailure: { Result: 'RETRY', RetryConfiguration: { RetryMode: 'FAILED_ACTIONS' } } } as const;
    case 'rollback':
      return { OnFailure: { Result: 'ROLLBACK' } } as const;
    default:
      return {};
  }
}

function checkArtifacts(pipeline: string, stages: readonly Stage[]): void {
  const folders = new Map<string, string>();
  for (const { output } of stages.flatMap(({ actions }) => actions)) {
    const other = output && folders.get(artifactFolder(output.name));
    if (output && other !== undefined && other !== output.name) {
      throw new Error(
        `${pipeline}: the artifacts ${other} and ${output.name} begin with the same characters, and CodePipeline would ` +
          `put both into the folder ${artifactFolder(output.name)}; rename one, or who may write one may replace the other`,
      );
    }
    if (output) {
      folders.set(artifactFolder(output.name), output.name);
    }
  }
  const produced = new Set<Artifact>();
  for (const { name, actions } of stages) {
    const runOrders = [...new Set(actions.map(({ declaration }) => declaration.RunOrder))].sort();
    for (const runOrder of runOrders) {
      const together = actions.filter(({ declaration }) => declaration.RunOrder === runOrder);
      for (const { declaration, inputs } of together) {
        const missing = inputs.find((artifact) => !produced.has(artifact));
        if (missing) {
          throw new Error(
            `${pipeline}: the action ${declaration.Name} of the stage ${name} uses the artifact ${missing.name}, ` +
              'which no earlier action produces; put its producer into an earlier stage, or earlier in this one',
          );
        }
      }
      for (const { output } of together) {
        if (output) {
          produced.add(output);
        }
      }
    }
  }
}

/** Joins statements with the same Sid: one statement with the resources of all, each named once. */
function joined(statements: readonly IdentityStatement[]): readonly IdentityStatement[] {
  const last = new Map(statements.map((statement) => [statement.Sid, statement]));
  const resources = new Map([...last.keys()].map((sid) => [sid, new Map<string, StringValue>()]));
  for (const { Sid, Resource } of statements) {
    for (const resource of [Resource].flat()) {
      resources.get(Sid)?.set(textOf(resource), resource);
    }
  }
  return [...last.values()].map((statement) => {
    const distinct = [...(resources.get(statement.Sid)?.values() ?? [])];
    const [only] = distinct;
    return {
      ...statement,
      Resource: distinct.length === 1 && only !== undefined ? only : distinct,
    } as IdentityStatement;
  });
}

const textOf = (value: StringValue) => (typeof value === 'string' ? value : JSON.stringify(value));
