import type { Context } from '../../../templates-src/access/case';
import { type Call, textsIn } from './call';
import type { Deployed } from './deployed';

/** What a call needs beside the permission for itself, on behalf of the caller. */
export interface Implied {
  readonly action: string;
  readonly resource: string;
  readonly context: Context;
}

/** Services that roles are passed to, where their principal isn't called as signatures call the service. */
const passedTo: Readonly<Record<string, string>> = {
  ec2: 'vpc-flow-logs.amazonaws.com',
  ecs: 'ecs-tasks.amazonaws.com',
};

/** Services whose calls name roles without passing them. */
const passNoRoles = new Set(['iam', 'kms', 's3', 'sts']);

/** What a call implies. */
export function impliedBy(call: Call, deployed: Deployed): readonly Implied[] {
  return [
    ...passedRoles(call),
    ...encryption(call, deployed),
    ...code(call, deployed),
    ...tagsOfNew(call),
    ...network(call),
  ];
}

/** IAM User Guide, "Grant a user permissions to pass a role to an AWS service". */
function passedRoles({ service, operation, parameters }: Call): readonly Implied[] {
  if (passNoRoles.has(service) || /^(Describe|Get|List|BatchGet)/.test(operation)) {
    return [];
  }
  const roles = textsIn(parameters).flatMap(([name, text]) =>
    /role(arn)?$/i.test(name) && /^arn:[^:]*:iam::\d{12}:role\//.test(text) ? [text] : [],
  );
  return [...new Set(roles)].map((resource) => ({
    action: 'iam:PassRole',
    resource,
    context: { 'iam:PassedToService': passedTo[service] ?? `${service}.amazonaws.com` },
  }));
}

/** What Elastic Load Balancing reads on behalf of the caller (its User Guide, "API permissions"). */
const looksAt: Readonly<Record<string, readonly string[]>> = {
  CreateLoadBalancer: ['AccountAttributes', 'Addresses', 'InternetGateways', 'SecurityGroups', 'Subnets', 'Vpcs'],
  CreateTargetGroup: ['InternetGateways', 'Vpcs'],
  SetIpAddressType: ['Subnets'],
  SetSubnets: ['Subnets'],
};

function network({ service, operation }: Call): readonly Implied[] {
  const found = service === 'elasticloadbalancing' ? (looksAt[operation] ?? []) : [];
  return found.map((what) => ({ action: `ec2:Describe${what}`, resource: '*', context: {} }));
}

const reads = new Set(['GetObject', 'HeadObject']);
// Parts of an upload are encrypted with the upload's data key, which is decrypted for each.
const writes = new Set(['PutObject', 'CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload', 'CopyObject']);

/** Keys that a service uses in the caller's name. */
function encryption(call: Call, deployed: Deployed): readonly Implied[] {
  const { service, operation, region, parameters } = call;
  if (service === 's3' && (reads.has(operation) || writes.has(operation))) {
    const { Bucket, Key, SSEKMSKeyId } = parameters;
    const given = typeof SSEKMSKeyId === 'string' ? SSEKMSKeyId : undefined;
    return ofObject(String(Bucket), String(Key), region, deployed, writes.has(operation), given);
  }
  if (service === 'sns' && /^Publish/.test(operation)) {
    // SNS Developer Guide, "Configure AWS KMS permissions": publishers need both.
    const topic = String(parameters.TopicArn);
    const key = keyArn(deployed.byArn(topic)?.properties.KmsMasterKeyId, topic, deployed);
    const context = {
      'kms:ViaService': `sns.${region}.amazonaws.com`,
      'kms:EncryptionContext:aws:sns:topicArn': topic,
    };
    return key === undefined
      ? []
      : ['kms:Decrypt', 'kms:GenerateDataKey'].map((action) => ({ action, resource: key, context }));
  }
  return [];
}

/** S3 User Guide, "Using server-side encryption with AWS KMS keys (SSE-KMS)". */
function ofObject(
  bucketName: string,
  object: string,
  region: string,
  deployed: Deployed,
  isWrite: boolean,
  given?: string,
): readonly Implied[] {
  const arn = `arn:aws:s3:::${bucketName}`;
  const { BucketEncryption } = deployed.byArn(arn)?.properties ?? {};
  const [rule] = (BucketEncryption as BucketEncryption | undefined)?.ServerSideEncryptionConfiguration ?? [];
  const key = given ?? keyArn(rule?.ServerSideEncryptionByDefault?.KMSMasterKeyID, arn, deployed);
  return key === undefined
    ? []
    : [
        {
          action: isWrite ? 'kms:GenerateDataKey' : 'kms:Decrypt',
          resource: key,
          context: {
            'kms:ViaService': `s3.${region}.amazonaws.com`,
            // "Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys": the context is the bucket then.
            'kms:EncryptionContext:aws:s3:arn': String(rule?.BucketKeyEnabled) === 'true' ? arn : `${arn}/${object}`,
          },
        },
      ];
}

interface BucketEncryption {
  readonly ServerSideEncryptionConfiguration?: readonly {
    readonly BucketKeyEnabled?: unknown;
    readonly ServerSideEncryptionByDefault?: { readonly KMSMasterKeyID?: string };
  }[];
}

/** The ARN of a key that a resource names by ARN or id; keys of AWS, which are named by alias, need no permission. */
function keyArn(key: unknown, user: string, deployed: Deployed): string | undefined {
  if (typeof key !== 'string' || key.includes('alias/')) {
    return undefined;
  }
  const { accountId, region } = deployed.byArn(user) ?? {};
  return key.startsWith('arn:') ? key : `arn:aws:kms:${region}:${accountId}:key/${key}`;
}

/** Lambda reads a package on behalf of the caller (AWS Lambda API Reference, "FunctionCode"). */
function code({ service, operation, region, parameters }: Call, deployed: Deployed): readonly Implied[] {
  if (service !== 'lambda' || !/^(CreateFunction|UpdateFunctionCode)/.test(operation)) {
    return [];
  }
  const { S3Bucket, S3Key, S3ObjectVersion } = {
    ...parameters,
    ...(parameters.Code as object | undefined),
  } as Readonly<Record<string, string | undefined>>;
  if (S3Bucket === undefined || S3Key === undefined) {
    return [];
  }
  return [
    {
      action: S3ObjectVersion === undefined ? 's3:GetObject' : 's3:GetObjectVersion',
      resource: `arn:aws:s3:::${S3Bucket}/${S3Key}`,
      context: {},
    },
    ...ofObject(S3Bucket, S3Key, region, deployed, false),
  ];
}

/** Amazon ECS Developer Guide, "Grant permission to tag resources on creation". */
function tagsOfNew({ service, operation, region, parameters }: Call): readonly Implied[] {
  const { tags, family } = parameters;
  if (service !== 'ecs' || operation !== 'RegisterTaskDefinition' || !Array.isArray(tags) || tags.length === 0) {
    return [];
  }
  return [
    {
      action: 'ecs:TagResource',
      resource: `arn:aws:ecs:${region}:\${Account}:task-definition/${String(family)}:1`,
      context: { 'ecs:CreateAction': operation },
    },
  ];
}
