import CfQueue from 'cloudform-types/types/sqs/queue';
import CfQueuePolicy, { type QueuePolicyProperties } from 'cloudform-types/types/sqs/queuePolicy';
import type { Policy, ResourceStatement } from '../dsl/policies';
import { type ResourceClass, resourceType } from '../dsl/resources';

/** `!Ref`: the queue's URL. */
export const Queue = resourceType('AWS::SQS::Queue', CfQueue, { attributes: ['Arn', 'QueueName'] });

type PolicyProperties = Omit<QueuePolicyProperties, 'PolicyDocument'> & {
  readonly PolicyDocument: Policy<ResourceStatement>;
};

/** Who may do what with queues, beside what identity policies allow. */
export const QueuePolicy = resourceType('AWS::SQS::QueuePolicy', CfQueuePolicy as ResourceClass<PolicyProperties>);
