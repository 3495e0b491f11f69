import type { StringValue } from './dsl';
import type { Container } from './model/container';
import type { TaskDefinitionDeclaration } from './resources/ecs';

/**
 * What the container is, for everything that has to agree on it: the stack of the container service, and the files of
 * `ecs-deploy/` that the deployment pipeline registers task definitions from.
 */

/** What differs between task definitions. In a template these are references, in `ecs-deploy/` plain text. */
export interface TaskSettings {
  readonly container: Container;
  readonly family: StringValue;
  readonly image: StringValue;
  readonly cpu: StringValue;
  readonly memory: StringValue;
  /** ARN of the role of its code. */
  readonly taskRole: StringValue;
  /** ARN of the role that pulls the image and writes logs. */
  readonly executionRole: StringValue;
  readonly environment: StringValue;
  readonly region: StringValue;
  readonly logGroup: StringValue;
}

/** The task definition, in CloudFormation's spelling. */
export const taskDefinition = ({
  container,
  family,
  image,
  cpu,
  memory,
  taskRole,
  executionRole,
  environment,
  region,
  logGroup,
}: TaskSettings): TaskDefinitionDeclaration => ({
  Family: family,
  RequiresCompatibilities: ['FARGATE'],
  NetworkMode: 'awsvpc',
  RuntimePlatform: { OperatingSystemFamily: 'LINUX', CpuArchitecture: 'X86_64' },
  Cpu: cpu,
  Memory: memory,
  TaskRoleArn: taskRole,
  ExecutionRoleArn: executionRole,
  ContainerDefinitions: [
    {
      Name: container.name,
      Image: image,
      Essential: true,
      PortMappings: [{ ContainerPort: container.port, Protocol: 'tcp' }],
      Environment: [
        { Name: 'ENVIRONMENT_NAME', Value: environment },
        { Name: 'PORT', Value: String(container.port) },
      ],
      // The container writes no files and listens above 1024, so it needs no user, capability or disk of its own.
      User: '1000:1000',
      ReadonlyRootFilesystem: true,
      LinuxParameters: { Capabilities: { Drop: ['ALL'] } },
      // Longer than the container takes to finish its requests (25 s) before ECS kills it.
      StopTimeout: 30,
      LogConfiguration: {
        LogDriver: 'awslogs',
        Options: { 'awslogs-group': logGroup, 'awslogs-region': region, 'awslogs-stream-prefix': 'container' },
      },
    },
  ],
});
