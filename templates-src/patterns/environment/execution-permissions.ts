import { AccountId, type IdentityStatement, type Reference, sub } from '../../dsl';
import { bucketArn, namesOf, regionalArn, roleArn } from '../../model/names';
import type { Topology } from '../../model/topology';
import { allow, passRole } from '../shared/statements';
import { manageAlarms, manageLogGroups, manageRoles, ownAlarms, ownLogGroup } from './common-permissions';
import { logBucketPermissions, networkPermissions } from './network-permissions';
import { denyLockedKeys, denyPublicFunctions, denyRolesWithPaths } from './property-denials';

/**
 * What the execution roles of an environment may do: create, change and delete the resource types of their templates,
 * under the project's names, and nothing else. The actions are those that the handlers of these types name in AWS's
 * resource schemas; a test compares them.
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
 * What the role that deploys `infrastructure` may do, in lists that each fit a managed policy.
 *
 * @param environment the parameter that holds the environment's name
 * @param artifactKey ARN of the key of Lambda packages
 * @param tooling the parameter that holds the id of the tooling account
 */
export function infrastructurePermissions(
  topology: Topology,
  { environment, artifactKey, tooling }: { environment: Reference; artifactKey: Reference; tooling: Reference },
): Readonly<Record<string, readonly IdentityStatement[]>> {
  const { container } = topology;
  const names = namesOf(topology);
  const prefix = names.environmentPrefix(environment);

  const functionRoles = roleArn(AccountId, names.functionRole(environment, '*'));
  const withOwnTags = {
    StringEquals: { 'aws:RequestTag/Project': topology.project, 'aws:RequestTag/Environment': environment },
  };

  return {
    Identity: [
      ...manageRoles(functionRoles, names.functionBoundary(environment)),
      denyRolesWithPaths,
      passRole('PassFunctionRoles', functionRoles, 'lambda.amazonaws.com'),
      ...(container === undefined
        ? []
        : [
            passRole(
              'PassFlowLogRole',
              roleArn(AccountId, names.flowLogRole(environment)),
              'vpc-flow-logs.amazonaws.com',
            ),
          ]),
      // What it may do with a key, the key's own policy says: creatorManagesKey.
      allow('CreateTaggedKeys', ['kms:CreateKey'], '*', withOwnTags),
      denyLockedKeys,
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
      denyPublicFunctions,
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
      ...manageLogGroups([
        ...(container === undefined ? [] : ownLogGroup(topology, environment, 'flow-logs')),
        regionalArn('logs', sub`log-group:/aws/lambda/${prefix}*`),
      ]),
    ],

    ...(container === undefined ? {} : { Storage: logBucketPermissions(prefix) }),
    Alarms: manageAlarms(ownAlarms(prefix)),
  };
}
