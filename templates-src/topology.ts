import { defineTopology } from './model/define-topology';
import { orders } from './workloads/orders';

/**
 * The one typed place for the structure of the route to live: which environments there are, in which order a change
 * travels through them, where somebody has to approve, and what runs in them. Which stacks that makes is in `stacks.ts`.
 *
 * Values (account ids, sizes, addresses) live in `parameters/`, never here. To add, rename or remove an environment,
 * edit `environments` and run `npm run configure`, which brings the files there to it; to change the order, reorder the
 * entries.
 */
export const topology = defineTopology({
  project: 'route-to-live',
  environments: [
    { name: 'dev', approval: false },
    { name: 'test', approval: true },
    // Plain HTTP until parameters/prod/container-service.json names a certificate: then remove plainHttp.
    { name: 'prod', approval: true, production: true, plainHttp: true },
  ],
  // Without it, this is a route of Lambda functions alone.
  container: { name: 'quote-service', port: 8080, healthCheckPath: '/health' },
  workloads: [orders],
});
