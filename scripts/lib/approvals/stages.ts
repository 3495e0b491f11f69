import { type Environment, type Topology, toolingAccount } from '../../../templates-src/define-topology';
import { pascalCase } from '../../../templates-src/patterns/function-names';
import type { ResolvedRoute } from '../resolve/resolve-route';
import type { Resource, ValueMap } from '../resolve/resolve-stack';

/** An action of a deployed pipeline. */
export interface PlacedAction {
  readonly pipeline: Resource;
  readonly stage: string;
  /** Counts the stages of its pipeline from 0 on. */
  readonly place: number;
  readonly name: string;
  readonly provider: string;
  readonly configuration: Readonly<Record<string, string>>;
  readonly inputs: readonly string[];
}

const list = (value: unknown) => (value ?? []) as readonly ValueMap[];
const names = (value: unknown) => list(value).map(({ Name }) => String(Name));

/** The resources of the tooling account. */
export const toolingResources = ({ stacks }: ResolvedRoute): readonly Resource[] =>
  [...stacks.values()]
    .filter(({ stack }) => stack.account === toolingAccount)
    .flatMap(({ resources }) => [...resources.values()]);

/** The actions of all pipelines, in their order. */
export const actionsOf = (route: ResolvedRoute): readonly PlacedAction[] =>
  toolingResources(route)
    .filter(({ type }) => type === 'AWS::CodePipeline::Pipeline')
    .flatMap((pipeline) =>
      list(pipeline.properties.Stages).flatMap(({ Name, Actions }, place) =>
        list(Actions).map(
          (action): PlacedAction => ({
            pipeline,
            stage: String(Name),
            place,
            name: String(action.Name),
            provider: String((action.ActionTypeId as ValueMap).Provider),
            configuration: (action.Configuration ?? {}) as Readonly<Record<string, string>>,
            inputs: names(action.InputArtifacts),
          }),
        ),
      ),
    );

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
