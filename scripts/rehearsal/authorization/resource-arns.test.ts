import { describe, expect, test } from 'vitest';
import type { Parameters } from './call';
import { actionsOf } from './iam-actions';
import { resourcesOf } from './resource-arns';

const account = '222222222222';
const region = 'eu-west-1';
const own = (service: string, rest: string) => `arn:aws:${service}:${region}:${account}:${rest}`;

/** What a call is decided for, with the one action that it needs. */
async function decided(service: string, operation: string, parameters: Parameters = {}) {
  const call = { service, region, operation, parameters };
  const actions = (await actionsOf(call)) ?? [];
  return Promise.all(actions.map(async (action) => [action, await resourcesOf(action, call, account)] as const));
}

describe('AWS decides a call for the resource that its parameters name', () => {
  const role = `arn:aws:iam::${account}:role/team`;
  test.each<[string, string, Parameters, string, readonly string[]]>([
    ['sqs', 'SendMessage', { QueueUrl: `https://sqs/${account}/orders` }, 'sqs:SendMessage', [own('sqs', 'orders')]],
    ['sqs', 'CreateQueue', { QueueName: 'orders' }, 'sqs:CreateQueue', [own('sqs', 'orders')]],
    ['sns', 'CreateTopic', { Name: 'alarms' }, 'sns:CreateTopic', [own('sns', 'alarms')]],
    ['iam', 'PutRolePolicy', { RoleName: 'team', PolicyName: 'own' }, 'iam:PutRolePolicy', [role]],
    ['s3', 'PutObject', { Bucket: 'b', Key: 'a/b.zip' }, 's3:PutObject', ['arn:aws:s3:::b/a/b.zip']],
    ['s3', 'HeadObject', { Bucket: 'b', Key: 'k' }, 's3:GetObject', ['arn:aws:s3:::b/k']],
    ['s3', 'GetObject', { Bucket: 'b', Key: 'k', VersionId: '1' }, 's3:GetObjectVersion', ['arn:aws:s3:::b/k']],
    ['s3', 'ListObjectsV2', { Bucket: 'b', Prefix: 'p' }, 's3:ListBucket', ['arn:aws:s3:::b']],
    ['s3', 'PutPublicAccessBlock', { Bucket: 'b' }, 's3:PutBucketPublicAccessBlock', ['arn:aws:s3:::b']],
    ['lambda', 'Invoke', { FunctionName: 'orders' }, 'lambda:InvokeFunction', [own('lambda', 'function:orders')]],
    ['monitoring', 'PutMetricAlarm', { AlarmName: 'a' }, 'cloudwatch:PutMetricAlarm', [own('cloudwatch', 'alarm:a')]],
    [
      'codebuild',
      'BatchGetProjects',
      { names: ['a', 'b'] },
      'codebuild:BatchGetProjects',
      [own('codebuild', 'project/a'), own('codebuild', 'project/b')],
    ],
    [
      'codebuild',
      'BatchGetBuilds',
      { ids: ['a:0a1b2c3d-4e5f-6a7b-8c9d-0e1f2a3b4c5d'] },
      'codebuild:BatchGetBuilds',
      [own('codebuild', 'project/a')],
    ],
    [
      'codepipeline',
      'UpdatePipeline',
      { pipeline: { name: 'p' } },
      'codepipeline:UpdatePipeline',
      [own('codepipeline', 'p')],
    ],
    [
      'ecs',
      'DescribeServices',
      { cluster: own('ecs', 'cluster/c'), services: ['s'] },
      'ecs:DescribeServices',
      [own('ecs', 'service/c/s')],
    ],
    ['ssm', 'PutParameter', { Name: '/team/a' }, 'ssm:PutParameter', [own('ssm', 'parameter/team/a')]],
    [
      'logs',
      'CreateLogGroup',
      { logGroupName: '/team/a' },
      'logs:CreateLogGroup',
      [own('logs', 'log-group:/team/a:log-stream:')],
    ],
    [
      'kms',
      'CreateAlias',
      { AliasName: 'alias/a', TargetKeyId: 'k' },
      'kms:CreateAlias',
      [own('kms', 'alias/a'), own('kms', 'key/k')],
    ],
    [
      'ec2',
      'DeleteSubnet',
      { SubnetId: 'subnet-0123456789abcdef0' },
      'ec2:DeleteSubnet',
      [own('ec2', 'subnet/subnet-0123456789abcdef0')],
    ],
    [
      'elasticloadbalancing',
      'CreateLoadBalancer',
      { Name: 'lb', Type: 'network' },
      'elasticloadbalancing:CreateLoadBalancer',
      [own('elasticloadbalancing', 'loadbalancer/net/lb/AbCdEfGh12345678')],
    ],
    [
      'codedeploy',
      'CreateDeployment',
      { applicationName: 'a', deploymentGroupName: 'g' },
      'codedeploy:CreateDeployment',
      [own('codedeploy', 'deploymentgroup:a/g')],
    ],
  ])('%s %s', async (service, operation, parameters, action, resources) => {
    expect(await decided(service, operation, parameters)).toEqual([[action, resources]]);
  });

  test('a read that names nothing takes a permission for any resource of its type', async () => {
    expect(await decided('cloudformation', 'DescribeStacks')).toEqual([
      ['cloudformation:DescribeStacks', [own('cloudformation', 'stack/AbCdEfGh12345678/AbCdEfGh12345678')]],
    ]);
  });

  test('a change that names nothing is not guessed at', async () => {
    expect(await decided('sqs', 'PurgeQueue')).toEqual([['sqs:PurgeQueue', undefined]]);
  });

  test('an operation that AWS has no action for is not guessed at either; who one is, anybody may ask', async () => {
    expect(await actionsOf({ service: 'sqs', region, operation: 'Explode', parameters: {} })).toBeUndefined();
    expect(await actionsOf({ service: 'nothing', region, operation: 'Get', parameters: {} })).toBeUndefined();
    expect(await actionsOf({ service: 'sts', region, operation: 'GetCallerIdentity', parameters: {} })).toEqual([]);
  });
});
