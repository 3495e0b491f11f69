import { expect, test } from 'vitest';
import { findingsOf } from '../rule';
import { bucketPolicyWith, policyWith, templateOf, violationsOf } from '../rule.fixture';
import { wildcardResourcesAreNeeded as rule } from './wildcard-resources-are-needed';

const allow = (Action: string | string[], Resource: unknown, more: object = {}) =>
  policyWith({ Effect: 'Allow', Action, Resource, ...more });

test.each([
  ['an action that has no resource', allow('ecr:GetAuthorizationToken', '*')],
  ['named resources', allow('s3:GetObject', 'arn:aws:s3:::artifacts/*')],
  [
    'what a condition narrows',
    allow('kms:Decrypt', '*', { Condition: { StringEquals: { 'kms:ViaService': 'sqs.eu-west-1.amazonaws.com' } } }),
  ],
  ['what is denied', allow('s3:GetObject', '*', { Effect: 'Deny' })],
  ['the key of a key policy', bucketPolicyWith({ Effect: 'Allow', Action: 'kms:Decrypt', Resource: '*' })],
])('%s may be on *', async (_what, resources) => {
  expect(await violationsOf(rule, resources)).toEqual([]);
});

test('actions whose resources could be named are found', async () => {
  const template = templateOf(allow(['ecr:GetAuthorizationToken', 'ecr:PutImage'], '*'));
  expect(await findingsOf(rule, template)).toMatchObject([
    {
      message: 'statement Statement allows ecr:PutImage on *, though resources can be named',
      detail: 'Statement',
      logicalId: 'Policy',
    },
  ]);
});

test('a condition that a request may lack narrows nothing', async () => {
  const Condition = { StringEqualsIfExists: { 'kms:ViaService': 'sqs.eu-west-1.amazonaws.com' } };
  expect(await violationsOf(rule, allow('kms:Decrypt', '*', { Condition }))).toHaveLength(1);
});
