import CfSubscription from 'cloudform-types/types/sns/subscription';
import CfTopic from 'cloudform-types/types/sns/topic';
import CfTopicPolicy, { type TopicPolicyProperties } from 'cloudform-types/types/sns/topicPolicy';
import type { Policy, ResourceStatement } from '../dsl/policies';
import { type ResourceClass, resourceType } from '../dsl/resources';

/** `!Ref`: the topic's ARN. */
export const Topic = resourceType('AWS::SNS::Topic', CfTopic, { attributes: ['TopicArn', 'TopicName'] });

/** `!Ref`: the subscription's ARN. An e-mail address has to confirm it. */
export const Subscription = resourceType('AWS::SNS::Subscription', CfSubscription);

type PolicyProperties = Omit<TopicPolicyProperties, 'PolicyDocument'> & {
  readonly PolicyDocument: Policy<ResourceStatement>;
};

/** Replaces the policy that a topic has by default. */
export const TopicPolicy = resourceType('AWS::SNS::TopicPolicy', CfTopicPolicy as ResourceClass<PolicyProperties>);
