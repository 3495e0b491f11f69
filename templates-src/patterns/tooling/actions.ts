import {
  type HandleTo,
  type IdentityStatement,
  type Reference,
  type StringValue,
  type Substitution,
  sub,
} from '../../dsl';
import { imagePlaceholder } from '../../model/container';
import { namesOf, roleArn, type WorkloadTemplate } from '../../model/names';
import type { Environment, Topology } from '../../model/topology';
import type { Project } from '../../resources/codebuild';
import type { Action as ActionDeclaration } from '../../resources/codepipeline';

/**
 * Actions of a pipeline. An action carries the permissions that the pipeline's role needs for it, and
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

/** A declared project, with the artifacts that its role may read and write. */
export interface Build<Output extends string | undefined = string | undefined> {
  readonly project: HandleTo<typeof Project>;
  /** What it works on, and what besides. */
  readonly inputs: readonly [Artifact, ...Artifact[]];
  /** Name of the artifact that it leaves behind. */
  readonly output: Output;
}

/** Takes something from outside into the pipeline, as the artifact `output`. */
export function sourceAction(
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

const assume = (role: StringValue): IdentityStatement => ({
  Sid: 'ActInEnvironments',
  Effect: 'Allow',
  Action: 'sts:AssumeRole',
  Resource: [role],
});
