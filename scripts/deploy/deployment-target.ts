import { existsSync } from 'node:fs';
import { type Account, accountsOf } from '../../templates-src/model/accounts';
import type { Stack } from '../../templates-src/model/stacks';
import { type Topology, toolingAccount } from '../../templates-src/model/topology';
import {
  PlanError,
  parametersPath,
  type Request,
  type RouteToLive,
  readablePath,
  requiredValue,
  templatePath,
} from './deployment-request';
import type { Command } from './shell-text';

/** An account as the AWS CLI reaches it. */
export interface Target {
  readonly account: string;
  readonly accountId: string;
  /** Where the id was read, for the message about a wrong account. */
  readonly accountIdSource: string;
  /** Undefined: the credentials of the caller's environment. */
  readonly profile: string | undefined;
  /** The profile that is taken when the AWS CLI knows it and the operator gave no other. */
  readonly usualProfile: string;
  /** Options that every command of this account gets: Region, profile, endpoint. */
  readonly options: Command;
}

/** How messages name an account: `dev (222222222222)`. */
export const accountLabel = ({ account, accountId }: Pick<Target, 'account' | 'accountId'>) =>
  `${account} (${accountId})`;

/**
 * The accounts of stacks, in the order of the topology.
 *
 * @throws PlanError when a template or parameter file cannot be used
 */
export function targetsOf(route: RouteToLive, request: Request, stacks: readonly Stack[]): Target[] {
  const missing = [...new Set(stacks.map((stack) => templatePath(request, stack)))].filter((path) => !existsSync(path));
  if (missing.length > 0) {
    throw new PlanError(
      `There is no ${missing.map(readablePath).join(', no ')}. Generated templates are written by: npm run build`,
      1,
    );
  }
  const firstOfAccount = new Map(stacks.toReversed().map((stack) => [stack.account, stack]));
  return accountsOf(route.topology).flatMap((account) => {
    const stack = firstOfAccount.get(account.name);
    return stack === undefined ? [] : [targetIn(route, request, account, stack)];
  });
}

function targetIn(route: RouteToLive, request: Request, account: Account, stack: Stack): Target {
  const profile = profileOf(route.topology, request, account);
  return {
    account: account.name,
    ...accountIdOf(route, request, account),
    profile,
    usualProfile: `${route.topology.project}-${account.name}`,
    options: [
      ['--region', requiredValue(request, stack, 'Region')],
      ...(profile === undefined ? [] : [['--profile', profile]]),
      // AWS CLI v2 honours AWS_ENDPOINT_URL only from 2.13 on.
      ...(request.endpoint === undefined ? [] : [['--endpoint-url', request.endpoint]]),
    ],
  };
}

/** The account of a stack, among those that were prepared. */
export function targetOf(targets: readonly Target[], stack: Stack): Target {
  const target = targets.find(({ account }) => account === stack.account);
  if (target === undefined) {
    throw new Error(`No account was prepared for the stack '${stack.name}'.`);
  }
  return target;
}

/** The operator's choice, else the profile named after the account or the one whose id it shares, else none. */
function profileOf({ project }: Topology, request: Request, { name, owner }: Account): string | undefined {
  return (
    request.profiles.get(name) ??
    [name, owner].map((account) => `${project}-${account}`).find((profile) => request.configuredProfiles.has(profile))
  );
}

/**
 * Every account is told its neighbours' ids, never its own: what a file says about an account is the only thing that
 * the credentials can be compared with.
 */
function accountIdOf(
  { stacks }: RouteToLive,
  request: Request,
  { name, parameter }: Account,
): Pick<Target, 'accountId' | 'accountIdSource'> {
  const template = name === toolingAccount ? 'environment/deployment-roles' : 'tooling/artifact-store';
  const holder = stacks.find((stack) => stack.template === template);
  if (holder === undefined) {
    throw new Error(`The topology has no stack of the template '${template}', which names the account ids.`);
  }
  return {
    accountId: requiredValue(request, holder, parameter),
    accountIdSource: `${parameter} of ${readablePath(parametersPath(request, holder))}`,
  };
}
