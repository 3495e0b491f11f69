import { expect, test } from 'vitest';
import { violationsOf } from '../rule.fixture';
import { statefulResourcesAreRetained as rule } from './stateful-resources-are-retained';

const bucket = (attributes: object) => ({ Bucket: { Type: 'AWS::S3::Bucket', ...attributes } });

test.each([
  { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' },
  { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' },
  { DeletionPolicy: 'Snapshot', UpdateReplacePolicy: 'Snapshot' },
])('%o keeps what a resource holds', async (attributes) => {
  expect(await violationsOf(rule, bucket(attributes))).toEqual([]);
});

test('Delete, which cfn-lint takes for an answer, is none', async () => {
  expect(await violationsOf(rule, bucket({ DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Retain' }))).toEqual([
    'Bucket: the AWS::S3::Bucket has the DeletionPolicy Delete, expected one that keeps it',
  ]);
});

test('each missing attribute is a violation', async () => {
  expect(await violationsOf(rule, bucket({}))).toEqual([
    expect.stringContaining('no DeletionPolicy'),
    expect.stringContaining('no UpdateReplacePolicy'),
  ]);
});

test('what holds nothing may go', async () => {
  expect(await violationsOf(rule, { Rule: { Type: 'AWS::Events::Rule' } })).toEqual([]);
});
