import { expect, test } from 'vitest';
import { bucketPolicyWith, roleTrusting, violationsOf } from '../rule.fixture';
import { crossAccountGrantsNameRoles as rule } from './cross-account-grants-name-roles';

const root = (account: string) => ({ 'Fn::Sub': `arn:\${AWS::Partition}:iam::\${${account}}:root` });
const role = (name: string) => ({ 'Fn::Sub': `arn:\${AWS::Partition}:iam::\${ToolingAccountId}:role/${name}` });
const trust = (Condition?: object, account = 'ToolingAccountId') =>
  roleTrusting({
    Effect: 'Allow',
    Action: 'sts:AssumeRole',
    Principal: { AWS: root(account) },
    ...(Condition && { Condition }),
  });
const read = (account: string, Condition?: object) =>
  bucketPolicyWith({
    Effect: 'Allow',
    Action: 's3:GetObject',
    Resource: '*',
    Principal: { AWS: root(account) },
    ...(Condition && { Condition }),
  });

test.each([
  ['one role', { ArnEquals: { 'aws:PrincipalArn': role('deployer') } }],
  ['several roles', { ArnEquals: { 'aws:PrincipalArn': [role('deployer'), role('builder')] } }],
  ['roles that begin alike', { ArnLike: { 'aws:PrincipalArn': role('route-*') } }],
  ['one role by string', { StringEquals: { 'AWS:principalARN': role('deployer') } }],
])('an account may be let in for %s', async (_what, condition) => {
  expect(await violationsOf(rule, trust(condition))).toEqual([]);
  expect(await violationsOf(rule, read('DevAccountId', condition))).toEqual([]);
});

test.each([
  ['no condition', undefined],
  ['a condition that a request may lack', { ArnEqualsIfExists: { 'aws:PrincipalArn': role('deployer') } }],
  ['a condition on who it is not', { ArnNotEquals: { 'aws:PrincipalArn': role('deployer') } }],
  ['every role of the account', { ArnLike: { 'aws:PrincipalArn': role('*') } }],
  ['everyone', { ArnLike: { 'aws:PrincipalArn': '*' } }],
  ['every account', { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/deployer' } }],
  ['one role among all', { ArnLike: { 'aws:PrincipalArn': [role('deployer'), role('*')] } }],
  ['another key', { StringEquals: { 'sts:ExternalId': 'secret' } }],
])('an account must not be let in with %s', async (_what, condition) => {
  expect(await violationsOf(rule, trust(condition))).toEqual([
    expect.stringContaining('lets in all of <ToolingAccountId>'),
  ]);
  expect(await violationsOf(rule, read('DevAccountId', condition))).toHaveLength(1);
});

test('a resource may leave access to IAM of its own account, but a role must say who assumes it', async () => {
  expect(await violationsOf(rule, read('AWS::AccountId'))).toEqual([]);
  expect(await violationsOf(rule, trust(undefined, 'AWS::AccountId'))).toHaveLength(1);
});
