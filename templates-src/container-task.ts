import type { Topology } from './define-topology';
import { type Reference, type StringValue, sub } from './dsl/intrinsics';
import { workloadRoles } from './patterns/names';
import type { TaskDefinitionDeclaration } from './resources/ecs';

/**
 * What the container is, for everything that has to agree on it: the stack of the container service, and the files of
 * `ecs-deploy/` that the deployment pipeline registers task definitions from.
 */

/** Name of the container in its task; appspec and load balancer find it by this. */
export const containerName = 'quote-service';

/** Where it listens; `PORT` in its environment. */
export const containerPort = 8080;

/** What the load balancer asks. The container answers 503 while it shuts down. */
export const healthCheckPath = '/health';

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
  readonly family: StringValue;
  readonly image: StringValue;
  readonly cpu: StringValue;
  readonly memory: StringValue;
  /** ARN of a workload role, by its name without prefix. */
  readonly role: (name: string) => StringValue;
  readonly environment: StringValue;
  readonly region: StringValue;
  readonly logGroup: StringValue;
}

/** The task definition, in CloudFormation's spelling. */
export const taskDefinition = ({
  family,
  image,
  cpu,
  memory,
  role,
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
  TaskRoleArn: role(workloadRoles.containerTask),
  ExecutionRoleArn: role(workloadRoles.containerExecution),
  ContainerDefinitions: [
    {
      Name: containerName,
      Image: image,
      Essential: true,
      PortMappings: [{ ContainerPort: containerPort, Protocol: 'tcp' }],
      Environment: [
        { Name: 'ENVIRONMENT_NAME', Value: environment },
        { Name: 'PORT', Value: String(containerPort) },
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
