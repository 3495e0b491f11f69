import { expect, test } from 'vitest';
import { compile, type IdentityStatement, Intrinsic, record, sub, template } from '../../dsl';
import { declareRole, wildcardsIn } from './roles';
import { trustService } from './statements';

const read: IdentityStatement = { Sid: 'Read', Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::a/*' };

test('a role comes after its policies, one for each list, and takes them along', () => {
  const t = template('Roles');
  const role = declareRole(t, 'Builder', {
    name: 'builder',
    description: 'Builds',
    trust: [trustService('codebuild.amazonaws.com')],
    permissions: { '': [read], Deploy: [{ ...read, Sid: 'Write', Action: 's3:PutObject' }] },
  });
  t.outputs({ Role: { Description: 'The role', Value: sub`${role.Arn}` } });
  const resources = record(compile(t).Resources);
  expect(Object.keys(resources)).toEqual(['BuilderPolicy', 'BuilderDeployPolicy', 'Builder']);
  expect(record(record(resources.Builder).Properties)).toMatchObject({
    RoleName: 'builder',
    Description: 'Builds',
    ManagedPolicyArns: [new Intrinsic('Ref', 'BuilderPolicy'), new Intrinsic('Ref', 'BuilderDeployPolicy')],
  });
  expect(record(record(record(resources.BuilderDeployPolicy).Properties).PolicyDocument).Statement).toEqual([
    { ...read, Sid: 'Write', Action: 's3:PutObject' },
  ]);
});

test.each([
  ['no wildcard', 'arn:aws:s3:::a/b', []],
  ['a wildcard in a name', 'arn:aws:s3:::a/*', [{ reason: 'named late', cdk_nag: ['AwsSolutions-IAM5'] }]],
  ['a wildcard in a !Sub', sub`arn:${'aws'}:s3:::a/*`, [{ reason: 'named late', cdk_nag: ['AwsSolutions-IAM5'] }]],
  ['everything', '*', [{ reason: 'named late', cdk_nag: ['AwsSolutions-IAM5'], cfn_nag: ['W13'] }]],
])('the rules that %s breaks are suppressed, and no others', (_what, Resource, expected) => {
  expect(wildcardsIn([{ ...read, Resource }], 'W13', 'named late')).toEqual(expected);
});
