import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from './client';
import { Deployments, type TemplateObject } from './deployment';

let emulator: Emulator;
let dev: Deployments;
beforeAll(async () => {
  emulator = await startEmulator();
  dev = new Deployments(emulator, 'dev');
});
afterAll(() => emulator?.stop());

const ref = (id: string) => ({ Ref: id });

/** A load balancer with a target group, and what a test adds. */
const withLoadBalancer = (resources: Readonly<Record<string, object>>): TemplateObject => ({
  Parameters: { CertificateArn: { Type: 'String', Default: '' } },
  Conditions: { Https: { 'Fn::Not': [{ 'Fn::Equals': [ref('CertificateArn'), ''] }] } },
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
    Balancer: {
      Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer',
      Properties: { Subnets: [ref('Subneta'), ref('Subnetb')] },
    },
    Blue: {
      Type: 'AWS::ElasticLoadBalancingV2::TargetGroup',
      Properties: { VpcId: ref('Vpc'), Port: 8080, Protocol: 'HTTP', TargetType: 'ip' },
    },
    ...resources,
  },
});

const listener = (port: unknown, beside: object = {}) => ({
  Type: 'AWS::ElasticLoadBalancingV2::Listener',
  ...beside,
  Properties: {
    LoadBalancerArn: ref('Balancer'),
    Port: port,
    Protocol: 'HTTP',
    DefaultActions: [{ Type: 'forward', TargetGroupArn: ref('Blue') }],
  },
});

describe('a service that CodeDeploy deploys', () => {
  const template = (service: object) =>
    withLoadBalancer({
      Listener: listener(80),
      Cluster: { Type: 'AWS::ECS::Cluster', Properties: { ClusterName: 'cluster' } },
      Task: {
        Type: 'AWS::ECS::TaskDefinition',
        Properties: {
          Family: 'container',
          Cpu: '256',
          Memory: '512',
          NetworkMode: 'awsvpc',
          RequiresCompatibilities: ['FARGATE'],
          ContainerDefinitions: [{ Name: 'web', Image: 'web', PortMappings: [{ ContainerPort: 8080 }] }],
        },
      },
      Service: {
        Type: 'AWS::ECS::Service',
        DependsOn: ['Listener', 'Task'],
        Properties: {
          ServiceName: 'service',
          Cluster: ref('Cluster'),
          TaskDefinition: 'container',
          LaunchType: 'FARGATE',
          DeploymentController: { Type: 'CODE_DEPLOY' },
          LoadBalancers: [{ ContainerName: 'web', ContainerPort: 8080, TargetGroupArn: ref('Blue') }],
          NetworkConfiguration: {
            AwsvpcConfiguration: { Subnets: [ref('Subneta'), ref('Subnetb')], SecurityGroups: [] },
          },
          ...service,
        },
      },
    });
  const refused =
    'Service: Invalid request provided: UpdateService error: Unable to update task definition on services with a ' +
    'CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment.';

  beforeAll(() => dev.deploy('service', template({ DesiredCount: 0 })));

  test('takes no update at all: no other count, no count any more, no tag', async () => {
    for (const change of [
      { DesiredCount: 2 },
      {},
      { DesiredCount: 0, Tags: [{ Key: 'Project', Value: 'x' }] },
      { DesiredCount: 0, TaskDefinition: 'container:1' },
    ]) {
      await expect(dev.deploy('service', template(change)), JSON.stringify(change)).rejects.toThrow(refused);
      expect(await dev.status('service')).toBe('UPDATE_ROLLBACK_COMPLETE');
    }
  });

  test('gets the number of tasks that its scalable target has at least, as soon as there is one', async () => {
    const { Resources } = template({ DesiredCount: 0 });
    const target = (MinCapacity: number) => ({
      Resources: {
        ...Resources,
        Target: {
          Type: 'AWS::ApplicationAutoScaling::ScalableTarget',
          Properties: {
            ServiceNamespace: 'ecs',
            ScalableDimension: 'ecs:service:DesiredCount',
            ResourceId: { 'Fn::Sub': `service/\${Cluster}/\${Service.Name}` },
            MinCapacity,
            MaxCapacity: 5,
          },
        },
      },
    });
    const count = async () => {
      const { services } = await emulator.call<{ services: { desiredCount: number }[] }>(
        'dev',
        'ecs',
        'DescribeServices',
        { cluster: 'cluster', services: ['service'] },
      );
      return services[0]?.desiredCount;
    };
    expect(await count()).toBe(0);
    await dev.deploy('service', target(2));
    expect(await count()).toBe(2);
    await dev.deploy('service', target(1));
    expect(await count()).toBe(2);
  });
});

describe('two listeners on one port', () => {
  const port = { 'Fn::If': ['Https', 443, 80] };
  const certificate = { CertificateArn: 'arn' };
  const refused = 'A listener already exists on this port for this load balancer';

  test('are refused where one takes the port that the other gives up in the same update', async () => {
    const template = withLoadBalancer({ Production: listener(port), Redirect: listener(80, { Condition: 'Https' }) });
    await dev.deploy('race', template);
    await expect(dev.deploy('race', template, certificate)).rejects.toThrow(`Redirect: ${refused}`);
    expect(await dev.status('race')).toBe('UPDATE_ROLLBACK_COMPLETE');
  });

  test('are refused on the way back even where one waits for the other', async () => {
    const template = withLoadBalancer({
      Production: listener(port),
      Redirect: listener(80, { Condition: 'Https', DependsOn: 'Production' }),
    });
    await dev.deploy('order', template);
    await dev.deploy('order', template, certificate);
    await expect(dev.deploy('order', template)).rejects.toThrow(`Production: ${refused}`);
    expect(await dev.status('order')).toBe('UPDATE_ROLLBACK_COMPLETE');
  });
});
