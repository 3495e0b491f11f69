import { expect, test } from 'vitest';
import { notNeeded } from '../../access/not-needed';
import handlers from '../../access/resource-handlers.json';
import { environmentResourceTypes } from './execution-permissions';
import { serviceLinkedRoles } from './service-linked-roles';

test('every type whose handler in AWS makes a service-linked role for the templates has one here', () => {
  const action = 'iam:CreateServiceLinkedRole';
  const making = environmentResourceTypes.filter(
    (type) =>
      JSON.stringify(handlers[type]).includes(action) &&
      !notNeeded[type]?.some(({ actions }) => actions.includes(action)),
  );

  expect(making).toContain('AWS::ECS::Cluster');
  expect(Object.keys(serviceLinkedRoles)).toEqual(expect.arrayContaining(making));
});

test('each role is that of one service, under the name that AWS gives it', () => {
  for (const { service, name } of Object.values(serviceLinkedRoles)) {
    expect(service).toMatch(/^[a-z.-]+\.amazonaws\.com$/);
    expect(name).toMatch(/^AWSServiceRoleFor\w+$/);
  }
});
