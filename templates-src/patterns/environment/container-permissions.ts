import { AccountId, type IdentityStatement, Partition, type Reference, sub } from '../../dsl';
import { namesOf, regionalArn, roleArn } from '../../model/names';
import type { Topology } from '../../model/topology';
import { allow, passRole, passTaskRoles } from '../shared/statements';
import { manageAlarms, manageLogGroups, manageRoles, ownAlarms, ownLogGroup } from './common-permissions';
import { denyPublicTasks, denyShellsInTasks } from './property-denials';
import { serviceLinkedRoles } from './service-linked-roles';

/**
 * What the role that deploys `container-service` may do, in lists that each fit a managed policy.
 *
 * @param environment the parameter that holds the environment's name
 */
export function containerServicePermissions(
  topology: Topology,
  environment: Reference,
): Readonly<Record<string, readonly IdentityStatement[]>> {
  const names = namesOf(topology);
  const prefix = names.environmentPrefix(environment);
  return {
    Identity: [
      ...manageRoles(roleArn(AccountId, names.taskRole(environment)), names.taskBoundary(environment)),
      // The handler of task definitions looks at both roles.
      allow('LookAtRoles', ['iam:GetRole'], roleArn(AccountId, names.taskExecutionRole(environment))),
      passTaskRoles(topology, environment),
      passRole('PassCodeDeployRole', roleArn(AccountId, names.codeDeployRole(environment)), 'codedeploy.amazonaws.com'),
      createServiceLinkedRoles(),
      ...manageLogGroups(ownLogGroup(topology, environment, 'container')),
      ...manageAlarms([
        ownAlarms(prefix),
        // Application Auto Scaling names the alarms of target tracking after the service.
        regionalArn('cloudwatch', sub`alarm:TargetTracking-service/${prefix}*`),
      ]),
    ],
    Network: securityGroupPermissions(),
    Containers: containerPermissions(topology, environment),
  };
}

/** Lets it make the roles that services make for themselves, those of `serviceLinkedRoles` alone. */
function createServiceLinkedRoles(): IdentityStatement {
  const linked = Object.values(serviceLinkedRoles);
  const serviceLinkedRole = (path: string) => sub`arn:${Partition}:iam::${AccountId}:role/aws-service-role/${path}`;
  return allow(
    'CreateServiceLinkedRoles',
    ['iam:CreateServiceLinkedRole'],
    linked.map(({ service, name }) => serviceLinkedRole(`${service}/${name}`)),
    { StringEquals: { 'iam:AWSServiceName': linked.map(({ service }) => service) } },
  );
}

/** Cluster, service, load balancer, blue/green deployments and scaling. */
function containerPermissions(topology: Topology, environment: Reference): readonly IdentityStatement[] {
  const prefix = namesOf(topology).environmentPrefix(environment);
  return [
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
    denyPublicTasks,
    denyShellsInTasks,
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
        'application-autoscaling:PutScalingPolicy',
        'application-autoscaling:PutScheduledAction',
        'application-autoscaling:RegisterScalableTarget',
      ],
      regionalArn('application-autoscaling', 'scalable-target/*'),
      // Its ids are AWS's own; this says at least what is scaled.
      { StringEquals: { 'application-autoscaling:service-namespace': 'ecs' } },
    ),
    allow(
      'TagScaling',
      [
        'application-autoscaling:ListTagsForResource',
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
        'cloudwatch:GetMetricData',
      ],
      '*',
    ),
  ];
}

/** The load balancer's security group; ids are AWS's own. */
const securityGroupPermissions = (): readonly IdentityStatement[] => [
  allow(
    'ManageSecurityGroups',
    [
      'ec2:AuthorizeSecurityGroupEgress',
      'ec2:AuthorizeSecurityGroupIngress',
      'ec2:CreateSecurityGroup',
      'ec2:CreateTags',
      'ec2:DeleteSecurityGroup',
      'ec2:DeleteTags',
      'ec2:RevokeSecurityGroupEgress',
      'ec2:RevokeSecurityGroupIngress',
      'ec2:UpdateSecurityGroupRuleDescriptionsEgress',
      'ec2:UpdateSecurityGroupRuleDescriptionsIngress',
    ],
    ['security-group', 'security-group-rule', 'vpc'].map((type) => regionalArn('ec2', `${type}/*`)),
  ),
  allow(
    'DescribeNetwork',
    [
      'ec2:DescribeAccountAttributes',
      'ec2:DescribeAddresses',
      'ec2:DescribeInstances',
      'ec2:DescribeInternetGateways',
      'ec2:DescribeIpamPools',
      'ec2:DescribeSecurityGroupRules',
      'ec2:DescribeSecurityGroups',
      'ec2:DescribeSubnets',
      'ec2:DescribeVpcs',
    ],
    '*',
  ),
];
