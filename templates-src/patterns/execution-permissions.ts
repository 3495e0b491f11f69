import type { Topology } from '../define-topology';
import { AccountId, Partition, type Reference, type Substitution, sub } from '../dsl/intrinsics';
import type { IdentityStatement } from '../dsl/policies';
import {
  containerPermissions,
  createServiceLinkedRoles,
  logBucketPermissions,
  networkPermissions,
  passContainerRoles,
} from './container-permissions';
import { bucketArn, namesOf, regionalArn, roleArn } from './names';
import { allow, passRole } from './statements';

/**
 * What the CloudFormation execution role of an environment may do: create, change and delete the resource types of the
 * environment's templates, under the project's names, and nothing else. The actions are those that the handlers of
 * these types name in AWS's resource schemas; a test compares them.
 */

/** Every resource type that templates of environments may contain. */
export const environmentResourceTypes = [
  'AWS::ApplicationAutoScaling::ScalableTarget',
  'AWS::ApplicationAutoScaling::ScalingPolicy',
  'AWS::CloudWatch::Alarm',
  'AWS::CodeDeploy::Application',
  'AWS::CodeDeploy::DeploymentGroup',
  'AWS::EC2::EIP',
  'AWS::EC2::FlowLog',
  'AWS::EC2::InternetGateway',
  'AWS::EC2::NatGateway',
  'AWS::EC2::Route',
  'AWS::EC2::RouteTable',
  'AWS::EC2::SecurityGroup',
  'AWS::EC2::SecurityGroupIngress',
  'AWS::EC2::Subnet',
  'AWS::EC2::SubnetRouteTableAssociation',
  'AWS::EC2::VPC',
  'AWS::EC2::VPCEndpoint',
  'AWS::EC2::VPCGatewayAttachment',
  'AWS::ECS::Cluster',
  'AWS::ECS::Service',
  'AWS::ECS::TaskDefinition',
  'AWS::ElasticLoadBalancingV2::Listener',
  'AWS::ElasticLoadBalancingV2::LoadBalancer',
  'AWS::ElasticLoadBalancingV2::TargetGroup',
  'AWS::IAM::Role',
  'AWS::KMS::Alias',
  'AWS::KMS::Key',
  'AWS::Lambda::EventSourceMapping',
  'AWS::Lambda::Function',
  'AWS::Lambda::Url',
  'AWS::Logs::LogGroup',
  'AWS::S3::Bucket',
  'AWS::S3::BucketPolicy',
  'AWS::SQS::Queue',
  'AWS::SQS::QueuePolicy',
] as const;

/**
 * The statements, in lists that each fit a managed policy.
 *
 * @param environment the parameter that holds the environment's name
 * @param artifactKey ARN of the key of Lambda packages
 * @param tooling the parameter that holds the id of the tooling account
 */
export function executionPermissions(
  topology: Topology,
  { environment, artifactKey, tooling }: { environment: Reference; artifactKey: Reference; tooling: Reference },
): Readonly<Record<string, readonly IdentityStatement[]>> {
  const { container } = topology;
  const names = namesOf(topology);
  const prefix = names.environmentPrefix(environment);

  const workloadRole = roleArn(AccountId, names.workloadRole(environment, '*'));
  const boundary = sub`arn:${Partition}:iam::${AccountId}:policy/${names.workloadBoundary(environment)}`;
  const roleOf = (name: string) => roleArn(AccountId, names.workloadRole(environment, name));
  const withOwnTags = {
    StringEquals: { 'aws:RequestTag/Project': topology.project, 'aws:RequestTag/Environment': environment },
  };

  return {
    Identity: [
      allow(
        'CreateRolesUnderTheBoundary',
        ['iam:CreateRole', 'iam:DeleteRolePolicy', 'iam:PutRolePermissionsBoundary', 'iam:PutRolePolicy'],
        workloadRole,
        { ArnEquals: { 'iam:PermissionsBoundary': boundary } },
      ),
      allow(
        'ManageRoles',
        [
          'iam:DeleteRole',
          'iam:GetRole',
          'iam:GetRolePolicy',
          'iam:ListAttachedRolePolicies',
          'iam:ListRolePolicies',
          'iam:TagRole',
          'iam:UntagRole',
          'iam:UpdateAssumeRolePolicy',
          'iam:UpdateRole',
          'iam:UpdateRoleDescription',
        ],
        workloadRole,
      ),
      passRole('PassFunctionRoles', roleOf('function-*'), 'lambda.amazonaws.com'),
      ...(container === undefined ? [] : [...passContainerRoles(topology, environment), createServiceLinkedRoles()]),
      // What it may do with a key, the key's own policy says: creatorManagesKey.
      allow('CreateTaggedKeys', ['kms:CreateKey'], '*', withOwnTags),
      // Creating a key with tags asks for this by IAM, for every key of the account and Region (KMS Developer Guide,
      // "Controlling access to tags"). No permission depends on the tags of a key.
      allow('TagNewKeys', ['kms:TagResource'], regionalArn('kms', 'key/*'), withOwnTags),
      allow(
        'NameKeys',
        ['kms:CreateAlias', 'kms:DeleteAlias', 'kms:UpdateAlias'],
        regionalArn('kms', sub`alias/${prefix}*`),
      ),
      allow('ListAliases', ['kms:ListAliases'], '*'),
    ],

    ...(container === undefined ? {} : { Network: networkPermissions() }),

    Functions: [
      allow(
        'ManageFunctions',
        [
          'lambda:CreateFunction',
          'lambda:CreateFunctionUrlConfig',
          'lambda:DeleteFunction',
          'lambda:DeleteFunctionConcurrency',
          'lambda:DeleteFunctionUrlConfig',
          'lambda:GetFunction',
          'lambda:GetFunctionCodeSigningConfig',
          'lambda:GetFunctionRecursionConfig',
          'lambda:GetFunctionScalingConfig',
          'lambda:GetFunctionUrlConfig',
          'lambda:GetRuntimeManagementConfig',
          'lambda:PutFunctionConcurrency',
          'lambda:TagResource',
          'lambda:UntagResource',
          'lambda:UpdateFunctionCode',
          'lambda:UpdateFunctionConfiguration',
          'lambda:UpdateFunctionUrlConfig',
        ],
        regionalArn('lambda', sub`function:${prefix}*`),
      ),
      allow(
        'ManageEventSources',
        [
          'lambda:CreateEventSourceMapping',
          'lambda:DeleteEventSourceMapping',
          'lambda:GetEventSourceMapping',
          'lambda:UpdateEventSourceMapping',
        ],
        '*',
        { ArnLike: { 'lambda:FunctionArn': regionalArn('lambda', sub`function:${prefix}*`) } },
      ),
      allow(
        'TagEventSources',
        ['lambda:ListTags', 'lambda:TagResource', 'lambda:UntagResource'],
        regionalArn('lambda', 'event-source-mapping:*'),
      ),
      allow(
        'ReadPackages',
        ['s3:GetObject', 's3:GetObjectVersion'],
        bucketArn(sub`${names.packageBucket(tooling)}/*.zip`),
      ),
      allow('DecryptPackages', ['kms:Decrypt'], artifactKey),
      allow(
        'ManageQueues',
        [
          'sqs:CreateQueue',
          'sqs:DeleteQueue',
          'sqs:GetQueueAttributes',
          'sqs:GetQueueUrl',
          'sqs:ListQueueTags',
          'sqs:SetQueueAttributes',
          'sqs:TagQueue',
          'sqs:UntagQueue',
        ],
        regionalArn('sqs', sub`${prefix}*`),
      ),
      allow(
        'ManageLogGroups',
        [
          'logs:AssociateKmsKey',
          'logs:CreateLogGroup',
          'logs:DeleteDataProtectionPolicy',
          'logs:DeleteLogGroup',
          'logs:DeleteRetentionPolicy',
          'logs:DisassociateKmsKey',
          'logs:GetDataProtectionPolicy',
          'logs:ListTagsForResource',
          'logs:PutRetentionPolicy',
          'logs:TagResource',
          'logs:UntagResource',
        ],
        [
          ...(container === undefined
            ? []
            : [regionalArn('logs', sub`log-group:/${topology.project}/${environment}/*`)]),
          regionalArn('logs', sub`log-group:/aws/lambda/${prefix}*`),
        ],
      ),
      allow(
        'DescribeLogGroups',
        ['logs:DescribeIndexPolicies', 'logs:DescribeLogGroups', 'logs:DescribeResourcePolicies'],
        '*',
      ),
    ],

    ...(container === undefined
      ? { Alarms: [manageAlarms(prefix, false), allow('DescribeAlarms', ['cloudwatch:DescribeAlarms'], '*')] }
      : {
          Storage: logBucketPermissions(prefix),
          Containers: [...containerPermissions(prefix), manageAlarms(prefix, true)],
        }),
  };
}

/**
 * Lets it manage the alarms of an environment.
 *
 * @param scaled whether Application Auto Scaling makes alarms as well
 */
const manageAlarms = (prefix: Substitution, scaled: boolean) =>
  allow(
    'ManageAlarms',
    [
      'cloudwatch:DeleteAlarms',
      'cloudwatch:ListTagsForResource',
      'cloudwatch:PutMetricAlarm',
      'cloudwatch:TagResource',
      'cloudwatch:UntagResource',
    ],
    [
      regionalArn('cloudwatch', sub`alarm:${prefix}*`),
      // Application Auto Scaling names the alarms of target tracking after the service.
      ...(scaled ? [regionalArn('cloudwatch', sub`alarm:TargetTracking-service/${prefix}*`)] : []),
    ],
  );
