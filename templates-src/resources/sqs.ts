import type { QueueProperties } from 'cloudform-types/types/sqs/queue';
import type { QueuePolicyProperties } from 'cloudform-types/types/sqs/queuePolicy';
import { type Policy, type ResourceStatement, resourceType } from '../dsl';

/** `!Ref`: the queue's URL. */
export const Queue = resourceType<QueueProperties>()('AWS::SQS::Queue', { attributes: ['Arn', 'QueueName'] });

type PolicyProperties = Omit<QueuePolicyProperties, 'PolicyDocument'> & {
  readonly PolicyDocument: Policy<ResourceStatement>;
};

/** Who may do what with queues, beside what identity policies allow. */
export const QueuePolicy = resourceType<PolicyProperties>()('AWS::SQS::QueuePolicy');
