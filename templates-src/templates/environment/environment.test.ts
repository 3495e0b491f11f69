import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { defineTopology, type Topology } from '../../define-topology';
import { compile } from '../../dsl/compile';
import { Intrinsic, type Node } from '../../dsl/document';
import { Reference } from '../../dsl/intrinsics';
import { toYaml } from '../../dsl/yaml';
import { loadBalancerNames } from '../../patterns/load-balancer';
import { topology } from '../../topology';
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
      : defineTopology({
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
    expect(roles.length).toBeGreaterThan(4);
    for (const [id, { Properties }] of roles) {
      expect(text(Properties.PermissionsBoundary), id).toMatch(/workload-boundary\)$/);
      expect(text(Properties.RoleName), id).toContain('-workload-');
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

  test('starts without tasks, because there may be no image, and leaves their number to auto scaling', () => {
    expect(text(container.ContainerService?.Properties.DesiredCount)).toBe('If(ServiceIsNew, 0, Ref(AWS::NoValue))');
    expect(text(container.TaskCount?.Properties.MinCapacity)).toBe('Ref(MinTasks)');
  });

  test('lets the service follow its family, so that no other task size makes CloudFormation update it', () => {
    const { ContainerService, FirstTaskDefinition } = container;
    expect(text(ContainerService?.Properties.TaskDefinition)).toBe('Sub(route-to-live-{EnvironmentName}-container)');
    expect(text(FirstTaskDefinition?.Properties.Family)).toBe(text(ContainerService?.Properties.TaskDefinition));
    expect(FirstTaskDefinition?.UpdateReplacePolicy).toBe('Retain');
  });

  test('asks for a certificate by a condition: HTTPS with a redirect, or plain HTTP', () => {
    const { ProductionListener, RedirectListener, TestListener } = container;
    expect(text(ProductionListener?.Properties.Port)).toBe('If(Https, 443, 80)');
    expect([ProductionListener, TestListener].map((it) => text(it?.Properties.Protocol))).toEqual([
      'If(Https, HTTPS, HTTP)',
      'If(Https, HTTPS, HTTP)',
    ]);
    expect(RedirectListener?.Condition).toBe('Https');
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

  test('rolls a deployment back when it fails and when an alarm of either target group rises', () => {
    const { ContainerDeployments } = container;
    expect(ContainerDeployments?.Properties.AutoRollbackConfiguration).toEqual({
      Enabled: true,
      Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM'],
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
