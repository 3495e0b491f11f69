import { pascalCase } from '../../../templates-src/model/function-names';
import { type Environment, type Topology, toolingAccount } from '../../../templates-src/model/topology';
import type { ResolvedRoute } from '../../lib/resolve/resolve-route';
import type { Resource, ValueMap } from '../../lib/resolve/resolve-stack';

/** An action of a deployed pipeline. */
export interface PlacedAction {
  readonly pipeline: Resource;
  readonly stage: string;
  /** Counts the stages of its pipeline from 0 on. */
  readonly place: number;
  readonly name: string;
  readonly provider: string;
  readonly configuration: Readonly<Record<string, string>>;
  /** The role that the pipeline assumes for it. */
  readonly roleArn: string | undefined;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

const list = (value: unknown) => (value ?? []) as readonly ValueMap[];
const names = (value: unknown) => list(value).map(({ Name }) => String(Name));

/** The resources of the tooling account. */
export const toolingResources = ({ stacks }: ResolvedRoute): readonly Resource[] =>
  [...stacks.values()]
    .filter(({ stack }) => stack.account === toolingAccount)
    .flatMap(({ resources }) => [...resources.values()]);

/** The actions of all pipelines, in the order in which they run. */
export const actionsOf = (route: ResolvedRoute): readonly PlacedAction[] =>
  toolingResources(route)
    .filter(({ type }) => type === 'AWS::CodePipeline::Pipeline')
    .flatMap((pipeline) =>
      list(pipeline.properties.Stages).flatMap(({ Name, Actions }, place) =>
        inOrder(list(Actions)).map(
          (action): PlacedAction => ({
            pipeline,
            stage: String(Name),
            place,
            name: String(action.Name),
            provider: String((action.ActionTypeId as ValueMap).Provider),
            configuration: (action.Configuration ?? {}) as Readonly<Record<string, string>>,
            roleArn: action.RoleArn === undefined ? undefined : String(action.RoleArn),
            inputs: names(action.InputArtifacts),
            outputs: names(action.OutputArtifacts),
          }),
        ),
      ),
    );

const inOrder = (actions: readonly ValueMap[]) =>
  [...actions].sort((one, other) => Number(one.RunOrder ?? 1) - Number(other.RunOrder ?? 1));

/** What runs before an approval, in every pipeline that has a stage of the environment; all of it, where none is asked for. */
export function actionsBefore(route: ResolvedRoute, { environment, approvedFor }: Approved): readonly PlacedAction[] {
  const all = actionsOf(route);
  return [...new Set(all.map(({ pipeline }) => pipeline))].flatMap((pipeline) => {
    const own = all.filter((action) => action.pipeline === pipeline);
    if (!own.some(({ stage }) => stage === stageOf(environment))) {
      return [];
    }
    const approval = own.findIndex(({ stage, provider }) => stage === stageOf(approvedFor) && provider === 'Manual');
    return approval < 0 ? own : own.slice(0, approval);
  });
}

/** An environment that nothing reaches without an approval, and the last one on the way to it. */
export interface Approved {
  readonly environment: Environment;
  /** The environment whose approval it is, which is the environment itself where that has one. */
  readonly approvedFor: Environment;
  /** Those that a commit reaches before it. */
  readonly before: readonly Environment[];
}

/** The environments behind an approval. */
export function approvedEnvironments({ environments }: Topology): readonly Approved[] {
  return environments.flatMap((environment, index) => {
    const last = environments.slice(0, index + 1).findLastIndex(({ approval }) => approval);
    const approvedFor = environments[last];
    return approvedFor === undefined ? [] : [{ environment, approvedFor, before: environments.slice(0, last) }];
  });
}

/** What the stage of an environment is called. */
export const stageOf = ({ name }: Environment) => pascalCase(name);
