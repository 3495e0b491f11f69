import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApp, TIMEOUTS } from './app.mjs';

/** Starts the service inside this process on a free port; stops it when the test ends. */
async function start(t, options = {}) {
  const logged = [];
  const log = (level, message, fields) => logged.push({ level, message, ...fields });
  const app = createApp({ buildId: 'b-1', environment: 'test', log, ...options });
  app.server.listen(0, '127.0.0.1');
  await once(app.server, 'listening');
  t.after(() => {
    app.server.close();
    app.server.closeAllConnections();
  });
  return { ...app, logged, port: app.server.address().port };
}

/** Writes text to a new connection and gives back all that comes until the server closes it. */
async function talk(port, text) {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('utf8').on('data', (part) => {
    answer += part;
  });
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

/** Waits for the log to have a line: the client can be told before the server has closed its side and logs. */
async function firstLine(logged) {
  for (let waited = 0; logged.length === 0 && waited < 5000; waited += 10) {
    await sleep(10);
  }
  return logged[0];
}

describe('the time-outs', () => {
  it('keep idle connections longer than the 60 s of an Application Load Balancer', async (t) => {
    const { server } = await start(t);
    assert.ok(server.keepAliveTimeout > 60_000);
    assert.ok(server.headersTimeout > server.keepAliveTimeout);
    assert.ok(server.requestTimeout >= server.headersTimeout);
    assert.ok(Number.isFinite(server.requestTimeout) && server.requestTimeout < 120_000);
  });

  const short = { ...TIMEOUTS, headersTimeout: 100, requestTimeout: 200, connectionsCheckingInterval: 20 };
  for (const [what, text] of [
    ['the headers', 'GET / HTTP/1.1\r\nHost: x\r\n'],
    ['the body', 'POST /quotes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{'],
  ]) {
    it(`answer 408 to a client that does not finish ${what}, with one line in the log`, async (t) => {
      const { port, logged } = await start(t, { timeouts: short });
      assert.match(await talk(port, text), /^HTTP\/1\.1 408 Request Timeout\r\n/);
      const { message, status, error, clientGone } = await firstLine(logged);
      assert.equal(logged.length, 1);
      assert.deepEqual(
        { message, status, error, clientGone },
        { message: 'request', status: 408, error: 'ERR_HTTP_REQUEST_TIMEOUT', clientGone: undefined },
      );
    });
  }
});

describe('what is not HTTP', () => {
  it('gets a 400 and a line in the log', async (t) => {
    const { port, logged } = await start(t);
    assert.match(await talk(port, 'hello\r\n\r\n'), /^HTTP\/1\.1 400 Bad Request\r\n/);
    assert.deepEqual(logged, [{ level: 'INFO', message: 'request', status: 400, error: 'HPE_INVALID_METHOD' }]);
  });

  it('gets a 400 also behind a request that was answered', async (t) => {
    const { port, logged, server } = await start(t);
    const socket = connect(port, '127.0.0.1');
    let answers = '';
    socket.setEncoding('utf8').on('data', (part) => {
      answers += part;
    });
    const closed = once(socket, 'close');
    const arrived = once(server, 'request');
    socket.write('GET /health HTTP/1.1\r\nHost: x\r\n\r\n');
    const [, res] = await arrived;
    await once(res, 'close');
    socket.write('hello\r\n\r\n');
    await closed;
    assert.match(answers, /^HTTP\/1\.1 200 OK\r\n[\s\S]*\}HTTP\/1\.1 400 /);
    assert.deepEqual(
      logged.map(({ status }) => status),
      [200, 400],
    );
  });

  it('gets a 431 for headers that are too large', async (t) => {
    const { port } = await start(t);
    const answer = await talk(port, `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 431 /);
  });
});

describe('an unexpected error', () => {
  it('is a 500 without details for the client and a stack in the log, and the service goes on', async (t) => {
    const { port, logged } = await start(t, {
      calculate: () => {
        throw new TypeError('secret detail');
      },
    });
    const response = await fetch(`http://127.0.0.1:${port}/quotes`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"currency": "EUR", "items": [{"unitPrice": 1, "quantity": 1}]}',
    });
    const text = await response.text();
    assert.equal(response.status, 500);
    assert.equal(JSON.parse(text).error.code, 'internal_error');
    assert.doesNotMatch(text, /secret|TypeError|app\.mjs/);
    assert.equal(logged.length, 1);
    assert.equal(logged[0].level, 'ERROR');
    assert.match(logged[0].cause, /TypeError: secret detail\n\s+at /);
    assert.equal((await fetch(`http://127.0.0.1:${port}/health`)).status, 200);
  });
});

describe('a client that goes away', () => {
  it('leaves a line in the log that says so', async (t) => {
    const { port, logged, server } = await start(t);
    const socket = connect(port, '127.0.0.1');
    const arrived = once(server, 'request');
    socket.write('POST /quotes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{');
    const [, res] = await arrived;
    const closed = once(res, 'close');
    socket.destroy();
    await closed;
    assert.equal(logged.length, 1);
    assert.equal(logged[0].clientGone, true);
    assert.equal(logged[0].status, undefined);
  });
});
