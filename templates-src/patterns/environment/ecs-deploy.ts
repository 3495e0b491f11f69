import { taskDefinition } from '../../container-task';
import { Substitution } from '../../dsl';
import { type Container, containerNames, containerOf, imagePlaceholder, taskSizes } from '../../model/container';
import { namesOf } from '../../model/names';
import { partitionOf } from '../../model/region';
import type { Topology } from '../../model/topology';

/**
 * The files of `ecs-deploy/`, which the pipeline ECS-Container-Deployment hands to CodeDeploy. They come from the same
 * source as the stack of the container service, so names, roles, ports and log groups can't disagree.
 *
 * The pipeline replaces two placeholders and nothing else: the image in the task definition, the task definition in
 * the appspec. So everything of an account is written out, in one file for each environment.
 */

/** What a task definition needs to know of an environment, from its parameters. */
export interface DeployedEnvironment {
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly size: keyof typeof taskSizes;
}

/** Where this file lies. */
export const source = 'templates-src/patterns/environment/ecs-deploy.ts';

/** The appspec: which container gets the traffic. The same for all environments. */
export const appspec = ({
  name,
  port,
}: Container): string => `# Generated from ${source} by \`npm run build\`. Do not edit:
# change the source, build again and commit both.
version: 0.0
Resources:
  - TargetService:
      Type: AWS::ECS::Service
      Properties:
        TaskDefinition: <TASK_DEFINITION>
        LoadBalancerInfo:
          ContainerName: ${name}
          ContainerPort: ${port}
`;

/** The task definition of an environment, as RegisterTaskDefinition takes it. */
export function taskDefinitionFile(topology: Topology, { name, account, region, size }: DeployedEnvironment): string {
  const names = namesOf(topology);
  const { family, logGroup } = containerNames(topology, name);
  const { Cpu, Memory } = taskSizes[size];
  const roleArn = (role: Substitution) => `arn:${partitionOf(region)}:iam::${account}:role/${role.text}`;
  const definition = taskDefinition({
    container: containerOf(topology),
    family,
    image: `<${imagePlaceholder}>`,
    cpu: Cpu,
    memory: Memory,
    taskRole: roleArn(names.taskRole(name)),
    executionRole: roleArn(names.taskExecutionRole(name)),
    environment: name,
    region,
    logGroup,
  });
  return `${JSON.stringify(inApiSpelling(definition), null, 2)}\n`;
}

/**
 * Whether a text is one that `taskDefinitionFile` wrote for an environment, of whatever project, account and size: JSON
 * has no place for a note of where it comes from.
 */
export function isTaskDefinitionOf(environment: string, text: string): boolean {
  try {
    const { family, containerDefinitions } = JSON.parse(text);
    return (
      String(family).endsWith(`-${environment}-container`) && containerDefinitions[0].image === `<${imagePlaceholder}>`
    );
  } catch {
    return false;
  }
}

/** CloudFormation's `ContainerPort` is the API's `containerPort`; nothing else differs. */
function inApiSpelling(value: unknown): unknown {
  if (value instanceof Substitution) {
    return value.text;
  }
  if (Array.isArray(value)) {
    return value.map(inApiSpelling);
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => [key.charAt(0).toLowerCase() + key.slice(1), inApiSpelling(entry)]),
    );
  }
  return value;
}
