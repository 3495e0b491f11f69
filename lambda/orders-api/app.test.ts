import { describe, expect, it } from 'vitest';
import { createHandler, type HttpEvent, MAX_BODY_BYTES, MAX_DETAILS, type OrderPlaced } from './app.mjs';

const ORDER_ID = '5f0f6b1e-8e0e-4c57-9d1f-0a5d8f6a7b3c';
const NOW = '2026-01-02T03:04:05.678Z';
const order = { customerId: 'customer-1', items: [{ sku: 'MUG', quantity: 2 }] };

/** A handler with everything that it published and logged; `failure` is thrown instead of publishing. */
function setUp(failure?: unknown) {
  const published: OrderPlaced[] = [];
  const logged: Record<string, unknown>[] = [];
  const handler = createHandler({
    environment: 'test',
    newOrderId: () => ORDER_ID,
    now: () => new Date(NOW),
    publish: async (event) => {
      if (failure !== undefined) {
        throw failure;
      }
      published.push(event);
    },
    log: (entry) => logged.push(entry),
  });
  return {
    published,
    logged,
    call: async (event: HttpEvent) => {
      const { statusCode, headers, body } = await handler(event, { awsRequestId: 'invocation-1' });
      return { statusCode, headers, text: body, body: JSON.parse(body) };
    },
  };
}

/** A request event; POST /orders with a good order unless told otherwise. */
function request({
  method = 'POST',
  path = '/orders',
  ...rest
}: Partial<HttpEvent> & { method?: string; path?: string } = {}): HttpEvent {
  return {
    rawPath: path,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(order),
    isBase64Encoded: false,
    requestContext: { requestId: 'request-1', http: { method } },
    ...rest,
  };
}

describe('POST /orders', () => {
  it('publishes the order as OrderPlaced and answers 202 with its id', async () => {
    const { call, published } = setUp();
    const response = await call(request());
    expect(response.statusCode).toBe(202);
    expect(response.body).toEqual({ orderId: ORDER_ID, status: 'accepted' });
    expect(response.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-request-id': 'request-1',
    });
    expect(published).toEqual([{ type: 'OrderPlaced', version: 1, orderId: ORDER_ID, placedAt: NOW, ...order }]);
  });

  it('takes a body in Base64, as Lambda sends bodies that it takes for binary', async () => {
    const { call, published } = setUp();
    const body = Buffer.from(JSON.stringify(order)).toString('base64');
    expect((await call(request({ body, isBase64Encoded: true }))).statusCode).toBe(202);
    expect(published).toHaveLength(1);
  });

  it.each(['application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"'])(
    'takes the type %s',
    async (type) => {
      expect((await setUp().call(request({ headers: { 'content-type': type } }))).statusCode).toBe(202);
    },
  );

  it.each<[string, Partial<HttpEvent>, number, string]>([
    ['no type', { headers: {} }, 415, 'unsupported_media_type'],
    ['a form', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 415, 'unsupported_media_type'],
    [
      'another charset',
      { headers: { 'content-type': 'application/json; charset=latin1' } },
      415,
      'unsupported_media_type',
    ],
    ['broken JSON', { body: '{"secret": "s3cret",' }, 400, 'invalid_json'],
    ['an empty body', { body: '' }, 400, 'invalid_json'],
    ['bytes that are not UTF-8', { body: 'Iv8i', isBase64Encoded: true }, 400, 'invalid_json'],
    ['a body that is too large', { body: `"${'x'.repeat(MAX_BODY_BYTES)}"` }, 413, 'body_too_large'],
    ['a body that is too large in bytes', { body: `"${'é'.repeat(MAX_BODY_BYTES / 2)}"` }, 413, 'body_too_large'],
    ['an order without items', { body: '{"customerId": "c"}' }, 400, 'invalid_order'],
  ])('refuses %s, publishes nothing and logs no part of the body', async (_, change, status, code) => {
    const { call, published, logged } = setUp();
    const response = await call(request(change));
    expect(response.statusCode).toBe(status);
    expect(response.body.error).toMatchObject({ code, requestId: 'request-1' });
    expect(published).toEqual([]);
    expect(logged).toHaveLength(1);
    expect(logged[0]).toMatchObject({ level: 'INFO', status, error: code });
    expect(JSON.stringify(logged) + response.text).not.toContain('s3cret');
  });

  it('takes a body of exactly the largest size as far as the order', async () => {
    const response = await setUp().call(request({ body: `"${'x'.repeat(MAX_BODY_BYTES - 2)}"` }));
    expect(response.body.error.code).toBe('invalid_order');
  });

  it('names the places of the problems, but not thousands of them', async () => {
    const { call } = setUp();
    const one = await call(request({ body: JSON.stringify({ ...order, items: [{ sku: 'MUG', quantity: 0 }] }) }));
    expect(one.body.error.details).toEqual([
      { path: 'items[0].quantity', problem: 'must be a whole number from 1 to 999' },
    ]);
    const junk = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`k${index}`, 1]));
    const many = await call(request({ body: JSON.stringify(junk) }));
    expect(many.body.error.details).toHaveLength(MAX_DETAILS);
  });

  it('answers 503 when the queue cannot be reached and keeps the reason to the log', async () => {
    const { call, logged } = setUp(new Error('AccessDenied for arn:aws:iam::111111111111:role/secret-role'));
    const response = await call(request());
    expect(response.statusCode).toBe(503);
    expect(response.headers['retry-after']).toBe('5');
    expect(response.body.error.code).toBe('unavailable');
    expect(response.text).not.toMatch(/secret-role|app\.mjs/);
    expect(logged[0]).toMatchObject({ level: 'ERROR', status: 503, orderId: ORDER_ID });
    expect(logged[0]?.cause).toMatch(/secret-role[\s\S]*app\.test/);
  });
});

describe('the rest of the HTTP surface', () => {
  it('answers GET /health even when the queue does not work', async () => {
    const { call } = setUp(new Error('no queue'));
    const response = await call({ rawPath: '/health', requestContext: { http: { method: 'GET' } } });
    expect(response.statusCode).toBe(200);
    expect(response.body).toEqual({ status: 'ok', environment: 'test' });
    expect(response.headers['x-request-id']).toBe('invocation-1');
  });

  it.each(['/', '/order', '/orders/', '/orders/1', '/__proto__', '/constructor', 'constructor'])(
    'answers 404 at %s',
    async (path) => {
      const response = await setUp().call(request({ path }));
      expect([response.statusCode, response.body.error.code]).toEqual([404, 'not_found']);
    },
  );

  it.each([
    ['GET', '/orders', 'POST'],
    ['DELETE', '/orders', 'POST'],
    ['constructor', '/orders', 'POST'],
    ['POST', '/health', 'GET'],
  ])('answers 405 to %s %s and names %s', async (method, path, allow) => {
    const response = await setUp().call(request({ method, path }));
    expect([response.statusCode, response.headers.allow]).toEqual([405, allow]);
  });

  it.each([[{}], [{ Records: [] }], [null]])('answers 400 to the event %j, which is not HTTP', async (event) => {
    const response = await setUp().call(event as HttpEvent);
    expect([response.statusCode, response.body.error.code]).toEqual([400, 'not_an_http_event']);
  });

  it('turns an unexpected error into a 500 without details and logs its stack', async () => {
    const { call, logged } = setUp();
    // A body that is no string cannot come from Lambda: it stands for a mistake in the code.
    const response = await call(request({ body: 5 as unknown as string }));
    expect(response.statusCode).toBe(500);
    expect(response.body).toEqual({
      error: { code: 'internal_error', message: 'Something went wrong.', requestId: 'request-1' },
    });
    expect(logged[0]).toMatchObject({ level: 'ERROR', status: 500 });
    expect(logged[0]?.cause).toContain('readJson');
  });

  it('logs one line for a request, with what an operator looks for', async () => {
    const { call, logged } = setUp();
    await call(request());
    expect(logged).toEqual([
      {
        timestamp: NOW,
        level: 'INFO',
        message: 'request',
        invocationId: 'invocation-1',
        requestId: 'request-1',
        environment: 'test',
        method: 'POST',
        path: '/orders',
        orderId: ORDER_ID,
        itemCount: 1,
        status: 202,
        durationMs: expect.any(Number),
      },
    ]);
  });
});
