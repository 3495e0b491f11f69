import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from './client';
import { Deployments } from './deployment';

let emulator: Emulator;
let dev: Deployments;
beforeAll(async () => {
  emulator = await startEmulator();
  dev = new Deployments(emulator, 'dev');
}, 60_000);
afterAll(() => emulator.stop());

const topic = 'arn:aws:sns:eu-west-1:222222222222:one';

test.each([
  ['AWS::SNS::Topic', { TopicName: 'one' }],
  ['AWS::SNS::TopicPolicy', { Topics: [topic], PolicyDocument: {} }],
  ['AWS::SNS::Subscription', { TopicArn: topic, Protocol: 'email', Endpoint: 'a@example.com' }],
  ['AWS::SQS::Queue', { QueueName: 'one' }],
  ['AWS::SQS::QueuePolicy', { Queues: ['one'], PolicyDocument: {} }],
])('%s refuses a property that it does not have, before anything is made', async (Type, properties) => {
  const template = { Resources: { It: { Type, Properties: { ...properties, KmsMasterKeyID: 'alias/misspelt' } } } };
  await expect(dev.deploy('misspelt', template)).rejects.toThrow(
    `Encountered unsupported property KmsMasterKeyID of It (${Type})`,
  );
  expect(await dev.status('misspelt')).toBeUndefined();
});

/** Types, and which of the properties that the emulator takes AWS's schema does not have. */
const script = `
import json
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER as schemas
import emulator.resources
from emulator.resource_type import ResourceType
print(json.dumps({
    name: sorted(set(kind.properties) - set(schemas.get_resource_schema("us-east-1", name).schema["properties"]))
    for name, kind in ResourceType.registry.items()
    if kind.properties is not None
}))
`;

test('no type takes a property that the schema of AWS does not have', () => {
  const { stdout, stderr } = spawnSync('python3', ['-c', script], {
    encoding: 'utf8',
    env: { ...process.env, PYTHONPATH: join(__dirname, '..') },
  });
  expect(stderr).toBe('');
  const unknown = JSON.parse(stdout) as Readonly<Record<string, readonly string[]>>;
  expect(Object.keys(unknown)).toEqual(expect.arrayContaining(['AWS::SNS::Topic', 'AWS::SQS::Queue']));
  expect(Object.entries(unknown).filter(([, names]) => names.length > 0)).toEqual([]);
}, 60_000);
