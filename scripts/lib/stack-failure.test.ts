import { describe, expect, test } from 'vitest';
import { explainFailure, failedEvents, type StackEvent, validationFindings } from './stack-failure';

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

Hint: Something exists outside of the stack that --adopt cannot take in (AWS::IAM::Role). Find out who made it and who uses it. Then change it there, or delete it if nobody does.
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
  ])('knows what helps against %s', (_, said) => {
    expect(explainFailure('stack', said, []).match(/Hint: /g)).toHaveLength(1);
  });
});
