import type { ActionContext } from './action-context';
import { approval } from './actions/approval';
import { cloudFormation } from './actions/cloudformation';
import { codeBuild } from './actions/code-build';
import { codeDeployToEcs } from './actions/code-deploy-to-ecs';
import { ecrSource } from './actions/ecr-source';
import { codeCommitSource, connectionSource } from './actions/git-source';
import type { PipelineDefinition } from './definition';
import type { ActionResult, ActionRun } from './pipeline';

type Doing = (run: ActionRun, context: ActionContext) => Promise<ActionResult>;

/** What the rehearsal does for AWS, by provider. */
const doings = new Map<string, Doing>([
  ['CodeCommit', codeCommitSource],
  ['CodeStarSourceConnection', connectionSource],
  ['ECR', ecrSource],
  ['CodeBuild', codeBuild],
  ['Manual', approval],
  ['CloudFormation', cloudFormation],
  ['CodeDeployToECS', codeDeployToEcs],
]);

/**
 * Refuses a pipeline with actions that the rehearsal cannot do, before any is done.
 *
 * @throws Error that names them all
 */
export function checkProviders({ name, stages }: PipelineDefinition): void {
  const unknown = stages.flatMap((stage) =>
    stage.actions
      .filter(({ actionTypeId }) => !doings.has(actionTypeId.provider))
      .map((action) => `${stage.name}.${action.name} (${action.actionTypeId.provider})`),
  );
  if (unknown.length > 0) {
    throw new Error(
      `The rehearsal cannot do these actions of ${name}: ${unknown.join(', ')}. It knows the providers ` +
        `${[...doings.keys()].join(', ')}.`,
    );
  }
}

/** Does an action. */
export function performAction(run: ActionRun, context: ActionContext): Promise<ActionResult> {
  const doing = doings.get(run.action.actionTypeId.provider) as Doing;
  return doing(run, context);
}
