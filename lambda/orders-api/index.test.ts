import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/**
 * The function as Lambda runs it: the packaged files alone, in a folder of their own, in a process of their own. In
 * place of the runtime's AWS SDK stands one that writes down what it is asked to send.
 */
let root: string;

const SDK = `
  export class SendMessageCommand { constructor(input) { this.input = input; } }
  export class SQSClient {
    async send(command, options) {
      if (process.env.SQS_HANGS) {
        // The timer keeps the process alive, as an open socket would.
        const timer = setTimeout(() => {}, 60_000);
        return new Promise((_, reject) => options.abortSignal.addEventListener('abort', () => {
          clearTimeout(timer);
          reject(options.abortSignal.reason);
        }));
      }
      process.stdout.write(JSON.stringify({ sent: command.input }) + '\\n');
    }
  }`;

const DRIVER = `
  import { handler } from './index.mjs';
  const response = await handler(JSON.parse(process.argv[2]), { awsRequestId: 'invocation-1' });
  process.stdout.write(JSON.stringify({ response }) + '\\n');`;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'orders-api-'));
  for (const file of readdirSync(__dirname).filter((name) => !name.includes('.test.'))) {
    cpSync(join(__dirname, file), join(root, file), { recursive: true });
  }
  const sdk = join(root, 'node_modules', '@aws-sdk', 'client-sqs');
  mkdirSync(sdk, { recursive: true });
  writeFileSync(join(sdk, 'package.json'), '{ "name": "@aws-sdk/client-sqs", "exports": "./index.mjs" }');
  writeFileSync(join(sdk, 'index.mjs'), SDK);
  writeFileSync(join(root, 'driver.mjs'), DRIVER);
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

const event = {
  rawPath: '/orders',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ customerId: 'customer-1', items: [{ sku: 'MUG', quantity: 2 }] }),
  requestContext: { requestId: 'request-1', http: { method: 'POST' } },
};

const configured = { ORDERS_QUEUE_URL: 'https://queue.example/orders', ENVIRONMENT_NAME: 'test' };

/** Runs the function once, with nothing in its environment but `env`. */
function run(env: Record<string, string>) {
  return spawnSync(process.execPath, ['driver.mjs', JSON.stringify(event)], { cwd: root, env, encoding: 'utf8' });
}

describe('orders-api as it is packaged', () => {
  it('sends the order to the configured queue and writes nothing but JSON lines', () => {
    const { status, stdout, stderr } = run(configured);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const [{ sent }, log, { response }] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(sent.QueueUrl).toBe(configured.ORDERS_QUEUE_URL);
    const { orderId } = JSON.parse(response.body);
    expect(JSON.parse(sent.MessageBody)).toMatchObject({
      type: 'OrderPlaced',
      version: 1,
      orderId,
      customerId: 'customer-1',
    });
    expect(orderId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(log).toMatchObject({ level: 'INFO', environment: 'test', requestId: 'request-1', status: 202, orderId });
  });

  it('gives up on a queue that does not answer before the function itself runs out of time', () => {
    const started = Date.now();
    const { stdout } = run({ ...configured, SQS_HANGS: '1' });
    expect(Date.now() - started).toBeLessThan(9000);
    const lines = stdout.trim().split('\n');
    expect(JSON.parse(lines.at(-1) ?? '').response.statusCode).toBe(503);
    expect(JSON.parse(lines[0] ?? '').cause).toContain('TimeoutError');
  }, 20_000);

  it.each(['ORDERS_QUEUE_URL', 'ENVIRONMENT_NAME'])('does not start without %s and says so', (name) => {
    const { status, stderr } = run({ ...configured, [name]: '' });
    expect(status).not.toBe(0);
    expect(stderr).toContain(`The environment variable ${name} is missing`);
  });
});
