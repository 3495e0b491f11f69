// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of CloudFormation, not of TypeScript
import { describe, expect, test } from 'vitest';
import { compile, Intrinsic, list, type Node, record } from '../../dsl';
import { artifactPath } from '../../patterns/shared/artifacts';
import { topology, topologyWith } from '../../topology.fixture';
import artifactStore from './artifact-store';
import containerBuildPipeline from './container-build-pipeline';
import containerDeploymentPipeline from './container-deployment-pipeline';
import infrastructureDeploymentPipeline from './infrastructure-deployment-pipeline';

/** What the access proof does not see: encryption, versions, retention, tags and notifications. */

const document = compile(artifactStore(topology));
const resources = record(document.Resources);
const ofType = (type: string) => Object.entries(resources).filter(([, it]) => record(it).Type === type);
const properties = (id: string) => record(record(resources[id]).Properties);
const at = (node: Node | undefined, ...path: readonly string[]): Node | undefined =>
  path.reduce<Node | undefined>((it, key) => (Array.isArray(it) ? it[Number(key)] : record(it)[key]), node);
const keyArn = new Intrinsic('GetAtt', 'ArtifactKey.Arn');

test('data is kept when the stack or the resource goes', () => {
  const retained = Object.entries(resources).filter(([, it]) => record(it).UpdateReplacePolicy === 'Retain');
  expect(retained.map(([id]) => id)).toEqual([
    'ArtifactKey',
    'AccessLogBucket',
    'ArtifactBucket',
    'PackageBucket',
    'ImageRepository',
  ]);
});

test('the key belongs to the project, is rotated, and has an alias', () => {
  expect(properties('ArtifactKey').EnableKeyRotation).toBe(true);
  expect(properties('ArtifactKeyAlias')).toEqual({
    AliasName: 'alias/route-to-live-artifacts',
    TargetKeyId: new Intrinsic('Ref', 'ArtifactKey'),
  });
});

describe('every bucket', () => {
  const buckets = ofType('AWS::S3::Bucket').map(([id]) => id);

  test('has versions, no public access, no access lists, and rules for what is old or broken off', () => {
    expect(buckets).toHaveLength(3);
    for (const bucket of buckets) {
      const it = properties(bucket);
      expect(at(it, 'VersioningConfiguration', 'Status'), bucket).toBe('Enabled');
      expect(Object.values(record(it.PublicAccessBlockConfiguration)), bucket).toEqual([true, true, true, true]);
      expect(at(it, 'OwnershipControls', 'Rules', '0', 'ObjectOwnership'), bucket).toBe('BucketOwnerEnforced');
      const rule = record(at(it, 'LifecycleConfiguration', 'Rules', '0'));
      expect(rule.Status, bucket).toBe('Enabled');
      expect(rule, bucket).toHaveProperty('NoncurrentVersionExpiration');
      expect(rule, bucket).toHaveProperty('AbortIncompleteMultipartUpload');
    }
  });

  test('has a policy of its own that refuses plain HTTP', () => {
    const policies = ofType('AWS::S3::BucketPolicy').map(([id]) => properties(id));
    expect(policies.map(({ Bucket }) => Bucket)).toEqual(buckets.map((id) => new Intrinsic('Ref', id)));
    for (const { PolicyDocument } of policies) {
      expect(at(PolicyDocument, 'Statement', '0')).toMatchObject({ Effect: 'Deny', Principal: '*', Action: 's3:*' });
      expect(at(PolicyDocument, 'Statement', '0', 'Condition')).toEqual({ Bool: { 'aws:SecureTransport': false } });
    }
  });

  test('of the pipelines is encrypted with the key and logs its accesses; that of the logs does neither', () => {
    for (const bucket of ['ArtifactBucket', 'PackageBucket']) {
      const rule = at(properties(bucket), 'BucketEncryption', 'ServerSideEncryptionConfiguration', '0');
      expect(rule).toEqual({
        BucketKeyEnabled: true,
        ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: keyArn },
      });
      const target = at(properties(bucket), 'LoggingConfiguration', 'DestinationBucketName');
      expect(target).toEqual(new Intrinsic('Ref', 'AccessLogBucket'));
    }
    const logs = properties('AccessLogBucket');
    const algorithm = ['ServerSideEncryptionConfiguration', '0', 'ServerSideEncryptionByDefault', 'SSEAlgorithm'];
    expect(at(logs.BucketEncryption, ...algorithm)).toBe('AES256');
    expect(logs).not.toHaveProperty('LoggingConfiguration');
  });

  test('keeps current packages for ever: a rollback needs the one of the last deployment', () => {
    const rules = list(at(properties('PackageBucket'), 'LifecycleConfiguration', 'Rules')).map(record);
    expect(rules.flatMap((rule) => Object.keys(rule)).filter((key) => /^Expiration/.test(key))).toEqual([]);
  });
});

test('images are scanned, encrypted with the key, and keep their tags, all but latest', () => {
  const repository = properties('ImageRepository');
  expect(repository.ImageScanningConfiguration).toEqual({ ScanOnPush: true });
  expect(repository.EncryptionConfiguration).toEqual({ EncryptionType: 'KMS', KmsKey: keyArn });
  expect(repository.ImageTagMutability).toBe('IMMUTABLE_WITH_EXCLUSION');
  expect(repository.ImageTagMutabilityExclusionFilters).toEqual([
    { ImageTagMutabilityExclusionFilterType: 'WILDCARD', ImageTagMutabilityExclusionFilterValue: 'latest' },
  ]);
});

test('no image that a tag holds ever expires: tasks are pinned to digests, and ECR does not know them', () => {
  const { rules } = JSON.parse(String(at(properties('ImageRepository'), 'LifecyclePolicy', 'LifecyclePolicyText')));
  expect(rules.length).toBeGreaterThan(0);
  for (const { selection, action } of rules) {
    expect(action.type).toBe('expire');
    expect(selection.tagStatus).toBe('untagged');
  }
});

test('approvals and failures go to an encrypted topic, which the approvers are subscribed to', () => {
  expect(properties('NotificationTopic').KmsMasterKeyId).toEqual(keyArn);
  expect(properties('ApproversSubscription')).toEqual({
    TopicArn: new Intrinsic('Ref', 'NotificationTopic'),
    Protocol: 'email',
    Endpoint: new Intrinsic('Ref', 'ApproversEmail'),
  });
});

test('the approvers of a topology that wants JSON get JSON', () => {
  const asJson = compile(artifactStore({ ...topology, pipelines: { ...topology.pipelines, approvers: 'email-json' } }));
  expect(at(asJson.Resources, 'ApproversSubscription', 'Properties', 'Protocol')).toBe('email-json');
});

test('every environment has a parameter for its account, and is in every policy that shares something', () => {
  const chain = topologyWith({
    project: 'short-route',
    environments: ['one', 'two', 'three', 'four'].map((name) => ({ name, approval: true })),
  });
  const { Parameters, Resources } = compile(artifactStore(chain));
  for (const parameter of ['OneAccountId', 'TwoAccountId', 'ThreeAccountId', 'FourAccountId']) {
    expect(Object.keys(record(Parameters))).toContain(parameter);
    for (const id of ['ArtifactKey', 'ArtifactBucketPolicy', 'PackageBucketPolicy', 'ImageRepository']) {
      const policy = JSON.stringify(record(Resources)[id]);
      expect(policy, `${id} and ${parameter}`).toContain(`arn:\${AWS::Partition}:iam::\${${parameter}}:root`);
      expect(policy, `${id} and ${parameter}`).toContain(
        `arn:\${AWS::Partition}:iam::\${${parameter}}:role/short-route-`,
      );
    }
  }
});

describe.each(['codecommit', 'connection'] as const)('with source %s', (source) => {
  test('every artifact that a pipeline makes has one writer in the policy of the bucket', () => {
    const route = topologyWith({
      project: 'short-route',
      environments: [{ name: 'one', approval: true }],
      pipelines: { source },
    });
    const policies = JSON.stringify(record(compile(artifactStore(route)).Resources).ArtifactBucketPolicy);
    const made = (
      [
        ['containerBuild', containerBuildPipeline],
        ['infrastructureDeployment', infrastructureDeploymentPipeline],
        ['containerDeployment', containerDeploymentPipeline],
      ] as const
    ).flatMap(([pipeline, make]) =>
      [...JSON.stringify(compile(make(route))).matchAll(/"OutputArtifacts":\[\{"Name":"(\w+)"\}\]/g)].map(
        ([, artifact]) => artifactPath(route, pipeline, String(artifact)),
      ),
    );

    expect(made.length).toBeGreaterThan(4);
    for (const path of made) {
      expect(policies).toContain(`\${ArtifactBucket.Arn}/${path}/*`);
    }
  });
});

test('what later stacks and scripts ask for is exported', () => {
  const outputs = record(document.Outputs);
  expect(Object.keys(outputs)).toEqual(
    expect.arrayContaining([
      'ArtifactKeyArn',
      'ArtifactBucketName',
      'PackageBucketName',
      'ImageRepositoryName',
      'ImageRepositoryUri',
      'NotificationTopicArn',
    ]),
  );
  for (const [id, output] of Object.entries(outputs)) {
    expect(record(output).Export).toEqual({ Name: new Intrinsic('Sub', `\${AWS::StackName}:${id}`) });
  }
});
