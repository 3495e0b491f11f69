import type { FunctionSettings } from './function-settings';
import { defineWorkload } from './workload';

/** Compiled by `npm run typecheck`: each mistake has to be an error where it is expected. */

const settings = {
  description: 'Sends invoices',
  runtime: 'nodejs24.x',
  handler: 'index.handler',
  memory: 128,
  timeout: 5,
} as const satisfies Partial<FunctionSettings>;

defineWorkload({
  queues: { invoices: { maxReceiveCount: 5 } },
  functions: {
    'send-invoices': {
      ...settings,
      trigger: { kind: 'queue', queue: 'invoices', batchSize: 10, maximumConcurrency: 2 },
      environment: ({ queueUrl }) => ({ QUEUE: queueUrl('invoices') }),
      sendsTo: ['invoices'],
    },
    misspelt: {
      ...settings,
      // @ts-expect-error a queue that the workload does not have
      trigger: { kind: 'queue', queue: 'invoice', batchSize: 10, maximumConcurrency: 2 },
      // @ts-expect-error a queue that the workload does not have
      environment: ({ queueUrl }) => ({ QUEUE: queueUrl('invoice') }),
      // @ts-expect-error a queue that the workload does not have
      sendsTo: ['invoice'],
    },
  },
});
