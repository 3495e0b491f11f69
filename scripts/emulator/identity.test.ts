import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from './client';
import { Deployments } from './deployment';

let emulator: Emulator;
let dev: Deployments;
beforeAll(async () => {
  emulator = await startEmulator();
  dev = new Deployments(emulator, 'dev');
}, 60_000);
afterAll(() => emulator.stop());

const call = <Result>(service: string, operation: string, parameters: object = {}) =>
  emulator.call<Result>('dev', service, operation, parameters);

const trust = (id: string) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: 'arn:aws:iam::111111111111:root' },
      Action: 'sts:AssumeRole',
      Condition: { ArnEquals: { 'aws:PrincipalArn': `arn:aws:iam::111111111111:role/${id}` } },
    },
  ],
});
const allow = (action: string) => ({
  Version: '2012-10-17',
  Statement: [{ Sid: 'Allow', Effect: 'Allow', Action: [action], Resource: ['*'] }],
});

test('AWS::IAM::Role, ManagedPolicy and Policy keep trust, boundary, policies and tags, and change them in place', async () => {
  const boundary = { Ref: 'Boundary' };
  const template = (role: object, managed: string, inline: string) => ({
    Resources: {
      Boundary: {
        Type: 'AWS::IAM::ManagedPolicy',
        Properties: { ManagedPolicyName: 'boundary', Description: 'limits', PolicyDocument: allow(managed) },
      },
      Attached: { Type: 'AWS::IAM::ManagedPolicy', Properties: { PolicyDocument: allow('s3:GetObject') } },
      Role: { Type: 'AWS::IAM::Role', Properties: { RoleName: 'deployer', ...role } },
      Generated: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: trust('x') } },
      Inline: {
        Type: 'AWS::IAM::Policy',
        Properties: { PolicyName: 'apart', Roles: [{ Ref: 'Generated' }], PolicyDocument: allow(inline) },
      },
    },
    Outputs: {
      Arn: { Value: { 'Fn::GetAtt': ['Role', 'Arn'] } },
      Id: { Value: { 'Fn::GetAtt': ['Role', 'RoleId'] } },
      Boundary: { Value: boundary },
      Generated: { Value: { Ref: 'Generated' } },
      Attached: { Value: { Ref: 'Attached' } },
    },
  });
  const policyOf = async (arn: string) => {
    const { Policy } = await call<{ Policy: { DefaultVersionId: string } }>('iam', 'GetPolicy', { PolicyArn: arn });
    const version = { PolicyArn: arn, VersionId: Policy.DefaultVersionId };
    return (await call<{ PolicyVersion: { Document: object } }>('iam', 'GetPolicyVersion', version)).PolicyVersion
      .Document;
  };
  const read = async () => {
    const { Role } = await call<{ Role: Record<string, unknown> }>('iam', 'GetRole', { RoleName: 'deployer' });
    const inline = await call<{ PolicyNames: string[] }>('iam', 'ListRolePolicies', { RoleName: 'deployer' });
    const attached = await call<{ AttachedPolicies: { PolicyArn: string }[] }>('iam', 'ListAttachedRolePolicies', {
      RoleName: 'deployer',
    });
    const inlinePolicy = (policyName: string, roleName: string) =>
      call<{ PolicyDocument: object }>('iam', 'GetRolePolicy', { RoleName: roleName, PolicyName: policyName });
    return {
      role: Role,
      inline: await Promise.all(
        inline.PolicyNames.map(async (name) => [name, (await inlinePolicy(name, 'deployer')).PolicyDocument]),
      ),
      attached: attached.AttachedPolicies.map((policy) => policy.PolicyArn),
    };
  };

  const before = template(
    {
      AssumeRolePolicyDocument: trust('one'),
      Description: 'before',
      MaxSessionDuration: '7200',
      PermissionsBoundary: boundary,
      ManagedPolicyArns: [{ Ref: 'Attached' }],
      Policies: [
        { PolicyName: 'first', PolicyDocument: allow('kms:Decrypt') },
        { PolicyName: 'second', PolicyDocument: allow('sqs:SendMessage') },
      ],
      Tags: [{ Key: 'a', Value: '1' }],
    },
    'ecs:*',
    'sns:Publish',
  );
  const { outputs } = await dev.deploy('identity', before);

  expect(outputs).toMatchObject({
    Arn: 'arn:aws:iam::222222222222:role/deployer',
    Id: expect.stringMatching(/^AROA/),
    Boundary: 'arn:aws:iam::222222222222:policy/boundary',
    Generated: expect.stringMatching(/^identity-Generated-[A-Z0-9]{12}$/),
    Attached: expect.stringMatching(/^arn:aws:iam::222222222222:policy\/identity-Attached-[A-Z0-9]{12}$/),
  });
  expect(await read()).toMatchObject({
    role: {
      AssumeRolePolicyDocument: trust('one'),
      Description: 'before',
      MaxSessionDuration: 7200,
      PermissionsBoundary: { PermissionsBoundaryArn: outputs.Boundary },
      Tags: [{ Key: 'a', Value: '1' }],
    },
    inline: [
      ['first', allow('kms:Decrypt')],
      ['second', allow('sqs:SendMessage')],
    ],
    attached: [outputs.Attached],
  });
  expect(await policyOf(`${outputs.Boundary}`)).toEqual(allow('ecs:*'));
  const apart = { RoleName: outputs.Generated, PolicyName: 'apart' };
  expect(await call('iam', 'GetRolePolicy', apart)).toMatchObject({ PolicyDocument: allow('sns:Publish') });

  const after = template(
    {
      AssumeRolePolicyDocument: trust('two'),
      Policies: [{ PolicyName: 'second', PolicyDocument: allow('sqs:ReceiveMessage') }],
      Tags: [{ Key: 'b', Value: '2' }],
    },
    'lambda:*',
    'sns:Subscribe',
  );
  expect((await dev.deploy('identity', after)).outputs).toEqual(outputs);

  const changed = await read();
  expect(changed).toMatchObject({
    role: {
      AssumeRolePolicyDocument: trust('two'),
      Description: '',
      MaxSessionDuration: 3600,
      Tags: [{ Key: 'b', Value: '2' }],
    },
    inline: [['second', allow('sqs:ReceiveMessage')]],
    attached: [],
  });
  expect(changed.role.PermissionsBoundary).toBeUndefined();
  expect(await policyOf(`${outputs.Boundary}`)).toEqual(allow('lambda:*'));
  expect(await call('iam', 'GetRolePolicy', apart)).toMatchObject({ PolicyDocument: allow('sns:Subscribe') });

  await dev.deploy('identity', before);
  await dev.remove('identity');
  expect(await call('iam', 'ListRoles')).toMatchObject({ Roles: [] });
  expect(await call('iam', 'ListPolicies', { Scope: 'Local' })).toMatchObject({ Policies: [] });
});

test('a policy that is the boundary of a role stays behind when an update should delete it, as in AWS', async () => {
  const boundaries = (...names: readonly string[]) => ({
    Resources: Object.fromEntries(
      names.map((name) => [
        name,
        {
          Type: 'AWS::IAM::ManagedPolicy',
          Properties: { ManagedPolicyName: `limits-${name.toLowerCase()}`, PolicyDocument: allow('s3:GetObject') },
        },
      ]),
    ),
  });
  await dev.deploy('limits', boundaries('Old', 'New'));
  const old = 'arn:aws:iam::222222222222:policy/limits-old';
  await call('iam', 'CreateRole', {
    RoleName: 'limited',
    AssumeRolePolicyDocument: JSON.stringify(trust('x')),
    PermissionsBoundary: old,
  });

  await dev.deploy('limits', boundaries('New'));
  expect(await call('iam', 'GetPolicy', { PolicyArn: old })).toMatchObject({ Policy: { Arn: old } });
  const { StackEvents } = await call<{
    StackEvents: readonly { ResourceStatus: string; ResourceStatusReason?: string }[];
  }>('cloudformation', 'DescribeStackEvents', { StackName: 'limits' });
  expect(StackEvents.filter(({ ResourceStatus }) => ResourceStatus === 'DELETE_FAILED')).toEqual([
    expect.objectContaining({ ResourceStatusReason: expect.stringContaining('Cannot delete a policy attached') }),
  ]);

  await call('iam', 'DeleteRole', { RoleName: 'limited' });
  await call('iam', 'DeletePolicy', { PolicyArn: old });
  await expect(call('iam', 'GetPolicy', { PolicyArn: old })).rejects.toThrow('NoSuchEntity');
});

test('AWS::Logs::LogGroup keeps retention, key and tags, and changes them in place', async () => {
  const template = (properties: object) => ({
    Resources: { Group: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: '/one/group', ...properties } } },
    Outputs: { Ref: { Value: { Ref: 'Group' } }, Arn: { Value: { 'Fn::GetAtt': ['Group', 'Arn'] } } },
  });
  const arn = 'arn:aws:logs:eu-west-1:222222222222:log-group:/one/group';
  const read = async () => ({
    group: (await call<{ logGroups: Record<string, unknown>[] }>('logs', 'DescribeLogGroups')).logGroups[0],
    ...(await call<{ tags: object }>('logs', 'ListTagsForResource', { resourceArn: arn })),
  });
  const key = 'arn:aws:kms:eu-west-1:222222222222:key/1';

  const { outputs } = await dev.deploy(
    'logs',
    template({ RetentionInDays: '30', KmsKeyId: key, Tags: [{ Key: 'a', Value: '1' }] }),
  );

  expect(outputs).toEqual({ Ref: '/one/group', Arn: `${arn}:*` });
  expect(await read()).toMatchObject({ group: { retentionInDays: 30, kmsKeyId: key }, tags: { a: '1' } });

  await dev.deploy('logs', template({ RetentionInDays: 7, Tags: [{ Key: 'b', Value: '2' }] }));

  const changed = await read();
  expect(changed).toMatchObject({ group: { retentionInDays: 7 }, tags: { b: '2' } });
  expect(changed.group?.kmsKeyId).toBeUndefined();

  await dev.remove('logs');
  expect(await call('logs', 'DescribeLogGroups')).toMatchObject({ logGroups: [] });
});

test('AWS::SNS::Topic, TopicPolicy and Subscription keep their settings, and change them in place', async () => {
  const policy = (source: string) => ({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'codepipeline.amazonaws.com' },
        Action: 'sns:Publish',
        Resource: 'arn:aws:sns:eu-west-1:222222222222:approvals',
        Condition: { StringEquals: { 'aws:SourceAccount': source } },
      },
    ],
  });
  const template = (topic: object, source: string, filter: string) => ({
    Resources: {
      Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'approvals', ...topic } },
      Policy: {
        Type: 'AWS::SNS::TopicPolicy',
        Properties: { Topics: [{ Ref: 'Topic' }], PolicyDocument: policy(source) },
      },
      Subscription: {
        Type: 'AWS::SNS::Subscription',
        Properties: {
          TopicArn: { Ref: 'Topic' },
          Protocol: 'email',
          Endpoint: 'team@example.com',
          FilterPolicy: { kind: [filter] },
        },
      },
    },
    Outputs: { Ref: { Value: { Ref: 'Topic' } }, Name: { Value: { 'Fn::GetAtt': ['Topic', 'TopicName'] } } },
  });
  const arn = 'arn:aws:sns:eu-west-1:222222222222:approvals';
  const read = async () => {
    const { Attributes } = await call<{ Attributes: Record<string, string> }>('sns', 'GetTopicAttributes', {
      TopicArn: arn,
    });
    const { Subscriptions } = await call<{ Subscriptions: { Endpoint: string; SubscriptionArn: string }[] }>(
      'sns',
      'ListSubscriptionsByTopic',
      { TopicArn: arn },
    );
    const filtered = Subscriptions.find((one) => one.Endpoint === 'team@example.com');
    const subscription = await call<{ Attributes: Record<string, string> }>('sns', 'GetSubscriptionAttributes', {
      SubscriptionArn: filtered?.SubscriptionArn,
    });
    return {
      attributes: Attributes,
      policy: JSON.parse(`${Attributes.Policy}`),
      endpoints: Subscriptions.map((one) => one.Endpoint).sort(),
      filter: JSON.parse(`${subscription.Attributes.FilterPolicy}`),
      tags: (await call<{ Tags: object[] }>('sns', 'ListTagsForResource', { ResourceArn: arn })).Tags,
    };
  };

  const { outputs } = await dev.deploy(
    'topic',
    template(
      {
        DisplayName: 'before',
        KmsMasterKeyId: 'alias/one',
        Subscription: [{ Protocol: 'email', Endpoint: 'first@example.com' }],
        Tags: [{ Key: 'a', Value: '1' }],
      },
      '111111111111',
      'approval',
    ),
  );

  expect(outputs).toEqual({ Ref: arn, Name: 'approvals' });
  expect(await read()).toMatchObject({
    attributes: { DisplayName: 'before', KmsMasterKeyId: 'alias/one' },
    policy: policy('111111111111'),
    endpoints: ['first@example.com', 'team@example.com'],
    filter: { kind: ['approval'] },
    tags: [{ Key: 'a', Value: '1' }],
  });

  await dev.deploy(
    'topic',
    template(
      {
        DisplayName: 'after',
        Subscription: [{ Protocol: 'email', Endpoint: 'second@example.com' }],
        Tags: [{ Key: 'b', Value: '2' }],
      },
      '222222222222',
      'failure',
    ),
  );

  const changed = await read();
  expect(changed).toMatchObject({
    attributes: { DisplayName: 'after' },
    policy: policy('222222222222'),
    endpoints: ['second@example.com', 'team@example.com'],
    filter: { kind: ['failure'] },
    tags: [{ Key: 'b', Value: '2' }],
  });
  expect(changed.attributes.KmsMasterKeyId ?? '').toBe('');

  await dev.remove('topic');
  expect(await call('sns', 'ListTopics')).toMatchObject({ Topics: [] });
  expect(await call('sns', 'ListSubscriptions')).toMatchObject({ Subscriptions: [] });
});

test('AWS::Events::Rule keeps pattern, targets and tags, and changes them in place', async () => {
  const template = (properties: object) => ({
    Resources: { Rule: { Type: 'AWS::Events::Rule', Properties: { Name: 'on-push', ...properties } } },
    Outputs: { Ref: { Value: { Ref: 'Rule' } }, Arn: { Value: { 'Fn::GetAtt': ['Rule', 'Arn'] } } },
  });
  const arn = 'arn:aws:events:eu-west-1:222222222222:rule/on-push';
  const read = async () => {
    const rule = await call<Record<string, string>>('events', 'DescribeRule', { Name: 'on-push' });
    return {
      rule,
      pattern: rule.EventPattern === undefined ? undefined : JSON.parse(rule.EventPattern),
      targets: (await call<{ Targets: object[] }>('events', 'ListTargetsByRule', { Rule: 'on-push' })).Targets,
      tags: (await call<{ Tags: object[] }>('events', 'ListTagsForResource', { ResourceARN: arn })).Tags,
    };
  };
  const pattern = (tag: string) => ({ source: ['aws.ecr'], detail: { 'image-tag': [tag], result: ['SUCCESS'] } });
  const pipeline = {
    Id: 'pipeline',
    Arn: 'arn:aws:codepipeline:eu-west-1:222222222222:one',
    RoleArn: 'arn:aws:iam::222222222222:role/start',
  };
  const topic = {
    Id: 'topic',
    Arn: 'arn:aws:sns:eu-west-1:222222222222:one',
    InputTransformer: { InputPathsMap: { state: '$.detail.state' }, InputTemplate: '"<state>"' },
  };
  const lambda = {
    Id: 'function',
    Arn: 'arn:aws:lambda:eu-west-1:222222222222:function:one',
    RetryPolicy: { MaximumRetryAttempts: 1 },
    DeadLetterConfig: { Arn: 'arn:aws:sqs:eu-west-1:222222222222:one' },
  };

  const { outputs } = await dev.deploy(
    'rule',
    template({
      Description: 'before',
      EventPattern: pattern('latest'),
      State: 'ENABLED',
      Targets: [pipeline, topic],
      Tags: [{ Key: 'a', Value: '1' }],
    }),
  );

  expect(outputs).toEqual({ Ref: 'on-push', Arn: arn });
  expect(await read()).toMatchObject({
    rule: { Description: 'before', State: 'ENABLED' },
    pattern: pattern('latest'),
    targets: [pipeline, topic],
    tags: [{ Key: 'a', Value: '1' }],
  });

  await dev.deploy(
    'rule',
    template({
      EventPattern: pattern('stable'),
      State: 'DISABLED',
      Targets: [topic, lambda],
      Tags: [{ Key: 'b', Value: '2' }],
    }),
  );

  expect(await read()).toMatchObject({
    rule: { State: 'DISABLED' },
    pattern: pattern('stable'),
    targets: [topic, lambda],
    tags: [{ Key: 'b', Value: '2' }],
  });

  await dev.remove('rule');
  expect(await call('events', 'ListRules')).toMatchObject({ Rules: [] });
});

test('AWS::SSM::Parameter keeps its value and tags, and changes them in place', async () => {
  const template = (value: string, tags: object) => ({
    Resources: {
      Parameter: {
        Type: 'AWS::SSM::Parameter',
        Properties: { Name: '/one', Type: 'String', Value: value, Tags: tags },
      },
    },
    Outputs: { Ref: { Value: { Ref: 'Parameter' } }, Value: { Value: { 'Fn::GetAtt': 'Parameter.Value' } } },
  });
  const read = async () => ({
    parameter: (await call<{ Parameter: object }>('ssm', 'GetParameter', { Name: '/one' })).Parameter,
    tags: (
      await call<{ TagList: object[] }>('ssm', 'ListTagsForResource', { ResourceType: 'Parameter', ResourceId: '/one' })
    ).TagList,
  });

  const { outputs } = await dev.deploy('parameter', template('before', { a: '1' }));

  expect(outputs).toEqual({ Ref: '/one', Value: 'before' });
  expect(await read()).toMatchObject({ parameter: { Value: 'before' }, tags: [{ Key: 'a', Value: '1' }] });

  expect((await dev.deploy('parameter', template('after', { b: '2' }))).outputs.Value).toBe('after');

  expect(await read()).toMatchObject({ parameter: { Value: 'after', Version: 2 }, tags: [{ Key: 'b', Value: '2' }] });

  await dev.remove('parameter');
  await expect(read()).rejects.toThrow('ParameterNotFound');
});

test('AWS::CloudWatch::Alarm keeps its settings and tags, and changes them in place', async () => {
  const template = (threshold: number, properties: object) => ({
    Resources: {
      Alarm: {
        Type: 'AWS::CloudWatch::Alarm',
        Properties: {
          AlarmName: 'errors',
          Namespace: 'AWS/ApplicationELB',
          MetricName: 'HTTPCode_Target_5XX_Count',
          Dimensions: [{ Name: 'LoadBalancer', Value: 'app/one/1' }],
          Statistic: 'Sum',
          Period: '60',
          EvaluationPeriods: 1,
          Threshold: threshold,
          ComparisonOperator: 'GreaterThanThreshold',
          TreatMissingData: 'notBreaching',
          ...properties,
        },
      },
    },
    Outputs: { Ref: { Value: { Ref: 'Alarm' } }, Arn: { Value: { 'Fn::GetAtt': ['Alarm', 'Arn'] } } },
  });
  const arn = 'arn:aws:cloudwatch:eu-west-1:222222222222:alarm:errors';
  const read = async () => ({
    alarm: (await call<{ MetricAlarms: object[] }>('cloudwatch', 'DescribeAlarms')).MetricAlarms[0],
    tags: (await call<{ Tags: object[] }>('cloudwatch', 'ListTagsForResource', { ResourceARN: arn })).Tags,
  });
  // In another account, as alarms of an environment tell the tooling account.
  const { TopicArn } = await emulator.call<{ TopicArn: string }>('tooling', 'sns', 'CreateTopic', { Name: 'one' });
  const actions = [TopicArn];

  const { outputs } = await dev.deploy(
    'alarm',
    template(5, { AlarmActions: actions, Tags: [{ Key: 'a', Value: '1' }] }),
  );

  expect(outputs).toEqual({ Ref: 'errors', Arn: arn });
  expect(await read()).toMatchObject({
    alarm: {
      Threshold: 5,
      Period: 60,
      AlarmActions: actions,
      Dimensions: [{ Name: 'LoadBalancer', Value: 'app/one/1' }],
      TreatMissingData: 'notBreaching',
    },
    tags: [{ Key: 'a', Value: '1' }],
  });

  for (const [action, refusal] of [
    [TopicArn.replace('eu-west-1', 'us-east-1'), 'Invalid region us-east-1 specified. Only eu-west-1 is supported.'],
    [`${TopicArn}-else`, `Nobody would hear of the alarm: ${TopicArn}-else: .*NotFound`],
  ] as const) {
    await expect(dev.deploy('alarm', template(5, { AlarmActions: [action] }))).rejects.toThrow(new RegExp(refusal));
  }

  await dev.deploy('alarm', template(9, { Tags: [{ Key: 'b', Value: '2' }] }));

  expect(await read()).toMatchObject({ alarm: { Threshold: 9, AlarmActions: [] }, tags: [{ Key: 'b', Value: '2' }] });

  await dev.remove('alarm');
  expect(await call('cloudwatch', 'DescribeAlarms')).toMatchObject({ MetricAlarms: [] });
});

describe('a service-linked role', () => {
  const make = (service: string) =>
    emulator.call<{ Role: { RoleName: string; Arn: string } }>('dev', 'iam', 'CreateServiceLinkedRole', {
      AWSServiceName: service,
    });

  test.each([
    ['ecs.amazonaws.com', 'AWSServiceRoleForECS'],
    ['ecs.application-autoscaling.amazonaws.com', 'AWSServiceRoleForApplicationAutoScaling_ECSService'],
    ['elasticloadbalancing.amazonaws.com', 'AWSServiceRoleForElasticLoadBalancing'],
  ])('of %s is made once, under the name that AWS gives it', async (service, name) => {
    const { Role } = await make(service);
    expect(Role).toMatchObject({
      RoleName: name,
      Arn: `arn:aws:iam::222222222222:role/aws-service-role/${service}/${name}`,
    });
    expect(await emulator.call('dev', 'iam', 'GetRole', { RoleName: name })).toMatchObject({ Role: { Arn: Role.Arn } });
    await expect(make(service)).rejects.toThrow(
      `Service role name ${name} has been taken in this account, please try a different suffix.`,
    );
  });
});
