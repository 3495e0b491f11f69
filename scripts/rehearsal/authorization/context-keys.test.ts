import { describe, expect, test } from 'vitest';
import type { Call } from './call';
import { contextOf } from './context-keys';
import { Deployed, type DeployedResource } from './deployed';

const account = '222222222222';
const own = (service: string, resource: string) => `arn:aws:${service}:eu-west-1:${account}:${resource}`;

/** What is known of a call, by the name of the keys in lower case. */
async function keysOf(action: string, resource: string, parameters: object, role: object = {}) {
  const deployed = new Deployed([]);
  deployed.byArn = () => ({ properties: role, isComplete: true }) as DeployedResource;
  const [service = '', operation = ''] = action.split(':');
  const call = { service, operation, region: 'eu-west-1', parameters } as Call;
  const context = await contextOf(action, resource, call, account, deployed, {});
  return Object.fromEntries(Object.entries(context).map(([key, value]) => [key.toLowerCase(), value]));
}

describe('the boundary of a role', () => {
  const role = `arn:aws:iam::${account}:role/one`;

  test('is the new one when the call sets another', async () => {
    expect(
      await keysOf(
        'iam:PutRolePermissionsBoundary',
        role,
        { PermissionsBoundary: 'new' },
        { PermissionsBoundary: 'old' },
      ),
    ).toEqual({ 'iam:permissionsboundary': 'new' });
  });

  test.each(['iam:PutRolePolicy', 'iam:UpdateAssumeRolePolicy'])('is the one that it has for %s', async (action) => {
    expect(await keysOf(action, role, {}, { PermissionsBoundary: 'old' })).toEqual({
      'iam:permissionsboundary': 'old',
    });
  });
});

describe('what a resource is asked to be', () => {
  test.each([
    [
      'ec2:CreateVpcEndpoint',
      own('ec2', 'vpc-endpoint/vpce-0'),
      { ServiceName: 'com.amazonaws.eu-west-1.s3' },
      { 'ec2:vpceservicename': 'com.amazonaws.eu-west-1.s3' },
    ],
    // The network of an endpoint has no such key.
    ['ec2:CreateVpcEndpoint', own('ec2', 'vpc/vpc-0'), { ServiceName: 'com.amazonaws.eu-west-1.s3' }, {}],
    [
      'lambda:CreateFunctionUrlConfig',
      own('lambda', 'function:one'),
      { AuthType: 'NONE' },
      { 'lambda:functionurlauthtype': 'NONE' },
    ],
    [
      'ecs:CreateService',
      own('ecs', 'service/cluster/one'),
      { networkConfiguration: { awsvpcConfiguration: { assignPublicIp: 'ENABLED' } }, enableExecuteCommand: true },
      { 'ecs:auto-assign-public-ip': 'ENABLED', 'ecs:enable-execute-command': 'true' },
    ],
    [
      'application-autoscaling:RegisterScalableTarget',
      own('application-autoscaling', 'scalable-target/0'),
      { ServiceNamespace: 'ecs' },
      { 'application-autoscaling:service-namespace': 'ecs' },
    ],
    [
      'kms:PutKeyPolicy',
      own('kms', 'key/0'),
      { BypassPolicyLockoutSafetyCheck: true },
      { 'kms:bypasspolicylockoutsafetycheck': 'true' },
    ],
  ])('is told to policies: %s on %s', async (action, resource, parameters, keys) => {
    const told = await keysOf(action, resource, parameters);
    expect(told).toMatchObject(keys);
    expect('ec2:vpceservicename' in told).toBe('ec2:vpceservicename' in keys);
  });
});
