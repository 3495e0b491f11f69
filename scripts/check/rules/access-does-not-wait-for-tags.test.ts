import { expect, test } from 'vitest';
import { bucketPolicyWith, policyWith, violationsOf } from '../rule.fixture';
import { accessDoesNotWaitForTags as rule } from './access-does-not-wait-for-tags';

const allow = (Condition: object) => ({ Effect: 'Allow', Action: 'kms:PutKeyPolicy', Resource: '*', Condition });

test.each([
  ['what the request says', { StringEquals: { 'aws:RequestTag/Project': 'route' } }],
  ['which tags a request has', { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['Project'] } }],
  ['who makes the request', { StringEquals: { 'aws:PrincipalTag/Team': 'one' } }],
  ['through which service it comes', { StringEquals: { 'kms:ViaService': 'sqs.eu-west-1.amazonaws.com' } }],
])('access may depend on %s', async (_what, Condition) => {
  expect(await violationsOf(rule, policyWith(allow(Condition)))).toEqual([]);
});

test.each([
  ['a tag of the resource', { StringEquals: { 'aws:ResourceTag/Project': 'route' } }, 'aws:ResourceTag/Project'],
  ['a tag by the key of a service', { StringLike: { 'ec2:ResourceTag/Name': 'a*' } }, 'ec2:ResourceTag/Name'],
  ['a tag that must be missing', { Null: { 'aws:ResourceTag/Project': true } }, 'aws:ResourceTag/Project'],
  ['an alias', { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/one' } }, 'kms:ResourceAliases'],
])('access does not depend on %s', async (_what, Condition, key) => {
  expect(await violationsOf(rule, policyWith(allow(Condition)))).toEqual([
    `Policy: statement Statement depends on ${key}`,
  ]);
});

test('an object has tags that count late, too', async () => {
  const Condition = { StringEquals: { 's3:ExistingObjectTag/State': 'checked' } };
  const read = { Effect: 'Deny', Principal: '*', Action: 's3:GetObject', Resource: '*', Condition };
  expect(await violationsOf(rule, bucketPolicyWith(read))).toHaveLength(1);
});
