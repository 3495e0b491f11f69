import {
  AccountId,
  Partition,
  policy,
  type Reference,
  Region,
  type RepositoryStatement,
  type ResourceStatement,
  retained,
  type StringValue,
  type Substitution,
  sub,
  suppressed,
  type Template,
  template,
} from '../../dsl';
import { accountRoot, bucketArn, namesOf, pipelinesOf, regionalArn, roleArn } from '../../model/names';
import type { Topology } from '../../model/topology';
import { artifactPath, artifactWriters } from '../../patterns/shared/artifacts';
import {
  logsEncryptLogGroups,
  ownerAdministersKey,
  ownerGrantsUseThroughIam,
} from '../../patterns/shared/key-statements';
import { declareAccountIds, declareRegion } from '../../patterns/shared/parameters';
import {
  denyInsecureTransport,
  denyOtherEncryption,
  denyOtherKeys,
  denyOtherWriters,
  denyOverwriting,
  onlyRoles,
} from '../../patterns/shared/statements';
import { everyBucket, takesAccessLogs } from '../../patterns/shared/suppressions';
import { Repository } from '../../resources/ecr';
import { Alias, Key } from '../../resources/kms';
import { Bucket, BucketPolicy } from '../../resources/s3';
import { Subscription, Topic, TopicPolicy } from '../../resources/sns';

/** What the pipelines share, and what environment accounts read: the key, three buckets, the images and the topic. */
export default function artifactStore(topology: Topology): Template {
  const names = namesOf(topology);
  const { environments, project, container } = topology;
  const images = container === undefined ? '' : ' image repository';
  const t = template(`Tooling account of ${project}: key, buckets,${images} and topic of the pipelines`);

  declareRegion(t);
  const { ApproversEmail } = t.parameters('Approvals', {
    ApproversEmail: {
      Type: 'String',
      Label: 'Approvers',
      Description:
        'E-mail address that is asked for approvals and told of failures; it has to confirm the subscription',
      AllowedPattern: '[^@\\s]+@[^@\\s]+\\.[^@\\s]+',
      ConstraintDescription: 'an e-mail address',
    },
  });
  const accounts = declareAccountIds(t, topology);
  const members = environments.map((environment) => ({ ...environment, account: accounts(environment) }));
  const environmentRoots = members.map(({ account }) => accountRoot(account));
  const rolesOf = (...name: ((environment: string) => ReturnType<typeof names.cloudFormationActionRole>)[]) =>
    members.flatMap(({ name: environment, account }) => name.map((of) => roleArn(account, of(environment))));
  /** What roles of the environments read of a bucket: nothing else of it, and with the key nothing else either. */
  const reading: readonly Reading[] = [
    {
      sid: 'CloudFormationRoles',
      roles: rolesOf(names.cloudFormationActionRole),
      bucket: names.artifactBucket(),
      paths: [artifactPath(topology, 'infrastructureDeployment', 'Package')],
    },
    ...(container === undefined
      ? []
      : [
          {
            sid: 'CodeDeployRoles',
            roles: rolesOf(names.codeDeployActionRole),
            bucket: names.artifactBucket(),
            paths: ['Verified', 'Image'].map((artifact) => artifactPath(topology, 'containerDeployment', artifact)),
          },
        ]),
  ];
  const packages: Reading = {
    sid: 'PackageRoles',
    roles: rolesOf((environment) => names.executionRole(environment, 'infrastructure'), names.lambdaUpdateRole),
    bucket: names.packageBucket(),
    paths: [],
  };

  const { ArtifactKey } = t.resources({
    ArtifactKey: suppressed(
      retained(
        Key({
          Description: `Encrypts artifacts, packages,${container === undefined ? '' : ' images'} and logs of the pipelines of ${project}`,
          EnableKeyRotation: true,
          KeyPolicy: policy<ResourceStatement>(
            // ECR encrypts images by grants on the key.
            ownerAdministersKey(
              ...(container === undefined ? [] : (['kms:CreateGrant', 'kms:RetireGrant', 'kms:RevokeGrant'] as const)),
            ),
            ownerGrantsUseThroughIam,
            ...[...reading, packages].map((one) => decryptThroughS3(one, environmentRoots)),
            // CodePipeline User Guide, "Create a pipeline that uses resources from another AWS account".
            {
              Sid: 'ActionRolesDescribe',
              Effect: 'Allow',
              Principal: { AWS: environmentRoots },
              Action: 'kms:DescribeKey',
              Resource: '*',
              Condition: onlyRoles(reading.flatMap(({ roles }) => roles)),
            },
            logsEncryptLogGroups,
            // EventBridge sends KMS neither account nor rule (SNS Developer Guide, "Managing Amazon SNS encryption keys";
            // awslabs/landing-zone-accelerator-on-aws #407, awslabs/aws-deployment-framework #769): demanding them
            // would silence it. What may be told is for the policy of the topic to say.
            {
              Sid: 'ServicesPublishToEncryptedTopic',
              Effect: 'Allow',
              Principal: { Service: ['cloudwatch.amazonaws.com', 'events.amazonaws.com'] },
              Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
              Resource: '*',
              Condition: {
                StringEqualsIfExists: { 'aws:SourceAccount': [AccountId, ...members.map(({ account }) => account)] },
              },
            },
          ),
        }),
      ),
      {
        reason: 'Of all principals only administrators of this account may create grants, which ECR needs of them.',
        guard: ['CT.KMS.PR.3'],
      },
      {
        reason: 'EventBridge does not say for whom it asks KMS; the policy of the topic decides what it may tell.',
        rules: ['service-grants-name-their-source[ServicesPublishToEncryptedTopic]'],
      },
    ),
  });
  t.resources({ ArtifactKeyAlias: Alias({ AliasName: names.keyAlias, TargetKeyId: ArtifactKey }) });

  const blockPublicAccess = {
    BlockPublicAcls: true,
    BlockPublicPolicy: true,
    IgnorePublicAcls: true,
    RestrictPublicBuckets: true,
  };
  const { AccessLogBucket } = t.resources({
    AccessLogBucket: suppressed(
      retained(
        Bucket({
          BucketName: names.accessLogBucket(),
          // S3 delivers access logs only to a bucket with its own keys (SSE-S3).
          BucketEncryption: {
            ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
          },
          LifecycleConfiguration: {
            Rules: [
              {
                Id: 'ExpireLogs',
                Status: 'Enabled',
                ExpirationInDays: 365,
                NoncurrentVersionExpiration: { NoncurrentDays: 30 },
                AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
              },
            ],
          },
          OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
          PublicAccessBlockConfiguration: blockPublicAccess,
          VersioningConfiguration: { Status: 'Enabled' },
        }),
      ),
      ...takesAccessLogs,
      ...everyBucket,
    ),
  });

  /** A bucket under the key, with versions, whose accesses are logged. */
  const encryptedBucket = (
    name: StringValue,
    logPrefix: string,
    rule: { Id: string; ExpirationInDays?: number; days: number },
  ) =>
    suppressed(
      retained(
        Bucket({
          BucketName: name,
          BucketEncryption: {
            ServerSideEncryptionConfiguration: [
              {
                BucketKeyEnabled: true,
                ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: ArtifactKey.Arn },
              },
            ],
          },
          LifecycleConfiguration: {
            Rules: [
              {
                Id: rule.Id,
                Status: 'Enabled',
                ...(rule.ExpirationInDays === undefined ? {} : { ExpirationInDays: rule.ExpirationInDays }),
                NoncurrentVersionExpiration: { NoncurrentDays: rule.days },
                AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
              },
            ],
          },
          LoggingConfiguration: { DestinationBucketName: AccessLogBucket, LogFilePrefix: logPrefix },
          OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
          PublicAccessBlockConfiguration: blockPublicAccess,
          VersioningConfiguration: { Status: 'Enabled' },
        }),
      ),
      ...everyBucket,
    );
  const { ArtifactBucket, PackageBucket } = t.resources({
    // Artifacts outlive every approval (60 days at the most) and stay for a rollback.
    ArtifactBucket: encryptedBucket(names.artifactBucket(), 'artifacts/', {
      Id: 'ExpireArtifacts',
      ExpirationInDays: 180,
      days: 30,
    }),
    // Packages never expire: a rollback of a stack in any environment needs the package of its last deployment.
    PackageBucket: encryptedBucket(names.packageBucket(), 'packages/', { Id: 'ExpireOldVersions', days: 90 }),
  });

  const toolingRole = (name: string) => roleArn(AccountId, name);
  t.resources({
    AccessLogBucketPolicy: BucketPolicy({
      Bucket: AccessLogBucket,
      PolicyDocument: policy(denyInsecureTransport(AccessLogBucket.Arn), {
        Sid: 'S3DeliversAccessLogs',
        Effect: 'Allow',
        Principal: { Service: 'logging.s3.amazonaws.com' },
        Action: 's3:PutObject',
        Resource: sub`${AccessLogBucket.Arn}/*`,
        Condition: {
          StringEquals: { 'aws:SourceAccount': AccountId },
          ArnEquals: { 'aws:SourceArn': [ArtifactBucket.Arn, PackageBucket.Arn] },
        },
      }),
    }),
    ArtifactBucketPolicy: BucketPolicy({
      Bucket: ArtifactBucket,
      PolicyDocument: policy(
        denyInsecureTransport(ArtifactBucket.Arn),
        denyOtherEncryption(ArtifactBucket.Arn),
        denyOtherKeys(ArtifactBucket.Arn, ArtifactKey.Arn),
        ...artifactWriters(topology).map(({ sid, role, paths }) =>
          denyOtherWriters(
            sid,
            paths.map((path) => sub`${ArtifactBucket.Arn}/${path}/*`),
            toolingRole(role),
          ),
        ),
        ...reading.map((one) => readObjects(one, environmentRoots)),
      ),
    }),
    PackageBucketPolicy: BucketPolicy({
      Bucket: PackageBucket,
      PolicyDocument: policy(
        denyInsecureTransport(PackageBucket.Arn),
        denyOtherEncryption(PackageBucket.Arn),
        denyOtherKeys(PackageBucket.Arn, ArtifactKey.Arn),
        denyOverwriting(PackageBucket.Arn),
        // Scripts of builds lie here as well, which the operator writes.
        denyOtherWriters(
          'DenyOtherPackages',
          sub`${PackageBucket.Arn}/*.zip`,
          toolingRole(names.buildRole(names.packageBuild)),
        ),
        readObjects(packages, environmentRoots),
      ),
    }),
  });

  const imageRepository =
    container === undefined
      ? undefined
      : declareImages(t, topology, ArtifactKey.Arn, {
          environments: environmentRoots,
          pullers: rolesOf(names.taskExecutionRole),
        });

  const { NotificationTopic } = t.resources({
    NotificationTopic: Topic({
      TopicName: names.topic,
      DisplayName: 'Approvals, failures and alarms',
      KmsMasterKeyId: ArtifactKey.Arn,
    }),
  });
  t.resources({
    NotificationTopicPolicy: suppressed(
      TopicPolicy({
        Topics: [NotificationTopic],
        PolicyDocument: policy<ResourceStatement>(
          {
            Sid: 'DenyInsecureTransport',
            Effect: 'Deny',
            Principal: '*',
            Action: 'sns:Publish',
            Resource: NotificationTopic,
            Condition: { Bool: { 'aws:SecureTransport': false } },
          },
          // EventBridge documents no conditions for topics, people use these; either way it has to get through.
          {
            Sid: 'EventsPublishFailures',
            Effect: 'Allow',
            Principal: { Service: 'events.amazonaws.com' },
            Action: 'sns:Publish',
            Resource: NotificationTopic,
            Condition: {
              ArnLikeIfExists: {
                'aws:SourceArn': pipelinesOf(topology).map((pipeline) =>
                  regionalArn('events', sub`rule/${names.failureRule(pipeline)}*`),
                ),
              },
            },
          },
          // SNS Developer Guide, "Example cases": CloudWatch alarms may publish to a topic in a different account. CloudWatch
          // takes a topic of the same Region only.
          {
            Sid: 'AlarmsPublish',
            Effect: 'Allow',
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Action: 'sns:Publish',
            Resource: NotificationTopic,
            Condition: {
              ArnLike: {
                'aws:SourceArn': members.map(
                  ({ name, account }) =>
                    sub`arn:${Partition}:cloudwatch:${Region}:${account}:alarm:${names.environmentPrefix(name)}*`,
                ),
              },
            },
          },
        ),
      }),
      {
        reason: 'EventBridge may not say for whom it publishes; when it does, it has to be a rule of this project.',
        rules: ['service-grants-name-their-source[EventsPublishFailures]'],
      },
    ),
    ApproversSubscription: Subscription({
      TopicArn: NotificationTopic,
      Protocol: topology.pipelines.approvers,
      Endpoint: ApproversEmail,
    }),
  });

  t.outputs({
    ArtifactKeyArn: { Description: 'Key of artifacts and packages', Value: ArtifactKey.Arn, Exported: true },
    ArtifactBucketName: { Description: 'Artifacts of the pipelines', Value: ArtifactBucket, Exported: true },
    PackageBucketName: { Description: 'Packages of Lambda functions', Value: PackageBucket, Exported: true },
    ...(imageRepository === undefined
      ? {}
      : {
          ImageRepositoryName: {
            Description: 'Repository of container images',
            Value: imageRepository,
            Exported: true,
          },
          ImageRepositoryUri: {
            Description: 'Where container images are pushed and pulled',
            Value: imageRepository.RepositoryUri,
            Exported: true,
          },
        }),
    NotificationTopicArn: { Description: 'Approvals, failures and alarms', Value: NotificationTopic, Exported: true },
  });
  return t;
}

/** What some roles of the environments read. */
interface Reading {
  /** Sids begin with it. */
  readonly sid: string;
  readonly roles: readonly StringValue[];
  readonly bucket: Substitution;
  /** Below which paths of the bucket; none stands for packages, wherever they lie. */
  readonly paths: readonly string[];
}

/** ARNs of what is read. */
const objectsOf = ({ bucket, paths }: Reading) =>
  paths.length === 0 ? [sub`${bucketArn(bucket)}/*.zip`] : paths.map((path) => sub`${bucketArn(bucket)}/${path}/*`);

/** Lets roles of the environments read objects; the other half of the grant is in their own policies. */
const readObjects = (reading: Reading, environments: readonly Substitution[]): ResourceStatement => ({
  Sid: `${reading.sid}Read`,
  Effect: 'Allow',
  Principal: { AWS: environments },
  Action: ['s3:GetObject', 's3:GetObjectVersion'],
  Resource: objectsOf(reading),
  Condition: onlyRoles(reading.roles),
});

/**
 * Lets roles of the environments have S3 decrypt what they read. S3 tells KMS the bucket where the object has a bucket key,
 * else the object (S3 User Guide, "Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys"); who uploads may choose.
 */
const decryptThroughS3 = (reading: Reading, environments: readonly Substitution[]): ResourceStatement => ({
  Sid: `${reading.sid}Decrypt`,
  Effect: 'Allow',
  Principal: { AWS: environments },
  Action: 'kms:Decrypt',
  Resource: '*',
  Condition: {
    ...onlyRoles(reading.roles),
    StringEquals: { 'kms:ViaService': sub`s3.${Region}.amazonaws.com` },
    StringLike: { 'kms:EncryptionContext:aws:s3:arn': [bucketArn(reading.bucket), ...objectsOf(reading)] },
  },
});

/** Declares the repository of container images, from which environments pull. */
function declareImages(
  t: Template,
  topology: Topology,
  key: Reference,
  {
    environments,
    pullers,
  }: { readonly environments: readonly Substitution[]; readonly pullers: readonly StringValue[] },
) {
  const { buildRole, imageBuild } = namesOf(topology);
  const { ImageRepository } = t.resources({
    ImageRepository: suppressed(
      retained(
        Repository({
          RepositoryName: namesOf(topology).imageRepository,
          EncryptionConfiguration: { EncryptionType: 'KMS', KmsKey: key },
          ImageScanningConfiguration: { ScanOnPush: true },
          // A build's tag never moves; `latest` always does.
          ImageTagMutability: 'IMMUTABLE_WITH_EXCLUSION',
          ImageTagMutabilityExclusionFilters: [
            { ImageTagMutabilityExclusionFilterType: 'WILDCARD', ImageTagMutabilityExclusionFilterValue: 'latest' },
          ],
          // Only what no tag holds expires: a push that broke off. Every build keeps the tag of its id, so a task that
          // is pinned by digest never loses its image; ECR can't tell which images are in use.
          LifecyclePolicy: {
            LifecyclePolicyText: JSON.stringify({
              rules: [
                {
                  rulePriority: 1,
                  description: 'Expire what no tag holds',
                  selection: {
                    tagStatus: 'untagged',
                    countType: 'sinceImagePushed',
                    countUnit: 'days',
                    countNumber: 14,
                  },
                  action: { type: 'expire' },
                },
              ],
            }),
          },
          RepositoryPolicyText: policy<RepositoryStatement>(
            // Administrators included; they may still delete images, and change this policy.
            {
              Sid: 'DenyOtherImages',
              Effect: 'Deny',
              Principal: '*',
              Action: ['ecr:CompleteLayerUpload', 'ecr:InitiateLayerUpload', 'ecr:PutImage', 'ecr:UploadLayerPart'],
              Condition: {
                ArnNotEquals: { 'aws:PrincipalArn': roleArn(AccountId, buildRole(imageBuild)) },
              },
            },
            {
              Sid: 'EnvironmentsPullImages',
              Effect: 'Allow',
              Principal: { AWS: environments },
              Action: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
              Condition: onlyRoles(pullers),
            },
          ),
        }),
      ),
      {
        reason: 'The tags of builds never move; latest has to, because it starts the deployment of each new image.',
        guard: ['CT.ECR.PR.3'],
      },
      {
        reason: 'Pipelines, builds and the roles of other accounts name it; it holds images and is never replaced.',
        cfn_nag: ['W28'],
      },
    ),
  });
  return ImageRepository;
}
