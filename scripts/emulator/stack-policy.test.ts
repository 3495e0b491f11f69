import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from './client';
import { Deployments } from './deployment';

let emulator: Emulator;
let dev: Deployments;
beforeAll(async () => {
  emulator = await startEmulator();
  dev = new Deployments(emulator, 'dev');
});
afterAll(() => emulator?.stop());

const cloudFormation = <Result>(operation: string, parameters: object) =>
  emulator.call<Result>('dev', 'cloudformation', operation, parameters);
const topic = (DisplayName: string, beside: object = {}) => ({
  Type: 'AWS::SNS::Topic',
  Properties: { DisplayName, ...beside },
});
const template = (resources: Readonly<Record<string, object>>) => ({
  Resources: { Other: topic('other'), ...resources },
});
const allow = { Effect: 'Allow', Action: 'Update:*', Principal: '*', Resource: '*' };
const deny = { Effect: 'Deny', Action: 'Update:*', Principal: '*', Resource: 'LogicalResourceId/Frozen' };
const policy = (...Statement: readonly object[]) => JSON.stringify({ Statement });
const frozen = policy(allow, deny);
const denied =
  'Frozen: Action denied by stack policy: Statement [#1] does not allow [Update:*] for resource ' +
  '[LogicalResourceId/Frozen];';

const policyOf = async (StackName: string) =>
  (await cloudFormation<{ StackPolicyBody?: string }>('GetStackPolicy', { StackName })).StackPolicyBody;

describe('a stack policy', () => {
  test('refuses to change, replace or remove what it protects, and lets the rest change', async () => {
    await dev.deploy('protected', template({ Frozen: topic('1', { TopicName: 'one' }) }));
    await cloudFormation('SetStackPolicy', { StackName: 'protected', StackPolicyBody: frozen });
    for (const changed of [
      { Frozen: topic('2', { TopicName: 'one' }) },
      { Frozen: topic('1', { TopicName: 'two' }) },
      { Frozen: { ...topic('1', { TopicName: 'one' }), Metadata: { reason: 'another' } } },
      {},
    ]) {
      await expect(dev.deploy('protected', template(changed)), JSON.stringify(changed)).rejects.toThrow(denied);
      expect(await dev.status('protected')).toBe('UPDATE_ROLLBACK_COMPLETE');
    }
    await dev.deploy('protected', template({ Frozen: topic('1', { TopicName: 'one' }), Other: topic('changed') }));
    expect(await policyOf('protected')).toBe(frozen);
  });

  test('comes with the creation, holds for change sets, and gives way to one for a single update', async () => {
    const submit = (operation: string, resources: Readonly<Record<string, object>>, more: object) =>
      cloudFormation(operation, {
        StackName: 'created',
        TemplateBody: JSON.stringify(template(resources)),
        ...more,
      });
    await submit('CreateStack', { Frozen: topic('1') }, { StackPolicyBody: frozen });
    await submit('CreateChangeSet', { Frozen: topic('2') }, { ChangeSetName: 'change' });
    await cloudFormation('ExecuteChangeSet', { StackName: 'created', ChangeSetName: 'change' });
    expect(await dev.failures('created')).toEqual([denied]);

    await submit('UpdateStack', { Frozen: topic('2') }, { StackPolicyDuringUpdateBody: policy(allow) });
    expect(await dev.status('created')).toBe('UPDATE_COMPLETE');
    expect(await policyOf('created')).toBe(frozen);
    await submit('UpdateStack', { Frozen: topic('3') }, {});
    expect(await dev.status('created')).toBe('UPDATE_ROLLBACK_COMPLETE');
  });

  test('that comes with an update is for the next one, and an update by itself', async () => {
    await dev.deploy('later', template({ Frozen: topic('1') }));
    expect(await policyOf('later')).toBeUndefined();
    const update = (name: string, StackPolicyBody: string) =>
      cloudFormation('UpdateStack', {
        StackName: 'later',
        TemplateBody: JSON.stringify(template({ Frozen: topic(name) })),
        StackPolicyBody,
      });
    await update('2', frozen);
    expect(await dev.status('later')).toBe('UPDATE_COMPLETE');
    await expect(update('2', frozen)).rejects.toThrow('No updates are to be performed.');
    await update('2', policy(allow));
    expect(await policyOf('later')).toBe(policy(allow));
  });

  test('protects whatever no statement allows, once there is one', async () => {
    await dev.deploy('closed', template({}));
    const others = { ...allow, Condition: { StringEquals: { ResourceType: ['AWS::SQS::Queue'] } } };
    await cloudFormation('SetStackPolicy', { StackName: 'closed', StackPolicyBody: policy(others) });
    await expect(dev.deploy('closed', template({ Other: topic('2') }))).rejects.toThrow(
      'Other: Action not allowed by stack policy: no statement allows [Update:Modify]',
    );
    await cloudFormation('SetStackPolicy', { StackName: 'closed', StackPolicyBody: '{}' });
    await dev.deploy('closed', template({ Other: topic('2') }));
  });

  test.each([
    ['no JSON', 'policy'],
    ['a list', '[]'],
    ['another principal', policy({ ...deny, Principal: 'arn:aws:iam::111111111111:root' })],
    ['an action of another kind', policy({ ...deny, Action: 'Delete:*' })],
    ['no effect', policy({ ...deny, Effect: 'Maybe' })],
    ['another condition', policy({ ...deny, Condition: { StringEquals: { Tag: ['x'] } } })],
  ])('is refused when it is %s', async (_, StackPolicyBody) => {
    await expect(
      cloudFormation('CreateStack', {
        StackName: 'refused',
        TemplateBody: JSON.stringify(template({})),
        StackPolicyBody,
      }),
    ).rejects.toThrow('Error validating stack policy: Invalid stack policy');
    expect(await dev.status('refused')).toBeUndefined();
  });
});
