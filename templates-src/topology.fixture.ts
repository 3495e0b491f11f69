import { defineTopology } from './define-topology';
import { container, workloads } from './workloads.fixture';

/**
 * The topology of tests that need one. Never `topology.ts`: that belongs to whoever cloned this, and a test of the
 * product holds whatever it says.
 */
export const topology = defineTopology({
  project: 'route-to-live',
  environments: [
    { name: 'dev', approval: false },
    { name: 'test', approval: true },
    { name: 'prod', approval: true, production: true },
  ],
  container,
  workloads,
});
