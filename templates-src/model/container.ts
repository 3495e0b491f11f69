import { type Reference, sub } from '../dsl';

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
export function containerOf({ container }: { readonly container?: Container }): Container {
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
export const containerNames = ({ project }: { readonly project: string }, environment: string | Reference) => ({
  family: sub`${project}-${environment}-container`,
  logGroup: sub`/${project}/${environment}/container`,
});

/** What stands for the image in a task definition, between `<` and `>`. */
export const imagePlaceholder = 'IMAGE1_NAME';
