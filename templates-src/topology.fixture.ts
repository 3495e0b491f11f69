import { defineTopology } from './model/define-topology';
import type { Topology, TopologyDefinition } from './model/topology';
import { container, workloads } from './workloads.fixture';

/** A topology with the container and the functions of the tests, unless it says otherwise. */
export const topologyWith = <const Name extends string>(definition: TopologyDefinition<Name>): Topology<Name> =>
  defineTopology<Name>({ container, workloads, ...definition });

/**
 * The topology of tests that need one. Never `topology.ts`: that belongs to the user who cloned this, and a test of the
 * product holds whatever it says.
 */
export const topology = topologyWith({
  project: 'route-to-live',
  environments: [
    { name: 'dev', approval: false },
    { name: 'test', approval: true },
    { name: 'prod', approval: true, production: true, plainHttp: true },
  ],
});
