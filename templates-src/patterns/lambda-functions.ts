import { existsSync, readdirSync } from 'node:fs';
import type { Topology } from '../define-topology';
import { equals, NoValue, not, type Reference, type StringValue, sub, when } from '../dsl/intrinsics';
import type { IdentityStatement } from '../dsl/policies';
import { retained } from '../dsl/resources';
import { type Suppression, suppressed } from '../dsl/suppressions';
import type { Template } from '../dsl/template';
import { nearest } from '../likely-cause';
import { EventSourceMapping, FunctionUrl, LambdaFunction } from '../resources/lambda';
import { LogGroup } from '../resources/logs';
import { codeKeyParameter, pascalCase } from './function-names';
import { defaultArchitecture, type FunctionPlatform, type Runtime } from './function-platforms';
import { useKeyThrough } from './key-statements';
import { namesOf } from './names';
import { trustService } from './statements';
import { keptByParameter } from './suppressions';
import { declareWorkloadRole } from './workload-roles';

/** A queue of the infrastructure template, as functions see it: `queue` is its URL, `queue.Arn` its ARN. */
export type QueueHandle = Reference & { readonly Arn: Reference };

/** What the settings of a function can refer to. */
export interface FunctionContext {
  readonly project: string;
  /** The parameter that holds the environment's name. */
  readonly environment: Reference;
  /** Orders that have been placed. */
  readonly ordersQueue: QueueHandle;
}

/** What makes a function run. */
export type Trigger =
  /** An HTTPS address; callers sign their requests (IAM), so nobody gets in by knowing it. */
  | { readonly kind: 'url' }
  /** Messages of a queue. The function reports which of a batch failed. */
  | {
      readonly kind: 'queue';
      readonly queue: (context: FunctionContext) => QueueHandle;
      /** Messages that one run gets at most. */
      readonly batchSize: number;
      /**
       * Runs at a time, 2 or more. This and not reserved concurrency limits a function with a queue: messages of
       * throttled runs end up in the dead-letter queue although nothing is wrong with them.
       */
      readonly maximumConcurrency: number;
    };

/** The settings of a function: all that is not in its folder. */
export interface FunctionSettings extends FunctionPlatform {
  readonly description: string;
  readonly handler: string;
  /** Megabytes. */
  readonly memory: number;
  /** Seconds. */
  readonly timeout: number;
  readonly trigger: Trigger;
  readonly environment: (context: FunctionContext) => Readonly<Record<string, StringValue>>;
  /**
   * Queues that it sends to. What else the code calls needs a statement here and in the workload boundary
   * (`templates/environment/deployment-roles.ts`); logs, trigger and dead letters are seen to.
   */
  readonly sendsTo?: (context: FunctionContext) => readonly QueueHandle[];
}

/** A folder of `lambda/` with its settings. */
export interface NamedFunction extends FunctionSettings {
  /** Name of the folder. */
  readonly folder: string;
}

/** Where the settings of functions are typed; for messages. */
const settingsFile = 'templates-src/lambda-functions.ts';

/** Characters of a role name of IAM. */
const roleNameLimit = 64;

/**
 * Brings the folders of `lambda/` and the settings together.
 *
 * @param lambdaFolder the folder; each of its sub-folders is a function, as the packager sees it
 * @returns the functions in alphabetical order
 * @throws Error with everything that is wrong: folders without settings, settings without folder, unusable names
 */
export function functionsOf(
  lambdaFolder: string,
  settings: Readonly<Record<string, FunctionSettings>>,
  { project, environments }: Topology,
): readonly NamedFunction[] {
  const folders = existsSync(lambdaFolder)
    ? readdirSync(lambdaFolder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== '__pycache__')
        .map(({ name }) => name)
        .sort()
    : [];
  const longestEnvironment = Math.max(...environments.map(({ name }) => name.length));
  const longestFolder = roleNameLimit - `${project}--workload-function-`.length - longestEnvironment;

  const problems: string[] = [];
  for (const folder of folders) {
    const path = `lambda/${folder}`;
    if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(folder)) {
      problems.push(
        `${path}: found the name '${folder}', expected lower-case letters, digits and single hyphens, a letter first; ` +
          'it becomes part of the names of a function and of parameters. Rename the folder.',
      );
      continue;
    }
    if (folder.length > longestFolder) {
      problems.push(
        `${path}: found a name of ${folder.length} characters, expected ${longestFolder} at the most; ` +
          `the name of its role in the environment with the longest name would have more than ${roleNameLimit}. ` +
          'Rename the folder.',
      );
    }
    const twin = folders.find((other) => other < folder && pascalCase(other) === pascalCase(folder));
    if (twin !== undefined) {
      problems.push(`${path}: its parameters would have the same names as those of lambda/${twin}. Rename one folder.`);
    }
    if (!Object.hasOwn(settings, folder)) {
      const misspelt = nearest(
        folder,
        Object.keys(settings).filter((name) => !folders.includes(name)),
      );
      problems.push(
        `${path}: found no settings for this folder. ` +
          (misspelt === undefined
            ? `Add '${folder}' to ${settingsFile} (handler, runtime, memory and so on), or remove the folder.`
            : `Is '${misspelt}' in ${settingsFile} meant? Give both the same name.`),
      );
    }
  }
  for (const name of Object.keys(settings)) {
    if (!folders.includes(name)) {
      problems.push(
        `${settingsFile}: found settings for '${name}', but no folder lambda/${name}. ` +
          'Create the folder with the code, or remove the settings.',
      );
    }
  }
  if (problems.length > 0) {
    throw new Error(problems.join('\n'));
  }
  return folders.flatMap((folder) => {
    const found = settings[folder];
    return found === undefined ? [] : [{ folder, ...found }];
  });
}

/** What functions take from their template. */
export interface FunctionSurroundings extends FunctionContext {
  /** Parameter: id of the tooling account, which owns the packages. */
  readonly tooling: Reference;
  /** Parameter: how long logs are kept. */
  readonly retention: Reference;
  /** ARN of the key of logs and queues. */
  readonly key: Reference;
  /** Where events end up that a function failed on, unless a parameter names another queue. */
  readonly deadLetters: QueueHandle;
}

/** Declares a function for each folder of `lambda/`, with its parameters, role, log group and trigger. */
export function declareFunctions(
  t: Template,
  topology: Topology,
  functions: readonly NamedFunction[],
  surroundings: FunctionSurroundings,
): void {
  for (const lambdaFunction of functions) {
    declareFunction(t, topology, lambdaFunction, surroundings);
  }
}

function declareFunction(
  t: Template,
  topology: Topology,
  settings: NamedFunction,
  surroundings: FunctionSurroundings,
): void {
  const { folder, trigger } = settings;
  const { environment, tooling, retention, key, deadLetters } = surroundings;
  const names = namesOf(topology);
  const id = pascalCase(folder);
  const functionName = sub`${names.environmentPrefix(environment)}${folder}`;

  const parameters = t.parameters(`Function ${folder}`, {
    [codeKeyParameter(folder)]: {
      Type: 'String',
      Label: `Code of ${folder}`,
      Description: `Key of the package of ${folder} in the package bucket; the pipeline passes it`,
      // Content-addressed: other code is another key, so CloudFormation sees it and an old key brings old code back.
      AllowedPattern: `${folder}/[0-9a-f]{64}\\.zip`,
      ConstraintDescription: `the key that the packager printed, such as ${folder}/<64 hexadecimal digits>.zip`,
    },
    [`${id}ReservedConcurrency`]: {
      Type: 'Number',
      Label: `Reserved concurrency of ${folder}`,
      Description: `Runs of ${folder} at a time, taken from what the account has; -1 reserves nothing, 0 stops it`,
      Default: -1,
      MinValue: -1,
    },
    [`${id}DeadLetterQueueArn`]: {
      Type: 'String',
      Label: `Dead letters of ${folder}`,
      Description: `ARN of the queue for events that ${folder} failed on; empty for the one of this stack`,
      Default: '',
      AllowedPattern: `(arn:aws[a-z-]*:sqs:[a-z0-9-]+:[0-9]{12}:${topology.project}-[a-z0-9]+-[A-Za-z0-9_-]+)?`,
      ConstraintDescription: `the ARN of a queue whose name starts with ${topology.project}- and the environment: the workload boundary admits no other`,
    },
  });
  const codeKey = required(parameters[codeKeyParameter(folder)]);
  const concurrency = required(parameters[`${id}ReservedConcurrency`]);
  const otherDeadLetters = required(parameters[`${id}DeadLetterQueueArn`]);
  const conditions = t.conditions({
    [`${id}ReservesConcurrency`]: not(equals(concurrency, '-1')),
    [`${id}HasOwnDeadLetters`]: not(equals(otherDeadLetters, '')),
  });
  const deadLetterQueue = when(required(conditions[`${id}HasOwnDeadLetters`]), otherDeadLetters, deadLetters.Arn);

  const logGroup = t.resource(
    `${id}Logs`,
    suppressed(
      retained(LogGroup({ LogGroupName: sub`/aws/lambda/${functionName}`, RetentionInDays: retention, KmsKeyId: key })),
      keptByParameter,
    ),
  );
  const queue = trigger.kind === 'queue' ? trigger.queue(surroundings) : undefined;
  const sendsTo = settings.sendsTo?.(surroundings) ?? [];
  const role = declareWorkloadRole(t, topology, environment, `${id}Role`, {
    name: `function-${folder}`,
    description: `What the function ${folder} may do`,
    trust: trustService('lambda.amazonaws.com'),
    permissions: [
      {
        Sid: 'WriteLogs',
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: logGroup.Arn,
      },
      {
        Sid: 'SendMessages',
        Effect: 'Allow',
        Action: 'sqs:SendMessage',
        Resource: [...sendsTo.map(({ Arn }) => Arn), deadLetterQueue],
      },
      ...(queue === undefined ? [] : [receiveMessages(queue)]),
      useKeyThrough(['logs', 'sqs'], key),
    ],
  });

  const lambdaFunction = t.resource(
    `${id}Function`,
    suppressed(
      LambdaFunction({
        FunctionName: functionName,
        Description: settings.description,
        Runtime: settings.runtime,
        Handler: settings.handler,
        Architectures: [settings.architecture ?? defaultArchitecture],
        Code: { S3Bucket: names.packageBucket(tooling), S3Key: codeKey },
        Role: role.Arn,
        MemorySize: settings.memory,
        Timeout: settings.timeout,
        ReservedConcurrentExecutions: when(required(conditions[`${id}ReservesConcurrency`]), concurrency, NoValue),
        DeadLetterConfig: { TargetArn: deadLetterQueue },
        Environment: { Variables: { ...settings.environment(surroundings) } },
        // Named, so that the function comes after its log group: Lambda would create one without key and retention.
        LoggingConfig: { LogFormat: 'JSON', ApplicationLogLevel: 'INFO', SystemLogLevel: 'INFO', LogGroup: logGroup },
      }),
      {
        reason: 'It calls APIs of AWS only: in the VPC it would reach nothing more, and needs no way out of it.',
        guard: ['CT.LAMBDA.PR.3'],
        cdk_nag: ['NIST.800.53.R5-LambdaInsideVPC'],
        cfn_nag: ['W89'],
      },
      {
        reason: 'A parameter reserves concurrency where there is enough of it; the rule cannot read Fn::If.',
        cdk_nag: ['NIST.800.53.R5-LambdaConcurrency'],
      },
      {
        reason: 'Its role may write to its own log group, which the template creates: it need not create any.',
        cfn_nag: ['W58'],
      },
      ...(newestRuntimes.includes(settings.runtime) ? [] : [notTheNewest]),
    ),
  );
  declareTrigger(t, id, trigger, lambdaFunction, queue);
}

/** Those that `npm run check` takes for the newest of their language: it finds nothing to suppress in them. */
const newestRuntimes: readonly Runtime[] = ['nodejs24.x'];

const notTheNewest: Suppression = {
  reason: 'A release before the newest is supported as well; packages with compiled parts follow a new one late.',
  cdk_nag: ['AwsSolutions-L1'],
};

const receiveMessages = (queue: QueueHandle): IdentityStatement => ({
  Sid: 'ReceiveMessages',
  Effect: 'Allow',
  Action: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
  Resource: queue.Arn,
});

function declareTrigger(
  t: Template,
  id: string,
  trigger: Trigger,
  lambdaFunction: Reference & { readonly Arn: Reference },
  queue: QueueHandle | undefined,
): void {
  if (trigger.kind === 'url') {
    const url = t.resource(
      `${id}Url`,
      FunctionUrl({ TargetFunctionArn: lambdaFunction.Arn, AuthType: 'AWS_IAM', InvokeMode: 'BUFFERED' }),
    );
    t.outputs({
      [`${id}Url`]: { Description: 'Where it is called, with requests that are signed', Value: url.FunctionUrl },
    });
  } else if (queue !== undefined) {
    t.resource(
      `${id}EventSource`,
      EventSourceMapping({
        FunctionName: lambdaFunction,
        EventSourceArn: queue.Arn,
        BatchSize: trigger.batchSize,
        // Without it Lambda takes every batch as done and deletes the messages that failed.
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ScalingConfig: { MaximumConcurrency: trigger.maximumConcurrency },
      }),
    );
  }
}

/** What has just been declared under a computed id, which the types can't follow. */
function required<T>(handle: T | undefined): T {
  if (handle === undefined) {
    throw new Error('a computed id was declared under another name');
  }
  return handle;
}
