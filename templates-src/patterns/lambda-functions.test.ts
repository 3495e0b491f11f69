import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { defineTopology } from '../define-topology';
import { compile } from '../dsl/compile';
import type { Document } from '../dsl/document';
import { lambdaFunctions } from '../lambda-functions';
import infrastructure, { infrastructureWith } from '../templates/environment/infrastructure';
import { topology } from '../topology.fixture';
import { codeKeyParameter, pascalCase } from './function-names';
import { functionPlatforms } from './function-platforms';
import { type FunctionSettings, functionsOf } from './lambda-functions';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lambda-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const settings: FunctionSettings = {
  description: 'Sends invoices',
  runtime: 'nodejs24.x',
  handler: 'index.handler',
  memory: 128,
  timeout: 5,
  trigger: { kind: 'url' },
  environment: ({ environment }) => ({ ENVIRONMENT_NAME: environment }),
};

const functions = (folders: readonly string[], given: Readonly<Record<string, FunctionSettings>>) => {
  for (const name of folders) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  return functionsOf(folder, given, topology);
};
const templateWith = (folders: readonly string[], given: Readonly<Record<string, FunctionSettings>>): Document =>
  compile(infrastructureWith(topology, functions(folders, given)));
const idsOf = (document: Document, section: string, start: string) =>
  Object.keys(document[section] ?? {}).filter((id) => id.startsWith(start));

describe('a folder of lambda/', () => {
  test('with settings is a function with parameters, role, log group and trigger', () => {
    const document = templateWith(['send-invoices', ...Object.keys(lambdaFunctions)], {
      ...lambdaFunctions,
      'send-invoices': settings,
    });
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

  test('runs on x86_64 unless its settings say arm64', () => {
    const resourcesWith = (given: FunctionSettings) =>
      templateWith(['send-invoices', ...Object.keys(lambdaFunctions)], { ...lambdaFunctions, 'send-invoices': given })
        .Resources;
    expect(resourcesWith(settings)).toMatchObject({
      SendInvoicesFunction: { Properties: { Architectures: ['x86_64'] } },
    });
    expect(resourcesWith({ ...settings, architecture: 'arm64' })).toMatchObject({
      SendInvoicesFunction: { Properties: { Architectures: ['arm64'] } },
    });
  });

  test('is one function; files, hidden folders and caches of Python are none', () => {
    writeFileSync(join(folder, 'README.md'), 'Notes');
    mkdirSync(join(folder, '.git'));
    mkdirSync(join(folder, '__pycache__'));
    expect(functions(['b', 'a'], { a: settings, b: settings }).map((it) => it.folder)).toEqual(['a', 'b']);
  });

  test('without settings is an error that says where to type them', () => {
    expect(() => functions(['send-invoices'], {})).toThrow(
      "lambda/send-invoices: found no settings for this folder. Add 'send-invoices' to " +
        'templates-src/lambda-functions.ts (handler, runtime, memory and so on), or remove the folder.',
    );
  });

  test('under a misspelt name is recognised', () => {
    expect(() => functions(['send-invoices'], { 'send-invoice': settings })).toThrow(
      "lambda/send-invoices: found no settings for this folder. Is 'send-invoice' in " +
        'templates-src/lambda-functions.ts meant? Give both the same name.',
    );
  });

  test('that is missing for settings is an error, and all errors come at once', () => {
    const refused = () => functions(['Upper', 'a--b'], { gone: settings });
    expect(refused).toThrow(
      "templates-src/lambda-functions.ts: found settings for 'gone', but no folder lambda/gone. " +
        'Create the folder with the code, or remove the settings.',
    );
    expect(refused).toThrow("lambda/Upper: found the name 'Upper', expected lower-case letters, digits and single");
    expect(refused).toThrow("lambda/a--b: found the name 'a--b'");
  });

  test('may be as long as its role name allows in the environment with the longest name', () => {
    const longest = 'a'.repeat(64 - 'route-to-live-prod-workload-function-'.length);
    expect(() => functions([longest], { [longest]: settings })).not.toThrow();
    const tooLong = `${longest}b`;
    expect(() => functions([tooLong], { [tooLong]: settings })).toThrow(
      `lambda/${tooLong}: found a name of 28 characters, expected 27 at the most`,
    );
    const wider = defineTopology({
      project: 'route-to-live',
      environments: [{ name: 'preproduction'.slice(0, 12), approval: false }],
    });
    expect(() => functionsOf(folder, { [longest]: settings }, wider)).toThrow('expected 19 at the most');
  });

  test('that would share its parameters with another is refused', () => {
    expect(() => functions(['a1-2', 'a-12'], { 'a1-2': settings, 'a-12': settings })).toThrow(
      'lambda/a1-2: its parameters would have the same names as those of lambda/a-12. Rename one folder.',
    );
  });

  test('gets its parameter under the name that the packager passes', () => {
    expect(codeKeyParameter('order-events')).toBe('OrderEventsCodeKey');
  });
});

test('the packager is told what the template says that functions run on', () => {
  const { Resources } = compile(infrastructure(topology)) as {
    Resources: Readonly<Record<string, { readonly Properties: Readonly<Record<string, unknown>> }>>;
  };
  const platforms = JSON.parse(functionPlatforms(lambdaFunctions));
  expect(Object.keys(platforms)).toEqual(Object.keys(lambdaFunctions).sort());
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

describe('a function', () => {
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
      VisibilityTimeout: 6 * lambdaFunctions['order-events'].timeout,
    });
  });

  test('has a role under the boundary that only Lambda for this account assumes', () => {
    expect(Resources.OrdersApiRole?.Properties).toMatchObject({
      PermissionsBoundary: { argument: expect.stringMatching(/:policy\/route-to-live-[^/]+-workload-boundary$/) },
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

test('a change of a Lambda setting changes infrastructure and leaves the container service byte-identical', async () => {
  /** The YAML of both templates, built by modules that are loaded anew. */
  const build = async () => {
    vi.resetModules();
    const { compile } = await import('../dsl/compile');
    const { toYaml } = await import('../dsl/yaml');
    const { default: infrastructure } = await import('../templates/environment/infrastructure');
    const { default: containerService } = await import('../templates/environment/container-service');
    return [infrastructure, containerService].map((make) => toYaml(compile(make(topology)), []));
  };
  const [infrastructure, containerService] = await build();
  const changed = { ...lambdaFunctions, 'orders-api': { ...lambdaFunctions['orders-api'], memory: 512, timeout: 20 } };
  vi.doMock('../lambda-functions', () => ({ lambdaFunctions: changed }));
  const [changedInfrastructure, changedContainerService] = await build().finally(() =>
    vi.doUnmock('../lambda-functions'),
  );
  expect(changedInfrastructure).toContain('MemorySize: 512');
  expect(changedInfrastructure).not.toBe(infrastructure);
  expect(changedContainerService).toBe(containerService);
});
