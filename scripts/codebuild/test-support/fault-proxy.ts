import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A call of the AWS API that came through the proxy. */
export interface Call {
  /** Service as it is signed for: `s3`, `lambda`, `sts`, `ecr`. */
  readonly service: string;
  /** Name of the API action: `HeadObject`, `UpdateFunctionCode`. */
  readonly action: string;
  /** What it is done to: the path of the request (S3, Lambda), else its body. */
  readonly target: string;
  /** The answer, once there is one; that to AssumeRole has the session's credentials. */
  answer?: { readonly status: number; readonly body: string };
}

/** Which calls of an action to tamper with: those whose target matches, counted from 1 on. */
export interface Selection {
  readonly action: string;
  readonly target?: RegExp;
  /** Numbers of the calls among the matching ones; all of them unless given. */
  readonly calls?: readonly number[];
}

/** An error in the words of the AWS API. The proxy writes it as the service's protocol demands. */
export interface AwsError {
  readonly status: number;
  readonly code: string;
  readonly message?: string;
}

/** Calls that are kept waiting. */
export interface Hold {
  /** Waits until so many of them have arrived. */
  arrived(count: number): Promise<void>;
  /** How many are waiting. */
  readonly waiting: number;
  /** Lets them go on, and those to come. */
  release(): void;
}

/** What AWS answers when it is asked too often. */
export const throttled: Readonly<Record<'s3' | 'lambda' | 'sts' | 'ecr', AwsError>> = {
  s3: { status: 503, code: 'SlowDown', message: 'Please reduce your request rate.' },
  lambda: { status: 429, code: 'TooManyRequestsException', message: 'Rate exceeded' },
  sts: { status: 400, code: 'Throttling', message: 'Rate exceeded' },
  ecr: { status: 400, code: 'ThrottlingException', message: 'Rate exceeded' },
};

/** A proxy before the emulated AWS that counts calls, answers some with errors, and keeps some waiting. */
export interface FaultProxy {
  /** `http://127.0.0.1:<port>`: what AWS_ENDPOINT_URL has to be. */
  readonly endpoint: string;
  /** All calls since the start or the last `reset`. */
  readonly calls: readonly Call[];
  /** Answers the selected calls with an error instead of passing them on. */
  fail(selection: Selection, error: AwsError): void;
  /** Keeps the selected calls waiting. */
  hold(selection: Selection): Hold;
  /** Forgets calls and faults. Calls that are kept waiting are dropped. */
  reset(): void;
  /** Ends the proxy. */
  stop(): Promise<void>;
}

type Reaction =
  | { readonly kind: 'fail'; readonly error: AwsError }
  | { readonly kind: 'hold'; readonly released: Promise<void>; readonly arrive: () => void };

interface Rule {
  readonly selection: Selection;
  readonly reaction: Reaction;
  seen: number;
}

/**
 * Starts a proxy.
 *
 * @param target endpoint of the emulated AWS
 */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  let calls: Call[] = [];
  let rules: Rule[] = [];

  const server = createServer(async (incoming, outgoing) => {
    const body = await bodyOf(incoming);
    const call = identify(incoming, body);
    calls.push(call);
    const reaction = reactionTo(call, rules);
    if (reaction?.kind === 'fail') {
      answerWithError(outgoing, incoming, call, reaction.error);
      return;
    }
    if (reaction?.kind === 'hold') {
      reaction.arrive();
      await reaction.released;
    }
    passOn(target, incoming, body, outgoing, call);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const add = (selection: Selection, reaction: Reaction) => {
    rules.push({ selection, reaction, seen: 0 });
  };
  const reset = () => {
    calls = [];
    rules = [];
    server.closeAllConnections();
  };
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get calls() {
      return calls;
    },
    fail: (selection, error) => add(selection, { kind: 'fail', error }),
    hold: (selection) => {
      let waiting = 0;
      let listeners: { count: number; resolve: () => void }[] = [];
      let release = () => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      const arrive = () => {
        waiting += 1;
        const due = listeners.filter(({ count }) => count <= waiting);
        listeners = listeners.filter(({ count }) => count > waiting);
        for (const { resolve } of due) {
          resolve();
        }
      };
      add(selection, { kind: 'hold', released, arrive });
      return {
        arrived: (count) =>
          count <= waiting
            ? Promise.resolve()
            : new Promise((resolve) => {
                listeners.push({ count, resolve });
              }),
        get waiting() {
          return waiting;
        },
        release,
      };
    },
    reset,
    stop: () => {
      reset();
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) {
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function identify(incoming: IncomingMessage, body: Buffer): Call {
  const service = /Credential=[^,]*\/([a-z0-9-]+)\/aws4_request/.exec(incoming.headers.authorization ?? '')?.[1] ?? '';
  const path = decodeURIComponent((incoming.url ?? '').split('?')[0] ?? '');
  const call = (action: string, target: string): Call => ({ service, action, target });
  if (service === 's3') {
    return call(s3Action(incoming.method, incoming.url ?? ''), path);
  }
  if (service === 'lambda') {
    return call(lambdaAction(incoming.method, path), path);
  }
  const jsonTarget = incoming.headers['x-amz-target'];
  const text = body.toString();
  return call(
    typeof jsonTarget === 'string' ? (jsonTarget.split('.').at(-1) ?? '') : (/Action=(\w+)/.exec(text)?.[1] ?? ''),
    text,
  );
}

function s3Action(method = '', url: string): string {
  if (url.includes('list-type=2')) {
    return 'ListObjectsV2';
  }
  const verb = method.slice(0, 1) + method.slice(1).toLowerCase();
  return `${verb}${/^\/[^/?]+\/[^?]/.test(url) ? 'Object' : 'Bucket'}`;
}

function lambdaAction(method = '', path: string): string {
  const [, , , , rest] = path.split('/');
  const what = `${method} ${rest ?? ''}`.trim();
  switch (path.split('/').length) {
    case 3:
      return 'CreateFunction';
    case 4:
      return `${method === 'GET' ? 'Get' : 'Delete'}Function`;
    default:
      return { 'GET configuration': 'GetFunctionConfiguration', 'PUT code': 'UpdateFunctionCode' }[what] ?? what;
  }
}

function reactionTo(call: Call, rules: readonly Rule[]): Reaction | undefined {
  for (const rule of rules) {
    const { action, target, calls } = rule.selection;
    if (action !== call.action || (target !== undefined && !target.test(call.target))) {
      continue;
    }
    rule.seen += 1;
    if (calls === undefined || calls.includes(rule.seen)) {
      return rule.reaction;
    }
  }
  return undefined;
}

function answerWithError(outgoing: ServerResponse, incoming: IncomingMessage, call: Call, error: AwsError): void {
  const { status, code, message = '' } = error;
  const xml = `<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  switch (call.service) {
    case 's3':
      // The answer to HEAD has no body: its status is all that a client learns.
      answerWith(outgoing, call, status, 'application/xml', incoming.method === 'HEAD' ? '' : xml);
      break;
    case 'sts':
      answerWith(outgoing, call, status, 'text/xml', `<ErrorResponse>${xml}<RequestId>1</RequestId></ErrorResponse>`);
      break;
    default:
      outgoing.setHeader('x-amzn-errortype', code);
      answerWith(outgoing, call, status, 'application/json', JSON.stringify({ __type: code, message }));
  }
}

function answerWith(outgoing: ServerResponse, call: Call, status: number, contentType: string, body: string): void {
  call.answer = { status, body };
  outgoing.writeHead(status, { 'content-type': contentType }).end(body);
}

function passOn(target: string, incoming: IncomingMessage, body: Buffer, outgoing: ServerResponse, call: Call): void {
  // The body is complete and its length known, whatever way it came in.
  const { expect: _, 'transfer-encoding': __, ...headers } = incoming.headers;
  const onward = request(
    new URL(incoming.url ?? '/', target),
    { method: incoming.method, headers: { ...headers, 'content-length': body.length } },
    async (answer) => {
      const answerBody = await bodyOf(answer);
      call.answer = { status: answer.statusCode ?? 502, body: answerBody.toString() };
      outgoing.writeHead(call.answer.status, answer.headers).end(answerBody);
    },
  );
  onward.on('error', () => outgoing.destroy());
  onward.end(body);
}
