// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of CloudFormation, not of TypeScript
import { describe, expect, test } from 'vitest';
import { violationsOf } from '../rule.fixture';
import { keysObeyTheirCreators as rule } from './keys-obey-their-creators';
import { principalsAreAccountsOrServices } from './principals-are-accounts-or-services';

const inAccount = (principal: string) => ({ 'Fn::Sub': `arn:\${AWS::Partition}:iam::\${AWS::AccountId}:${principal}` });
const root = inAccount('root');
const role = inAccount('role/route-${EnvironmentName}-cloudformation-execution');
const manage = ['kms:DescribeKey', 'kms:PutKeyPolicy', 'kms:ScheduleKeyDeletion'];

const keyAllowing = (...statements: readonly object[]) => ({
  Key: {
    Type: 'AWS::KMS::Key',
    Properties: {
      KeyPolicy: { Statement: statements.map((statement) => ({ Effect: 'Allow', Resource: '*', ...statement })) },
    },
  },
});
const inEnvironment = (...statements: readonly object[]) =>
  violationsOf(rule, keyAllowing(...statements), 'environment/example.yaml');

describe('a key of an environment', () => {
  test('names the role that creates it', async () => {
    expect(await inEnvironment({ Principal: { AWS: role }, Action: manage })).toEqual([]);
    const resources = keyAllowing({ Principal: { AWS: role }, Action: manage });
    expect(await violationsOf(principalsAreAccountsOrServices, resources, 'environment/example.yaml')).toEqual([]);
  });

  test.each([
    ['leave it to IAM', { Principal: { AWS: root }, Action: manage }],
    ['name another role', { Principal: { AWS: inAccount('role/administrator') }, Action: manage }],
    [
      'name the role of another account',
      { Principal: { AWS: 'arn:aws:iam::222222222222:role/a-cloudformation-execution' }, Action: manage },
    ],
    [
      'add a condition',
      { Principal: { AWS: role }, Action: manage, Condition: { StringEquals: { 'kms:ViaService': 'logs' } } },
    ],
    ['deny it', { Effect: 'Deny', Principal: { AWS: role }, Action: manage }],
  ])('does not %s', async (_what, statement) => {
    expect(await inEnvironment(statement)).toEqual([
      'Key: the key policy does not allow the CloudFormation execution role kms:DescribeKey, kms:PutKeyPolicy, ' +
        'kms:ScheduleKeyDeletion without a condition',
    ]);
  });

  test('allows all that a rollback needs', async () => {
    expect(await inEnvironment({ Principal: { AWS: role }, Action: 'kms:PutKeyPolicy' })).toEqual([
      expect.stringContaining('kms:DescribeKey, kms:ScheduleKeyDeletion'),
    ]);
    expect(
      await violationsOf(rule, { Key: { Type: 'AWS::KMS::Key', Properties: {} } }, 'environment/a.yaml'),
    ).toHaveLength(1);
  });
});

test('a key of the tooling account leaves it to the IAM permissions of the operator', async () => {
  const resources = keyAllowing({ Principal: { AWS: root }, Action: manage });
  expect(await violationsOf(rule, resources, 'tooling/example.yaml')).toEqual([]);
  const closed = keyAllowing({ Principal: { AWS: root }, Action: 'kms:Decrypt' });
  expect(await violationsOf(rule, closed, 'tooling/example.yaml')).toHaveLength(1);
});

test('nothing but a key of an environment may name a role as principal', async () => {
  const statement = { Principal: { AWS: role }, Action: manage };
  for (const path of ['tooling/example.yaml', 'environment/example.yaml']) {
    const queue = {
      Policy: {
        Type: 'AWS::SQS::QueuePolicy',
        Properties: { PolicyDocument: { Statement: [{ Effect: 'Allow', ...statement }] } },
      },
    };
    expect(await violationsOf(principalsAreAccountsOrServices, queue, path)).toHaveLength(1);
  }
  const key = keyAllowing(statement);
  expect(await violationsOf(principalsAreAccountsOrServices, key, 'tooling/example.yaml')).toHaveLength(1);
});
