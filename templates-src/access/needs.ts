import { operatorTemplates, type WorkloadTemplate, workloadTemplates } from '../model/names';
import type {
  DeclaredAccount,
  DeclaredEnvironment,
  DeclaredRoute,
  MadeUpResource,
  Need,
  Prohibition,
  Refusal,
  RoleActor,
  ServiceActor,
} from './case';
import { administratorOf, foreignAccountId, openKey, openObject } from './elsewhere';

/** Needs that more than one actor has. */

/**
 * What CloudWatch Logs decides about a log group by: its ARN with an empty stream, so that policies have to end with
 * `:*`; tagging alone is decided by the bare ARN (CloudWatch Logs User Guide, "Log group ARN formats").
 */
export const logGroupItself = (arn: string) => `${arn}:log-stream:`;

/** What a request over plain HTTP sends. */
export const plainHttp = { 'aws:SecureTransport': 'false' };

/** What an upload sends that replaces nothing. */
export const ifNoneMatch = { 's3:if-none-match': '*' };

/** What AWS lets the administrators of a key do; `AWS::KMS::Key` and `AWS::KMS::Alias` need most of it. */
export const keyAdministration = [
  'kms:CancelKeyDeletion',
  'kms:CreateAlias',
  'kms:DeleteAlias',
  'kms:DescribeKey',
  'kms:DisableKey',
  'kms:DisableKeyRotation',
  'kms:EnableKey',
  'kms:EnableKeyRotation',
  'kms:GetKeyPolicy',
  'kms:GetKeyRotationStatus',
  'kms:ListGrants',
  'kms:ListKeyPolicies',
  'kms:ListKeyRotations',
  'kms:ListResourceTags',
  'kms:PutKeyPolicy',
  'kms:ScheduleKeyDeletion',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:UpdateAlias',
  'kms:UpdateKeyDescription',
] as const;

/**
 * That a service of AWS assumes a role for an account: for one resource of it, or for any where the service says
 * nothing about the resource.
 */
export function assumedByService(
  { tooling }: DeclaredRoute,
  { arn: role }: RoleActor,
  {
    service,
    forOne,
    account = tooling,
    why,
  }: {
    readonly service: ServiceActor['service'];
    /** The resource that the service assumes the role for; without it, the service says the account alone. */
    readonly forOne?: {
      /** Words for the resource: `pipeline`. */
      readonly noun: string;
      readonly arn: string;
      /** Another resource in the same account. */
      readonly otherArn: string;
    };
    readonly account?: DeclaredAccount;
    readonly why: string;
  },
): Need {
  const as = (sourceAccount: string, sourceArn = forOne?.arn): ServiceActor => ({
    kind: 'service',
    service,
    sourceAccount,
    ...(sourceArn === undefined ? {} : { sourceArn }),
  });
  const people = account.id === tooling.id ? [account] : [account, tooling];
  return {
    does: `is assumed by ${service}${forOne === undefined ? '' : ` for its ${forOne.noun}`}`,
    actor: as(account.id),
    actions: 'sts:AssumeRole',
    on: role,
    why,
    denied: [
      ...(forOne === undefined
        ? []
        : [
            {
              that: `for another ${forOne.noun} of the account`,
              actor: as(account.id, forOne.otherArn),
              why: 'IAM User Guide, "The confused deputy problem": aws:SourceArn',
            },
          ]),
      {
        that: 'for another account',
        actor: as(foreignAccountId, forOne?.arn.replace(account.id, foreignAccountId)),
        why: 'IAM User Guide, "The confused deputy problem": aws:SourceAccount',
      },
      {
        that: 'by another service',
        actor: { ...as(account.id), service: 'ec2.amazonaws.com' },
        why: 'only the service that it was made for may use a role',
      },
      ...people.map((each) => ({
        that: `by somebody of ${each.name}`,
        actor: administratorOf(each),
        why: 'IAM User Guide, "Service roles": a role that a service assumes is not for people',
      })),
    ],
  };
}

/** Objects of a bucket that is encrypted with a key of KMS. */
export interface EncryptedObjects {
  readonly bucket: string;
  /** ARN of objects that the actor works with. */
  readonly objects: string | readonly string[];
  readonly key: string;
  readonly bucketOwner: DeclaredAccount;
  /** Objects that are not the actor's, such as those of another pipeline. */
  readonly others: readonly { readonly that: string; readonly on: string | MadeUpResource; readonly why: string }[];
}

/** That an actor works with encrypted objects: S3's side and KMS's side (S3 User Guide, "Protecting data with SSE-KMS"). */
export function encryptedObjects(
  route: DeclaredRoute,
  actorAccount: DeclaredAccount,
  noun: string,
  { bucket, objects, key, bucketOwner, others }: EncryptedObjects,
  access: {
    readonly read: readonly ('s3:GetObject' | 's3:GetObjectVersion')[];
    /** ARN of objects that it writes. */
    readonly writes?: string;
    /** The document that wants kms:DescribeKey; S3 doesn't. */
    readonly describesKey?: string;
    readonly why: string;
  },
): readonly Need[] {
  const { region } = route;
  const { read, writes, describesKey, why } = access;
  const refusals: readonly Refusal[] = [
    ...others,
    {
      that: "an object of somebody else's bucket",
      on: openObject(bucketOwner, actorAccount),
      why: 'the actor has no business outside of this bucket',
    },
    { that: 'over plain HTTP', context: plainHttp, why: 'Security Hub S3.5: requests to buckets should use TLS' },
  ];
  const otherKey = {
    that: "with somebody else's key",
    on: openKey(route, bucketOwner, actorAccount),
    why: 'KMS: a key is only used by those who need what it encrypts',
  };
  // With bucket keys, the context is the bucket (S3 User Guide, "Reducing the cost of SSE-KMS with S3 Bucket Keys").
  const context = { 'kms:ViaService': `s3.${region}.amazonaws.com`, 'kms:EncryptionContext:aws:s3:arn': bucket };
  return [
    { does: `reads ${noun}`, actions: read, on: objects, why, denied: refusals },
    {
      does: `decrypts ${noun}`,
      actions: 'kms:Decrypt',
      on: key,
      context,
      why: 'S3 User Guide, "Using server-side encryption with AWS KMS keys": GetObject needs kms:Decrypt',
      denied: [otherKey],
    },
    {
      does: `decrypts ${noun} that have no bucket key`,
      actions: 'kms:Decrypt',
      on: key,
      context: { ...context, 'kms:EncryptionContext:aws:s3:arn': [objects].flat()[0] ?? '' },
      why: 'S3 User Guide, "Configuring an S3 Bucket Key at the object level": the uploader may choose',
    },
    ...(describesKey === undefined
      ? []
      : [
          {
            does: `looks at the key of ${noun}`,
            actions: 'kms:DescribeKey' as const,
            on: key,
            why: `${describesKey}: kms:DescribeKey`,
            denied: [otherKey],
          },
        ]),
    ...(writes !== undefined
      ? [
          { does: `writes ${noun}`, actions: 's3:PutObject' as const, on: writes, why, denied: refusals },
          {
            does: `writes ${noun}, naming the key of the bucket`,
            actions: 's3:PutObject' as const,
            on: writes,
            context: {
              's3:x-amz-server-side-encryption': 'aws:kms',
              's3:x-amz-server-side-encryption-aws-kms-key-id': key,
            },
            why: 'CodePipeline User Guide, "Configure server-side encryption for artifacts": uploads name the key of the pipeline',
            denied: [
              {
                that: 'another key',
                context: {
                  's3:x-amz-server-side-encryption': 'aws:kms',
                  's3:x-amz-server-side-encryption-aws-kms-key-id': openKey(route, bucketOwner, actorAccount).arn,
                },
                why: 'S3 User Guide, "Requiring and restricting SSE-KMS": who may not use the other key could not read it',
              },
              {
                that: 'encryption without KMS',
                context: { 's3:x-amz-server-side-encryption': 'AES256' },
                why: 'S3 User Guide, "Requiring and restricting SSE-KMS"',
              },
            ],
          },
          {
            does: `encrypts ${noun}`,
            actions: 'kms:GenerateDataKey' as const,
            on: key,
            context,
            why: 'S3 User Guide, "Using server-side encryption with AWS KMS keys": PutObject needs kms:GenerateDataKey',
            denied: [otherKey],
          },
        ]
      : []),
  ];
}

/**
 * That a role's log group may be encrypted with its permissions: CloudWatch Logs asks KMS for its caller.
 *
 * @param writesArtifacts whether it makes data keys for artifacts as well
 * @param knowsKey whether its policy names the key; where it is made before the key, it names those of the Region
 */
export const encryptsLogs = (
  { region }: DeclaredRoute,
  key: string,
  otherKey: MadeUpResource,
  { writesArtifacts = false, knowsKey = true } = {},
): Need => ({
  does: 'encrypts its logs through CloudWatch Logs',
  actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
  on: key,
  context: { 'kms:ViaService': `logs.${region}.amazonaws.com` },
  why: 'CloudWatch Logs User Guide, "Encrypt log data in CloudWatch Logs using AWS KMS": kms:ViaService for roles that call it',
  denied: [
    knowsKey
      ? { that: 'with other keys', on: otherKey, why: 'a role uses the key of its own log group' }
      : {
          that: 'with keys of another Region',
          on: { ...otherKey, arn: otherKey.arn.replace(`:${region}:`, ':ap-southeast-2:') },
          why: 'it writes to one log group alone, whose key it does not know',
        },
    ...(writesArtifacts
      ? []
      : [
          {
            that: 'by itself',
            actions: 'kms:GenerateDataKey' as const,
            context: {},
            why: 'KMS Developer Guide, "kms:ViaService": the key is used through the service alone',
          },
        ]),
  ],
});

/** What nobody who only works with objects does to them. */
export const neverDeletes = (noun: string, objects: string, bucket: string) => [
  {
    that: `deletes ${noun}`,
    actions: ['s3:DeleteObject', 's3:DeleteObjectVersion'] as const,
    on: objects,
    why: 'only lifecycle rules delete; what has been deployed can be deployed again',
  },
  {
    that: `changes the bucket of ${noun}`,
    actions: [
      's3:PutBucketPolicy',
      's3:PutBucketVersioning',
      's3:PutLifecycleConfiguration',
      's3:DeleteBucket',
    ] as const,
    on: bucket,
    why: 'buckets are changed by the operator alone',
  },
];

/** The roles that CloudFormation takes on in an environment, one for each stack that a pipeline deploys. */
export const executionRolesOf = ({ topology }: DeclaredRoute, environment: DeclaredEnvironment): readonly RoleActor[] =>
  workloadTemplates(topology).map((template) => executionRoleOf(environment, template));

/** The role that CloudFormation takes on for a stack of an environment. */
export function executionRoleOf(environment: DeclaredEnvironment, template: WorkloadTemplate): RoleActor {
  const { stack, id } = executionRoles[template];
  return environment.stack(stack).role(id);
}

/** Where the role for each stack is declared. */
export const executionRoles = {
  infrastructure: { stack: 'deployment-roles', id: 'CloudFormationExecutionRole' },
  'container-service': { stack: 'service-roles', id: 'ContainerServiceExecutionRole' },
} as const satisfies Readonly<Record<WorkloadTemplate, object>>;

/** What the operator makes in an environment, of one type: no pipeline may change it. */
export const operatorsOwn = (environment: DeclaredEnvironment, type: string): readonly string[] =>
  operatorTemplates.flatMap((template) =>
    environment
      .stack(template)
      .resources.filter((resource) => resource.type === type)
      .map(({ arn }) => arn),
  );

/** What no role of an environment does: reading, using or changing what belongs to another environment. */
export function neverReachesOthers(
  { environments }: DeclaredRoute,
  environment: DeclaredEnvironment,
): readonly Prohibition[] {
  const others = environments.filter(({ name }) => name !== environment.name);
  const arns = (type: string) =>
    others.flatMap(({ stack }) =>
      stack('infrastructure')
        .resources.filter((resource) => resource.type === type)
        .map(({ arn }) => arn),
    );
  return others.length === 0
    ? []
    : [
        {
          that: 'reads or changes what belongs to another environment',
          actions: ['s3:GetObject', 's3:PutObject'],
          on: arns('AWS::S3::Bucket').map((bucket) => `${bucket}/AWSLogs/log`),
          and: [
            { actions: ['sqs:ReceiveMessage', 'sqs:SendMessage'], on: arns('AWS::SQS::Queue') },
            { actions: ['kms:Decrypt', 'kms:PutKeyPolicy'], on: arns('AWS::KMS::Key') },
            { actions: ['lambda:GetFunction', 'lambda:UpdateFunctionCode'], on: arns('AWS::Lambda::Function') },
          ],
          why: 'an environment must not reach another environment',
        },
      ];
}
