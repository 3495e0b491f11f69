import {
  AccountId,
  type Action,
  type Conditions,
  type IdentityStatement,
  Partition,
  Region,
  type ResourceStatement,
  type StringValue,
  type Substitution,
  sub,
} from '../../dsl';
import { accountRoot } from '../../model/names';

/** Statements of key policies. `Resource: '*'` is the key that the policy belongs to. */

/**
 * Lets the account's own administrators look after the key. By name and not `kms:*`, so that administration does not
 * bring use along.
 *
 * @param more what administrators of this key need beside that
 */
export const ownerAdministersKey = (...more: readonly Action[]): ResourceStatement => ({
  Sid: 'OwnerAdministersKey',
  Effect: 'Allow',
  Principal: { AWS: accountRoot(AccountId) },
  Action: [
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
    ...more,
  ],
  Resource: '*',
});

/** Lets the account's identity policies give the use of the key to its roles. */
export const ownerGrantsUseThroughIam: ResourceStatement = {
  Sid: 'OwnerGrantsUseThroughIam',
  Effect: 'Allow',
  Principal: { AWS: accountRoot(AccountId) },
  Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
  Resource: '*',
};

/**
 * Lets the role that creates the key look after it: what CloudFormation's handlers of keys and aliases call, from the
 * first second on.
 *
 * KMS creates no key whose creator could not call PutKeyPolicy on it afterwards (API reference, "CreateKey", Policy),
 * and that is decided before the key has tags, which count up to five minutes later ("ABAC for AWS KMS"). Permission by
 * IAM would therefore have to be one for every key of the account. So this is the one place where a policy names a role
 * as principal: it must exist by then, and if it is created anew, somebody has to put the policy again.
 */
export const creatorManagesKey = (role: Substitution): ResourceStatement => ({
  Sid: 'CreatorManagesKey',
  Effect: 'Allow',
  Principal: { AWS: role },
  Action: [
    'kms:CreateAlias',
    'kms:DeleteAlias',
    'kms:DescribeKey',
    'kms:EnableKey',
    'kms:EnableKeyRotation',
    'kms:GetKeyPolicy',
    'kms:GetKeyRotationStatus',
    'kms:ListResourceTags',
    'kms:PutKeyPolicy',
    'kms:ScheduleKeyDeletion',
    'kms:TagResource',
    'kms:UntagResource',
    'kms:UpdateAlias',
    'kms:UpdateKeyDescription',
  ],
  Resource: '*',
});

/** Lets the roles that create log groups encrypt them with the key. They must exist by then, as the key's creator. */
export const creatorsEncryptLogGroups = (...roles: readonly Substitution[]): ResourceStatement => ({
  Sid: 'CreatorsEncryptLogGroups',
  Effect: 'Allow',
  Principal: { AWS: roles },
  Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
  Resource: '*',
  Condition: viaServices('logs'),
});

/** Lets CloudWatch Logs encrypt log groups of this account; it sends no account, but names the log group. */
export const logsEncryptLogGroups: ResourceStatement = {
  Sid: 'LogsEncryptLogGroups',
  Effect: 'Allow',
  Principal: { Service: sub`logs.${Region}.amazonaws.com` },
  // Not kms:DescribeKey, though AWS's guide has it here: it has no encryption context, so the condition never holds.
  Action: ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'],
  Resource: '*',
  Condition: {
    ArnLike: { 'kms:EncryptionContext:aws:logs:arn': sub`arn:${Partition}:logs:${Region}:${AccountId}:log-group:*` },
  },
};

/** Services that work with a key on behalf of their caller, by what their names begin with. */
type KeyUser = 'lambda' | 'logs' | 'sqs';

/** Narrows the use of a key to what services do with it for the caller. */
export const viaServices = (...services: readonly KeyUser[]): Required<Pick<Conditions, 'StringEquals'>> => ({
  StringEquals: { 'kms:ViaService': services.map((service) => sub`${service}.${Region}.amazonaws.com`) },
});

/**
 * Lets a role use a key through services: SQS for the messages that it sends and receives, CloudWatch Logs for what it
 * writes to an encrypted log group. Logs may ask with the permissions of the caller as well as with its own (CloudWatch
 * Logs User Guide, "Encrypt log data in CloudWatch Logs using AWS KMS": roles that call it should have kms:ViaService;
 * the managed policy CloudWatchLogsAPIKeyAccess allows the same two actions).
 */
export const useKeyThrough = ([first, ...others]: readonly [KeyUser, ...KeyUser[]], key: StringValue) =>
  ({
    Sid: 'UseKeyThroughServices',
    Effect: 'Allow',
    Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
    Resource: key,
    Condition: viaServices(first, ...others),
  }) as const satisfies IdentityStatement;
