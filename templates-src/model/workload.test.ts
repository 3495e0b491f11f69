import { describe, expect, test } from 'vitest';
import { compile } from '../dsl';
import infrastructure from '../templates/environment/infrastructure';
import { topologyWith } from '../topology.fixture';
import type { FunctionSettings } from './function-settings';
import { functionsIn, queuesIn, type Workload } from './workload';
import { workloadProblems } from './workload-problems';

const settings: FunctionSettings = {
  description: 'Sends invoices',
  runtime: 'nodejs24.x',
  handler: 'index.handler',
  memory: 128,
  timeout: 5,
  trigger: { kind: 'url' },
  environment: () => ({}),
};
const receives = (queue: string, timeout = 5): FunctionSettings => ({
  ...settings,
  timeout,
  trigger: { kind: 'queue', queue, batchSize: 1, maximumConcurrency: 2 },
});
const withFunctions = (functions: Workload['functions'], queues: Workload['queues'] = {}): Workload => ({
  queues,
  functions,
});
const dlq = { maxReceiveCount: 3 };

describe('workloads', () => {
  test.each<[string, readonly Workload[], string]>([
    [
      'a function twice',
      [withFunctions({ invoices: settings }), withFunctions({ invoices: settings })],
      "workloads[1].functions: 'invoices' has the logical id of one in workloads[0], expected a name of its own",
    ],
    [
      'names that differ in hyphens alone',
      [withFunctions({ 'a1-2': settings, 'a-12': settings })],
      "workloads[0].functions: 'a-12' has the logical id of one in workloads[0], expected a name of its own",
    ],
    [
      'a queue with capital letters',
      [withFunctions({}, { Invoices: dlq })],
      "workloads[0].queues['Invoices']: found the name 'Invoices', expected at most 47 lower-case letters, digits and single hyphens, a letter first",
    ],
    [
      'a queue with too long a name',
      [withFunctions({}, { ['q'.repeat(48)]: dlq })],
      `workloads[0].queues['${'q'.repeat(48)}']: found the name '${'q'.repeat(48)}', expected at most 47 lower-case letters, digits and single hyphens, a letter first`,
    ],
    [
      'a queue that is called like that of failed functions',
      [withFunctions({}, { function: dlq })],
      "workloads[0].queues['function']: the queue for events that functions failed on would have the same logical id",
    ],
    [
      'a queue that never gives up',
      [withFunctions({}, { invoices: { maxReceiveCount: 0 } })],
      "workloads[0].queues['invoices'].maxReceiveCount: found 0, SQS takes 1 to 1000",
    ],
    [
      'a function that receives from a queue of another workload',
      [withFunctions({}, { invoices: dlq }), withFunctions({ 'send-invoices': receives('invoices') })],
      "workloads[1].functions['send-invoices']: found the queue 'invoices', this workload has none",
    ],
    [
      'a function that sends to a queue that there is not',
      [withFunctions({ api: { ...settings, sendsTo: ['orders'] } }, { invoices: dlq })],
      "workloads[0].functions['api']: found the queue 'orders', this workload has invoices",
    ],
  ])('with %s are refused', (_, workloads, message) => {
    expect(workloadProblems(workloads, 20)).toEqual([message]);
  });

  test('without mistakes are not', () => {
    const workload = withFunctions(
      { 'send-invoices': receives('invoices'), api: { ...settings, sendsTo: ['invoices'] } },
      { invoices: dlq },
    );
    expect(workloadProblems([workload, withFunctions({ other: settings })], 20)).toEqual([]);
    expect(Object.keys(functionsIn([workload, withFunctions({ other: settings })]))).toEqual([
      ...['send-invoices', 'api', 'other'],
    ]);
    expect(queuesIn([workload, withFunctions({})])).toEqual({ invoices: dlq });
  });

  test('hide a message for six times the time-out of the slowest receiver, and as SQS does without one', () => {
    const { Resources } = compile(
      infrastructure(
        topologyWith({
          project: 'shop',
          environments: [{ name: 'live', approval: true }],
          workloads: [
            withFunctions({ slow: receives('busy', 50), quick: receives('busy', 5) }, { busy: dlq, outbox: dlq }),
          ],
        }),
      ),
    ) as { Resources: Readonly<Record<string, { readonly Properties: Readonly<Record<string, unknown>> }>> };
    expect(Resources.BusyQueue?.Properties.VisibilityTimeout).toBe(300);
    expect(Resources.OutboxQueue?.Properties.VisibilityTimeout).toBe(30);
    expect(Resources.OutboxQueue?.Properties.RedrivePolicy).toMatchObject({ maxReceiveCount: 3 });
  });
});
