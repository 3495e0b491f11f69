import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from './client';
import { Deployments } from './deployment';

const run = promisify(execFile);

let emulator: Emulator;
let dev: Deployments;
let roleArn: string;
beforeAll(async () => {
  emulator = await startEmulator();
  dev = new Deployments(emulator, 'dev');
  const { outputs } = await dev.deploy('role', {
    Resources: {
      Role: {
        Type: 'AWS::IAM::Role',
        Properties: {
          AssumeRolePolicyDocument: {
            Version: '2012-10-17',
            Statement: [
              {
                Effect: 'Allow',
                Principal: { Service: ['lambda.amazonaws.com', 'ecs-tasks.amazonaws.com', 'scheduler.amazonaws.com'] },
                Action: 'sts:AssumeRole',
              },
            ],
          },
        },
      },
    },
    Outputs: { Arn: { Value: { 'Fn::GetAtt': ['Role', 'Arn'] } } },
  });
  roleArn = `${outputs.Arn}`;
}, 60_000);
afterAll(() => emulator.stop());

const call = <Result>(service: string, operation: string, parameters: object = {}) =>
  emulator.call<Result>('dev', service, operation, parameters);
const sha256 = (content: string) => createHash('sha256').update(content).digest('base64');
const ref = (Ref: string) => ({ Ref });

test('AWS::Lambda::Function runs the code of an object in another account, and follows a change of the key', async () => {
  const bucket = 'route-to-live-packages';
  await emulator.call('tooling', 's3', 'CreateBucket', {
    Bucket: bucket,
    CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' },
  });
  for (const content of ['one', 'two']) {
    await emulator.call('tooling', 's3', 'PutObject', { Bucket: bucket, Key: `${content}.zip`, Body: content });
  }
  const template = (key: string, properties: object = {}) => ({
    Resources: {
      Function: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          FunctionName: 'order-events',
          Code: { S3Bucket: bucket, S3Key: key },
          Role: roleArn,
          Runtime: 'nodejs20.x',
          Handler: 'index.handler',
          ...properties,
        },
      },
    },
    Outputs: { Ref: { Value: ref('Function') }, Arn: { Value: { 'Fn::GetAtt': ['Function', 'Arn'] } } },
  });
  const arn = 'arn:aws:lambda:eu-west-1:222222222222:function:order-events';
  const read = async () => ({
    ...(await call<{ Configuration: Record<string, unknown> }>('lambda', 'GetFunction', {
      FunctionName: 'order-events',
    })),
    ...(await call<{ Tags: object }>('lambda', 'ListTags', { Resource: arn })),
  });

  const { outputs } = await dev.deploy(
    'function',
    template('one.zip', {
      Description: 'before',
      MemorySize: '256',
      Timeout: 10,
      Environment: { Variables: { TABLE: 'orders' } },
      KmsKeyArn: 'arn:aws:kms:eu-west-1:222222222222:key/1',
      TracingConfig: { Mode: 'Active' },
      DeadLetterConfig: { TargetArn: 'arn:aws:sqs:eu-west-1:222222222222:dead' },
      LoggingConfig: { LogFormat: 'JSON', LogGroup: '/one' },
      ReservedConcurrentExecutions: 2,
      Architectures: ['arm64'],
      Tags: [{ Key: 'a', Value: '1' }],
    }),
  );

  expect(outputs).toEqual({ Ref: 'order-events', Arn: arn });
  expect(await read()).toMatchObject({
    Configuration: {
      CodeSha256: sha256('one'),
      CodeSize: 3,
      State: 'Active',
      LastUpdateStatus: 'Successful',
      Description: 'before',
      MemorySize: 256,
      Timeout: 10,
      Environment: { Variables: { TABLE: 'orders' } },
      KMSKeyArn: 'arn:aws:kms:eu-west-1:222222222222:key/1',
      TracingConfig: { Mode: 'Active' },
      DeadLetterConfig: { TargetArn: 'arn:aws:sqs:eu-west-1:222222222222:dead' },
      LoggingConfig: { LogFormat: 'JSON', LogGroup: '/one' },
      Architectures: ['arm64'],
    },
    Concurrency: { ReservedConcurrentExecutions: 2 },
    Tags: { a: '1' },
  });

  await dev.deploy(
    'function',
    template('two.zip', { Environment: { Variables: { TABLE: 'other' } }, Tags: [{ Key: 'b', Value: '2' }] }),
  );

  const changed = await read();
  expect(changed).toMatchObject({
    Configuration: {
      CodeSha256: sha256('two'),
      Description: '',
      MemorySize: 128,
      Timeout: 3,
      Environment: { Variables: { TABLE: 'other' } },
      KMSKeyArn: '',
      TracingConfig: { Mode: 'PassThrough' },
      LoggingConfig: { LogFormat: 'Text', LogGroup: '/aws/lambda/order-events' },
      Architectures: ['x86_64'],
    },
    Tags: { b: '2' },
  });
  expect(changed).not.toHaveProperty('Concurrency');

  await expect(dev.deploy('function', template('three.zip'))).rejects.toThrow('S3 Error Code: NoSuchKey');
  expect(await dev.status('function')).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(await read()).toMatchObject({ Configuration: { CodeSha256: sha256('two') } });

  // What the pipeline's update step does, with the real command.
  const aws = async (...args: string[]) =>
    JSON.parse(
      (await run('aws', ['lambda', ...args, '--output', 'json'], { env: emulator.environment('dev') })).stdout || '{}',
    );
  const named = ['--function-name', 'order-events'];
  const update = await aws('update-function-code', ...named, '--s3-bucket', bucket, '--s3-key', 'one.zip');
  expect(update.CodeSha256).toBe(sha256('one'));
  await aws('wait', 'function-updated-v2', ...named);
  await aws('wait', 'function-active-v2', ...named);

  await dev.remove('function');
  await expect(read()).rejects.toThrow('ResourceNotFoundException');
}, 30_000);

test('a version of an object in S3 is honoured', async () => {
  await emulator.call('tooling', 's3', 'CreateBucket', {
    Bucket: 'versioned',
    CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' },
  });
  await emulator.call('tooling', 's3', 'PutBucketVersioning', {
    Bucket: 'versioned',
    VersioningConfiguration: { Status: 'Enabled' },
  });
  const put = (Body: string) =>
    emulator.call<{ VersionId: string }>('tooling', 's3', 'PutObject', { Bucket: 'versioned', Key: 'code.zip', Body });
  const { VersionId } = await put('first');
  await put('second');

  await dev.deploy('versioned', {
    Resources: {
      Function: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          FunctionName: 'versioned',
          Code: { S3Bucket: 'versioned', S3Key: 'code.zip', S3ObjectVersion: VersionId },
          Role: roleArn,
          Runtime: 'nodejs20.x',
          Handler: 'index.handler',
        },
      },
    },
  });

  const { Configuration } = await call<{ Configuration: object }>('lambda', 'GetFunction', {
    FunctionName: 'versioned',
  });
  expect(Configuration).toMatchObject({ CodeSha256: sha256('first') });
});

test('what belongs to a function is deployed with it, changes in place, and is deleted', async () => {
  const template = (change: { retries: number; batch: number; url: string; source: string }) => ({
    Resources: {
      Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'events' } },
      Function: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          Code: { ZipFile: 'exports.handler = async () => {};' },
          Role: roleArn,
          Runtime: 'nodejs20.x',
          Handler: 'index.handler',
        },
      },
      Permission: {
        Type: 'AWS::Lambda::Permission',
        Properties: {
          Action: 'lambda:InvokeFunction',
          FunctionName: ref('Function'),
          Principal: 'events.amazonaws.com',
          SourceArn: change.source,
        },
      },
      Version: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: ref('Function') } },
      Alias: {
        Type: 'AWS::Lambda::Alias',
        Properties: {
          FunctionName: ref('Function'),
          Name: 'live',
          FunctionVersion: { 'Fn::GetAtt': ['Version', 'Version'] },
          Description: `${change.retries}`,
        },
      },
      Invocation: {
        Type: 'AWS::Lambda::EventInvokeConfig',
        Properties: { FunctionName: ref('Function'), Qualifier: '$LATEST', MaximumRetryAttempts: change.retries },
      },
      Mapping: {
        Type: 'AWS::Lambda::EventSourceMapping',
        Properties: {
          FunctionName: ref('Function'),
          EventSourceArn: { 'Fn::GetAtt': ['Queue', 'Arn'] },
          BatchSize: change.batch,
        },
      },
      Url: {
        Type: 'AWS::Lambda::Url',
        Properties: { TargetFunctionArn: { 'Fn::GetAtt': ['Function', 'Arn'] }, AuthType: change.url },
      },
    },
    Outputs: {
      Function: { Value: ref('Function') },
      Version: { Value: ref('Version') },
      Alias: { Value: ref('Alias') },
      Url: { Value: { 'Fn::GetAtt': ['Url', 'FunctionUrl'] } },
    },
  });
  const rule = 'arn:aws:events:eu-west-1:222222222222:rule/';
  const { outputs, ids } = await dev.deploy(
    'around',
    template({ retries: 0, batch: 5, url: 'AWS_IAM', source: `${rule}a` }),
  );

  const FunctionName = outputs.Function;
  const arn = `arn:aws:lambda:eu-west-1:222222222222:function:${FunctionName}`;
  expect(FunctionName).toMatch(/^around-Function-/);
  expect(outputs).toMatchObject({ Version: `${arn}:1`, Alias: `${arn}:live`, Url: expect.stringMatching(/^https:/) });
  const read = async () => ({
    policy: JSON.parse((await call<{ Policy: string }>('lambda', 'GetPolicy', { FunctionName })).Policy),
    alias: await call('lambda', 'GetAlias', { FunctionName, Name: 'live' }),
    invocation: await call('lambda', 'GetFunctionEventInvokeConfig', { FunctionName, Qualifier: '$LATEST' }),
    mapping: await call('lambda', 'GetEventSourceMapping', { UUID: ids.Mapping }),
    url: await call('lambda', 'GetFunctionUrlConfig', { FunctionName }),
  });
  expect(await read()).toMatchObject({
    policy: {
      Statement: [
        {
          Sid: ids.Permission,
          Principal: { Service: 'events.amazonaws.com' },
          Condition: { ArnLike: { 'AWS:SourceArn': `${rule}a` } },
        },
      ],
    },
    alias: { FunctionVersion: '1', Description: '0' },
    invocation: { MaximumRetryAttempts: 0 },
    mapping: { BatchSize: 5, EventSourceArn: 'arn:aws:sqs:eu-west-1:222222222222:events' },
    url: { AuthType: 'AWS_IAM' },
  });

  await dev.deploy('around', template({ retries: 1, batch: 9, url: 'NONE', source: `${rule}b` }));

  expect(await read()).toMatchObject({
    policy: { Statement: [{ Condition: { ArnLike: { 'AWS:SourceArn': `${rule}b` } } }] },
    alias: { Description: '1' },
    invocation: { MaximumRetryAttempts: 1 },
    mapping: { BatchSize: 9 },
    url: { AuthType: 'NONE' },
  });

  await dev.remove('around');
  await expect(call('lambda', 'GetFunction', { FunctionName })).rejects.toThrow('ResourceNotFoundException');
  expect(await call('lambda', 'ListEventSourceMappings')).toMatchObject({ EventSourceMappings: [] });
});

test('AWS::SQS::Queue and QueuePolicy keep their settings, and change them in place', async () => {
  const policy = (action: string) => ({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' }, Action: action, Resource: '*' }],
  });
  const template = (properties: object, action: string) => ({
    Resources: {
      Dead: { Type: 'AWS::SQS::Queue' },
      Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'orders', ...properties } },
      Policy: {
        Type: 'AWS::SQS::QueuePolicy',
        Properties: { Queues: [ref('Queue')], PolicyDocument: policy(action) },
      },
    },
    Outputs: {
      Url: { Value: ref('Queue') },
      Arn: { Value: { 'Fn::GetAtt': ['Queue', 'Arn'] } },
      Dead: { Value: { 'Fn::GetAtt': ['Dead', 'Arn'] } },
    },
  });
  const redrive = { deadLetterTargetArn: { 'Fn::GetAtt': ['Dead', 'Arn'] }, maxReceiveCount: 3 };

  const { outputs } = await dev.deploy(
    'queue',
    template(
      {
        VisibilityTimeout: '60',
        KmsMasterKeyId: 'alias/one',
        RedrivePolicy: redrive,
        Tags: [{ Key: 'a', Value: '1' }],
      },
      'sqs:SendMessage',
    ),
  );

  expect(outputs).toMatchObject({
    Url: `${emulator.endpoint}/222222222222/orders`,
    Arn: 'arn:aws:sqs:eu-west-1:222222222222:orders',
    Dead: expect.stringMatching(/:queue-Dead-[A-Z0-9]{12}$/),
  });
  const read = async () => {
    const { Attributes } = await call<{ Attributes: Record<string, string> }>('sqs', 'GetQueueAttributes', {
      QueueUrl: outputs.Url,
      AttributeNames: ['All'],
    });
    return {
      attributes: Attributes,
      policy: JSON.parse(`${Attributes.Policy}`),
      ...(await call<{ Tags?: object }>('sqs', 'ListQueueTags', { QueueUrl: outputs.Url })),
    };
  };
  const before = await read();
  expect(before).toMatchObject({
    attributes: { VisibilityTimeout: '60', KmsMasterKeyId: 'alias/one' },
    policy: policy('sqs:SendMessage'),
    Tags: { a: '1' },
  });
  expect(JSON.parse(`${before.attributes.RedrivePolicy}`)).toMatchObject({ deadLetterTargetArn: outputs.Dead });

  await dev.deploy('queue', template({ DelaySeconds: 5, Tags: [{ Key: 'b', Value: '2' }] }, 'sqs:ReceiveMessage'));

  const changed = await read();
  expect(changed).toMatchObject({
    attributes: { VisibilityTimeout: '30', DelaySeconds: '5' },
    policy: policy('sqs:ReceiveMessage'),
    Tags: { b: '2' },
  });
  expect(changed.attributes.RedrivePolicy ?? '').toBe('');

  await dev.remove('queue');
  expect(await call('sqs', 'ListQueues')).toEqual({});
});

test('AWS::DynamoDB::Table keeps its settings, and changes them in place', async () => {
  const template = (properties: object) => ({
    Resources: {
      Table: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          TableName: 'orders',
          AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
          KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
          BillingMode: 'PAY_PER_REQUEST',
          ...properties,
        },
      },
    },
    Outputs: { Ref: { Value: ref('Table') }, Arn: { Value: { 'Fn::GetAtt': ['Table', 'Arn'] } } },
  });
  const TableName = 'orders';
  const arn = 'arn:aws:dynamodb:eu-west-1:222222222222:table/orders';
  const read = async () => ({
    ...(await call<{ Table: object }>('dynamodb', 'DescribeTable', { TableName })),
    ...(await call<object>('dynamodb', 'DescribeContinuousBackups', { TableName })),
    ...(await call<object>('dynamodb', 'DescribeTimeToLive', { TableName })),
    ...(await call<{ Tags: object[] }>('dynamodb', 'ListTagsOfResource', { ResourceArn: arn })),
  });

  const { outputs } = await dev.deploy(
    'table',
    template({
      SSESpecification: {
        SSEEnabled: true,
        SSEType: 'KMS',
        KMSMasterKeyId: 'arn:aws:kms:eu-west-1:222222222222:key/1',
      },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: 'true' },
      TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
      Tags: [{ Key: 'a', Value: '1' }],
    }),
  );

  expect(outputs).toEqual({ Ref: 'orders', Arn: arn });
  expect(await read()).toMatchObject({
    Table: {
      BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
      SSEDescription: { Status: 'ENABLED', KMSMasterKeyArn: 'arn:aws:kms:eu-west-1:222222222222:key/1' },
    },
    ContinuousBackupsDescription: { PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: 'ENABLED' } },
    TimeToLiveDescription: { TimeToLiveStatus: 'ENABLED', AttributeName: 'expires' },
    Tags: [{ Key: 'a', Value: '1' }],
  });

  await dev.deploy('table', template({ DeletionProtectionEnabled: true, Tags: [{ Key: 'b', Value: '2' }] }));

  expect(await read()).toMatchObject({
    Table: { DeletionProtectionEnabled: true },
    ContinuousBackupsDescription: { PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: 'DISABLED' } },
    TimeToLiveDescription: { TimeToLiveStatus: 'DISABLED' },
    Tags: [{ Key: 'b', Value: '2' }],
  });

  await dev.deploy('table', template({ DeletionProtectionEnabled: false }));
  await dev.remove('table');
  expect(await call('dynamodb', 'ListTables')).toMatchObject({ TableNames: [] });
});

test('AWS::Scheduler::Schedule keeps its settings, and changes them in place', async () => {
  const template = (expression: string, input: string) => ({
    Resources: {
      Schedule: {
        Type: 'AWS::Scheduler::Schedule',
        Properties: {
          Name: 'nightly',
          ScheduleExpression: expression,
          FlexibleTimeWindow: { Mode: 'OFF' },
          Target: {
            Arn: 'arn:aws:lambda:eu-west-1:222222222222:function:one',
            RoleArn: roleArn,
            Input: input,
            RetryPolicy: { MaximumRetryAttempts: 2 },
          },
        },
      },
    },
    Outputs: { Ref: { Value: ref('Schedule') }, Arn: { Value: { 'Fn::GetAtt': ['Schedule', 'Arn'] } } },
  });
  const read = () => call('scheduler', 'GetSchedule', { Name: 'nightly' });

  const { outputs } = await dev.deploy('schedule', template('rate(1 day)', '{}'));
  expect(outputs).toEqual({ Ref: 'nightly', Arn: 'arn:aws:scheduler:eu-west-1:222222222222:schedule/default/nightly' });
  expect(await read()).toMatchObject({
    ScheduleExpression: 'rate(1 day)',
    Target: { Input: '{}', RetryPolicy: { MaximumRetryAttempts: 2 } },
  });

  await dev.deploy('schedule', template('rate(2 days)', '{"a":1}'));
  expect(await read()).toMatchObject({ ScheduleExpression: 'rate(2 days)', Target: { Input: '{"a":1}' } });

  await dev.remove('schedule');
  await expect(read()).rejects.toThrow('ResourceNotFoundException');
});

test('a container service is deployed whole, changes in place, and is deleted', async () => {
  const template = (change: { memory: string; count: number; most: number; health: string; tag: string }) => ({
    Resources: {
      Vpc: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: '10.0.0.0/16' } },
      ...Object.fromEntries(
        ['a', 'b'].map((zone, index) => [
          `Subnet${zone}`,
          {
            Type: 'AWS::EC2::Subnet',
            Properties: { VpcId: ref('Vpc'), CidrBlock: `10.0.${index}.0/24`, AvailabilityZone: `eu-west-1${zone}` },
          },
        ]),
      ),
      Group: { Type: 'AWS::EC2::SecurityGroup', Properties: { GroupDescription: 'all', VpcId: ref('Vpc') } },
      Balancer: {
        Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer',
        Properties: {
          Scheme: 'internet-facing',
          Subnets: [ref('Subneta'), ref('Subnetb')],
          SecurityGroups: [ref('Group')],
          LoadBalancerAttributes: [{ Key: 'idle_timeout.timeout_seconds', Value: `${change.count * 10}` }],
          Tags: [{ Key: 'a', Value: change.tag }],
        },
      },
      ...Object.fromEntries(
        ['Blue', 'Green'].map((colour) => [
          colour,
          {
            Type: 'AWS::ElasticLoadBalancingV2::TargetGroup',
            Properties: {
              VpcId: ref('Vpc'),
              Port: 8080,
              Protocol: 'HTTP',
              TargetType: 'ip',
              HealthCheckPath: change.health,
              Matcher: { HttpCode: '200' },
              TargetGroupAttributes: [{ Key: 'deregistration_delay.timeout_seconds', Value: `${change.count}` }],
            },
          },
        ]),
      ),
      Listener: {
        Type: 'AWS::ElasticLoadBalancingV2::Listener',
        Properties: {
          LoadBalancerArn: ref('Balancer'),
          Port: 80,
          Protocol: 'HTTP',
          DefaultActions: [
            {
              Type: 'forward',
              ForwardConfig: {
                TargetGroups: [{ TargetGroupArn: ref(change.tag === '1' ? 'Blue' : 'Green'), Weight: 1 }],
              },
            },
          ],
        },
      },
      Rule: {
        Type: 'AWS::ElasticLoadBalancingV2::ListenerRule',
        Properties: {
          ListenerArn: ref('Listener'),
          Priority: change.count,
          Conditions: [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/internal/*'] } }],
          Actions: [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '404' } }],
        },
      },
      Cluster: {
        Type: 'AWS::ECS::Cluster',
        Properties: {
          ClusterName: 'cluster',
          ClusterSettings: [{ Name: 'containerInsights', Value: change.tag === '1' ? 'enabled' : 'disabled' }],
        },
      },
      Task: {
        Type: 'AWS::ECS::TaskDefinition',
        Properties: {
          Family: 'container',
          Cpu: '256',
          Memory: change.memory,
          NetworkMode: 'awsvpc',
          RequiresCompatibilities: ['FARGATE'],
          ExecutionRoleArn: roleArn,
          TaskRoleArn: roleArn,
          RuntimePlatform: { CpuArchitecture: 'X86_64', OperatingSystemFamily: 'LINUX' },
          ContainerDefinitions: [
            {
              Name: 'container',
              Image: 'public.ecr.aws/nginx/nginx:stable',
              PortMappings: [{ ContainerPort: 8080 }],
              ReadonlyRootFilesystem: true,
              LogConfiguration: { LogDriver: 'awslogs', Options: { 'awslogs-group': '/one' } },
              Environment: [{ Name: 'A', Value: '1' }],
            },
          ],
          Tags: [{ Key: 'a', Value: '1' }],
        },
      },
      Service: {
        Type: 'AWS::ECS::Service',
        DependsOn: 'Listener',
        Properties: {
          ServiceName: 'service',
          Cluster: ref('Cluster'),
          TaskDefinition: 'container:1',
          LaunchType: 'FARGATE',
          DesiredCount: change.count,
          DeploymentConfiguration: { MaximumPercent: change.most, MinimumHealthyPercent: 100 },
          HealthCheckGracePeriodSeconds: 30,
          EnableExecuteCommand: change.tag === '1',
          LoadBalancers: [{ ContainerName: 'container', ContainerPort: 8080, TargetGroupArn: ref('Blue') }],
          NetworkConfiguration: {
            AwsvpcConfiguration: {
              Subnets: [ref('Subneta'), ref('Subnetb')],
              SecurityGroups: [ref('Group')],
              AssignPublicIp: 'ENABLED',
            },
          },
          PropagateTags: 'SERVICE',
          Tags: [{ Key: 'a', Value: change.tag }],
        },
      },
      Target: {
        Type: 'AWS::ApplicationAutoScaling::ScalableTarget',
        Properties: {
          ServiceNamespace: 'ecs',
          ScalableDimension: 'ecs:service:DesiredCount',
          ResourceId: { 'Fn::Sub': `service/\${Cluster}/\${Service.Name}` },
          MinCapacity: 1,
          MaxCapacity: change.count,
          ScheduledActions: ['always', change.health].map((name) => ({
            ScheduledActionName: name.replace('/', ''),
            Schedule: 'cron(0 20 * * ? *)',
            Timezone: 'Europe/Dublin',
            ScalableTargetAction: { MinCapacity: '0', MaxCapacity: change.count },
          })),
        },
      },
      Scaling: {
        Type: 'AWS::ApplicationAutoScaling::ScalingPolicy',
        Properties: {
          PolicyName: 'cpu',
          PolicyType: 'TargetTrackingScaling',
          ScalingTargetId: ref('Target'),
          TargetTrackingScalingPolicyConfiguration: {
            TargetValue: change.count * 10,
            PredefinedMetricSpecification: { PredefinedMetricType: 'ECSServiceAverageCPUUtilization' },
          },
        },
      },
    },
    Outputs: {
      Dns: { Value: { 'Fn::GetAtt': ['Balancer', 'DNSName'] } },
      FullName: { Value: { 'Fn::GetAtt': ['Balancer', 'LoadBalancerFullName'] } },
      GroupFullName: { Value: { 'Fn::GetAtt': ['Blue', 'TargetGroupFullName'] } },
      ServiceName: { Value: { 'Fn::GetAtt': ['Service', 'Name'] } },
      Task: { Value: ref('Task') },
    },
  });
  const first = { memory: '512', count: 2, most: 200, health: '/health', tag: '1' };
  const { outputs, ids } = await dev.deploy('service', template(first));

  expect(outputs).toEqual({
    Dns: expect.stringMatching(/\.eu-west-1\.elb\.amazonaws\.com$/),
    FullName: expect.stringMatching(/^app\/service-Balancer-[A-Z0-9]{12}\/[0-9a-z]+$/),
    GroupFullName: expect.stringMatching(/^targetgroup\/service-Blue-[A-Z0-9]{12}\/[0-9a-z]+$/),
    ServiceName: 'service',
    Task: 'arn:aws:ecs:eu-west-1:222222222222:task-definition/container:1',
  });
  expect(ids).toMatchObject({
    Cluster: 'cluster',
    Service: 'arn:aws:ecs:eu-west-1:222222222222:service/cluster/service',
    Target: 'service/cluster/service|ecs:service:DesiredCount|ecs',
  });
  const read = async () => {
    const { services } = await call<{ services: Record<string, unknown>[] }>('ecs', 'DescribeServices', {
      cluster: 'cluster',
      services: ['service'],
      include: ['TAGS'],
    });
    const { clusters } = await call<{ clusters: object[] }>('ecs', 'DescribeClusters', {
      clusters: ['cluster'],
      include: ['SETTINGS'],
    });
    const { taskDefinition } = await call<{ taskDefinition: object }>('ecs', 'DescribeTaskDefinition', {
      taskDefinition: 'container',
    });
    const { Listeners } = await call<{ Listeners: { DefaultActions: object[] }[] }>('elbv2', 'DescribeListeners', {
      ListenerArns: [ids.Listener],
    });
    const { Rules } = await call<{ Rules: object[] }>('elbv2', 'DescribeRules', { RuleArns: [ids.Rule] });
    const { TargetGroups } = await call<{ TargetGroups: object[] }>('elbv2', 'DescribeTargetGroups', {
      TargetGroupArns: [ids.Blue],
    });
    const targets = { ServiceNamespace: 'ecs' };
    return {
      service: services[0],
      cluster: clusters[0],
      task: taskDefinition,
      action: Listeners[0]?.DefaultActions[0],
      rule: Rules[0],
      targetGroup: TargetGroups[0],
      groupAttributes: await call('elbv2', 'DescribeTargetGroupAttributes', { TargetGroupArn: ids.Blue }),
      balancerAttributes: await call('elbv2', 'DescribeLoadBalancerAttributes', { LoadBalancerArn: ids.Balancer }),
      balancerTags: await call('elbv2', 'DescribeTags', { ResourceArns: [ids.Balancer] }),
      target: await call('application-autoscaling', 'DescribeScalableTargets', targets),
      scaling: await call('application-autoscaling', 'DescribeScalingPolicies', targets),
      scheduled: await call('application-autoscaling', 'DescribeScheduledActions', targets),
    };
  };
  const forward = (arn: string | undefined) => ({
    Type: 'forward',
    ForwardConfig: { TargetGroups: [{ TargetGroupArn: arn, Weight: 1 }] },
  });
  const attribute = (Key: string, Value: string) => ({ Attributes: expect.arrayContaining([{ Key, Value }]) });
  expect(await read()).toMatchObject({
    service: {
      status: 'ACTIVE',
      desiredCount: 2,
      runningCount: 2,
      taskDefinition: outputs.Task,
      launchType: 'FARGATE',
      deploymentConfiguration: { maximumPercent: 200, minimumHealthyPercent: 100 },
      healthCheckGracePeriodSeconds: 30,
      enableExecuteCommand: true,
      propagateTags: 'SERVICE',
      loadBalancers: [{ containerName: 'container', containerPort: 8080, targetGroupArn: ids.Blue }],
      networkConfiguration: {
        awsvpcConfiguration: {
          subnets: [ids.Subneta, ids.Subnetb],
          securityGroups: [ids.Group],
          assignPublicIp: 'ENABLED',
        },
      },
      tags: [{ key: 'a', value: '1' }],
    },
    cluster: { settings: [{ name: 'containerInsights', value: 'enabled' }] },
    task: {
      family: 'container',
      memory: '512',
      networkMode: 'awsvpc',
      executionRoleArn: roleArn,
      runtimePlatform: { cpuArchitecture: 'X86_64' },
      containerDefinitions: [
        {
          name: 'container',
          image: 'public.ecr.aws/nginx/nginx:stable',
          portMappings: [{ containerPort: 8080 }],
          readonlyRootFilesystem: true,
          logConfiguration: { logDriver: 'awslogs', options: { 'awslogs-group': '/one' } },
          environment: [{ name: 'A', value: '1' }],
        },
      ],
    },
    action: forward(ids.Blue),
    rule: { Priority: '2', Actions: [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '404' } }] },
    targetGroup: { HealthCheckPath: '/health', TargetType: 'ip', Matcher: { HttpCode: '200' }, Port: 8080 },
    groupAttributes: attribute('deregistration_delay.timeout_seconds', '2'),
    balancerAttributes: attribute('idle_timeout.timeout_seconds', '20'),
    balancerTags: { TagDescriptions: [{ Tags: [{ Key: 'a', Value: '1' }] }] },
    target: { ScalableTargets: [{ MinCapacity: 1, MaxCapacity: 2 }] },
    scaling: { ScalingPolicies: [{ TargetTrackingScalingPolicyConfiguration: { TargetValue: 20 } }] },
    scheduled: {
      ScheduledActions: [
        { ScheduledActionName: 'always', ScalableTargetAction: { MinCapacity: 0, MaxCapacity: 2 } },
        { ScheduledActionName: 'health', Timezone: 'Europe/Dublin' },
      ],
    },
  });

  const second = { memory: '1024', count: 3, most: 150, health: '/ready', tag: '2' };
  const changed = await dev.deploy('service', template(second));

  expect(changed.outputs).toEqual({ ...outputs, Task: `${outputs.Task}`.replace(/1$/, '2') });
  expect(await read()).toMatchObject({
    service: {
      desiredCount: 3,
      taskDefinition: 'container:1',
      deploymentConfiguration: { maximumPercent: 150 },
      enableExecuteCommand: false,
      tags: [{ key: 'a', value: '2' }],
    },
    cluster: { settings: [{ name: 'containerInsights', value: 'disabled' }] },
    task: { memory: '1024', revision: 2 },
    action: forward(ids.Green),
    rule: { Priority: '3' },
    targetGroup: { HealthCheckPath: '/ready' },
    groupAttributes: attribute('deregistration_delay.timeout_seconds', '3'),
    balancerAttributes: attribute('idle_timeout.timeout_seconds', '30'),
    balancerTags: { TagDescriptions: [{ Tags: [{ Key: 'a', Value: '2' }] }] },
    target: { ScalableTargets: [{ MaxCapacity: 3 }] },
    scaling: { ScalingPolicies: [{ TargetTrackingScalingPolicyConfiguration: { TargetValue: 30 } }] },
    scheduled: {
      ScheduledActions: [
        { ScheduledActionName: 'always', ScalableTargetAction: { MaxCapacity: 3 } },
        { ScheduledActionName: 'ready' },
      ],
    },
  });

  await dev.remove('service');
  expect(await call('elbv2', 'DescribeLoadBalancers')).toMatchObject({ LoadBalancers: [] });
  expect(await call('elbv2', 'DescribeTargetGroups')).toMatchObject({ TargetGroups: [] });
  const { clusters } = await call<{ clusters: object[] }>('ecs', 'DescribeClusters', { clusters: ['cluster'] });
  expect(clusters).toMatchObject([{ status: 'INACTIVE' }]);
}, 30_000);
