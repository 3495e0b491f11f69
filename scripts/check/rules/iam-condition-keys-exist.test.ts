import { expect, test } from 'vitest';
import { policyWith, violationsOf } from '../rule.fixture';
import { iamConditionKeysExist as rule } from './iam-condition-keys-exist';

const on = (Action: string | string[], Condition: object, Effect = 'Allow') =>
  policyWith({ Effect, Action, Resource: '*', Condition });

test.each([
  ['a key that every request has', 's3:GetObject', { StringEquals: { 'aws:PrincipalAccount': '111111111111' } }],
  ['a key of the action', 'iam:PassRole', { StringEquals: { 'iam:PassedToService': 'lambda.amazonaws.com' } }],
  ['a tag of the resource', 'kms:Decrypt', { StringEquals: { 'aws:ResourceTag/Project': 'route' } }],
  ['a key with a name of its own in it', 'kms:Decrypt', { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': 'arn:*' } }],
])('%s may be demanded', async (_what, action, condition) => {
  expect(await violationsOf(rule, on(action, condition))).toEqual([]);
});

test('a key that AWS does not know is found, whatever the operator', async () => {
  expect(await violationsOf(rule, on('s3:GetObject', { StringEquals: { 'aws:PrincipleArn': 'x' } }))).toEqual([
    'Policy: statement Statement has a condition on aws:PrincipleArn, which is no condition key of AWS',
  ]);
  const denial = on('s3:GetObject', { Bool: { 'aws:SecuredTransport': false } }, 'Deny');
  expect(await violationsOf(rule, denial)).toHaveLength(1);
});

test('a key that requests for an action never have is found', async () => {
  const condition = { StringEquals: { 'iam:PassedToService': 'lambda.amazonaws.com' } };
  expect(await violationsOf(rule, on(['iam:PassRole', 'iam:GetRole'], condition))).toEqual([
    'Policy: statement Statement demands iam:PassedToService, which requests for iam:GetRole never have',
  ]);
});

test('a key that requests may lack may be looked at, but not demanded', async () => {
  const optional = { StringEqualsIfExists: { 'iam:PassedToService': 'lambda.amazonaws.com' } };
  expect(await violationsOf(rule, on('iam:GetRole', optional))).toEqual([]);
});

test('a tag that an action does not look at is found', async () => {
  const condition = { StringEquals: { 'aws:RequestTag/Project': 'route' } };
  expect(await violationsOf(rule, on('sqs:SendMessage', condition))).toEqual([expect.stringContaining('never have')]);
});
