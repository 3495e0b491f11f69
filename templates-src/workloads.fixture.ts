import type { Container } from './model/container';
import { defineWorkload } from './model/workload';

/**
 * What runs in the environments of tests: a container, a function that an address calls and that sends to a queue, and
 * one that receives from it. Never what belongs to the user who cloned this.
 */

export const workloads = [
  defineWorkload({
    queues: { orders: { maxReceiveCount: 5 } },
    functions: {
      'order-events': {
        description: 'Counts the orders of the queue as metrics',
        runtime: 'python3.14',
        handler: 'order_events.handler',
        memory: 128,
        timeout: 10,
        trigger: { kind: 'queue', queue: 'orders', batchSize: 10, maximumConcurrency: 5 },
        environment: ({ project, environment }) => ({
          ENVIRONMENT_NAME: environment,
          METRICS_NAMESPACE: `${project}/orders`,
        }),
      },
      'orders-api': {
        description: 'Takes orders over HTTP and puts them on the queue',
        runtime: 'nodejs24.x',
        handler: 'index.handler',
        memory: 256,
        timeout: 10,
        trigger: { kind: 'url' },
        environment: ({ environment, queueUrl }) => ({
          ENVIRONMENT_NAME: environment,
          ORDERS_QUEUE_URL: queueUrl('orders'),
        }),
        sendsTo: ['orders'],
      },
    },
  }),
];

export const container: Container = { name: 'web', port: 8080, healthCheckPath: '/health' };
