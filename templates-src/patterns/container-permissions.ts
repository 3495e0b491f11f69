import type { Topology } from '../define-topology';
import { AccountId, Partition, type Reference, Region, type Substitution, sub } from '../dsl/intrinsics';
import type { IdentityStatement } from '../dsl/policies';
import { bucketArn, namesOf, regionalArn, roleArn, workloadRoles } from './names';
import { serviceLinkedRoles } from './service-linked-roles';
import { allow, passRole, passTaskRoles } from './statements';

/** What the CloudFormation execution role may do for the container service, and for the network that only it needs. */

/** Lets it hand roles to the services that make flow logs, run tasks and deploy them. */
export function passContainerRoles(topology: Topology, environment: Reference): readonly IdentityStatement[] {
  const roleOf = (name: string) => roleArn(AccountId, namesOf(topology).workloadRole(environment, name));
  return [
    passRole('PassFlowLogRole', roleOf(workloadRoles.flowLogs), 'vpc-flow-logs.amazonaws.com'),
    passTaskRoles(topology, environment),
    passRole('PassCodeDeployRole', roleOf(workloadRoles.codeDeploy), 'codedeploy.amazonaws.com'),
  ];
}

/** Lets it make the roles that services make for themselves, those of `serviceLinkedRoles` alone. */
export function createServiceLinkedRoles(): IdentityStatement {
  const linked = Object.values(serviceLinkedRoles);
  const serviceLinkedRole = (path: string) => sub`arn:${Partition}:iam::${AccountId}:role/aws-service-role/${path}`;
  return allow(
    'CreateServiceLinkedRoles',
    ['iam:CreateServiceLinkedRole'],
    linked.map(({ service, name }) => serviceLinkedRole(`${service}/${name}`)),
    { StringEquals: { 'iam:AWSServiceName': linked.map(({ service }) => service) } },
  );
}

/** The network: of EC2, whose ids AWS makes up. */
export function networkPermissions(): readonly IdentityStatement[] {
  const ec2 = (...types: readonly string[]) => types.map((type) => regionalArn('ec2', `${type}/*`));
  return [
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
  ];
}

/** The bucket of the load balancer's access logs. */
export const logBucketPermissions = (prefix: Substitution): readonly IdentityStatement[] => [
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
];

/** Cluster, service, load balancer, blue/green deployments and scaling. */
export const containerPermissions = (prefix: Substitution): readonly IdentityStatement[] => [
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
];
