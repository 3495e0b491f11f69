import { join } from 'node:path';
import type { Topology } from '../../define-topology';
import { type Template, template } from '../../dsl/template';
import { lambdaFunctions } from '../../lambda-functions';
import { declareFunctions, functionsOf, type NamedFunction } from '../../patterns/lambda-functions';
import { declareLogBucket } from '../../patterns/log-bucket';
import { namesOf } from '../../patterns/names';
import { declareNetwork } from '../../patterns/network';
import { declareRegion } from '../../patterns/parameters';
import { declareQueues } from '../../patterns/queues';
import { declareWorkloadKey } from '../../patterns/workload-key';
import { declareAccounts, logRetentionDays } from '../../patterns/workload-parameters';

const lambdaFolder = join(__dirname, '..', '..', '..', 'lambda');

/** Network, Lambda functions and what the container service imports. Changes often; the container service must not. */
export default function infrastructure(topology: Topology): Template {
  return infrastructureWith(topology, functionsOf(lambdaFolder, lambdaFunctions, topology));
}

/** The template with other functions than those of `lambda/`. */
export function infrastructureWith(topology: Topology, functions: readonly NamedFunction[]): Template {
  const t = template(`Environment account of ${topology.project}: network and Lambda functions`);

  declareRegion(t);
  const { EnvironmentName, ToolingAccountId } = declareAccounts(t, topology);
  const { LogRetentionDays } = t.parameters('Logs', { LogRetentionDays: logRetentionDays });
  const alarmTopic = namesOf(topology).topicArn(ToolingAccountId);

  const key = declareWorkloadKey(t, topology, EnvironmentName);
  declareNetwork(t, topology, {
    environment: EnvironmentName,
    tooling: ToolingAccountId,
    retention: LogRetentionDays,
    key: key.Arn,
  });
  declareLogBucket(t, topology, EnvironmentName, LogRetentionDays);

  const { OrdersQueue, FunctionDeadLetterQueue } = declareQueues(
    t,
    topology,
    { environment: EnvironmentName, key: key.Arn, alarmTopic },
    6 * lambdaFunctions['order-events'].timeout,
  );
  declareFunctions(t, topology, functions, {
    project: topology.project,
    environment: EnvironmentName,
    tooling: ToolingAccountId,
    retention: LogRetentionDays,
    key: key.Arn,
    ordersQueue: OrdersQueue,
    deadLetters: FunctionDeadLetterQueue,
  });

  t.outputs({ WorkloadKeyArn: { Description: 'Key of logs and queues', Value: key.Arn, Exported: true } });
  return t;
}
