import { type AccountView, type ExpectedStack, expectedResources } from '../account-view';
import { type Check, type Finding, notApplicable, ofEach, orOk, problem } from '../check';

export const pipelines: Check = {
  name: 'pipelines',
  asks: 'is a transition between stages disabled, and why did the last execution fail?',
  run: async (view) => {
    const existing = (await view.existing()).filter(
      (expected) => expectedResources(expected, 'AWS::CodePipeline::Pipeline').length > 0,
    );
    if (existing.length === 0) {
      return [notApplicable('no stack that has a pipeline exists here')];
    }
    return orOk(
      await ofEach(existing, (expected) => look(view, expected)),
      'none failed, and no transition is disabled',
    );
  },
};

interface PipelineState {
  readonly pipelineName: string;
  readonly stageStates: readonly StageState[];
}

interface StageState {
  readonly stageName: string;
  readonly inboundTransitionState?: { readonly enabled: boolean; readonly disabledReason?: string };
  readonly latestExecution?: { readonly pipelineExecutionId: string; readonly status: string };
  readonly actionStates?: readonly ActionState[];
}

interface ActionState {
  readonly actionName: string;
  readonly latestExecution?: {
    readonly status?: string;
    readonly summary?: string;
    readonly externalExecutionUrl?: string;
    readonly errorDetails?: { readonly code?: string; readonly message?: string };
  };
}

async function look(view: AccountView, expected: ExpectedStack): Promise<Finding[]> {
  const made = await view.resources(expected, 'AWS::CodePipeline::Pipeline');
  return ofEach(made, async ({ PhysicalResourceId: name }) => {
    const state = await view.call<PipelineState>('codepipeline', 'get-pipeline-state', { name });
    return state.stageStates.flatMap((stage) => [
      ...disabledTransition(view, state, stage),
      ...failedExecution(view, state, stage),
    ]);
  });
}

function disabledTransition(view: AccountView, { pipelineName }: PipelineState, stage: StageState): Finding[] {
  const { inboundTransitionState, stageName } = stage;
  if (inboundTransitionState?.enabled !== false) {
    return [];
  }
  const reason = inboundTransitionState.disabledReason ?? 'no reason given';
  const of = ['--pipeline-name', pipelineName, '--stage-name', stageName];
  return [
    problem(
      `${pipelineName}: nothing gets into the stage ${stageName}, its transition is disabled: ${reason}`,
      view.command('codepipeline', 'enable-stage-transition', ...of, '--transition-type', 'Inbound'),
    ),
  ];
}

function failedExecution(view: AccountView, { pipelineName }: PipelineState, stage: StageState): Finding[] {
  const { latestExecution, stageName, actionStates = [] } = stage;
  if (latestExecution?.status !== 'Failed') {
    return [];
  }
  const failed = actionStates.filter((action) => action.latestExecution?.status === 'Failed');
  const reasons = failed.map(({ actionName, latestExecution: execution }) => {
    const { errorDetails, summary, externalExecutionUrl } = execution ?? {};
    const reason = errorDetails?.message ?? summary ?? errorDetails?.code ?? 'no reason given';
    return `${actionName}: ${reason}${externalExecutionUrl === undefined ? '' : ` (${externalExecutionUrl})`}`;
  });
  const of = ['--pipeline-name', pipelineName, '--stage-name', stageName];
  const execution = ['--pipeline-execution-id', latestExecution.pipelineExecutionId];
  return [
    problem(
      `${pipelineName} failed in the stage ${stageName}: ${reasons.join('; ') || 'no reason given'}`,
      `remove the cause, then: ${view.command('codepipeline', 'retry-stage-execution', ...of, ...execution, '--retry-mode', 'ALL_ACTIONS')}`,
    ),
  ];
}
