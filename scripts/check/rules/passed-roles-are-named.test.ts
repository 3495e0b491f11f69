// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of CloudFormation, not of TypeScript
import { expect, test } from 'vitest';
import { policyWith, violationsOf } from '../rule.fixture';
import { passedRolesAreNamed as rule } from './passed-roles-are-named';

const role = { 'Fn::Sub': 'arn:${AWS::Partition}:iam::${AWS::AccountId}:role/deployer' };
const toService = (...services: string[]) => ({ StringEquals: { 'iam:PassedToService': services } });
const pass = (Resource: unknown, Condition?: object) =>
  policyWith({ Effect: 'Allow', Action: 'iam:PassRole', Resource, ...(Condition && { Condition }) });

test('a role may be passed to a service', async () => {
  expect(await violationsOf(rule, pass(role, toService('lambda.amazonaws.com')))).toEqual([]);
  expect(await violationsOf(rule, pass({ 'Fn::GetAtt': ['Role', 'Arn'] }, toService('lambda.amazonaws.com')))).toEqual(
    [],
  );
});

test('roles that begin alike may be passed', async () => {
  const functions = { 'Fn::Sub': 'arn:${AWS::Partition}:iam::${AWS::AccountId}:role/function-*' };
  expect(await violationsOf(rule, pass(functions, toService('lambda.amazonaws.com')))).toEqual([]);
});

test.each(['*', 'arn:aws:iam::*:role/deployer', 'arn:aws:iam::111111111111:role/*'])(
  'any role (%s) must not be passed',
  async (resource) => {
    expect(await violationsOf(rule, pass([role, resource], toService('lambda.amazonaws.com')))).toEqual([
      `Policy: statement Statement passes any role (${resource})`,
    ]);
  },
);

test('no role must be passed to any service', async () => {
  for (const condition of [
    undefined,
    toService('*'),
    { StringLike: { 'iam:PassedToService': '*.amazonaws.com' } },
    { StringEqualsIfExists: { 'iam:PassedToService': 'lambda.amazonaws.com' } },
  ]) {
    expect(await violationsOf(rule, pass(role, condition))).toEqual([
      expect.stringContaining('passes roles to any service'),
    ]);
  }
});
