import { pascalCase } from '../patterns/function-names';
import { pipelineNamesOf, pipelinesOf } from '../patterns/names';
import { type ActorCases, type AdministratorActor, type Cases, casesOf, type World } from './case';
import { administratorOf, apartFromTooling, arnIn, foreigner, imagesOf, openKey, openRole } from './elsewhere';
import { ifNoneMatch } from './needs';
import { artifactOf, packageIn, pipelineStack } from './pipelines';

/** The people who approve: who becomes the approver, and what approvers do. */

/** The role that IAM Identity Center makes in an account for whoever has a permission set. */
const withPermissionSet = (accountId: string, path: string, set: string): AdministratorActor => ({
  kind: 'administrator',
  arn: `arn:aws:iam::${accountId}:role/aws-reserved/sso.amazonaws.com${path}/AWSReservedSSO_${set}_0123456789abcdef`,
});

function approverCases(world: World): ActorCases {
  const { region, tooling, topology, environments } = world;
  const store = tooling.stack('artifact-store');
  const role = pipelineStack(world, 'infrastructureDeployment').role('ApproverRole');
  const set = `${topology.project}-approvers`;
  const approved = topology.environments.filter(({ approval }) => approval).map(({ name }) => pascalCase(name));
  const names = pipelineNamesOf(topology);
  const pipelines = pipelinesOf(topology);
  const pipelineOf = (name: string) => arnIn(world, tooling, 'codepipeline', name);
  const actionsNamed = (action: string) =>
    pipelines
      .filter((pipeline) => pipeline !== 'containerBuild')
      .flatMap((pipeline) => approved.map((stage) => pipelineOf(`${names[pipeline]}/${stage}/${action}`)));
  const infrastructure = pipelineStack(world, 'infrastructureDeployment');
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
        butNot: [
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
          ...apartFromTooling(world).map((environment) => ({
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
        butNot: [
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
        butNot: [{ that: 'of others', on: other, why: 'approvers know this route' }],
      },
      {
        does: 'sees the builds that say what changes',
        actions: 'codebuild:BatchGetBuilds',
        on: reviews.map(({ arn }) => arn),
        why: 'CodeBuild User Guide, "CodeBuild permissions reference": BatchGetBuilds',
        butNot: [
          { that: 'other builds', on: infrastructure.arn('PackageLambdasProject'), why: 'they tell approvers nothing' },
        ],
      },
      {
        does: 'reads what they say',
        actions: 'logs:GetLogEvents',
        on: reviews.map(({ ref }) => stream(arnIn(world, tooling, 'logs', `log-group:/aws/codebuild/${ref}`))),
        why: 'CloudWatch Logs API Reference, "GetLogEvents"',
        butNot: [
          {
            that: 'logs of others',
            on: stream(arnIn(world, tooling, 'logs', 'log-group:/aws/codebuild/somebody-elses')),
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
        butNot: [
          {
            that: 'artifacts and packages',
            context: { 'kms:ViaService': `s3.${region}.amazonaws.com` },
            why: 'approvers read what the reviews say of them',
          },
          { that: "with somebody else's key", on: openKey(world, tooling, tooling), why: 'it is one key' },
        ],
      },
      {
        does: 'looks into environments',
        actions: 'sts:AssumeRole',
        on: environments.map((environment) => environment.stack('deployment-roles').arn('ViewerRole')),
        why: 'IAM User Guide, "Cross-account access": sts:AssumeRole on the role, and its trust',
        butNot: [
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
            ? pipelines.map((pipeline) => pipelineStack(world, pipeline).arn('SourceRepository'))
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
        on: [artifactOf(world, 'infrastructureDeployment', 'Package'), packageIn(world)],
        context: ifNoneMatch,
        and: [{ actions: 'ecr:PutImage', on: imagesOf(world) }],
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

/** The cases of the people who approve; where nobody does, there is no role for it. */
export const approvers: Cases = (world) =>
  world.topology.environments.some(({ approval }) => approval) ? casesOf(approverCases(world)) : [];
