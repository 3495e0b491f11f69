import type { Topology } from '../define-topology';
import { equals, NoValue, not, when } from '../dsl/intrinsics';
import type { Parameter, Template } from '../dsl/template';
import { accountId, environmentName } from './parameters';

/** Parameters that both templates of an environment's workload have. */

/** Which environment this is, and which account owns the packages and images. */
export const declareAccounts = (t: Template, topology: Topology) =>
  t.parameters('Accounts', { EnvironmentName: environmentName(topology), ToolingAccountId: accountId('tooling') });

/** How long logs are kept; the values that CloudWatch Logs takes. */
export const logRetentionDays = {
  Type: 'Number',
  Label: 'Log retention',
  Description: 'Days for which logs are kept',
  AllowedValues: [30, 60, 90, 180, 365, 400, 731, 1096, 1827, 3653],
} as const satisfies Parameter;

/**
 * Declares the topic that alarms publish to.
 *
 * @returns the `AlarmActions` of every alarm
 */
export function declareAlarmTopic(t: Template) {
  const { AlarmTopicArn } = t.parameters('Alarms', {
    AlarmTopicArn: {
      Type: 'String',
      Label: 'Alarm topic',
      Description: 'ARN of the SNS topic that alarms publish to; empty if nobody is to be told',
      Default: '',
      AllowedPattern: '(arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+)?',
      ConstraintDescription: 'the ARN of an SNS topic, or nothing',
    },
  });
  const { AlarmTopicGiven } = t.conditions({ AlarmTopicGiven: not(equals(AlarmTopicArn, '')) });
  return when(AlarmTopicGiven, [AlarmTopicArn], NoValue);
}
