import { namesOf, operatorTemplates, type WorkloadTemplate, workloadTemplates } from '../model/names';
import type { DeclaredEnvironment, DeclaredResource, DeclaredRoute, Prohibition, Requests } from './case';
import { arnIn, openKey } from './elsewhere';
import { ifNoneMatch, neverDeletes, neverReachesOthers, operatorsOwn } from './needs';
import { packageIn } from './pipelines';

/** What must be denied to the execution roles of CloudFormation, whatever a template says. */

const escalation = 'IAM User Guide, "Permissions boundaries for IAM entities": delegating responsibility to others';
const passing = 'IAM User Guide, "Granting a user permissions to pass a role to an AWS service": iam:PassedToService';
const ownedByPolicy =
  'KMS Developer Guide, "ABAC for AWS KMS": tags count late, so a key says by its policy whose it is';

/**
 * @param template what the role deploys
 * @param own the resources of this template
 */
export function executionNever(
  route: DeclaredRoute,
  environment: DeclaredEnvironment,
  template: WorkloadTemplate,
  own: readonly DeclaredResource[],
): readonly Prohibition[] {
  return [
    ...neverWidensRoles(route, environment, template),
    ...neverPassesRoles(route, environment, template),
    ...neverTakesKeys(route, environment),
    ...neverLeavesItsResources(route, environment, own),
    ...(template === 'infrastructure'
      ? neverOpensFunctionsOrNetwork(route, environment)
      : neverOpensTasks(route, environment)),
  ];
}

/** The roles that a template creates: a name, and the logical id of the boundary that they have. */
const createdBy = (route: DeclaredRoute, environment: DeclaredEnvironment, template: WorkloadTemplate) => {
  const names = namesOf(route.topology);
  const ofFunctions = {
    role: names.functionRole(environment.name, 'anything').text,
    boundary: 'FunctionBoundary',
  };
  const ofTasks = { role: names.taskRole(environment.name).text, boundary: 'TaskBoundary' };
  return template === 'infrastructure' ? { own: ofFunctions, other: ofTasks } : { own: ofTasks, other: ofFunctions };
};

function neverWidensRoles(
  route: DeclaredRoute,
  environment: DeclaredEnvironment,
  template: WorkloadTemplate,
): readonly Prohibition[] {
  const { tooling, environments } = route;
  const { own, other } = createdBy(route, environment, template);
  const serviceRoles = environment.stack('service-roles');
  const arnsOf = (type: string) => operatorsOwn(environment, type);
  const role = (name: string) => `arn:aws:iam::${environment.id}:role/${name}`;
  const workloadRole = role(own.role);
  const boundary = { 'iam:PermissionsBoundary': serviceRoles.arn(own.boundary) };
  const write = [
    'iam:CreateRole',
    'iam:PutRolePolicy',
    'iam:PutRolePermissionsBoundary',
    'iam:UpdateAssumeRolePolicy',
  ] as const;
  return [
    {
      that: 'creates roles without the boundary',
      actions: [...write, 'iam:DeleteRolePolicy'],
      on: workloadRole,
      why: escalation,
    },
    {
      that: 'creates roles under another boundary',
      actions: write,
      on: workloadRole,
      context: { 'iam:PermissionsBoundary': 'arn:aws:iam::aws:policy/AdministratorAccess' },
      // A route without a container has no boundary for tasks.
      and: serviceRoles.resources
        .filter(({ logicalId }) => logicalId === other.boundary)
        .map(({ arn }) => ({ actions: write, on: workloadRole, context: { 'iam:PermissionsBoundary': arn } })),
      why: escalation,
    },
    {
      that: 'creates roles of another purpose, or below a path',
      actions: ['iam:CreateRole', 'iam:PutRolePolicy', 'iam:UpdateAssumeRolePolicy', 'iam:DeleteRole'],
      on: [role(other.role), role(`below-a-path/${own.role}`)],
      context: boundary,
      why: 'each boundary is for the roles of one purpose, and names of roles are unique whatever their path',
    },
    {
      that: 'creates roles whose path begins like an allowed name',
      actions: 'iam:CreateRole',
      on: role(`${own.role}/anything`),
      context: boundary,
      why: '`*` in the ARN of a role matches slashes, and names are unique in an account whatever the path',
    },
    {
      that: 'creates roles under names that others trust',
      actions: write,
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
      that: 'touches what the operator makes, its own role among it',
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

function neverPassesRoles(
  route: DeclaredRoute,
  environment: DeclaredEnvironment,
  template: WorkloadTemplate,
): readonly Prohibition[] {
  const names = namesOf(route.topology);
  const { name } = environment;
  const role = (of: { readonly text: string }) => `arn:aws:iam::${environment.id}:role/${of.text}`;
  const [ofFunctions, ofTasks, taskExecution, codeDeploy, flowLogs] = [
    names.functionRole(name, 'anything'),
    names.taskRole(name),
    names.taskExecutionRole(name),
    names.codeDeployRole(name),
    names.flowLogRole(name),
  ].map(role) as [string, string, string, string, string];
  const passable: Readonly<Record<string, readonly string[]>> =
    template === 'infrastructure'
      ? { 'lambda.amazonaws.com': [ofFunctions], 'vpc-flow-logs.amazonaws.com': [flowLogs] }
      : { 'codedeploy.amazonaws.com': [codeDeploy], 'ecs-tasks.amazonaws.com': [ofTasks, taskExecution] };
  const pass = (service: string, on: readonly string[]): Requests => ({
    actions: 'iam:PassRole',
    on,
    context: { 'iam:PassedToService': service },
  });
  const roles = [ofFunctions, ofTasks, taskExecution, codeDeploy, flowLogs];
  const operators = operatorsOwn(environment, 'AWS::IAM::Role').filter((arn) => !roles.includes(arn));
  const services = [
    'codedeploy.amazonaws.com',
    'ecs-tasks.amazonaws.com',
    'lambda.amazonaws.com',
    'vpc-flow-logs.amazonaws.com',
  ];
  return [
    {
      that: 'passes deployment roles to a service',
      ...pass('ec2.amazonaws.com', operators),
      and: services.map((service) => pass(service, operators)),
      why: 'a function with the execution role may do what CloudFormation may',
    },
    {
      that: 'passes a role to a service that it is not for',
      ...pass('ec2.amazonaws.com', roles),
      and: services.map((service) =>
        pass(
          service,
          roles.filter((arn) => !passable[service]?.includes(arn)),
        ),
      ),
      why: passing,
    },
  ];
}

function neverTakesKeys(route: DeclaredRoute, environment: DeclaredEnvironment): readonly Prohibition[] {
  const { tooling, topology } = route;
  const tags = (key: 'aws:RequestTag' | 'aws:ResourceTag', project: string, name: string) => ({
    [`${key}/Project`]: project,
    [`${key}/Environment`]: name,
  });
  const wrong: readonly (readonly [string, string])[] = [
    ['somebody-elses', environment.name],
    [topology.project, 'another'],
  ];
  const key = openKey(route, environment, environment);
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
          on: { ...key, arn: key.arn.replace(`:${route.region}:`, ':ap-southeast-2:') },
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

/** Properties of functions, keys and endpoints that would let others in, or data out. */
function neverOpensFunctionsOrNetwork(route: DeclaredRoute, environment: DeclaredEnvironment): readonly Prohibition[] {
  const { topology, region } = route;
  const functions = environment
    .stack('infrastructure')
    .resources.filter(({ type }) => type === 'AWS::Lambda::Function')
    .map(({ arn }) => arn);
  return [
    {
      that: 'creates keys that their own creator may not change again',
      actions: 'kms:CreateKey',
      on: '*',
      context: {
        'aws:RequestTag/Project': topology.project,
        'aws:RequestTag/Environment': environment.name,
        'kms:BypassPolicyLockoutSafetyCheck': 'true',
      },
      and: [
        {
          actions: 'kms:PutKeyPolicy',
          on: environment.stack('infrastructure').arn('WorkloadKey'),
          context: { 'kms:BypassPolicyLockoutSafetyCheck': 'true' },
        },
      ],
      why: 'KMS Developer Guide, "kms:BypassPolicyLockoutSafetyCheck": such a key outlives the revert that should undo it',
    },
    {
      that: 'gives functions addresses that anybody may call',
      actions: ['lambda:CreateFunctionUrlConfig', 'lambda:UpdateFunctionUrlConfig'],
      on: functions,
      context: { 'lambda:FunctionUrlAuthType': 'NONE' },
      why: 'Lambda Developer Guide, "Control access to Lambda function URLs": lambda:FunctionUrlAuthType',
    },
    {
      that: 'makes endpoints of services of others',
      actions: 'ec2:CreateVpcEndpoint',
      on:
        topology.container === undefined ? [] : arnIn(route, environment, 'ec2', 'vpc-endpoint/vpce-00000000000000000'),
      context: { 'ec2:VpceServiceName': `com.amazonaws.vpce.${region}.vpce-svc-00000000000000000` },
      why: 'VPC User Guide, "Control the service that can be specified in VpcEndpoints": ec2:VpceServiceName',
    },
  ];
}

/** Properties of a service that would let others into its tasks. */
function neverOpensTasks(route: DeclaredRoute, environment: DeclaredEnvironment): readonly Prohibition[] {
  const service = environment.stack('container-service').arn('ContainerService');
  const change = ['ecs:CreateService', 'ecs:UpdateService'] as const;
  return [
    {
      that: 'gives tasks addresses in the Internet',
      actions: change,
      on: service,
      context: { 'ecs:auto-assign-public-ip': 'ENABLED' },
      why: 'Service Authorization Reference, Amazon ECS: ecs:auto-assign-public-ip',
    },
    {
      that: 'lets people into tasks',
      actions: change,
      on: service,
      context: { 'ecs:enable-execute-command': 'true' },
      why: 'Service Authorization Reference, Amazon ECS: ecs:enable-execute-command',
    },
    {
      that: 'scales what others have',
      actions: ['application-autoscaling:PutScalingPolicy', 'application-autoscaling:RegisterScalableTarget'],
      on: arnIn(route, environment, 'application-autoscaling', 'scalable-target/0a1b2c3d4e5f6a7b8c9d'),
      context: { 'application-autoscaling:service-namespace': 'dynamodb' },
      why: 'Service Authorization Reference, Application Auto Scaling: application-autoscaling:service-namespace',
    },
  ];
}

function neverLeavesItsResources(
  route: DeclaredRoute,
  environment: DeclaredEnvironment,
  all: readonly DeclaredResource[],
): readonly Prohibition[] {
  const { environments, tooling } = route;
  const store = tooling.stack('artifact-store');
  const arnsOf = (type: string) => all.filter((resource) => resource.type === type).map(({ arn }) => arn);
  const inUse = 'CloudFormation manages resources; it does not use them';
  return [
    ...neverReachesOthers(route, environment),
    ...neverDeletes('packages', packageIn(route), store.arn('PackageBucket')),
    {
      that: 'uploads packages or artifacts',
      actions: 's3:PutObject',
      on: [packageIn(route), `${store.arn('ArtifactBucket')}/Infrastructure-Deplo/SourceArti/AbCdEfG`],
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
      context: { 'lambda:FunctionArn': arnIn(route, environment, 'lambda', 'function:somebody-elses-function') },
      why: 'Lambda Developer Guide, "Fine-tuning the Resources and Conditions sections of policies": lambda:FunctionArn',
    },
    {
      that: 'tags functions of others',
      actions: ['lambda:ListTags', 'lambda:TagResource', 'lambda:UntagResource'],
      on: arnIn(route, environment, 'lambda', 'function:somebody-elses-function'),
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
      on: arnIn(route, environment, 'ec2', 'instance/i-00000000000000000'),
      why: 'tags can decide about access',
    },
    {
      that: 'starts machines or tasks',
      actions: 'ec2:RunInstances',
      on: arnIn(route, environment, 'ec2', 'instance/i-00000000000000000'),
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
      on: [...workloadTemplates(route.topology), ...operatorTemplates].map((template) =>
        arnIn(
          route,
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
