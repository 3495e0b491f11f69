import type { Topology } from '../../define-topology';
import { importValue, split, sub } from '../../dsl/intrinsics';
import { type Template, template } from '../../dsl/template';
import { declareBlueGreen } from '../../patterns/blue-green';
import { declareContainer } from '../../patterns/container';
import { declareLoadBalancer } from '../../patterns/load-balancer';
import { namesOf } from '../../patterns/names';
import { declareRegion } from '../../patterns/parameters';
import { declareAccounts, logRetentionDays } from '../../patterns/workload-parameters';

/**
 * The container service: load balancer, ECS service on Fargate, and CodeDeploy's blue/green deployments.
 *
 * A stack of its own, so that it stays as it is: once it exists, CodeDeploy owns the service's task definition and
 * what the listeners forward to, and CloudFormation must not touch either. Nothing here depends on Lambda functions or
 * on anything of `infrastructure` but its exports, which CloudFormation refuses to change while they are imported.
 */
export default function containerService(topology: Topology): Template {
  const t = template(
    `Environment account of ${topology.project}: container service, deployed blue/green by CodeDeploy`,
  );

  declareRegion(t);
  const { EnvironmentName, ToolingAccountId } = declareAccounts(t, topology);
  const { LogRetentionDays } = t.parameters('Logs', { LogRetentionDays: logRetentionDays });
  const alarmTopic = namesOf(topology).topicArn(ToolingAccountId);

  const infrastructure = namesOf(topology).environmentStack(EnvironmentName, 'infrastructure');
  const imported = (output: string) => importValue(sub`${infrastructure}:${output}`);
  const taskSecurityGroup = imported('TaskSecurityGroupId');

  const loadBalancer = declareLoadBalancer(t, topology, EnvironmentName, {
    vpc: imported('VpcId'),
    publicSubnets: split(',', imported('PublicSubnetIds')),
    taskSecurityGroup,
    logBucket: imported('LogBucketName'),
  });
  const container = declareContainer(
    t,
    topology,
    {
      environment: EnvironmentName,
      tooling: ToolingAccountId,
      retention: LogRetentionDays,
      key: imported('WorkloadKeyArn'),
      subnets: split(',', imported('PrivateSubnetIds')),
      securityGroup: taskSecurityGroup,
    },
    loadBalancer,
  );
  declareBlueGreen(t, topology, EnvironmentName, loadBalancer, container, alarmTopic);
  return t;
}
