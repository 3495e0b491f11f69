import type { PipelineDefinition } from './definition';

/**
 * Lets one execution at a time into a stage. Those that come meanwhile wait before it: in the mode QUEUED all of them,
 * in their order; in the mode SUPERSEDED only the newest, which replaces the one that waited.
 * https://docs.aws.amazon.com/codepipeline/latest/userguide/concepts-how-it-works.html
 */
export class StageGate {
  private occupied = false;
  private waiting: ((admitted: boolean) => void)[] = [];

  constructor(private readonly mode: PipelineDefinition['executionMode']) {}

  /** Whether somebody is in the stage, so that `enter` has to wait. */
  get locked(): boolean {
    return this.occupied;
  }

  /**
   * Waits for the stage to be free.
   *
   * @returns whether the execution is in the stage now; if not, a newer one took its place before the stage
   */
  enter(): Promise<boolean> {
    if (!this.occupied) {
      this.occupied = true;
      return Promise.resolve(true);
    }
    if (this.mode === 'SUPERSEDED') {
      this.dismiss();
    }
    return new Promise((resolve) => {
      this.waiting.push(resolve);
    });
  }

  /** Leaves the stage to the next. */
  leave(): void {
    const next = this.waiting.shift();
    this.occupied = next !== undefined;
    next?.(true);
  }

  /** Sends away all that wait. */
  dismiss(): void {
    for (const resolve of this.waiting.splice(0)) {
      resolve(false);
    }
  }
}
