import {
  AccountId,
  type Conditions,
  type IdentityStatement,
  type Reference,
  type ResourceStatement,
  type StringValue,
  type Substitution,
  sub,
  type TrustStatement,
} from '../../dsl';
import { accountRoot, namesOf, roleArn } from '../../model/names';
import type { Topology } from '../../model/topology';

/** Statements that more than one policy has, each closing a hole that broke or opened somebody's pipeline. */

/** Refuses plain HTTP to a bucket and everything in it. */
export const denyInsecureTransport = (bucket: Reference): ResourceStatement => ({
  Sid: 'DenyInsecureTransport',
  Effect: 'Deny',
  Principal: '*',
  Action: 's3:*',
  Resource: [bucket, sub`${bucket}/*`],
  // The Guard registry looks for the boolean, not for the string.
  Condition: { Bool: { 'aws:SecureTransport': false } },
});

/**
 * Refuses uploads under another key than the bucket's. Null-safe: an upload that names no key gets the bucket's default
 * encryption; demanding the header instead would break `aws s3 cp`.
 */
export const denyOtherKeys = (bucket: Reference, key: Reference): ResourceStatement => ({
  Sid: 'DenyOtherKeys',
  Effect: 'Deny',
  Principal: '*',
  Action: 's3:PutObject',
  Resource: sub`${bucket}/*`,
  Condition: {
    Null: { 's3:x-amz-server-side-encryption-aws-kms-key-id': false },
    StringNotEquals: { 's3:x-amz-server-side-encryption-aws-kms-key-id': key },
  },
});

/** Refuses uploads that ask for another encryption than the bucket's; null-safe as well. */
export const denyOtherEncryption = (bucket: Reference): ResourceStatement => ({
  Sid: 'DenyOtherEncryption',
  Effect: 'Deny',
  Principal: '*',
  Action: 's3:PutObject',
  Resource: sub`${bucket}/*`,
  Condition: {
    Null: { 's3:x-amz-server-side-encryption': false },
    StringNotEquals: { 's3:x-amz-server-side-encryption': 'aws:kms' },
  },
});

/**
 * Refuses uploads that could replace an object: S3 takes what is sent with If-None-Match only where nothing is. No upload
 * in parts is exempted, so each object is one upload, whose checksum covers all of it; a copy can't be made at all (S3
 * User Guide, "Enforce conditional writes on Amazon S3 buckets").
 */
export const denyOverwriting = (bucket: Reference): ResourceStatement => ({
  Sid: 'DenyOverwriting',
  Effect: 'Deny',
  Principal: '*',
  Action: 's3:PutObject',
  Resource: sub`${bucket}/*`,
  Condition: { Null: { 's3:if-none-match': true } },
});

/**
 * Refuses what writes objects to every principal but one role, administrators included. A principal that has no ARN, such
 * as a service of AWS that acts by itself, is refused as well.
 */
export const denyOtherWriters = (
  Sid: string,
  objects: StringValue | readonly StringValue[],
  writer: StringValue,
): ResourceStatement => ({
  Sid,
  Effect: 'Deny',
  Principal: '*',
  // Replication writes without PutObject.
  Action: ['s3:PutObject', 's3:ReplicateObject'],
  Resource: objects,
  Condition: { ArnNotEquals: { 'aws:PrincipalArn': writer } },
});

/**
 * Lets a service of AWS assume a role, for this account's resources only: a service principal alone would act for
 * anybody's (confused deputy).
 */
export const trustService = (
  service: `${string}.amazonaws.com`,
  sourceArn?: StringValue | readonly StringValue[],
): TrustStatement => ({
  Sid: 'AssumedByService',
  Effect: 'Allow',
  Principal: { Service: service },
  Action: 'sts:AssumeRole',
  Condition: {
    StringEquals: { 'aws:SourceAccount': AccountId },
    ...(sourceArn === undefined ? {} : { ArnLike: { 'aws:SourceArn': sourceArn } }),
  },
});

/**
 * Lets one role of an account assume a role. The principal is the account, so that the role may be created later or
 * again; the condition narrows it to the one role, else anybody in that account could come in.
 */
export const trustRole = (account: Reference, name: string | Substitution): TrustStatement => ({
  Sid: 'AssumedByRole',
  Effect: 'Allow',
  Principal: { AWS: accountRoot(account) },
  Action: 'sts:AssumeRole',
  Condition: onlyRoles([roleArn(account, name)]),
});

/** Narrows an account to roles, by ARN. */
export const onlyRoles = (arns: readonly StringValue[]): Conditions => ({ ArnEquals: { 'aws:PrincipalArn': arns } });

/** A statement that allows actions. */
export const allow = (
  Sid: string,
  Action: readonly `${string}:${string}`[],
  Resource: IdentityStatement['Resource'],
  Condition?: IdentityStatement['Condition'],
): IdentityStatement => ({ Sid, Effect: 'Allow', Action, Resource, ...(Condition ? { Condition } : {}) });

/** Lets a principal hand a role to a service: the role named, to this service only. */
export const passRole = (
  sid: string,
  role: StringValue | readonly StringValue[],
  service: `${string}.amazonaws.com`,
): IdentityStatement => ({
  Sid: sid,
  Effect: 'Allow',
  Action: 'iam:PassRole',
  Resource: role,
  Condition: { StringEquals: { 'iam:PassedToService': service } },
});

/** Lets a principal hand the two roles of an environment's container to ECS. */
export function passTaskRoles(topology: Topology, environment: Reference): IdentityStatement {
  const names = namesOf(topology);
  const roles = [names.taskRole, names.taskExecutionRole].map((name) => roleArn(AccountId, name(environment)));
  return passRole('PassTaskRoles', roles, 'ecs-tasks.amazonaws.com');
}

/** Lets CodeDeploy look at the traffic that it moves; these actions know no resources, or none with a name. */
export const seeTraffic: IdentityStatement = {
  Sid: 'SeeTraffic',
  Effect: 'Allow',
  Action: [
    'cloudwatch:DescribeAlarms',
    'elasticloadbalancing:DescribeListeners',
    'elasticloadbalancing:DescribeRules',
    'elasticloadbalancing:DescribeTargetGroups',
  ],
  Resource: '*',
};
