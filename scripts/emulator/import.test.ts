import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from './client';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator();
});
afterAll(() => emulator.stop());

const call = <Answer>(operation: string, parameters: object) =>
  emulator.call<Answer>('dev', 'cloudformation', operation, parameters);
const bucket = (BucketName: string) => ({
  Type: 'AWS::S3::Bucket',
  DeletionPolicy: 'Retain',
  Properties: { BucketName },
});
const wanted = (BucketName: string) => ({
  ResourceType: 'AWS::S3::Bucket',
  LogicalResourceId: 'Bucket',
  ResourceIdentifier: { BucketName },
});
const createBucket = (Bucket: string) =>
  emulator.call('dev', 's3', 'CreateBucket', {
    Bucket,
    CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' },
  });
const changeSet = (StackName: string, ChangeSetType: string, template: object, more: object = {}) =>
  call('CreateChangeSet', {
    StackName,
    ChangeSetName: 'change',
    ChangeSetType,
    TemplateBody: JSON.stringify(template),
    ...more,
  });

test('a change set that would take a name twice fails as in AWS, and only DescribeEvents says why', async () => {
  await createBucket('taken');

  await changeSet('taken', 'CREATE', { Resources: { Bucket: bucket('taken') } });

  const named = { StackName: 'taken', ChangeSetName: 'change' };
  expect(await call('DescribeChangeSet', named)).toMatchObject({
    Status: 'FAILED',
    ExecutionStatus: 'UNAVAILABLE',
    StatusReason:
      'The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]. To troubleshoot Early ' +
      'Validation errors, use the DescribeEvents API for detailed failure information.',
  });
  const { OperationEvents } = await call<{ OperationEvents: object[] }>('DescribeEvents', {
    ...named,
    Filters: { FailedEvents: true },
  });
  expect(OperationEvents).toMatchObject([
    {
      EventType: 'VALIDATION_ERROR',
      LogicalResourceId: 'Bucket',
      ValidationName: 'NAME_CONFLICT_VALIDATION',
      ValidationStatusReason: "Resource of type 'AWS::S3::Bucket' with identifier 'taken' already exists.",
    },
  ]);
});

describe('an import', () => {
  test('takes a resource in as it is; an update gives it what the template says, and it goes by its policy', async () => {
    await createBucket('imported');
    await changeSet(
      'import',
      'IMPORT',
      { Resources: { Bucket: bucket('imported') } },
      { ResourcesToImport: [wanted('imported')] },
    );
    const named = { StackName: 'import', ChangeSetName: 'change' };
    expect(await call('DescribeChangeSet', named)).toMatchObject({
      Changes: [{ ResourceChange: { Action: 'Import', LogicalResourceId: 'Bucket', PhysicalResourceId: 'imported' } }],
    });

    await call('ExecuteChangeSet', named);
    expect(await call('DescribeStacks', { StackName: 'import' })).toMatchObject({
      Stacks: [{ StackStatus: 'IMPORT_COMPLETE' }],
    });

    const versioned = bucket('imported');
    await call('UpdateStack', {
      StackName: 'import',
      TemplateBody: JSON.stringify({
        Resources: {
          Bucket: {
            ...versioned,
            Properties: { ...versioned.Properties, VersioningConfiguration: { Status: 'Enabled' } },
          },
        },
      }),
    });
    expect(await emulator.call('dev', 's3', 'GetBucketVersioning', { Bucket: 'imported' })).toMatchObject({
      Status: 'Enabled',
    });
    await call('DeleteStack', { StackName: 'import' });
    expect(await emulator.call('dev', 's3', 'ListBuckets')).toMatchObject({
      Buckets: expect.arrayContaining([expect.objectContaining({ Name: 'imported' })]),
    });
  });

  test.each<[string, object, object, string]>([
    ['what is not there', { Bucket: bucket('nowhere') }, wanted('nowhere'), "with identifier 'nowhere' was not found"],
    [
      'without a DeletionPolicy',
      { Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'refused' } } },
      wanted('refused'),
      'must have a DeletionPolicy',
    ],
    [
      'along with something new',
      { Bucket: bucket('refused'), Topic: { Type: 'AWS::SNS::Topic' } },
      wanted('refused'),
      'As part of the import operation, you cannot modify or add [Topic]',
    ],
    [
      'by something that does not identify it',
      { Bucket: bucket('refused') },
      { ...wanted('refused'), ResourceIdentifier: { Arn: 'arn:aws:s3:::refused' } },
      'cannot be imported by',
    ],
  ])('is refused %s', async (_, Resources, resource, message) => {
    await createBucket('refused').catch(() => {});

    await expect(changeSet('refused', 'IMPORT', { Resources }, { ResourcesToImport: [resource] })).rejects.toThrow(
      message,
    );
  });

  test('is refused of what another stack has, and together with outputs', async () => {
    await call('CreateStack', {
      StackName: 'owner',
      TemplateBody: JSON.stringify({ Resources: { Bucket: bucket('owned') } }),
    });
    const Resources = { Bucket: bucket('owned') };
    const more = { ResourcesToImport: [wanted('owned')] };
    await expect(changeSet('thief', 'IMPORT', { Resources }, more)).rejects.toThrow('is already in the stack owner');

    await call('DeleteStack', { StackName: 'owner' });
    const Outputs = { Name: { Value: { Ref: 'Bucket' } } };
    await expect(changeSet('heir', 'IMPORT', { Resources, Outputs }, more)).rejects.toThrow(
      'As part of the import operation, you cannot modify or add [Outputs]',
    );
  });
});
