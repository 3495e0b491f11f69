import type { SubscriptionProperties } from 'cloudform-types/types/sns/subscription';
import type { TopicProperties } from 'cloudform-types/types/sns/topic';
import type { TopicPolicyProperties } from 'cloudform-types/types/sns/topicPolicy';
import { type Policy, type ResourceStatement, resourceType } from '../dsl';

/** `!Ref`: the topic's ARN. */
export const Topic = resourceType<TopicProperties>()('AWS::SNS::Topic', { attributes: ['TopicArn', 'TopicName'] });

/** `!Ref`: the subscription's ARN. An e-mail address has to confirm it. */
export const Subscription = resourceType<SubscriptionProperties>()('AWS::SNS::Subscription');

type PolicyProperties = Omit<TopicPolicyProperties, 'PolicyDocument'> & {
  readonly PolicyDocument: Policy<ResourceStatement>;
};

/** Replaces the policy that a topic has by default. */
export const TopicPolicy = resourceType<PolicyProperties>()('AWS::SNS::TopicPolicy');
