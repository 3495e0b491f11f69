import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Bench, role } from './action-context.fixture';
import type { ActionDefinition } from './definition';
import { type AwsEvent, actionEvent, branchEvent, EventBus, executionEvent, imageEvent, inputOf } from './event-bus';
import type { Progress } from './pipeline';

type ActionProgress = Extract<Progress, { readonly kind: 'action' }>;

let bench: Bench;
let bus: EventBus;
let started: string[];
let told: string[];
const pipeline = (name: string) => `arn:aws:codepipeline:eu-west-1:111111111111:${name}`;

beforeAll(async () => {
  bench = await Bench.start();
  await bench.makeRole('tooling', 'rule-role');
  await rule('commit', {
    source: ['aws.codecommit'],
    'detail-type': ['CodeCommit Repository State Change'],
    resources: ['arn:aws:codecommit:eu-west-1:111111111111:Team'],
    detail: {
      event: ['referenceCreated', 'referenceUpdated'],
      referenceType: ['branch'],
      referenceName: ['main'],
    },
  });
  await rule('image', {
    source: ['aws.ecr'],
    'detail-type': ['ECR Image Action'],
    detail: {
      'action-type': ['PUSH'],
      result: ['SUCCESS'],
      'repository-name': ['team/image'],
      'image-tag': ['latest'],
    },
  });
});
afterAll(() => bench.stop());
beforeEach(() => {
  started = [];
  told = [];
  bus = new EventBus(bench.context.cloud, {
    startPipeline: (name, trigger) => started.push(`${name} by ${trigger}`),
    tell: (text) => told.push(text),
  });
});

async function rule(Name: string, pattern: object, target: object = {}, State = 'ENABLED') {
  await bench.tooling('events', 'PutRule', { Name, EventPattern: JSON.stringify(pattern), State });
  const Targets = [
    { Id: 'Target', Arn: pipeline(`Pipeline-of-${Name}`), RoleArn: role('tooling', 'rule-role'), ...target },
  ];
  await bench.tooling('events', 'PutTargets', { Rule: Name, Targets });
}

const push = (change: { repository?: string; branch?: string; before?: string; after?: string | undefined }) =>
  bus.put(
    'a commit',
    branchEvent(bench.context.cloud, { repository: 'Team', branch: 'main', after: 'abc', ...change }),
  );

describe('a rule', () => {
  test.each([
    ['a new branch', {}],
    ['a branch that moved on', { before: 'old' }],
  ])('starts its pipeline for %s', async (_, change) => {
    expect(await push(change)).toEqual(['commit']);
    expect(started).toEqual(['Pipeline-of-commit by a commit (rule commit)']);
  });

  test.each([
    ['another branch', { branch: 'feature' }],
    ['another repository', { repository: 'Other' }],
    ['a branch that is gone', { before: 'old', after: undefined }],
  ])('does nothing for %s', async (_, change) => {
    expect(await push(change)).toEqual([]);
    expect(started).toEqual([]);
  });

  test.each([
    ['latest', ['image']],
    ['0f0f0f0f', []],
  ])('starts its pipeline for the tag it names alone: %s', async (tag, rules) => {
    const image = { repository: 'team/image', tag, digest: 'sha256:abc' };
    expect(await bus.put('an image', imageEvent(image))).toEqual(rules);
  });

  test('that is disabled does nothing', async () => {
    await rule('disabled', { source: ['aws.codecommit'] }, {}, 'DISABLED');
    expect(await push({})).toEqual(['commit']);
  });

  test('without its role starts nothing, which is said', async () => {
    await rule('roleless', { source: ['aws.codepipeline'] }, { RoleArn: role('tooling', 'gone') });
    const execution = { pipeline: 'Team-Pipeline', id: 'id', started: new Date() };

    expect(await bus.put('an end', executionEvent(bench.context.cloud, execution, 'FAILED'))).toContain('roleless');

    expect(started).toEqual([]);
    expect(told).toEqual([
      `rule roleless failed: AccessDenied: events.amazonaws.com is not authorized to perform sts:AssumeRole on ` +
        `${role('tooling', 'gone')}: there is no such role. iam GetRole: NoSuchEntity: Role gone not found`,
    ]);
    await bench.tooling('events', 'DisableRule', { Name: 'roleless' });
  });

  test('tells a topic what its transformer makes of the event', async () => {
    const { TopicArn } = await bench.tooling<{ TopicArn: string }>('sns', 'CreateTopic', { Name: 'failures' });
    await rule(
      'failure',
      {
        source: ['aws.codepipeline'],
        'detail-type': ['CodePipeline Action Execution State Change'],
        detail: { pipeline: ['Team-Pipeline'], state: ['FAILED'], type: { provider: [{ 'anything-but': 'Manual' }] } },
      },
      {
        Arn: TopicArn,
        InputTransformer: {
          InputPathsMap: {
            action: '$.detail.action',
            execution: '$.detail.execution-id',
            reason: '$.detail.execution-result.external-execution-summary',
          },
          InputTemplate: '"<action> failed: <reason>"\n"see <execution>"',
        },
      },
    );
    const end = (pipeline: string, state: 'SUCCEEDED' | 'FAILED', provider = 'CodeBuild') => {
      const actionTypeId = { category: 'Build', owner: 'AWS', provider, version: '1' };
      const action = { name: 'Compile', actionTypeId } as unknown as ActionDefinition;
      const ended = { kind: 'action', stage: 'Build', action, state, milliseconds: 1, message: 'No luck\nat all' };
      return bus.put('an end', actionEvent(bench.context.cloud, { pipeline, id: '0f0f' }, ended as ActionProgress));
    };

    expect(await end('Team-Pipeline', 'SUCCEEDED')).toEqual([]);
    expect(await end('Team-Pipeline', 'FAILED', 'Manual')).toEqual([]);
    expect(await end('Other-Pipeline', 'FAILED')).toEqual([]);
    expect(await end('Team-Pipeline', 'FAILED')).toEqual(['failure']);

    expect(told).toEqual(['rule failure told failures:', '  Compile failed: No luck', '  see 0f0f']);
  });

  test('with a target that the rehearsal does not play says so', async () => {
    await rule('function', { source: ['aws.ecr'] }, { Arn: 'arn:aws:lambda:eu-west-1:111111111111:function:f' });
    await bus.put('an image', imageEvent({ repository: 'other', tag: 'latest', digest: 'sha256:abc' }));

    expect(told).toEqual([
      'rule function: the rehearsal does nothing for the target arn:aws:lambda:eu-west-1:111111111111:function:f',
    ]);
  });
});

describe('what a target gets', () => {
  const event: AwsEvent = {
    version: '0',
    id: 'id',
    'detail-type': 'Type',
    source: 'team',
    account: '111111111111',
    time: '2026-01-01T00:00:00Z',
    region: 'eu-west-1',
    resources: ['one', 'two'],
    detail: { 'a-name': 'value', deep: { number: 5 } },
  };
  const transformed = (InputTemplate: string, InputPathsMap: Record<string, string> = {}) =>
    inputOf({ InputTransformer: { InputTemplate, InputPathsMap } }, event);

  test('is the event, unless it is transformed', () => {
    expect(JSON.parse(inputOf({}, event))).toEqual(event);
  });

  test('is the template with values in their places', () => {
    const paths = { name: '$.detail.a-name', number: '$.detail.deep.number', all: '$.resources', gone: '$.detail.x.y' };
    expect(transformed('"<name>, <number>, <all>, <gone>, <other>"', paths)).toBe('value, 5, ["one","two"], , <other>');
    expect(transformed('{"name": "<name>"}', paths)).toBe('{"name": "value"}');
  });
});
