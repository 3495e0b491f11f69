// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of CloudFormation, not of TypeScript
import { expect, test } from 'vitest';
import { bucketPolicyWith, policyWith, violationsOf } from '../rule.fixture';
import { iamResourcesFitActions as rule } from './iam-resources-fit-actions';

const allow = (Action: string | string[], Resource: unknown) => policyWith({ Effect: 'Allow', Action, Resource });
const bucket = { 'Fn::Sub': 'arn:${AWS::Partition}:s3:::artifacts-${AWS::AccountId}' };
const objects = { 'Fn::Sub': 'arn:${AWS::Partition}:s3:::artifacts-${AWS::AccountId}/*' };

test.each([
  ['an action on what it works on', allow('s3:GetObject', objects)],
  ['actions on several things, each of its own', allow(['s3:GetObject', 's3:ListBucket'], [bucket, objects])],
  ['an action on everything', allow('s3:GetObject', '*')],
  ['an action that works on nothing in particular, on everything', allow('ecr:GetAuthorizationToken', '*')],
  ['an action on what a parameter names', allow('kms:Decrypt', { Ref: 'ArtifactKeyArn' })],
])('%s may be allowed', async (_what, resources) => {
  expect(await violationsOf(rule, resources)).toEqual([]);
});

test('an action on what it never works on is found', async () => {
  expect(await violationsOf(rule, allow(['s3:GetObject', 's3:ListBucket'], objects))).toEqual([
    expect.stringContaining(
      'allows s3:ListBucket on none of the resources that it works on (arn:*:s3:*:*:accesspoint/*, arn:*:s3:::*)',
    ),
  ]);
});

test('an action that works on nothing in particular is found on a named resource', async () => {
  const repository = 'arn:aws:ecr:eu-west-1:111111111111:repository/images';
  expect(await violationsOf(rule, allow(['ecr:GetAuthorizationToken', 'ecr:PutImage'], repository))).toEqual([
    expect.stringContaining('AWS evaluates it against * only'),
  ]);
});

test('a resource on which nothing works is found', async () => {
  expect(
    await violationsOf(rule, allow('sqs:SendMessage', ['arn:aws:sqs:*:*:orders', 'arn:aws:sns:*:*:orders'])),
  ).toEqual(['Policy: statement Statement names arn:aws:sns:*:*:orders, on which none of its actions works']);
});

test('the policy of a resource is about that resource', async () => {
  const statement = { Effect: 'Allow', Action: 's3:ListBucket', Resource: objects, Principal: '*' };
  expect(await violationsOf(rule, bucketPolicyWith(statement))).toEqual([]);
});
