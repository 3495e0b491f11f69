import type { Container } from './container';
import { pascalCase } from './function-names';
import type { Workload } from './workload';

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

/** `dev` -> `DevAccountId`: the parameter that holds an environment's account id in templates of the tooling account. */
export function accountIdParameter({ name }: Environment): string {
  return `${pascalCase(name)}AccountId`;
}
