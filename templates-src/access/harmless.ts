/**
 * Writes, as AWS classes them, that change nothing of what an environment behind an approval runs or reads. Each has its
 * reason, and what would make it wrong.
 */
export interface HarmlessWrite {
  readonly actions: readonly string[];
  /** The type of resource, as CloudFormation calls it. */
  readonly on: string;
  readonly why: string;
}

export const harmlessWrites: readonly HarmlessWrite[] = [
  {
    actions: ['ecr:InitiateLayerUpload', 'ecr:UploadLayerPart', 'ecr:CompleteLayerUpload', 'ecr:PutImage'],
    on: 'AWS::ECR::Repository',
    why:
      'It adds an image. A digest means the same bytes for ever, tags of builds cannot move (IMMUTABLE_WITH_EXCLUSION), and ' +
      'latest only starts an execution, which fixes the digest before anybody approves it',
  },
  {
    actions: ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'],
    on: 'AWS::KMS::Key',
    why: 'It uses the key and changes nothing of it; what is encrypted lies where other policies decide',
  },
  {
    actions: ['sns:Publish'],
    on: 'AWS::SNS::Topic',
    why: 'It sends a mail. An approval is given in CodePipeline, by a call that no mail makes',
  },
];

/**
 * What a pipeline may do in an environment before its approval, by roles that no commit has, so that somebody sees what he
 * approves. That a review touches no change set but its own is a case of its role. Executing one is no part of this.
 */
export const preparations: HarmlessWrite = {
  actions: ['cloudformation:CreateChangeSet', 'cloudformation:DeleteChangeSet'],
  on: 'AWS::CloudFormation::Stack',
  why: 'CloudFormation User Guide, "Update stacks using change sets": nothing of a stack changes until a change set is executed',
};
