import type { Topology } from '../define-topology';
import { AccountId, Partition, type Reference, Region, sub } from '../dsl/intrinsics';
import type { IdentityStatement } from '../dsl/policies';
import { bucketArn, namesOf, regionalArn, roleArn, workloadRoles } from './names';
import { serviceLinkedRoles } from './service-linked-roles';
import { passRole, passTaskRoles } from './statements';

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
  const names = namesOf(topology);
  const prefix = names.environmentPrefix(environment);
  const ec2 = (...types: readonly string[]) => types.map((type) => regionalArn('ec2', `${type}/*`));
  const allow = (
    Sid: string,
    Action: readonly `${string}:${string}`[],
    Resource: IdentityStatement['Resource'],
    Condition?: IdentityStatement['Condition'],
  ): IdentityStatement => ({ Sid, Effect: 'Allow', Action, Resource, ...(Condition ? { Condition } : {}) });

  const workloadRole = roleArn(AccountId, names.workloadRole(environment, '*'));
  const boundary = sub`arn:${Partition}:iam::${AccountId}:policy/${names.workloadBoundary(environment)}`;
  const roleOf = (name: string) => roleArn(AccountId, names.workloadRole(environment, name));
  const linked = Object.values(serviceLinkedRoles);
  const serviceLinkedRole = (path: string) => sub`arn:${Partition}:iam::${AccountId}:role/aws-service-role/${path}`;
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
      passRole('PassFlowLogRole', roleOf(workloadRoles.flowLogs), 'vpc-flow-logs.amazonaws.com'),
      passTaskRoles(topology, environment),
      passRole('PassCodeDeployRole', roleOf(workloadRoles.codeDeploy), 'codedeploy.amazonaws.com'),
      allow(
        'CreateServiceLinkedRoles',
        ['iam:CreateServiceLinkedRole'],
        linked.map(({ service, name }) => serviceLinkedRole(`${service}/${name}`)),
        { StringEquals: { 'iam:AWSServiceName': linked.map(({ service }) => service) } },
      ),
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

    Network: [
      allow(
        'CreateNetwork',
        [
          'ec2:AllocateAddress',
          'ec2:AssociateRouteTable',
          'ec2:AttachInternetGateway',
          'ec2:AuthorizeSecurityGroupEgress',
          'ec2:AuthorizeSecurityGroupIngress',
          'ec2:CreateFlowLogs',
          'ec2:CreateInternetGateway',
          'ec2:CreateNatGateway',
          'ec2:CreateRoute',
          'ec2:CreateRouteTable',
          'ec2:CreateSecurityGroup',
          'ec2:CreateSubnet',
          'ec2:CreateTags',
          'ec2:CreateVpc',
          'ec2:CreateVpcEndpoint',
          'ec2:DeleteFlowLogs',
          'ec2:DeleteInternetGateway',
          'ec2:DeleteNatGateway',
          'ec2:DeleteRoute',
          'ec2:DeleteRouteTable',
          'ec2:DeleteSecurityGroup',
          'ec2:DeleteSubnet',
          'ec2:DeleteTags',
          'ec2:DeleteVpc',
          'ec2:DeleteVpcEndpoints',
          'ec2:DescribeVpcAttribute',
          'ec2:DetachInternetGateway',
          'ec2:DisassociateAddress',
          'ec2:DisassociateRouteTable',
          'ec2:ModifySubnetAttribute',
          'ec2:ModifyVpcAttribute',
          'ec2:ModifyVpcEndpoint',
          'ec2:ReleaseAddress',
          'ec2:ReplaceRoute',
          'ec2:ReplaceRouteTableAssociation',
          'ec2:RevokeSecurityGroupEgress',
          'ec2:RevokeSecurityGroupIngress',
          'ec2:UpdateSecurityGroupRuleDescriptionsEgress',
          'ec2:UpdateSecurityGroupRuleDescriptionsIngress',
        ],
        ec2(
          'elastic-ip',
          'internet-gateway',
          'natgateway',
          'route-table',
          'security-group',
          'security-group-rule',
          'subnet',
          'vpc',
          'vpc-endpoint',
          'vpc-flow-log',
        ),
      ),
      // The private name of an interface endpoint is a zone of AWS's, whose id nobody knows before.
      allow('NameEndpoints', ['route53:AssociateVPCWithHostedZone'], sub`arn:${Partition}:route53:::hostedzone/*`),
      allow(
        'DescribeNetwork',
        [
          'autoscaling:DescribeTags',
          'ec2:DescribeAddresses',
          'ec2:DescribeAvailabilityZones',
          'ec2:DescribeFlowLogs',
          'ec2:DescribeInstances',
          'ec2:DescribeInternetGateways',
          'ec2:DescribeIpamPools',
          'ec2:DescribeNatGateways',
          'ec2:DescribeNetworkAcls',
          'ec2:DescribeNetworkInterfaces',
          'ec2:DescribeRouteTables',
          'ec2:DescribeSecurityGroupRules',
          'ec2:DescribeSecurityGroups',
          'ec2:DescribeSubnets',
          'ec2:DescribeTags',
          'ec2:DescribeVpcEncryptionControls',
          'ec2:DescribeVpcEndpoints',
          'ec2:DescribeVpcs',
          'ec2:DescribeVpnGateways',
        ],
        '*',
      ),
    ],

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
      allow('ReadPackages', ['s3:GetObject', 's3:GetObjectVersion'], bucketArn(sub`${names.packageBucket(tooling)}/*`)),
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
          regionalArn('logs', sub`log-group:/${topology.project}/${environment}/*`),
          regionalArn('logs', sub`log-group:/aws/lambda/${prefix}*`),
        ],
      ),
      allow(
        'DescribeLogGroups',
        ['logs:DescribeIndexPolicies', 'logs:DescribeLogGroups', 'logs:DescribeResourcePolicies'],
        '*',
      ),
    ],

    Storage: [
      allow(
        'ManageLogBucket',
        [
          's3:CreateBucket',
          's3:DeleteBucket',
          's3:DeleteBucketPolicy',
          's3:GetAccelerateConfiguration',
          's3:GetAnalyticsConfiguration',
          's3:GetBucketAbac',
          's3:GetBucketAcl',
          's3:GetBucketCORS',
          's3:GetBucketLogging',
          's3:GetBucketMetadataTableConfiguration',
          's3:GetBucketNotification',
          's3:GetBucketObjectLockConfiguration',
          's3:GetBucketOwnershipControls',
          's3:GetBucketPolicy',
          's3:GetBucketPublicAccessBlock',
          's3:GetBucketTagging',
          's3:GetBucketVersioning',
          's3:GetBucketWebsite',
          's3:GetEncryptionConfiguration',
          's3:GetIntelligentTieringConfiguration',
          's3:GetInventoryConfiguration',
          's3:GetLifecycleConfiguration',
          's3:GetMetricsConfiguration',
          's3:GetReplicationConfiguration',
          's3:ListBucket',
          's3:ListTagsForResource',
          's3:PutBucketOwnershipControls',
          's3:PutBucketPolicy',
          's3:PutBucketPublicAccessBlock',
          's3:PutBucketTagging',
          's3:PutBucketVersioning',
          's3:PutEncryptionConfiguration',
          's3:PutLifecycleConfiguration',
          's3:TagResource',
          's3:UntagResource',
        ],
        // S3 deletes no bucket that holds anything.
        bucketArn(sub`${prefix}logs-${AccountId}-${Region}`),
      ),
    ],

    Containers: [
      allow(
        'ManageContainers',
        [
          'ecs:CreateCluster',
          'ecs:CreateService',
          'ecs:DeleteCluster',
          'ecs:DeleteService',
          'ecs:DescribeClusters',
          'ecs:DescribeServiceDeployments',
          'ecs:DescribeServices',
          'ecs:ListServiceDeployments',
          'ecs:ListTagsForResource',
          'ecs:PutClusterCapacityProviders',
          'ecs:TagResource',
          'ecs:UntagResource',
          'ecs:UpdateCluster',
          'ecs:UpdateClusterSettings',
          'ecs:UpdateService',
        ],
        [
          regionalArn('ecs', sub`cluster/${prefix}*`),
          regionalArn('ecs', sub`service/${prefix}*`),
          regionalArn('ecs', sub`service-deployment/${prefix}*`),
          regionalArn('ecs', sub`task-definition/${prefix}*:*`),
        ],
      ),
      allow(
        'RegisterTaskDefinitions',
        ['ecs:DeregisterTaskDefinition', 'ecs:DescribeTaskDefinition', 'ecs:RegisterTaskDefinition'],
        '*',
      ),
      allow(
        'ManageLoadBalancers',
        [
          'elasticloadbalancing:AddTags',
          'elasticloadbalancing:CreateListener',
          'elasticloadbalancing:CreateLoadBalancer',
          'elasticloadbalancing:CreateTargetGroup',
          'elasticloadbalancing:DeleteListener',
          'elasticloadbalancing:DeleteLoadBalancer',
          'elasticloadbalancing:DeleteTargetGroup',
          'elasticloadbalancing:ModifyListener',
          'elasticloadbalancing:ModifyListenerAttributes',
          'elasticloadbalancing:ModifyLoadBalancerAttributes',
          'elasticloadbalancing:ModifyTargetGroup',
          'elasticloadbalancing:ModifyTargetGroupAttributes',
          'elasticloadbalancing:RemoveTags',
          'elasticloadbalancing:SetIpAddressType',
          'elasticloadbalancing:SetSecurityGroups',
          'elasticloadbalancing:SetSubnets',
        ],
        [
          regionalArn('elasticloadbalancing', sub`listener/app/${prefix}*`),
          regionalArn('elasticloadbalancing', sub`loadbalancer/app/${prefix}*`),
          regionalArn('elasticloadbalancing', sub`targetgroup/${prefix}*`),
        ],
      ),
      allow(
        'DescribeLoadBalancers',
        [
          'elasticloadbalancing:DescribeCapacityReservation',
          'elasticloadbalancing:DescribeListenerAttributes',
          'elasticloadbalancing:DescribeListeners',
          'elasticloadbalancing:DescribeLoadBalancerAttributes',
          'elasticloadbalancing:DescribeLoadBalancers',
          'elasticloadbalancing:DescribeTags',
          'elasticloadbalancing:DescribeTargetGroupAttributes',
          'elasticloadbalancing:DescribeTargetGroups',
          'elasticloadbalancing:DescribeTargetHealth',
        ],
        '*',
      ),
      allow(
        'ManageBlueGreenDeployments',
        [
          'codedeploy:CreateApplication',
          'codedeploy:CreateDeploymentGroup',
          'codedeploy:DeleteApplication',
          'codedeploy:DeleteDeploymentGroup',
          'codedeploy:GetApplication',
          'codedeploy:GetDeployment',
          'codedeploy:GetDeploymentConfig',
          'codedeploy:GetDeploymentGroup',
          'codedeploy:ListDeployments',
          'codedeploy:ListTagsForResource',
          'codedeploy:TagResource',
          'codedeploy:UntagResource',
          'codedeploy:UpdateDeploymentGroup',
        ],
        [
          regionalArn('codedeploy', sub`application:${prefix}*`),
          regionalArn('codedeploy', sub`deploymentgroup:${prefix}*`),
          regionalArn('codedeploy', 'deploymentconfig:*'),
        ],
      ),
      allow(
        'ManageScaling',
        [
          'application-autoscaling:DeleteScalingPolicy',
          'application-autoscaling:DeleteScheduledAction',
          'application-autoscaling:DeregisterScalableTarget',
          'application-autoscaling:ListTagsForResource',
          'application-autoscaling:PutScalingPolicy',
          'application-autoscaling:PutScheduledAction',
          'application-autoscaling:RegisterScalableTarget',
          'application-autoscaling:TagResource',
          'application-autoscaling:UntagResource',
        ],
        regionalArn('application-autoscaling', 'scalable-target/*'),
      ),
      allow(
        'DescribeScaling',
        [
          'application-autoscaling:DescribeScalableTargets',
          'application-autoscaling:DescribeScalingPolicies',
          'application-autoscaling:DescribeScheduledActions',
          'cloudwatch:DescribeAlarms',
          'cloudwatch:GetMetricData',
        ],
        '*',
      ),
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
          regionalArn('cloudwatch', sub`alarm:TargetTracking-service/${prefix}*`),
        ],
      ),
    ],
  };
}
