import { randomUUID } from 'node:crypto';
import type { ActionContext, Decision } from '../action-context';
import { actionSession } from '../artifacts';
import type { ActionResult, ActionRun } from '../pipeline';

/** Minutes until an approval that nobody answers is rejected: 7 days. */
const DEFAULT_TIMEOUT_IN_MINUTES = 7 * 24 * 60;
/** What a timer of Node takes, about 24 days. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * A manual approval: tells the topic, and waits for an answer until it is too late.
 * https://docs.aws.amazon.com/codepipeline/latest/userguide/approvals-json-format.html
 */
export async function approval(run: ActionRun, context: ActionContext): Promise<ActionResult> {
  const { configuration, pipeline, stage, action, execution, signal } = run;
  const minutes = action.timeoutInMinutes ?? DEFAULT_TIMEOUT_IN_MINUTES;
  if (configuration.NotificationArn !== undefined) {
    const { region } = context.cloud;
    const console = `https://console.aws.amazon.com/codesuite/codepipeline/pipelines/${pipeline.name}/view?region=${region}`;
    const session = await actionSession(context.cloud, run);
    const message = {
      region,
      consoleLink: console,
      approval: {
        pipelineName: pipeline.name,
        stageName: stage,
        actionName: action.name,
        token: randomUUID(),
        expires: `${new Date(Date.now() + minutes * 60_000).toISOString().slice(0, 16)}Z`,
        externalEntityLink: configuration.ExternalEntityLink ?? '',
        approvalReviewLink: `${console}#/${stage}/${action.name}/approve`,
        customData: configuration.CustomData ?? '',
      },
    };
    await session.call('sns', 'Publish', {
      TopicArn: configuration.NotificationArn,
      Subject: `APPROVAL NEEDED: AWS CodePipeline ${pipeline.name} for action ${action.name}`.slice(0, 100),
      Message: JSON.stringify(message),
    });
    run.note(`asked ${configuration.NotificationArn.split(':').at(-1)}: ${configuration.CustomData ?? ''}`);
  }
  const { approved, comment } = await inTime(minutes, signal, async (tooLate) =>
    context.fails(run)
      ? { approved: false, comment: 'by --fail-at' }
      : context.decide(
          {
            pipeline: pipeline.name,
            execution: execution.number,
            stage,
            action: action.name,
            message: configuration.CustomData ?? '',
            link: configuration.ExternalEntityLink,
          },
          tooLate,
        ),
  );
  if (!approved) {
    throw new Error(`Rejected: ${comment}`);
  }
  return { summary: `approved: ${comment}` };
}

async function inTime(
  minutes: number,
  stopped: AbortSignal,
  decide: (tooLate: AbortSignal) => Promise<Decision>,
): Promise<Decision> {
  const over = new AbortController();
  const tooLate = new Promise<Decision>((resolve) => {
    over.signal.addEventListener('abort', () => {
      const comment = stopped.aborted ? 'the rehearsal was stopped' : `nobody answered within ${minutes} minutes`;
      resolve({ approved: false, comment });
    });
  });
  const end = () => over.abort();
  stopped.addEventListener('abort', end);
  const timer = setTimeout(end, stopped.aborted ? 0 : Math.min(minutes * 60_000, LONGEST_TIMER));
  try {
    return await Promise.race([decide(over.signal), tooLate]);
  } finally {
    clearTimeout(timer);
    stopped.removeEventListener('abort', end);
  }
}
