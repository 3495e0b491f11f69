import {
  AccountId,
  type IdentityStatement,
  Partition,
  type Reference,
  type StringValue,
  type Substitution,
  sub,
} from '../../dsl';
import { regionalArn } from '../../model/names';
import type { Topology } from '../../model/topology';
import { allow } from '../shared/statements';

/** What both execution roles of an environment may do, each for what its own template creates. */

/**
 * Lets a role create other roles, under one boundary alone.
 *
 * Whom they trust no condition key limits: a rule of the pipeline's checks does (`scripts/codebuild/rules`).
 */
export function manageRoles(role: StringValue, boundary: Substitution): readonly IdentityStatement[] {
  const underBoundary = {
    ArnEquals: { 'iam:PermissionsBoundary': sub`arn:${Partition}:iam::${AccountId}:policy/${boundary}` },
  };
  return [
    allow(
      'CreateRolesUnderTheBoundary',
      [
        'iam:CreateRole',
        'iam:DeleteRolePolicy',
        'iam:PutRolePermissionsBoundary',
        'iam:PutRolePolicy',
        'iam:UpdateAssumeRolePolicy',
      ],
      role,
      underBoundary,
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
        'iam:UpdateRole',
        'iam:UpdateRoleDescription',
      ],
      role,
    ),
  ];
}

/** Lets a role manage log groups. */
export const manageLogGroups = (logGroups: StringValue | readonly StringValue[]): readonly IdentityStatement[] => [
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
    logGroups,
  ),
  allow(
    'DescribeLogGroups',
    ['logs:DescribeIndexPolicies', 'logs:DescribeLogGroups', 'logs:DescribeResourcePolicies'],
    '*',
  ),
];

/** Lets a role manage alarms, and look at all of them. */
export const manageAlarms = (alarms: StringValue | readonly StringValue[]): readonly IdentityStatement[] => [
  allow(
    'ManageAlarms',
    [
      'cloudwatch:DeleteAlarms',
      'cloudwatch:ListTagsForResource',
      'cloudwatch:PutMetricAlarm',
      'cloudwatch:TagResource',
      'cloudwatch:UntagResource',
    ],
    alarms,
  ),
  allow('DescribeAlarms', ['cloudwatch:DescribeAlarms'], '*'),
];

/** The alarms of an environment. */
export const ownAlarms = (prefix: Substitution) => regionalArn('cloudwatch', sub`alarm:${prefix}*`);

/** A log group of an environment, and what is in it: which of both IAM asks for depends on the action. */
export const ownLogGroup = (topology: Topology, environment: Reference, name: string): readonly Substitution[] =>
  ['', ':*'].map((rest) => regionalArn('logs', sub`log-group:/${topology.project}/${environment}/${name}${rest}`));
