import { pascalCase } from '../model/function-names';
import { pipelineNamesOf, pipelinesOf } from '../model/names';
import { readsOfPipelines, readsOfProjects } from '../patterns/tooling/approvers';
import { type ActorCases, type AdministratorActor, type Cases, casesOf, type DeclaredRoute } from './case';
import { administratorOf, apartFromTooling, arnIn, foreigner, imagesOf, openKey, openRole } from './elsewhere';
import { ifNoneMatch } from './needs';
import { artifactOf, packageIn, pipelineStack } from './pipelines';

/** The people who approve, who becomes the approver, and what approvers do; and the people who do not. */

/** The role that IAM Identity Center makes in an account for a permission set. */
const withPermissionSet = (accountId: string, path: string, set: string): AdministratorActor => ({
  kind: 'administrator',
  arn: `arn:aws:iam::${accountId}:role/aws-reserved/sso.amazonaws.com${path}/AWSReservedSSO_${set}_0123456789abcdef`,
});

function approverCases(route: DeclaredRoute): ActorCases {
  const { region, tooling, topology, environments } = route;
  const store = tooling.stack('artifact-store');
  const role = pipelineStack(route, 'infrastructureDeployment').role('ApproverRole');
  const set = `${topology.project}-approvers`;
  const approved = topology.environments.filter(({ approval }) => approval).map(({ name }) => pascalCase(name));
  const names = pipelineNamesOf(topology);
  const pipelines = pipelinesOf(topology);
  const pipelineOf = (name: string) => arnIn(route, tooling, 'codepipeline', name);
  const actionsNamed = (action: string) =>
    pipelines
      .filter((pipeline) => pipeline !== 'containerBuild')
      .flatMap((pipeline) => approved.map((stage) => pipelineOf(`${names[pipeline]}/${stage}/${action}`)));
  const infrastructure = pipelineStack(route, 'infrastructureDeployment');
  const reviews = approved.map((name) => infrastructure.resource(`Review${name}Project`));
  const other = pipelineOf('somebody-elses-pipeline');
  const stream = (group: string) => `${group}:log-stream:0a1b2c3d-4e5f-6a7b-8c9d-0e1f2a3b4c5d`;
  return {
    group: 'tooling/infrastructure-deployment-pipeline/ApproverRole',
    actor: role,
    needs: [
      {
        does: 'is who has the permission set of approvers',
        actor: withPermissionSet(tooling.id, `/${region}`, set),
        actions: 'sts:AssumeRole',
        on: role.arn,
        why: 'IAM Identity Center User Guide, "Referencing permission sets in resource policies": the path has the Region',
        denied: [
          {
            that: 'who has another permission set',
            actor: withPermissionSet(tooling.id, `/${region}`, `${topology.project}-committers`),
            why: 'who commits does not approve',
          },
          {
            that: 'who has one whose name goes on',
            actor: withPermissionSet(tooling.id, `/${region}`, `${set}_of-others`),
            why: 'who commits does not approve',
          },
          {
            that: 'an administrator of the account',
            actor: administratorOf(tooling),
            why: 'approving is for those who are named; who may change IAM can still name himself',
          },
          { that: 'another account', actor: foreigner, why: 'approvers are people of the tooling account' },
          ...apartFromTooling(route).map((environment) => ({
            that: `who has it in ${environment.name}`,
            actor: withPermissionSet(environment.id, `/${region}`, set),
            why: 'approvers are people of the tooling account',
          })),
        ],
      },
      {
        does: 'is who has the permission set where Identity Center is in us-east-1',
        actor: withPermissionSet(tooling.id, '', set),
        actions: 'sts:AssumeRole',
        on: role.arn,
        why: 'IAM Identity Center User Guide, "Referencing permission sets in resource policies": the path has no Region',
      },
      {
        does: 'answers approvals',
        actions: 'codepipeline:PutApprovalResult',
        on: actionsNamed('Approve'),
        why: 'CodePipeline User Guide, "Grant approval permissions to an IAM user in CodePipeline"',
        denied: [
          { that: 'of another pipeline', on: `${other}/Prod/Approve`, why: 'approvers know this route' },
          { that: 'of another action', on: actionsNamed('SomethingElse'), why: 'one action asks them' },
        ],
      },
      {
        does: 'sees pipelines and their executions',
        actions: [
          'codepipeline:GetPipeline',
          'codepipeline:GetPipelineExecution',
          'codepipeline:GetPipelineState',
          'codepipeline:ListActionExecutions',
          'codepipeline:ListPipelineExecutions',
        ],
        on: pipelines.map((pipeline) => pipelineOf(names[pipeline])),
        why: 'CodePipeline User Guide, "Grant approval permissions to an IAM user in CodePipeline": GetPipeline, State, Execution',
        denied: [{ that: 'of others', on: other, why: 'approvers know this route' }],
      },
      {
        does: 'sees the builds that say what changes',
        actions: 'codebuild:BatchGetBuilds',
        on: reviews.map(({ arn }) => arn),
        why: 'CodeBuild User Guide, "CodeBuild permissions reference": BatchGetBuilds',
        denied: [
          { that: 'other builds', on: infrastructure.arn('PackageLambdasProject'), why: 'they tell approvers nothing' },
        ],
      },
      {
        does: 'reads what they say',
        actions: 'logs:GetLogEvents',
        on: reviews.map(({ ref }) => stream(arnIn(route, tooling, 'logs', `log-group:/aws/codebuild/${ref}`))),
        why: 'CloudWatch Logs API Reference, "GetLogEvents"',
        denied: [
          {
            that: 'logs of others',
            on: stream(arnIn(route, tooling, 'logs', 'log-group:/aws/codebuild/somebody-elses')),
            why: 'they tell approvers nothing',
          },
        ],
      },
      {
        does: 'decrypts it',
        actions: 'kms:Decrypt',
        on: store.arn('ArtifactKey'),
        context: { 'kms:ViaService': `logs.${region}.amazonaws.com` },
        why: 'CloudWatch Logs User Guide, "Encrypt log data in CloudWatch Logs using AWS KMS": for roles that call it',
        denied: [
          {
            that: 'artifacts and packages',
            context: { 'kms:ViaService': `s3.${region}.amazonaws.com` },
            why: 'approvers read what the reviews say of them',
          },
          { that: "with somebody else's key", on: openKey(route, tooling, tooling), why: 'it is one key' },
        ],
      },
      {
        does: 'looks into environments',
        actions: 'sts:AssumeRole',
        on: environments.map((environment) => environment.stack('deployment-roles').arn('ViewerRole')),
        why: 'IAM User Guide, "Cross-account access": sts:AssumeRole on the role, and its trust',
        denied: [
          {
            that: 'as somebody who acts there',
            on: environments.flatMap((environment) =>
              ['CloudFormationActionRole', 'LambdaUpdateRole', 'ReviewRole'].map((id) =>
                environment.stack('deployment-roles').arn(id),
              ),
            ),
            why: 'who approves deploys nothing by hand',
          },
        ],
      },
    ],
    never: [
      {
        that: 'starts, stops, overrides or changes pipelines',
        actions: [
          'codepipeline:DeletePipeline',
          'codepipeline:StartPipelineExecution',
          'codepipeline:StopPipelineExecution',
          'codepipeline:UpdatePipeline',
        ],
        on: pipelines.map((pipeline) => pipelineOf(names[pipeline])),
        and: [
          {
            actions: [
              'codepipeline:DisableStageTransition',
              'codepipeline:EnableStageTransition',
              'codepipeline:OverrideStageCondition',
              'codepipeline:RetryStageExecution',
              'codepipeline:RollbackStage',
            ],
            on: approved.map((stage) => pipelineOf(`${names.infrastructureDeployment}/${stage}`)),
          },
        ],
        why: "an execution may be started with a revision of one's own: who approves must not choose what",
      },
      {
        that: 'commits',
        actions: ['codecommit:CreateCommit', 'codecommit:GitPush', 'codecommit:PutFile'],
        on:
          topology.pipelines.source === 'codecommit'
            ? pipelines.map((pipeline) => pipelineStack(route, pipeline).arn('SourceRepository'))
            : [],
        why: 'who approves does not commit',
      },
      {
        that: 'builds, or changes builds',
        actions: ['codebuild:StartBuild', 'codebuild:UpdateProject'],
        on: reviews.map(({ arn }) => arn),
        why: "a build may be started with a buildspec of one's own",
      },
      {
        that: 'writes what is deployed',
        actions: 's3:PutObject',
        on: [artifactOf(route, 'infrastructureDeployment', 'Package'), packageIn(route)],
        context: ifNoneMatch,
        and: [{ actions: 'ecr:PutImage', on: imagesOf(route) }],
        why: 'who approves does not make what is approved',
      },
      {
        that: 'becomes another role',
        actions: 'sts:AssumeRole',
        on: openRole(tooling, tooling),
        why: 'who approves does nothing else',
      },
    ],
  };
}

/** Somebody who has the policy for people who do not approve, and AdministratorAccess beside it. */
function notApproverCases(route: DeclaredRoute): ActorCases {
  const { region, tooling, topology } = route;
  const infrastructure = pipelineStack(route, 'infrastructureDeployment');
  const attached = [infrastructure.arn('NotApproverPolicy')];
  const actor: AdministratorActor = { ...administratorOf(tooling), attached };
  const set = `${topology.project}-approvers`;
  const names = pipelineNamesOf(topology);
  const pipelines = pipelinesOf(topology);
  const arns = pipelines.map((pipeline) => arnIn(route, tooling, 'codepipeline', names[pipeline]));
  const approved = topology.environments.filter(({ approval }) => approval).map(({ name }) => pascalCase(name));
  const deploying = pipelines.filter((pipeline) => pipeline !== 'containerBuild').map((pipeline) => names[pipeline]);
  const stages = [
    ...arns.map((arn) => `${arn}/Source`),
    ...deploying.flatMap((name) => approved.map((stage) => arnIn(route, tooling, 'codepipeline', `${name}/${stage}`))),
  ];
  const projects = pipelines
    .flatMap((pipeline) => pipelineStack(route, pipeline).resources)
    .filter(({ type }) => type === 'AWS::CodeBuild::Project')
    .map(({ arn }) => arn);
  const otherPipeline = arnIn(route, tooling, 'codepipeline', 'somebody-elses-pipeline');
  const why = 'IAM User Guide, "Policy evaluation logic": an explicit deny in any policy overrides any allow';
  return {
    group: 'tooling/infrastructure-deployment-pipeline/NotApproverPolicy',
    actor,
    needs: [
      {
        does: 'sees pipelines and their executions',
        actions: readsOfPipelines,
        on: arns,
        why: 'who commits and looks after pipelines has to see what became of it',
      },
      {
        does: 'sees builds',
        actions: readsOfProjects,
        on: projects,
        why: 'who commits has to see why a build failed',
      },
      {
        does: 'does everything with pipelines of others',
        actions: [
          'codepipeline:StartPipelineExecution',
          'codepipeline:StopPipelineExecution',
          'codepipeline:UpdatePipeline',
        ],
        on: otherPipeline,
        and: [
          {
            actions: ['codepipeline:OverrideStageCondition', 'codepipeline:RetryStageExecution'],
            on: `${otherPipeline}/Prod`,
          },
          { actions: 'codepipeline:PutApprovalResult', on: `${otherPipeline}/Prod/Approve` },
        ],
        why: 'the policy is about this route alone',
      },
      {
        does: 'does everything with builds of others',
        actions: ['codebuild:StartBuild', 'codebuild:UpdateProject'],
        on: arnIn(route, tooling, 'codebuild', 'project/somebody-elses'),
        why: 'the policy is about this route alone',
      },
      {
        does: 'takes the policy off again',
        actions: 'iam:DetachRolePolicy',
        on: actor.arn,
        why: 'who may change IAM is bound by no policy of the account: a service control policy binds administrators',
      },
      {
        does: 'becomes the approver, with the permission set of approvers',
        actor: { ...withPermissionSet(tooling.id, `/${region}`, set), attached },
        actions: 'sts:AssumeRole',
        on: infrastructure.arn('ApproverRole'),
        why: 'the policy may be attached to everybody: who approves does it as a role that does not have it',
      },
    ],
    never: [
      {
        that: 'approves',
        actions: 'codepipeline:PutApprovalResult',
        on: deploying.flatMap((name) =>
          approved.map((stage) => arnIn(route, tooling, 'codepipeline', `${name}/${stage}/Approve`)),
        ),
        why,
      },
      {
        that: 'starts, stops, changes or deletes pipelines',
        actions: [
          'codepipeline:CreatePipeline',
          'codepipeline:DeletePipeline',
          'codepipeline:StartPipelineExecution',
          'codepipeline:StopPipelineExecution',
          'codepipeline:UpdatePipeline',
        ],
        on: arns,
        why,
      },
      {
        that: 'overrides, retries, rolls back, opens or closes stages',
        actions: [
          'codepipeline:DisableStageTransition',
          'codepipeline:EnableStageTransition',
          'codepipeline:OverrideStageCondition',
          'codepipeline:RetryStageExecution',
          'codepipeline:RollbackStage',
        ],
        on: stages,
        why,
      },
      {
        that: 'says which revision is deployed',
        actions: 'codepipeline:PutActionRevision',
        on: arns.map((arn) => `${arn}/Source/Source`),
        why,
      },
      {
        that: 'starts builds',
        actions: [
          'codebuild:RetryBuild',
          'codebuild:StartBuild',
          'codebuild:StartBuildBatch',
          'codebuild:StartSandbox',
        ],
        on: projects,
        why: `${why}; a build may be started with a buildspec of one's own`,
      },
      {
        that: 'changes builds',
        actions: ['codebuild:DeleteProject', 'codebuild:PutResourcePolicy', 'codebuild:UpdateProject'],
        on: projects,
        why,
      },
    ],
  };
}

/** The cases of the people who approve, and of those who do not; where nobody does, there is no role for it. */
export const approvers: Cases = (route) =>
  route.topology.environments.some(({ approval }) => approval)
    ? [...casesOf(approverCases(route)), ...casesOf(notApproverCases(route))]
    : [];
