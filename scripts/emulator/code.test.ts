import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from './client';
import { Deployments } from './deployment';

let emulator: Emulator;
let tooling: Deployments;
beforeAll(async () => {
  emulator = await startEmulator();
  tooling = new Deployments(emulator, 'tooling');
  await tooling.deploy('roles', {
    Resources: Object.fromEntries(
      ['codepipeline', 'codebuild', 'codedeploy'].map((service) => [
        service,
        {
          Type: 'AWS::IAM::Role',
          Properties: {
            RoleName: service,
            AssumeRolePolicyDocument: {
              Version: '2012-10-17',
              Statement: [
                { Effect: 'Allow', Principal: { Service: `${service}.amazonaws.com` }, Action: 'sts:AssumeRole' },
              ],
            },
          },
        },
      ]),
    ),
  });
}, 60_000);
afterAll(() => emulator.stop());

const call = <Result>(service: string, operation: string, parameters: object = {}) =>
  emulator.call<Result>('tooling', service, operation, parameters);

test('AWS::CodeCommit::Repository keeps description, key and tags, and changes them in place', async () => {
  const template = (properties: object) => ({
    Resources: {
      Repository: { Type: 'AWS::CodeCommit::Repository', Properties: { RepositoryName: 'One', ...properties } },
    },
    Outputs: Object.fromEntries(
      ['Arn', 'Name', 'CloneUrlHttp', 'CloneUrlSsh'].map((name) => [
        name,
        { Value: { 'Fn::GetAtt': ['Repository', name] } },
      ]),
    ),
  });
  const read = async () => ({
    repository: (await call<{ repositoryMetadata: object }>('codecommit', 'GetRepository', { repositoryName: 'One' }))
      .repositoryMetadata,
    tags: (
      await call<{ tags: object }>('codecommit', 'ListTagsForResource', {
        resourceArn: 'arn:aws:codecommit:eu-west-1:111111111111:One',
      })
    ).tags,
  });

  const created = await tooling.deploy(
    'repository',
    template({ RepositoryDescription: 'before', KmsKeyId: 'key', Tags: [{ Key: 'a', Value: '1' }] }),
  );

  expect(created.outputs).toEqual({
    Arn: 'arn:aws:codecommit:eu-west-1:111111111111:One',
    Name: 'One',
    CloneUrlHttp: 'https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/One',
    CloneUrlSsh: 'ssh://git-codecommit.eu-west-1.amazonaws.com/v1/repos/One',
  });
  expect(await read()).toMatchObject({
    repository: { repositoryId: created.ids.Repository, repositoryDescription: 'before', kmsKeyId: 'key' },
    tags: { a: '1' },
  });

  await tooling.deploy('repository', template({ RepositoryDescription: 'after', Tags: [{ Key: 'b', Value: '2' }] }));

  expect(await read()).toMatchObject({
    repository: { repositoryDescription: 'after', kmsKeyId: 'alias/aws/codecommit' },
    tags: { b: '2' },
  });
  expect(await call('codecommit', 'ListRepositories')).toMatchObject({ repositories: [{ repositoryName: 'One' }] });

  await tooling.remove('repository');
  expect(await call('codecommit', 'ListRepositories')).toEqual({ repositories: [] });
});

test('AWS::CodeBuild::Project keeps everything, and changes it in place', async () => {
  const project = {
    Name: 'build',
    ServiceRole: 'arn:aws:iam::111111111111:role/codebuild',
    Source: { Type: 'CODEPIPELINE', BuildSpec: 'version: 0.2' },
    Artifacts: { Type: 'CODEPIPELINE' },
    Environment: {
      Type: 'LINUX_CONTAINER',
      ComputeType: 'BUILD_GENERAL1_SMALL',
      Image: 'aws/codebuild/amazonlinux-x86_64-standard:5.0',
      PrivilegedMode: true,
      EnvironmentVariables: [{ Name: 'REPOSITORY', Type: 'PLAINTEXT', Value: 'one' }],
    },
  };
  const template = (properties: object) => ({
    Resources: { Project: { Type: 'AWS::CodeBuild::Project', Properties: { ...project, ...properties } } },
    Outputs: { Ref: { Value: { Ref: 'Project' } }, Arn: { Value: { 'Fn::GetAtt': ['Project', 'Arn'] } } },
  });
  const read = async () =>
    (await call<{ projects: Record<string, unknown>[] }>('codebuild', 'BatchGetProjects', { names: ['build'] }))
      .projects[0];

  const { outputs } = await tooling.deploy(
    'project',
    template({
      Description: 'before',
      EncryptionKey: 'arn:aws:kms:eu-west-1:111111111111:key/1',
      TimeoutInMinutes: '20',
      LogsConfig: { CloudWatchLogs: { Status: 'ENABLED', GroupName: '/one' } },
      ConcurrentBuildLimit: 1,
      Tags: [{ Key: 'a', Value: '1' }],
    }),
  );

  expect(outputs).toEqual({ Ref: 'build', Arn: 'arn:aws:codebuild:eu-west-1:111111111111:project/build' });
  expect(await read()).toMatchObject({
    description: 'before',
    serviceRole: project.ServiceRole,
    source: { type: 'CODEPIPELINE', buildspec: 'version: 0.2' },
    artifacts: { type: 'CODEPIPELINE' },
    environment: {
      type: 'LINUX_CONTAINER',
      computeType: 'BUILD_GENERAL1_SMALL',
      image: 'aws/codebuild/amazonlinux-x86_64-standard:5.0',
      privilegedMode: true,
      environmentVariables: [{ name: 'REPOSITORY', type: 'PLAINTEXT', value: 'one' }],
    },
    encryptionKey: 'arn:aws:kms:eu-west-1:111111111111:key/1',
    timeoutInMinutes: 20,
    logsConfig: { cloudWatchLogs: { status: 'ENABLED', groupName: '/one' } },
    concurrentBuildLimit: 1,
    tags: [{ key: 'a', value: '1' }],
  });

  await tooling.deploy(
    'project',
    template({ Source: { Type: 'CODEPIPELINE', BuildSpec: 'version: 0.3' }, TimeoutInMinutes: 30 }),
  );

  expect(await read()).toMatchObject({
    description: '',
    source: { buildspec: 'version: 0.3' },
    timeoutInMinutes: 30,
    encryptionKey: 'arn:aws:kms:eu-west-1:111111111111:alias/aws/s3',
    tags: [],
  });

  await tooling.remove('project');
  expect(await read()).toBeUndefined();
});

test('AWS::CodeBuild::ReportGroup keeps its settings, and changes them in place', async () => {
  const template = (tag: string) => ({
    Resources: {
      Group: {
        Type: 'AWS::CodeBuild::ReportGroup',
        Properties: {
          Name: 'tests',
          Type: 'TEST',
          ExportConfig: { ExportConfigType: 'NO_EXPORT' },
          Tags: [{ Key: 'a', Value: tag }],
        },
      },
    },
    Outputs: { Ref: { Value: { Ref: 'Group' } } },
  });
  const arn = 'arn:aws:codebuild:eu-west-1:111111111111:report-group/tests';
  const read = () => call('codebuild', 'BatchGetReportGroups', { reportGroupArns: [arn] });

  expect((await tooling.deploy('reports', template('1'))).outputs).toEqual({ Ref: arn });
  expect(await read()).toMatchObject({
    reportGroups: [
      {
        name: 'tests',
        type: 'TEST',
        exportConfig: { exportConfigType: 'NO_EXPORT' },
        tags: [{ key: 'a', value: '1' }],
      },
    ],
  });

  await tooling.deploy('reports', template('2'));
  expect(await read()).toMatchObject({ reportGroups: [{ tags: [{ key: 'a', value: '2' }] }] });

  await tooling.remove('reports');
  expect(await read()).toEqual({ reportGroups: [], reportGroupsNotFound: [arn] });
});

test('AWS::CodePipeline::Pipeline is read back exactly, and changes in place', async () => {
  const action = (name: string, category: string, provider: string, configuration: object, more: object = {}) => ({
    Name: name,
    ActionTypeId: { Category: category, Owner: 'AWS', Provider: provider, Version: '1' },
    Configuration: configuration,
    RunOrder: 1,
    InputArtifacts: [],
    OutputArtifacts: [],
    ...more,
  });
  const properties = (branch: string) => ({
    Name: 'Deployment',
    RoleArn: { 'Fn::Sub': `arn:\${AWS::Partition}:iam::\${AWS::AccountId}:role/codepipeline` },
    PipelineType: 'V2',
    ExecutionMode: 'SUPERSEDED',
    ArtifactStore: {
      Type: 'S3',
      Location: 'artifacts',
      EncryptionKey: { Id: 'arn:aws:kms:eu-west-1:111111111111:key/1', Type: 'KMS' },
    },
    Variables: [{ Name: 'Commit', DefaultValue: 'none', Description: 'what to deploy' }],
    Stages: [
      {
        Name: 'Source',
        Actions: [
          action(
            'Source',
            'Source',
            'CodeCommit',
            { RepositoryName: 'One', BranchName: branch, PollForSourceChanges: false },
            { OutputArtifacts: [{ Name: 'Source' }], Namespace: 'SourceVariables' },
          ),
        ],
      },
      {
        Name: 'Prod',
        OnFailure: { Result: 'ROLLBACK' },
        Actions: [
          action(
            'Approve',
            'Approval',
            'Manual',
            { CustomData: 'Commit #{SourceVariables.CommitId}' },
            { TimeoutInMinutes: 60 },
          ),
          action(
            'Deploy',
            'Deploy',
            'CloudFormation',
            { ActionMode: 'CHANGE_SET_REPLACE', StackName: 'one', ParameterOverrides: '{"A":"1"}' },
            { RoleArn: 'arn:aws:iam::222222222222:role/action', RunOrder: 2, InputArtifacts: [{ Name: 'Source' }] },
          ),
        ],
      },
    ],
    Tags: [{ Key: 'branch', Value: branch }],
  });
  const template = (branch: string) => ({
    Resources: { Pipeline: { Type: 'AWS::CodePipeline::Pipeline', Properties: properties(branch) } },
    Outputs: { Ref: { Value: { Ref: 'Pipeline' } }, Version: { Value: { 'Fn::GetAtt': ['Pipeline', 'Version'] } } },
  });
  /** The template's definition as the API writes it: names begin with a small letter, configurations hold text. */
  const definition = (branch: string) => {
    const { Tags: _, ...expected } = properties(branch);
    const lowered = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(lowered)
        : value !== null && typeof value === 'object'
          ? Object.fromEntries(
              Object.entries(value).map(([key, content]) => [
                `${key[0]?.toLowerCase()}${key.slice(1)}`,
                key === 'Configuration'
                  ? Object.fromEntries(Object.entries(content).map(([name, text]) => [name, `${text}`]))
                  : lowered(content),
              ]),
            )
          : value;
    return { ...(lowered(expected) as object), roleArn: 'arn:aws:iam::111111111111:role/codepipeline' };
  };
  const read = async () => ({
    pipeline: (await call<{ pipeline: object }>('codepipeline', 'GetPipeline', { name: 'Deployment' })).pipeline,
    tags: (
      await call<{ tags: object[] }>('codepipeline', 'ListTagsForResource', {
        resourceArn: 'arn:aws:codepipeline:eu-west-1:111111111111:Deployment',
      })
    ).tags,
  });

  expect((await tooling.deploy('pipeline', template('main'))).outputs).toEqual({ Ref: 'Deployment', Version: '1' });
  expect(await read()).toEqual({
    pipeline: { ...definition('main'), version: 1 },
    tags: [{ key: 'branch', value: 'main' }],
  });

  expect((await tooling.deploy('pipeline', template('next'))).outputs.Version).toBe('2');
  expect(await read()).toEqual({
    pipeline: { ...definition('next'), version: 2 },
    tags: [{ key: 'branch', value: 'next' }],
  });

  await tooling.remove('pipeline');
  await expect(read()).rejects.toThrow('PipelineNotFoundException');
});

test('AWS::CodeDeploy::Application, DeploymentGroup and DeploymentConfig keep everything, and change in place', async () => {
  const group = {
    ApplicationName: { Ref: 'Application' },
    DeploymentGroupName: 'blue-green',
    ServiceRoleArn: 'arn:aws:iam::111111111111:role/codedeploy',
    DeploymentStyle: { DeploymentType: 'BLUE_GREEN', DeploymentOption: 'WITH_TRAFFIC_CONTROL' },
    BlueGreenDeploymentConfiguration: {
      DeploymentReadyOption: { ActionOnTimeout: 'CONTINUE_DEPLOYMENT', WaitTimeInMinutes: 0 },
      TerminateBlueInstancesOnDeploymentSuccess: { Action: 'TERMINATE', TerminationWaitTimeInMinutes: 5 },
    },
    ECSServices: [{ ClusterName: 'cluster', ServiceName: 'service' }],
    LoadBalancerInfo: {
      TargetGroupPairInfoList: [
        { ProdTrafficRoute: { ListenerArns: ['listener'] }, TargetGroups: [{ Name: 'blue' }, { Name: 'green' }] },
      ],
    },
  };
  const template = (properties: object, tag: string) => ({
    Resources: {
      Application: {
        Type: 'AWS::CodeDeploy::Application',
        Properties: { ApplicationName: 'application', ComputePlatform: 'ECS', Tags: [{ Key: 'a', Value: tag }] },
      },
      Config: {
        Type: 'AWS::CodeDeploy::DeploymentConfig',
        Properties: {
          DeploymentConfigName: 'canary',
          ComputePlatform: 'ECS',
          TrafficRoutingConfig: {
            Type: 'TimeBasedCanary',
            TimeBasedCanary: { CanaryInterval: 5, CanaryPercentage: '10' },
          },
        },
      },
      Group: { Type: 'AWS::CodeDeploy::DeploymentGroup', Properties: { ...group, ...properties } },
    },
    Outputs: { Group: { Value: { Ref: 'Group' } }, Config: { Value: { Ref: 'Config' } } },
  });
  const named = { applicationName: 'application', deploymentGroupName: 'blue-green' };
  const read = async () =>
    (await call<{ deploymentGroupInfo: object }>('codedeploy', 'GetDeploymentGroup', named)).deploymentGroupInfo;

  const { outputs } = await tooling.deploy(
    'codedeploy',
    template(
      {
        DeploymentConfigName: { Ref: 'Config' },
        AutoRollbackConfiguration: { Enabled: true, Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM'] },
        AlarmConfiguration: { Enabled: true, Alarms: [{ Name: 'errors' }] },
      },
      '1',
    ),
  );

  expect(outputs).toEqual({ Group: 'blue-green', Config: 'canary' });
  expect(await read()).toMatchObject({
    computePlatform: 'ECS',
    deploymentConfigName: 'canary',
    serviceRoleArn: group.ServiceRoleArn,
    deploymentStyle: { deploymentType: 'BLUE_GREEN', deploymentOption: 'WITH_TRAFFIC_CONTROL' },
    blueGreenDeploymentConfiguration: {
      deploymentReadyOption: { actionOnTimeout: 'CONTINUE_DEPLOYMENT', waitTimeInMinutes: 0 },
      terminateBlueInstancesOnDeploymentSuccess: { action: 'TERMINATE', terminationWaitTimeInMinutes: 5 },
    },
    ecsServices: [{ clusterName: 'cluster', serviceName: 'service' }],
    loadBalancerInfo: {
      targetGroupPairInfoList: [
        { prodTrafficRoute: { listenerArns: ['listener'] }, targetGroups: [{ name: 'blue' }, { name: 'green' }] },
      ],
    },
    autoRollbackConfiguration: { enabled: true, events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM'] },
    alarmConfiguration: { enabled: true, alarms: [{ name: 'errors' }] },
  });
  expect(await call('codedeploy', 'GetDeploymentConfig', { deploymentConfigName: 'canary' })).toMatchObject({
    deploymentConfigInfo: {
      computePlatform: 'ECS',
      trafficRoutingConfig: { type: 'TimeBasedCanary', timeBasedCanary: { canaryInterval: 5, canaryPercentage: 10 } },
    },
  });

  await tooling.deploy(
    'codedeploy',
    template({ ECSServices: [{ ClusterName: 'cluster', ServiceName: 'other' }] }, '2'),
  );

  expect(await read()).toMatchObject({
    deploymentConfigName: 'CodeDeployDefault.ECSAllAtOnce',
    ecsServices: [{ clusterName: 'cluster', serviceName: 'other' }],
    autoRollbackConfiguration: { enabled: false },
    alarmConfiguration: { enabled: false },
  });
  const application = { ResourceArn: 'arn:aws:codedeploy:eu-west-1:111111111111:application:application' };
  expect(await call('codedeploy', 'ListTagsForResource', application)).toMatchObject({
    Tags: [{ Key: 'a', Value: '2' }],
  });

  await tooling.remove('codedeploy');
  await expect(read()).rejects.toThrow('ApplicationDoesNotExistException');
  await expect(call('codedeploy', 'GetDeploymentConfig', { deploymentConfigName: 'canary' })).rejects.toThrow(
    'DeploymentConfigDoesNotExistException',
  );
});

test('a service has the operations that the emulator adds, whichever service is called first', async () => {
  const fresh = await startEmulator();
  try {
    expect(await fresh.call('tooling', 'codecommit', 'ListRepositories')).toEqual({ repositories: [] });
  } finally {
    await fresh.stop();
  }
}, 60_000);
