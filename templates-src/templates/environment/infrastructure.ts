import type { Topology } from '../../define-topology';
import { functionsIn } from '../../define-workload';
import { TemplateError } from '../../dsl/problems';
import { type Template, template } from '../../dsl/template';
import { declareFunctions } from '../../patterns/lambda-functions';
import { declareLogBucket } from '../../patterns/log-bucket';
import { namesOf } from '../../patterns/names';
import { declareNetwork } from '../../patterns/network';
import { declareRegion } from '../../patterns/parameters';
import { declareQueues } from '../../patterns/queues';
import { declareWorkloadKey } from '../../patterns/workload-key';
import { declareAccounts, logRetentionDays } from '../../patterns/workload-parameters';

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
