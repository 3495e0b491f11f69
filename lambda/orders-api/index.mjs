/**
 * orders-api: takes orders over HTTP and puts each on an SQS queue as an OrderPlaced event.
 *
 * Handler `index.handler`. Environment: ORDERS_QUEUE_URL, ENVIRONMENT_NAME. AWS: sqs:SendMessage on the queue.
 * The AWS SDK is the one that Lambda's Node.js runtime has; nothing is packaged.
 */

import { randomUUID } from 'node:crypto';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { createHandler } from './app.mjs';

/**
 * @param {string} name
 * @returns {string}
 * @throws {Error} when it is missing. The function then fails while it starts, which is better than with an order.
 */
function required(name) {
  const value = process.env[name];
  if (!value) {
    throw new Error(`The environment variable ${name} is missing: set it in the function's configuration.`);
  }
  return value;
}

const queueUrl = required('ORDERS_QUEUE_URL');
const environment = required('ENVIRONMENT_NAME');
const sqs = new SQSClient({});

/** Must stay well below the function's time-out (10 s), or the client gets a bare 502 and the log no reason. */
const SEND_DEADLINE_MS = 3000;

export const handler = createHandler({
  environment,
  newOrderId: randomUUID,
  now: () => new Date(),
  publish: async (event) => {
    const command = new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(event) });
    // One deadline for all attempts of the SDK together.
    await sqs.send(command, { abortSignal: AbortSignal.timeout(SEND_DEADLINE_MS) });
  },
  // Not console.log: with Lambda's text log format that puts a prefix in front of the JSON.
  log: (entry) => process.stdout.write(`${JSON.stringify(entry)}\n`),
});
