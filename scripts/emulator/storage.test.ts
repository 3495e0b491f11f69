import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from './client';
import { Deployments } from './deployment';

let emulator: Emulator;
let tooling: Deployments;
beforeAll(async () => {
  emulator = await startEmulator();
  tooling = new Deployments(emulator, 'tooling');
}, 60_000);
afterAll(() => emulator.stop());

const call = <Result>(service: string, operation: string, parameters: object) =>
  emulator.call<Result>('tooling', service, operation, parameters);

const root = { AWS: 'arn:aws:iam::111111111111:root' };

function keyPolicy(...actions: string[]): object {
  return {
    Version: '2012-10-17',
    Statement: [
      { Sid: 'Owner', Effect: 'Allow', Principal: root, Action: ['kms:*', ...actions], Resource: '*' },
      {
        Sid: 'OnlyHere',
        Effect: 'Deny',
        Principal: '*',
        Action: ['kms:DescribeKey'],
        Resource: '*',
        Condition: { StringNotEquals: { 'aws:PrincipalOrgID': 'o-1' } },
      },
    ],
  };
}

test('AWS::KMS::Key keeps its policy, rotation, description and tags, and changes them in place', async () => {
  const template = (properties: object) => ({
    Resources: {
      Key: { Type: 'AWS::KMS::Key', Properties: properties },
      Alias: { Type: 'AWS::KMS::Alias', Properties: { AliasName: 'alias/one', TargetKeyId: { Ref: 'Key' } } },
    },
    Outputs: { Arn: { Value: { 'Fn::GetAtt': ['Key', 'Arn'] } }, Alias: { Value: { Ref: 'Alias' } } },
  });
  const read = async (key: string | undefined) => ({
    policy: JSON.parse(
      (await call<{ Policy: string }>('kms', 'GetKeyPolicy', { KeyId: key, PolicyName: 'default' })).Policy,
    ),
    rotation: await call('kms', 'GetKeyRotationStatus', { KeyId: key }),
    metadata: (await call<{ KeyMetadata: object }>('kms', 'DescribeKey', { KeyId: 'alias/one' })).KeyMetadata,
    tags: (await call<{ Tags: object[] }>('kms', 'ListResourceTags', { KeyId: key })).Tags,
  });

  const created = await tooling.deploy(
    'key',
    template({
      Description: 'before',
      KeyPolicy: keyPolicy(),
      EnableKeyRotation: 'true',
      RotationPeriodInDays: 180,
      Tags: [
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: '1' },
      ],
    }),
  );

  const key = created.ids.Key;
  expect(created.outputs).toEqual({ Arn: `arn:aws:kms:eu-west-1:111111111111:key/${key}`, Alias: 'alias/one' });
  expect(await read(key)).toMatchObject({
    policy: keyPolicy(),
    rotation: { KeyRotationEnabled: true, RotationPeriodInDays: 180 },
    metadata: { KeyId: key, Description: 'before', Enabled: true },
    tags: [
      { TagKey: 'a', TagValue: '1' },
      { TagKey: 'b', TagValue: '1' },
    ],
  });

  const changed = { Description: 'after', KeyPolicy: keyPolicy('kms:Decrypt'), Tags: [{ Key: 'a', Value: '2' }] };
  expect((await tooling.deploy('key', template(changed))).ids.Key).toBe(key);

  expect(await read(key)).toMatchObject({
    policy: keyPolicy('kms:Decrypt'),
    rotation: { KeyRotationEnabled: false },
    metadata: { Description: 'after' },
    tags: [{ TagKey: 'a', TagValue: '2' }],
  });

  await tooling.remove('key');
  expect(await call('kms', 'DescribeKey', { KeyId: key })).toMatchObject({
    KeyMetadata: { KeyState: 'PendingDeletion' },
  });
  await expect(call('kms', 'DescribeKey', { KeyId: 'alias/one' })).rejects.toThrow('NotFoundException');
});

describe('a key policy is refused', () => {
  const trusted = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: 'cloudformation.amazonaws.com' }, Action: 'sts:AssumeRole' }],
  };
  const byTags = {
    Effect: 'Allow',
    Action: ['kms:PutKeyPolicy', 'kms:ScheduleKeyDeletion'],
    Resource: 'arn:aws:kms:eu-west-1:111111111111:key/*',
    Condition: { StringEquals: { 'aws:ResourceTag/Project': 'route' } },
  };
  const create = { Effect: 'Allow', Action: 'kms:CreateKey', Resource: '*' };
  const administers = { Effect: 'Allow', Action: ['kms:PutKeyPolicy', 'kms:DescribeKey'], Resource: '*' };
  const roleArn = 'arn:aws:iam::111111111111:role/execution';

  /** What the role may do beside kms:CreateKey, by IAM. */
  const roleMay = (...statements: readonly object[]) =>
    tooling.deploy('execution', {
      Resources: {
        Role: {
          Type: 'AWS::IAM::Role',
          Properties: {
            RoleName: 'execution',
            AssumeRolePolicyDocument: trusted,
            Policies: [
              { PolicyName: 'keys', PolicyDocument: { Version: '2012-10-17', Statement: [create, ...statements] } },
            ],
          },
        },
      },
    });
  /** Deploys a tagged key as the role. */
  const deployKey = (stack: string, ...keyPolicy: readonly object[]) => {
    const Properties = {
      KeyPolicy: { Version: '2012-10-17', Statement: keyPolicy },
      Tags: [{ Key: 'Project', Value: 'route' }],
    };
    return tooling.deploy(stack, { Resources: { Key: { Type: 'AWS::KMS::Key', Properties } } }, {}, roleArn);
  };
  const lockout = 'The new key policy will not allow you to update the key policy in the future.';

  test('that leaves PutKeyPolicy to IAM, which allows it by tags that a new key has not', async () => {
    await roleMay(byTags);
    await expect(deployKey('by-tags', { ...administers, Principal: root })).rejects.toThrow(lockout);
  });

  test('that leaves it to IAM, narrowed to the role or not, where IAM says nothing', async () => {
    await roleMay();
    const Condition = { ArnEquals: { 'aws:PrincipalArn': roleArn } };
    await expect(deployKey('by-nobody', { ...administers, Principal: root })).rejects.toThrow(lockout);
    await expect(deployKey('narrowed', { ...administers, Principal: root, Condition })).rejects.toThrow(lockout);
  });

  test('that says nothing', async () => {
    for (const policy of [{}, { Statement: [{ Effect: 'Allow', Action: 'kms:*', Resource: '*' }] }]) {
      await expect(call('kms', 'CreateKey', { Policy: JSON.stringify(policy) })).rejects.toThrow(lockout);
    }
  });

  test('that names a role which does not exist', async () => {
    const nobody = { AWS: 'arn:aws:iam::111111111111:role/nobody' };
    await expect(deployKey('nobody', { ...administers, Principal: nobody })).rejects.toThrow(
      'Policy contains a statement with one or more invalid principals.',
    );
  });

  test('but not one that names the role, until it no longer does', async () => {
    const named = { ...administers, Principal: { AWS: roleArn } };
    const { ids } = await deployKey('named', named);
    await expect(deployKey('named', { ...administers, Principal: root })).rejects.toThrow(lockout);
    const { Policy } = await call<{ Policy: string }>('kms', 'GetKeyPolicy', { KeyId: ids.Key, PolicyName: 'default' });
    expect(JSON.parse(Policy).Statement).toEqual([named]);
  });

  test('but not one that leaves it to IAM, which allows it', async () => {
    await roleMay(administers);
    await deployKey('by-iam', { ...administers, Principal: root });
  });

  test('unless somebody says that it may close the key for good', async () => {
    const closed = { Version: '2012-10-17', Statement: [{ ...administers, Principal: root, Effect: 'Deny' }] };
    const request = { Policy: JSON.stringify(closed) };
    await expect(call('kms', 'CreateKey', request)).rejects.toThrow(lockout);
    await call('kms', 'CreateKey', { ...request, BypassPolicyLockoutSafetyCheck: true });
  });
});

test('AWS::S3::Bucket and BucketPolicy keep every setting, and change them in place', async () => {
  const policy = (sid: string) => ({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: sid,
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Resource: ['arn:aws:s3:::one-bucket', 'arn:aws:s3:::one-bucket/*'],
        Condition: { Bool: { 'aws:SecureTransport': false } },
      },
    ],
  });
  const template = (properties: object, sid: string) => ({
    Resources: {
      Logs: {
        Type: 'AWS::S3::Bucket',
        // Every call on the bucket is logged: it would have to be emptied first.
        DeletionPolicy: 'Retain',
        Properties: { OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] } },
      },
      LogsPolicy: {
        Type: 'AWS::S3::BucketPolicy',
        Properties: {
          Bucket: { Ref: 'Logs' },
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: [
              {
                Effect: 'Allow',
                Principal: { Service: 'logging.s3.amazonaws.com' },
                Action: 's3:PutObject',
                Resource: { 'Fn::Sub': `\${Logs.Arn}/*` },
                // Names the bucket that logs: it exists, logging switched on, before this policy does.
                Condition: { ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': ['Bucket', 'Arn'] } } },
              },
            ],
          },
        },
      },
      Bucket: {
        Type: 'AWS::S3::Bucket',
        Properties: { BucketName: 'one-bucket', ...properties },
      },
      Policy: {
        Type: 'AWS::S3::BucketPolicy',
        Properties: { Bucket: { Ref: 'Bucket' }, PolicyDocument: policy(sid) },
      },
    },
    Outputs: {
      Arn: { Value: { 'Fn::GetAtt': ['Bucket', 'Arn'] } },
      Domain: { Value: { 'Fn::GetAtt': ['Bucket', 'RegionalDomainName'] } },
      Logs: { Value: { Ref: 'Logs' } },
    },
  });
  const bucket = { Bucket: 'one-bucket' };
  const read = async () => ({
    policy: JSON.parse((await call<{ Policy: string }>('s3', 'GetBucketPolicy', bucket)).Policy),
    encryption: await call('s3', 'GetBucketEncryption', bucket),
    versioning: await call('s3', 'GetBucketVersioning', bucket),
    access: await call('s3', 'GetPublicAccessBlock', bucket),
    ownership: await call('s3', 'GetBucketOwnershipControls', bucket),
    logging: await call('s3', 'GetBucketLogging', bucket),
    lifecycle: await call('s3', 'GetBucketLifecycleConfiguration', bucket),
    tags: await call('s3', 'GetBucketTagging', bucket),
  });
  const settings = {
    BucketEncryption: {
      ServerSideEncryptionConfiguration: [
        {
          ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: 'arn:aws:kms:eu-west-1:1:key/1' },
          BucketKeyEnabled: 'true',
        },
      ],
    },
    VersioningConfiguration: { Status: 'Enabled' },
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    },
    OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    LoggingConfiguration: { DestinationBucketName: { Ref: 'Logs' }, LogFilePrefix: 'one/' },
    LifecycleConfiguration: {
      Rules: [
        {
          Id: 'expire',
          Status: 'Enabled',
          ExpirationInDays: 30,
          NoncurrentVersionExpiration: { NoncurrentDays: 7 },
          AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
        },
      ],
    },
    Tags: [{ Key: 'a', Value: '1' }],
  };

  const { outputs } = await tooling.deploy('bucket', template(settings, 'Before'));

  expect(outputs).toEqual({
    Arn: 'arn:aws:s3:::one-bucket',
    Domain: 'one-bucket.s3.eu-west-1.amazonaws.com',
    Logs: expect.stringMatching(/^bucket-logs-[a-z0-9]{12}$/),
  });
  expect(await read()).toMatchObject({
    policy: policy('Before'),
    encryption: {
      ServerSideEncryptionConfiguration: {
        Rules: [
          {
            ApplyServerSideEncryptionByDefault: {
              SSEAlgorithm: 'aws:kms',
              KMSMasterKeyID: 'arn:aws:kms:eu-west-1:1:key/1',
            },
            BucketKeyEnabled: true,
          },
        ],
      },
    },
    versioning: { Status: 'Enabled' },
    access: { PublicAccessBlockConfiguration: settings.PublicAccessBlockConfiguration },
    ownership: { OwnershipControls: settings.OwnershipControls },
    logging: { LoggingEnabled: { TargetBucket: outputs.Logs, TargetPrefix: 'one/' } },
    lifecycle: {
      Rules: [
        {
          ID: 'expire',
          Status: 'Enabled',
          Filter: { Prefix: '' },
          Expiration: { Days: 30 },
          NoncurrentVersionExpiration: { NoncurrentDays: 7 },
          AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
        },
      ],
    },
    tags: { TagSet: [{ Key: 'a', Value: '1' }] },
  });

  await tooling.deploy(
    'bucket',
    template(
      {
        ...settings,
        VersioningConfiguration: undefined,
        LoggingConfiguration: undefined,
        LifecycleConfiguration: { Rules: [{ Id: 'expire', Status: 'Disabled', Prefix: 'tmp/', ExpirationInDays: 1 }] },
        Tags: [{ Key: 'b', Value: '2' }],
      },
      'After',
    ),
  );

  const changed = await read();
  expect(changed).toMatchObject({
    policy: policy('After'),
    versioning: { Status: 'Suspended' },
    lifecycle: { Rules: [{ ID: 'expire', Status: 'Disabled', Filter: { Prefix: 'tmp/' }, Expiration: { Days: 1 } }] },
    tags: { TagSet: [{ Key: 'b', Value: '2' }] },
  });
  expect(changed.logging).toEqual({});

  await tooling.remove('bucket');
  await expect(call('s3', 'GetBucketPolicy', bucket)).rejects.toThrow('NoSuchBucket');
});

test('a bucket that holds objects is not deleted, and its stack says why', async () => {
  const everything = { Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: 'arn:aws:s3:::full/*' };
  await tooling.deploy('full', {
    Resources: {
      Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'full' } },
      Policy: {
        Type: 'AWS::S3::BucketPolicy',
        Properties: {
          Bucket: 'full',
          PolicyDocument: {
            Version: '2012-10-17',
            // The emulator is asked in plain text, and lets everybody in all the same.
            Statement: [{ ...everything, Condition: { Bool: { 'aws:SecureTransport': false } } }],
          },
        },
        DependsOn: 'Bucket',
      },
    },
  });
  await call('s3', 'PutObject', { Bucket: 'full', Key: 'object', Body: 'content' });

  await expect(tooling.remove('full')).rejects.toThrow('BucketNotEmpty');

  expect(await tooling.status('full')).toBe('DELETE_FAILED');
  await call('s3', 'DeleteObject', { Bucket: 'full', Key: 'object' });
  await tooling.remove('full');
});

test('AWS::ECR::Repository keeps mutability, policies and encryption, and changes them in place', async () => {
  const policy = (action: string) => ({
    Version: '2012-10-17',
    Statement: [{ Sid: 'Pull', Effect: 'Allow', Principal: root, Action: [action] }],
  });
  const lifecycle = (count: number) =>
    JSON.stringify({
      rules: [
        {
          rulePriority: 1,
          description: 'keep',
          selection: { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: count },
          action: { type: 'expire' },
        },
      ],
    });
  const template = (action: string, count: number, properties: object) => ({
    Resources: {
      Repository: {
        Type: 'AWS::ECR::Repository',
        Properties: {
          RepositoryName: 'one/repository',
          EncryptionConfiguration: { EncryptionType: 'KMS', KmsKey: 'arn:aws:kms:eu-west-1:1:key/1' },
          LifecyclePolicy: { LifecyclePolicyText: lifecycle(count) },
          RepositoryPolicyText: policy(action),
          ...properties,
        },
      },
    },
    Outputs: {
      Ref: { Value: { Ref: 'Repository' } },
      Arn: { Value: { 'Fn::GetAtt': 'Repository.Arn' } },
      Uri: { Value: { 'Fn::GetAtt': ['Repository', 'RepositoryUri'] } },
    },
  });
  const name = { repositoryName: 'one/repository' };
  const read = async () => ({
    repository: (
      await call<{ repositories: object[] }>('ecr', 'DescribeRepositories', { repositoryNames: ['one/repository'] })
    ).repositories[0],
    policy: JSON.parse((await call<{ policyText: string }>('ecr', 'GetRepositoryPolicy', name)).policyText),
    lifecycle: (await call<{ lifecyclePolicyText: string }>('ecr', 'GetLifecyclePolicy', name)).lifecyclePolicyText,
    tags: (
      await call<{ tags: object[] }>('ecr', 'ListTagsForResource', {
        resourceArn: 'arn:aws:ecr:eu-west-1:111111111111:repository/one/repository',
      })
    ).tags,
  });

  const { outputs } = await tooling.deploy(
    'repository',
    template('ecr:BatchGetImage', 10, {
      ImageTagMutability: 'IMMUTABLE_WITH_EXCLUSION',
      ImageTagMutabilityExclusionFilters: [
        { ImageTagMutabilityExclusionFilterType: 'WILDCARD', ImageTagMutabilityExclusionFilterValue: 'latest' },
      ],
      ImageScanningConfiguration: { ScanOnPush: true },
      Tags: [{ Key: 'a', Value: '1' }],
    }),
  );

  expect(outputs).toEqual({
    Ref: 'one/repository',
    Arn: 'arn:aws:ecr:eu-west-1:111111111111:repository/one/repository',
    Uri: '111111111111.dkr.ecr.eu-west-1.amazonaws.com/one/repository',
  });
  expect(await read()).toMatchObject({
    repository: {
      imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION',
      imageTagMutabilityExclusionFilters: [{ filterType: 'WILDCARD', filter: 'latest' }],
      imageScanningConfiguration: { scanOnPush: true },
      encryptionConfiguration: { encryptionType: 'KMS', kmsKey: 'arn:aws:kms:eu-west-1:1:key/1' },
    },
    policy: policy('ecr:BatchGetImage'),
    lifecycle: lifecycle(10),
    tags: [{ Key: 'a', Value: '1' }],
  });

  await tooling.deploy(
    'repository',
    template('ecr:ListImages', 20, { ImageTagMutability: 'IMMUTABLE', EmptyOnDelete: true }),
  );

  expect(await read()).toMatchObject({
    repository: { imageTagMutability: 'IMMUTABLE', imageScanningConfiguration: { scanOnPush: false } },
    policy: policy('ecr:ListImages'),
    lifecycle: lifecycle(20),
    tags: [],
  });

  await tooling.remove('repository');
  await expect(read()).rejects.toThrow('RepositoryNotFoundException');
});
