import type { ActionContext, Approval, Decision } from './action-context';
import { checkActions, performAction } from './actions';
import { type ActionDefinition, readDefinition } from './definition';
import { actionEvent, branchEvent, EventBus, executionEvent, imageEvent } from './event-bus';
import { ImageWatch } from './images';
import { type ActionResult, type ActionRun, type Execution, Pipeline, type Progress } from './pipeline';
import type { BranchChange } from './repositories';

export interface RouteOptions {
  readonly context: Omit<ActionContext, 'decide'>;
  /** Answers requests for approval that nothing holds back. */
  readonly decide: ActionContext['decide'];
  /** Pipelines to run; events that would start others are only told. All of them unless given. */
  readonly only?: ReadonlySet<string>;
  /** The stage after which executions of a pipeline end, if they don't go through it. */
  readonly until: (pipeline: string) => string | undefined;
  /** Hears of everything that happens in pipelines. */
  readonly observe: (progress: Progress) => void;
  /** Hears of what rules do, and of what is left out. */
  readonly tell: (text: string) => void;
}

/** Keeps an approval waiting. */
export interface Hold {
  /** Resolves when the approval has been asked for. */
  readonly reached: Promise<void>;
  /** Lets it be answered. */
  release(): void;
}

/** The deployed pipelines, and what starts them: events of repositories, images and pipelines. */
export class Route {
  private readonly pipelines = new Map<string, Pipeline>();
  private readonly started: Execution[] = [];
  private readonly bus: EventBus;
  private readonly images: ImageWatch;
  private readonly holds: { applies: (approval: Approval) => boolean; wait: () => Promise<void> }[] = [];
  private readonly context: ActionContext;
  /** Executions and the stages that they have had to wait for. */
  private readonly waiting = new Set<string>();
  private readonly onWaiting = new Map<string, () => void>();
  /** Events whose rules are still being looked up. */
  private readonly pending = new Set<Promise<unknown>>();

  private constructor(private readonly options: RouteOptions) {
    this.context = { ...options.context, decide: (approval, signal) => this.decide(approval, signal) };
    this.images = new ImageWatch(options.context.cloud);
    this.bus = new EventBus(options.context.cloud, {
      startPipeline: (name, trigger) => this.start(name, trigger),
      tell: options.tell,
    });
  }

  /**
   * Reads the definitions of all deployed pipelines.
   *
   * @throws Error when one has parts that the rehearsal does not understand
   */
  static async read(options: RouteOptions): Promise<Route> {
    const route = new Route(options);
    await route.readPipelines();
    await route.images.changes();
    return route;
  }

  /**
   * Reads the definitions of all deployed pipelines, once more after they have been deployed again. What runs goes on by
   * the definition that it began with.
   *
   * @throws Error when one has parts that the rehearsal does not understand
   */
  async readPipelines(): Promise<void> {
    const { emulator } = this.options.context.cloud;
    const { pipelines } = await emulator.call<{ pipelines: readonly { name: string }[] }>(
      'tooling',
      'codepipeline',
      'ListPipelines',
    );
    for (const { name } of pipelines) {
      const { pipeline } = await emulator.call<{ pipeline: Record<string, unknown> }>(
        'tooling',
        'codepipeline',
        'GetPipeline',
        { name },
      );
      const definition = readDefinition(pipeline);
      checkActions(definition);
      const until = this.options.until(name);
      this.pipelines.set(
        name,
        new Pipeline(
          definition,
          {
            perform: (run) => this.perform(run),
            observe: (progress) => this.observe(progress),
            ...(until === undefined ? {} : { until }),
          },
          this.pipelines.get(name),
        ),
      );
    }
  }

  /** A pipeline by its name. */
  pipeline(name: string): Pipeline | undefined {
    return this.pipelines.get(name);
  }

  /** The executions of all pipelines, the first one first. */
  get executions(): readonly Execution[] {
    return this.started;
  }

  /** The executions of a pipeline, the first one first. */
  executionsOf(pipeline: string): readonly Execution[] {
    return this.started.filter((execution) => execution.pipeline === pipeline);
  }

  /**
   * Sees what was pushed to repositories, and lets the rules do what they say about it.
   *
   * @param names the repositories to look into; all of them unless given
   * @returns executions that this has started
   */
  async seeCommits(names?: readonly string[]): Promise<readonly Execution[]> {
    const before = this.executions.length;
    for (const change of await this.context.repositories.changes(names)) {
      const { repository, branch, after } = change;
      const subject = after === undefined ? `the end of ${branch}` : `commit ${after.slice(0, 8)} on ${branch}`;
      const matching = this.isConnected(repository)
        ? await this.pull(change, subject)
        : await this.bus.put(subject, branchEvent(this.context.cloud, change));
      this.context.log(`[rehearsal] ${repository}: ${subject}; rules: ${matching.join(', ') || 'none'}\n`);
    }
    return this.executions.slice(before);
  }

  /** Whether any image has been pushed. */
  get hasImages(): boolean {
    return this.images.any;
  }

  /** The repository that a pipeline takes its source from. */
  repositoryOf(pipeline: string): string {
    const [source] = this.sourcesOf(pipeline);
    return source?.configuration.FullRepositoryId ?? source?.configuration.RepositoryName ?? '';
  }

  /** The actions of a pipeline that take a branch of a repository. */
  private sourcesOf(pipeline: string): readonly ActionDefinition[] {
    const stages = this.pipelines.get(pipeline)?.definition.stages ?? [];
    return stages
      .flatMap(({ actions }) => actions)
      .filter(({ configuration }) => configuration.BranchName !== undefined);
  }

  private isConnected(repository: string): boolean {
    return [...this.pipelines.keys()].some((pipeline) =>
      this.sourcesOf(pipeline).some(({ configuration }) => configuration.FullRepositoryId === repository),
    );
  }

  /** Starts the pipelines whose triggers take in what was pushed to a connected repository. */
  private async pull({ repository, branch, before, after }: BranchChange, subject: string): Promise<string[]> {
    const { repositories } = this.context;
    const triggered: string[] = [];
    for (const { definition } of this.pipelines.values()) {
      for (const { gitConfiguration } of definition.triggers) {
        const source = this.sourcesOf(definition.name).find(({ name }) => name === gitConfiguration.sourceActionName);
        for (const { branches = {}, filePaths = {} } of gitConfiguration.push ?? []) {
          if (
            source?.configuration.FullRepositoryId === repository &&
            after !== undefined &&
            (await repositories.takesIn(repository, branch, branches)) &&
            (await repositories.changedFiles(repository, before, after, filePaths)).length > 0
          ) {
            triggered.push(`trigger of ${definition.name}`);
            this.start(definition.name, `${subject} (trigger)`);
          }
        }
      }
    }
    return triggered;
  }

  /** Waits until nothing runs and no event is on its way. */
  async settle(): Promise<void> {
    while (this.pending.size > 0 || this.executions.some(({ status }) => status === 'InProgress')) {
      await Promise.all([...this.pending, ...this.executions.map(({ finished }) => finished)]);
    }
  }

  /** Keeps the approvals of one stage of one execution waiting. */
  hold(pipeline: string, execution: number, stage: string): Hold {
    let reach = () => {};
    let release = () => {};
    const reached = new Promise<void>((resolve) => {
      reach = resolve;
    });
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.holds.push({
      applies: (it) => it.pipeline === pipeline && it.execution === execution && it.stage === stage,
      wait: () => {
        reach();
        return released;
      },
    });
    return { reached, release: () => release() };
  }

  /** Resolves when an execution waits before a stage because another one is in it. */
  async waits(execution: Execution, stage: string): Promise<void> {
    const key = `${execution.id}.${stage}`;
    await new Promise<void>((resolve) => {
      if (this.waiting.has(key)) {
        resolve();
      }
      this.onWaiting.set(key, resolve);
    });
  }

  /** Ends everything that runs. */
  stop(): void {
    for (const pipeline of this.pipelines.values()) {
      pipeline.stop();
    }
  }

  private start(name: string, trigger: string): void {
    const pipeline = this.pipelines.get(name);
    if (pipeline === undefined) {
      this.options.tell(`${trigger} is to start ${name}, which does not exist`);
    } else if (this.options.only?.has(name) === false) {
      this.options.tell(`${name} would be started by ${trigger}, and is left out`);
    } else {
      this.started.push(pipeline.start(trigger));
    }
  }

  private observe(progress: Progress): void {
    this.options.observe(progress);
    if (progress.kind === 'stage' && progress.state === 'WAITING') {
      const key = `${progress.execution.id}.${progress.stage}`;
      this.waiting.add(key);
      this.onWaiting.get(key)?.();
    }
    if (progress.kind === 'action' && progress.state === 'FAILED') {
      const { execution, stage, action } = progress;
      const subject = `${execution.pipeline} #${execution.number} ${stage}.${action.name} FAILED`;
      this.track(this.bus.put(subject, actionEvent(this.context.cloud, execution, progress)));
    }
    if (progress.kind === 'execution') {
      const { execution, state } = progress;
      const subject = `${execution.pipeline} #${execution.number} ${state}`;
      this.track(this.bus.put(subject, executionEvent(this.context.cloud, execution, state)));
    }
  }

  private track(event: Promise<unknown>): void {
    const tracked = event
      .catch((error: Error) => this.options.tell(`an event got lost: ${error.message}`))
      .finally(() => this.pending.delete(tracked));
    this.pending.add(tracked);
  }

  private async perform(run: ActionRun): Promise<ActionResult> {
    try {
      return await performAction(run, this.context);
    } finally {
      if (run.action.actionTypeId.provider === 'CodeBuild') {
        this.track(this.seeImages());
      }
    }
  }

  /** Sees which images were pushed, and lets the rules do what they say about it. */
  async seeImages(): Promise<void> {
    for (const image of await this.images.changes()) {
      const subject = `image ${image.repository}:${image.tag}`;
      const matching = await this.bus.put(subject, imageEvent(image));
      this.context.log(`[rehearsal] ${subject} is ${image.digest}; rules: ${matching.join(', ') || 'none'}\n`);
    }
  }

  private async decide(approval: Approval, signal: AbortSignal): Promise<Decision> {
    await Promise.all(this.holds.filter(({ applies }) => applies(approval)).map(({ wait }) => wait()));
    return this.options.decide(approval, signal);
  }
}
