import type { RuleProperties } from 'cloudform-types/types/events/rule';
import { resourceType } from '../dsl';

/** `!Ref`: the rule's name. */
export const Rule = resourceType<RuleProperties>()('AWS::Events::Rule', {
  attributes: ['Arn'],
  allowedValues: { State: ['DISABLED', 'ENABLED'] },
});
