import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from './client';
import { Deployments, type TemplateObject } from './deployment';

const run = promisify(execFile);

let emulator: Emulator;
let dev: Deployments;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'emulator-cloudformation-'));
  emulator = await startEmulator();
  dev = new Deployments(emulator, 'dev');
}, 60_000);
afterAll(async () => {
  await emulator.stop();
  await rm(directory, { recursive: true });
});

const call = <Result>(service: string, operation: string, parameters: object = {}) =>
  emulator.call<Result>('dev', service, operation, parameters);
const cloudformation = <Result>(operation: string, parameters: object = {}) =>
  call<Result>('cloudformation', operation, parameters);

/** Runs `aws cloudformation`; what it prints, with its exit code. */
async function aws(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const options = { env: { ...emulator.environment('dev'), AWS_DEFAULT_OUTPUT: 'json' } };
  return run('aws', ['cloudformation', ...args], options).then(
    (output) => ({ code: 0, ...output }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
}

async function file(name: string, content: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

async function value(name: string): Promise<string> {
  return (await call<{ Parameter: { Value: string } }>('ssm', 'GetParameter', { Name: name })).Parameter.Value;
}

/** Names of the topics that begin with a prefix. */
async function topics(prefix: string): Promise<string[]> {
  const { Topics } = await call<{ Topics: { TopicArn: string }[] }>('sns', 'ListTopics');
  const names = Topics.map((topic) => topic.TopicArn.split(':').at(-1) ?? '');
  return names.filter((name) => name.startsWith(prefix)).sort();
}

const ref = (Ref: string) => ({ Ref });
const parameter = (Name: string, Value: unknown, more: object = {}) => ({
  Type: 'AWS::SSM::Parameter',
  Properties: { Name, Type: 'String', Value },
  ...more,
});

describe('aws cloudformation deploy', () => {
  const template = `
AWSTemplateFormatVersion: '2010-09-09'
Description: All that a template can say
Metadata:
  Note: ignored
Parameters:
  EnvironmentName:
    Type: String
    AllowedValues: [dev, prod]
  ToolingAccountId:
    Type: String
    AllowedPattern: '\\d{12}'
    ConstraintDescription: must be an account id
  Count: { Type: Number, Default: 2, MinValue: 1, MaxValue: 3 }
  Zones: { Type: CommaDelimitedList, Default: 'a, b' }
  Region: { Type: String, Default: eu-west-1 }
Rules:
  SameRegion:
    Assertions:
      - Assert: !Equals [!Ref Region, !Ref AWS::Region]
        AssertDescription: The stack belongs into another Region
Mappings:
  Sizes:
    dev: { Memory: 256 }
    prod: { Memory: 1024 }
Conditions:
  Production: !Equals [!Ref EnvironmentName, prod]
  Small: !And [!Not [!Condition Production], !Or [!Condition Production, !Equals [!Ref Count, 2]]]
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Metadata: { cfn_nag: { rules_to_suppress: [] } }
    Properties:
      TopicName: !Sub '\${AWS::StackName}-topic'
      DisplayName: !If [Production, !Ref EnvironmentName, !Ref AWS::NoValue]
      Tags: !If [Small, [{ Key: size, Value: small }], []]
  Everything:
    Type: AWS::SSM::Parameter
    Properties:
      Name: !Join [/, ['', !Ref AWS::StackName, everything]]
      Type: String
      Value: !Join
        - ' '
        - - !Sub ['\${Name}:\${!Literal}:\${Topic.TopicName}', { Name: !Select [1, !Split ['-', !Ref AWS::Region]] }]
          - !Select [1, !Ref Zones]
          - !FindInMap [Sizes, !Ref EnvironmentName, Memory]
          - !Select [2, !GetAZs '']
          - !Select [1, !Cidr [10.0.0.0/16, 2, 8]]
          - Fn::Base64: !Ref Count
          - !Sub 'arn:\${AWS::Partition}:iam::\${ToolingAccountId}:root'
          - !Sub '\${AWS::AccountId}.\${AWS::URLSuffix}'
          - 2012-10-17
  OnlyProduction:
    Type: AWS::SNS::Topic
    Condition: Production
    DependsOn: Topic
Outputs:
  TopicArn:
    Description: the topic
    Value: !Ref Topic
    Export: { Name: !Sub '\${AWS::StackName}:TopicArn' }
  Production:
    Condition: Production
    Value: !GetAtt OnlyProduction.TopicName
`;
  const parameters = ['EnvironmentName=dev', 'ToolingAccountId=012345678901'];

  test('creates, does nothing, updates, and tells the outputs', async () => {
    const path = await file('template.yaml', template);
    const deploy = (...overrides: string[]) =>
      aws(
        'deploy',
        '--stack-name',
        'all',
        '--template-file',
        path,
        '--tags',
        'project=one',
        '--parameter-overrides',
        ...overrides,
      );

    expect(await deploy(...parameters)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Successfully created'),
    });

    const described = JSON.parse((await aws('describe-stacks', '--stack-name', 'all')).stdout).Stacks[0];
    expect(described).toMatchObject({
      StackStatus: 'CREATE_COMPLETE',
      Description: 'All that a template can say',
      Outputs: [
        {
          OutputKey: 'TopicArn',
          OutputValue: 'arn:aws:sns:eu-west-1:222222222222:all-topic',
          Description: 'the topic',
          ExportName: 'all:TopicArn',
        },
      ],
      Tags: [{ Key: 'project', Value: 'one' }],
    });
    expect(described.Parameters).toContainEqual({ ParameterKey: 'ToolingAccountId', ParameterValue: '012345678901' });
    expect(await value('/all/everything')).toBe(
      `west:\${Literal}:all-topic b 256 eu-west-1c 10.0.1.0/24 Mg== arn:aws:iam::012345678901:root ` +
        '222222222222.amazonaws.com 2012-10-17',
    );
    const tags = { ResourceArn: 'arn:aws:sns:eu-west-1:222222222222:all-topic' };
    expect(await call('sns', 'ListTagsForResource', tags)).toMatchObject({
      Tags: [
        { Key: 'project', Value: 'one' },
        { Key: 'size', Value: 'small' },
      ],
    });

    expect(await deploy(...parameters, '--fail-on-empty-changeset')).toMatchObject({
      code: 255,
      stderr: expect.stringContaining('No changes to deploy'),
    });
    expect(await deploy('EnvironmentName=dev', '--no-fail-on-empty-changeset')).toMatchObject({ code: 0 });

    // A parameter that only Fn::Sub uses, and then a condition: both reach what depends on them.
    expect(await deploy('ToolingAccountId=111111111111')).toMatchObject({ code: 0 });
    expect(await value('/all/everything')).toContain('arn:aws:iam::111111111111:root');
    const enter = (environment: string) =>
      cloudformation('UpdateStack', {
        StackName: 'all',
        UsePreviousTemplate: true,
        Parameters: [
          { ParameterKey: 'EnvironmentName', ParameterValue: environment },
          { ParameterKey: 'ToolingAccountId', UsePreviousValue: true },
        ],
      });
    await enter('prod');
    expect((await cloudformation<Stacks>('DescribeStacks', { StackName: 'all' })).Stacks).toMatchObject([
      {
        StackStatus: 'UPDATE_COMPLETE',
        Outputs: [{}, { OutputKey: 'Production', OutputValue: expect.stringMatching(/^all-OnlyProduction-/) }],
      },
    ]);
    expect(await topics('all-')).toEqual([expect.stringMatching(/^all-OnlyProduction-/), 'all-topic']);
    await enter('dev');
    expect(await topics('all-')).toEqual(['all-topic']);

    const events = JSON.parse((await aws('describe-stack-events', '--stack-name', 'all')).stdout).StackEvents;
    expect(events[0]).toMatchObject({ LogicalResourceId: 'all', ResourceStatus: 'UPDATE_COMPLETE' });
    expect(events).toContainEqual(
      expect.objectContaining({ LogicalResourceId: 'OnlyProduction', ResourceStatus: 'DELETE_COMPLETE' }),
    );

    await dev.remove('all');
    expect(await cloudformation('ListExports')).toMatchObject({ Exports: [] });
  }, 60_000);

  test('refuses parameters that break their constraints, and a rule that does not hold', async () => {
    const refusal = async (overrides: Record<string, string>) => {
      const given = { EnvironmentName: 'dev', ToolingAccountId: '111111111111', ...overrides };
      const Parameters = Object.entries(given).map(([ParameterKey, ParameterValue]) => ({
        ParameterKey,
        ParameterValue,
      }));
      return cloudformation('CreateStack', { StackName: 'refused', TemplateBody: template, Parameters }).then(
        () => 'none',
        (error: Error) => error.message,
      );
    };

    expect(await refusal({ EnvironmentName: 'test' })).toContain('must be one of AllowedValues: [dev, prod]');
    expect(await refusal({ ToolingAccountId: '1' })).toContain(
      "Parameter 'ToolingAccountId' failed to satisfy constraint: must be an account id",
    );
    expect(await refusal({ Count: '4' })).toContain('not greater than 3');
    expect(await refusal({ Count: 'two' })).toContain('must be a number');
    expect(await refusal({ Unknown: 'x' })).toContain('Parameters: [Unknown] do not exist in the template');
    expect(await refusal({ Region: 'us-east-1' })).toContain('The stack belongs into another Region');
    const missing = cloudformation('CreateStack', { StackName: 'refused', TemplateBody: template });
    await expect(missing).rejects.toThrow('Parameters: [EnvironmentName, ToolingAccountId] must have values');
    expect(await dev.status('refused')).toBeUndefined();
  });

  test('deploys a large template through a bucket, and with a role that exists', async () => {
    await call('s3', 'CreateBucket', {
      Bucket: 'templates',
      CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' },
    });
    const path = await file(
      'large.yaml',
      `Metadata: { Padding: '${'x'.repeat(60_000)}' }\nResources: { Topic: { Type: 'AWS::SNS::Topic' } }\n`,
    );
    const role = 'arn:aws:iam::222222222222:role/execution';
    const deploy = () =>
      aws('deploy', '--stack-name', 'large', '--template-file', path, '--s3-bucket', 'templates', '--role-arn', role);

    expect(await deploy()).toMatchObject({
      code: 255,
      stderr: expect.stringContaining(`Role ${role} is invalid or cannot be assumed`),
    });
    await call('iam', 'CreateRole', { RoleName: 'execution', AssumeRolePolicyDocument: '{}' });
    expect(await deploy()).toMatchObject({ code: 0 });

    expect(await cloudformation('DescribeStacks', { StackName: 'large' })).toMatchObject({
      Stacks: [{ StackStatus: 'CREATE_COMPLETE', RoleARN: role }],
    });
    const TemplateURL = 'https://templates.s3.eu-west-1.amazonaws.com/missing';
    await expect(cloudformation('CreateStack', { StackName: 'none', TemplateURL })).rejects.toThrow('S3 error');
    const TemplateBody = `# ${'x'.repeat(51_200)}`;
    await expect(cloudformation('CreateStack', { StackName: 'none', TemplateBody })).rejects.toThrow(
      'less than or equal to 51200',
    );
    await dev.remove('large');
  }, 30_000);

  test('fails when the stack fails, and leaves a stack that can only be deleted', async () => {
    const path = await file(
      'failing.yaml',
      JSON.stringify({
        Resources: {
          First: parameter('/first', '1'),
          // The role is made, but its policy cannot be attached.
          Second: {
            Type: 'AWS::IAM::Role',
            DependsOn: 'First',
            Properties: {
              RoleName: 'half-made',
              AssumeRolePolicyDocument: {},
              ManagedPolicyArns: ['arn:aws:iam::222222222222:policy/missing'],
            },
          },
        },
      }),
    );
    const deploy = () =>
      aws('deploy', '--stack-name', 'failing', '--template-file', path, '--capabilities', 'CAPABILITY_NAMED_IAM');

    expect(await deploy()).toMatchObject({
      code: 255,
      stderr: expect.stringContaining('Failed to create/update the stack'),
    });

    expect(await dev.status('failing')).toBe('ROLLBACK_COMPLETE');
    expect(await dev.failures('failing')).toEqual([expect.stringMatching(/^Second: .*AttachRolePolicy/)]);
    await expect(value('/first')).rejects.toThrow('ParameterNotFound');
    await expect(call('iam', 'GetRole', { RoleName: 'half-made' })).rejects.toThrow('NoSuchEntity');
    expect(await deploy()).toMatchObject({
      code: 255,
      stderr: expect.stringContaining('is in ROLLBACK_COMPLETE state and can not be updated'),
    });
    expect(await aws('delete-stack', '--stack-name', 'failing')).toMatchObject({ code: 0 });
    expect(await aws('wait', 'stack-delete-complete', '--stack-name', 'failing')).toMatchObject({ code: 0 });
  }, 30_000);
});

interface Stacks {
  Stacks: { StackId: string; StackStatus: string; StackStatusReason?: string; Outputs?: object[] }[];
}

describe('a change set', () => {
  const create = (ChangeSetType: string, template: TemplateObject, more: object = {}) =>
    cloudformation<{ Id: string; StackId: string }>('CreateChangeSet', {
      StackName: 'changing',
      ChangeSetName: 'change',
      ChangeSetType,
      TemplateBody: JSON.stringify(template),
      ...more,
    });
  const named = { StackName: 'changing', ChangeSetName: 'change' };
  const template = (name: string, text: string): TemplateObject => ({
    Resources: {
      Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: name } },
      Parameter: parameter('/changing', { 'Fn::Sub': `${text} \${Topic.TopicName}` }),
    },
  });

  test('makes nothing until it is executed, tells what it would do, and holds nothing when nothing changes', async () => {
    const { StackId } = await create('CREATE', template('changing-one', 'before'));

    expect(await dev.status('changing')).toBe('REVIEW_IN_PROGRESS');
    expect(await cloudformation('DescribeChangeSet', named)).toMatchObject({
      Status: 'CREATE_COMPLETE',
      ExecutionStatus: 'AVAILABLE',
      Changes: [
        {
          Type: 'Resource',
          ResourceChange: { Action: 'Add', LogicalResourceId: 'Topic', ResourceType: 'AWS::SNS::Topic' },
        },
        { Type: 'Resource', ResourceChange: { Action: 'Add', LogicalResourceId: 'Parameter' } },
      ],
    });
    await expect(create('CREATE', template('changing-one', 'before'))).rejects.toThrow('AlreadyExistsException');

    await cloudformation('ExecuteChangeSet', named);
    expect(await dev.status('changing')).toBe('CREATE_COMPLETE');
    expect(await value('/changing')).toBe('before changing-one');
    await expect(cloudformation('ExecuteChangeSet', named)).rejects.toThrow('InvalidChangeSetStatus');

    await create('UPDATE', template('changing-one', 'before'));
    expect(await cloudformation('DescribeChangeSet', named)).toMatchObject({
      StackId,
      Status: 'FAILED',
      StatusReason: expect.stringMatching(/^The submitted information didn't contain changes\./),
      ExecutionStatus: 'UNAVAILABLE',
    });
    await cloudformation('DeleteChangeSet', named);
    await expect(cloudformation('DescribeChangeSet', named)).rejects.toThrow('ChangeSetNotFound');

    // A new name replaces the topic, and the parameter that holds the name follows.
    await create('UPDATE', template('changing-two', 'before'));
    expect(await cloudformation('DescribeChangeSet', named)).toMatchObject({
      Changes: [
        {
          ResourceChange: { Action: 'Modify', LogicalResourceId: 'Topic', Replacement: 'True', Scope: ['Properties'] },
        },
        { ResourceChange: { Action: 'Modify', LogicalResourceId: 'Parameter', Replacement: 'False' } },
      ],
    });
    await cloudformation('ExecuteChangeSet', named);
    expect(await value('/changing')).toBe('before changing-two');
    expect(await topics('changing-')).toEqual(['changing-two']);

    // What happened since makes a change set obsolete.
    await create('UPDATE', template('changing-two', 'later'));
    await dev.deploy('changing', template('changing-two', 'meanwhile'));
    await expect(cloudformation('ExecuteChangeSet', named)).rejects.toThrow('status of [OBSOLETE]');
    await dev.remove('changing');
  });

  test('of outputs or metadata alone is one, of an unused parameter is none', async () => {
    const deployed = template('outputs', 'text');
    await dev.deploy('changing', deployed);

    await create('UPDATE', { ...deployed, Outputs: { Topic: { Value: ref('Topic') } } });
    expect(await cloudformation('DescribeChangeSet', named)).toMatchObject({ Status: 'CREATE_COMPLETE', Changes: [] });
    await cloudformation('ExecuteChangeSet', named);
    expect(await cloudformation('DescribeStacks', { StackName: 'changing' })).toMatchObject({
      Stacks: [{ Outputs: [{ OutputKey: 'Topic' }] }],
    });

    const outputs = { Topic: { Value: ref('Topic') } };
    const Topic = { ...deployed.Resources.Topic, Metadata: { note: 'new' } };
    await create('UPDATE', { Resources: { ...deployed.Resources, Topic }, Outputs: outputs });
    expect(await cloudformation('DescribeChangeSet', named)).toMatchObject({
      Changes: [{ ResourceChange: { Action: 'Modify', LogicalResourceId: 'Topic', Scope: ['Metadata'] } }],
    });
    await cloudformation('DeleteChangeSet', named);

    await create('UPDATE', { ...deployed, Outputs: outputs, Parameters: { Unused: { Type: 'String', Default: 'x' } } });
    expect(await cloudformation('DescribeChangeSet', named)).toMatchObject({ Status: 'FAILED' });
    await dev.remove('changing');
  });

  test('that imports what is not exported yet fails, and the stack can be reviewed again', async () => {
    const importing = { Resources: { Parameter: parameter('/imported', { 'Fn::ImportValue': 'later:Name' }) } };
    await create('CREATE', importing);
    expect(await cloudformation('DescribeChangeSet', named)).toMatchObject({
      Status: 'FAILED',
      StatusReason: 'No export named later:Name found.',
    });

    await dev.deploy('later', {
      Resources: { Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'later' } } },
      Outputs: {
        Name: {
          Value: { 'Fn::GetAtt': ['Topic', 'TopicName'] },
          Export: { Name: { 'Fn::Sub': `\${AWS::StackName}:Name` } },
        },
      },
    });
    await create('CREATE', importing);
    await cloudformation('ExecuteChangeSet', named);

    expect(await value('/imported')).toBe('later');
    expect(await cloudformation('ListImports', { ExportName: 'later:Name' })).toMatchObject({ Imports: ['changing'] });
    await expect(dev.remove('later')).rejects.toThrow(
      'Export later:Name cannot be deleted as it is in use by changing',
    );
    await dev.remove('changing');
    await dev.remove('later');
  });
});

describe('an update', () => {
  test('that fails is rolled back: nothing is left of it', async () => {
    const template = (text: string, more: object = {}): TemplateObject => ({
      Resources: {
        Changed: parameter('/rolled/changed', text),
        Replaced: { Type: 'AWS::SNS::Topic', Properties: { TopicName: `rolled-${text}` } },
        ...more,
      },
      Outputs: { Topic: { Value: ref('Replaced') } },
    });
    await dev.deploy('rolled', template('before'));
    const bad = {
      Type: 'AWS::KMS::Alias',
      DependsOn: ['Changed', 'Replaced', 'Added'],
      Properties: { AliasName: 'bad', TargetKeyId: 'x' },
    };

    const failing = template('after', { Added: parameter('/rolled/added', '1'), Bad: bad });
    await expect(dev.deploy('rolled', failing)).rejects.toThrow(
      /^rolled is UPDATE_ROLLBACK_COMPLETE:\nBad: .*CreateAlias/,
    );

    expect(await value('/rolled/changed')).toBe('before');
    await expect(value('/rolled/added')).rejects.toThrow('ParameterNotFound');
    expect(await topics('rolled-')).toEqual(['rolled-before']);
    // The stack is what it was, so that the mended template still changes it.
    await expect(dev.deploy('rolled', template('before'))).rejects.toThrow('No updates are to be performed.');
    expect((await dev.deploy('rolled', template('after'))).outputs.Topic).toMatch(/:rolled-after$/);
    await dev.remove('rolled');
  });

  test('retains what its policies say, and so does the deletion', async () => {
    const retained = (name: string) => ({
      Type: 'AWS::SNS::Topic',
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: { TopicName: name },
    });
    await dev.deploy('retaining', {
      Resources: {
        A: retained('kept-a-1'),
        B: retained('kept-b'),
        C: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'kept-c' } },
      },
    });
    await dev.deploy('retaining', {
      Resources: { A: retained('kept-a-2'), C: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'kept-c-2' } } },
    });
    expect(await topics('kept-')).toEqual(['kept-a-1', 'kept-a-2', 'kept-b', 'kept-c-2']);

    await dev.remove('retaining');
    expect(await topics('kept-')).toEqual(['kept-a-1', 'kept-a-2', 'kept-b']);
  });

  test('refuses to replace what has a name of its own under that name', async () => {
    const table = (key: string) => ({
      Resources: {
        Table: {
          Type: 'AWS::DynamoDB::Table',
          Properties: {
            TableName: 'named',
            BillingMode: 'PAY_PER_REQUEST',
            AttributeDefinitions: [{ AttributeName: key, AttributeType: 'S' }],
            KeySchema: [{ AttributeName: key, KeyType: 'HASH' }],
          },
        },
      },
    });
    await dev.deploy('named', table('id'));
    await expect(dev.deploy('named', table('other'))).rejects.toThrow(
      'CloudFormation cannot update a stack when a custom-named resource requires replacing.',
    );
    await dev.remove('named');
  });

  test('fails when the emulator does not know how to make the change', async () => {
    const indexed = (attribute: string): TemplateObject => ({
      Resources: {
        Table: {
          Type: 'AWS::DynamoDB::Table',
          Properties: {
            BillingMode: 'PAY_PER_REQUEST',
            AttributeDefinitions: ['id', attribute].map((name) => ({ AttributeName: name, AttributeType: 'S' })),
            KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
            GlobalSecondaryIndexes: [
              {
                IndexName: 'index',
                KeySchema: [{ AttributeName: attribute, KeyType: 'HASH' }],
                Projection: { ProjectionType: 'ALL' },
              },
            ],
          },
        },
      },
    });
    await dev.deploy('unknown-change', indexed('a'));
    await expect(dev.deploy('unknown-change', indexed('b'))).rejects.toThrow(
      'The emulator cannot change AttributeDefinitions, GlobalSecondaryIndexes of AWS::DynamoDB::Table',
    );
    await dev.remove('unknown-change');
  });
});

describe('a template is refused', () => {
  const refused = (template: object | string, more: object = {}) =>
    cloudformation('CreateStack', {
      StackName: 'refused',
      TemplateBody: typeof template === 'string' ? template : JSON.stringify(template),
      ...more,
    }).then(
      () => 'not refused',
      (error: Error) => error.message,
    );
  const topic = { Type: 'AWS::SNS::Topic' };

  test.each<[string, object | string, string]>([
    [
      'with a type that the emulator does not know',
      { Resources: { A: topic, B: { Type: 'AWS::Kinesis::Stream' } } },
      'Unrecognized resource types: [AWS::Kinesis::Stream]',
    ],
    [
      'with a property that the emulator does not know',
      { Resources: { A: { Type: 'AWS::S3::Bucket', Properties: { Colour: 'red' } } } },
      'Encountered unsupported property Colour of A (AWS::S3::Bucket)',
    ],
    ['without resources', { Resources: {} }, 'At least one Resources member must be defined'],
    ['that is not YAML', 'Resources: [', 'Template format error'],
    [
      'with an unknown section',
      { Resources: { A: topic }, Transform: 'AWS::Serverless-2016-10-31' },
      'Invalid template property or properties [Transform]',
    ],
    [
      'that refers to nothing',
      { Resources: { A: { ...topic, DependsOn: 'B' } } },
      'Unresolved resource dependencies [B]',
    ],
    [
      'that refers to nothing in an output',
      { Resources: { A: topic }, Outputs: { O: { Value: { 'Fn::Sub': `\${B.Arn}` } } } },
      'Unresolved resource dependencies [B]',
    ],
    [
      'with a condition that is not there',
      { Resources: { A: { ...topic, Condition: 'C' } } },
      'Unresolved condition dependency C',
    ],
    [
      'that goes in circles',
      { Resources: { A: { ...topic, DependsOn: 'B' }, B: { ...topic, DependsOn: 'A' } } },
      'Circular dependency between resources: [A, B]',
    ],
    [
      'with an unknown function',
      { Resources: { A: parameter('/x', { 'Fn::Length': [1] }) } },
      'does not know the function Fn::Length',
    ],
    [
      'with a function used wrongly',
      { Resources: { A: parameter('/x', { 'Fn::Select': [3, ['a']] }) } },
      'Fn::Select cannot select nonexistent value at index 3',
    ],
    [
      'with a dynamic reference',
      { Resources: { A: parameter('/x', '{{resolve:ssm:/y}}') } },
      'does not resolve dynamic references',
    ],
    [
      'that imports nothing',
      { Resources: { A: parameter('/x', { 'Fn::ImportValue': 'none' }) } },
      'No export named none found.',
    ],
  ])('%s', async (_, template, message) => {
    expect(await refused(template)).toContain(message);
    expect(await dev.status('refused')).toBeUndefined();
  });

  test('that makes IAM resources without the capability for it', async () => {
    const role = (properties: object) => ({
      Resources: {
        Role: {
          Type: 'AWS::IAM::Role',
          Properties: { AssumeRolePolicyDocument: { Version: '2012-10-17' }, ...properties },
        },
      },
    });

    expect(await refused(role({}))).toContain(
      'InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_IAM]',
    );
    expect(await refused(role({ RoleName: 'x' }), { Capabilities: ['CAPABILITY_IAM'] })).toContain(
      '[CAPABILITY_NAMED_IAM]',
    );
  });

  test('with an attribute that its resource does not have, when it gets there', async () => {
    const template = { Resources: { A: topic, B: parameter('/x', { 'Fn::GetAtt': ['A', 'Colour'] }) } };
    await expect(dev.deploy('attribute', template)).rejects.toThrow(
      'resource A does not support attribute type Colour in Fn::GetAtt',
    );
    await dev.remove('attribute');
  });

  test('with a parameter of the request that the emulator does not know', async () => {
    expect(await refused({ Resources: { A: topic } }, { OnFailure: 'DO_NOTHING' })).toContain(
      'The emulator does not know what OnFailure does to CreateStack.',
    );
  });
});

test('templates, stacks and their resources can be looked at', async () => {
  const template = {
    Description: 'to look at',
    Parameters: { Kind: { Type: 'String', Default: 'one', AllowedValues: ['one', 'two'], NoEcho: true } },
    Resources: {
      Topic: { Type: 'AWS::SNS::Topic', Properties: { DisplayName: ref('Kind') } },
      Role: { Type: 'AWS::IAM::Role', Properties: { RoleName: 'looked-at', AssumeRolePolicyDocument: {} } },
    },
  };
  const { ids } = await dev.deploy('looked', template);
  const StackName = 'looked';
  const summary = {
    Description: 'to look at',
    Parameters: [{ ParameterKey: 'Kind', DefaultValue: 'one', NoEcho: true }],
    Capabilities: ['CAPABILITY_NAMED_IAM'],
  };

  expect(await cloudformation('ValidateTemplate', { TemplateBody: JSON.stringify(template) })).toMatchObject(summary);
  expect(await cloudformation('GetTemplateSummary', { StackName })).toMatchObject({
    ...summary,
    ResourceTypes: ['AWS::IAM::Role', 'AWS::SNS::Topic'],
  });
  const { TemplateBody } = await cloudformation<{ TemplateBody: unknown }>('GetTemplate', { StackName });
  expect(TemplateBody).toEqual(template);
  expect(await cloudformation('DescribeStacks', { StackName })).toMatchObject({
    Stacks: [
      { Parameters: [{ ParameterKey: 'Kind', ParameterValue: '****' }], Capabilities: ['CAPABILITY_NAMED_IAM'] },
    ],
  });
  const topic = { LogicalResourceId: 'Topic', PhysicalResourceId: ids.Topic, ResourceType: 'AWS::SNS::Topic' };
  expect(await cloudformation('DescribeStackResources', { StackName })).toMatchObject({
    StackResources: [topic, { LogicalResourceId: 'Role', PhysicalResourceId: 'looked-at' }],
  });
  const LogicalResourceId = 'Topic';
  expect(await cloudformation('DescribeStackResource', { StackName, LogicalResourceId })).toMatchObject({
    StackResourceDetail: { ...topic, ResourceStatus: 'CREATE_COMPLETE' },
  });
  await cloudformation('CreateChangeSet', {
    StackName,
    ChangeSetName: 'look',
    UsePreviousTemplate: true,
    Parameters: [{ ParameterKey: 'Kind', ParameterValue: 'two' }],
    Capabilities: ['CAPABILITY_NAMED_IAM'],
  });
  expect(await cloudformation('ListChangeSets', { StackName })).toMatchObject({
    Summaries: [{ ChangeSetName: 'look', Status: 'CREATE_COMPLETE' }],
  });

  await dev.remove('looked');
  expect(await cloudformation('ListStacks', { StackStatusFilter: ['DELETE_COMPLETE'] })).toMatchObject({
    StackSummaries: expect.arrayContaining([expect.objectContaining({ StackName, StackStatus: 'DELETE_COMPLETE' })]),
  });
});

test('a protected stack is not deleted', async () => {
  await dev.deploy('protected', { Resources: { Topic: { Type: 'AWS::SNS::Topic' } } });
  const protect = (EnableTerminationProtection: boolean) =>
    cloudformation('UpdateTerminationProtection', { StackName: 'protected', EnableTerminationProtection });
  await protect(true);

  await expect(dev.remove('protected')).rejects.toThrow('cannot be deleted while TerminationProtection is enabled');

  await protect(false);
  await dev.remove('protected');
});

test('what a resource that cannot be deleted depends on stays, until the resource is retained', async () => {
  await dev.deploy('stuck', {
    Resources: {
      Key: { Type: 'AWS::KMS::Key' },
      Other: { Type: 'AWS::SNS::Topic' },
      Bucket: {
        Type: 'AWS::S3::Bucket',
        Properties: { BucketName: 'stuck', Tags: [{ Key: 'key', Value: ref('Key') }] },
      },
    },
  });
  await call('s3', 'PutObject', { Bucket: 'stuck', Key: 'object' });

  await expect(dev.remove('stuck')).rejects.toThrow('The following resource(s) failed to delete: [Bucket].');

  expect(await cloudformation('ListStackResources', { StackName: 'stuck' })).toMatchObject({
    StackResourceSummaries: [{ LogicalResourceId: 'Key' }, { LogicalResourceId: 'Bucket' }],
  });
  await cloudformation('DeleteStack', { StackName: 'stuck', RetainResources: ['Bucket'] });
  expect(await dev.status('stuck')).toBeUndefined();
  expect(await call('s3', 'ListObjectsV2', { Bucket: 'stuck' })).toMatchObject({ KeyCount: 1 });
});

test('accounts do not see each other', async () => {
  const template = { Resources: { Parameter: parameter('/shared', { 'Fn::Sub': `\${AWS::AccountId}` }) } };
  await dev.deploy('shared', template);
  await new Deployments(emulator, 'prod').deploy('shared', template);

  expect(await value('/shared')).toBe('222222222222');
  expect(await emulator.call('prod', 'ssm', 'GetParameter', { Name: '/shared' })).toMatchObject({
    Parameter: { Value: '444444444444' },
  });
  await dev.remove('shared');
  expect(await new Deployments(emulator, 'prod').status('shared')).toBe('CREATE_COMPLETE');
});
