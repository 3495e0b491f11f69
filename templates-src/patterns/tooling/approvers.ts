import {
  AccountId,
  type Action,
  type IdentityStatement,
  policy,
  type Reference,
  type StringValue,
  sub,
  suppressed,
  type Template,
} from '../../dsl';
import { accountRoot, namesOf, pipelineNamesOf, pipelinesOf, regionalArn, roleArn } from '../../model/names';
import type { Environment, Topology } from '../../model/topology';
import { ManagedPolicy } from '../../resources/iam';
import { viaServices } from '../shared/key-statements';
import { declareRole } from '../shared/roles';
import { allow } from '../shared/statements';

/**
 * What only reads: every action that AWS lists as Read or List for a pipeline (Service Authorization Reference, "Actions,
 * resources, and condition keys for AWS CodePipeline"; a test compares). By name, so that no action which AWS adds is
 * open before somebody has looked at it.
 */
export const readsOfPipelines = [
  'codepipeline:GetPipeline',
  'codepipeline:GetPipelineExecution',
  'codepipeline:GetPipelineState',
  'codepipeline:ListActionExecutions',
  'codepipeline:ListDeployActionExecutionTargets',
  'codepipeline:ListPipelineExecutions',
  'codepipeline:ListRuleExecutions',
  'codepipeline:ListTagsForResource',
] as const satisfies readonly Action[];

/** The same for a project of CodeBuild. Lists of all pipelines or projects of an account name none, and are not denied. */
export const readsOfProjects = [
  'codebuild:BatchGetBuildBatches',
  'codebuild:BatchGetBuilds',
  'codebuild:BatchGetProjects',
  'codebuild:BatchGetSandboxes',
  'codebuild:GetResourcePolicy',
  'codebuild:ListBuildBatchesForProject',
  'codebuild:ListBuildsForProject',
  'codebuild:ListSandboxesForProject',
] as const satisfies readonly Action[];

/**
 * Declares the role of the people who approve. It answers approvals and sees what they let through, and nothing that
 * commits, starts or changes a pipeline is among its permissions.
 *
 * DANGER: pipelines have no resource policies, so the role keeps nobody else from approving, nor from starting a pipeline
 * with another revision (CodePipeline User Guide, "Start a pipeline with a source revision override"). The policy beside
 * it does for those to whom somebody attaches it, and the one in the README for all of an account.
 *
 * @param key ARN of the key that the logs of reviews are encrypted with
 * @param accounts the parameter that holds the account id of an environment, into which approvers may look
 */
export function declareApprovers(
  t: Template,
  topology: Topology,
  key: StringValue,
  accounts: (environment: Environment) => Reference,
): void {
  const names = namesOf(topology);
  const { project } = topology;
  const { ApproverRoles } = t.parameters('Approvals', {
    ApproverRoles: {
      Type: 'String',
      Label: 'Who approves',
      Description:
        'Path and name of the roles of this account that may act as approver, with wildcards; by default those of the ' +
        `permission set ${project}-approvers of IAM Identity Center. Committers must not match`,
      // IAM Identity Center User Guide, "Referencing permission sets in resource policies": the Region is in the path, or not.
      Default: `aws-reserved/sso.amazonaws.com*/AWSReservedSSO_${project}-approvers_????????????????`,
      AllowedPattern: '[A-Za-z0-9_+=,.@-][A-Za-z0-9_+=,.@/*?-]*',
      ConstraintDescription: 'path and name of a role, which do not begin with a wildcard',
    },
  });
  const pipelineNames = pipelineNamesOf(topology);
  const pipelines = pipelinesOf(topology).map((pipeline) => pipelineNames[pipeline]);
  const approving = pipelinesOf(topology).filter((pipeline) => pipeline !== 'containerBuild');
  declareRole(t, 'ApproverRole', {
    name: names.approverRole,
    description: 'People assume it to approve deployments',
    trust: [
      {
        Sid: 'AssumedByApprovers',
        Effect: 'Allow',
        Principal: { AWS: accountRoot(AccountId) },
        Action: 'sts:AssumeRole',
        Condition: { ArnLike: { 'aws:PrincipalArn': roleArn(AccountId, sub`${ApproverRoles}`) } },
      },
    ],
    permissions: {
      '': [
        allow(
          'AnswerApprovals',
          ['codepipeline:PutApprovalResult'],
          approving.map((pipeline) => regionalArn('codepipeline', sub`${pipelineNames[pipeline]}/*/${names.approval}`)),
        ),
        allow(
          'SeePipelines',
          [
            'codepipeline:GetPipeline',
            'codepipeline:GetPipelineExecution',
            'codepipeline:GetPipelineState',
            'codepipeline:ListActionExecutions',
            'codepipeline:ListPipelineExecutions',
          ],
          pipelines.map((name) => regionalArn('codepipeline', name)),
        ),
        allow('SeeReviews', ['codebuild:BatchGetBuilds'], regionalArn('codebuild', sub`project/${project}-review-*`)),
        allow(
          'ReadReviews',
          ['logs:GetLogEvents'],
          regionalArn('logs', sub`log-group:/aws/codebuild/${project}-review-*:log-stream:*`),
        ),
        // CloudWatch Logs may ask KMS on behalf of the reader, as it may on behalf of the writer.
        allow('DecryptReviews', ['kms:Decrypt'], key, viaServices('logs')),
        allow(
          'LookIntoEnvironments',
          ['sts:AssumeRole'],
          topology.environments.map((environment) =>
            roleArn(accounts(environment), names.viewerRole(environment.name)),
          ),
        ),
      ],
    },
    wildcards: 'Stages are called after environments, and builds name their streams.',
  });
  denyToOthers(t, topology);
}

/**
 * Declares the policy for everybody who does not approve: an explicit Deny, which no Allow outweighs, not even that of
 * AdministratorAccess (IAM User Guide, "Policy evaluation logic"). It denies everything but reading, so that what AWS
 * adds to CodePipeline and CodeBuild is denied, too.
 *
 * No role of the route has it: people and their permission sets are not the template's. Nor may the operator who runs `deploy.sh`
 * have it, which changes pipelines in its own name. Approvers may: they act as another role.
 */
function denyToOthers(t: Template, topology: Topology): void {
  const names = namesOf(topology);
  const pipelineNames = pipelineNamesOf(topology);
  const NotApproverPolicy = t.resource(
    'NotApproverPolicy',
    suppressed(
      ManagedPolicy({
        ManagedPolicyName: names.notApproverPolicy,
        // Create-only, and the name is fixed: another text would make CloudFormation refuse the update.
        Description: `Keeps whoever has it from approving, starting and changing pipelines and builds of ${topology.project}`,
        PolicyDocument: policy<IdentityStatement>(
          {
            Sid: 'OnlySeePipelines',
            Effect: 'Deny',
            NotAction: readsOfPipelines,
            // Beneath a pipeline are its stages and their actions: the ARNs that approvals and retries are decided on.
            Resource: pipelinesOf(topology)
              .map((pipeline) => pipelineNames[pipeline])
              .flatMap((name) => [regionalArn('codepipeline', name), regionalArn('codepipeline', `${name}/*`)]),
          },
          {
            Sid: 'OnlySeeBuilds',
            Effect: 'Deny',
            NotAction: readsOfProjects,
            // All that begin with the project: with every environment there are more, and a policy holds 6,144 characters.
            Resource: regionalArn('codebuild', `project/${names.buildProject('*')}`),
          },
        ),
      }),
      {
        reason:
          'Administrators attach it to people, and permission sets of IAM Identity Center know it by its name alone.',
        cfn_nag: ['W28'],
      },
    ),
  );
  t.outputs({
    NotApproverPolicyArn: {
      Description: 'Attach it to everybody who neither approves nor runs deploy.sh',
      Value: NotApproverPolicy,
    },
  });
}
