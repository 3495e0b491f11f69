import { describe, expect, test } from 'vitest';
import { compile, type Document, toYaml } from '../../dsl';
import { codeKeyParameter, pascalCase } from '../../model/function-names';
import { functionPlatforms } from '../../model/function-platforms';
import type { FunctionSettings } from '../../model/function-settings';
import { functionsIn, queuesIn } from '../../model/workload';
import containerService from '../../templates/environment/container-service';
import infrastructure from '../../templates/environment/infrastructure';
import { topology } from '../../topology.fixture';

const functions = functionsIn(topology.workloads);

const settings: FunctionSettings = {
  description: 'Sends invoices',
  runtime: 'nodejs24.x',
  handler: 'index.handler',
  memory: 128,
  timeout: 5,
  trigger: { kind: 'url' },
  environment: ({ environment }) => ({ ENVIRONMENT_NAME: environment }),
};

/** The template with one function more. */
const templateWith = (given: Readonly<Record<string, FunctionSettings>>): Document =>
  compile(infrastructure({ ...topology, workloads: [...topology.workloads, { functions: given }] }));
const idsOf = (document: Document, section: string, start: string) =>
  Object.keys(document[section] ?? {}).filter((id) => id.startsWith(start));

describe('a function of a workload', () => {
  test('is a function with parameters, role, log group and trigger', () => {
    const document = templateWith({ 'send-invoices': settings });
    expect(idsOf(document, 'Parameters', 'SendInvoices')).toEqual([
      'SendInvoicesCodeKey',
      'SendInvoicesReservedConcurrency',
      'SendInvoicesDeadLetterQueueArn',
    ]);
    expect(idsOf(document, 'Resources', 'SendInvoices')).toEqual([
      'SendInvoicesLogs',
      'SendInvoicesRole',
      'SendInvoicesFunction',
      'SendInvoicesUrl',
    ]);
    expect(document.Resources).toMatchObject({
      SendInvoicesFunction: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          Handler: 'index.handler',
          Runtime: 'nodejs24.x',
          MemorySize: 128,
          Timeout: 5,
          Code: { S3Key: { functionName: 'Ref', argument: 'SendInvoicesCodeKey' } },
        },
      },
    });
  });

  test('runs on x86_64 unless its workload says arm64', () => {
    const resourcesWith = (given: FunctionSettings) => templateWith({ 'send-invoices': given }).Resources;
    expect(resourcesWith(settings)).toMatchObject({
      SendInvoicesFunction: { Properties: { Architectures: ['x86_64'] } },
    });
    expect(resourcesWith({ ...settings, architecture: 'arm64' })).toMatchObject({
      SendInvoicesFunction: { Properties: { Architectures: ['arm64'] } },
    });
  });

  test('gets its parameter under the name that the packager passes', () => {
    expect(codeKeyParameter('order-events')).toBe('OrderEventsCodeKey');
  });
});

test('the packager is told what the template says that functions run on', () => {
  const { Resources } = compile(infrastructure(topology)) as {
    Resources: Readonly<Record<string, { readonly Properties: Readonly<Record<string, unknown>> }>>;
  };
  const platforms = JSON.parse(functionPlatforms(functions));
  expect(Object.keys(platforms)).toEqual(Object.keys(functions).sort());
  for (const [folder, { runtime, architecture }] of Object.entries<Record<string, string>>(platforms)) {
    expect(Resources[`${pascalCase(folder)}Function`]?.Properties).toMatchObject({
      Runtime: runtime,
      Architectures: [architecture],
    });
  }
  expect(JSON.parse(functionPlatforms({ b: { runtime: 'python3.13', architecture: 'arm64' }, a: settings }))).toEqual({
    a: { runtime: 'nodejs24.x', architecture: 'x86_64' },
    b: { runtime: 'python3.13', architecture: 'arm64' },
  });
});

describe('a function of the template', () => {
  const { Resources } = compile(infrastructure(topology)) as {
    Resources: Readonly<Record<string, { readonly Properties: Readonly<Record<string, unknown>> }>>;
  };

  test('with a queue reports which messages failed, may receive, and nothing reserves its concurrency', () => {
    expect(Resources.OrderEventsEventSource?.Properties).toMatchObject({
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 5 },
    });
    const policies = JSON.stringify(Resources.OrderEventsRole?.Properties.Policies);
    expect(policies).toContain('sqs:ReceiveMessage');
    expect(JSON.stringify(Resources.OrdersApiRole?.Properties.Policies)).not.toContain('sqs:ReceiveMessage');
  });

  test('with a URL is called by signed requests only', () => {
    expect(Resources.OrdersApiUrl?.Properties).toMatchObject({ AuthType: 'AWS_IAM' });
  });

  test('has six times its time-out before a message becomes visible again', () => {
    expect(Resources.OrdersQueue?.Properties).toMatchObject({
      VisibilityTimeout: 6 * (functions['order-events'] as FunctionSettings).timeout,
    });
  });

  test('has a role under the boundary that only Lambda for this account assumes', () => {
    expect(Resources.OrdersApiRole?.Properties).toMatchObject({
      PermissionsBoundary: { argument: expect.stringMatching(/:policy\/route-to-live-[^/]+-boundary-function$/) },
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Principal: { Service: 'lambda.amazonaws.com' },
            Condition: { StringEquals: { 'aws:SourceAccount': { argument: 'AWS::AccountId' } } },
          },
        ],
      },
    });
  });
});

test('a change of a Lambda setting changes infrastructure and leaves the container service byte-identical', () => {
  const build = (workloads: typeof topology.workloads) =>
    [infrastructure, containerService].map((make) => toYaml(compile(make({ ...topology, workloads })), []));
  const changed = { ...functions, 'orders-api': { ...(functions['orders-api'] as FunctionSettings), memory: 512 } };
  const queues = queuesIn(topology.workloads);

  const [before, containerServiceBefore] = build(topology.workloads);
  const [after, containerServiceAfter] = build([{ queues, functions: changed }]);

  expect(after).toContain('MemorySize: 512');
  expect(after).not.toBe(before);
  expect(containerServiceAfter).toBe(containerServiceBefore);
});
