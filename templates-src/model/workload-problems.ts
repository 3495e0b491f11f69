import { pascalCase } from './function-names';
import type { Workload } from './workload';

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
