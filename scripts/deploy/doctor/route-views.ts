import { accountsOf } from '../../../templates-src/model/accounts';
import { notInFile, type Stack, stacksOf } from '../../../templates-src/model/stacks';
import type { Topology } from '../../../templates-src/model/topology';
import { type ResolvedRoute, type RouteSource, readFolders, resolveRoute } from '../../lib/resolve/resolve-route';
import { ResolutionError } from '../../lib/resolve/resolve-stack';
import { isProtected } from '../deployment-plan';
import { PlanError, type Request, select } from '../deployment-request';
import { type Target, targetsOf } from '../deployment-target';
import { AccountView, type ExpectedStack } from './account-view';
import type { AwsApi } from './aws-api';

/**
 * The accounts that a request selects, with the stacks that the checkout has for each.
 *
 * @throws PlanError when the selection names something unknown, or templates and parameters do not fit
 */
export function requestedViews(aws: AwsApi, topology: Topology, request: Request): AccountView[] {
  const route = { topology, stacks: stacksOf(topology) };
  const selected = select(route, request, () => true).map(({ account }) => account);
  const source = readFolders(request.generated, request.parameters);
  const views = viewsOf(aws, topology, targetsOf(route, request, route.stacks), source);
  return views.filter(({ targets }) => targets.some(({ account }) => selected.includes(account)));
}

/**
 * All accounts of a route. Environments that share an account are looked at together: its quotas are for all of them.
 *
 * @param targets the accounts as the AWS CLI reaches them
 * @throws PlanError when templates and parameters do not fit
 */
export function viewsOf(
  aws: AwsApi,
  topology: Topology,
  targets: readonly Target[],
  source: RouteSource,
  now = new Date(),
): AccountView[] {
  const resolved = resolvedRoute(topology, source);
  const expected = (stack: Stack): ExpectedStack => {
    const of = resolved.stacks.get(stack.name);
    if (of === undefined) {
      throw new Error(`The stack ${stack.name} was not resolved.`);
    }
    const elsewhere = notInFile(stack);
    return {
      stack,
      resolved: of,
      template: source.template(stack.template),
      parameters: Object.fromEntries(Object.entries(of.parameters).filter(([key]) => !elsewhere.includes(key))),
      isProtected: isProtected({ topology }, stack),
    };
  };
  const accounts = accountsOf(topology);
  return [...new Set(accounts.map(({ owner }) => owner))].map((owner) => {
    const names = accounts.filter((account) => account.owner === owner).map(({ name }) => name);
    return new AccountView(aws, {
      topology,
      targets: targets.filter(({ account }) => names.includes(account)),
      stacks: stacksOf(topology)
        .filter(({ account }) => names.includes(account))
        .map(expected),
      region: resolved.region,
      now,
    });
  });
}

function resolvedRoute(topology: Topology, source: RouteSource): ResolvedRoute {
  try {
    return resolveRoute(topology, source);
  } catch (error) {
    if (error instanceof ResolutionError) {
      throw new PlanError(`templates and parameters do not fit:\n${error.message}`, 1);
    }
    throw error;
  }
}
