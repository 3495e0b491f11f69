import type { Suppression } from '../../dsl';

/** Reasons for which more than one template breaks a rule of a scanner. */

/**
 * A statement that registers task definitions.
 *
 * The Service Authorization Reference has task definitions as its resource, but a caller without the permission is told that
 * it is missing "on resource: *" (aws/containers-roadmap #929, stroeer/terraform-aws-ecs-fargate #16), and the policies
 * in AWS's guides for CodeDeployToECS allow it on `*`.
 */
export const registersTaskDefinitions = (sid: string): Suppression => ({
  reason: 'ECS asks for it on * alone; iam:PassRole limits what its tasks may do.',
  rules: [`wildcard-resources-are-needed[${sid}]`],
});

/** A statement with which services of AWS look at alarms. */
export const looksAtAlarms = (sid: string): Suppression => ({
  reason: "AWS's own policies for CodeDeploy and Auto Scaling allow looking at metrics and alarms on * alone.",
  rules: [`wildcard-resources-are-needed[${sid}]`],
});

/** A log group that is kept as long as a parameter says. */
export const keptByParameter: Suppression = {
  reason:
    'The operator says with the parameter LogRetentionDays how long logs are kept, a year or more where it must be.',
  guard: ['CT.CLOUDWATCH.PR.2'],
};

/** An alarm of an environment. */
export const isFoundByName: Suppression = {
  reason: 'Operators look for it by its name, and the topic admits it by that; no update replaces an alarm.',
  cfn_nag: ['W28'],
};

/** A log group under a key that another stack exports. */
export const keyOfAnotherStack: Suppression = {
  reason: 'It is encrypted with a key that another stack exports; the rule knows only keys of the same template.',
  guard: ['CT.CLOUDWATCH.PR.3'],
};

/** A bucket that takes access logs. */
export const takesAccessLogs: readonly Suppression[] = [
  {
    reason: 'It takes access logs itself: logging every delivery would write logs about logs without end.',
    guard: ['CT.S3.PR.2'],
    cfn_nag: ['W35'],
  },
  {
    reason: 'AWS delivers access logs only to buckets with keys of S3 (SSE-S3).',
    guard: ['CT.S3.PR.10'],
    cdk_nag: ['NIST.800.53.R5-S3DefaultEncryptionKMS'],
  },
];

/** Any bucket of the route. */
export const everyBucket: readonly Suppression[] = [
  {
    reason: 'Nothing reacts to its objects: pipelines are started by commits and images.',
    guard: ['CT.S3.PR.4'],
  },
  {
    reason:
      'What is overwritten or deleted stays as a version; objects under a lock could neither expire nor be cleaned up.',
    guard: ['CT.S3.PR.9'],
  },
  {
    reason:
      'Nothing runs in another Region that could use a copy; artifacts and packages are built again from a commit.',
    cdk_nag: ['NIST.800.53.R5-S3BucketReplicationEnabled'],
  },
];
