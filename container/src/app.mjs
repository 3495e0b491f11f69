// @ts-check

import { randomUUID } from 'node:crypto';
import { createServer, STATUS_CODES } from 'node:http';
import { calculateQuote, parseQuoteRequest } from './quotes.mjs';

/**
 * @typedef {import('node:http').IncomingMessage} IncomingMessage
 * @typedef {import('node:http').ServerResponse} ServerResponse
 * @typedef {(level: 'INFO' | 'ERROR' | 'FATAL', message: string, fields?: Record<string, unknown>) => void} Log
 * @typedef {{ status: number, body: object }} Result
 */

/** A quote of 50 items needs about 3 KB. */
export const MAX_BODY_BYTES = 16 * 1024;

/** A body full of nonsense can hold thousands of problems; the answer must stay small. */
export const MAX_DETAILS = 20;

/**
 * The server's time-outs in milliseconds, for a place behind an Application Load Balancer with its default idle
 * time-out of 60 s. A load balancer with another one needs other numbers here.
 *
 * - keepAliveTimeout MUST be longer than the load balancer's idle time-out. The load balancer keeps connections open
 *   for its next requests; if this side closes one first, a request can be on its way into the closed connection, and
 *   the client gets a 502 now and then without a trace in this service's log. Node's default is 5 s.
 * - headersTimeout is longer still, because it also ends connections on which no request has come yet. Slow clients
 *   are not this service's business: the load balancer stands in front and only it can connect.
 * - requestTimeout is for the whole request with its body, and Node wants it to be at least headersTimeout.
 */
export const TIMEOUTS = {
  keepAliveTimeout: 65_000,
  headersTimeout: 66_000,
  requestTimeout: 70_000,
  connectionsCheckingInterval: 5_000,
};

/** A refusal that the client is told about: status, code and message are meant for its eyes. */
class HttpError extends Error {
  /**
   * @param {number} status
   * @param {string} code
   * @param {string} message
   * @param {{ details?: object[], headers?: Record<string, string> }} [options]
   */
  constructor(status, code, message, { details, headers } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
    this.headers = headers;
  }
}

/** The client went away before its request was complete. Nobody is left to answer. */
class ClientGone extends Error {}

/**
 * Reads the body. One that is too large is refused at once, and the rest of it is read and thrown away: closing the
 * connection under a client that still sends would lose the answer (the load balancer would turn it into a 502).
 *
 * @param {IncomingMessage} req
 * @returns {Promise<Buffer>}
 * @throws {HttpError} 413
 * @throws {ClientGone}
 */
function readBody(req) {
  return new Promise((resolve, reject) => {
    /** @type {Buffer[]} */
    const chunks = [];
    let size = 0;
    req.on('data', (chunk) => {
      size += chunk.length;
      if (size <= MAX_BODY_BYTES) {
        chunks.push(chunk);
      } else {
        chunks.length = 0;
        reject(new HttpError(413, 'body_too_large', `The body must not be larger than ${MAX_BODY_BYTES} bytes.`));
      }
    });
    req.on('end', () => resolve(Buffer.concat(chunks)));
    req.on('error', () => reject(new ClientGone()));
    req.on('close', () => reject(new ClientGone()));
  });
}

/**
 * @param {IncomingMessage} req
 * @returns {Promise<unknown>} the JSON value in the body
 * @throws {HttpError} 415 another media type, 413 too large, 400 not UTF-8 or not JSON
 * @throws {ClientGone}
 */
async function readJson(req) {
  const contentType = req.headers['content-type'] ?? '';
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(contentType)) {
    throw new HttpError(415, 'unsupported_media_type', 'Content-Type must be application/json.');
  }
  if (req.headers['content-encoding'] !== undefined) {
    throw new HttpError(415, 'unsupported_encoding', 'The body must not have a Content-Encoding.');
  }
  const body = await readBody(req);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    // The parser's own message quotes the body: not for the client's eyes, nor for the log.
    throw new HttpError(400, 'invalid_json', 'The body must be JSON in UTF-8.');
  }
}

/**
 * Makes the service; the caller listens and closes.
 *
 * @param {{
 *   buildId: string,
 *   environment: string,
 *   log: Log,
 *   calculate?: typeof calculateQuote,
 *   timeouts?: typeof TIMEOUTS,
 * }} options
 * @returns {{ server: import('node:http').Server, drain: () => void }} `drain` is for the time between SIGTERM and
 *   closing the server: /health says 503, and every answer asks the client to take another connection
 */
export function createApp({ buildId, environment, log, calculate = calculateQuote, timeouts = TIMEOUTS }) {
  let draining = false;

  /**
   * The fields of the line in the log that is still to come for a connection's request.
   *
   * @type {WeakMap<import('node:stream').Duplex, Record<string, unknown>>}
   */
  const inFlight = new WeakMap();

  /** @type {Record<string, Record<string, (req: IncomingMessage) => Result | Promise<Result>>>} */
  const routes = {
    '/': {
      GET: () => ({ status: 200, body: { service: 'quote-service', buildId, environment } }),
    },
    '/health': {
      GET: () => (draining ? { status: 503, body: { status: 'draining' } } : { status: 200, body: { status: 'ok' } }),
    },
    '/quotes': {
      POST: async (req) => {
        const parsed = parseQuoteRequest(await readJson(req));
        if ('problems' in parsed) {
          throw new HttpError(400, 'invalid_quote_request', 'The quote request is not valid.', {
            details: parsed.problems.slice(0, MAX_DETAILS),
          });
        }
        return { status: 200, body: calculate(parsed.request) };
      },
    },
  };

  /**
   * @param {IncomingMessage} req
   * @param {string} path
   * @returns {Result | Promise<Result>}
   */
  function route(req, path) {
    const methods = Object.hasOwn(routes, path) ? routes[path] : undefined;
    if (methods === undefined) {
      throw new HttpError(404, 'not_found', 'There is nothing at this path.');
    }
    // Node leaves the body out of the answer to a HEAD request.
    const method = req.method === 'HEAD' ? 'GET' : (req.method ?? '');
    const handler = Object.hasOwn(methods, method) ? methods[method] : undefined;
    if (handler === undefined) {
      const allow = Object.keys(methods)
        .map((name) => (name === 'GET' ? 'GET, HEAD' : name))
        .join(', ');
      throw new HttpError(405, 'method_not_allowed', `Use ${allow} here.`, { headers: { allow } });
    }
    return handler(req);
  }

  /**
   * @param {IncomingMessage} req
   * @param {ServerResponse} res
   */
  async function handle(req, res) {
    const started = performance.now();
    // The load balancer's own trace id, so that its access log and this log can be joined.
    const traceId = req.headers['x-amzn-trace-id'];
    const requestId = typeof traceId === 'string' && /^[\w=;:.-]{1,256}$/.test(traceId) ? traceId : randomUUID();
    // Without the query: people put secrets there.
    const path = (req.url ?? '').split('?', 1)[0] ?? '';
    /** @type {Record<string, unknown>} */
    const logged = {};
    inFlight.set(req.socket, logged);
    res.on('close', () => {
      inFlight.delete(req.socket);
      log(logged.cause === undefined ? 'INFO' : 'ERROR', 'request', {
        requestId,
        method: req.method,
        path,
        status: res.headersSent ? res.statusCode : undefined,
        durationMs: Math.round(performance.now() - started),
        clientGone: res.writableFinished || logged.status !== undefined ? undefined : true,
        ...logged,
      });
    });

    /** @type {Result & { headers?: Record<string, string> | undefined }} */
    let result;
    try {
      result = await route(req, path);
    } catch (thrown) {
      if (thrown instanceof ClientGone) {
        return;
      }
      const known = thrown instanceof HttpError;
      const error = known ? thrown : new HttpError(500, 'internal_error', 'Something went wrong.');
      const { status, code, message, details, headers } = error;
      result = { status, body: { error: { code, message, details, requestId } }, headers };
      logged.error = code;
      if (!known) {
        // Name, message and stack go to the log only.
        logged.cause = thrown instanceof Error ? thrown.stack : String(thrown);
      }
    }
    const body = Buffer.from(JSON.stringify(result.body));
    res.writeHead(result.status, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': body.length,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-request-id': requestId,
      // Without this an open connection would hold up the shutdown until its keep-alive ends.
      ...(draining ? { connection: 'close' } : {}),
      ...result.headers,
    });
    res.end(body);
  }

  const server = createServer(timeouts, handle);

  // What is no HTTP, has too large headers or takes too long is never answered by `handle`, so it is answered and
  // logged here. A request that timed out in its body has a line of its own in the log already: that one is completed.
  server.on('clientError', (/** @type {NodeJS.ErrnoException} */ error, socket) => {
    // Nobody is left to answer: the connection broke, or ended within a request.
    if (error.code === 'ECONNRESET' || error.code === 'HPE_INVALID_EOF_STATE' || !socket.writable) {
      socket.destroy();
      return;
    }
    const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
    const logged = inFlight.get(socket);
    if (logged === undefined) {
      log('INFO', 'request', { status, error: error.code });
    } else {
      Object.assign(logged, { status, error: error.code });
    }
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  });

  return {
    server,
    drain: () => {
      draining = true;
    },
  };
}
