import type { ActionDefinition, PipelineDefinition, StageDefinition } from './definition';
import type { ActionResult, ActionRun, ArtifactLocation, Execution, Progress } from './pipeline';
import { Pipeline } from './pipeline';

/** An action of a fixture; its provider is `Fixture` unless given. */
export function action(name: string, more: Partial<ActionDefinition> & { provider?: string } = {}): ActionDefinition {
  const { provider = 'Fixture', ...definition } = more;
  return {
    name,
    actionTypeId: { category: 'Test', provider },
    runOrder: 1,
    configuration: {},
    inputArtifacts: [],
    outputArtifacts: [],
    ...definition,
  };
}

/** A pipeline's definition with only what a test is about. */
export function pipelineOf(
  stages: Readonly<Record<string, readonly ActionDefinition[] | Omit<StageDefinition, 'name'>>>,
  more: Partial<PipelineDefinition> = {},
): PipelineDefinition {
  return {
    name: 'Fixture-Pipeline',
    roleArn: 'arn:aws:iam::111111111111:role/fixture-pipeline',
    artifactStore: { location: 'fixture-artifacts' },
    executionMode: 'SUPERSEDED',
    triggers: [],
    stages: Object.entries(stages).map(([name, stage]) =>
      'actions' in stage ? { name, ...stage } : { name, actions: stage as readonly ActionDefinition[] },
    ),
    ...more,
  };
}

/** Where a fixture's artifact lies. */
export const at = (key: string): ArtifactLocation => ({ bucket: 'fixture-artifacts', key });

/** Runs pipelines whose actions do what a test says. */
export class Stagehand {
  /** Everything that happened, a line each: `1 Dev.Deploy SUCCEEDED`. */
  readonly lines: string[] = [];
  /** Everything that happened. */
  readonly progress: Progress[] = [];
  /** The runs of actions, in the order in which they began. */
  readonly runs: ActionRun[] = [];
  private readonly doings = new Map<string, (run: ActionRun) => Promise<ActionResult> | ActionResult>();

  /** Sets what an action does; actions do nothing unless told. Outputs it doesn't mention are made up. */
  when(name: string, doing: (run: ActionRun) => Promise<ActionResult> | ActionResult): this {
    this.doings.set(name, doing);
    return this;
  }

  pipeline(definition: PipelineDefinition, until?: string): Pipeline {
    return new Pipeline(definition, {
      perform: async (run) => {
        this.runs.push(run);
        const made = new Map(
          run.action.outputArtifacts.map(({ name }) => [name, at(`${name}-of-${run.execution.number}`)]),
        );
        const doing = this.doings.get(`${run.stage}.${run.action.name}`) ?? this.doings.get(run.action.name);
        return { outputs: made, summary: 'done', ...(await doing?.(run)) };
      },
      observe: (progress) => {
        this.progress.push(progress);
        this.lines.push(lineOf(progress));
      },
      ...(until === undefined ? {} : { until }),
    });
  }

  /** The lines about actions alone. */
  get actions(): string[] {
    return this.lines.filter((line) => line.includes('.'));
  }
}

function lineOf(progress: Progress): string {
  const { number } = progress.execution;
  switch (progress.kind) {
    case 'execution':
      return [number, 'execution', progress.state, ...(progress.stage ? [progress.stage] : [])].join(' ');
    case 'stage':
      return `${number} ${progress.stage} ${progress.state}`;
    case 'action':
      return `${number} ${progress.stage}.${progress.action.name} ${progress.state}`;
  }
}

/** Something to wait for, and to let happen. */
export function latch(): { readonly opened: Promise<void>; open(): void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

/** The statuses of executions once all have ended. */
export const statuses = (...executions: Execution[]) => Promise.all(executions.map(({ finished }) => finished));
