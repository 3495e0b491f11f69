import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { explainFailure, failedEvents, type StackEvent, takenName, validationFindings } from './stack-failure';

const stackId = 'arn:aws:cloudformation:eu-west-1:222222222222:stack/route-to-live-dev-deployment-roles/1';

function ofStack(status: string, reason?: string): StackEvent {
  return {
    ...ofResource('route-to-live-dev-deployment-roles', status, reason),
    PhysicalResourceId: stackId,
    ResourceType: 'AWS::CloudFormation::Stack',
  };
}

function ofResource(id: string, status: string, reason?: string): StackEvent {
  return {
    StackId: stackId,
    LogicalResourceId: id,
    PhysicalResourceId: `${id}-1`,
    ResourceType: 'AWS::IAM::Role',
    ResourceStatus: status,
    ...(reason === undefined ? {} : { ResourceStatusReason: reason }),
  };
}

/** As AWS gives them, newest first: an update that failed, after a creation that had failed too. */
const events = [
  ofStack('UPDATE_ROLLBACK_COMPLETE'),
  ofStack('UPDATE_ROLLBACK_IN_PROGRESS', 'The following resource(s) failed to update: [First, Second].'),
  ofResource('Third', 'UPDATE_FAILED', 'Resource update cancelled'),
  ofResource('Second', 'CREATE_FAILED'),
  ofResource('First', 'UPDATE_FAILED', 'Role First already exists'),
  ofResource('First', 'UPDATE_IN_PROGRESS'),
  ofStack('UPDATE_IN_PROGRESS', 'User Initiated'),
  ofResource('Older', 'CREATE_FAILED', 'an older failure'),
  ofStack('CREATE_IN_PROGRESS', 'User Initiated'),
];

describe('failedEvents', () => {
  test('keeps the failures of the last operation, the cause first, without what was cancelled because of it', () => {
    expect(failedEvents(events).map(({ LogicalResourceId }) => LogicalResourceId)).toEqual(['First', 'Second']);
  });

  test('does not stop at a nested stack that began within the operation', () => {
    const nested = { ...ofResource('Nested', 'CREATE_IN_PROGRESS'), ResourceType: 'AWS::CloudFormation::Stack' };

    expect(failedEvents([nested, ...events])).toHaveLength(2);
  });
});

describe('validationFindings', () => {
  const taken = {
    EventType: 'VALIDATION_ERROR',
    LogicalResourceId: 'Packages',
    ResourceType: 'AWS::S3::Bucket',
    ValidationName: 'NAME_CONFLICT_VALIDATION',
    ValidationStatus: 'FAILED',
    ValidationFailureMode: 'FAIL',
    ValidationStatusReason: "Resource of type 'AWS::S3::Bucket' with identifier 'packages' already exists.",
    ValidationPath: '/Resources/Packages',
  };

  test('tells each finding once, with its reason and its place, and leaves out progress and what was skipped', () => {
    const skipped = { ...taken, ValidationStatus: 'SKIPPED' };

    expect(validationFindings([taken, taken, skipped, { EventType: 'STACK_EVENT' }])).toEqual([
      "  Packages (AWS::S3::Bucket) NAME_CONFLICT_VALIDATION: Resource of type 'AWS::S3::Bucket' with identifier " +
        "'packages' already exists. (at /Resources/Packages)",
    ]);
  });

  test('tells a warning from what stops a change set, and what a hook refused', () => {
    const [warning, hook] = validationFindings([
      { ...taken, ValidationFailureMode: 'WARN' },
      {
        EventType: 'HOOK_INVOCATION_ERROR',
        LogicalResourceId: 'Packages',
        ResourceType: 'AWS::S3::Bucket',
        HookType: 'Company::S3::Check',
        HookStatusReason: 'no tag',
      },
    ]);

    expect(warning).toContain('NAME_CONFLICT_VALIDATION: only a warning: Resource of type');
    expect(hook).toBe('  Packages (AWS::S3::Bucket) Company::S3::Check: no tag');
  });

  test('comes with the hint for what was found', () => {
    const said = 'The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck].';

    expect(explainFailure('stack', said, [], [taken])).toMatch(
      /^\nWhat CloudFormation found before it changed anything:\n {2}Packages .*\n\nHint: .*--adopt/,
    );
  });
});

describe('explainFailure', () => {
  test('shows logical id, type, status and reason of each failed event, and hints', () => {
    expect(explainFailure('route-to-live-dev-deployment-roles', 'Failed to create/update the stack.', events)).toBe(
      `
Failed events of route-to-live-dev-deployment-roles, the cause first:
  First (AWS::IAM::Role) UPDATE_FAILED: Role First already exists
  Second (AWS::IAM::Role) CREATE_FAILED: no reason given

Hint: Something exists outside of the stack that --adopt cannot take in (AWS::IAM::Role). Find out who made it and who uses it: another deployment, or another route with this name. What is to be done depends on that.
`,
    );
  });

  test('says nothing of events where the operation never began', () => {
    expect(explainFailure('stack', 'Parameters: [Region] must have values', [])).toBe(
      '\nHint: A parameter without a default has no value. Add it to the parameter file of this stack.\n',
    );
  });

  test('names --adopt for a type that it takes, and for no other', () => {
    const failure = (type: string, reason: string) =>
      explainFailure('stack', '', [{ ...ofResource('Resource', 'CREATE_FAILED', reason), ResourceType: type }]);

    expect(failure('AWS::S3::Bucket', 'the-bucket already exists')).toMatch(/--adopt takes it in/);
    const listener = failure(
      'AWS::ElasticLoadBalancingV2::Listener',
      'A listener already exists on this port for this load balancer',
    );
    expect(listener).toMatch(/--adopt cannot take in \(AWS::ElasticLoadBalancingV2::Listener\)/);
    expect(listener).not.toMatch(/takes it in/);
  });

  test.each([
    ['AccessDenied', 'User: arn:aws:sts::222222222222:assumed-role/x is not authorized to perform: iam:CreateRole'],
    ['an expired session', 'An error occurred (ExpiredToken) when calling the CreateChangeSet operation'],
    ['a full bucket', 'The bucket you tried to delete is not empty (Service: S3, Status Code: 409)'],
    ['a role that is gone', 'Role arn:aws:iam::222222222222:role/x is invalid or cannot be assumed'],
    ['an export in use', 'Export a:VpcId cannot be deleted as it is in use by b'],
    ['throttling', 'An error occurred (Throttling) when calling the DescribeStacks operation: Rate exceeded'],
    ['a quota', 'The maximum number of addresses has been reached.'],
    ['protection', 'Stack [x] cannot be deleted while TerminationProtection is enabled'],
    [
      'a deployment that is under way',
      'An error occurred (ValidationError) when calling the CreateChangeSet operation: Stack:arn:aws:cloudformation:eu-west-1:' +
        '222222222222:stack/x/1 is in CREATE_IN_PROGRESS state and can not be updated.',
    ],
    [
      'a change set of another',
      'An error occurred (InvalidChangeSetStatus) when calling the ExecuteChangeSet operation: x',
    ],
    ['a stack that another has made', 'An error occurred (AlreadyExistsException): Stack [x] already exists'],
    [
      'a session that expired in the middle of a call that is denied',
      'An error occurred (ExpiredToken): not authorized, the token has expired; maximum number of attempts',
    ],
  ])('knows what helps against %s', (_, said) => {
    expect(explainFailure('stack', said, []).match(/Hint: /g)).toHaveLength(1);
  });
});

/** Who has a name that is taken, and what is said of it; never to delete it. */
describe('of a name that is taken', () => {
  const reason = "Resource of type 'AWS::S3::Bucket' with identifier 'shop-packages' already exists.";
  const bucket = { ...ofResource('Packages', 'CREATE_FAILED', reason), ResourceType: 'AWS::S3::Bucket' };
  const inStack = (name: string) =>
    `shop-packages already exists in stack arn:aws:cloudformation:eu-west-1:222222222222:stack/${name}/1`;

  test.each([
    [
      'the deployment that is making it',
      reason,
      { before: '', now: 'CREATE_IN_PROGRESS' },
      /under way \(CREATE_IN_PROGRESS\)/,
    ],
    ['the one that is rolling back', reason, { before: '', now: 'ROLLBACK_IN_PROGRESS' }, /under way/],
    [
      'the one that has just made it',
      reason,
      { before: '', now: 'CREATE_COMPLETE' },
      /made shop-store in the meantime/,
    ],
    [
      'the one that has made it since the review',
      reason,
      { before: 'REVIEW_IN_PROGRESS', now: 'UPDATE_COMPLETE' },
      /meantime/,
    ],
    ['another route', reason, { owners: new Map([['shop-packages', 'other-store']]) }, /The stack other-store has/],
    ['another stack, as AWS says', inStack('other-store'), {}, /The stack other-store has/],
    ['the same stack', inStack('shop-store'), {}, /under another logical id/],
    [
      'nobody that one knows of',
      reason,
      { before: '', now: 'ROLLBACK_COMPLETE' },
      /Find out whose it is.*--adopt takes it in/,
    ],
    [
      'nobody, in a stack that was there',
      reason,
      { before: 'CREATE_COMPLETE', now: 'UPDATE_ROLLBACK_COMPLETE' },
      /Find out whose/,
    ],
  ])('that %s has', (_, said, circumstances, hint) => {
    const text = explainFailure('shop-store', '', [{ ...bucket, ResourceStatusReason: said }], [], circumstances);

    expect(text.match(/Hint: .*/g)).toEqual([expect.stringMatching(hint)]);
    expect(text).not.toMatch(/\b(?:delete|remove|overwrite|empty) it\b/i);
  });

  test.each([
    [reason, 'shop-packages'],
    [
      `Resource of type 'AWS::Logs::LogGroup' with identifier '{"/properties/LogGroupName":"/shop/dev/x"}' already exists.`,
      '/shop/dev/x',
    ],
    ['Role with name shop-dev-review already exists.', 'shop-dev-review'],
    ['shop-packages already exists', 'shop-packages'],
    [inStack('x'), 'shop-packages'],
    ['Your previous request to create the named bucket succeeded and you already own it.', undefined],
  ])('%s: %s', (said, name) => {
    expect(takenName(said)).toBe(name);
  });
});

test('no hint for any failure says to delete what may be of others', () => {
  const { stdout } = spawnSync(
    'grep',
    ['-niE', '(delete|remove|overwrite|empty) (it|that|them)\\b', join(__dirname, 'stack-failure.ts')],
    {
      encoding: 'utf8',
    },
  );

  // Of data that is in the way of a deletion, after a look at it.
  expect(stdout.trim().split('\n')).toEqual([expect.stringContaining('only if nobody needs it, empty it and')]);
});
