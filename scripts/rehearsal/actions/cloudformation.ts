import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionContext } from '../action-context';
import { actionSession, fetchArtifact } from '../artifacts';
import type { Session } from '../cloud';
import type { ActionResult, ActionRun } from '../pipeline';

interface StackDescription {
  readonly StackStatus: string;
  readonly Outputs?: readonly { readonly OutputKey: string; readonly OutputValue: string }[];
}

interface StackEvent {
  readonly LogicalResourceId: string;
  readonly ResourceType: string;
  readonly ResourceStatus: string;
  readonly ResourceStatusReason?: string;
  readonly Timestamp: string;
}

interface ChangeSet {
  readonly Status: string;
  readonly StatusReason?: string;
  readonly ExecutionStatus: string;
  readonly Changes: readonly { readonly ResourceChange: { readonly Action: string; readonly Replacement?: string } }[];
}

/** Template configurations: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/continuous-delivery-codepipeline-cfn-artifacts.html */
interface TemplateConfiguration {
  readonly Parameters?: Readonly<Record<string, string>>;
  readonly Tags?: Readonly<Record<string, string>>;
  readonly StackPolicy?: object;
}

/** A stack in a status from which only its deletion leads on. */
const BROKEN = ['ROLLBACK_COMPLETE', 'ROLLBACK_FAILED', 'CREATE_FAILED', 'DELETE_FAILED', 'UPDATE_ROLLBACK_FAILED'];
const NO_CHANGES = /No updates are to be performed|didn't contain changes|The submitted information didn't contain/i;

/**
 * A deployment with CloudFormation, in the account of the action's role: deploys, prepares a change set, or executes it.
 * https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CloudFormation.html
 */
export async function cloudFormation(run: ActionRun, context: ActionContext): Promise<ActionResult> {
  const session = await actionSession(context.cloud, run);
  const { ActionMode = '', StackName = '', ChangeSetName = '' } = run.configuration;
  switch (ActionMode) {
    case 'CREATE_UPDATE': {
      const submission = await readSubmission(run, context, session);
      if (context.fails(run)) {
        addFault(submission, run.pipeline.artifactStore.location);
      }
      const changed = await deploy(session, StackName, submission);
      return deployed(session, StackName, changed, await succeeded(session, StackName));
    }
    case 'CHANGE_SET_REPLACE': {
      const submission = await readSubmission(run, context, session);
      if (submission.StackPolicyBody !== undefined) {
        // CreateChangeSet has no such parameter, and CodePipeline's guide does not say what becomes of it.
        throw new Error('The rehearsal does not know what CodePipeline does with a stack policy and a change set.');
      }
      if (context.fails(run)) {
        submission.RoleARN = `${submission.RoleARN}-that-is-gone-by---fail-at`;
      }
      const changes = await replaceChangeSet(session, StackName, ChangeSetName, submission);
      return { summary: `${StackName} in ${session.account.name}: change set ${ChangeSetName}, ${changes}` };
    }
    case 'CHANGE_SET_EXECUTE': {
      if (context.fails(run)) {
        await session.call('cloudformation', 'DeleteChangeSet', { StackName, ChangeSetName });
      }
      const changed = await executeChangeSet(session, StackName, ChangeSetName);
      return deployed(session, StackName, changed, await succeeded(session, StackName));
    }
    default:
      throw new Error(
        `The rehearsal does not know the action mode ${ActionMode}; it knows CREATE_UPDATE, CHANGE_SET_REPLACE and ` +
          'CHANGE_SET_EXECUTE.',
      );
  }
}

/** What CloudFormation's operations take. */
type Submission = Record<string, unknown>;

/** Adds a resource that cannot be created, so that the stack rolls back: a bucket whose name is taken. */
function addFault(submission: Submission, bucket: string): void {
  submission.TemplateBody = String(submission.TemplateBody).replace(
    /^Resources:\n/m,
    `Resources:\n  FaultByFailAt: {Type: 'AWS::S3::Bucket', Properties: {BucketName: ${bucket}}}\n`,
  );
}

async function readSubmission(run: ActionRun, context: ActionContext, session: Session): Promise<Submission> {
  const { TemplatePath = '', TemplateConfiguration, Capabilities, RoleArn } = run.configuration;
  const files = await inputFiles(run, context, session);
  const configuration = (
    TemplateConfiguration === undefined ? {} : JSON.parse(await files(TemplateConfiguration))
  ) as TemplateConfiguration;
  return {
    TemplateBody: await files(TemplatePath),
    Parameters: Object.entries(configuration.Parameters ?? {}).map(([ParameterKey, ParameterValue]) => ({
      ParameterKey,
      ParameterValue,
    })),
    ...(configuration.Tags === undefined
      ? {}
      : { Tags: Object.entries(configuration.Tags).map(([Key, Value]) => ({ Key, Value })) }),
    ...(configuration.StackPolicy === undefined ? {} : { StackPolicyBody: JSON.stringify(configuration.StackPolicy) }),
    ...(Capabilities === undefined ? {} : { Capabilities: Capabilities.split(',').map((one) => one.trim()) }),
    ...(RoleArn === undefined ? {} : { RoleARN: RoleArn }),
  };
}

/** Reads files of the input artifacts, named `Artifact::path`; each artifact is fetched once. */
async function inputFiles(
  run: ActionRun,
  context: ActionContext,
  session: Session,
): Promise<(name: string) => Promise<string>> {
  const folder = await mkdtemp(join(context.folder, 'cloudformation-'));
  const fetched = new Map<string, Promise<{ folder: string }>>();
  return async (name) => {
    const [, artifact = '', path = ''] = /^(.+?)::(.+)$/.exec(name) ?? [];
    const unpacked = fetched.get(artifact) ?? fetchArtifact(context.cloud, session, run, artifact, folder);
    fetched.set(artifact, unpacked);
    try {
      return await readFile(join((await unpacked).folder, path), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
        throw new Error(`File [${path}] does not exist in artifact [${artifact}].`);
      }
      throw error;
    }
  };
}

/** @returns whether the stack had to be changed */
async function deploy(session: Session, StackName: string, submission: Submission): Promise<boolean> {
  const stack = await describe(session, StackName);
  if (stack !== undefined && BROKEN.includes(stack.StackStatus)) {
    throw new Error(
      `Stack ${StackName} is in ${stack.StackStatus}. It can only be deleted; then run the pipeline again.`,
    );
  }
  const create = stack === undefined || stack.StackStatus === 'REVIEW_IN_PROGRESS';
  try {
    await session.call('cloudformation', create ? 'CreateStack' : 'UpdateStack', { StackName, ...submission });
    return true;
  } catch (error) {
    if (NO_CHANGES.test((error as Error).message)) {
      return false;
    }
    throw error;
  }
}

/** @returns what the change set holds, in words */
async function replaceChangeSet(
  session: Session,
  StackName: string,
  ChangeSetName: string,
  submission: Submission,
): Promise<string> {
  const stack = await describe(session, StackName);
  const names = { StackName, ChangeSetName };
  if (stack !== undefined) {
    try {
      await session.call('cloudformation', 'DeleteChangeSet', names);
    } catch (error) {
      if (!(error as Error).message.includes('ChangeSetNotFound')) {
        throw error;
      }
    }
  }
  const isNew = stack === undefined || stack.StackStatus === 'REVIEW_IN_PROGRESS';
  await session.call('cloudformation', 'CreateChangeSet', {
    ...names,
    ChangeSetType: isNew ? 'CREATE' : 'UPDATE',
    ...submission,
  });
  const { Status, StatusReason, Changes } = await session.call<ChangeSet>('cloudformation', 'DescribeChangeSet', names);
  if (Status === 'FAILED' && !NO_CHANGES.test(StatusReason ?? '')) {
    throw new Error(`The change set ${ChangeSetName} of ${StackName} is FAILED: ${StatusReason}`);
  }
  const count = (action: string, replacement?: string) =>
    Changes.filter(
      ({ ResourceChange: it }) => it.Action === action && (replacement === undefined || it.Replacement === replacement),
    ).length;
  const counts = [
    [count('Add'), 'to add'],
    [count('Modify'), 'to change'],
    [count('Modify', 'True'), 'of them to replace'],
    [count('Remove'), 'to remove'],
  ] as const;
  return (
    counts
      .filter(([number]) => number > 0)
      .map(([number, what]) => `${number} ${what}`)
      .join(', ') || 'nothing to change'
  );
}

/** @returns whether there was something to execute */
async function executeChangeSet(session: Session, StackName: string, ChangeSetName: string): Promise<boolean> {
  const names = { StackName, ChangeSetName };
  const { Status, StatusReason } = await session.call<ChangeSet>('cloudformation', 'DescribeChangeSet', names);
  // CodePipeline takes a change set without changes for one that is executed.
  if (Status === 'FAILED' && NO_CHANGES.test(StatusReason ?? '')) {
    return false;
  }
  await session.call('cloudformation', 'ExecuteChangeSet', names);
  return true;
}

async function describe(session: Session, StackName: string): Promise<StackDescription | undefined> {
  try {
    const { Stacks } = await session.call<{ Stacks: readonly StackDescription[] }>('cloudformation', 'DescribeStacks', {
      StackName,
    });
    return Stacks[0];
  } catch (error) {
    if ((error as Error).message.includes('does not exist')) {
      return undefined;
    }
    throw error;
  }
}

/**
 * The stack, when its last operation went well.
 *
 * @throws Error with what failed in it
 */
async function succeeded(session: Session, StackName: string): Promise<StackDescription> {
  const stack = await describe(session, StackName);
  if (stack === undefined) {
    throw new Error(`The stack ${StackName} is gone.`);
  }
  if (stack.StackStatus === 'CREATE_COMPLETE' || stack.StackStatus === 'UPDATE_COMPLETE') {
    return stack;
  }
  const { StackEvents } = await session.call<{ StackEvents: readonly StackEvent[] }>(
    'cloudformation',
    'DescribeStackEvents',
    { StackName },
  );
  throw new Error(
    [
      `The stack ${StackName} is in ${stack.StackStatus}.`,
      ...lastOperation(StackEvents, StackName)
        .filter(({ ResourceStatus }) => ResourceStatus.endsWith('_FAILED'))
        .map(
          ({ LogicalResourceId, ResourceType, ResourceStatus, ResourceStatusReason }) =>
            `${ResourceStatus} ${LogicalResourceId} (${ResourceType}): ${ResourceStatusReason ?? ''}`,
        ),
    ].join('\n'),
  );
}

/** The events since the stack's last operation began, the first one first. */
function lastOperation(latestFirst: readonly StackEvent[], stack: string): StackEvent[] {
  const begin = latestFirst.findIndex(
    ({ LogicalResourceId, ResourceStatus }) =>
      LogicalResourceId === stack && ['CREATE_IN_PROGRESS', 'UPDATE_IN_PROGRESS'].includes(ResourceStatus),
  );
  return latestFirst.slice(0, begin === -1 ? undefined : begin).toReversed();
}

/** The result of an action that deployed a stack; its outputs are the action's variables. */
const deployed = (session: Session, name: string, changed: boolean, stack: StackDescription): ActionResult => ({
  summary: `${name} in ${session.account.name}: ${changed ? stack.StackStatus : 'no changes'}`,
  variables: Object.fromEntries((stack.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue])),
});
