import { type Aws, awsCli, type Answer as Said } from '../aws-cli';

/** A call that AWS, or the AWS CLI, refused. */
export class AwsError extends Error {
  constructor(
    /** `cloudformation describe-stacks` */
    readonly call: string,
    /** AWS's code, such as `AccessDenied`; undefined when the call never got an answer. */
    readonly code: string | undefined,
    message: string,
  ) {
    super(message);
  }

  /** Whether the caller lacks a permission. Services word it differently; S3's HEAD has nothing but the status. */
  get denied(): boolean {
    return /^(AccessDenied|Unauthorized|AuthorizationError|NotAuthorized|Forbidden$|403$)/.test(this.code ?? '');
  }
}

/** How many runs of the AWS CLI there are at a time: each is a Python that takes a processor for a moment. */
const RUNS_AT_A_TIME = 8;

/** Calls APIs of AWS through the AWS CLI, the same call only once. */
export class AwsApi {
  readonly #aws: Aws;
  readonly #answers = new Map<string, Promise<unknown>>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(aws: Aws = awsCli) {
    this.#aws = aws;
  }

  /**
   * Calls an operation. Both versions of the AWS CLI read all pages of an answer.
   *
   * @param service and operation as the AWS CLI names them: `s3api head-bucket`
   * @param parameters as the API takes them
   * @param options of the account: Region, profile, endpoint
   * @throws AwsError when there is no answer, or it is an error
   */
  call<Answer>(service: string, operation: string, parameters: object, options: readonly string[]): Promise<Answer> {
    const input = Object.keys(parameters).length === 0 ? [] : ['--cli-input-json', JSON.stringify(parameters)];
    const words = [service, operation, ...input, '--output', 'json', ...options];
    const key = words.join('\0');
    const answer =
      this.#answers.get(key) ?? this.#inTurn(words).then((run) => answerOf(`${service} ${operation}`, run));
    this.#answers.set(key, answer);
    return answer as Promise<Answer>;
  }

  async #inTurn(words: readonly string[]): Promise<Said> {
    if (this.#running >= RUNS_AT_A_TIME) {
      // Whoever ends hands its place on, so that nobody else can take it in between.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running++;
    }
    try {
      return await this.#aws([['aws', ...words]]);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) {
        this.#running--;
      } else {
        next();
      }
    }
  }
}

function parsed(call: string, stdout: string): unknown {
  try {
    return JSON.parse(stdout);
  } catch {
    throw new AwsError(call, undefined, `answered what is not JSON: ${stdout.trim().slice(0, 100)}`);
  }
}

function answerOf(call: string, { succeeded, stdout, stderr }: Said): unknown {
  if (succeeded) {
    // Some operations have nothing to say.
    return stdout.trim() === '' ? {} : parsed(call, stdout);
  }
  const [, code, message] =
    /An error occurred \(([^)]*)\) when calling the \w+ operation(?: \([^)]*\))?: ([^\n]*)/.exec(stderr) ?? [];
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  throw new AwsError(call, code, message?.trim() || (lines.at(-1)?.trim() ?? 'no reason given'));
}
