import { taskDefinition } from '../../container-task';
import {
  AccountId,
  findInMap,
  frozen,
  type ListCall,
  type Reference,
  Region,
  retained,
  type StringValue,
  sub,
  suppressed,
  type Template,
  UrlSuffix,
} from '../../dsl';
import { containerNames, containerOf, taskSizes } from '../../model/container';
import { namesOf, roleArn } from '../../model/names';
import type { Topology } from '../../model/topology';
import { ScalableTarget, ScalingPolicy } from '../../resources/applicationautoscaling';
import { Cluster, Service, TaskDefinition } from '../../resources/ecs';
import { LogGroup } from '../../resources/logs';
import { keptByParameter, keyOfAnotherStack } from '../shared/suppressions';
import type { DeclaredLoadBalancer } from './load-balancer';
import { trustTasks } from './service-roles';
import { declareWorkloadRole } from './workload-roles';

/** What the service takes from its template. */
export interface ContainerSettings {
  /** Parameter: the environment's name. */
  readonly environment: Reference;
  /** Parameter: id of the tooling account, which owns the images. */
  readonly tooling: Reference;
  /** Parameter: how long logs are kept. */
  readonly retention: Reference;
  /** Imported: ARN of the key of logs. */
  readonly key: StringValue;
  /** Imported: ids of private subnets. */
  readonly subnets: ListCall;
  /** Imported: id of the security group of tasks. */
  readonly securityGroup: StringValue;
}

/**
 * The image of the first task definition: a digest that no content has, so that nobody can ever push it. Whatever runs in
 * an environment comes from a deployment that was approved for it, the very first image too. (`latest` would be
 * whatever is pushed first, in every account.)
 */
const noImage = `@sha256:${'0'.repeat(64)}`;

/**
 * Declares the cluster, the service and what scales it.
 *
 * How the first image comes to run, without anybody's help:
 *
 * 1. CloudFormation creates the service with 0 tasks. With more it would wait for tasks that never start, for hours, and
 *    roll back.
 * 2. It registers the scalable target, and Application Auto Scaling lifts a count outside of its range at once
 *    (RegisterScalableTarget) to MinTasks. ECS now tries to start the first task definition, can't pull its image, and
 *    tries again at growing intervals. Nobody waits for that; no alarm rises, because no target is registered.
 * 3. ECS-Container-Deployment: CodeDeploy creates a green task set of as many tasks as the service wants ("ECSTaskSet" of
 *    its API reference), waits for these alone, and moves the traffic. The task set without image ends.
 *
 * DANGER: the service must never change once it exists. Whatever changes of it (a count, a tag), CloudFormation sends
 * every property in UpdateService, and on a service that CodeDeploy deploys ECS refuses any call that carries a task
 * definition, a network or load balancers: update and rollback fail (cloudformation-coverage-roadmap #1529, aws-cdk
 * #23564). So it depends on no parameter but the environment's name, its count is Application Auto Scaling's, its stack
 * has no tags, and it is frozen.
 */
export function declareContainer(
  t: Template,
  topology: Topology,
  settings: ContainerSettings,
  loadBalancer: DeclaredLoadBalancer,
) {
  const { environment, tooling, retention, key } = settings;
  const container = containerOf(topology);
  const names = namesOf(topology);
  const { family, logGroup: logGroupName } = containerNames(topology, environment);
  const { TaskSize, MinTasks, MaxTasks } = t.parameters('Container service', {
    TaskSize: {
      Type: 'String',
      Label: 'Size of a task',
      Description: `Processor units and memory: ${sizesInWords}`,
      AllowedValues: Object.keys(taskSizes),
    },
    MinTasks: { Type: 'Number', Label: 'Tasks at least', Description: 'Tasks that always run', MinValue: 1 },
    MaxTasks: { Type: 'Number', Label: 'Tasks at most', Description: 'Tasks under load', MinValue: 1 },
  });
  const { TaskSizes } = t.mappings({ TaskSizes: taskSizes });

  t.resources({
    ContainerLogs: suppressed(
      retained(LogGroup({ LogGroupName: logGroupName, RetentionInDays: retention, KmsKeyId: key })),
      keptByParameter,
      keyOfAnotherStack,
    ),
  });
  // It calls no AWS API; what a template gives it, the boundary limits.
  const taskRole = declareWorkloadRole(t, 'TaskRole', {
    name: names.taskRole(environment),
    boundary: names.taskBoundary(environment),
    policyName: 'container-task',
    description: 'What the code in the container may do',
    trust: trustTasks(),
    permissions: [],
  });

  const { ServiceCluster } = t.resources({
    ServiceCluster: Cluster({
      ClusterName: names.containerCluster(environment),
      ClusterSettings: [{ Name: 'containerInsights', Value: 'enabled' }],
    }),
  });
  const { FirstTaskDefinition } = t.resources({
    FirstTaskDefinition: suppressed(
      TaskDefinition(
        taskDefinition({
          container,
          family,
          image: sub`${tooling}.dkr.ecr.${Region}.${UrlSuffix}/${names.imageRepository}${noImage}`,
          cpu: findInMap(TaskSizes, TaskSize, 'Cpu'),
          memory: findInMap(TaskSizes, TaskSize, 'Memory'),
          taskRole: taskRole.Arn,
          executionRole: roleArn(AccountId, names.taskExecutionRole(environment)),
          environment,
          region: Region,
          logGroup: logGroupName,
        }),
        // Another size is another revision. The service may still run the one before, which has to stay registered.
        { DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Retain' },
      ),
      {
        reason: 'Its variables are names, no secrets: which environment this is, and what it logs.',
        cdk_nag: ['AwsSolutions-ECS2'],
      },
      {
        reason: 'Fargate never gives a task more than the memory of the task, and there is only one container in it.',
        guard: ['CT.ECS.PR.7'],
      },
    ),
  });
  const { ContainerService } = t.resources({
    ContainerService: frozen(
      Service(
        {
          ServiceName: names.containerApplication(environment),
          Cluster: ServiceCluster,
          // The family and not the revision: another TaskSize is another revision, but the same text here.
          TaskDefinition: family,
          DesiredCount: 0,
          DeploymentController: { Type: 'CODE_DEPLOY' },
          LaunchType: 'FARGATE',
          SchedulingStrategy: 'REPLICA',
          HealthCheckGracePeriodSeconds: 60,
          LoadBalancers: [
            {
              ContainerName: container.name,
              ContainerPort: container.port,
              TargetGroupArn: loadBalancer.BlueTargetGroup,
            },
          ],
          NetworkConfiguration: {
            AwsvpcConfiguration: {
              AssignPublicIp: 'DISABLED',
              SecurityGroups: [settings.securityGroup],
              Subnets: settings.subnets,
            },
          },
        },
        // ECS takes a target group only once a listener forwards to it. Waiting for the load balancer also gives the
        // service-linked role time, which ECS makes with the first cluster of an account.
        { DependsOn: [FirstTaskDefinition, loadBalancer.HttpListener, loadBalancer.TestListener] },
      ),
    ),
  });

  const { TaskCount } = t.resources({
    TaskCount: ScalableTarget({
      ServiceNamespace: 'ecs',
      ScalableDimension: 'ecs:service:DesiredCount',
      ResourceId: sub`service/${ServiceCluster}/${ContainerService.Name}`,
      MinCapacity: MinTasks,
      MaxCapacity: MaxTasks,
    }),
  });
  t.resources({
    ScaleOnCpu: ScalingPolicy({
      PolicyName: sub`${names.environmentPrefix(environment)}cpu`,
      PolicyType: 'TargetTrackingScaling',
      ScalingTargetId: TaskCount,
      TargetTrackingScalingPolicyConfiguration: {
        PredefinedMetricSpecification: { PredefinedMetricType: 'ECSServiceAverageCPUUtilization' },
        TargetValue: 60,
        ScaleInCooldown: 300,
        ScaleOutCooldown: 60,
      },
    }),
  });
  t.outputs({
    ClusterName: { Description: 'The cluster', Value: ServiceCluster },
    ServiceName: { Description: 'The service', Value: ContainerService.Name },
  });
  return { ServiceCluster, ContainerService };
}

const sizesInWords = Object.entries(taskSizes)
  .map(([name, { Cpu, Memory }]) => `${name} ${Cpu} and ${Memory} MB`)
  .join(', ');

/** Handles of what `declareContainer` declares. */
export type DeclaredContainer = ReturnType<typeof declareContainer>;
