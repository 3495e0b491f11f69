import type { BucketProperties } from 'cloudform-types/types/s3/bucket';
import type { BucketPolicyProperties } from 'cloudform-types/types/s3/bucketPolicy';
import { type Policy, type ResourceStatement, resourceType } from '../dsl';

const allowedValues = {
  'BucketEncryption.ServerSideEncryptionConfiguration.ServerSideEncryptionByDefault.SSEAlgorithm': [
    'aws:kms',
    'AES256',
    'aws:kms:dsse',
  ],
  'LifecycleConfiguration.Rules.Status': ['Enabled', 'Disabled'],
  'OwnershipControls.Rules.ObjectOwnership': ['ObjectWriter', 'BucketOwnerPreferred', 'BucketOwnerEnforced'],
  'VersioningConfiguration.Status': ['Enabled', 'Suspended'],
} as const;

/** `!Ref`: the bucket's name. */
export const Bucket = resourceType<BucketProperties>()('AWS::S3::Bucket', {
  attributes: ['Arn', 'DomainName', 'RegionalDomainName'],
  allowedValues,
});

type PolicyProperties = Omit<BucketPolicyProperties, 'PolicyDocument'> & {
  readonly PolicyDocument: Policy<ResourceStatement>;
};

/** The one policy of a bucket. */
export const BucketPolicy = resourceType<PolicyProperties>()('AWS::S3::BucketPolicy');
