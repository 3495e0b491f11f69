import type { Topology } from '../define-topology';
import { AccountId, Partition, type Reference, Region, type StringValue, sub } from '../dsl/intrinsics';
import { policy, type ResourceStatement } from '../dsl/policies';
import { retained } from '../dsl/resources';
import { suppressed } from '../dsl/suppressions';
import type { Template } from '../dsl/template';
import { Alarm } from '../resources/cloudwatch';
import { Queue, QueuePolicy } from '../resources/sqs';
import { namesOf } from './names';
import { isFoundByName } from './suppressions';

/** Seconds of 14 days, the longest that SQS keeps a message. */
const longestRetention = 1_209_600;

/** What queues take from their template. */
export interface QueueSettings {
  /** The parameter that holds the environment's name. */
  readonly environment: Reference;
  /** ARN of the key. */
  readonly key: Reference;
  /** ARN of the topic that alarms tell. */
  readonly alarmTopic: StringValue;
}

/**
 * Declares the queue of orders, with a queue for the messages that can't be processed, and the queue for events that
 * functions failed on. An alarm tells when something is in one of the latter two, because nobody looks there by chance.
 *
 * @param visibilityTimeout seconds for which a message is hidden while it is processed: six times the time-out of the
 *   function that receives it (Lambda's guide), or slow runs get their own messages again
 */
export function declareQueues(t: Template, topology: Topology, settings: QueueSettings, visibilityTimeout: number) {
  const { environment, key, alarmTopic } = settings;
  const names = namesOf(topology);
  const queueName = (name: string) => sub`${names.environmentPrefix(environment)}${name}`;
  const ordersName = queueName('orders');

  const { OrdersDeadLetterQueue, FunctionDeadLetterQueue } = t.resources({
    OrdersDeadLetterQueue: retained(
      Queue({
        QueueName: queueName('orders-dead-letters'),
        KmsMasterKeyId: key,
        MessageRetentionPeriod: longestRetention,
        RedriveAllowPolicy: {
          redrivePermission: 'byQueue',
          sourceQueueArns: [sub`arn:${Partition}:sqs:${Region}:${AccountId}:${ordersName}`],
        },
      }),
    ),
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
  const { OrdersQueue } = t.resources({
    OrdersQueue: retained(
      Queue({
        QueueName: ordersName,
        KmsMasterKeyId: key,
        // Shorter than in the dead-letter queue: a message keeps its age when it moves there.
        MessageRetentionPeriod: longestRetention / 2,
        VisibilityTimeout: visibilityTimeout,
        RedrivePolicy: { deadLetterTargetArn: OrdersDeadLetterQueue.Arn, maxReceiveCount: 5 },
      }),
    ),
  });
  for (const [id, queue] of Object.entries({ OrdersQueue, OrdersDeadLetterQueue, FunctionDeadLetterQueue })) {
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
  for (const [id, queue] of Object.entries({ OrdersDeadLetterQueue, FunctionDeadLetterQueue })) {
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
  return { OrdersQueue, FunctionDeadLetterQueue };
}
