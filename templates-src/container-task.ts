import type { Topology } from './define-topology';
import { type Reference, type StringValue, sub } from './dsl/intrinsics';
import type { TaskDefinitionDeclaration } from './resources/ecs';

/**
 * What the container is, for everything that has to agree on it: the stack of the container service, and the files of
 * `ecs-deploy/` that the deployment pipeline registers task definitions from.
 */

/** The container of a route, as the topology declares it. */
export interface Container {
  /** Its name in the task; appspec and load balancer find it by this. */
  readonly name: string;
  /** Where it listens; `PORT` in its environment. */
  readonly port: number;
  /** What the load balancer asks: answered with 200 by a container that takes requests. */
  readonly healthCheckPath: string;
}

/**
 * The container of a route that has one.
 *
 * @throws Error when it has none: what is only there for the container must not be made then
 */
export function containerOf({ container }: Topology): Container {
  if (container === undefined) {
    throw new Error('the topology declares no container');
  }
  return container;
}

/** Processor and memory of a task: sizes that Fargate has, so that no parameter can ask for one that it hasn't. */
export const taskSizes = {
  small: { Cpu: '256', Memory: '512' },
  medium: { Cpu: '512', Memory: '1024' },
  large: { Cpu: '1024', Memory: '2048' },
  xlarge: { Cpu: '2048', Memory: '4096' },
} as const;

/** Names of an environment's container, in a template (a reference) or in a file of `ecs-deploy/` (the name). */
export const containerNames = ({ project }: Topology, environment: string | Reference) => ({
  family: sub`${project}-${environment}-container`,
  logGroup: sub`/${project}/${environment}/container`,
});

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
