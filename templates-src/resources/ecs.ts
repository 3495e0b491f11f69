import CfCluster from 'cloudform-types/types/ecs/cluster';
import CfService from 'cloudform-types/types/ecs/service';
import CfTaskDefinition, { type TaskDefinitionProperties } from 'cloudform-types/types/ecs/taskDefinition';
import { type Narrowed, resourceType } from '../dsl/resources';

/** `!Ref`: the cluster's name. */
export const Cluster = resourceType('AWS::ECS::Cluster', CfCluster, { attributes: ['Arn'] });

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
export const TaskDefinition = resourceType('AWS::ECS::TaskDefinition', CfTaskDefinition, {
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
export const Service = resourceType('AWS::ECS::Service', CfService, {
  attributes: ['Name', 'ServiceArn'],
  allowedValues: serviceValues,
});
