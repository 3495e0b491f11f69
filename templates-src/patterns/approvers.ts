import type { Environment, Topology } from '../define-topology';
import { AccountId, type Reference, type StringValue, sub } from '../dsl/intrinsics';
import type { Template } from '../dsl/template';
import { viaServices } from './key-statements';
import { accountRoot, namesOf, pipelineNamesOf, pipelinesOf, regionalArn, roleArn } from './names';
import { declareRole } from './roles';
import { allow } from './statements';

/**
 * Declares the role of the people who approve. It answers approvals and sees what they let through, and nothing that
 * commits, starts or changes a pipeline is among its permissions.
 *
 * DANGER: pipelines have no resource policies, so nothing here keeps others of the account from approving, nor from
 * starting a pipeline with another revision (CodePipeline User Guide, "Start a pipeline with a source revision
 * override"). The policy in the README does.
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
        // CloudWatch Logs may ask KMS for whoever reads, as it may for whoever writes.
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
}
