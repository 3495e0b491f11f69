// @ts-check
/**
 * The HTTP side of orders-api, without any AWS client, so that it can be tested as it is.
 *
 * The event is "payload format version 2.0", which Lambda function URLs and API Gateway HTTP APIs share
 * (https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html). With API Gateway use the `$default` stage:
 * any other stage's name stands in front of `rawPath`.
 *
 * @typedef {{
 *   rawPath?: string,
 *   headers?: Record<string, string | undefined>,
 *   body?: string,
 *   isBase64Encoded?: boolean,
 *   requestContext?: { requestId?: string, http?: { method?: string } },
 * }} HttpEvent
 * @typedef {{ awsRequestId: string }} InvocationContext
 * @typedef {{ statusCode: number, headers: Record<string, string>, body: string }} HttpResponse
 * @typedef {{
 *   type: 'OrderPlaced', version: 1, orderId: string, placedAt: string,
 *   customerId: string, items: { sku: string, quantity: number }[],
 * }} OrderPlaced
 * @typedef {{
 *   environment: string,
 *   publish: (event: OrderPlaced) => Promise<void>,
 *   log: (entry: Record<string, unknown>) => void,
 *   newOrderId: () => string,
 *   now: () => Date,
 * }} Dependencies
 */

import { parseOrder } from './order.mjs';

/** An order of 50 items needs about 4 KB. SQS takes far more, but nobody needs to send it. */
export const MAX_BODY_BYTES = 16 * 1024;

/** A body full of nonsense can hold thousands of problems; the answer must stay small. */
export const MAX_DETAILS = 20;

/** A refusal that the client is told about: status, code and message are meant for its eyes. */
class HttpError extends Error {
  /**
   * @param {number} status
   * @param {string} code
   * @param {string} message
   * @param {{ details?: object[], headers?: Record<string, string>, cause?: unknown }} [options]
   */
  constructor(status, code, message, { details, headers, cause } = {}) {
    super(message, { cause });
    this.status = status;
    this.code = code;
    this.details = details;
    this.headers = headers;
  }
}

/**
 * @param {number} statusCode
 * @param {object} body
 * @param {string} requestId
 * @param {Record<string, string>} [headers]
 * @returns {HttpResponse}
 */
function respond(statusCode, body, requestId, headers = {}) {
  return {
    statusCode,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-request-id': requestId,
      ...headers,
    },
    body: JSON.stringify(body),
  };
}

/**
 * The JSON value in the event's body.
 *
 * @param {HttpEvent} event
 * @returns {unknown}
 * @throws {HttpError} 415 another media type, 413 too large, 400 not UTF-8 or not JSON
 */
function readJson(event) {
  // Lambda and API Gateway hand header names over in lower case.
  const contentType = event.headers?.['content-type'] ?? '';
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(contentType)) {
    throw new HttpError(415, 'unsupported_media_type', 'Content-Type must be application/json.');
  }
  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > MAX_BODY_BYTES) {
    throw new HttpError(413, 'body_too_large', `The body must not be larger than ${MAX_BODY_BYTES} bytes.`);
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    // The parser's own message quotes the body: not for the client's eyes, nor for the log.
    throw new HttpError(400, 'invalid_json', 'The body must be JSON in UTF-8.');
  }
}

/**
 * Makes the Lambda handler.
 *
 * @param {Dependencies} dependencies
 * @returns {(event: HttpEvent, context: InvocationContext) => Promise<HttpResponse>} never rejects: every error
 *   becomes a JSON response with `error.code` and `error.message`, and one line in the log
 */
export function createHandler({ environment, publish, log, newOrderId, now }) {
  /**
   * @param {HttpEvent} event
   * @param {Record<string, unknown>} logged fields for the request's line in the log
   * @returns {Promise<{ status: number, body: object, headers?: Record<string, string> }>}
   */
  async function placeOrder(event, logged) {
    const parsed = parseOrder(readJson(event));
    if ('problems' in parsed) {
      throw new HttpError(400, 'invalid_order', 'The order is not valid.', {
        details: parsed.problems.slice(0, MAX_DETAILS),
      });
    }
    const orderId = newOrderId();
    logged.orderId = orderId;
    logged.itemCount = parsed.order.items.length;
    try {
      await publish({ type: 'OrderPlaced', version: 1, orderId, placedAt: now().toISOString(), ...parsed.order });
    } catch (cause) {
      // The queue may have taken the message although no answer came back: a client that tries again can place the
      // order twice. Each attempt has an order id of its own, so this shows up downstream.
      throw new HttpError(503, 'unavailable', 'The order could not be taken. Try again later.', {
        headers: { 'retry-after': '5' },
        cause,
      });
    }
    return { status: 202, body: { orderId, status: 'accepted' } };
  }

  /** @type {Record<string, Record<string, typeof placeOrder>>} */
  const routes = {
    // Answers without asking SQS: a health check that fails with its dependency takes everything down with it.
    '/health': { GET: async () => ({ status: 200, body: { status: 'ok', environment } }) },
    '/orders': { POST: placeOrder },
  };

  return async (event, context) => {
    const started = performance.now();
    const requestId = event?.requestContext?.requestId ?? context.awsRequestId;
    const method = event?.requestContext?.http?.method;
    const path = event?.rawPath;
    /** @type {Record<string, unknown>} */
    const logged = { invocationId: context.awsRequestId, requestId, environment, method, path };
    /** @type {HttpResponse} */
    let response;
    let level = 'INFO';
    try {
      if (method === undefined || path === undefined) {
        throw new HttpError(400, 'not_an_http_event', 'The event is not an HTTP request (payload format 2.0).');
      }
      const methods = Object.hasOwn(routes, path) ? routes[path] : undefined;
      if (methods === undefined) {
        throw new HttpError(404, 'not_found', 'There is nothing at this path.');
      }
      const route = Object.hasOwn(methods, method) ? methods[method] : undefined;
      if (route === undefined) {
        const allow = Object.keys(methods).join(', ');
        throw new HttpError(405, 'method_not_allowed', `Use ${allow} here.`, { headers: { allow } });
      }
      const { status, body } = await route(event, logged);
      response = respond(status, body, requestId);
    } catch (thrown) {
      const known = thrown instanceof HttpError;
      const error = known ? thrown : new HttpError(500, 'internal_error', 'Something went wrong.', { cause: thrown });
      const { code, message, details } = error;
      response = respond(error.status, { error: { code, message, details, requestId } }, requestId, error.headers);
      logged.error = code;
      if (error.status >= 500) {
        level = 'ERROR';
        // Name, message and stack go to the log only.
        logged.cause = error.cause instanceof Error ? error.cause.stack : String(error.cause);
      } else if (details !== undefined) {
        logged.problems = details.length;
      }
    }
    log({
      timestamp: now().toISOString(),
      level,
      message: 'request',
      ...logged,
      status: response.statusCode,
      durationMs: Math.round(performance.now() - started),
    });
    return response;
  };
}
