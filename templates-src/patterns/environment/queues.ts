import {
  AccountId,
  Partition,
  policy,
  type Reference,
  Region,
  type ResourceStatement,
  retained,
  type StringValue,
  sub,
  suppressed,
  type Template,
} from '../../dsl';
import { pascalCase } from '../../model/function-names';
import { namesOf } from '../../model/names';
import type { Topology } from '../../model/topology';
import { functionsIn, queuesIn } from '../../model/workload';
import { Alarm } from '../../resources/cloudwatch';
import { Queue, QueuePolicy } from '../../resources/sqs';
import { isFoundByName } from '../shared/suppressions';
import type { QueueHandle } from './lambda-functions';

/** Seconds of 14 days, the longest that SQS keeps a message. */
const longestRetention = 1_209_600;

/** What queues take from their template. */
export interface QueueSurroundings {
  /** The parameter that holds the environment's name. */
  readonly environment: Reference;
  /** ARN of the key. */
  readonly key: Reference;
  /** ARN of the topic that alarms tell. */
  readonly alarmTopic: StringValue;
}

/** Seconds for which SQS hides a message unless told otherwise. */
const defaultVisibilityTimeout = 30;

/**
 * Declares the queues of all workloads, each with a queue for the messages that can't be processed, and the queue for
 * events that functions failed on. An alarm tells when something is in one of the latter two, because nobody looks there
 * by chance.
 */
export function declareQueues(t: Template, topology: Topology, settings: QueueSurroundings) {
  const { environment, key, alarmTopic } = settings;
  const { workloads } = topology;
  const queueName = (name: string) => sub`${namesOf(topology).environmentPrefix(environment)}${name}`;
  const declared = Object.entries(queuesIn(workloads)).map(([name, { maxReceiveCount }]) => ({
    id: `${pascalCase(name)}Queue`,
    name,
    maxReceiveCount,
    deadLetters: t.resource(
      `${pascalCase(name)}DeadLetterQueue`,
      retained(
        Queue({
          QueueName: queueName(`${name}-dead-letters`),
          KmsMasterKeyId: key,
          MessageRetentionPeriod: longestRetention,
          RedriveAllowPolicy: {
            redrivePermission: 'byQueue',
            sourceQueueArns: [sub`arn:${Partition}:sqs:${Region}:${AccountId}:${queueName(name)}`],
          },
        }),
      ),
    ),
  }));
  const { FunctionDeadLetterQueue } = t.resources({
    FunctionDeadLetterQueue: suppressed(
      retained(
        Queue({
          QueueName: queueName('function-dead-letters'),
          KmsMasterKeyId: key,
          MessageRetentionPeriod: longestRetention,
        }),
      ),
      {
        reason: 'It is a dead-letter queue, of functions: the rule knows only those of other queues.',
        guard: ['CT.SQS.PR.1'],
      },
    ),
  });
  const queues = declared.map(({ id, name, maxReceiveCount, deadLetters }) => ({
    id,
    name,
    queue: t.resource(
      id,
      retained(
        Queue({
          QueueName: queueName(name),
          KmsMasterKeyId: key,
          // Shorter than in the dead-letter queue: a message keeps its age when it moves there.
          MessageRetentionPeriod: longestRetention / 2,
          VisibilityTimeout: visibilityTimeout(topology, name),
          RedrivePolicy: { deadLetterTargetArn: deadLetters.Arn, maxReceiveCount },
        }),
      ),
    ),
  }));
  const deadLetterQueues = [
    ...declared.map(({ name, deadLetters }) => ({ id: `${pascalCase(name)}DeadLetterQueue`, queue: deadLetters })),
    { id: 'FunctionDeadLetterQueue', queue: FunctionDeadLetterQueue },
  ];
  for (const { id, queue } of [...queues, ...deadLetterQueues]) {
    t.resource(
      `${id}Policy`,
      QueuePolicy({
        Queues: [queue],
        PolicyDocument: policy<ResourceStatement>({
          Sid: 'DenyInsecureTransport',
          Effect: 'Deny',
          Principal: '*',
          Action: 'sqs:*',
          Resource: queue.Arn,
          Condition: { Bool: { 'aws:SecureTransport': false } },
        }),
      }),
    );
  }
  for (const { id, queue } of deadLetterQueues) {
    t.resource(
      `${id}Alarm`,
      suppressed(
        Alarm({
          AlarmName: sub`${queue.QueueName}-not-empty`,
          AlarmDescription: 'Something failed for good and lies in this queue',
          Namespace: 'AWS/SQS',
          MetricName: 'ApproximateNumberOfMessagesVisible',
          Dimensions: [{ Name: 'QueueName', Value: queue.QueueName }],
          Statistic: 'Maximum',
          Period: 300,
          EvaluationPeriods: 1,
          ComparisonOperator: 'GreaterThanThreshold',
          Threshold: 0,
          TreatMissingData: 'notBreaching',
          AlarmActions: [alarmTopic],
        }),
        isFoundByName,
      ),
    );
  }
  const byName = new Map(queues.map(({ name, queue }) => [name, queue]));
  return {
    FunctionDeadLetterQueue,
    /** A queue, by its name in the workload; `defineTopology` makes sure that there is one. */
    queue: (name: string) => byName.get(name) as QueueHandle,
  };
}

/**
 * Seconds for which a message is hidden while it is processed: six times the time-out of the slowest function that
 * receives it (Lambda's guide), or slow runs get their own messages again.
 */
function visibilityTimeout({ workloads }: Topology, queue: string): number {
  const receivers = Object.values(functionsIn(workloads)).filter(
    ({ trigger }) => trigger.kind === 'queue' && trigger.queue === queue,
  );
  return receivers.length === 0 ? defaultVisibilityTimeout : 6 * Math.max(...receivers.map(({ timeout }) => timeout));
}
