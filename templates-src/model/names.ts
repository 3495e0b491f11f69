import { AccountId, Partition, type Reference, Region, type Substitution, sub } from '../dsl';
import type { Topology } from './topology';

/**
 * Every name that more than one template, script or account has to agree on. Roles that other accounts trust or admit
 * have fixed names, because a policy must not name a role that might not exist yet (aws-facts.md, "Principals"), so it
 * admits an account and narrows it by the role's name.
 */

/** The three pipelines, as scripts and documents call them whatever the project. */
export const pipelineNames = {
  containerBuild: 'ECS-Container-Build',
  infrastructureDeployment: 'Infrastructure-Deployment',
  containerDeployment: 'ECS-Container-Deployment',
} as const;

/** One of the three pipelines. */
export type PipelineKey = keyof typeof pipelineNames;

/** The project of this repository as it comes. */
const plainProject = 'route-to-live';

/**
 * The names of the pipelines in AWS; each has a repository of the same name. Those of other projects than this
 * repository's end in the project, so that several routes fit into one tooling account.
 *
 * The project stands last because CodePipeline names the folder of a pipeline's artifacts after the first 20 characters
 * of its name, and roles are kept apart by these folders.
 */
export function pipelineNamesOf({ project }: Pick<Topology, 'project'>): Readonly<Record<PipelineKey, string>> {
  const suffix = project === plainProject ? '' : `-${project}`;
  const { containerBuild, infrastructureDeployment, containerDeployment } = pipelineNames;
  return {
    containerBuild: `${containerBuild}${suffix}`,
    infrastructureDeployment: `${infrastructureDeployment}${suffix}`,
    containerDeployment: `${containerDeployment}${suffix}`,
  };
}

/** The pipelines that a route has, in the order in which they are first deployed. */
export const pipelinesOf = ({ container }: Pick<Topology, 'container'>): readonly PipelineKey[] =>
  container === undefined
    ? ['infrastructureDeployment']
    : ['containerBuild', 'infrastructureDeployment', 'containerDeployment'];

/** The templates of an environment that Infrastructure-Deployment deploys, in order. */
export const workloadTemplates = ({ container }: Pick<Topology, 'container'>): readonly WorkloadTemplate[] =>
  container === undefined ? ['infrastructure'] : ['infrastructure', 'container-service'];

/** A template of an environment that Infrastructure-Deployment deploys. */
export type WorkloadTemplate = 'infrastructure' | 'container-service';

/** The templates of an environment that the operator deploys, in order: who may do what there. */
export const operatorTemplates = ['deployment-roles', 'service-roles'] as const;

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** A value that is known when the template is written (`dev`), or when it is deployed (`!Ref EnvironmentName`). */
type Named = string | Reference;

/** The names of one project. */
export const namesOf = ({ project }: Topology) => ({
  keyAlias: `alias/${project}-artifacts`,
  imageRepository: `${project}-container`,
  topic: `${project}-approvals-and-failures`,
  /** Approvals, failures and alarms; alarms of the environments name it in the tooling account. */
  topicArn: (account: Reference = AccountId) =>
    sub`arn:${Partition}:sns:${Region}:${account}:${project}-approvals-and-failures`,

  /** Buckets of the tooling account: their names are the same for all of AWS, so they hold account and Region. */
  artifactBucket: (account: Reference = AccountId) => sub`${project}-artifacts-${account}-${Region}`,
  packageBucket: (account: Reference = AccountId) => sub`${project}-packages-${account}-${Region}`,
  accessLogBucket: () => sub`${project}-access-logs-${AccountId}-${Region}`,

  /** Stacks of an environment. */
  environmentStack: (environment: Named, template: string) => sub`${project}-${environment}-${template}`,
  /** What every name in an environment starts with. */
  environmentPrefix: (environment: Named) => sub`${project}-${environment}-`,

  /** CodeBuild projects, and their roles. */
  buildProject: (name: string) => `${project}-${name}`,
  buildRole: (name: string) => `${project}-${name}-build`,
  /** The project that builds images; tags of images are the ids of its builds. */
  imageBuild: 'build-image',
  /** Those that write artifacts, by what they write. */
  zipsBuild: 'package-lambdas',
  packageBuild: 'publish-packages',
  verifiedBuild: 'verify-deployment',
  /** The project that updates the functions of an environment; that environment trusts its role, and no other does. */
  updateLambdasBuild: (environment: string) => `update-lambdas-${environment}`,
  updateLambdasRole: (environment: Named) => sub`${project}-update-lambdas-${environment}-build`,

  /** The project that reviews what is deployed to an environment; that environment lets its role look at it. */
  reviewBuild: (environment: string) => `review-${environment}`,
  reviewBuildRole: (environment: Named) => sub`${project}-review-${environment}-build`,
  /** The same for what is deployed to its container. */
  reviewContainerBuild: (environment: string) => `review-container-${environment}`,
  reviewContainerBuildRole: (environment: Named) => sub`${project}-review-container-${environment}-build`,

  /** The role of people who approve. */
  approverRole: `${project}-approver`,
  /** The policy that keeps everybody else from it; it is attached by its name. */
  notApproverPolicy: `${project}-not-approver`,
  /** The action that waits for them, in every stage that has one. */
  approval: 'Approve',

  /** Roles of pipelines, by the pipeline; environments trust those that deploy. */
  pipelineRole: (pipeline: PipelineKey) => `${project}-${kebab(pipeline)}-pipeline`,

  /** Rules of EventBridge; the topic admits those whose names begin with that of a failure rule. */
  startRule: (pipeline: PipelineKey, event: string) => `${project}-${kebab(pipeline)}-${event}`,
  failureRule: (pipeline: PipelineKey) => `${project}-${kebab(pipeline)}-failure`,
  stackFailureRule: (pipeline: PipelineKey, environment: string) =>
    `${project}-${kebab(pipeline)}-failure-${environment}`,

  /** The parameter of Systems Manager that has the commit that an environment runs. */
  commitRecord: (environment: Named) => sub`/${project}/${environment}/deployed-commit`,

  /** The cluster; the service in it is called as the application is. */
  containerCluster: (environment: Named) => sub`${project}-${environment}-cluster`,
  /** The application and the deployment group of CodeDeploy that ECS-Container-Deployment deploys with. */
  containerApplication: (environment: Named) => sub`${project}-${environment}-container`,
  containerDeploymentGroup: (environment: Named) => sub`${project}-${environment}-container`,

  /** Roles of an environment that the tooling account's resources admit. */
  cloudFormationActionRole: (environment: Named) => sub`${project}-${environment}-cloudformation-action`,
  codeDeployActionRole: (environment: Named) => sub`${project}-${environment}-codedeploy-action`,
  /** The role that CloudFormation takes on for a stack. */
  executionRole: (environment: Named, template: WorkloadTemplate) =>
    sub`${project}-${environment}-${template === 'infrastructure' ? 'cloudformation' : template}-execution`,
  reviewRole: (environment: Named) => sub`${project}-${environment}-review`,
  containerReviewRole: (environment: Named) => sub`${project}-${environment}-container-review`,
  viewerRole: (environment: Named) => sub`${project}-${environment}-viewer`,
  lambdaUpdateRole: (environment: Named) => sub`${project}-${environment}-lambda-update`,

  /** Roles that services take on for what the environment runs; templates of the pipeline pass them on. */
  taskExecutionRole: (environment: Named) => sub`${project}-${environment}-task-execution`,
  codeDeployRole: (environment: Named) => sub`${project}-${environment}-codedeploy-service`,
  flowLogRole: (environment: Named) => sub`${project}-${environment}-flow-logs`,

  /** Roles of the code that an environment runs: its own templates create them, each under the boundary of its purpose. */
  functionRole: (environment: Named, folder: string) => sub`${project}-${environment}-workload-function-${folder}`,
  functionBoundary: (environment: Named) => sub`${project}-${environment}-boundary-function`,
  taskRole: (environment: Named) => sub`${project}-${environment}-workload-container-task`,
  taskBoundary: (environment: Named) => sub`${project}-${environment}-boundary-task`,
});

/** The names of a project, as functions and constants. */
export type Names = ReturnType<typeof namesOf>;

/** ARN of a role of an account, which need not exist. */
export const roleArn = (account: Reference, name: string | Substitution) =>
  sub`arn:${Partition}:iam::${account}:role/${name}`;

/** ARN of an account's root: as a principal it stands for the whole account, so it needs a condition beside it. */
export const accountRoot = (account: Reference) => sub`arn:${Partition}:iam::${account}:root`;

/** ARN of a bucket, or of what lies below a path in it. */
export const bucketArn = (name: Reference | Substitution) => sub`arn:${Partition}:s3:::${name}`;

/** ARN of what this account has of a service in this Region. */
export const regionalArn = (service: string, resource: string | Substitution) =>
  sub`arn:${Partition}:${service}:${Region}:${AccountId}:${resource}`;
