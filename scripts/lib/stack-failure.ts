import './unread-output';
import { readFileSync } from 'node:fs';
import { searchedTypes } from './adoption';

/** An event of a stack, as `aws cloudformation describe-stack-events` gives it. */
export interface StackEvent {
  readonly StackId: string;
  readonly LogicalResourceId: string;
  readonly PhysicalResourceId?: string;
  readonly ResourceType: string;
  readonly ResourceStatus: string;
  readonly ResourceStatusReason?: string;
}

/**
 * The failed events of a stack's last operation, oldest first: the first is the cause.
 *
 * Resources that CloudFormation stopped because of another's failure are left out; they say nothing of the cause.
 *
 * @param events newest first, as AWS gives them; those of earlier operations may be among them
 */
export function failedEvents(events: readonly StackEvent[]): StackEvent[] {
  const start = events.findIndex(
    (event) =>
      event.PhysicalResourceId === event.StackId &&
      /^(CREATE|UPDATE|DELETE|IMPORT)_IN_PROGRESS$/.test(event.ResourceStatus),
  );
  return events
    .slice(0, start === -1 ? events.length : start)
    .filter(
      ({ ResourceStatus, ResourceStatusReason }) =>
        ResourceStatus.endsWith('_FAILED') && !/^Resource \w+ cancelled$/.test(ResourceStatusReason ?? ''),
    )
    .reverse();
}

/** An event of an operation, as `aws cloudformation describe-events` gives it: what of it tells of a failure. */
export interface OperationEvent {
  readonly EventType?: string;
  readonly LogicalResourceId?: string;
  readonly ResourceType?: string;
  readonly HookType?: string;
  readonly HookStatus?: string;
  readonly HookStatusReason?: string;
  readonly HookFailureMode?: string;
  readonly ValidationName?: string;
  readonly ValidationStatus?: string;
  readonly ValidationStatusReason?: string;
  readonly ValidationPath?: string;
  readonly ValidationFailureMode?: string;
}

/**
 * What was found before a change set could be executed: by CloudFormation, which looks at properties, at names that are
 * taken, at buckets that are not empty; and by hooks of the organization. The events of the stack say nothing of it.
 *
 * @returns a line for each finding
 */
export function validationFindings(events: readonly OperationEvent[]): string[] {
  const found = events.flatMap((event) => {
    const { EventType, LogicalResourceId = '?', ResourceType = '?', ValidationPath } = event;
    const isHook = EventType === 'HOOK_INVOCATION_ERROR';
    if (!isHook && (EventType !== 'VALIDATION_ERROR' || event.ValidationStatus === 'SKIPPED')) {
      return [];
    }
    const mode = isHook ? event.HookFailureMode : event.ValidationFailureMode;
    const name = isHook ? event.HookType : event.ValidationName;
    const reason = (isHook ? event.HookStatusReason : event.ValidationStatusReason) ?? 'no reason given';
    const warning = mode === 'WARN' ? 'only a warning: ' : '';
    const path = ValidationPath === undefined ? '' : ` (at ${ValidationPath})`;
    return [`  ${LogicalResourceId} (${ResourceType}) ${name}: ${warning}${reason}${path}`];
  });
  return [...new Set(found)];
}

/** Usual causes: what AWS writes, and what helps. */
const hints: readonly (readonly [pattern: RegExp, hint: string])[] = [
  [
    /AccessDenied|not authorized|UnauthorizedOperation/i,
    'The profile that deploys, or the role the stack was made with, lacks a permission. The message names it.',
  ],
  [/ExpiredToken|token.*expired|session.*expired/i, 'The session has expired. Log in again, then run this again.'],
  [/must have values/i, 'A parameter without a default has no value. Add it to the parameter file of this stack.'],
  [/Throttling|Rate exceeded|TooManyRequests/i, 'AWS asked for fewer calls. Run this again in a few minutes.'],
  [/LimitExceeded|quota|maximum number/i, "An account's quota is reached. Ask for more in Service Quotas."],
  [
    /cannot be assumed|Role .* is invalid/i,
    'The role that CloudFormation used for this stack is gone. Deploy the deployment-roles and service-roles stacks of the ' +
      'environment again: their roles come back under the same names.',
  ],
  [
    /in use by|Cannot delete export/i,
    'Another stack imports an output of this one. Delete or change that stack first.',
  ],
  [/is not empty|BucketNotEmpty|contains images/i, 'It still holds data. Empty it, then run this again.'],
  [
    /Invalid choice.*describe-events|describe-events.*Invalid choice/is,
    'This AWS CLI is too old to tell what CloudFormation found: update it, or look at the change set in the console.',
  ],
  [/TerminationProtection/i, 'The stack is protected. Switch termination protection off, if it is to go.'],
];

/** What AWS says of a name that is taken. */
const taken = /already exists|already own/i;

/**
 * What helps where a name is taken.
 *
 * @param types of the resources that are to have it
 */
function hintsForTaken(types: readonly string[]): string[] {
  const others = [...new Set(types.filter((type) => !searchedTypes.includes(type)))];
  const outside = 'exists outside of the stack';
  return [
    ...(types.some((type) => searchedTypes.includes(type))
      ? [
          `Something of that name ${outside}, perhaps retained when an earlier stack was deleted. As long as the stack ` +
            'does not exist, --adopt takes it in. Else, and only if nobody needs what it holds, delete it.',
        ]
      : []),
    ...(others.length > 0
      ? [
          `Something ${outside} that --adopt cannot take in (${others.join(', ')}). Find out who made it and who uses ` +
            'it. Then change it there, or delete it if nobody does.',
        ]
      : []),
  ];
}

/**
 * Explains why an operation on a stack failed: its failed events, then hints for the usual causes.
 *
 * @param said what the AWS CLI wrote
 * @param events of the stack, newest first; empty if the operation never began
 * @param validation events of a change set that was refused before it could be executed
 */
export function explainFailure(
  stack: string,
  said: string,
  events: readonly StackEvent[],
  validation: readonly OperationEvent[] = [],
): string {
  const findings = validationFindings(validation);
  const failed = failedEvents(events);
  const reasons = failed.map(
    ({ LogicalResourceId, ResourceType, ResourceStatus, ResourceStatusReason }) =>
      `  ${LogicalResourceId} (${ResourceType}) ${ResourceStatus}: ${ResourceStatusReason ?? 'no reason given'}`,
  );
  const text = [said, ...reasons, ...findings].join('\n');
  return [
    ...(reasons.length === 0 ? [] : ['', `Failed events of ${stack}, the cause first:`, ...reasons]),
    ...(findings.length === 0 ? [] : ['', 'What CloudFormation found before it changed anything:', ...findings]),
    ...[
      ...hintsForTaken([
        ...failed.filter((one) => taken.test(one.ResourceStatusReason ?? '')).map((one) => one.ResourceType),
        ...validation
          .filter((one) => taken.test(one.ValidationStatusReason ?? ''))
          .map(({ ResourceType = 'a resource' }) => ResourceType),
      ]),
      ...hints.filter(([pattern]) => pattern.test(text)).map(([, hint]) => hint),
    ].map((hint) => `\nHint: ${hint}`),
    '',
  ].join('\n');
}

if (require.main === module) {
  const [stack = '', said = '', events = ''] = process.argv.slice(2);
  const answer = JSON.parse(readFileSync(events, 'utf8')) as {
    StackEvents?: StackEvent[];
    OperationEvents?: OperationEvent[];
  };
  process.stdout.write(
    explainFailure(stack, readFileSync(said, 'utf8'), answer.StackEvents ?? [], answer.OperationEvents ?? []),
  );
}
