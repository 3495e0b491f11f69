import { AccountId, policy, type Reference, Region, retained, sub, suppressed, type Template } from '../../dsl';
import type { Topology } from '../../model/topology';
import { Bucket, BucketPolicy } from '../../resources/s3';
import { denyInsecureTransport } from './statements';
import { everyBucket, takesAccessLogs } from './suppressions';

/**
 * Declares the bucket of the load balancer's access logs. It stands in `infrastructure`, because the load balancer
 * checks when it is created that it may write there.
 *
 * @param environment the parameter that holds the environment's name
 * @param retention the parameter that holds how many days logs are kept
 */
export function declareLogBucket(t: Template, { project }: Topology, environment: Reference, retention: Reference) {
  const { LogBucket } = t.resources({
    LogBucket: suppressed(
      retained(
        Bucket({
          // At most 63 characters: 16 of the project, 12 of the environment, 12 of the account, 14 of the Region.
          BucketName: sub`${project}-${environment}-logs-${AccountId}-${Region}`,
          // Load balancers deliver only to buckets with keys of S3 (SSE-S3).
          BucketEncryption: {
            ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
          },
          LifecycleConfiguration: {
            Rules: [
              {
                Id: 'ExpireLogs',
                Status: 'Enabled',
                ExpirationInDays: retention,
                NoncurrentVersionExpiration: { NoncurrentDays: 30 },
                AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
              },
            ],
          },
          OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
          PublicAccessBlockConfiguration: {
            BlockPublicAcls: true,
            BlockPublicPolicy: true,
            IgnorePublicAcls: true,
            RestrictPublicBuckets: true,
          },
          VersioningConfiguration: { Status: 'Enabled' },
        }),
      ),
      ...takesAccessLogs,
      ...everyBucket,
      {
        reason: 'The buckets whose accesses it could log belong to other stacks: cdk-nag knows a log bucket by those.',
        cdk_nag: ['AwsSolutions-S1', 'NIST.800.53.R5-S3BucketLoggingEnabled'],
      },
    ),
  });
  t.resources({
    LogBucketPolicy: suppressed(
      BucketPolicy({
        Bucket: LogBucket,
        PolicyDocument: policy(denyInsecureTransport(LogBucket.Arn), {
          Sid: 'LoadBalancersDeliverAccessLogs',
          Effect: 'Allow',
          // The service principal serves all Regions; the account ids that used to stand here are documented as legacy.
          Principal: { Service: 'logdelivery.elasticloadbalancing.amazonaws.com' },
          Action: 's3:PutObject',
          // Load balancers write below the id of the account that they belong to.
          Resource: sub`${LogBucket.Arn}/AWSLogs/${AccountId}/*`,
        }),
      }),
      {
        reason:
          'Load balancers send no source; they write below the id of their own account only, which is in the ARN.',
        rules: ['service-grants-name-their-source[LoadBalancersDeliverAccessLogs]'],
      },
    ),
  });
  t.outputs({
    LogBucketName: { Description: 'Access logs of the load balancer', Value: LogBucket, Exported: true },
  });
}
