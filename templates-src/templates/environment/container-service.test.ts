import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importTemplates } from '../../../scripts/build/templates.fixture';
import { type Emulator, startEmulator } from '../../../scripts/emulator/client';
import { checkParameters } from '../../../scripts/parameters/parameter-files';
import { pathInTree } from '../../../scripts/parameters/parameter-tree';
import { compile, type ParameterDeclaration, stackPolicy, toYaml } from '../../dsl';
import { namesOf } from '../../model/names';
import { stacksOf } from '../../model/stacks';
import { topologyWith } from '../../topology.fixture';
import containerService from './container-service';

/** A stack of a topology and with parameters of its own, and what becomes of it when something changes. */
const topology = topologyWith({
  project: 'team',
  environments: [
    { name: 'stage', approval: false },
    { name: 'live', approval: true },
  ],
});
const prefix = 'team-stage';
const StackName = `${prefix}-container-service`;
const template = containerService(topology);
const policy = stackPolicy(template);
const Parameters: Readonly<Record<string, string>> = {
  Region: 'eu-west-1',
  EnvironmentName: 'stage',
  ToolingAccountId: '111111111111',
  LogRetentionDays: '30',
  TestClientCidr: '203.0.113.0/24',
  TaskSize: 'small',
  MinTasks: '1',
  MaxTasks: '2',
  TerminationWaitMinutes: '5',
  ServerErrorsPerMinute: '10',
};

/** What `npm run validate` says to a file of the stack, of a key in it: the rules that are broken. */
async function validate(content: object, key: string): Promise<readonly string[]> {
  const declarations = (await importTemplates()).map(
    ({ path, make }) => [path, make(topology).parameterDeclarations] as const,
  );
  const files = stacksOf(topology).map((stack) => {
    const own = stack.name === StackName ? content : { Parameters: { Region: Parameters.Region } };
    return [pathInTree(stack), Buffer.from(JSON.stringify(own))] as const;
  });
  const { problems } = checkParameters(topology, new Map(declarations), new Map(files), 'parameters');
  return problems
    .filter((problem) => problem.key === key && problem.file === 'parameters/stage/container-service.json')
    .map(({ rule }) => rule);
}

let emulator: Emulator;
let certificate = '';
const call = <Result>(service: string, operation: string, parameters: object) =>
  emulator.call<Result>('dev', service, operation, parameters);

/** What `infrastructure` exports, and what it needs of `service-roles`. */
const neighbours = {
  Resources: {
    Vpc: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: '10.0.0.0/16' } },
    ...Object.fromEntries(
      ['a', 'b'].map((zone, index) => [
        `Subnet${zone}`,
        {
          Type: 'AWS::EC2::Subnet',
          Properties: {
            VpcId: { Ref: 'Vpc' },
            CidrBlock: `10.0.${index}.0/24`,
            AvailabilityZone: `${Parameters.Region}${zone}`,
          },
        },
      ]),
    ),
    Group: { Type: 'AWS::EC2::SecurityGroup', Properties: { GroupDescription: 'tasks', VpcId: { Ref: 'Vpc' } } },
    Logs: { Type: 'AWS::S3::Bucket' },
    Key: { Type: 'AWS::KMS::Key' },
    Boundary: {
      Type: 'AWS::IAM::ManagedPolicy',
      Properties: {
        ManagedPolicyName: `${prefix}-boundary-task`,
        PolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] },
      },
    },
  },
  Outputs: Object.fromEntries(
    Object.entries({
      VpcId: { Ref: 'Vpc' },
      PublicSubnetIds: { 'Fn::Join': [',', [{ Ref: 'Subneta' }, { Ref: 'Subnetb' }]] },
      PrivateSubnetIds: { 'Fn::Join': [',', [{ Ref: 'Subneta' }, { Ref: 'Subnetb' }]] },
      TaskSecurityGroupId: { 'Fn::GetAtt': ['Group', 'GroupId'] },
      LogBucketName: { Ref: 'Logs' },
      WorkloadKeyArn: { 'Fn::GetAtt': ['Key', 'Arn'] },
    }).map(([id, Value]) => [id, { Value, Export: { Name: `${prefix}-infrastructure:${id}` } }]),
  ),
};

const submission = (changed: Readonly<Record<string, string>> = {}) => ({
  StackName,
  TemplateBody: toYaml(compile(template), []),
  Parameters: Object.entries({ ...Parameters, ...changed }).map(([ParameterKey, ParameterValue]) => ({
    ParameterKey,
    ParameterValue,
  })),
  Capabilities: ['CAPABILITY_NAMED_IAM'],
});

async function statusOf(stack: string): Promise<string | undefined> {
  const { Stacks } = await call<{ Stacks: { StackStatus: string }[] }>('cloudformation', 'DescribeStacks', {
    StackName: stack,
  });
  return Stacks[0]?.StackStatus;
}

async function failures(): Promise<string> {
  const { StackEvents } = await call<{ StackEvents: { LogicalResourceId: string; ResourceStatusReason?: string }[] }>(
    'cloudformation',
    'DescribeStackEvents',
    { StackName },
  );
  return StackEvents.map((event) => `${event.LogicalResourceId}: ${event.ResourceStatusReason ?? ''}`).join('\n');
}

/** Logical ids of what a change set would do something to. */
async function changedBy(change: object): Promise<readonly string[]> {
  await call('cloudformation', 'CreateChangeSet', { ...submission(), ChangeSetName: 'change', ...change });
  const { Changes } = await call<{ Changes: { ResourceChange: { LogicalResourceId: string } }[] }>(
    'cloudformation',
    'DescribeChangeSet',
    { StackName, ChangeSetName: 'change' },
  );
  await call('cloudformation', 'DeleteChangeSet', { StackName, ChangeSetName: 'change' });
  return Changes.map(({ ResourceChange }) => ResourceChange.LogicalResourceId);
}

beforeAll(async () => {
  emulator = await startEmulator();
  await emulator.call('tooling', 'sns', 'CreateTopic', { Name: namesOf(topology).topic });
  await call('cloudformation', 'CreateStack', {
    StackName: `${prefix}-infrastructure`,
    TemplateBody: JSON.stringify(neighbours),
    Capabilities: ['CAPABILITY_NAMED_IAM'],
  });
  expect(await statusOf(`${prefix}-infrastructure`)).toBe('CREATE_COMPLETE');
  await call('cloudformation', 'CreateStack', { ...submission(), StackPolicyBody: JSON.stringify(policy) });
  expect(await statusOf(StackName), await failures()).toBe('CREATE_COMPLETE');
  ({ CertificateArn: certificate } = await call<{ CertificateArn: string }>('acm', 'RequestCertificate', {
    DomainName: 'service.example.com',
  }));
}, 120_000);
afterAll(() => emulator?.stop());

/** Another value of a parameter, which its declaration allows. */
function another(id: string, { Type, AllowedValues, Default, MaxValue }: ParameterDeclaration): string {
  const value = Parameters[id] ?? String(Default);
  if (AllowedValues !== undefined) {
    return String(AllowedValues.find((other) => String(other) !== value));
  }
  if (Type === 'Number') {
    return String(Number(value) === MaxValue ? Number(value) - 1 : Number(value) + 1);
  }
  const texts: Readonly<Record<string, string>> = {
    CertificateArn: certificate,
    ClientCidr: '198.51.100.0/24',
    Region: 'eu-west-3',
    TestClientCidr: '198.51.100.0/24',
    ToolingAccountId: '999999999999',
  };
  const text = texts[id];
  if (text === undefined) {
    throw new Error(`${id} is new: give it another value here, and see whether it reaches a frozen resource`);
  }
  return text;
}

describe('once the service exists', () => {
  /** The parameters that can't change without touching it: how that is refused. */
  const refused: Readonly<Record<string, RegExp>> = {
    CertificateArn: /^the stack policy$/,
    EnvironmentName: /must be "stage"/,
    Region: /must be the same in all files/,
  };

  test.each(Object.entries(template.parameterDeclarations))(
    'another value of %s does not touch what is frozen, or is refused with the reason',
    async (id, declaration) => {
      const value = another(id, declaration);
      const reason = refused[id];
      if (reason === undefined) {
        const changed = await changedBy({ Parameters: submission({ [id]: value }).Parameters });
        expect(changed.filter((it) => template.frozenIds.includes(it))).toEqual([]);
        return;
      }
      if (reason.test('the stack policy')) {
        await call('cloudformation', 'UpdateStack', submission({ [id]: value }));
        expect(await statusOf(StackName)).toBe('UPDATE_ROLLBACK_COMPLETE');
        expect(await failures()).toContain('Action denied by stack policy');
        return;
      }
      expect(await validate({ Parameters: { ...Parameters, [id]: value } }, id)).toEqual([
        expect.stringMatching(reason),
      ]);
    },
  );

  test('stack tags would touch it, so its template configuration may have none', async () => {
    const tags = { Tags: [{ Key: 'Project', Value: 'x' }] };
    expect(await changedBy(tags)).toContain('ContainerService');
    await call('cloudformation', 'UpdateStack', { ...submission(), ...tags });
    expect(await failures()).toContain('ContainerService: Action denied by stack policy');

    expect(await validate({ Parameters, Tags: { Project: 'x' } }, 'Tags')).toEqual([
      expect.stringContaining('stack tags reach every resource'),
    ]);
  });
});

describe('a certificate', () => {
  const update = (CertificateArn: string) =>
    call('cloudformation', 'UpdateStack', {
      ...submission({ CertificateArn }),
      StackPolicyDuringUpdateBody: JSON.stringify({
        Statement: [{ Effect: 'Allow', Action: 'Update:*', Principal: '*', Resource: '*' }],
      }),
    });

  /** What stands at each port, and which listener CodeDeploy moves the traffic of clients at. */
  async function traffic() {
    const { LoadBalancers } = await call<{ LoadBalancers: { LoadBalancerArn: string }[] }>(
      'elbv2',
      'DescribeLoadBalancers',
      {},
    );
    const { Listeners } = await call<{
      Listeners: { ListenerArn: string; Port: number; Protocol: string; DefaultActions: { Type: string }[] }[];
    }>('elbv2', 'DescribeListeners', { LoadBalancerArn: LoadBalancers[0]?.LoadBalancerArn });
    const { deploymentGroupInfo } = await call<{
      deploymentGroupInfo: {
        loadBalancerInfo: { targetGroupPairInfoList: { prodTrafficRoute: { listenerArns: string[] } }[] };
      };
    }>('codedeploy', 'GetDeploymentGroup', {
      applicationName: `${prefix}-container`,
      deploymentGroupName: `${prefix}-container`,
    });
    const [pair] = deploymentGroupInfo.loadBalancerInfo.targetGroupPairInfoList;
    return Listeners.map(({ ListenerArn, Port, Protocol, DefaultActions }) =>
      [
        Port,
        Protocol,
        DefaultActions[0]?.Type,
        ...(pair?.prodTrafficRoute.listenerArns.includes(ListenerArn) ? ['production'] : []),
      ].join(' '),
    ).sort();
  }
  const plain = ['80 HTTP forward production', '9000 HTTP forward'];

  test('comes and goes, each time in one update that no port gets in the way of', async () => {
    expect(await traffic()).toEqual(plain);
    await update(certificate);
    expect(await statusOf(StackName), await failures()).toBe('UPDATE_COMPLETE');
    expect(await traffic()).toEqual(['443 HTTPS forward production', '80 HTTP redirect', '9000 HTTPS forward']);
    await update('');
    expect(await statusOf(StackName), await failures()).toBe('UPDATE_COMPLETE');
    expect(await traffic()).toEqual(plain);
    expect(
      (await call<{ StackPolicyBody: string }>('cloudformation', 'GetStackPolicy', { StackName })).StackPolicyBody,
    ).toBe(JSON.stringify(policy));
  });
});
