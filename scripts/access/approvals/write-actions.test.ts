import { expect, test } from 'vitest';
import { actionsThatChange, settingsOf } from './write-actions';

test.each([
  ['arn:aws:s3:::bucket', ['s3:PutBucketPolicy', 's3:DeleteBucket', 's3:PutLifecycleConfiguration'], 's3:ListBucket'],
  ['arn:aws:s3:::bucket/key', ['s3:PutObject', 's3:DeleteObject', 's3:PutObjectTagging'], 's3:GetObject'],
  [
    'arn:aws:kms:eu-west-1:111111111111:key/a',
    ['kms:PutKeyPolicy', 'kms:CreateGrant', 'kms:TagResource'],
    'kms:DescribeKey',
  ],
  [
    'arn:aws:iam::111111111111:role/a',
    ['iam:UpdateAssumeRolePolicy', 'iam:PutRolePolicy', 'iam:TagRole'],
    'iam:GetRole',
  ],
  ['arn:aws:iam::111111111111:policy/a', ['iam:CreatePolicyVersion'], 'iam:GetPolicy'],
  [
    'arn:aws:codepipeline:eu-west-1:111111111111:pipeline/Prod/Approve',
    ['codepipeline:PutApprovalResult'],
    'codepipeline:GetPipelineState',
  ],
  ['arn:aws:ecr:eu-west-1:111111111111:repository/a', ['ecr:SetRepositoryPolicy', 'ecr:PutImage'], 'ecr:BatchGetImage'],
])('AWS knows what changes %s', async (arn, some, none) => {
  const actions = await actionsThatChange(arn);
  expect(actions).toEqual(expect.arrayContaining(some));
  expect(actions).not.toContain(none);
});

test('AWS knows what changes the settings of an account, which name no resource', async () => {
  const settings = await settingsOf('ecr');
  expect(settings).toEqual(expect.arrayContaining(['ecr:PutRegistryPolicy', 'ecr:PutReplicationConfiguration']));
  expect(settings).not.toContain('ecr:PutImage');
  expect(settings).not.toContain('ecr:GetAuthorizationToken');
});
