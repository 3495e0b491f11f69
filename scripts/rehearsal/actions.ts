import type { ActionContext } from './action-context';
import { approval } from './actions/approval';
import { cloudFormation } from './actions/cloudformation';
import { codeBuild } from './actions/code-build';
import { codeDeployToEcs } from './actions/code-deploy-to-ecs';
import { ecrSource } from './actions/ecr-source';
import { codeCommitSource, connectionSource } from './actions/git-source';
import type { PipelineDefinition } from './definition';
import type { ActionResult, ActionRun } from './pipeline';

interface Provider {
  readonly perform: (run: ActionRun, context: ActionContext) => Promise<ActionResult>;
  /** The configuration that it understands: what templates-src writes. The rest would be left undone silently. */
  readonly configuration: readonly string[];
}

/** What the rehearsal does for AWS, by provider. */
const providers = new Map<string, Provider>([
  [
    'CodeCommit',
    {
      perform: codeCommitSource,
      configuration: ['RepositoryName', 'BranchName', 'OutputArtifactFormat', 'PollForSourceChanges'],
    },
  ],
  [
    'CodeStarSourceConnection',
    {
      perform: connectionSource,
      configuration: ['ConnectionArn', 'FullRepositoryId', 'BranchName', 'OutputArtifactFormat', 'DetectChanges'],
    },
  ],
  ['ECR', { perform: ecrSource, configuration: ['RepositoryName', 'ImageTag'] }],
  ['CodeBuild', { perform: codeBuild, configuration: ['ProjectName', 'PrimarySource', 'EnvironmentVariables'] }],
  ['Manual', { perform: approval, configuration: ['NotificationArn', 'CustomData', 'ExternalEntityLink'] }],
  [
    'CloudFormation',
    {
      perform: cloudFormation,
      configuration: [
        ...['ActionMode', 'StackName', 'ChangeSetName', 'TemplatePath', 'TemplateConfiguration', 'Capabilities'],
        'RoleArn',
      ],
    },
  ],
  [
    'CodeDeployToECS',
    {
      perform: codeDeployToEcs,
      configuration: [
        ...['ApplicationName', 'DeploymentGroupName', 'AppSpecTemplateArtifact', 'AppSpecTemplatePath'],
        ...[
          'TaskDefinitionTemplateArtifact',
          'TaskDefinitionTemplatePath',
          'Image1ArtifactName',
          'Image1ContainerName',
        ],
      ],
    },
  ],
]);

/**
 * Refuses a pipeline with actions that the rehearsal cannot do, before any is done.
 *
 * @throws Error that names them all
 */
export function checkActions({ name, stages }: PipelineDefinition): void {
  const refused = stages.flatMap((stage) =>
    stage.actions.flatMap(({ name: action, actionTypeId: { provider }, configuration }) => {
      const understood = providers.get(provider)?.configuration;
      const unknown = Object.keys(configuration).filter((key) => !understood?.includes(key));
      if (understood !== undefined && unknown.length === 0) {
        return [];
      }
      return `${stage.name}.${action} (${provider}${understood === undefined ? '' : ` with ${unknown.join(', ')}`})`;
    }),
  );
  if (refused.length > 0) {
    throw new Error(
      `The rehearsal cannot do these actions of ${name}: ${refused.join(', ')}. It knows the providers ` +
        `${[...providers.keys()].join(', ')}.`,
    );
  }
}

/** Does an action. */
export function performAction(run: ActionRun, context: ActionContext): Promise<ActionResult> {
  const { perform } = providers.get(run.action.actionTypeId.provider) as Provider;
  return perform(run, context);
}
