import type { FunctionSettings } from './patterns/lambda-functions';

/**
 * The settings of every function: one entry for each folder of `lambda/`, under the folder's name. A new folder with an
 * entry here becomes a function with role, log group, trigger and parameters after `npm run build`.
 */
export const lambdaFunctions = {
  'order-events': {
    description: 'Counts the orders of the queue as metrics',
    runtime: 'python3.14',
    handler: 'order_events.handler',
    memory: 128,
    timeout: 10,
    trigger: { kind: 'queue', queue: ({ ordersQueue }) => ordersQueue, batchSize: 10, maximumConcurrency: 5 },
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
    environment: ({ environment, ordersQueue }) => ({ ENVIRONMENT_NAME: environment, ORDERS_QUEUE_URL: ordersQueue }),
    sendsTo: ({ ordersQueue }) => [ordersQueue],
  },
} satisfies Readonly<Record<string, FunctionSettings>>;
