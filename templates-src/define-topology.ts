import type { Container } from './container-task';
import type { Workload } from './define-workload';
import { pascalCase } from './patterns/function-names';
import { topologyProblems } from './topology-problems';

/** An account of the environment chain, as it is declared in the topology. */
export interface Environment<Name extends string = string> {
  /** Lower-case, 2 to 12 letters or digits; part of every stack, role and function name in that account. */
  readonly name: Name;
  /** Whether somebody has to approve before a pipeline deploys to this environment. */
  readonly approval: boolean;
  /** `destroy.sh` asks for a flag of its own before it touches this environment. */
  readonly production?: boolean;
  /**
   * Says out loud that clients speak plain HTTP with the container of an environment of production; without it, such an
   * environment has to have a certificate.
   */
  readonly plainHttp?: boolean;
  /** The account this environment shares. Without it every environment must have an account of its own. */
  readonly sharesAccountWith?: NoInfer<Name> | 'tooling';
}

/** How the pipelines behave; what a topology leaves out has these defaults. */
export interface PipelineChoices {
  /**
   * Where the pipelines take their source from: a CodeCommit repository of the same name as the pipeline, which the
   * template makes (default), or a connection to GitHub, GitLab or Bitbucket.
   */
  readonly source: 'codecommit' | 'connection';
  /** Branch whose commits start the pipelines; `main` by default. */
  readonly branch: string;
  /**
   * What becomes of an execution that meets an older one on its way. `SUPERSEDED` (default): the newest one that waits
   * before a stage replaces the others there; one that is inside a stage, waiting for approval, finishes. `QUEUED`:
   * each waits its turn, and each is approved. `PARALLEL` is not a choice: two executions could deploy to one
   * environment at the same time, and the older one last.
   */
  readonly executionMode: 'QUEUED' | 'SUPERSEDED';
  /** Minutes until an approval that nobody answered is rejected: 5 to 86,400; 7 days by default. */
  readonly approvalTimeoutInMinutes: number;
  /**
   * Whether a stage that builds (not one that checks) is tried once more when it fails: networks fail (`retry`, the
   * default), checks stay red.
   */
  readonly onBuildFailure: 'retry' | 'fail';
  /**
   * What follows a failed deployment. CloudFormation and CodeDeploy roll back by themselves, so the default is `fail`.
   * `rollback` also deploys the last successful execution again, but only to environments without approval: a rejected
   * approval fails its stage too, and must not deploy anything.
   */
  readonly onDeploymentFailure: 'rollback' | 'fail';
  /** How the approvers' address, a value in `parameters/tooling/artifact-store.json`, gets its messages. */
  readonly approvers: 'email' | 'email-json';
}

const defaultChoices: PipelineChoices = {
  source: 'codecommit',
  branch: 'main',
  executionMode: 'SUPERSEDED',
  approvalTimeoutInMinutes: 7 * 24 * 60,
  onBuildFailure: 'retry',
  onDeploymentFailure: 'fail',
  approvers: 'email',
};

/** The structure that templates, parameter files, scripts and proofs are derived from. */
export interface Topology<Name extends string = string> {
  /** Lower-case letters, digits and hyphens, at most 16 characters; prefix of the names of roles, buckets and stacks. */
  readonly project: string;
  /** In the order in which a change travels through them. */
  readonly environments: readonly Environment<Name>[];
  readonly pipelines: PipelineChoices;
  /**
   * The container that runs in every environment behind a load balancer. Without it this is a route of Lambda functions
   * alone: the pipelines ECS-Container-Build and ECS-Container-Deployment, the network, the load balancer and the image
   * repository are not made.
   */
  readonly container?: Container;
  /** Lambda functions and queues that run in every environment. */
  readonly workloads: readonly Workload[];
}

/** What `topology.ts` declares: a topology in which every choice with a default may be left out. */
export interface TopologyDefinition<Name extends string> extends Omit<Topology<Name>, 'pipelines' | 'workloads'> {
  readonly pipelines?: Partial<PipelineChoices>;
  readonly workloads?: readonly Workload[];
}

/** The account that owns pipelines, artifacts and images. */
export const toolingAccount = 'tooling';

/** A parameter whose value is an output of a stack that is deployed earlier; `deploy.sh` passes it on. */
export interface Feed {
  readonly parameter: string;
  readonly stack: string;
  readonly output: string;
}

/** One CloudFormation stack: a template, in an account, with a file of parameters. */
export interface Stack {
  readonly name: string;
  /** Path below `templates-src/templates` and below `generated`, without extension. */
  readonly template: string;
  /** `tooling` or the name of an environment. */
  readonly account: string;
  /** Path of the file that holds its parameters. */
  readonly parameters: string;
  /** Parameters that are not in the file because an earlier stack knows them. */
  readonly feeds: readonly Feed[];
  /** Parameters that are not in the file because the pipeline passes them: the keys of packages of this execution. */
  readonly passedByPipeline?: readonly string[];
  /** Who deploys it: the operator with `scripts/deploy.sh`, or a pipeline. */
  readonly deployedBy: 'deploy.sh' | 'pipeline';
}

/**
 * Whether `deploy.sh` puts a template that is too large for a request into a bucket first: those of the tooling account
 * whose stacks come after the one that makes the bucket.
 *
 * @param template as in `Stack`
 */
export const isUploadedWhenLarge = (template: string) =>
  template.startsWith('tooling/') && template !== 'tooling/artifact-store';

/** Templates that only a route with a container has. */
const containerTemplates = [
  'tooling/container-build-pipeline',
  'tooling/container-deployment-pipeline',
  'environment/container-service',
];

/**
 * Whether a route has stacks of a template.
 *
 * @param template as in `Stack`
 */
export const needsTemplate = (topology: Topology, template: string) => !unneededTemplates(topology).includes(template);

/** The templates that a route has no stacks of. */
export const unneededTemplates = ({ container }: Topology): readonly string[] =>
  container === undefined ? containerTemplates : [];

/** The parameters of a stack that its file must not hold. */
export const notInFile = ({ feeds, passedByPipeline = [] }: Stack): readonly string[] => [
  ...feeds.map(({ parameter }) => parameter),
  ...passedByPipeline,
];

/**
 * Checks a topology and gives it back with the literal types of its environment names, so that naming an environment
 * it doesn't know is a compile error.
 *
 * @throws Error that lists everything in it that AWS or this project can't use.
 */
export function defineTopology<const Name extends string>(definition: TopologyDefinition<Name>): Topology<Name> {
  const problems = topologyProblems(definition);
  if (problems.length > 0) {
    throw new Error(`templates-src/topology.ts:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
  const { pipelines, workloads = [] } = definition;
  return { ...definition, pipelines: { ...defaultChoices, ...pipelines }, workloads };
}

/** `dev` -> `DevAccountId`: the parameter that holds an environment's account id in templates of the tooling account. */
export function accountIdParameter({ name }: Environment): string {
  return `${pascalCase(name)}AccountId`;
}
