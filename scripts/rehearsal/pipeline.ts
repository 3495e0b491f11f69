import { randomUUID } from 'node:crypto';
import type { ActionDefinition, PipelineDefinition, StageDefinition } from './definition';
import { StageGate } from './stage-gate';
import { resolveVariables } from './variables';

/** Where an artifact lies. */
export interface ArtifactLocation {
  readonly bucket: string;
  readonly key: string;
}

export type ExecutionStatus = 'InProgress' | 'Succeeded' | 'Failed' | 'Superseded' | 'Stopped';

/** One run of a pipeline, from its sources on. A rollback runs one stage with what an older execution had. */
export interface Execution {
  readonly id: string;
  /** Counts the executions of the pipeline from 1 on. */
  readonly number: number;
  readonly pipeline: string;
  readonly type: 'STANDARD' | 'ROLLBACK';
  /** What started it, in words. */
  readonly trigger: string;
  readonly started: Date;
  readonly status: ExecutionStatus;
  readonly artifacts: ReadonlyMap<string, ArtifactLocation>;
  /** Resolves when the execution has ended. */
  readonly finished: Promise<ExecutionStatus>;
}

/** An action that is to be done. */
export interface ActionRun {
  readonly pipeline: PipelineDefinition;
  readonly execution: Execution;
  readonly stage: string;
  readonly action: ActionDefinition;
  /** With the values of variables in their places. */
  readonly configuration: Readonly<Record<string, string>>;
  /** Where the input artifacts lie, by name. */
  readonly inputs: ReadonlyMap<string, ArtifactLocation>;
  /** Aborted when the pipeline is stopped. */
  readonly signal: AbortSignal;
  /** Tells of a step on the way. */
  readonly note: (text: string) => void;
}

/** What an action leaves behind. */
export interface ActionResult {
  /** What it did, in a few words. */
  readonly summary: string;
  /** Where its output artifacts lie, by name. */
  readonly outputs?: ReadonlyMap<string, ArtifactLocation>;
  /** What its namespace holds. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** Something that happened in a pipeline. */
export type Progress = { readonly execution: Execution } & (
  | {
      readonly kind: 'execution';
      readonly state: 'STARTED' | 'SUCCEEDED' | 'FAILED' | 'SUPERSEDED' | 'STOPPED';
      /** The stage before which it was superseded, or after which it was stopped. */
      readonly stage?: string;
    }
  | {
      readonly kind: 'stage';
      readonly stage: string;
      /** `WAITING`: another execution is in the stage. `RESUMED`: the stage failed and is tried once more. */
      readonly state: 'WAITING' | 'STARTED' | 'RESUMED' | 'SUCCEEDED' | 'FAILED';
    }
  | {
      readonly kind: 'action';
      readonly stage: string;
      readonly action: ActionDefinition;
      /** `NOTE`: it goes on, and says what it has just done. */
      readonly state: 'STARTED' | 'NOTE' | 'SUCCEEDED' | 'FAILED';
      /** Since the action started. */
      readonly milliseconds: number;
      /** What the action did, or why it failed. */
      readonly message: string;
    }
);

export interface PipelineOptions {
  /** Does an action; it has failed when the promise is rejected. */
  readonly perform: (run: ActionRun) => Promise<ActionResult>;
  /** Hears of everything that happens, in its order. */
  readonly observe: (progress: Progress) => void;
  /** Executions end after this stage. */
  readonly until?: string;
}

interface RunningExecution extends Execution {
  status: ExecutionStatus;
  readonly artifacts: Map<string, ArtifactLocation>;
  readonly variables: Map<string, Readonly<Record<string, string>>>;
  readonly finish: (status: ExecutionStatus) => void;
}

/** Runs executions of one pipeline as CodePipeline does. */
export class Pipeline {
  private readonly gates: ReadonlyMap<string, StageGate>;
  private readonly stopping = new AbortController();
  /** The last execution that passed a stage, by the stage's name: what a rollback goes back to. */
  private readonly succeeded: Map<string, RunningExecution>;
  private executions: number;

  /** @param before the pipeline as it was before it was deployed again */
  constructor(
    readonly definition: PipelineDefinition,
    private readonly options: PipelineOptions,
    before?: Pipeline,
  ) {
    this.succeeded = new Map(before?.succeeded);
    this.executions = before?.executions ?? 0;
    this.gates = new Map(definition.stages.map(({ name }) => [name, new StageGate(definition.executionMode)]));
  }

  /**
   * Starts an execution and returns at once.
   *
   * @param trigger what starts it, in words
   */
  start(trigger: string): Execution {
    const execution = this.newExecution(trigger, 'STANDARD');
    this.tell({ kind: 'execution', execution, state: 'STARTED' });
    void this.walk(execution);
    return execution;
  }

  /** Ends all executions: actions are aborted, and none begins. */
  stop(): void {
    this.stopping.abort();
    for (const gate of this.gates.values()) {
      gate.dismiss();
    }
  }

  private newExecution(trigger: string, type: Execution['type']): RunningExecution {
    const id = randomUUID();
    let finish: (status: ExecutionStatus) => void = () => {};
    const finished = new Promise<ExecutionStatus>((resolve) => {
      finish = resolve;
    });
    this.executions += 1;
    return {
      id,
      number: this.executions,
      pipeline: this.definition.name,
      type,
      trigger,
      started: new Date(),
      status: 'InProgress',
      artifacts: new Map(),
      variables: new Map([['codepipeline', { PipelineExecutionId: id }]]),
      finished,
      finish,
    };
  }

  /** Takes an execution through all stages. */
  private async walk(execution: RunningExecution): Promise<void> {
    for (const stage of this.definition.stages) {
      const gate = this.gates.get(stage.name) as StageGate;
      if (gate.locked) {
        this.tell({ kind: 'stage', execution, stage: stage.name, state: 'WAITING' });
      }
      if (!(await gate.enter())) {
        this.end(execution, this.stopping.signal.aborted ? 'Stopped' : 'Superseded', stage.name);
        return;
      }
      try {
        if (!(await this.passStage(execution, stage))) {
          this.end(execution, this.stopping.signal.aborted ? 'Stopped' : 'Failed', stage.name);
          await this.rollBack(stage);
          return;
        }
      } finally {
        gate.leave();
      }
      if (stage.name === this.options.until && stage !== this.definition.stages.at(-1)) {
        this.end(execution, 'Stopped', stage.name);
        return;
      }
    }
    this.end(execution, 'Succeeded');
  }

  /** Goes back to what the stage last succeeded with, if it is to do so when it fails. */
  private async rollBack(stage: StageDefinition): Promise<void> {
    const target = this.succeeded.get(stage.name);
    if (stage.onFailure?.result !== 'ROLLBACK' || target === undefined || this.stopping.signal.aborted) {
      return;
    }
    const execution = this.newExecution(`rollback to execution ${target.number}`, 'ROLLBACK');
    for (const [name, location] of target.artifacts) {
      execution.artifacts.set(name, location);
    }
    for (const [namespace, values] of target.variables) {
      if (namespace !== 'codepipeline') {
        execution.variables.set(namespace, values);
      }
    }
    this.tell({ kind: 'execution', execution, state: 'STARTED' });
    const passed = await this.passStage(execution, stage);
    this.end(execution, passed ? 'Succeeded' : this.stopping.signal.aborted ? 'Stopped' : 'Failed', stage.name);
  }

  private end(execution: RunningExecution, status: Exclude<ExecutionStatus, 'InProgress'>, stage?: string): void {
    execution.status = status;
    const state = status.toUpperCase() as Uppercase<typeof status>;
    this.tell({ kind: 'execution', execution, state, ...(stage === undefined ? {} : { stage }) });
    execution.finish(status);
  }

  /** Runs a stage, and once more if that is what its failure leads to. */
  private async passStage(execution: RunningExecution, stage: StageDefinition): Promise<boolean> {
    const tell = (state: 'STARTED' | 'RESUMED' | 'SUCCEEDED' | 'FAILED') =>
      this.tell({ kind: 'stage', execution, stage: stage.name, state });
    const done = new Set<ActionDefinition>();
    tell('STARTED');
    let passed = await this.runActions(execution, stage, done);
    if (!passed && stage.onFailure?.result === 'RETRY' && !this.stopping.signal.aborted) {
      tell('RESUMED');
      passed = await this.runActions(execution, stage, done);
    }
    tell(passed ? 'SUCCEEDED' : 'FAILED');
    if (passed && execution.type === 'STANDARD') {
      this.succeeded.set(stage.name, execution);
    }
    return passed;
  }

  /**
   * Runs those actions of a stage that are not done yet. When one fails, those beside it still end; later ones do not
   * begin.
   */
  private async runActions(
    execution: RunningExecution,
    stage: StageDefinition,
    done: Set<ActionDefinition>,
  ): Promise<boolean> {
    const runOrders = [...new Set(stage.actions.map(({ runOrder }) => runOrder))].sort((a, b) => a - b);
    for (const runOrder of runOrders) {
      if (this.stopping.signal.aborted) {
        return false;
      }
      const group = stage.actions.filter((action) => action.runOrder === runOrder && !done.has(action));
      const results = await Promise.all(
        group.map(async (action) => {
          const passed = await this.runAction(execution, stage, action);
          if (passed) {
            done.add(action);
          }
          return passed;
        }),
      );
      if (results.includes(false)) {
        return false;
      }
    }
    return true;
  }

  private async runAction(
    execution: RunningExecution,
    stage: StageDefinition,
    action: ActionDefinition,
  ): Promise<boolean> {
    const started = performance.now();
    const tell = (state: 'STARTED' | 'NOTE' | 'SUCCEEDED' | 'FAILED', message: string) => {
      const milliseconds = performance.now() - started;
      this.tell({ kind: 'action', execution, stage: stage.name, action, state, milliseconds, message });
    };
    tell('STARTED', '');
    try {
      const {
        summary,
        outputs = new Map(),
        variables = {},
      } = await this.options.perform({
        pipeline: this.definition,
        execution,
        stage: stage.name,
        action,
        configuration: resolveVariables(action.configuration, execution.variables),
        inputs: inputsOf(action, execution),
        signal: this.stopping.signal,
        note: (text) => tell('NOTE', text),
      });
      const missing = action.outputArtifacts.find(({ name }) => !outputs.has(name));
      if (missing !== undefined) {
        throw new Error(`It left no artifact ${missing.name} behind.`);
      }
      for (const { name } of action.outputArtifacts) {
        execution.artifacts.set(name, outputs.get(name) as ArtifactLocation);
      }
      if (action.namespace !== undefined) {
        execution.variables.set(action.namespace, variables);
      }
      tell('SUCCEEDED', summary);
      return true;
    } catch (error) {
      tell('FAILED', error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  private tell(progress: Progress): void {
    this.options.observe(progress);
  }
}

function inputsOf({ inputArtifacts }: ActionDefinition, { artifacts }: Execution): Map<string, ArtifactLocation> {
  return new Map(
    inputArtifacts.map(({ name }) => {
      const location = artifacts.get(name);
      if (location === undefined) {
        throw new Error(
          `Its input artifact ${name} is not there: no action before it in this execution left one behind.`,
        );
      }
      return [name, location];
    }),
  );
}
