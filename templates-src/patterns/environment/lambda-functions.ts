import {
  equals,
  type IdentityStatement,
  NoValue,
  not,
  type Reference,
  retained,
  type Suppression,
  sub,
  suppressed,
  type Template,
  when,
} from '../../dsl';
import { codeKeyParameter, pascalCase } from '../../model/function-names';
import { defaultArchitecture, type Runtime } from '../../model/function-platforms';
import type { FunctionSettings, Trigger } from '../../model/function-settings';
import { namesOf } from '../../model/names';
import type { Topology } from '../../model/topology';
import { functionsIn } from '../../model/workload';
import { EventSourceMapping, FunctionUrl, LambdaFunction } from '../../resources/lambda';
import { LogGroup } from '../../resources/logs';
import { useKeyThrough } from '../shared/key-statements';
import { trustService } from '../shared/statements';
import { keptByParameter } from '../shared/suppressions';
import { declareWorkloadRole } from './workload-roles';

/** A queue of the infrastructure template, as functions see it: `queue` is its URL, `queue.Arn` its ARN. */
export type QueueHandle = Reference & { readonly Arn: Reference };

/** What functions take from their template. */
export interface FunctionSurroundings {
  /** The parameter that holds the environment's name. */
  readonly environment: Reference;
  /** Parameter: id of the tooling account, which owns the packages. */
  readonly tooling: Reference;
  /** Parameter: how long logs are kept. */
  readonly retention: Reference;
  /** ARN of the key of logs and queues. */
  readonly key: Reference;
  /** Where events end up that a function failed on, unless a parameter names another queue. */
  readonly deadLetters: QueueHandle;
  /** A queue of the template, by its name in the workload. */
  readonly queue: (name: string) => QueueHandle;
}

/** Declares every function, in alphabetical order, with its parameters, role, log group and trigger. */
export function declareFunctions(t: Template, topology: Topology, surroundings: FunctionSurroundings): void {
  for (const [folder, settings] of Object.entries(functionsIn(topology.workloads)).sort(byName)) {
    declareFunction(t, topology, folder, settings, surroundings);
  }
}

const byName = ([one]: readonly [string, unknown], [other]: readonly [string, unknown]) => (one < other ? -1 : 1);

function declareFunction(
  t: Template,
  topology: Topology,
  folder: string,
  settings: FunctionSettings,
  surroundings: FunctionSurroundings,
): void {
  const { trigger } = settings;
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
      ConstraintDescription: `the ARN of a queue whose name starts with ${topology.project}- and the environment: the boundary of functions admits no other`,
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
  const queue = trigger.kind === 'queue' ? surroundings.queue(trigger.queue) : undefined;
  const sendsTo = (settings.sendsTo ?? []).map(surroundings.queue);
  const role = declareWorkloadRole(t, `${id}Role`, {
    name: names.functionRole(environment, folder),
    boundary: names.functionBoundary(environment),
    policyName: `function-${folder}`,
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
        Environment: {
          Variables: {
            ...settings.environment({ project: topology.project, environment, queueUrl: surroundings.queue }),
          },
        },
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
