import '../lib/unread-output';
import { readFileSync } from 'node:fs';
import { searchedTypes } from './adoption';
import { type Aws, awsCli, eightAtATime } from './aws-cli';

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

/**
 * Usual causes: what AWS writes, and what helps; the specific before the general, of which one comes into play for each
 * message. None says to delete or overwrite what somebody else may be making or using: a message does not tell whose it is.
 */
const hints: readonly (readonly [pattern: RegExp, hint: string])[] = [
  [
    /is in \w+_IN_PROGRESS state|OperationInProgress|InvalidChangeSetStatus|ConcurrentModification|cannot be executed in its current|conflicting (?:conditional )?operation is currently in progress/i,
    'Another operation is under way, perhaps a deployment that somebody else has started, or a pipeline. Wait until it has ' +
      'ended, then run this again. Delete nothing that it may be making.',
  ],
  [
    /Stack \[[^\]]*\] already exists/i,
    'Somebody else has made this stack at the same time. Wait until that deployment has ended, then run this again.',
  ],
  [/ExpiredToken|token.*expired|session.*expired/i, 'The session has expired. Log in again, then run this again.'],
  [
    /Invalid choice.*describe-events|describe-events.*Invalid choice/is,
    'This AWS CLI is too old to tell what CloudFormation found: update it, or look at the change set in the console.',
  ],
  [
    /cannot be assumed|Role .* is invalid/i,
    'The role that CloudFormation used for this stack is gone. Deploy the deployment-roles and service-roles stacks of the ' +
      'environment again: their roles come back under the same names.',
  ],
  [/must have values/i, 'A parameter without a default has no value. Add it to the parameter file of this stack.'],
  [
    /TerminationProtection/i,
    'The stack is protected. Whoever is sure that it is to go switches termination protection off.',
  ],
  [
    /Export .* as it is in use by|Cannot delete export/i,
    'Another stack, which the message names, imports an output of this one. Deploy that one first without the import.',
  ],
  [
    /is not empty|BucketNotEmpty|contains images/i,
    'It still holds data, which CloudFormation does not delete. Look at what it is: only if nobody needs it, empty it and ' +
      'run this again.',
  ],
  [
    /AccessDenied|not authorized|UnauthorizedOperation/i,
    'The profile that deploys, or the role the stack was made with, lacks a permission. The message names it.',
  ],
  [/Throttling|Rate exceeded|TooManyRequests/i, 'AWS asked for fewer calls. Run this again in a few minutes.'],
  [/LimitExceeded|quota|maximum number/i, "An account's quota is reached. Ask for more in Service Quotas."],
  [/in use by/i, 'Something else uses it; the message names it. That use has to end first.'],
];

/** The hint for a message, if there is one. */
const hintFor = (text: string) => hints.find(([pattern]) => pattern.test(text))?.[1];

/** What AWS says of a name that is taken. */
const taken = /already exists|already own/i;

/** What else is known when an operation has failed. */
export interface Circumstances {
  /** The stack's state when the operation was asked for; empty: there was no such stack. */
  readonly before?: string;
  /** Its state now. */
  readonly now?: string;
  /** Which stack in the account a taken name belongs to, as far as one does. */
  readonly owners?: ReadonlyMap<string, string>;
}

/** A name that is taken, and the type of what is to have it. */
interface Taken {
  readonly type: string;
  readonly reason: string;
}

function takenOf(events: readonly StackEvent[], validation: readonly OperationEvent[]): Taken[] {
  return [
    ...failedEvents(events).map(({ ResourceType, ResourceStatusReason = '' }) => ({
      type: ResourceType,
      reason: ResourceStatusReason,
    })),
    ...validation.map(({ ResourceType = 'a resource', ValidationStatusReason = '' }) => ({
      type: ResourceType,
      reason: ValidationStatusReason,
    })),
  ].filter(({ reason }) => taken.test(reason) && hintFor(reason) === undefined);
}

/** The name in a message that says that it is taken: `Resource of type 'AWS::S3::Bucket' with identifier 'x' already exists.` */
export function takenName(reason: string): string | undefined {
  const [, name] =
    /identifier '(?:\{".*?":\s*")?([^'"}]+)/.exec(reason) ??
    /(?:with name|named) ['"]?([\w./:@-]+)['"]? already/i.exec(reason) ??
    /([\w./:@-]+) already exists/.exec(reason) ??
    [];
  return name;
}

/**
 * What helps where names are taken: who has them decides, and a message of AWS seldom says. So what is certain comes
 * first, and nothing is to be deleted that may be another's.
 */
function hintsForTaken(stack: string, all: readonly Taken[], circumstances: Circumstances): string[] {
  const { before = '', now = '', owners } = circumstances;
  if (all.length === 0) {
    return [];
  }
  if (/_IN_PROGRESS$/.test(now) && now !== 'REVIEW_IN_PROGRESS') {
    return [
      `Another deployment of ${stack} is under way (${now}), and what exists is what it is making. Wait until it has ` +
        'ended, then run this again. Delete nothing of it.',
    ];
  }
  if (/^(REVIEW_IN_PROGRESS)?$/.test(before) && /_COMPLETE$/.test(now) && !/ROLLBACK|DELETE/.test(now)) {
    return [`Another deployment has made ${stack} in the meantime. Run this again: it will find everything in place.`];
  }
  const owned = all.map(({ reason }) => ownerOf(reason, owners)).filter((owner) => owner !== undefined);
  const free = all.filter(({ reason }) => ownerOf(reason, owners) === undefined);
  const adoptable = free.filter(({ type }) => searchedTypes.includes(type));
  const others = [...new Set(free.filter(({ type }) => !searchedTypes.includes(type)).map(({ type }) => type))];
  return [
    ...[...new Set(owned)].map((owner) =>
      owner === stack
        ? `${stack} has a resource of that name already, under another logical id. Give it back the one it had, or a new name.`
        : `The stack ${owner} has something of that name: it is another's, and stays. Give the project in ` +
          'templates-src/topology.ts a name of its own.',
    ),
    ...(adoptable.length > 0
      ? [
          'Something of that name exists outside of the stack. Find out whose it is: another deployment, or another route ' +
            'with this name, may be making or using it. It may also have been retained when an earlier stack was deleted. ' +
            'As long as the stack does not exist, --adopt takes it in.',
        ]
      : []),
    ...(others.length > 0
      ? [
          `Something exists outside of the stack that --adopt cannot take in (${others.join(', ')}). Find out who made it ` +
            'and who uses it: another deployment, or another route with this name. What is to be done depends on that.',
        ]
      : []),
  ];
}

/** The stack that a taken name belongs to: AWS says so itself where it knows, `x already exists in stack arn:...`. */
function ownerOf(reason: string, owners: Circumstances['owners']): string | undefined {
  return /in stack \S*?:stack\/([^/\s]+)/.exec(reason)?.[1] ?? owners?.get(takenName(reason) ?? '');
}

/**
 * Explains why an operation on a stack failed: its failed events, then hints for the usual causes.
 *
 * @param said what the AWS CLI wrote
 * @param events of the stack, newest first; empty if the operation never began
 * @param validation events of a change set that was refused before it could be executed
 * @param circumstances what is known besides
 */
export function explainFailure(
  stack: string,
  said: string,
  events: readonly StackEvent[],
  validation: readonly OperationEvent[] = [],
  circumstances: Circumstances = {},
): string {
  const findings = validationFindings(validation);
  const failed = failedEvents(events);
  const reasons = failed.map(
    ({ LogicalResourceId, ResourceType, ResourceStatus, ResourceStatusReason }) =>
      `  ${LogicalResourceId} (${ResourceType}) ${ResourceStatus}: ${ResourceStatusReason ?? 'no reason given'}`,
  );
  const told = [...new Set([...reasons, ...findings, said].flatMap((text) => hintFor(text) ?? []))];
  return [
    ...(reasons.length === 0 ? [] : ['', `Failed events of ${stack}, the cause first:`, ...reasons]),
    ...(findings.length === 0 ? [] : ['', 'What CloudFormation found before it changed anything:', ...findings]),
    ...[...hintsForTaken(stack, takenOf(events, validation), circumstances), ...told].map((hint) => `\nHint: ${hint}`),
    '',
  ].join('\n');
}

/** Asks which stacks of the account have the names that are taken. What cannot be asked stays open. */
async function ownersOf(names: readonly string[], options: readonly string[], aws: Aws): Promise<Map<string, string>> {
  const found = await eightAtATime(names, async (name) => {
    const { succeeded, stdout } = await aws([
      ['aws', 'cloudformation', 'describe-stack-resources'],
      ['--physical-resource-id', name],
      ['--query', 'StackResources[0].StackName'],
      ['--output', 'text'],
      options,
    ]);
    const owner = stdout.trim();
    return succeeded && owner !== '' && owner !== 'None' ? [[name, owner] as const] : [];
  });
  return new Map(found.flat());
}

/** @param argv the stack, its states before and now, files with what was said and with events, options of the account */
async function main([stack = '', before = '', now = '', said = '', file = '', ...options]: readonly string[]) {
  const answer = JSON.parse(readFileSync(file, 'utf8')) as {
    StackEvents?: StackEvent[];
    OperationEvents?: OperationEvent[];
  };
  const { StackEvents: events = [], OperationEvents: validation = [] } = answer;
  const names = takenOf(events, validation).flatMap(({ reason }) => takenName(reason) ?? []);
  const owners = await ownersOf([...new Set(names)].slice(0, 8), options, awsCli);
  process.stdout.write(explainFailure(stack, readFileSync(said, 'utf8'), events, validation, { before, now, owners }));
}

if (require.main === module) {
  void main(process.argv.slice(2));
}
