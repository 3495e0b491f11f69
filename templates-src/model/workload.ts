import type { FunctionSettings } from './function-settings';

/** What a queue is like, beyond what all queues have in common. */
export interface QueueSettings {
  /** How often a message is tried before it goes to the dead-letter queue. */
  readonly maxReceiveCount: number;
}

/** Lambda functions that belong together, with the queues between them. */
export interface Workload<Queue extends string = string> {
  /**
   * By name: `orders`. Each gets a dead-letter queue and an alarm, and hides a message for six times as long as its
   * slowest receiver may run.
   */
  readonly queues?: Readonly<Record<Queue, QueueSettings>>;
  /** One for each folder of `lambda/`, under the folder's name. */
  readonly functions: Readonly<Record<string, FunctionSettings<NoInfer<Queue>>>>;
}

/** Gives a workload back as it is; naming a queue that it doesn't have is a compile error. */
export const defineWorkload = <const Queue extends string = never>(workload: Workload<Queue>): Workload => workload;

/** The queues of all workloads, by name. */
export const queuesIn = (workloads: readonly Workload[]): Readonly<Record<string, QueueSettings>> =>
  Object.assign({}, ...workloads.map(({ queues }) => queues));

/** The functions of all workloads, by the name of their folder. */
export const functionsIn = (workloads: readonly Workload[]): Readonly<Record<string, FunctionSettings>> =>
  Object.assign({}, ...workloads.map(({ functions }) => functions));
