// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of CloudFormation, not of TypeScript
import { describe, expect, test } from 'vitest';
import { compile, Intrinsic, list, type Node, record } from '../../dsl';
import { topology } from '../../topology.fixture';
import deploymentRoles from './deployment-roles';

/** What can be read off the roles without evaluating them; what they may do is the access proof's. */

const resources = record(compile(deploymentRoles(topology)).Resources);
const properties = (id: string) => record(record(resources[id]).Properties);
const roles = Object.keys(resources).filter((id) => record(resources[id]).Type === 'AWS::IAM::Role');
const textOf = (node: Node | undefined) => (node instanceof Intrinsic ? String(node.argument) : String(node));
const statementsOf = (node: Node | undefined) => list(record(node).Statement).map(record);
/** Statements of the policies of a role. */
const permissionsOf = (role: string) =>
  list(properties(role).ManagedPolicyArns).flatMap((policy) => statementsOf(properties(textOf(policy)).PolicyDocument));

test('the roles have the names that the tooling account admits', () => {
  expect(roles.map((role) => [role, textOf(properties(role).RoleName)])).toEqual([
    ['CloudFormationExecutionRole', 'route-to-live-${EnvironmentName}-cloudformation-execution'],
    ['CloudFormationActionRole', 'route-to-live-${EnvironmentName}-cloudformation-action'],
    ['CodeDeployActionRole', 'route-to-live-${EnvironmentName}-codedeploy-action'],
    ['LambdaUpdateRole', 'route-to-live-${EnvironmentName}-lambda-update'],
    ['ReviewRole', 'route-to-live-${EnvironmentName}-review'],
    ['ContainerReviewRole', 'route-to-live-${EnvironmentName}-container-review'],
    ['ViewerRole', 'route-to-live-${EnvironmentName}-viewer'],
  ]);
});

describe('a role is assumed', () => {
  test.each<[string, string]>([
    ['CloudFormationActionRole', 'route-to-live-infrastructure-deployment-pipeline'],
    ['CodeDeployActionRole', 'route-to-live-container-deployment-pipeline'],
    ['LambdaUpdateRole', 'route-to-live-update-lambdas-${EnvironmentName}-build'],
    ['ReviewRole', 'route-to-live-review-${EnvironmentName}-build'],
    ['ContainerReviewRole', 'route-to-live-review-container-${EnvironmentName}-build'],
    ['ViewerRole', 'route-to-live-approver'],
  ])('by one role of the tooling account: %s', (role, caller) => {
    expect(statementsOf(properties(role).AssumeRolePolicyDocument)).toEqual([
      {
        Sid: 'AssumedByRole',
        Effect: 'Allow',
        Principal: { AWS: new Intrinsic('Sub', 'arn:${AWS::Partition}:iam::${ToolingAccountId}:root') },
        Action: 'sts:AssumeRole',
        Condition: {
          ArnEquals: {
            'aws:PrincipalArn': [
              new Intrinsic('Sub', `arn:\${AWS::Partition}:iam::\${ToolingAccountId}:role/${caller}`),
            ],
          },
        },
      },
    ]);
  });

  test('by CloudFormation of this account alone: the execution role', () => {
    expect(statementsOf(properties('CloudFormationExecutionRole').AssumeRolePolicyDocument)).toEqual([
      {
        Sid: 'AssumedByService',
        Effect: 'Allow',
        Principal: { Service: 'cloudformation.amazonaws.com' },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'aws:SourceAccount': new Intrinsic('Ref', 'AWS::AccountId') } },
      },
    ]);
  });
});

test('policies exist before their role: nobody assumes it before it may do anything', () => {
  const ids = Object.keys(resources);
  for (const role of roles) {
    const policies = list(properties(role).ManagedPolicyArns).map(textOf);
    expect(policies.length, role).toBeGreaterThan(0);
    expect(
      policies.every((id) => ids.indexOf(id) < ids.indexOf(role)),
      role,
    ).toBe(true);
    expect(properties(role), role).not.toHaveProperty('Policies');
  }
});

test('a role is handed on by name, to one service', () => {
  const passing = roles.flatMap(permissionsOf).filter(({ Action }) => [Action].flat().includes('iam:PassRole'));
  expect(passing.length).toBeGreaterThan(3);
  for (const statement of passing) {
    expect(statement.Action, String(statement.Sid)).toBe('iam:PassRole');
    expect(typeof record(record(statement.Condition).StringEquals)['iam:PassedToService']).toBe('string');
    expect([statement.Resource].flat().map(textOf).includes('*'), String(statement.Sid)).toBe(false);
  }
});

test('the action role of CloudFormation hands on the execution roles and nothing else', () => {
  const [passing, ...more] = permissionsOf('CloudFormationActionRole').filter(
    ({ Action }) => Action === 'iam:PassRole',
  );
  expect(more).toEqual([]);
  expect(passing?.Resource).toEqual([
    new Intrinsic('GetAtt', 'CloudFormationExecutionRole.Arn'),
    new Intrinsic(
      'Sub',
      'arn:${AWS::Partition}:iam::${AWS::AccountId}:role/route-to-live-${EnvironmentName}-container-service-execution',
    ),
  ]);
});

describe('the execution role', () => {
  const iam = permissionsOf('CloudFormationExecutionRole').filter(
    ({ Action, Effect }) =>
      Effect === 'Allow' &&
      [Action].flat().some((action) => /^iam:(Create|Put|Attach|Update|Delete|Tag)/.test(String(action))),
  );

  test('changes roles of functions of its environment only', () => {
    const names = iam.flatMap(({ Resource }) => [Resource].flat().map(textOf));
    expect(new Set(names)).toEqual(
      new Set([
        'arn:${AWS::Partition}:iam::${AWS::AccountId}:role/route-to-live-${EnvironmentName}-workload-function-*',
      ]),
    );
  });

  test('gives roles permissions under the boundary only, and never takes the boundary away', () => {
    const giving = iam.filter(({ Action }) =>
      [Action]
        .flat()
        .some((it) => /^iam:(CreateRole|(Put|Attach)RolePolicy|PutRolePermissionsBoundary)$/.test(String(it))),
    );
    expect(giving.length).toBeGreaterThan(0);
    for (const { Sid, Condition } of giving) {
      expect(JSON.stringify(Condition), String(Sid)).toContain('"iam:PermissionsBoundary"');
      expect(JSON.stringify(Condition), String(Sid)).toContain('-boundary-function');
    }
    const actions = permissionsOf('CloudFormationExecutionRole').flatMap(({ Action }) => [Action].flat());
    expect(actions).not.toContain('iam:DeleteRolePermissionsBoundary');
  });
});

test('every role is an output', () => {
  const outputs = record(compile(deploymentRoles(topology)).Outputs);
  expect(Object.values(outputs).map((it) => textOf(record(it).Value))).toEqual(roles.map((role) => `${role}.Arn`));
});
