import CfRule from 'cloudform-types/types/events/rule';
import { resourceType } from '../dsl/resources';

/** `!Ref`: the rule's name. */
export const Rule = resourceType('AWS::Events::Rule', CfRule, {
  attributes: ['Arn'],
  allowedValues: { State: ['DISABLED', 'ENABLED'] },
});
