import { randomUUID } from 'node:crypto';
import { partitionOf } from '../../templates-src/model/region';
import { assumeRole, type Cloud } from './cloud';
import type { Progress } from './pipeline';

/** An event of an AWS service, as EventBridge hands it to rules. */
export interface AwsEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

/** What is particular to an event. */
export type EventContent = Pick<AwsEvent, 'source' | 'detail-type' | 'resources' | 'detail'>;

/** What becomes of events. */
export interface EventTargets {
  /** Starts a pipeline. @param trigger what starts it, in words */
  readonly startPipeline: (name: string, trigger: string) => void;
  /** Tells what a rule has done. */
  readonly tell: (text: string) => void;
}

interface Rule {
  readonly Name: string;
  readonly State: string;
  readonly EventPattern?: string;
}

interface Target {
  readonly Id: string;
  readonly Arn: string;
  readonly RoleArn?: string;
  readonly InputTransformer?: {
    readonly InputPathsMap?: Readonly<Record<string, string>>;
    readonly InputTemplate: string;
  };
}

/** The account whose rules are asked: repositories, images and pipelines are all there. */
const ACCOUNT = 'tooling';

/** Hands events to the deployed rules of EventBridge. */
export class EventBus {
  constructor(
    private readonly cloud: Cloud,
    private readonly targets: EventTargets,
  ) {}

  /**
   * Does what the rules say that match the event.
   *
   * @param subject what the event is about, in words: what started a pipeline
   * @returns names of the rules that matched
   */
  async put(subject: string, event: EventContent): Promise<string[]> {
    const whole: AwsEvent = {
      version: '0',
      id: randomUUID(),
      account: this.cloud.accounts[ACCOUNT] ?? '',
      time: `${new Date().toISOString().slice(0, 19)}Z`,
      region: this.cloud.region,
      ...event,
    };
    const matching: string[] = [];
    const { Rules } = await this.call<{ Rules: readonly Rule[] }>('ListRules', {});
    for (const { Name, State, EventPattern } of Rules) {
      if (State === 'ENABLED' && EventPattern !== undefined && (await this.matches(EventPattern, whole))) {
        matching.push(Name);
        await this.invoke(Name, subject, whole);
      }
    }
    return matching;
  }

  private async matches(EventPattern: string, event: AwsEvent): Promise<boolean> {
    const { Result } = await this.call<{ Result: boolean }>('TestEventPattern', {
      EventPattern,
      Event: JSON.stringify(event),
    });
    return Result;
  }

  private async invoke(Rule: string, subject: string, event: AwsEvent): Promise<void> {
    const { Targets } = await this.call<{ Targets: readonly Target[] }>('ListTargetsByRule', { Rule });
    for (const target of Targets) {
      const service = target.Arn.split(':')[2];
      const name = target.Arn.split(':').at(-1) ?? '';
      try {
        if (service === 'codepipeline') {
          const sourceAccount = this.cloud.accounts[ACCOUNT] ?? '';
          const sourceArn = `arn:${partitionOf(this.cloud.region)}:events:${this.cloud.region}:${sourceAccount}:rule/${Rule}`;
          const rule = { service: 'events.amazonaws.com', sourceAccount, sourceArn } as const;
          const session = await assumeRole(this.cloud, rule, target.RoleArn ?? '', Rule);
          await session.authorize('codepipeline', 'StartPipelineExecution', { name });
          this.targets.startPipeline(name, `${subject} (rule ${Rule})`);
        } else if (service === 'sns') {
          const Message = inputOf(target, event);
          await this.cloud.emulator.call(ACCOUNT, 'sns', 'Publish', { TopicArn: target.Arn, Message });
          this.targets.tell(`rule ${Rule} told ${name}:`);
          for (const line of Message.split('\n')) {
            this.targets.tell(`  ${line}`);
          }
        } else {
          this.targets.tell(`rule ${Rule}: the rehearsal does nothing for the target ${target.Arn}`);
        }
      } catch (error) {
        // EventBridge fails silently; here it is said.
        this.targets.tell(`rule ${Rule} failed: ${(error as Error).message}`);
      }
    }
  }

  private call<Result>(operation: string, parameters: object): Promise<Result> {
    return this.cloud.emulator.call(ACCOUNT, 'events', operation, parameters);
  }
}

/**
 * What a target gets: the event, or what its input transformer makes of it. Lines of a template that stand between
 * quotes are text.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
 */
export function inputOf({ InputTransformer }: Pick<Target, 'InputTransformer'>, event: AwsEvent): string {
  if (InputTransformer === undefined) {
    return JSON.stringify(event);
  }
  const { InputPathsMap = {}, InputTemplate } = InputTransformer;
  const filled = InputTemplate.replace(/<([\w.-]+)>/g, (whole, name: string) => {
    const path = InputPathsMap[name];
    const value = path === undefined ? undefined : valueAt(path, event);
    return value === undefined
      ? path === undefined
        ? whole
        : ''
      : typeof value === 'string'
        ? value
        : JSON.stringify(value);
  });
  return InputTemplate.split('\n').every((line) => /^".*"$/.test(line)) ? filled.replaceAll(/^"|"$/gm, '') : filled;
}

/** Follows a JSON path of the kind that input transformers take: names after dots, from the root `$`. */
function valueAt(path: string, event: AwsEvent): unknown {
  return path
    .split('.')
    .slice(1)
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], event);
}

/**
 * The event of a branch that was pushed to, made or deleted.
 * https://docs.aws.amazon.com/codecommit/latest/userguide/monitoring-events.html
 */
export function branchEvent(
  { accounts, region }: Cloud,
  {
    repository,
    branch,
    before,
    after,
  }: { repository: string; branch: string; before?: string | undefined; after?: string | undefined },
): EventContent {
  return {
    source: 'aws.codecommit',
    'detail-type': 'CodeCommit Repository State Change',
    resources: [`arn:${partitionOf(region)}:codecommit:${region}:${accounts[ACCOUNT]}:${repository}`],
    detail: {
      event: before === undefined ? 'referenceCreated' : after === undefined ? 'referenceDeleted' : 'referenceUpdated',
      repositoryName: repository,
      repositoryId: randomUUID(),
      referenceType: 'branch',
      referenceName: branch,
      referenceFullName: `refs/heads/${branch}`,
      ...(after === undefined ? {} : { commitId: after }),
      ...(before === undefined ? {} : { oldCommitId: before }),
    },
  };
}

/**
 * The event of an image that was pushed under a tag.
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html
 */
export function imageEvent({
  repository,
  tag,
  digest,
}: {
  repository: string;
  tag: string;
  digest: string;
}): EventContent {
  return {
    source: 'aws.ecr',
    'detail-type': 'ECR Image Action',
    resources: [],
    detail: {
      'action-type': 'PUSH',
      result: 'SUCCESS',
      'repository-name': repository,
      'image-digest': digest,
      'image-tag': tag,
    },
  };
}

/**
 * The event of an execution that began or ended.
 * https://docs.aws.amazon.com/codepipeline/latest/userguide/detect-state-changes-cloudwatch-events.html
 */
export function executionEvent(
  { accounts, region }: Cloud,
  { pipeline, id, started }: { readonly pipeline: string; readonly id: string; readonly started: Date },
  state: string,
): EventContent {
  return {
    source: 'aws.codepipeline',
    'detail-type': 'CodePipeline Pipeline Execution State Change',
    resources: [`arn:${partitionOf(region)}:codepipeline:${region}:${accounts[ACCOUNT]}:${pipeline}`],
    detail: { pipeline, 'execution-id': id, 'start-time': started.toISOString(), state, version: 1 },
  };
}

/**
 * The event of an action that began or ended.
 * https://docs.aws.amazon.com/codepipeline/latest/userguide/detect-state-changes-cloudwatch-events.html
 */
export function actionEvent(
  { accounts, region }: Cloud,
  { pipeline, id }: { readonly pipeline: string; readonly id: string },
  { stage, action, state, message }: Extract<Progress, { readonly kind: 'action' }>,
): EventContent {
  return {
    source: 'aws.codepipeline',
    'detail-type': 'CodePipeline Action Execution State Change',
    resources: [`arn:${partitionOf(region)}:codepipeline:${region}:${accounts[ACCOUNT]}:${pipeline}`],
    detail: {
      pipeline,
      'execution-id': id,
      stage,
      action: action.name,
      state,
      region,
      type: action.actionTypeId,
      // A summary is one line.
      'execution-result': { 'external-execution-summary': message.split('\n', 1)[0] },
      version: 1,
    },
  };
}
