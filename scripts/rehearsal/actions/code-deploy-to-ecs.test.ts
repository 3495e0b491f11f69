import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Bench, role, withFault } from '../action-context.fixture';

let bench: Bench;
let service: Service;
let services = 0;
beforeAll(async () => {
  bench = await Bench.start();
  for (const name of ['team-action', 'team-codedeploy', 'team-task']) {
    await bench.makeRole('dev', name);
  }
});
afterAll(() => bench.stop());

/** A service behind a load balancer, with what CodeDeploy needs to deploy it. */
interface Service {
  readonly name: string;
  readonly blue: string;
  readonly green: string;
  /** The target groups that production and test traffic go to. */
  traffic(): Promise<[string | undefined, string | undefined]>;
  taskSets(): Promise<{ status: string; taskDefinition: string }[]>;
  /** As an update by CloudFormation would. */
  moveTestTraffic(targetGroup: string): Promise<unknown>;
}

async function makeService(controller = 'CODE_DEPLOY'): Promise<Service> {
  services += 1;
  const name = `team-${services}`;
  const { Vpc } = await bench.dev<{ Vpc: { VpcId: string } }>('ec2', 'CreateVpc', { CidrBlock: '10.0.0.0/16' });
  const subnets: string[] = [];
  for (const zone of ['a', 'b']) {
    const { Subnet } = await bench.dev<{ Subnet: { SubnetId: string } }>('ec2', 'CreateSubnet', {
      VpcId: Vpc.VpcId,
      CidrBlock: `10.0.${zone === 'a' ? 0 : 1}.0/24`,
      AvailabilityZone: `eu-west-1${zone}`,
    });
    subnets.push(Subnet.SubnetId);
  }
  const { LoadBalancers } = await bench.dev<{ LoadBalancers: { LoadBalancerArn: string }[] }>(
    'elbv2',
    'CreateLoadBalancer',
    { Name: name, Subnets: subnets },
  );
  const targetGroup = async (suffix: string) => {
    const { TargetGroups } = await bench.dev<{ TargetGroups: { TargetGroupArn: string }[] }>(
      'elbv2',
      'CreateTargetGroup',
      { Name: `${name}-${suffix}`, Protocol: 'HTTP', Port: 80, VpcId: Vpc.VpcId, TargetType: 'ip' },
    );
    return TargetGroups[0]?.TargetGroupArn ?? '';
  };
  const [blue, green] = [await targetGroup('blue'), await targetGroup('green')];
  const listener = async (Port: number) => {
    const { Listeners } = await bench.dev<{ Listeners: { ListenerArn: string }[] }>('elbv2', 'CreateListener', {
      LoadBalancerArn: LoadBalancers[0]?.LoadBalancerArn,
      Protocol: 'HTTP',
      Port,
      DefaultActions: [{ Type: 'forward', TargetGroupArn: blue }],
    });
    return Listeners[0]?.ListenerArn ?? '';
  };
  const [production, testing] = [await listener(80), await listener(9000)];
  await bench.dev('ecs', 'CreateCluster', { clusterName: name });
  await bench.dev('ecs', 'RegisterTaskDefinition', JSON.parse(taskDefinition(name, 'first')));
  await bench.dev('ecs', 'CreateService', {
    cluster: name,
    serviceName: name,
    taskDefinition: name,
    desiredCount: 2,
    launchType: 'FARGATE',
    deploymentController: { type: controller },
    networkConfiguration: { awsvpcConfiguration: { subnets, securityGroups: [] } },
    loadBalancers: [{ targetGroupArn: blue, containerName: 'web', containerPort: 8080 }],
  });
  await bench.dev('codedeploy', 'CreateApplication', { applicationName: name, computePlatform: 'ECS' });
  await bench.dev('codedeploy', 'CreateDeploymentGroup', {
    applicationName: name,
    deploymentGroupName: name,
    serviceRoleArn: role('dev', 'team-codedeploy'),
    ecsServices: [{ clusterName: name, serviceName: name }],
    deploymentStyle: { deploymentType: 'BLUE_GREEN', deploymentOption: 'WITH_TRAFFIC_CONTROL' },
    blueGreenDeploymentConfiguration: {
      terminateBlueInstancesOnDeploymentSuccess: { action: 'TERMINATE', terminationWaitTimeInMinutes: 5 },
    },
    loadBalancerInfo: {
      targetGroupPairInfoList: [
        {
          targetGroups: [{ name: `${name}-blue` }, { name: `${name}-green` }],
          prodTrafficRoute: { listenerArns: [production] },
          testTrafficRoute: { listenerArns: [testing] },
        },
      ],
    },
  });
  return {
    name,
    blue,
    green,
    traffic: async () => {
      const { Listeners } = await bench.dev<{
        Listeners: { ListenerArn: string; DefaultActions: { TargetGroupArn: string }[] }[];
      }>('elbv2', 'DescribeListeners', { ListenerArns: [production, testing] });
      const [first, second] = [production, testing].map(
        (arn) => Listeners.find(({ ListenerArn }) => ListenerArn === arn)?.DefaultActions[0]?.TargetGroupArn,
      );
      return [first, second];
    },
    moveTestTraffic: (TargetGroupArn) =>
      bench.dev('elbv2', 'ModifyListener', {
        ListenerArn: testing,
        DefaultActions: [{ Type: 'forward', TargetGroupArn }],
      }),
    taskSets: async () => {
      const { services: found } = await bench.dev<{
        services: { taskSets: { status: string; taskDefinition: string }[] }[];
      }>('ecs', 'DescribeServices', { cluster: name, services: [name] });
      return (found[0]?.taskSets ?? []).map((it) => ({ status: it.status, taskDefinition: it.taskDefinition }));
    },
  };
}

const taskDefinition = (family: string, image: string) =>
  JSON.stringify({
    family,
    requiresCompatibilities: ['FARGATE'],
    networkMode: 'awsvpc',
    cpu: '256',
    memory: '512',
    taskRoleArn: role('dev', 'team-task'),
    containerDefinitions: [{ name: 'web', image, portMappings: [{ containerPort: 8080 }] }],
  });

const appSpec = `
version: 0.0
Resources:
  - TargetService:
      Type: AWS::ECS::Service
      Properties:
        TaskDefinition: <TASK_DEFINITION>
        LoadBalancerInfo: {ContainerName: web, ContainerPort: 8080}
`;

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const image = (letter: string) => `111111111111.dkr.ecr.eu-west-1.amazonaws.com/team@${digest(letter)}`;

async function deploy(
  letter: string,
  {
    definitions = {},
    configuration = {},
    ...more
  }: {
    definitions?: Record<string, string>;
    configuration?: Record<string, string>;
  } & Parameters<Bench['perform']>[2] = {},
) {
  const { name } = service;
  const inputs = [
    await bench.artifact('Definitions', {
      'appspec.yaml': appSpec,
      'taskdef-dev.json': taskDefinition(name, '<IMAGE1_NAME>'),
      ...definitions,
    }),
    await bench.artifact('Image', { 'imageDetail.json': JSON.stringify({ ImageURI: image(letter) }) }),
  ];
  return bench.perform(
    'CodeDeployToECS',
    {
      ApplicationName: name,
      DeploymentGroupName: name,
      AppSpecTemplateArtifact: 'Definitions',
      AppSpecTemplatePath: 'appspec.yaml',
      TaskDefinitionTemplateArtifact: 'Definitions',
      TaskDefinitionTemplatePath: 'taskdef-dev.json',
      Image1ArtifactName: 'Image',
      Image1ContainerName: 'IMAGE1_NAME',
      ...configuration,
    },
    { roleArn: role('dev', 'team-action'), inputs, ...more },
  );
}

const runningImage = async () => {
  const { services: found } = await bench.dev<{ services: { taskDefinition: string }[] }>('ecs', 'DescribeServices', {
    cluster: service.name,
    services: [service.name],
  });
  const { taskDefinition: definition } = await bench.dev<{
    taskDefinition: { containerDefinitions: { image: string }[] };
  }>('ecs', 'DescribeTaskDefinition', { taskDefinition: found[0]?.taskDefinition });
  return definition.containerDefinitions[0]?.image;
};

describe('a blue/green deployment', () => {
  beforeEach(async () => {
    service = await makeService();
  });

  test('registers the task definition with the image by digest, and moves the traffic to it', async () => {
    const { summary } = await deploy('a');

    expect(summary).toBe(`${service.name} in dev runs sha256:${'a'.repeat(12)}`);
    expect(await runningImage()).toBe(image('a'));
    expect(await service.traffic()).toEqual([service.green, service.green]);
    expect(await service.taskSets()).toEqual([
      { status: 'PRIMARY', taskDefinition: expect.stringMatching(new RegExp(`/${service.name}:2$`)) },
    ]);
  });

  test('reports its steps in their order', async () => {
    await deploy('a');

    expect(bench.notes.map((note) => note.replace(/ (d-)?[0-9a-f-]{36}| ecs-svc\/\d+/, ''))).toEqual([
      `deployment of ${service.name}:2`,
      `replacement task set of 2 tasks behind ${service.name}-green`,
      `test traffic (port 9000) goes to ${service.name}-green`,
      `production traffic (port 80) goes from ${service.name}-blue to ${service.name}-green, ` +
        'as CodeDeployDefault.ECSAllAtOnce says',
      'no old task set to end: this was the first deployment',
    ]);
  });

  test('goes back to the other target group the next time, and ends the old tasks', async () => {
    await deploy('a');
    await deploy('b');

    expect(await service.traffic()).toEqual([service.blue, service.blue]);
    expect(await runningImage()).toBe(image('b'));
    expect(await service.taskSets()).toHaveLength(1);
    expect(bench.notes).toContain('old task set ended; AWS keeps it for 5 minutes');
  });

  test('reports a test window', async () => {
    await bench.dev('codedeploy', 'UpdateDeploymentGroup', {
      applicationName: service.name,
      currentDeploymentGroupName: service.name,
      blueGreenDeploymentConfiguration: {
        deploymentReadyOption: { actionOnTimeout: 'STOP_DEPLOYMENT', waitTimeInMinutes: 30 },
      },
    });
    await deploy('a');
    expect(bench.notes).toContainEqual(expect.stringContaining('unless somebody says within 30 minutes'));
  });

  test('fails where something else has moved a listener', async () => {
    await deploy('a');
    await service.moveTestTraffic(service.blue);
    await expect(deploy('b')).rejects.toThrow(
      `The test listener (port 9000) does not forward to ${service.name}-green, which serves`,
    );
  });

  test('fails where the service wants no tasks: CodeDeploy would deploy none', async () => {
    await bench.dev('ecs', 'UpdateService', { cluster: service.name, service: service.name, desiredCount: 0 });
    await expect(deploy('a')).rejects.toThrow('wants no tasks');
  });

  test('creates a deployment with the filled appspec', async () => {
    await deploy('a');

    const { deployments } = await bench.dev<{ deployments: string[] }>('codedeploy', 'ListDeployments', {
      applicationName: service.name,
      deploymentGroupName: service.name,
    });
    const { deploymentInfo } = await bench.dev<{
      deploymentInfo: { revision: { appSpecContent: { content: string } } };
    }>('codedeploy', 'GetDeployment', { deploymentId: deployments[0] });
    expect(deploymentInfo.revision.appSpecContent.content).toContain(
      `TaskDefinition: arn:aws:ecs:eu-west-1:222222222222:task-definition/${service.name}:2`,
    );
  });

  test('with a fault is rolled back before production traffic has moved', async () => {
    await deploy('a');
    await expect(deploy('b', { context: withFault })).rejects.toThrow(
      `Production traffic still goes to ${service.name}-green.`,
    );

    expect(await service.traffic()).toEqual([service.green, service.green]);
    expect(await runningImage()).toBe(image('a'));
    expect(await service.taskSets()).toHaveLength(1);
  });

  test('without the placeholder in the task definition has failed: the image would not change', async () => {
    await expect(
      deploy('a', { definitions: { 'taskdef-dev.json': taskDefinition(service.name, '<IMAGE>') } }),
    ).rejects.toThrow(`taskdef-dev.json has no <IMAGE1_NAME>, so it would not get the image ${image('a')}.`);
  });

  test('says which file of which artifact is missing', async () => {
    await expect(deploy('a', { configuration: { TaskDefinitionTemplatePath: 'taskdef-prod.json' } })).rejects.toThrow(
      'Exception while trying to read taskdef-prod.json from the artifact Definitions',
    );
  });

  test('refuses an artifact of more than 3 MB, as CodePipeline does', async () => {
    // Text that can't be made smaller by packing it.
    const bulk = Array.from({ length: 600_000 }, () => Math.random().toString(36).slice(2)).join('');
    await expect(deploy('a', { definitions: { 'bulk.txt': bulk } })).rejects.toThrow(
      /^The artifact Definitions has \d+ bytes, and this action takes 3145728/,
    );
  });

  test('refuses an appspec without a load balancer', async () => {
    const bare = appSpec.replace(/ +LoadBalancerInfo.*\n/, '');
    await expect(deploy('a', { definitions: { 'appspec.yaml': bare } })).rejects.toThrow('INVALID_REVISION');
  });

  test('refuses a task definition that ECS would refuse', async () => {
    const wrong = taskDefinition(service.name, '<IMAGE1_NAME>').replace('"cpu"', '"processor"');
    await expect(deploy('a', { definitions: { 'taskdef-dev.json': wrong } })).rejects.toThrow('processor');
  });

  test('needs the application', async () => {
    await expect(deploy('a', { configuration: { ApplicationName: 'other' } })).rejects.toThrow(
      'ApplicationDoesNotExistException',
    );
  });
});

test('a service that CodeDeploy does not deploy is refused', async () => {
  service = await makeService('ECS');
  await expect(deploy('a')).rejects.toThrow(
    `INVALID_ECS_SERVICE: the service ${service.name} of the cluster ${service.name} is not deployed by CodeDeploy.`,
  );
});
