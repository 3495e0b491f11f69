import { namesOf, workloadRoles, workloadTemplates } from '../patterns/names';
import type { DeclaredEnvironment, DeclaredResource, Prohibition, Requests, World } from './case';
import { arnIn, openKey } from './elsewhere';
import { ifNoneMatch, neverDeletes, neverReachesOthers } from './needs';
import { packageIn } from './pipelines';

/** What must be denied to the CloudFormation execution role, whatever a template says. */

const escalation = 'IAM User Guide, "Permissions boundaries for IAM entities": delegating responsibility to others';
const passing = 'IAM User Guide, "Granting a user permissions to pass a role to an AWS service": iam:PassedToService';
const ownedByPolicy =
  'KMS Developer Guide, "ABAC for AWS KMS": tags count late, so a key says by its policy whose it is';

/** @param all the resources of the environment's templates */
export function executionNever(
  world: World,
  environment: DeclaredEnvironment,
  all: readonly DeclaredResource[],
): readonly Prohibition[] {
  return [
    ...neverWidensRoles(world, environment),
    ...neverPassesRoles(world, environment),
    ...neverTakesKeys(world, environment),
    ...neverLeavesItsResources(world, environment, all),
  ];
}

function neverWidensRoles(world: World, environment: DeclaredEnvironment): readonly Prohibition[] {
  const { tooling, environments, topology } = world;
  const names = namesOf(topology);
  const roles = environment.stack('deployment-roles');
  const arnsOf = (type: string) => roles.resources.filter((resource) => resource.type === type).map(({ arn }) => arn);
  const role = (name: string) => `arn:aws:iam::${environment.id}:role/${name}`;
  const workloadRole = role(names.workloadRole(environment.name, 'anything').text);
  const boundary = { 'iam:PermissionsBoundary': roles.arn('WorkloadBoundary') };
  return [
    {
      that: 'creates roles without the boundary',
      actions: ['iam:CreateRole', 'iam:PutRolePolicy', 'iam:DeleteRolePolicy', 'iam:PutRolePermissionsBoundary'],
      on: workloadRole,
      why: escalation,
    },
    {
      that: 'creates roles under another boundary',
      actions: ['iam:CreateRole', 'iam:PutRolePolicy', 'iam:PutRolePermissionsBoundary'],
      on: workloadRole,
      context: { 'iam:PermissionsBoundary': 'arn:aws:iam::aws:policy/AdministratorAccess' },
      why: escalation,
    },
    {
      that: 'creates roles under names that others trust',
      actions: ['iam:CreateRole', 'iam:PutRolePolicy'],
      on: [...arnsOf('AWS::IAM::Role'), role('somebody-elses-role')],
      context: boundary,
      why: 'policies of the tooling account admit roles by name',
    },
    {
      that: 'removes a boundary, or attaches policies that others write',
      actions: ['iam:DeleteRolePermissionsBoundary', 'iam:AttachRolePolicy'],
      on: workloadRole,
      why: escalation,
    },
    {
      that: 'touches the deployment roles, its own among them',
      actions: [
        'iam:AttachRolePolicy',
        'iam:DeleteRole',
        'iam:DetachRolePolicy',
        'iam:TagRole',
        'iam:UpdateAssumeRolePolicy',
        'iam:UpdateRole',
      ],
      on: arnsOf('AWS::IAM::Role'),
      why: 'who can change the role that deploys may do everything',
    },
    {
      that: 'changes the boundary or policies of the deployment roles',
      actions: ['iam:CreatePolicy', 'iam:CreatePolicyVersion', 'iam:DeletePolicy', 'iam:SetDefaultPolicyVersion'],
      on: arnsOf('AWS::IAM::ManagedPolicy'),
      why: 'who can change the boundary is not bound by it',
    },
    {
      that: 'creates users or groups',
      actions: ['iam:CreateUser', 'iam:CreateAccessKey', 'iam:AttachUserPolicy'],
      on: `arn:aws:iam::${environment.id}:user/backdoor`,
      and: [{ actions: 'iam:CreateGroup', on: `arn:aws:iam::${environment.id}:group/backdoor` }],
      why: 'nothing that is deployed needs a user',
    },
    {
      that: 'becomes another role',
      actions: 'sts:AssumeRole',
      on: [tooling, ...environments].flatMap(({ id }) => `arn:aws:iam::${id}:role/somebody-elses-open-role`),
      why: 'CloudFormation has the role that it was given',
    },
    {
      that: 'lets any service make a role for itself',
      actions: 'iam:CreateServiceLinkedRole',
      on: role('aws-service-role/organizations.amazonaws.com/AWSServiceRoleForOrganizations'),
      context: { 'iam:AWSServiceName': 'organizations.amazonaws.com' },
      and: [
        {
          actions: 'iam:CreateServiceLinkedRole',
          on: role('aws-service-role/ecs.amazonaws.com/AWSServiceRoleForSomethingElse'),
          context: { 'iam:AWSServiceName': 'ecs.amazonaws.com' },
        },
        {
          actions: 'iam:CreateServiceLinkedRole',
          on: role('aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS'),
          context: { 'iam:AWSServiceName': 'organizations.amazonaws.com' },
        },
      ],
      why: 'IAM User Guide, "Service-linked role permissions": a role of a service may do what the service says',
    },
  ];
}

function neverPassesRoles(world: World, environment: DeclaredEnvironment): readonly Prohibition[] {
  const names = namesOf(world.topology);
  const roles = environment.stack('deployment-roles');
  const deploymentRoles = roles.resources.filter(({ type }) => type === 'AWS::IAM::Role').map(({ arn }) => arn);
  const workloadRole = (name: string) =>
    `arn:aws:iam::${environment.id}:role/${names.workloadRole(environment.name, name).text}`;
  const pass = (service: string, on: readonly string[]): Requests => ({
    actions: 'iam:PassRole',
    on,
    context: { 'iam:PassedToService': service },
  });
  const [first, ...others] = [
    'codedeploy.amazonaws.com',
    'ecs-tasks.amazonaws.com',
    'lambda.amazonaws.com',
    'vpc-flow-logs.amazonaws.com',
  ].map((service) => pass(service, deploymentRoles)) as [Requests, ...Requests[]];
  const everyWorkloadRole = [...Object.values(workloadRoles), 'function-anything'].map(workloadRole);
  return [
    {
      that: 'passes deployment roles to a service',
      ...first,
      and: others,
      why: 'a function with the execution role may do what CloudFormation may',
    },
    {
      that: 'passes workload roles to other services',
      ...pass('ec2.amazonaws.com', everyWorkloadRole),
      why: passing,
    },
    {
      that: 'passes the roles of the container to functions',
      ...pass('lambda.amazonaws.com', [
        workloadRole(workloadRoles.containerTask),
        workloadRole(workloadRoles.containerExecution),
        workloadRole(workloadRoles.codeDeploy),
      ]),
      why: 'each workload role is for one service',
    },
  ];
}

function neverTakesKeys(world: World, environment: DeclaredEnvironment): readonly Prohibition[] {
  const { tooling, topology } = world;
  const tags = (key: 'aws:RequestTag' | 'aws:ResourceTag', project: string, name: string) => ({
    [`${key}/Project`]: project,
    [`${key}/Environment`]: name,
  });
  const wrong: readonly (readonly [string, string])[] = [
    ['somebody-elses', environment.name],
    [topology.project, 'another'],
  ];
  const key = openKey(world, environment, environment);
  const create = (context: Requests['context']): Requests => ({
    actions: 'kms:CreateKey',
    on: '*',
    ...(context ? { context } : {}),
  });
  const tag = (context: Readonly<Record<string, string>>): Requests => ({
    actions: 'kms:TagResource',
    on: key,
    context,
  });
  const manage = (context: Readonly<Record<string, string>>): Requests => ({
    actions: [
      'kms:EnableKey',
      'kms:PutKeyPolicy',
      'kms:ScheduleKeyDeletion',
      'kms:UntagResource',
      'kms:UpdateKeyDescription',
    ],
    on: key,
    context,
  });
  return [
    {
      that: 'creates keys without the tags of the environment',
      ...create(undefined),
      and: wrong.map(([project, name]) => create(tags('aws:RequestTag', project, name))),
      why: 'tags say whose a key is, so nobody may write the name of another on one',
    },
    {
      that: 'gives keys the tags of others, or keys in another Region any',
      ...tag({}),
      and: [
        ...wrong.map(([project, name]) => tag(tags('aws:RequestTag', project, name))),
        {
          ...tag(tags('aws:RequestTag', topology.project, environment.name)),
          on: { ...key, arn: key.arn.replace(`:${world.region}:`, ':ap-southeast-2:') },
        },
      ],
      why: 'tags say whose a key is, so nobody may write the name of another on one',
    },
    {
      that: 'changes keys of others, whatever their tags say',
      ...manage({}),
      and: [manage(tags('aws:ResourceTag', topology.project, environment.name))],
      why: ownedByPolicy,
    },
    {
      // It may tag a key when it creates it, and KMS can't tell that from tagging one that somebody left untagged.
      that: 'gains anything by claiming an untagged key with the tags of the environment',
      actions: [
        'kms:CreateAlias',
        'kms:CreateGrant',
        'kms:Decrypt',
        'kms:DisableKey',
        'kms:Encrypt',
        'kms:GenerateDataKey',
        'kms:PutKeyPolicy',
        'kms:ReEncryptFrom',
        'kms:ReplicateKey',
        'kms:ScheduleKeyDeletion',
        'kms:UpdateAlias',
      ],
      on: key,
      context: tags('aws:ResourceTag', topology.project, environment.name),
      why: ownedByPolicy,
    },
    {
      that: 'uses keys',
      actions: ['kms:Encrypt', 'kms:CreateGrant'],
      on: key,
      and: [
        {
          actions: ['kms:Encrypt', 'kms:CreateGrant', 'kms:Decrypt'],
          on: environment.stack('infrastructure').arn('WorkloadKey'),
        },
      ],
      why: 'CloudFormation manages resources; it does not use them',
    },
    {
      that: 'deletes or changes the key of artifacts',
      actions: ['kms:ScheduleKeyDeletion', 'kms:PutKeyPolicy', 'kms:CreateGrant'],
      on: tooling.stack('artifact-store').arn('ArtifactKey'),
      why: 'the key belongs to the tooling account',
    },
  ];
}

function neverLeavesItsResources(
  world: World,
  environment: DeclaredEnvironment,
  all: readonly DeclaredResource[],
): readonly Prohibition[] {
  const { environments, tooling } = world;
  const store = tooling.stack('artifact-store');
  const arnsOf = (type: string) => all.filter((resource) => resource.type === type).map(({ arn }) => arn);
  const inUse = 'CloudFormation manages resources; it does not use them';
  return [
    ...neverReachesOthers(world, environment),
    ...neverDeletes('packages', packageIn(world), store.arn('PackageBucket')),
    {
      that: 'uploads packages or artifacts',
      actions: 's3:PutObject',
      on: [packageIn(world), `${store.arn('ArtifactBucket')}/Infrastructure-Deplo/SourceArti/AbCdEfG`],
      context: ifNoneMatch,
      why: 'what is deployed to all environments is written in the tooling account alone',
    },
    {
      that: 'calls functions',
      actions: 'lambda:InvokeFunction',
      on: arnsOf('AWS::Lambda::Function'),
      why: inUse,
    },
    {
      that: 'opens functions to others',
      actions: ['lambda:AddPermission', 'lambda:RemovePermission'],
      on: arnsOf('AWS::Lambda::Function'),
      why: 'functions have no resource policy: their URLs ask for signed requests of this account',
    },
    {
      that: 'lets functions of others read queues',
      actions: 'lambda:CreateEventSourceMapping',
      on: '*',
      context: { 'lambda:FunctionArn': arnIn(world, environment, 'lambda', 'function:somebody-elses-function') },
      why: 'Lambda Developer Guide, "Fine-tuning the Resources and Conditions sections of policies": lambda:FunctionArn',
    },
    {
      that: 'tags functions of others',
      actions: ['lambda:ListTags', 'lambda:TagResource', 'lambda:UntagResource'],
      on: arnIn(world, environment, 'lambda', 'function:somebody-elses-function'),
      why: 'tags can decide about access',
    },
    {
      that: 'reads or writes messages',
      actions: ['sqs:ReceiveMessage', 'sqs:SendMessage', 'sqs:PurgeQueue'],
      on: arnsOf('AWS::SQS::Queue'),
      why: inUse,
    },
    {
      that: 'reads logs',
      actions: ['logs:FilterLogEvents', 'logs:StartQuery'],
      on: arnsOf('AWS::Logs::LogGroup'),
      why: inUse,
    },
    {
      that: 'reads or deletes access logs',
      actions: ['s3:GetObject', 's3:DeleteObject'],
      on: arnsOf('AWS::S3::Bucket').map((bucket) => `${bucket}/AWSLogs/log`),
      why: inUse,
    },
    {
      that: 'tags machines of others',
      actions: ['ec2:CreateTags', 'ec2:DeleteTags'],
      on: arnIn(world, environment, 'ec2', 'instance/i-00000000000000000'),
      why: 'tags can decide about access',
    },
    {
      that: 'starts machines or tasks',
      actions: 'ec2:RunInstances',
      on: arnIn(world, environment, 'ec2', 'instance/i-00000000000000000'),
      why: 'the templates have none',
    },
    {
      that: 'deploys stacks by itself',
      actions: [
        'cloudformation:CreateStack',
        'cloudformation:DeleteStack',
        'cloudformation:UpdateStack',
        'cloudformation:UpdateTerminationProtection',
      ],
      on: [...workloadTemplates(world.topology), 'deployment-roles'].map((template) =>
        arnIn(
          world,
          environment,
          'cloudformation',
          `stack/${environment.stack(template).name}/0a1b2c3d-4e5f-6a7b-8c9d-0e1f2a3b4c5d`,
        ),
      ),
      why: 'stacks are deployed by the pipeline, freed and deleted by the operator, and CloudFormation works on resources',
    },
    ...environments
      .filter(({ name }) => name !== environment.name)
      .map(
        (neighbour): Prohibition => ({
          that: `changes roles of ${neighbour.name}`,
          actions: ['iam:UpdateAssumeRolePolicy', 'iam:DeleteRole'],
          on: neighbour.stack('deployment-roles').arn('CloudFormationExecutionRole'),
          why: 'an environment must not reach another environment',
        }),
      ),
  ];
}
