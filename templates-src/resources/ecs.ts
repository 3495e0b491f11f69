import type { ClusterProperties } from 'cloudform-types/types/ecs/cluster';
import type { ServiceProperties } from 'cloudform-types/types/ecs/service';
import type { TaskDefinitionProperties } from 'cloudform-types/types/ecs/taskDefinition';
import { type Narrowed, resourceType } from '../dsl';

/** `!Ref`: the cluster's name. */
export const Cluster = resourceType<ClusterProperties>()('AWS::ECS::Cluster', { attributes: ['Arn'] });

const taskValues = {
  'ContainerDefinitions.PortMappings.Protocol': ['tcp', 'udp'],
  NetworkMode: ['awsvpc', 'bridge', 'host', 'none'],
  RequiresCompatibilities: ['EC2', 'EXTERNAL', 'FARGATE', 'MANAGED_INSTANCES'],
  'RuntimePlatform.CpuArchitecture': ['ARM64', 'X86_64'],
  'RuntimePlatform.OperatingSystemFamily': ['LINUX'],
} as const;

/** The properties of a task definition. */
export type TaskDefinitionDeclaration = Narrowed<TaskDefinitionProperties, typeof taskValues>;

/** `!Ref`: ARN of the revision. */
export const TaskDefinition = resourceType<TaskDefinitionProperties>()('AWS::ECS::TaskDefinition', {
  attributes: ['TaskDefinitionArn'],
  allowedValues: taskValues,
});

const serviceValues = {
  'DeploymentController.Type': ['CODE_DEPLOY', 'ECS', 'EXTERNAL'],
  LaunchType: ['EC2', 'FARGATE', 'EXTERNAL'],
  'NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp': ['DISABLED', 'ENABLED'],
  PropagateTags: ['SERVICE', 'TASK_DEFINITION'],
  SchedulingStrategy: ['DAEMON', 'REPLICA'],
} as const;

/** `!Ref`: the service's ARN. */
export const Service = resourceType<ServiceProperties>()('AWS::ECS::Service', {
  attributes: ['Name', 'ServiceArn'],
  allowedValues: serviceValues,
});
