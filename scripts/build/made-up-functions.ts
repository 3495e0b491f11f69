import type { FunctionSettings } from '../../templates-src/model/function-settings';
import type { Topology } from '../../templates-src/model/topology';
import { defineWorkload, functionsIn, type Workload } from '../../templates-src/model/workload';
import infrastructure from '../../templates-src/templates/environment/infrastructure';
import { type ResolvedRoute, type RouteSource, resolveRoute } from '../lib/resolve/resolve-route';
import { parseTemplate, type TemplateDocument } from '../lib/template/document';
import { generate } from './build';

/**
 * The execution role may create functions of every kind before there is one: the first function must not need an
 * operator who deploys roles again. So that the proof shows what these permissions are for, and that they go no further,
 * it looks at a made-up function of each kind that the workloads don't have.
 */

/** What the names of made-up functions begin with. */
export const madeUpPrefix = 'made-up-';

const madeUp = (trigger: FunctionSettings['trigger'], queues: Workload['queues'] = {}): Workload =>
  defineWorkload({
    queues,
    functions: {
      [`${madeUpPrefix}${trigger.kind}`]: {
        description: 'Of the proof alone',
        runtime: 'nodejs24.x',
        handler: 'index.handler',
        memory: 128,
        timeout: 10,
        trigger,
        environment: () => ({}),
      },
    },
  });

const ofKind: Readonly<Record<FunctionSettings['trigger']['kind'], Workload>> = {
  url: madeUp({ kind: 'url' }),
  queue: madeUp(
    { kind: 'queue', queue: 'made-up', batchSize: 10, maximumConcurrency: 2 },
    { 'made-up': { maxReceiveCount: 5 } },
  ),
};

const infrastructurePath = 'environment/infrastructure';

/** A workload with a function of each kind that a topology has none of; empty when it has all. */
export function madeUpFunctions({ workloads }: Topology): readonly Workload[] {
  const kinds = new Set(Object.values(functionsIn(workloads)).map(({ trigger }) => trigger.kind));
  return Object.entries(ofKind)
    .filter(([kind]) => !kinds.has(kind as keyof typeof ofKind))
    .map(([, workload]) => workload);
}

/**
 * Resolves a route for the proof: with what `madeUpFunctions` adds.
 *
 * @throws ResolutionError with everything that can't be resolved
 */
export function resolveForProof(topology: Topology, source: RouteSource): ResolvedRoute {
  const added = madeUpFunctions(topology);
  if (added.length === 0) {
    return resolveRoute(topology, source);
  }
  const path = infrastructurePath;
  const yaml = generate({ path, make: infrastructure }, { ...topology, workloads: added });
  const more = parseTemplate(yaml, `${path}.yaml`);
  const extended = { ...topology, workloads: [...topology.workloads, ...added] };
  return resolveRoute(extended, source, (of, document) => (of === path ? withAll(document, more) : document));
}

/** A template with what another has more. */
const withAll = (document: TemplateDocument, more: TemplateDocument): TemplateDocument => ({
  Parameters: { ...document.Parameters, ...without(more.Parameters, document.Parameters) },
  Mappings: { ...document.Mappings, ...without(more.Mappings, document.Mappings) },
  Conditions: { ...document.Conditions, ...without(more.Conditions, document.Conditions) },
  Resources: { ...document.Resources, ...without(more.Resources, document.Resources) },
  Outputs: { ...document.Outputs, ...without(more.Outputs, document.Outputs) },
});

const without = <Value>(
  values: Readonly<Record<string, Value>>,
  others: Readonly<Record<string, Value>>,
): Readonly<Record<string, Value>> =>
  Object.fromEntries(Object.entries(values).filter(([key]) => !Object.hasOwn(others, key)));
