// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of CloudFormation, not of TypeScript
import { expect, test } from 'vitest';
import { violationsOf } from '../rule.fixture';
import { workloadRolesHaveTheBoundary as rule } from './workload-roles-have-the-boundary';

const boundary = { 'Fn::Sub': 'arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/route-${Name}-boundary-function' };
const role = (properties: object = {}) => ({ Role: { Type: 'AWS::IAM::Role', Properties: properties } });
const path = 'environment/example.yaml';

test('a role of an environment may be created under the boundary', async () => {
  expect(await violationsOf(rule, role({ PermissionsBoundary: boundary }), path)).toEqual([]);
});

test('a role of an environment must not be created without it, or under another', async () => {
  expect(await violationsOf(rule, role(), path)).toEqual(['Role: the role has no PermissionsBoundary']);
  const other = role({ PermissionsBoundary: 'arn:aws:iam::aws:policy/AdministratorAccess' });
  expect(await violationsOf(rule, other, path)).toEqual([
    expect.stringContaining('AdministratorAccess, expected that'),
  ]);
  const maybe = role({ PermissionsBoundary: { 'Fn::If': ['Bounded', boundary, { Ref: 'AWS::NoValue' }] } });
  expect(await violationsOf(rule, maybe, path)).toHaveLength(1);
});

test.each(['tooling/example.yaml', 'environment/deployment-roles.yaml', 'environment/service-roles.yaml'])(
  'roles of %s are created by operators',
  async (operators) => {
    expect(await violationsOf(rule, role(), operators)).toEqual([]);
  },
);
