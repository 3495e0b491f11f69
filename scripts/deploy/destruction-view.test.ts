import { expect, test } from 'vitest';
import type { Answer } from './aws-cli';
import type { DestroyStep } from './destruction-plan';
import { announcement, viewOf } from './destruction-view';

const step: DestroyStep = {
  stack: {
    name: 'shop-live-data',
    template: 'environment/data',
    account: 'live',
    parameters: 'parameters/live/data.json',
    feeds: [],
    deployedBy: 'pipeline',
  },
  target: {
    account: 'live',
    accountId: '222222222222',
    accountIdSource: 'a file',
    profile: undefined,
    usualProfile: 'shop-live',
    options: [['--region', 'eu-west-1']],
  },
  // The checkout retains the table, which nobody has deployed so yet, and no longer retains the bucket.
  retained: [{ logicalId: 'Table', type: 'AWS::DynamoDB::Table', reason: 'its template says so' }],
  neededBy: [],
  deletion: [],
  wait: [],
};

const deployedTemplate = `
Resources:
  Bucket: {Type: AWS::S3::Bucket, DeletionPolicy: RetainExceptOnCreate}
  Table: {Type: AWS::DynamoDB::Table, Properties: {TableName: !Sub "\${AWS::StackName}-orders"}}
  Log: {Type: AWS::Logs::LogGroup, DeletionPolicy: Retain}
  Source: {Type: AWS::CodeCommit::Repository, DeletionPolicy: Retain, Properties: {RepositoryName: the-repository}}
`;

const view = (answers: Readonly<Record<string, Partial<Answer>>>) =>
  viewOf({ project: 'shop', targets: [], steps: [step] }, async (command) => ({
    succeeded: true,
    stdout: '',
    stderr: '',
    ...answers[String(command.flat()[2])],
  }));

const there = {
  'describe-stacks': { stdout: 'True\n' },
  'list-stack-resources': {
    stdout: JSON.stringify([
      ['Bucket', 'AWS::S3::Bucket', 'the-bucket'],
      ['Table', 'AWS::DynamoDB::Table', 'the-table'],
      ['Source', 'AWS::CodeCommit::Repository', '0a1b2c3d-4e5f-6a7b-8c9d-0e1f2a3b4c5d'],
      ['Failed', 'AWS::SNS::Topic', null],
    ]),
  },
  'get-template': { stdout: deployedTemplate },
};

test('what is kept is what the deployed template retains, whatever the checkout says, and what there is of it', async () => {
  const stacks = await view(there);

  expect(stacks.map(({ isProtected }) => isProtected)).toEqual([true]);
  expect(stacks[0]?.doomed.map(({ physicalId }) => physicalId)).toEqual(['the-table']);
  expect(announcement(stacks)).toBe(`To be deleted, in this order:
  shop-live-data in live (222222222222)

Retained, because the deployed template says so (its DeletionPolicy):
  Bucket the-bucket (AWS::S3::Bucket): its objects would be lost
  Source the-repository (AWS::CodeCommit::Repository): its commits would be lost
They keep their names, which a later deployment needs: adopt them with it (scripts/deploy.sh --adopt), or delete
them yourself once nobody needs them.
`);
});

test('a stack that is not there is none of its business', async () => {
  const gone = { succeeded: false, stderr: 'Stack with id shop-live-data does not exist' };

  expect(await view({ 'describe-stacks': gone })).toEqual([]);
});

test.each(['describe-stacks', 'list-stack-resources', 'get-template'])('it stops where %s is denied', async (call) => {
  const denied = { succeeded: false, stderr: 'An error occurred (AccessDenied)' };

  await expect(view({ ...there, [call]: denied })).rejects.toThrow(
    'cannot see what protects shop-live-data in live (222222222222). Nothing was deleted.\n  An error occurred',
  );
});

test('it stops where the deployed template cannot be read', async () => {
  await expect(view({ ...there, 'get-template': { stdout: 'Resources: [' } })).rejects.toThrow(
    /Nothing was deleted\.\n {2}Its template cannot be read: /,
  );
});
