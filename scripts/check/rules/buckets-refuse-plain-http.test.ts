// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of CloudFormation, not of TypeScript
import { expect, test } from 'vitest';
import { violationsOf } from '../rule.fixture';
import { bucketsRefusePlainHttp as rule } from './buckets-refuse-plain-http';

const bucketArn = { 'Fn::GetAtt': 'Bucket.Arn' };
const objects = { 'Fn::Sub': '${Bucket.Arn}/*' };
const deny = {
  Effect: 'Deny',
  Principal: '*',
  Action: 's3:*',
  Resource: [bucketArn, objects],
  Condition: { Bool: { 'aws:SecureTransport': false } },
};
const bucketWith = (...statements: object[]) => ({
  Bucket: { Type: 'AWS::S3::Bucket' },
  Policy: {
    Type: 'AWS::S3::BucketPolicy',
    Properties: { Bucket: { Ref: 'Bucket' }, PolicyDocument: { Statement: statements } },
  },
});

test('a bucket may refuse plain HTTP in one statement or in two', async () => {
  expect(await violationsOf(rule, bucketWith(deny))).toEqual([]);
  const two = bucketWith({ ...deny, Resource: bucketArn }, { ...deny, Resource: objects });
  expect(await violationsOf(rule, two)).toEqual([]);
});

test('the condition may be text, and the ARN may be made of the name', async () => {
  const named = (path: string) => ({ 'Fn::Sub': `arn:\${AWS::Partition}:s3:::\${Bucket}${path}` });
  const statement = {
    ...deny,
    Principal: { AWS: '*' },
    Resource: [named(''), named('/*')],
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };
  expect(await violationsOf(rule, bucketWith(statement))).toEqual([]);
});

test.each([
  ['no statement', undefined],
  ['a statement that allows', { ...deny, Effect: 'Allow' }],
  ['the bucket alone', { ...deny, Resource: bucketArn }],
  ['its objects alone', { ...deny, Resource: objects }],
  ['another bucket', { ...deny, Resource: [{ 'Fn::GetAtt': 'Other.Arn' }, { 'Fn::Sub': '${Other.Arn}/*' }] }],
  ['some actions', { ...deny, Action: 's3:GetObject' }],
  ['somebody', { ...deny, Principal: { AWS: 'arn:aws:iam::111111111111:root' } }],
  ['requests with TLS', { ...deny, Condition: { Bool: { 'aws:SecureTransport': true } } }],
  [
    'only what another condition names as well',
    { ...deny, Condition: { ...deny.Condition, StringEquals: { 'aws:PrincipalAccount': '111111111111' } } },
  ],
])('a policy with %s does not do', async (_what, statement) => {
  const violations = await violationsOf(rule, bucketWith(...(statement === undefined ? [] : [statement])));
  expect(violations).toEqual([expect.stringContaining('Bucket: no bucket policy denies s3:*')]);
});

test('the policy of another bucket does not do', async () => {
  const { Bucket, Policy } = bucketWith(deny);
  const elsewhere = { ...Policy, Properties: { ...Policy.Properties, Bucket: { Ref: 'Other' } } };
  expect(await violationsOf(rule, { Bucket, Policy: elsewhere })).toHaveLength(1);
  expect(await violationsOf(rule, { Bucket })).toHaveLength(1);
});
