import { pipelineNamesOf } from '../../templates-src/model/names';
import type { Topology } from '../../templates-src/model/topology';
import type { RehearsalOptions } from './options';
import type { ActionRun, Execution } from './pipeline';
import { type ActionName, checkStage, findAction, findPipeline, type PipelineNames } from './route-names';

/** What is to be run, and how far. */
export interface Plan {
  /** Pipelines whose outcome counts. */
  readonly rehearsed: ReadonlySet<string>;
  /** Those, and what they cannot do without. */
  readonly run: ReadonlySet<string>;
  readonly until: (pipeline: string) => string | undefined;
  readonly failAt?: ActionName;
}

/**
 * Which pipelines to run, and how far.
 *
 * @param names those of the route, which need not be all that a topology can have
 * @throws NameError when an option names something that does not exist
 */
export function planFor(
  topology: Topology,
  { only, until, failAt }: RehearsalOptions,
  names: readonly PipelineNames[],
): Plan {
  const { containerBuild, infrastructureDeployment, containerDeployment } = pipelineNamesOf(topology);
  const chosen = only === undefined ? names : [findPipeline(names, only)];
  if (until !== undefined) {
    checkStage(chosen, until);
  }
  const action = failAt === undefined ? undefined : findAction(chosen, failAt);
  const ends = (name: string) =>
    chosen.some(({ pipeline, stages }) => pipeline === name && stages.slice(0, -1).some((it) => it.name === until));
  // ECS-Container-Deployment deploys what ECS-Container-Build has pushed into what Infrastructure-Deployment has made.
  const possible =
    only !== undefined || (!ends(containerBuild) && (!ends(infrastructureDeployment) || ends(containerDeployment)));
  const rehearsed = new Set(
    chosen.map(({ pipeline }) => pipeline).filter((name) => name !== containerDeployment || possible),
  );
  return {
    rehearsed,
    run: rehearsed.has(containerDeployment) ? new Set(names.map(({ pipeline }) => pipeline)) : rehearsed,
    until: (name) => (ends(name) ? until : undefined),
    ...(action === undefined ? {} : { failAt: action }),
  };
}

/** Whether an action is the one of that name. */
export const isAt = ({ pipeline, stage, action }: ActionRun, at: ActionName | undefined) =>
  at !== undefined && pipeline.name === at.pipeline && stage === at.stage && action.name === at.action;

/** Whether an execution went as far as it was to go. */
export const isWell = (execution: Execution | undefined) =>
  execution?.status === 'Succeeded' || execution?.status === 'Stopped';

/** What keeps a rehearsal from having gone well: pipelines that failed, and what AWS would have denied. */
export const problemsOf = (failed: readonly string[], denials: number): readonly string[] => [
  ...failed,
  ...(denials > 0 ? [`AWS would have denied ${denials === 1 ? 'a call' : `${denials} calls`} (see IAM)`] : []),
];
