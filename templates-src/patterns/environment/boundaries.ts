import {
  type Action,
  type Conditions,
  type ExceptingStatement,
  type IdentityStatement,
  policy,
  type Reference,
  type StringValue,
  sub,
  suppressed,
  type Template,
} from '../../dsl';
import { namesOf, regionalArn } from '../../model/names';
import type { Topology } from '../../model/topology';
import { ManagedPolicy } from '../../resources/iam';
import { useKeyThrough } from '../shared/key-statements';
import { wildcardsIn } from '../shared/roles';

/**
 * The boundaries of the roles that templates of an environment create: the most that the code of a function, or of the
 * container, may ever do, whatever a template gives it.
 */

/** Something that a boundary leaves to templates. */
interface Allowed {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: readonly Action[];
  readonly Resource: StringValue | readonly StringValue[];
  readonly Condition?: Pick<Conditions, 'StringEquals'>;
}

/**
 * Statements that allow what is named and deny the rest.
 *
 * A boundary that only allows is no ceiling: what it doesn't allow, a policy of a resource still can, one that admits
 * everybody or the session of a role (IAM User Guide, "Policy evaluation for requests within a single account"). A Deny
 * nobody gets around.
 */
export function ceiling(...allowed: readonly Allowed[]): readonly (IdentityStatement | ExceptingStatement)[] {
  const actions = [...new Set(allowed.flatMap(({ Action }) => Action))].sort();
  return [
    ...allowed,
    { Sid: 'DenyOtherActions', Effect: 'Deny', NotAction: actions, Resource: '*' },
    ...allowed.flatMap(({ Sid, Action, Resource, Condition }): readonly (IdentityStatement | ExceptingStatement)[] => [
      { Sid: `${Sid}NotElsewhere`, Effect: 'Deny', Action, NotResource: Resource },
      ...(Condition?.StringEquals === undefined
        ? []
        : [
            {
              Sid: `${Sid}NotOtherwise`,
              Effect: 'Deny' as const,
              Action,
              Resource: '*',
              Condition: { StringNotEquals: Condition.StringEquals },
            },
          ]),
    ]),
  ];
}

const useOwnQueues = (topology: Topology, environment: Reference): Allowed => ({
  Sid: 'UseOwnQueues',
  Effect: 'Allow',
  Action: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage', 'sqs:SendMessage'],
  Resource: regionalArn('sqs', sub`${namesOf(topology).environmentPrefix(environment)}*`),
});

// Whose a key is, neither its ARN nor, in its first minutes, a tag tells. Through these services alone, it opens no more
// than the queues and log groups beside it.
const anyKey = regionalArn('kms', 'key/*');

/** Declares what the code of a function may do at the most. */
export const declareFunctionBoundary = (t: Template, topology: Topology, environment: Reference) =>
  declareBoundary(
    t,
    'FunctionBoundary',
    namesOf(topology).functionBoundary(environment),
    'The most that the code of a function of this environment may do',
    {
      Sid: 'WriteOwnLogs',
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: regionalArn('logs', sub`log-group:/aws/lambda/${namesOf(topology).environmentPrefix(environment)}*`),
    },
    useOwnQueues(topology, environment),
    // Lambda decrypts the variables of a function in the name of its role, by a grant on the key that AWS manages
    // (hashicorp/terraform-provider-aws #9703: who makes the role anew has to renew the grant). A Deny would go before it.
    useKeyThrough(['lambda', 'logs', 'sqs'], anyKey),
  );

/** Declares what the code in the container may do at the most. Its logs are written by the role that starts its tasks. */
export const declareTaskBoundary = (t: Template, topology: Topology, environment: Reference) =>
  declareBoundary(
    t,
    'TaskBoundary',
    namesOf(topology).taskBoundary(environment),
    'The most that the code in the container of this environment may do',
    useOwnQueues(topology, environment),
    useKeyThrough(['sqs'], anyKey),
  );

function declareBoundary(
  t: Template,
  id: string,
  name: StringValue,
  description: string,
  ...allowed: readonly Allowed[]
): void {
  const statements = ceiling(...allowed);
  t.resource(
    id,
    suppressed(
      ManagedPolicy({ ManagedPolicyName: name, Description: description, PolicyDocument: policy(...statements) }),
      ...wildcardsIn(allowed, 'W13', 'Templates of this environment add resources below its prefix.'),
      {
        reason: 'Every role that a pipeline creates names its boundary, and IAM checks it by its ARN.',
        cfn_nag: ['W28'],
      },
    ),
  );
}
