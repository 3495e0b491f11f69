import CfCluster, { type ClusterProperties } from 'cloudform-types/types/ecs/cluster';
import CfService, { type ServiceProperties } from 'cloudform-types/types/ecs/service';
import CfTaskDefinition, { type TaskDefinitionProperties } from 'cloudform-types/types/ecs/taskDefinition';
import { type Narrowed, type ResourceClass, resourceType } from '../dsl/resources';

/** `!Ref`: the cluster's name. */
export const Cluster = resourceType(
  'AWS::ECS::Cluster',
  CfCluster as ResourceClass<Narrowed<ClusterProperties, Record<never, never>>>,
  { attributes: ['Arn'] },
);

const taskValues = {
  NetworkMode: ['awsvpc', 'bridge', 'host', 'none'],
  RequiresCompatibilities: ['EC2', 'EXTERNAL', 'FARGATE', 'MANAGED_INSTANCES'],
  'RuntimePlatform.CpuArchitecture': ['ARM64', 'X86_64'],
} as const;

/** The properties of a task definition. */
export type TaskDefinitionDeclaration = Narrowed<TaskDefinitionProperties, typeof taskValues>;

/** `!Ref`: ARN of the revision. */
export const TaskDefinition = resourceType(
  'AWS::ECS::TaskDefinition',
  CfTaskDefinition as ResourceClass<TaskDefinitionDeclaration>,
  { attributes: ['TaskDefinitionArn'], allowedValues: taskValues },
);

const serviceValues = {
  'DeploymentController.Type': ['CODE_DEPLOY', 'ECS', 'EXTERNAL'],
  LaunchType: ['EC2', 'FARGATE', 'EXTERNAL'],
  'NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp': ['DISABLED', 'ENABLED'],
  PropagateTags: ['SERVICE', 'TASK_DEFINITION'],
  SchedulingStrategy: ['DAEMON', 'REPLICA'],
} as const;

/** `!Ref`: the service's ARN. */
export const Service = resourceType(
  'AWS::ECS::Service',
  CfService as ResourceClass<Narrowed<ServiceProperties, typeof serviceValues>>,
  { attributes: ['Name', 'ServiceArn'], allowedValues: serviceValues },
);
