import { expect, test } from 'vitest';
import { policyWith, violationsOf } from '../rule.fixture';
import { actionsAreNamed as rule } from './actions-are-named';

const allow = { Effect: 'Allow', Resource: '*' };

test('actions may be named, one or more', async () => {
  expect(await violationsOf(rule, policyWith({ ...allow, Action: 's3:GetObject' }))).toEqual([]);
  expect(await violationsOf(rule, policyWith({ ...allow, Action: ['s3:GetObject', 's3:PutObject'] }))).toEqual([]);
});

test.each(['*', 's3:*', 's3:Get*', 's3:Get?bject'])('%s must not be allowed', async (Action) => {
  expect(await violationsOf(rule, policyWith({ ...allow, Action }))).toEqual([
    `Policy: statement Statement allows ${Action}`,
  ]);
});

test('a wildcard among names is found', async () => {
  expect(await violationsOf(rule, policyWith({ ...allow, Action: ['s3:GetObject', 'kms:*'] }))).toEqual([
    'Policy: statement Statement allows kms:*',
  ]);
});

test('everything but some actions must not be allowed', async () => {
  expect(await violationsOf(rule, policyWith({ ...allow, NotAction: 'iam:PassRole' }))).toHaveLength(1);
});

test('wildcards may be denied', async () => {
  expect(await violationsOf(rule, policyWith({ ...allow, Effect: 'Deny', Action: 's3:*' }))).toEqual([]);
});

test('policies within roles count', async () => {
  const Role = {
    Type: 'AWS::IAM::Role',
    Properties: {
      Policies: [
        { PolicyName: 'all', PolicyDocument: { Statement: { Effect: 'Allow', Action: 's3:*', Resource: '*' } } },
      ],
    },
  };
  expect(await violationsOf(rule, { Role })).toHaveLength(1);
});
