import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { compile, Intrinsic, type Node, Reference, toYaml } from '../../dsl';
import type { Topology } from '../../model/topology';
import { loadBalancerNames } from '../../patterns/environment/load-balancer';
import { topology, topologyWith } from '../../topology.fixture';
import containerService from './container-service';
import infrastructure from './infrastructure';

interface Resource {
  readonly Type: string;
  readonly Condition?: string;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly Properties: Readonly<Record<string, Node>>;
}
const resourcesOf = (make: (topology: Topology) => Parameters<typeof compile>[0]) =>
  compile(make(topology)).Resources as unknown as Readonly<Record<string, Resource>>;
const container = resourcesOf(containerService);
const all = Object.entries({ ...resourcesOf(infrastructure), ...container });

/** A value as one can compare it: intrinsic functions as `Name(argument)`, references within text as `{Id}`. */
const text = (node: Node | undefined): string =>
  node instanceof Intrinsic
    ? `${node.functionName}(${text(node.argument)})`
    : Array.isArray(node)
      ? node.map(text).join(', ')
      : String(node).replaceAll('${', '{');

describe('cfn-lint finds nothing', () => {
  let work = '';
  afterEach(() => rmSync(work, { recursive: true, force: true }));

  const withEnvironments = (count: number) =>
    count === 3
      ? topology
      : topologyWith({
          project: 'route-to-live-16',
          environments: Array.from({ length: count }, (_, index) => ({
            name: `environment${index}`,
            approval: index > 0,
          })),
        });

  test('in the templates of 1, 3 and 10 environments, informational checks included', () => {
    work = mkdtempSync(join(tmpdir(), 'environment-'));
    const files = [1, 3, 10].flatMap((count) =>
      Object.entries({ infrastructure, containerService }).map(([name, make]) => {
        const file = join(work, `${name}-${count}.yaml`);
        writeFileSync(file, toYaml(compile(make(withEnvironments(count))), []));
        return file;
      }),
    );
    const { stdout, stderr, status } = spawnSync('cfn-lint', ['-i', 'I', '-t', ...files], { encoding: 'utf8' });
    expect(stdout + stderr).toBe('');
    expect(status).toBe(0);
  });
});

describe('both templates', () => {
  test('keep what holds data when its resource or stack goes', () => {
    const holders = all.filter(([, { Type }]) =>
      ['AWS::KMS::Key', 'AWS::Logs::LogGroup', 'AWS::S3::Bucket', 'AWS::SQS::Queue'].includes(Type),
    );
    expect(holders.length).toBeGreaterThan(8);
    const lost = holders.filter(
      ([, it]) => !it.DeletionPolicy?.startsWith('Retain') || it.UpdateReplacePolicy !== 'Retain',
    );
    expect(lost.map(([id]) => id)).toEqual([]);
  });

  test('encrypt every log group and queue with the key of the environment, and end the life of logs', () => {
    const keys = [
      'GetAtt(WorkloadKey.Arn)',
      'ImportValue(Sub(route-to-live-{EnvironmentName}-infrastructure:WorkloadKeyArn))',
    ];
    for (const [id, { Type, Properties }] of all) {
      if (Type === 'AWS::Logs::LogGroup') {
        expect(keys, id).toContain(text(Properties.KmsKeyId));
        expect(text(Properties.RetentionInDays), id).toBe('Ref(LogRetentionDays)');
      } else if (Type === 'AWS::SQS::Queue') {
        expect(keys, id).toContain(text(Properties.KmsMasterKeyId));
      }
    }
  });

  test('create no role but under the boundary, with an inline policy', () => {
    const roles = all.filter(([, { Type }]) => Type === 'AWS::IAM::Role');
    expect(roles.length).toBeGreaterThan(2);
    for (const [id, { Properties }] of roles) {
      const purpose = id === 'TaskRole' ? 'task' : 'function';
      expect(text(Properties.PermissionsBoundary), id).toMatch(new RegExp(`-boundary-${purpose}\\)$`));
      expect(text(Properties.RoleName), id).toContain(
        id === 'TaskRole' ? '-workload-container-task' : '-workload-function-',
      );
      expect(Properties.ManagedPolicyArns, id).toBeUndefined();
    }
  });
});

describe('container-service', () => {
  test('imports nothing that infrastructure does not export', () => {
    const { Outputs } = compile(infrastructure(topology));
    const exported = Object.entries(Outputs as Readonly<Record<string, Node>>).flatMap(([id, output]) =>
      'Export' in (output as object) ? [id] : [],
    );
    const imported = [...toYaml(compile(containerService(topology)), []).matchAll(/-infrastructure:(\w+)/g)];
    expect([...new Set(imported.map(([, id]) => id))].sort()).toEqual(exported.sort());
  });

  test('starts without tasks, because there is no image, and leaves their number to auto scaling', () => {
    expect(container.ContainerService?.Properties.DesiredCount).toBe(0);
    expect(text(container.TaskCount?.Properties.MinCapacity)).toBe('Ref(MinTasks)');
  });

  test('lets the service follow its family, so that no other task size makes CloudFormation update it', () => {
    const { ContainerService, FirstTaskDefinition } = container;
    expect(text(ContainerService?.Properties.TaskDefinition)).toBe('Sub(route-to-live-{EnvironmentName}-container)');
    expect(text(FirstTaskDefinition?.Properties.Family)).toBe(text(ContainerService?.Properties.TaskDefinition));
    expect(FirstTaskDefinition?.UpdateReplacePolicy).toBe('Retain');
  });

  test('gives every port to one listener, whether there is a certificate or not', () => {
    const listeners = Object.entries(container).filter(([, { Type }]) => Type.endsWith('::Listener'));
    expect(listeners.map(([id, { Condition, Properties }]) => [id, Properties.Port, Condition])).toEqual([
      ['HttpsListener', 443, 'Https'],
      ['HttpListener', 80, undefined],
      ['TestListener', 9000, undefined],
    ]);
  });

  test('forwards on the port that clients use, which is where CodeDeploy moves their traffic', () => {
    expect(JSON.stringify(container.ContainerDeployments?.Properties.LoadBalancerInfo)).toContain(
      '"ProdTrafficRoute":{"ListenerArns":[{"functionName":"If","argument":["Https",' +
        '{"functionName":"Ref","argument":"HttpsListener"},{"functionName":"Ref","argument":"HttpListener"}]}]}',
    );
    const [action] = (container.HttpListener?.Properties.DefaultActions ?? []) as readonly Readonly<
      Record<string, Node>
    >[];
    expect(text(action?.Type)).toBe('If(Https, redirect, forward)');
  });

  test('freezes the service, and every listener that CodeDeploy moves', () => {
    const owned = Object.entries(container).flatMap(([id, { Type }]) =>
      /::(ECS::Service|ElasticLoadBalancingV2::(Listener|ListenerRule))$/.test(Type) ? [id] : [],
    );
    expect(owned).toHaveLength(4);
    expect(containerService(topology).frozenIds).toEqual(owned);
  });

  test('lets testers alone reach the test listener, and the load balancer alone reach tasks', () => {
    const rules = JSON.stringify(container.LoadBalancerSecurityGroup?.Properties.SecurityGroupIngress);
    const port = text(container.TestListener?.Properties.Port);
    const sources = [...rules.matchAll(new RegExp(`"FromPort":${port},[^}]*"argument":"(\\w+)"`, 'g'))];
    expect(sources.map(([, source]) => source)).toEqual(['TestClientCidr', 'TestClientCidr']);
    expect(text(container.TaskIngress?.Properties.SourceSecurityGroupId)).toBe(
      'GetAtt(LoadBalancerSecurityGroup.GroupId)',
    );
  });

  test('waits for somebody where there is a test window, and stops when nobody comes', () => {
    expect(JSON.stringify(container.ContainerDeployments?.Properties.BlueGreenDeploymentConfiguration)).toContain(
      '"ActionOnTimeout":{"functionName":"If","argument":["TestWindow","STOP_DEPLOYMENT","CONTINUE_DEPLOYMENT"]}',
    );
  });

  test('moves the traffic step by step unless told otherwise, and so in production', () => {
    const { DeploymentConfiguration } = containerService(topology).parameterDeclarations;
    expect(DeploymentConfiguration?.Default).toMatch(/Canary|Linear/);
  });

  test('rolls a deployment back when it fails and when an alarm of either target group rises', () => {
    const { ContainerDeployments } = container;
    expect(ContainerDeployments?.Properties.AutoRollbackConfiguration).toEqual({
      Enabled: true,
      Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM', 'DEPLOYMENT_STOP_ON_REQUEST'],
    });
    const configured = JSON.stringify(ContainerDeployments?.Properties.AlarmConfiguration);
    const named = [...configured.matchAll(/"Name":\{"functionName":"Ref","argument":"(\w+)"\}/g)].map(([, id]) => id);
    const alarms = Object.entries(container).filter(([, { Type }]) => Type === 'AWS::CloudWatch::Alarm');
    expect(named.sort()).toEqual(alarms.map(([id]) => id).sort());
    const metrics = alarms.map(
      ([, { Properties }]) => `${text(Properties.MetricName)} ${JSON.stringify(Properties.Dimensions)}`,
    );
    for (const group of ['BlueTargetGroup', 'GreenTargetGroup']) {
      for (const metric of ['HTTPCode_Target_5XX_Count', 'UnHealthyHostCount']) {
        expect(metrics.filter((it) => it.startsWith(metric) && it.includes(group)).length, `${metric} ${group}`).toBe(
          1,
        );
      }
    }
  });

  test('has names that Elastic Load Balancing takes for the longest project and environment, and no longer ones', () => {
    const named = (project: string, name: string) =>
      loadBalancerNames({ ...topology, project, environments: [{ name, approval: false }] }, new Reference('X'));
    expect(() => named('p'.repeat(16), 'e'.repeat(12))).not.toThrow();
    expect(() => named('p'.repeat(16), 'e'.repeat(13))).toThrow(
      'templates-src/topology.ts: the name <project>-<environment>-lb would have 33 characters, ' +
        'Elastic Load Balancing allows 32; shorten the project or the environment',
    );
  });
});

test('a route in which nothing would run is refused, with what to declare', () => {
  const { container: _, ...nothing } = topologyWith({ ...topology, workloads: [] });
  expect(() => infrastructure(nothing)).toThrow(/found neither a container nor a function, .*topology\.ts$/);
});

test('the stack of a production that says nothing of plain HTTP is refused without a certificate, and no other', () => {
  const rulesWith = (plainHttp: boolean) =>
    compile(
      containerService(
        topologyWith({
          project: 'shop',
          environments: [
            { name: 'dev', approval: false },
            { name: 'live', approval: true, production: true, plainHttp },
          ],
        }),
      ),
    ).Rules as Readonly<Record<string, unknown>>;

  expect(rulesWith(true)).not.toHaveProperty('ProductionHasCertificate');
  expect(rulesWith(false)).toHaveProperty('ProductionHasCertificate');
  expect(JSON.stringify(rulesWith(false).ProductionHasCertificate)).toContain('[["live"],');
});
