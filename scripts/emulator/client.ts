import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { installedPython } from '../lib/python-tools';
import { type Announcement, profile, writeConfiguration } from './client-configuration';
import { type Answer, answerQuestions } from './client-questions';

const REPOSITORY = resolve(__dirname, '../..');
const DEFAULT_REGION = 'eu-west-1';
const START_TIMEOUT_MS = 60_000;
const LOG_TAIL_LINES = 20;

/** Made-up ids of the project's four accounts. */
const ACCOUNTS = {
  tooling: '111111111111',
  dev: '222222222222',
  test: '333333333333',
  prod: '444444444444',
};

export interface EmulatorOptions {
  /** Account ids by name; the project's four accounts unless told otherwise. */
  readonly accounts?: Readonly<Record<string, string>>;
  /** Region of the profiles and of `call`; eu-west-1 unless told otherwise. */
  readonly region?: string;
  /** Says whether AWS would allow the calls of roles; all are allowed unless given. */
  readonly authorize?: Answer;
}

/** Credentials of a session. */
export interface Credentials {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly SessionToken: string;
}

/** A running emulated AWS. Whatever happens to this process, the emulator ends with it. */
export interface Emulator {
  /** `http://127.0.0.1:<port>`; serves every AWS service. */
  readonly endpoint: string;
  /** File with everything the emulator logs: failed requests, warnings, tracebacks. `stop` removes it. */
  readonly log: string;
  /**
   * Environment for a child process (`aws`, an SDK, a script) that may reach the emulator and nothing else of AWS.
   *
   * Each account has a profile `route-to-live-<account>`. Without an account no profile is chosen, and a call that
   * names none fails for want of credentials rather than landing in a wrong account.
   *
   * @param account name of the account whose profile becomes `AWS_PROFILE`
   * @throws when no account has that name
   */
  environment(account?: string): NodeJS.ProcessEnv;
  /**
   * Calls an API of AWS in milliseconds, where the `aws` command takes a third of a second.
   *
   * @param account name of the account
   * @param service the service as the AWS SDK for Python (botocore) names it: `iam`, `elbv2`
   * @param operation the operation's name in the API: `GetRole`
   * @param parameters the operation's parameters, save binary ones
   * @param credentials of the session that calls; the account's administrator calls unless given
   * @returns the result as JSON; times are text, so is the content of an object of S3
   * @throws when there is no such account, and with AWS's code and message when the call fails
   */
  call<Result>(
    account: string,
    service: string,
    operation: string,
    parameters?: object,
    credentials?: Credentials,
  ): Promise<Result>;
  /**
   * Asks whether AWS would allow a call that nobody makes here, such as those of a service of AWS.
   *
   * @param question who calls what: a `Question` without changes
   * @throws with AWS's message when it would not
   */
  authorize(question: object): Promise<void>;
  /** Ends the emulator and removes its files. All it held is gone. May be called twice. */
  stop(): Promise<void>;
}

/**
 * Starts moto's server, with this project's CloudFormation resource types, on a free port.
 *
 * @returns when the server answers
 * @throws when no Python with moto is found, or the server does not start (the message ends with its log's tail)
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const accounts: Readonly<Record<string, string>> = options.accounts ?? ACCOUNTS;
  const region = options.region ?? DEFAULT_REGION;
  const python = pythonWithMoto();
  const directory = await mkdtemp(join(tmpdir(), 'route-to-live-emulator-'));
  const log = join(directory, 'emulator.log');
  const questions = options.authorize === undefined ? undefined : await answerQuestions(options.authorize);
  const server = spawnServer(python, log, [
    ...['--region', region],
    ...Object.values(accounts).flatMap((id) => ['--account', id]),
    ...(questions === undefined ? [] : ['--authorizer', String(questions.port)]),
  ]);
  try {
    const announcement = await announced(server, log);
    const endpoint = `http://127.0.0.1:${announcement.port}`;
    const environment = await writeConfiguration(directory, accounts, region, announcement);
    // A forgotten stop() must not keep the caller alive: once it ends, the server's standard input closes.
    server.unref();
    const accountId = (account: string): string => {
      const id = Object.hasOwn(accounts, account) ? accounts[account] : undefined;
      if (id === undefined) {
        throw new Error(`No account is named "${account}"; there are ${Object.keys(accounts).join(', ')}.`);
      }
      return id;
    };
    return {
      endpoint,
      log,
      environment: (account) => {
        if (account !== undefined) {
          accountId(account);
        }
        return {
          ...withoutAws(process.env),
          PATH: [dirname(python), process.env.PATH].filter(Boolean).join(delimiter),
          AWS_ENDPOINT_URL: endpoint,
          ...environment,
          ...(account === undefined ? {} : { AWS_PROFILE: profile(account) }),
        };
      },
      call: async <Result>(
        account: string,
        service: string,
        operation: string,
        parameters: object = {},
        credentials?: Credentials,
      ) => {
        const call = { account: accountId(account), service, operation, parameters, credentials };
        const answer = await post<{ result: Result; error?: { code: string; message: string } }>(
          { endpoint, log },
          'call',
          call,
          `${service} ${operation}`,
        );
        if (answer.error !== undefined) {
          throw new Error(`${service} ${operation}: ${answer.error.code}: ${answer.error.message}`);
        }
        return answer.result;
      },
      authorize: async (question) => {
        const { denied } = await post<{ denied?: string }>({ endpoint, log }, 'authorize', question, 'authorize');
        if (denied !== undefined) {
          throw new Error(`AccessDenied: ${denied}`);
        }
      },
      stop: async () => {
        await end(server);
        questions?.close();
        await rm(directory, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await end(server);
    questions?.close();
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

/**
 * The Python of the repository's `.venv`, else the first on PATH, that has moto.
 *
 * @throws when there is none
 */
function pythonWithMoto(): string {
  const installed = installedPython(REPOSITORY);
  if (installed !== undefined) {
    return installed;
  }
  const directories = (process.env.PATH ?? '').split(delimiter).filter((directory) => directory !== '');
  const candidates = directories
    .flatMap((directory) => [join(directory, 'python3'), join(directory, 'python')])
    .filter((candidate) => existsSync(candidate));
  const findsMoto = 'import importlib.util, sys; sys.exit(importlib.util.find_spec("moto") is None)';
  const python = candidates.find(
    (candidate) => spawnSync(candidate, ['-c', findsMoto], { stdio: 'ignore' }).status === 0,
  );
  if (python === undefined) {
    throw new Error(
      'The emulated AWS needs a Python with moto: neither .venv nor any Python on PATH has it. ' +
        'Run `npm run python-tools`.',
    );
  }
  return python;
}

/** Asks the emulator itself for something, as JSON. */
async function post<Result>(
  { endpoint, log }: Pick<Emulator, 'endpoint' | 'log'>,
  path: string,
  body: object,
  what: string,
): Promise<Result> {
  const response = await fetch(`${endpoint}/emulator/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) {
    throw new Error(`${what}: HTTP ${response.status}. The emulator's log ends with:\n${await tail(log)}`);
  }
  return (await response.json()) as Result;
}

function spawnServer(python: string, log: string, options: readonly string[]): ChildProcess {
  const logDescriptor = openSync(log, 'w');
  try {
    return spawn(python, ['-m', 'emulator', '--port', '0', '--folder', dirname(log), ...options], {
      env: {
        ...withoutAws(process.env),
        PYTHONPATH: join(REPOSITORY, 'scripts'),
        PYTHONDONTWRITEBYTECODE: '1',
        PYTHONUNBUFFERED: '1',
      },
      stdio: ['pipe', 'pipe', logDescriptor],
    });
  } finally {
    closeSync(logDescriptor);
  }
}

/** Waits for the server's one line on standard output. */
async function announced(server: ChildProcess, log: string): Promise<Announcement> {
  const { stdout } = server;
  if (stdout === null) {
    throw new Error('The emulator was spawned without a pipe for its standard output.');
  }
  const lines = createInterface({ input: stdout });
  let timer: NodeJS.Timeout | undefined;
  try {
    const line = await new Promise<string>((resolveLine, reject) => {
      lines.once('line', resolveLine);
      server.once('error', reject);
      server.once('exit', (code, signal) => reject(new Error(`it ended with ${signal ?? `exit code ${code}`}`)));
      timer = setTimeout(() => reject(new Error(`it said nothing for ${START_TIMEOUT_MS} ms`)), START_TIMEOUT_MS);
    });
    return JSON.parse(line) as Announcement;
  } catch (error) {
    throw new Error(
      `The emulated AWS did not start: ${(error as Error).message}. Its log ends with:\n${await tail(log)}`,
    );
  } finally {
    clearTimeout(timer);
    lines.close();
    stdout.destroy();
  }
}

async function tail(file: string): Promise<string> {
  return (await readFile(file, 'utf8')).trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
}

function withoutAws(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('AWS_')));
}

async function end(server: ChildProcess): Promise<void> {
  if (server.pid === undefined || server.exitCode !== null || server.signalCode !== null) {
    return;
  }
  const ended = new Promise((resolveEnd) => server.once('exit', resolveEnd));
  server.ref();
  server.kill('SIGKILL');
  await ended;
}
