// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of CloudFormation, not of TypeScript
import { expect, test } from 'vitest';
import { bucketPolicyWith, policyWith, roleTrusting, violationsOf } from '../rule.fixture';
import { principalsAreAccountsOrServices as rule } from './principals-are-accounts-or-services';

const assume = { Effect: 'Allow', Action: 'sts:AssumeRole' };
const root = { 'Fn::Sub': 'arn:${AWS::Partition}:iam::${ToolingAccountId}:root' };

test.each([
  ['an account', { ...assume, Principal: { AWS: root } }],
  ['an account by its parameter', { ...assume, Principal: { AWS: { Ref: 'ToolingAccountId' } } }],
  ['a service', { ...assume, Principal: { Service: 'lambda.amazonaws.com' } }],
  ['a service of a Region', { ...assume, Principal: { Service: { 'Fn::Sub': 'logs.${AWS::Region}.amazonaws.com' } } }],
  ['everyone who is to be kept out', { ...assume, Effect: 'Deny', Principal: '*' }],
])('a trust may name %s', async (_what, statement) => {
  expect(await violationsOf(rule, roleTrusting(statement))).toEqual([]);
});

test.each([
  ['everyone', '*', 'everyone'],
  ['every AWS account', { AWS: '*' }, 'everyone'],
  ['everyone among others', { AWS: [root, '*'] }, 'everyone'],
  ['a role', { AWS: { 'Fn::Sub': 'arn:${AWS::Partition}:iam::${ToolingAccountId}:role/builder' } }, 'role/builder'],
  ['the id of a role', { AWS: 'AROAEXAMPLE' }, 'AROAEXAMPLE'],
  ['what is no service', { Service: 'lambda' }, 'the service lambda'],
  ['a canonical user', { CanonicalUser: '79a59d' }, '79a59d'],
])('a trust must not name %s', async (_what, principal, message) => {
  const violations = await violationsOf(rule, roleTrusting({ ...assume, Principal: principal }));
  expect(violations).toEqual([expect.stringContaining(message)]);
});

test('everyone in one branch of an Fn::If counts', async () => {
  const Principal = { 'Fn::If': ['Open', '*', { AWS: root }] };
  expect(await violationsOf(rule, roleTrusting({ ...assume, Principal }))).toEqual([
    'Role: statement Trust allows everyone (Principal "*")',
  ]);
});

test('everyone but somebody is nearly everyone', async () => {
  const violations = await violationsOf(rule, roleTrusting({ ...assume, NotPrincipal: { AWS: root } }));
  expect(violations).toEqual([expect.stringContaining('everyone but')]);
});

const read = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*', Principal: '*' };

test('a resource may admit everyone of an organisation, but not everyone', async () => {
  const Condition = { StringEquals: { 'aws:PrincipalOrgID': 'o-example' } };
  expect(await violationsOf(rule, bucketPolicyWith({ ...read, Condition }))).toEqual([]);
  expect(await violationsOf(rule, bucketPolicyWith(read))).toHaveLength(1);
});

test('a condition that may be missing, or that says something else, narrows nothing', async () => {
  for (const Condition of [
    { StringEqualsIfExists: { 'aws:PrincipalOrgID': 'o-example' } },
    { StringLike: { 'aws:PrincipalArn': '*' } },
    { Bool: { 'aws:SecureTransport': true } },
  ]) {
    expect(await violationsOf(rule, bucketPolicyWith({ ...read, Condition }))).toHaveLength(1);
  }
});

test('a function may be called by a service and not by everyone', async () => {
  const permission = (Principal: string) => ({
    Permission: {
      Type: 'AWS::Lambda::Permission',
      Properties: { FunctionName: 'f', Action: 'lambda:InvokeFunction', Principal },
    },
  });
  expect(await violationsOf(rule, permission('events.amazonaws.com'))).toEqual([]);
  expect(await violationsOf(rule, permission('*'))).toEqual([
    'Permission: the permission allows everyone (Principal "*")',
  ]);
});

test('an identity policy has no principals, and a VPC endpoint grants nothing by itself', async () => {
  expect(await violationsOf(rule, policyWith({ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }))).toEqual([]);
  const endpoint = {
    Type: 'AWS::EC2::VPCEndpoint',
    Properties: { PolicyDocument: { Statement: [{ ...read }] } },
  };
  expect(await violationsOf(rule, { Endpoint: endpoint })).toEqual([]);
});
