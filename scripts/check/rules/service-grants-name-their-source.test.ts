// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of CloudFormation, not of TypeScript
import { expect, test } from 'vitest';
import { bucketPolicyWith, roleTrusting, violationsOf } from '../rule.fixture';
import { serviceGrantsNameTheirSource as rule } from './service-grants-name-their-source';

const trust = (Condition?: object) =>
  roleTrusting({
    Effect: 'Allow',
    Action: 'sts:AssumeRole',
    Principal: { Service: 'events.amazonaws.com' },
    ...(Condition && { Condition }),
  });
const account = { Ref: 'AWS::AccountId' };

test.each([
  ['an account', { StringEquals: { 'aws:SourceAccount': account } }],
  ['a resource', { ArnLike: { 'aws:SourceArn': { 'Fn::Sub': 'arn:aws:events:*:${AWS::AccountId}:rule/*' } } }],
  ['a log group', { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': 'arn:aws:logs:*:111111111111:*' } }],
])('a service may act for %s', async (_what, condition) => {
  expect(await violationsOf(rule, trust(condition))).toEqual([]);
});

test.each([
  ['anybody', undefined],
  ['anybody who sends no source', { StringEqualsIfExists: { 'aws:SourceAccount': account } }],
  ['any resource', { ArnLike: { 'aws:SourceArn': '*' } }],
  ['any ARN', { ArnLike: { 'aws:SourceArn': 'arn:*:*:*:*:*' } }],
])('a service must not act for %s', async (_what, condition) => {
  expect(await violationsOf(rule, trust(condition))).toEqual([
    expect.stringContaining('lets events.amazonaws.com act for any account'),
  ]);
});

test('the policies of resources and the permissions of functions count as well', async () => {
  const deliver = {
    Effect: 'Allow',
    Action: 's3:PutObject',
    Resource: '*',
    Principal: { Service: 'logging.s3.amazonaws.com' },
  };
  expect(await violationsOf(rule, bucketPolicyWith(deliver))).toHaveLength(1);
  const permission = (more: object) => ({
    Permission: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        FunctionName: 'f',
        Action: 'lambda:InvokeFunction',
        Principal: 'events.amazonaws.com',
        ...more,
      },
    },
  });
  expect(await violationsOf(rule, permission({}))).toHaveLength(1);
  expect(await violationsOf(rule, permission({ SourceAccount: account }))).toEqual([]);
  expect(await violationsOf(rule, permission({ SourceArn: { 'Fn::GetAtt': ['Rule', 'Arn'] } }))).toEqual([]);
});

test('a service may be kept out without a source', async () => {
  const deny = { Effect: 'Deny', Action: 'sts:AssumeRole', Principal: { Service: 'events.amazonaws.com' } };
  expect(await violationsOf(rule, roleTrusting(deny))).toEqual([]);
});
