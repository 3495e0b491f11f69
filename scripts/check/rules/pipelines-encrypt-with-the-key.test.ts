// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of CloudFormation, not of TypeScript
import { expect, test } from 'vitest';
import { violationsOf } from '../rule.fixture';
import { pipelinesEncryptWithTheKey as rule } from './pipelines-encrypt-with-the-key';

const key = { 'Fn::ImportValue': 'artifact-store:ArtifactKeyArn' };
const pipeline = (properties: object) => ({
  Pipeline: { Type: 'AWS::CodePipeline::Pipeline', Properties: properties },
});
const store = (EncryptionKey?: object) => ({ Type: 'S3', Location: 'bucket', ...(EncryptionKey && { EncryptionKey }) });

test('a pipeline may encrypt with a key, in one Region or more', async () => {
  const encrypted = store({ Type: 'KMS', Id: key });
  expect(await violationsOf(rule, pipeline({ ArtifactStore: encrypted }))).toEqual([]);
  const stores = [{ Region: 'eu-west-1', ArtifactStore: encrypted }];
  expect(await violationsOf(rule, pipeline({ ArtifactStores: stores }))).toEqual([]);
});

test.each([
  ['without a key', store(), 'it has no EncryptionKey'],
  ['with an alias', store({ Type: 'KMS', Id: 'alias/artifacts' }), 'by its alias alias/artifacts'],
  [
    'with the ARN of an alias',
    store({ Type: 'KMS', Id: { 'Fn::Sub': 'arn:aws:kms:eu-west-1:${AWS::AccountId}:alias/artifacts' } }),
    'by its alias',
  ],
  ['with a key of another kind', store({ Type: 'AES', Id: key }), 'of type AES'],
])('a pipeline must not store artifacts %s', async (_what, artifactStore, message) => {
  expect(await violationsOf(rule, pipeline({ ArtifactStore: artifactStore }))).toEqual([
    expect.stringContaining(message),
  ]);
  const stores = [{ Region: 'eu-west-1', ArtifactStore: artifactStore }];
  expect(await violationsOf(rule, pipeline({ ArtifactStores: stores }))).toHaveLength(1);
});

test('a build encrypts its output with a key, too', async () => {
  const project = (properties: object) => ({ Build: { Type: 'AWS::CodeBuild::Project', Properties: properties } });
  expect(await violationsOf(rule, project({ EncryptionKey: key }))).toEqual([]);
  expect(await violationsOf(rule, project({}))).toEqual([expect.stringContaining('the output of builds')]);
});
