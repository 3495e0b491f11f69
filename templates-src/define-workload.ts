import { pascalCase } from './patterns/function-names';
import type { FunctionSettings } from './patterns/lambda-functions';

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

/** Characters of a queue's name (SQS API reference, "CreateQueue"). */
const queueNameLimit = 80;

/** What is wrong with the names in workloads; each problem begins with the place. */
export function workloadProblems(workloads: readonly Workload[], longestPrefix: number): readonly string[] {
  const problems: string[] = [];
  const longest = queueNameLimit - longestPrefix - '-dead-letters'.length;
  const seen = { queues: new Map<string, number>(), functions: new Map<string, number>() };
  for (const [index, workload] of workloads.entries()) {
    for (const kind of ['queues', 'functions'] as const) {
      for (const name of Object.keys(workload[kind] ?? {})) {
        const id = pascalCase(name);
        const before = seen[kind].get(id);
        if (before !== undefined) {
          problems.push(
            `workloads[${index}].${kind}: '${name}' has the logical id of one in workloads[${before}], expected a name of its own`,
          );
        }
        seen[kind].set(id, index);
      }
    }
    for (const [name, { maxReceiveCount }] of Object.entries(workload.queues ?? {})) {
      const path = `workloads[${index}].queues['${name}']`;
      if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > longest) {
        problems.push(
          `${path}: found the name '${name}', expected at most ${longest} lower-case letters, digits and single hyphens, a letter first`,
        );
      }
      if (name === 'function') {
        problems.push(`${path}: the queue for events that functions failed on would have the same logical id`);
      }
      if (!Number.isInteger(maxReceiveCount) || maxReceiveCount < 1 || maxReceiveCount > 1000) {
        problems.push(`${path}.maxReceiveCount: found ${maxReceiveCount}, SQS takes 1 to 1000`);
      }
    }
    for (const [name, { trigger, sendsTo = [] }] of Object.entries(workload.functions)) {
      const named = [...(trigger.kind === 'queue' ? [trigger.queue] : []), ...sendsTo];
      for (const queue of named.filter((one) => !Object.hasOwn(workload.queues ?? {}, one))) {
        const known = Object.keys(workload.queues ?? {}).join(', ') || 'none';
        problems.push(
          `workloads[${index}].functions['${name}']: found the queue '${queue}', this workload has ${known}`,
        );
      }
    }
  }
  return problems;
}
