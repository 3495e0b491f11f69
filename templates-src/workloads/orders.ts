import { defineWorkload } from '../model/workload';

/**
 * The sample: a function takes orders and puts them on a queue, another counts them. `npm run remove-sample` takes it
 * away. A workload of your own is a file like this one, named in `workloads` of topology.ts, with a folder in `lambda/`
 * for each of its functions; after `npm run build` they have roles, log groups, triggers and parameters.
 */
export const orders = defineWorkload({
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
});
