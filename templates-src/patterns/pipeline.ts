import type { Environment, Topology } from '../define-topology';
import type { HandleTo } from '../dsl/intrinsics';
import {
  AccountId,
  Partition,
  type Reference,
  Region,
  type StringValue,
  type Substitution,
  sub,
} from '../dsl/intrinsics';
import type { IdentityStatement } from '../dsl/policies';
import type { Template } from '../dsl/template';
import { type Action as ActionDeclaration, Pipeline } from '../resources/codepipeline';
import { type ArtifactStore, artifactAccess, artifactFolder, artifactPath } from './artifacts';
import type { Build } from './build-project';
import { pascalCase } from './function-names';
import { namesOf, type PipelineKey, pipelineNamesOf, roleArn, type WorkloadTemplate } from './names';
import { declareRole } from './roles';
import { trustService } from './statements';

/**
 * Stages and actions of a pipeline. An action brings along the permissions that the pipeline's role needs for it, and
 * gives back the artifact it produces; an artifact can't be had otherwise, so none can be used that nobody produced.
 */

/** What an action hands on to later actions of the same execution. Only an action makes one. */
class ProducedArtifact {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  get name(): string {
    return this.#name;
  }

  /** A file in it, as CloudFormation actions name it. */
  file(path: string): string {
    return `${this.#name}::${path}`;
  }
}

/** An artifact that some action produces. */
export type Artifact = ProducedArtifact;

/** An action of a pipeline. */
export interface Action {
  readonly declaration: ActionDeclaration;
  readonly inputs: readonly Artifact[];
  readonly output?: Artifact;
  /** What the pipeline's role needs for this action; statements with the same Sid are joined. */
  readonly permissions: readonly IdentityStatement[];
}

/** An action that produces an artifact. */
export type Producer = Action & { readonly output: Artifact };

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

/** Takes something from outside into the pipeline, as the artifact `output`. */
export function takeIn(
  output: string,
  declaration: Omit<ActionDeclaration, 'InputArtifacts' | 'OutputArtifacts'>,
  permissions: readonly IdentityStatement[],
): Producer {
  return {
    declaration: { ...declaration, OutputArtifacts: [{ Name: output }] },
    inputs: [],
    output: new ProducedArtifact(output),
    permissions,
  };
}

/** How one action runs a build. */
export interface BuildRun {
  /** Variables of this action, beside those of the project. */
  readonly environment?: EnvironmentVariables;
  /** The namespace of the variables that the build exports. */
  readonly namespace?: string;
}

/** Runs a CodeBuild project on the artifacts that it was declared for. */
export function buildWith(name: string, build: Build<string>, run?: BuildRun): Producer;
export function buildWith(name: string, build: Build, run?: BuildRun): Action;
export function buildWith(
  name: string,
  { project, inputs, output }: Build,
  { environment, namespace }: BuildRun = {},
): Action {
  const artifact = output === undefined ? undefined : new ProducedArtifact(output);
  return {
    declaration: {
      Name: name,
      ...(namespace === undefined ? {} : { Namespace: namespace }),
      ActionTypeId: { Category: 'Build', Owner: 'AWS', Provider: 'CodeBuild', Version: '1' },
      Configuration: {
        ProjectName: project,
        ...(inputs.length > 1 ? { PrimarySource: inputs[0].name } : {}),
        ...(environment ? { EnvironmentVariables: variables(environment) } : {}),
      },
      InputArtifacts: inputs.map((input) => ({ Name: input.name })),
      ...(artifact ? { OutputArtifacts: [{ Name: artifact.name }] } : {}),
    },
    inputs,
    ...(artifact ? { output: artifact } : {}),
    permissions: [
      {
        Sid: 'RunBuilds',
        Effect: 'Allow',
        Action: ['codebuild:BatchGetBuilds', 'codebuild:StartBuild'],
        Resource: [project.Arn],
      },
    ],
  };
}

/** Plain variables of one build; never secrets. */
export type EnvironmentVariables = Readonly<Record<string, string | Reference | Substitution>>;

/** The JSON that an action's configuration wants. */
function variables(environment: EnvironmentVariables): StringValue {
  const entries = Object.entries(environment).map(([name, value]) => sub`{"name":"${name}","value":"${value}"}`);
  const joined = entries.reduce((all, entry) => sub`${all},${entry}`);
  return sub`[${joined}]`;
}

/** Waits until somebody has approved; the message says what is under review. */
export function approve(
  { pipelines }: Topology,
  topic: StringValue & (Reference | Substitution),
  { name, message, link }: { readonly name: string; readonly message: string; readonly link: StringValue },
): Action {
  return {
    declaration: {
      Name: name,
      ActionTypeId: { Category: 'Approval', Owner: 'AWS', Provider: 'Manual', Version: '1' },
      Configuration: { NotificationArn: topic, CustomData: message, ExternalEntityLink: link },
      TimeoutInMinutes: pipelines.approvalTimeoutInMinutes,
    },
    inputs: [],
    permissions: [{ Sid: 'AskForApproval', Effect: 'Allow', Action: 'sns:Publish', Resource: [topic] }],
  };
}

/** An environment, and the parameter that holds its account id. */
export interface DeploymentTarget {
  readonly environment: Environment;
  readonly account: Reference;
}

/** What CloudFormation does to a stack in another account. */
export interface StackDeployment {
  readonly target: DeploymentTarget;
  /** Template below `environment/`, without extension; also what the stack is named after. */
  readonly template: WorkloadTemplate;
  /** Holds the templates, and the parameters of each stack. */
  readonly source: Artifact;
}

/** The change set that an approver looks at. */
export const changeSetName = 'pipeline';

/**
 * Deploys a stack through a role that is assumed in the target's account; CloudFormation creates the resources with
 * the execution role of the same account.
 *
 * @param mode `CREATE_UPDATE` deploys, `CHANGE_SET_REPLACE` only prepares and `CHANGE_SET_EXECUTE` does what was
 * prepared; executing a change set without changes succeeds
 */
export function deployStack(
  topology: Topology,
  mode: 'CREATE_UPDATE' | 'CHANGE_SET_REPLACE' | 'CHANGE_SET_EXECUTE',
  { target, template, source }: StackDeployment,
): Action {
  const names = namesOf(topology);
  const { environment, account } = target;
  const actionRole = roleArn(account, names.cloudFormationActionRole(environment.name));
  const verb = { CREATE_UPDATE: 'Deploy', CHANGE_SET_REPLACE: 'Prepare', CHANGE_SET_EXECUTE: 'Execute' }[mode];
  const executes = mode === 'CHANGE_SET_EXECUTE';
  return {
    declaration: {
      Name: `${verb}-${template}`,
      ActionTypeId: { Category: 'Deploy', Owner: 'AWS', Provider: 'CloudFormation', Version: '1' },
      Configuration: {
        ActionMode: mode,
        StackName: `${topology.project}-${environment.name}-${template}`,
        ...(mode === 'CREATE_UPDATE' ? {} : { ChangeSetName: changeSetName }),
        ...(executes
          ? {}
          : {
              TemplatePath: source.file(`generated/environment/${template}.yaml`),
              TemplateConfiguration: source.file(`configuration/${environment.name}/${template}.json`),
              Capabilities: 'CAPABILITY_NAMED_IAM',
              RoleArn: roleArn(account, names.executionRole(environment.name, template)),
            }),
      },
      ...(executes ? {} : { InputArtifacts: [{ Name: source.name }] }),
      RoleArn: actionRole,
    },
    inputs: executes ? [] : [source],
    permissions: [assume(actionRole)],
  };
}

/** Where a blue/green deployment takes the image, the task definition and the appspec from. */
export interface BlueGreenDeployment {
  readonly target: DeploymentTarget;
  /** Holds `taskdef-<environment>.json` and `appspec.yaml`. */
  readonly definitions: Artifact;
  /** Holds `imageDetail.json`, which names the image by digest. */
  readonly image: Artifact;
}

/** Deploys an image with CodeDeploy, blue/green, through a role that is assumed in the target's account. */
export function blueGreen(topology: Topology, { target, definitions, image }: BlueGreenDeployment): Action {
  const names = namesOf(topology);
  const { environment, account } = target;
  const actionRole = roleArn(account, names.codeDeployActionRole(environment.name));
  return {
    declaration: {
      Name: 'Deploy',
      ActionTypeId: { Category: 'Deploy', Owner: 'AWS', Provider: 'CodeDeployToECS', Version: '1' },
      Configuration: {
        ApplicationName: names.containerApplication(environment.name),
        DeploymentGroupName: names.containerDeploymentGroup(environment.name),
        AppSpecTemplateArtifact: definitions.name,
        AppSpecTemplatePath: 'appspec.yaml',
        TaskDefinitionTemplateArtifact: definitions.name,
        TaskDefinitionTemplatePath: `taskdef-${environment.name}.json`,
        Image1ArtifactName: image.name,
        Image1ContainerName: imagePlaceholder,
      },
      InputArtifacts: [{ Name: definitions.name }, { Name: image.name }],
      RoleArn: actionRole,
    },
    inputs: [definitions, image],
    permissions: [assume(actionRole)],
  };
}

/** What stands for the image in a task definition, between `<` and `>`. */
export const imagePlaceholder = 'IMAGE1_NAME';

const assume = (role: StringValue): IdentityStatement => ({
  Sid: 'ActInEnvironments',
  Effect: 'Allow',
  Action: 'sts:AssumeRole',
  Resource: [role],
});

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
  const produced = new Set<ProducedArtifact>();
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
