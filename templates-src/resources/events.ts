import CfRule, { type RuleProperties } from 'cloudform-types/types/events/rule';
import { type Narrowed, type ResourceClass, resourceType } from '../dsl/resources';

const allowedValues = { State: ['DISABLED', 'ENABLED'] } as const;

/** `!Ref`: the rule's name. */
export const Rule = resourceType(
  'AWS::Events::Rule',
  CfRule as ResourceClass<Narrowed<RuleProperties, typeof allowedValues>>,
  { attributes: ['Arn'], allowedValues },
);
