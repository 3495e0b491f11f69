import { expect, test } from 'vitest';
import type { Node } from './document';
import { policyProblems } from './policy-problems';

const allow = { Sid: 'Read', Effect: 'Allow', Action: 's3:GetObject' };
const deny = { Sid: 'Refuse', Effect: 'Deny', Action: '*', Principal: '*' };
const narrowed = { Condition: { ArnEquals: { 'aws:PrincipalArn': 'arn:aws:iam::111111111111:role/reader' } } };
const root = { AWS: 'arn:aws:iam::111111111111:root' };

/** The problems of a resource whose policy has these statements. */
function problemsOf(statements: readonly Node[], property = 'PolicyDocument', Type = 'AWS::S3::BucketPolicy') {
  const policy = { Version: '2012-10-17', Statement: statements };
  return policyProblems({ Resources: { It: { Type, Properties: { [property]: policy } } } }).map(
    ({ path, message }) => `${path.replace('Resources.It.Properties.', '')}: ${message}`,
  );
}
const problemsOfTrust = (statement: Record<string, Node>) =>
  problemsOf([{ Sid: 'Assume', Effect: 'Allow', Action: 'sts:AssumeRole', ...statement }], 'AssumeRolePolicyDocument');

test.each<[string, readonly Node[]]>([
  ['actions by name and by prefix', [{ ...allow, Action: ['s3:GetObject', 's3:Get*'] }]],
  ['a Deny for everything and everyone', [deny]],
  ['a Deny for all but some actions', [{ ...deny, Action: undefined as never, NotAction: 's3:GetObject' }]],
  ['an account', [{ ...allow, Principal: root }]],
  ['everyone, narrowed by a condition', [{ ...allow, Principal: '*', ...narrowed }]],
])('%s is fine', (_, statements) => {
  expect(problemsOf(statements)).toEqual([]);
});

test('actions that are wildcards are found, alone and among others, whatever their case', () => {
  const statements = ['*', 's3:*', 'S3:*', ['s3:GetObject', 'kms:*', '*']].map((Action, index) => ({
    ...allow,
    Sid: `Read${index}`,
    Action,
  }));
  expect(problemsOf(statements)).toMatchInlineSnapshot(`
    [
      "PolicyDocument.Statement[0].Action: found the action '*' in an Allow statement, expected the actions that are needed, by name",
      "PolicyDocument.Statement[1].Action: found the action 's3:*' in an Allow statement, expected the actions that are needed, by name",
      "PolicyDocument.Statement[2].Action: found the action 'S3:*' in an Allow statement, expected the actions that are needed, by name",
      "PolicyDocument.Statement[3].Action: found the action 'kms:*', '*' in an Allow statement, expected the actions that are needed, by name",
    ]
  `);
});

test('NotAction that allows is found', () => {
  const { Action: _, ...rest } = allow;
  expect(problemsOf([{ ...rest, NotAction: 'iam:PassRole' }])).toMatchInlineSnapshot(`
    [
      "PolicyDocument.Statement[0].NotAction: found NotAction in an Allow statement, which allows all actions of all services but those named; name the actions that are needed in Action",
    ]
  `);
});

test('Sids that IAM does not take, or that occur twice, are found', () => {
  const sids = ['Read', 'Read files', 'Read-files', 'Read', ''];
  expect(problemsOf(sids.map((Sid) => ({ ...allow, Sid })))).toMatchInlineSnapshot(`
    [
      "PolicyDocument.Statement[1].Sid: found 'Read files', expected letters and digits: IAM takes nothing else",
      "PolicyDocument.Statement[2].Sid: found 'Read-files', expected letters and digits: IAM takes nothing else",
      "PolicyDocument.Statement[3].Sid: found 'Read' twice in one policy; IAM wants every Sid once",
      "PolicyDocument.Statement[4].Sid: found '', expected letters and digits: IAM takes nothing else",
    ]
  `);
});

test('the same Sid in two policies is fine', () => {
  const policy = { Version: '2012-10-17', Statement: [allow] };
  const Properties = { Policies: [{ PolicyDocument: policy }, { PolicyDocument: policy }] };
  expect(policyProblems({ Resources: { It: { Type: 'AWS::IAM::Role', Properties } } })).toEqual([]);
});

test('everyone in an Allow statement is found, however it is written', () => {
  const statements = ['*', { AWS: '*' }, { AWS: [root.AWS, '*'] }].map((Principal, index) => ({
    ...allow,
    Sid: `Read${index}`,
    Principal,
  }));
  expect(problemsOf(statements)).toMatchInlineSnapshot(`
    [
      "PolicyDocument.Statement[0].Principal: found '*' in an Allow statement: everyone in every account; name who is meant",
      "PolicyDocument.Statement[1].Principal: found '*' in an Allow statement: everyone in every account; name who is meant",
      "PolicyDocument.Statement[2].Principal: found '*' in an Allow statement: everyone in every account; name who is meant",
    ]
  `);
});

test('the policy of a VPC endpoint may name everyone: it grants nothing', () => {
  expect(problemsOf([{ ...allow, Principal: '*' }], 'PolicyDocument', 'AWS::EC2::VPCEndpoint')).toEqual([]);
});

test('a trust that lets everyone or a whole account in is found', () => {
  expect(problemsOfTrust({ Principal: root, ...narrowed })).toEqual([]);
  expect(problemsOfTrust({ Principal: { Service: 'ecs-tasks.amazonaws.com' } })).toEqual([]);
  expect(problemsOfTrust({ Principal: root })).toMatchInlineSnapshot(`
    [
      "AssumeRolePolicyDocument.Statement[0].Principal: found an account or a role without a condition beside it; name the account's root, and narrow it with aws:PrincipalArn",
    ]
  `);
  // A condition does not help here: it would have to be right, and a name in the principal is what can be read.
  expect(problemsOfTrust({ Principal: { AWS: '*' }, ...narrowed })).toMatchInlineSnapshot(`
    [
      "AssumeRolePolicyDocument.Statement[0].Principal: found '*' in an Allow statement: everyone in every account; name who is meant",
    ]
  `);
});

test('inline policies are searched, and lists in them', () => {
  const Policies = [{ PolicyDocument: { Version: '2012-10-17', Statement: [{ ...allow, Action: '*' }] } }];
  expect(
    policyProblems({ Resources: { It: { Type: 'AWS::IAM::Role', Properties: { Policies } } } }).map(({ path }) => path),
  ).toEqual(['Resources.It.Properties.Policies[0].PolicyDocument.Statement[0].Action']);
});
