import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Approval } from '../action-context';
import { Bench, withFault } from '../action-context.fixture';

let bench: Bench;
let topic: string;
let queue: string;
beforeAll(async () => {
  bench = await Bench.start();
  topic = (await bench.tooling<{ TopicArn: string }>('sns', 'CreateTopic', { Name: 'approvers' })).TopicArn;
  queue = (await bench.tooling<{ QueueUrl: string }>('sqs', 'CreateQueue', { QueueName: 'mailbox' })).QueueUrl;
  await bench.tooling('sns', 'Subscribe', {
    TopicArn: topic,
    Protocol: 'sqs',
    Endpoint: 'arn:aws:sqs:eu-west-1:111111111111:mailbox',
  });
});
afterAll(() => bench.stop());

const ask = (more: Parameters<Bench['perform']>[2] = {}) =>
  bench.perform(
    'Manual',
    { NotificationArn: topic, CustomData: 'Deploy abc to prod?', ExternalEntityLink: 'https://example.com/abc' },
    more,
  );

describe('an approval', () => {
  test('tells the topic what is to be approved, and asks', async () => {
    const asked: Approval[] = [];
    const { summary } = await ask({
      timeoutInMinutes: 60,
      context: {
        decide: async (approval) => {
          asked.push(approval);
          return { approved: true, comment: 'looks good' };
        },
      },
    });

    expect(summary).toBe('approved: looks good');
    expect(asked).toEqual([
      {
        pipeline: 'Fixture-Pipeline',
        execution: 1,
        stage: 'Stage',
        action: 'Action',
        message: 'Deploy abc to prod?',
        link: 'https://example.com/abc',
      },
    ]);
    const { Messages } = await bench.tooling<{ Messages: { Body: string }[] }>('sqs', 'ReceiveMessage', {
      QueueUrl: queue,
    });
    const { Subject, Message } = JSON.parse(Messages[0]?.Body ?? '{}') as { Subject: string; Message: string };
    expect(Subject).toBe('APPROVAL NEEDED: AWS CodePipeline Fixture-Pipeline for action Action');
    const { approval } = JSON.parse(Message) as { approval: { expires: string } };
    expect(approval).toMatchObject({
      pipelineName: 'Fixture-Pipeline',
      stageName: 'Stage',
      actionName: 'Action',
      customData: 'Deploy abc to prod?',
      externalEntityLink: 'https://example.com/abc',
    });
    const minutes = (Date.parse(approval.expires) - Date.now()) / 60_000;
    expect(minutes).toBeGreaterThan(57);
    expect(minutes).toBeLessThan(61);
  });

  test('that is rejected fails, with the reason', async () => {
    await expect(ask({ context: { decide: async () => ({ approved: false, comment: 'too risky' }) } })).rejects.toThrow(
      'Rejected: too risky',
    );
  });

  test('that nobody answers in time fails', async () => {
    await expect(ask({ timeoutInMinutes: 0.001, context: { decide: () => new Promise(() => {}) } })).rejects.toThrow(
      'Rejected: nobody answered within 0.001 minutes',
    );
  });

  test('ends when the rehearsal is stopped', async () => {
    const stopping = new AbortController();
    const asked = ask({
      signal: stopping.signal,
      context: {
        decide: () => {
          stopping.abort();
          return new Promise(() => {});
        },
      },
    });
    await expect(asked).rejects.toThrow('Rejected: the rehearsal was stopped');
  });

  test('with a fault is rejected without asking', async () => {
    const decide = () => Promise.reject(new Error('asked'));
    await expect(ask({ context: { ...withFault, decide } })).rejects.toThrow('Rejected: by --fail-at');
  });
});
