import { type Template, TemplateError, template } from '../../dsl';
import { namesOf } from '../../model/names';
import type { Topology } from '../../model/topology';
import { functionsIn } from '../../model/workload';
import { declareFunctions } from '../../patterns/environment/lambda-functions';
import { declareNetwork } from '../../patterns/environment/network';
import { declareQueues } from '../../patterns/environment/queues';
import { declareWorkloadKey } from '../../patterns/environment/workload-key';
import { declareAccounts, logRetentionDays } from '../../patterns/environment/workload-parameters';
import { declareLogBucket } from '../../patterns/shared/log-bucket';
import { declareRegion } from '../../patterns/shared/parameters';

/**
 * Lambda functions with their queues, and the network of the container service with all else that its stack imports.
 * Changes often; the container service must not.
 */
export default function infrastructure(topology: Topology): Template {
  const { project, container, workloads } = topology;
  const hasFunctions = Object.keys(functionsIn(workloads)).length > 0;
  if (container === undefined && !hasFunctions) {
    const message =
      'found neither a container nor a function, expected one of them, or nothing would run: declare a container, or a ' +
      'workload with a function, in templates-src/topology.ts';
    throw new TemplateError([{ path: 'topology', message }]);
  }
  const holds = container === undefined ? 'Lambda functions' : 'network and Lambda functions';
  const t = template(`Environment account of ${project}: ${holds}`);

  declareRegion(t);
  const { EnvironmentName, ToolingAccountId } = declareAccounts(t, topology);
  const { LogRetentionDays } = t.parameters('Logs', { LogRetentionDays: logRetentionDays });

  const key = declareWorkloadKey(t, topology, EnvironmentName);
  if (container !== undefined) {
    declareNetwork(t, topology, {
      environment: EnvironmentName,
      tooling: ToolingAccountId,
      retention: LogRetentionDays,
      key: key.Arn,
    });
    declareLogBucket(t, topology, EnvironmentName, LogRetentionDays);
  }

  if (hasFunctions) {
    const { FunctionDeadLetterQueue, queue } = declareQueues(t, topology, {
      environment: EnvironmentName,
      key: key.Arn,
      alarmTopic: namesOf(topology).topicArn(ToolingAccountId),
    });
    declareFunctions(t, topology, {
      environment: EnvironmentName,
      tooling: ToolingAccountId,
      retention: LogRetentionDays,
      key: key.Arn,
      queue,
      deadLetters: FunctionDeadLetterQueue,
    });
  }

  t.outputs({ WorkloadKeyArn: { Description: 'Key of logs and queues', Value: key.Arn, Exported: true } });
  return t;
}
