import type { Parameter, Template } from '../../dsl';
import type { Topology } from '../../model/topology';
import { accountId, environmentName } from '../shared/parameters';

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
