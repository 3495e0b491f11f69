import { importValue, split, sub, type Template, template } from '../../dsl';
import { namesOf } from '../../model/names';
import type { Topology } from '../../model/topology';
import { declareBlueGreen } from '../../patterns/environment/blue-green';
import { declareContainer } from '../../patterns/environment/container';
import { declareLoadBalancer } from '../../patterns/environment/load-balancer';
import { declareAccounts, logRetentionDays } from '../../patterns/environment/workload-parameters';
import { declareRegion } from '../../patterns/shared/parameters';

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
