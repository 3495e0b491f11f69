import { AccountId, Partition, Region, sub } from '../dsl/intrinsics';
import type { Action, ResourceStatement } from '../dsl/policies';
import { accountRoot } from './names';

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
