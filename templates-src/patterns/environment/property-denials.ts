import { AccountId, type Action, type Conditions, type IdentityStatement, Region, sub } from '../../dsl';
import { regionalArn, roleArn } from '../../model/names';

/**
 * What templates of a pipeline may not ask for, though their roles may create and change the resource: properties that
 * open it to others. Each has a condition key (Service Authorization Reference of the service).
 */

const deny = (
  Sid: string,
  Action: readonly Action[],
  Condition: Conditions,
  Resource: IdentityStatement['Resource'] = '*',
) => ({ Sid, Effect: 'Deny', Action, Resource, Condition }) as const satisfies IdentityStatement;

/** For keys: a policy under which its own creator could not change it again. */
export const denyLockedKeys = deny('DenyLockedKeys', ['kms:CreateKey', 'kms:PutKeyPolicy'], {
  Bool: { 'kms:BypassPolicyLockoutSafetyCheck': true },
});

/** For roles: a path. `*` in the ARN of a role matches slashes, so a path may look like the name that is allowed. */
export const denyRolesWithPaths = {
  Sid: 'DenyRolesWithPaths',
  Effect: 'Deny',
  Action: 'iam:CreateRole',
  Resource: roleArn(AccountId, '*/*'),
} as const satisfies IdentityStatement;

/** For functions: an address that anybody may call. */
export const denyPublicFunctions = deny(
  'DenyPublicFunctions',
  ['lambda:CreateFunctionUrlConfig', 'lambda:UpdateFunctionUrlConfig'],
  { StringEquals: { 'lambda:FunctionUrlAuthType': 'NONE' } },
);

/**
 * For VPC endpoints: a service of somebody else than AWS, through which data could leave. Only the endpoint itself has the
 * condition key, so it alone is named: the other resources of the request have none, and would be denied always.
 */
export const denyServicesOfOthers = deny(
  'DenyServicesOfOthers',
  ['ec2:CreateVpcEndpoint'],
  { StringNotLike: { 'ec2:VpceServiceName': sub`com.amazonaws.${Region}.*` } },
  regionalArn('ec2', 'vpc-endpoint/*'),
);

/** For services of ECS: tasks that the Internet reaches past the load balancer. */
export const denyPublicTasks = deny('DenyPublicTasks', ['ecs:CreateService', 'ecs:UpdateService'], {
  StringEquals: { 'ecs:auto-assign-public-ip': 'ENABLED' },
});

/** For services of ECS: a shell in what runs, and in the permissions of its role. */
export const denyShellsInTasks = deny('DenyShellsInTasks', ['ecs:CreateService', 'ecs:UpdateService'], {
  StringEquals: { 'ecs:enable-execute-command': 'true' },
});
