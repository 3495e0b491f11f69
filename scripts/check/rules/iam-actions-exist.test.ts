import { expect, test } from 'vitest';
import { policyWith, roleTrusting, violationsOf } from '../rule.fixture';
import { iamActionsExist as rule } from './iam-actions-exist';

const allow = { Effect: 'Allow', Resource: '*' };

test('actions may be spelt in any case', async () => {
  expect(await violationsOf(rule, policyWith({ ...allow, Action: ['s3:GetObject', 'S3:getobject'] }))).toEqual([]);
});

test('a misspelt action is found, with the one that was meant', async () => {
  expect(await violationsOf(rule, policyWith({ ...allow, Action: ['s3:GetObjekt', 's3:PutObject'] }))).toEqual([
    'Policy: statement Statement names s3:GetObjekt, which is no action of IAM; did you mean s3:GetObject?',
  ]);
});

test('an unknown service is found', async () => {
  expect(await violationsOf(rule, policyWith({ ...allow, Action: 's4:GetObject' }))).toEqual([
    'Policy: statement Statement names s4:GetObject, which is no action of IAM',
  ]);
});

test('an action that is denied has to exist, too, and so has one of a trust', async () => {
  expect(await violationsOf(rule, policyWith({ ...allow, Effect: 'Deny', Action: 's3:Nothing' }))).toHaveLength(1);
  const trust = { Effect: 'Allow', Principal: '*', Action: 'sts:AssumeRoles' };
  expect(await violationsOf(rule, roleTrusting(trust))).toEqual([expect.stringContaining('sts:AssumeRole?')]);
});
