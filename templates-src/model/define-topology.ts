import type { PipelineChoices, Topology, TopologyDefinition } from './topology';
import { topologyProblems } from './topology-problems';

const defaultChoices: PipelineChoices = {
  source: 'codecommit',
  branch: 'main',
  executionMode: 'SUPERSEDED',
  approvalTimeoutInMinutes: 7 * 24 * 60,
  onBuildFailure: 'retry',
  onDeploymentFailure: 'fail',
  approvers: 'email',
};

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
