import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../emulator/client';
import { aws, makeFolder, writeFiles } from './test-support/project';
import { type Result, runScript } from './test-support/script';

// Every test runs the AWS CLI a dozen times, which takes long to start.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const ROLE = 'arn:aws:iam::222222222222:role/shop-live-review';

let emulator: Emulator;
let dev: NodeJS.ProcessEnv;
beforeAll(async () => {
  emulator = await startEmulator();
  dev = emulator.environment('dev');
});
afterAll(() => emulator.stop());

type TemplateObject = Readonly<Record<string, unknown>>;

/** An environment of its own in the account, and its review. */
interface Environment {
  readonly folder: string;
  readonly prefix: string;
  /** Deploys a stack. */
  deploy(template: string, content: TemplateObject): Promise<void>;
  /** Prepares the change set of the stack infrastructure, as the pipeline does. */
  prepare(content: TemplateObject): Promise<void>;
  /** Writes the artifact of the pipeline. */
  publish(template: string, content: TemplateObject, parameters?: Readonly<Record<string, string>>): Promise<void>;
  review(args?: readonly string[]): Promise<Result>;
  output(name: string): Promise<string>;
  changeSets(template: string): Promise<readonly string[]>;
}

async function environment(): Promise<Environment> {
  const folder = await makeFolder(onTestFinished);
  const prefix = `live-${randomUUID().slice(0, 8)}-`;
  const changeSet = async (template: string, name: string, content: TemplateObject, type: 'CREATE' | 'UPDATE') =>
    aws(
      dev,
      ...['cloudformation', 'create-change-set', '--stack-name', `${prefix}${template}`, '--change-set-name', name],
      ...['--change-set-type', type, '--template-body', JSON.stringify(content), '--capabilities'],
      'CAPABILITY_NAMED_IAM',
    );
  return {
    folder,
    prefix,
    deploy: async (template, content) => {
      const stack = ['--stack-name', `${prefix}${template}`];
      await changeSet(template, 'first', content, 'CREATE');
      await aws(dev, 'cloudformation', 'execute-change-set', ...stack, '--change-set-name', 'first');
      await aws(dev, 'cloudformation', 'wait', 'stack-create-complete', ...stack);
    },
    prepare: (content) => changeSet('infrastructure', 'pipeline', content, 'UPDATE'),
    publish: (template, content, parameters = {}) =>
      writeFiles(folder, {
        [`generated/environment/${template}.yaml`]: JSON.stringify(content),
        [`configuration/live/${template}.json`]: JSON.stringify({ Parameters: parameters }),
      }),
    review: (args = []) =>
      runScript(
        'review-changes.sh',
        [
          ...['--environment', 'live', '--stack-prefix', prefix, '--role-arn', ROLE, '--output', 'review'],
          ...['--commit', 'c0ffee', '--record', `/${prefix}commit`, ...args],
        ],
        { cwd: folder, env: { ...emulator.environment('tooling'), CODEBUILD_BUILD_ID: 'shop-review-live:0a1b' } },
      ),
    output: async (name) => (await readFile(join(folder, 'review', name), 'utf8')).trimEnd(),
    changeSets: async (template) => {
      const { Summaries } = await aws(
        dev,
        ...['cloudformation', 'list-change-sets', '--stack-name', `${prefix}${template}`],
      );
      return (Summaries as { ChangeSetName: string; ExecutionStatus: string }[])
        .filter(({ ExecutionStatus }) => ExecutionStatus !== 'EXECUTE_COMPLETE')
        .map(({ ChangeSetName }) => ChangeSetName);
    },
  };
}

const statement = (Action: string, Resource: string, more: object = {}) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...more,
});
const role = (name: string, ...statements: object[]) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    RoleName: name,
    AssumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    },
    Policies: [{ PolicyName: 'all', PolicyDocument: { Version: '2012-10-17', Statement: statements } }],
  },
});
const queue = (name: string, more: object = {}) => ({
  Type: 'AWS::SQS::Queue',
  Properties: { QueueName: name },
  ...more,
});

describe('a review', () => {
  test('says what is replaced, removed, allowed, added and changed, the most important first', async () => {
    const live = await environment();
    const { prefix } = live;
    await live.deploy('infrastructure', {
      Resources: {
        Orders: queue(`${prefix}orders`),
        Kept: queue(`${prefix}kept`, { DeletionPolicy: 'Retain' }),
        Gone: queue(`${prefix}gone`),
        Role: role(`${prefix}role`, statement('sqs:SendMessage', '*'), {
          ...statement('sqs:DeleteQueue', '*'),
          Effect: 'Deny',
        }),
        Slow: { Type: 'AWS::SQS::Queue', Properties: { QueueName: `${prefix}slow`, DelaySeconds: 1 } },
      },
    });
    await live.prepare({
      Resources: {
        Orders: queue(`${prefix}orders-two`),
        New: queue(`${prefix}new`),
        Role: role(
          `${prefix}role`,
          statement('sqs:SendMessage', '*'),
          statement('s3:GetObject', 'arn:aws:s3:::bucket/*', {
            Condition: { Bool: { 'aws:SecureTransport': 'true' } },
          }),
        ),
        Slow: { Type: 'AWS::SQS::Queue', Properties: { QueueName: `${prefix}slow`, DelaySeconds: 9 } },
      },
    });

    const { code, stdout, stderr } = await live.review();

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(
      [
        'What approving commit c0ffee does to live, which runs nothing yet:',
        '',
        `${prefix}infrastructure`,
        '  Replaced:',
        '    Orders (AWS::SQS::Queue) is replaced because of QueueName; the old one is deleted',
        '  Removed:',
        '    Gone (AWS::SQS::Queue), which is deleted',
        '    Kept (AWS::SQS::Queue), which stays in the account',
        '  Allows more:',
        '    Role (AWS::IAM::Role): Policies: allows s3:GetObject on arn:aws:s3:::bucket/*, if {"Bool": {"aws:SecureTransport": "true"}}',
        '    Role (AWS::IAM::Role): no longer Policies: denies sqs:DeleteQueue on *',
        '  Added:',
        '    New (AWS::SQS::Queue)',
        '  Changed:',
        '    Role (AWS::IAM::Role): Policies',
        '    Slow (AWS::SQS::Queue): DelaySeconds',
        '',
      ].join('\n'),
    );
    expect(await live.output('summary')).toBe(
      'Replaced: Orders. Removed: Gone, Kept. Allows more: Role. Added: 1. Changed: 2.',
    );
    expect(await live.output('running')).toBe('nothing yet');
    expect(await live.output('build')).toBe('0a1b');
    expect(await live.changeSets('infrastructure')).toEqual(['pipeline']);
  });

  test('previews the stacks that are deployed after the prepared one, and leaves nothing behind', async () => {
    const live = await environment();
    const { prefix } = live;
    const base = {
      Resources: { Orders: queue(`${prefix}orders`) },
      Outputs: { Name: { Value: 'a', Export: { Name: `${prefix}name` } } },
    };
    const using = (name: string, value: unknown) => ({
      Parameters: { Suffix: { Type: 'String' } },
      Resources: {
        One: { Type: 'AWS::SQS::Queue', Properties: { QueueName: { 'Fn::Sub': `${prefix}one-\${Suffix}` } } },
        Two: { Type: 'AWS::SSM::Parameter', Properties: { Name: `/${prefix}${name}`, Type: 'String', Value: value } },
      },
    });
    await live.deploy('infrastructure', base);
    await live.prepare({ ...base, Resources: { ...base.Resources, New: queue(`${prefix}new`) } });
    await live.publish('service', using('two', 'a'), { Suffix: 'x' });

    const first = await live.review(['--previewed', 'service']);
    await live.deploy('service', { Resources: { One: queue(`${prefix}one-x`) } });
    const second = await live.review(['--previewed', 'service']);
    await live.publish('service', using('two', { 'Fn::ImportValue': `${prefix}not-yet` }), { Suffix: 'x' });
    const third = await live.review(['--previewed', 'service']);

    expect(first.stdout).toContain(`${prefix}service is new: everything in its template is created\n`);
    expect(second.stdout).toContain(`${prefix}service\n  Added:\n    Two (AWS::SSM::Parameter)\n`);
    expect(third.stdout).toContain(
      `${prefix}service cannot be previewed: it uses what the stacks before it do not have yet\n`,
    );
    expect([first.code, second.code, third.code]).toEqual([0, 0, 0]);
    expect(await live.output('summary')).toBe(
      'Replaced: nothing. Removed: nothing. Allows more: nothing. Added: 1. ' +
        `${prefix}service cannot be previewed: it uses what the stacks before it do not have yet.`,
    );
    expect(await live.changeSets('service')).toEqual([]);
  });

  test('compares with the commit that the environment runs', async () => {
    const live = await environment();
    const template = { Resources: { Orders: queue(`${live.prefix}orders`) } };
    await live.deploy('infrastructure', template);
    await live.prepare(template);
    await aws(
      dev,
      ...['ssm', 'put-parameter', '--name', `/${live.prefix}commit`, '--value', 'deadbeef', '--type', 'String'],
    );

    const { stdout } = await live.review(['--compare', 'https://example.com/{from}/.../{to}']);

    expect(stdout).toContain('does to live, which runs deadbeef:\nhttps://example.com/deadbeef/.../c0ffee\n');
    expect(stdout).toContain(`${live.prefix}infrastructure does not change\n`);
    expect(await live.output('running')).toBe('deadbeef');
  });

  test('of more than fits into a message says the most important of it', async () => {
    const live = await environment();
    const queues = (count: number, suffix = '') =>
      Object.fromEntries(
        Array.from({ length: count }, (_, index) => [
          `${'Queue'.repeat(24)}${index}`,
          queue(`${live.prefix}${index}${suffix}`),
        ]),
      );
    await live.deploy('infrastructure', { Resources: queues(9) });
    await live.prepare({ Resources: queues(9, '-new') });

    expect((await live.review()).code).toBe(0);

    const summary = await live.output('summary');
    expect(summary.length).toBeLessThanOrEqual(600);
    expect(summary).toMatch(/^Replaced: (Queue)+0, .*\.\.\.$/);
  });
});

describe('a review fails, so that nobody is asked', () => {
  test('where the change set is not there, or what runs cannot be looked up', async () => {
    const live = await environment();
    await live.deploy('infrastructure', { Resources: { Orders: queue(`${live.prefix}orders`) } });
    const { code, stderr } = await live.review();
    expect(code).toBe(1);
    expect(stderr).toContain(`${live.prefix}infrastructure: the change set pipeline cannot be looked at.`);
    expect(stderr).toContain(
      'live: not everything that the approval would let through can be seen, so nobody is asked;',
    );
  });

  test('where a template cannot be deployed', async () => {
    const live = await environment();
    const template = { Resources: { Orders: queue(`${live.prefix}orders`) } };
    await live.deploy('infrastructure', template);
    await live.prepare(template);
    await live.deploy('service', { Resources: { One: queue(`${live.prefix}one`) } });
    await live.publish('service', { Resources: { One: { Type: 'AWS::SQS::Queue', Properties: { Name: 'x' } } } });
    const { code, stderr } = await live.review(['--previewed', 'service']);
    expect(code).toBe(1);
    expect(stderr).toContain(`${live.prefix}service: no change set can be made of its template.`);
  });
});

describe('options', () => {
  test.each([
    ['--environment', 'is missing.'],
    ['--stack-prefix', 'is missing.'],
    ['--role-arn', 'is missing.'],
    ['--commit', 'is missing.'],
    ['--record', 'is missing.'],
    ['--output', 'is missing.'],
  ])('without %s end with 2', async (option, message) => {
    const cwd = await makeFolder(onTestFinished);
    const all = ['--environment', '--stack-prefix', '--role-arn', '--commit', '--record', '--output'];
    const args = all.filter((name) => name !== option).flatMap((name) => [name, 'x']);

    const result = await runScript('review-changes.sh', args, { cwd, env: process.env });

    expect(result).toEqual({ code: 2, stdout: '', stderr: `review-changes.sh: ${option} ${message} Try --help.\n` });
  });
});
