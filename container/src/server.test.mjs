import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const SERVER = fileURLToPath(new URL('server.mjs', import.meta.url));
const REQUEST = JSON.stringify({ currency: 'EUR', items: [{ unitPrice: 1250, quantity: 3 }], taxPercent: 19 });

/**
 * Starts the real server as a process of its own on a free port, with nothing in its environment but `env`.
 *
 * `line(message)` waits for a log line. `end()` waits for the process and gives its exit code, its signal and all its
 * log lines; it fails when a line is not JSON or something stands on standard error.
 */
async function start(env = {}, nodeOptions = []) {
  const child = spawn(process.execPath, [...nodeOptions, SERVER], { env: { PORT: '0', ...env } });
  const lines = [];
  const waiting = new Set();
  let rest = '';
  let stderr = '';
  const check = () => waiting.forEach((tryNow) => void tryNow());
  child.stdout.setEncoding('utf8').on('data', (part) => {
    const parts = (rest + part).split('\n');
    rest = parts.pop();
    lines.push(...parts);
    check();
  });
  child.stderr.setEncoding('utf8').on('data', (part) => {
    stderr += part;
  });
  let ended = false;
  const closed = once(child, 'close').then(([code, signal]) => {
    ended = true;
    check();
    return { code, signal };
  });
  const line = (message) =>
    new Promise((resolve, reject) => {
      const tryNow = () => {
        const found = lines.find((text) => text.includes(`"message":"${message}"`));
        if (found !== undefined || ended) {
          waiting.delete(tryNow);
        }
        if (found !== undefined) {
          resolve(JSON.parse(found));
        } else if (ended) {
          reject(new Error(`The server ended without the log line "${message}": ${lines.join('\n')}\n${stderr}`));
        }
      };
      waiting.add(tryNow);
      tryNow();
    });
  const end = async () => {
    const result = await closed;
    assert.equal(stderr, '');
    assert.equal(rest, '');
    return { ...result, log: lines.map((text) => JSON.parse(text)) };
  };
  return { child, line, end };
}

/** Sends one request on a connection of its own, unless `options.agent` says otherwise. */
function send(port, path, { body, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, path, agent: false, ...options }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => {
        text += part;
      });
      response.on('end', () => {
        const { statusCode: status, headers } = response;
        resolve({ status, headers, text, body: text === '' ? undefined : JSON.parse(text) });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

/**
 * Begins to post a quote request and holds half of the body back. Gives the control back once the server has the
 * headers: it says "100 Continue" then. `finish()` sends the rest and waits for the answer.
 */
async function sendSlowly(port) {
  const headers = { 'content-type': 'application/json', 'content-length': REQUEST.length, expect: '100-continue' };
  // Ready to keep the connection, as the load balancer is: it is the server that has to say that it will not.
  const agent = new http.Agent({ keepAlive: true });
  const request = http.request({ host: '127.0.0.1', port, path: '/quotes', method: 'POST', agent, headers });
  const response = once(request, 'response').then(async ([message]) => {
    let text = '';
    for await (const part of message) {
      text += part;
    }
    return { status: message.statusCode, headers: message.headers, body: JSON.parse(text) };
  });
  response.catch(() => {}); // a test that ends the server on purpose does not wait for it
  const accepted = once(request, 'continue');
  request.flushHeaders();
  await accepted;
  request.write(REQUEST.slice(0, 20));
  return {
    response,
    finish: () => {
      request.end(REQUEST.slice(20));
      return response;
    },
  };
}

describe('the running service', () => {
  let server;
  let port;

  before(async () => {
    server = await start({ BUILD_ID: 'build-7', ENVIRONMENT_NAME: 'test', DRAIN_SECONDS: '0' });
    ({ port } = await server.line('listening'));
  });

  after(() => server.child.kill('SIGKILL'));

  const json = { 'content-type': 'application/json' };
  const post = (body, headers = json) => send(port, '/quotes', { method: 'POST', headers, body });

  it('says at / which build runs in which environment', async () => {
    const { status, headers, body } = await send(port, '/?from=test');
    assert.equal(status, 200);
    assert.deepEqual(body, { service: 'quote-service', buildId: 'build-7', environment: 'test' });
    assert.equal(headers['content-type'], 'application/json; charset=utf-8');
    assert.equal(headers['cache-control'], 'no-store');
  });

  it('is healthy', async () => {
    const { status, body } = await send(port, '/health');
    assert.deepEqual({ status, body }, { status: 200, body: { status: 'ok' } });
  });

  it('answers HEAD without a body', async () => {
    const { status, text } = await send(port, '/health', { method: 'HEAD' });
    assert.deepEqual({ status, text }, { status: 200, text: '' });
  });

  it('calculates a quote', async () => {
    const { status, body } = await post(REQUEST);
    assert.equal(status, 200);
    assert.deepEqual(body, { currency: 'EUR', subtotal: 3750, discount: 0, tax: 713, total: 4463 });
  });

  it('takes a type with the charset utf-8', async () => {
    assert.equal((await post(REQUEST, { 'content-type': 'application/json; charset=utf-8' })).status, 200);
  });

  for (const [what, body, headers, status, code] of [
    ['broken JSON', '{"secret": "s3cret",', json, 400, 'invalid_json'],
    ['an empty body', '', json, 400, 'invalid_json'],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22]), json, 400, 'invalid_json'],
    ['a request without items', '{"currency": "EUR"}', json, 400, 'invalid_quote_request'],
    ['no type', REQUEST, {}, 415, 'unsupported_media_type'],
    ['another type', REQUEST, { 'content-type': 'text/plain' }, 415, 'unsupported_media_type'],
    ['a compressed body', REQUEST, { ...json, 'content-encoding': 'gzip' }, 415, 'unsupported_encoding'],
    ['a body that is too large', `"${'x'.repeat(16 * 1024 - 1)}"`, json, 413, 'body_too_large'],
    ['a body of 2 MB', 'x'.repeat(2_000_000), json, 413, 'body_too_large'],
    [
      'a large body of unknown length',
      'x'.repeat(200_000),
      { ...json, 'transfer-encoding': 'chunked' },
      413,
      'body_too_large',
    ],
  ]) {
    it(`refuses ${what} with ${status} ${code}`, async () => {
      const response = await post(body, headers);
      assert.equal(response.status, status);
      assert.equal(response.body.error.code, code);
      assert.equal(response.body.error.requestId, response.headers['x-request-id']);
      assert.doesNotMatch(response.text, /s3cret|\.mjs/);
    });
  }

  it('reads a body of exactly 16 KB', async () => {
    assert.equal((await post(`"${'x'.repeat(16 * 1024 - 2)}"`)).body.error.code, 'invalid_quote_request');
  });

  it('goes on using the connection after a body that was too large', async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    try {
      const large = { method: 'POST', headers: json, body: 'x'.repeat(500_000), agent };
      assert.equal((await send(port, '/quotes', large)).status, 413);
      assert.equal((await send(port, '/health', { agent })).status, 200);
    } finally {
      agent.destroy();
    }
  });

  it('names the places of the problems, but not thousands of them', async () => {
    const one = await post('{"currency": "EUR", "items": [{"unitPrice": 1, "quantity": 0}]}');
    assert.deepEqual(one.body.error.details, [
      { path: 'items[0].quantity', problem: 'must be a whole number from 1 to 999' },
    ]);
    const many = await post(JSON.stringify(Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`k${i}`, 1]))));
    assert.equal(many.body.error.details.length, 20);
  });

  for (const path of ['/quote', '/quotes/', '/health/x', '/__proto__', '/constructor', '//']) {
    it(`answers 404 at ${path}`, async () => {
      const { status, body } = await send(port, path);
      assert.deepEqual([status, body.error.code], [404, 'not_found']);
    });
  }

  for (const [method, path, allow] of [
    ['GET', '/quotes', 'POST'],
    ['DELETE', '/quotes', 'POST'],
    ['POST', '/health', 'GET, HEAD'],
    ['PUT', '/', 'GET, HEAD'],
  ]) {
    it(`answers 405 to ${method} ${path} and names ${allow}`, async () => {
      const { status, headers } = await send(port, path, { method });
      assert.deepEqual([status, headers.allow], [405, allow]);
    });
  }

  it("takes the load balancer's trace id over, and makes an id of its own for anything odd", async () => {
    const trace = 'Root=1-67891233-abcdef012345678912345678';
    const withTrace = await send(port, '/', { headers: { 'x-amzn-trace-id': trace } });
    assert.equal(withTrace.headers['x-request-id'], trace);
    const odd = await send(port, '/', { headers: { 'x-amzn-trace-id': 'a"b <c>' } });
    assert.match(odd.headers['x-request-id'], /^[0-9a-f-]{36}$/);
  });

  it('logs one JSON line for each request, without query and body, and ends with 0 on SIGTERM', async () => {
    await send(port, '/last?token=s3cret', { headers: { 'x-amzn-trace-id': 'Root=1-last' } });
    server.child.kill('SIGTERM');
    const { code, log } = await server.end();
    assert.equal(code, 0);
    assert.doesNotMatch(JSON.stringify(log), /s3cret/);
    const [last, ...more] = log.filter(({ requestId }) => requestId === 'Root=1-last');
    assert.deepEqual(more, []);
    assert.match(last.timestamp, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.ok(Number.isInteger(last.durationMs));
    const { timestamp, durationMs, ...fixed } = last;
    assert.deepEqual(fixed, {
      level: 'INFO',
      message: 'request',
      requestId: 'Root=1-last',
      method: 'GET',
      path: '/last',
      status: 404,
      error: 'not_found',
    });
  });
});

describe('a shutdown', () => {
  it('turns /health to 503, then refuses connections, finishes what is in flight and exits with 0', async (t) => {
    const { child, line, end } = await start({ DRAIN_SECONDS: '2', SHUTDOWN_SECONDS: '20' });
    t.after(() => child.kill('SIGKILL'));
    const { port } = await line('listening');
    const slow = await sendSlowly(port);

    child.kill('SIGTERM');
    await line('shutdown started');
    const health = await send(port, '/health');
    assert.deepEqual([health.status, health.body], [503, { status: 'draining' }]);
    const late = await send(port, '/', { agent: new http.Agent({ keepAlive: true }) });
    assert.deepEqual([late.status, late.headers.connection], [200, 'close']);

    await line('listener closed');
    await assert.rejects(send(port, '/health'), { code: 'ECONNREFUSED' });

    const { status, headers, body } = await slow.finish();
    assert.deepEqual([status, headers.connection, body.total], [200, 'close', 4463]);
    const { code, signal, log } = await end();
    assert.deepEqual({ code, signal }, { code: 0, signal: null });
    assert.equal(log.at(-1).message, 'shutdown complete');
  });

  it('is not held up by idle connections, nor started anew by a second signal', async (t) => {
    const { child, line, end } = await start({ DRAIN_SECONDS: '1' });
    t.after(() => child.kill('SIGKILL'));
    const { port } = await line('listening');
    const agent = new http.Agent({ keepAlive: true });
    t.after(() => agent.destroy());
    await send(port, '/', { agent });
    const started = Date.now();
    child.kill('SIGINT');
    await line('shutdown started');
    child.kill('SIGTERM');
    const { code, log } = await end();
    assert.equal(code, 0);
    assert.ok(Date.now() - started < 10_000);
    assert.equal(log.filter(({ message }) => message === 'shutdown started').length, 1);
  });

  it('ends with 1 at its deadline when a request never ends', async (t) => {
    const { child, line, end } = await start({ DRAIN_SECONDS: '0', SHUTDOWN_SECONDS: '1' });
    t.after(() => child.kill('SIGKILL'));
    const { port } = await line('listening');
    const slow = await sendSlowly(port);
    child.kill('SIGTERM');
    const { code, log } = await end();
    assert.equal(code, 1);
    assert.equal(log.at(-1).level, 'ERROR');
    assert.match(log.at(-1).message, /^shutdown deadline passed/);
    await assert.rejects(slow.response);
  });
});

describe('what goes wrong in the process', () => {
  it('is said in the log when a setting is bad', async () => {
    const { end } = await start({ PORT: 'http' });
    const { code, log } = await end();
    assert.equal(code, 1);
    assert.deepEqual([log.length, log[0].level], [1, 'FATAL']);
    assert.match(log[0].cause, /PORT is "http": expected a whole number from 0 to 65535/);
  });

  it('is said in the log when the port is taken', async (t) => {
    const taken = http.createServer().listen(0);
    t.after(() => taken.close());
    await once(taken, 'listening');
    const { end } = await start({ PORT: String(taken.address().port) });
    const { code, log } = await end();
    assert.equal(code, 1);
    assert.match(log.at(-1).cause, /EADDRINUSE/);
  });

  it('ends the process and is said in the log when nobody caught it, also for promises', async () => {
    const module = 'process.on("SIGUSR2", () => Promise.reject(new Error("boom")))';
    const { child, line, end } = await start({}, ['--import', `data:text/javascript,${encodeURIComponent(module)}`]);
    await line('listening');
    child.kill('SIGUSR2');
    const { code, log } = await end();
    assert.equal(code, 1);
    assert.equal(log.at(-1).level, 'FATAL');
    assert.match(log.at(-1).cause, /boom/);
  });
});
