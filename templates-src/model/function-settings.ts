import type { Reference, StringValue } from '../dsl';
import type { FunctionPlatform } from './function-platforms';

/** What the variables of a function can refer to. */
export interface FunctionContext<Queue extends string = string> {
  readonly project: string;
  /** The parameter that holds the environment's name. */
  readonly environment: Reference;
  /** The address of a queue of the workload. */
  readonly queueUrl: (name: Queue) => Reference;
}

/** What makes a function run. */
export type Trigger<Queue extends string = string> =
  /** An HTTPS address; callers sign their requests (IAM), so nobody gets in by knowing it. */
  | { readonly kind: 'url' }
  /** Messages of a queue. The function reports which of a batch failed. */
  | {
      readonly kind: 'queue';
      /** Name of a queue of the workload. */
      readonly queue: Queue;
      /** Messages that one run gets at most. */
      readonly batchSize: number;
      /**
       * Runs at a time, 2 or more. This and not reserved concurrency limits a function with a queue: messages of
       * throttled runs end up in the dead-letter queue although nothing is wrong with them.
       */
      readonly maximumConcurrency: number;
    };

/** The settings of a function: all that is not in its folder. */
export interface FunctionSettings<Queue extends string = string> extends FunctionPlatform {
  readonly description: string;
  readonly handler: string;
  /** Megabytes. */
  readonly memory: number;
  /** Seconds. */
  readonly timeout: number;
  readonly trigger: Trigger<Queue>;
  readonly environment: (context: FunctionContext<Queue>) => Readonly<Record<string, StringValue>>;
  /**
   * Queues of the workload that it sends to. What else the code calls needs a statement here and in the workload boundary
   * (`patterns/environment/boundaries.ts`); logs, trigger and dead letters need nothing here.
   */
  readonly sendsTo?: readonly Queue[];
}
