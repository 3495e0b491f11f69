import type { Context } from '../../../templates-src/access/case';
import { type HarmlessWrite, harmlessWrites, preparations } from '../../../templates-src/access/harmless';
import { toolingAccount } from '../../../templates-src/model/topology';
import { Evaluator } from '../../lib/iam/evaluate';
import type { RoutePolicies } from '../../lib/iam/policies';
import type { ResolvedRoute } from '../../lib/resolve/resolve-route';
import { actingBefore, type Principal, principalsBefore } from './principals';
import { Asker } from './requests';
import { type Approved, approvedEnvironments } from './stages';
import { ownTargets, settingTargets, type Target, targetsOf } from './targets';
import { actionsThatChange, settingsOf } from './write-actions';

/** A way around an approval. */
export interface WayAround {
  readonly principal: Principal;
  readonly action: string;
  readonly target: Target;
  /** Condition keys of the request. */
  readonly context: Context;
}

/** What has been found out about one environment. */
export interface ApprovalVerdict {
  readonly of: Approved;
  /** The environment before the approval that nothing keeps it apart from, and why, in words. */
  readonly openTo: string | undefined;
  readonly principals: readonly Principal[];
  readonly targets: readonly Target[];
  /** Pairs of a target and an action that changes it, asked of every principal. */
  readonly changes: number;
  readonly simulated: number;
  /** The shortest path first. */
  readonly waysAround: readonly WayAround[];
}

/**
 * Shows that no commit gets further than its approval: for every environment behind one, takes what committed code is
 * before it, all that this can become, and asks for every action that AWS knows to change something, on everything that
 * the environment runs, reads and is decided by.
 *
 * @returns a verdict for each environment behind an approval
 */
export async function proveApprovals(
  route: ResolvedRoute,
  policies: RoutePolicies,
): Promise<readonly ApprovalVerdict[]> {
  const verdicts: ApprovalVerdict[] = [];
  const asker = new Asker(new Evaluator(policies), policies);
  for (const of of approvedEnvironments(route.topology)) {
    verdicts.push(await proveApproval(route, policies, of, asker));
  }
  return verdicts;
}

async function proveApproval(
  route: ResolvedRoute,
  policies: RoutePolicies,
  of: Approved,
  asker: Asker,
): Promise<ApprovalVerdict> {
  const before = asker.asked;
  const principals = await closure(principalsBefore(route, policies, of), policies, asker);
  const targets = targetsOf(route, of);
  const { ways, changes } = await waysTo(targets, principals, asker, harmlessWrites);
  const tooling = route.accounts.get(toolingAccount)?.id;
  // Settings are those of the account that one is in.
  const inTooling = principals.filter(({ actor }) => actor.kind === 'role' && actor.arn.split(':')[4] === tooling);
  const settings = await waysTo(settingTargets(targets), inTooling, asker, harmlessWrites);
  // Those write logs and artifacts of their own, as they must, and are asked for the environment alone.
  const acting = await closure(actingBefore(route, policies, of), policies, asker);
  const unapproved = await waysTo(ownTargets(route, of), acting, asker, [...harmlessWrites, preparations]);
  return {
    of,
    openTo: openTo(route, of),
    principals,
    targets,
    changes,
    simulated: asker.asked - before,
    waysAround: [...ways, ...settings.ways, ...unapproved.ways].sort(
      (one, other) => one.principal.path.length - other.principal.path.length,
    ),
  };
}

/** What the topology itself leaves open: an account in a commit's hands that has what it should be kept from. */
function openTo({ accounts }: ResolvedRoute, { before, environment }: Approved): string | undefined {
  const idOf = (name: string) => accounts.get(name)?.id;
  for (const { name } of before) {
    if (idOf(name) === idOf(environment.name)) {
      return `${name}, whose account it shares`;
    }
    if (idOf(name) === idOf(toolingAccount)) {
      return `${name}, which is in the tooling account`;
    }
  }
  return undefined;
}

/** Every way of the principals to change one of the targets. */
async function waysTo(
  targets: readonly Target[],
  principals: readonly Principal[],
  asker: Asker,
  harmless: readonly HarmlessWrite[],
) {
  const ways: WayAround[] = [];
  const withPolicies = principals.filter(({ actor }) => actor.kind === 'role');
  let changes = 0;
  for (const target of targets) {
    const found = await (target.settingsOf === undefined
      ? actionsThatChange(target.arn)
      : settingsOf(target.settingsOf));
    const changing = found.filter(
      (action) => !harmless.some(({ actions, on }) => on === target.type && actions.includes(action)),
    );
    changes += changing.length;
    for (const action of changing) {
      for (const principal of asker.letsIn(action, target.arn) ? principals : withPolicies) {
        const context = await asker.couldDo(principal.actor, action, target.arn);
        if (context !== undefined) {
          ways.push({ principal, action, target, context });
        }
      }
    }
  }
  return { ways, changes };
}

/**
 * Adds the roles that the principals can become: by assuming one, or by passing it to a service, which is taken to do
 * with it whatever they like.
 */
async function closure(
  first: readonly Principal[],
  { roles }: RoutePolicies,
  asker: Asker,
): Promise<readonly Principal[]> {
  const found = new Map(first.map((principal) => [keyOf(principal), principal]));
  const waiting = [...found.values()];
  for (let principal = waiting.shift(); principal !== undefined; principal = waiting.shift()) {
    for (const arn of roles.keys()) {
      const next = await become(principal, arn, asker);
      if (next !== undefined && !found.has(keyOf(next))) {
        found.set(keyOf(next), next);
        waiting.push(next);
      }
    }
  }
  return [...found.values()];
}

async function become(principal: Principal, arn: string, asker: Asker): Promise<Principal | undefined> {
  const { actor, path } = principal;
  // An account that is in the commit's hands altogether has its own roles already.
  if (actor.kind === 'administrator' && actor.arn.split(':')[4] === arn.split(':')[4]) {
    return undefined;
  }
  const role = arn.replace(/^.*:role\//, '');
  if (actor.kind !== 'service' && (await asker.couldDo(actor, 'iam:PassRole', arn)) !== undefined) {
    return { actor: { kind: 'role', arn }, path: [...path, `a service that it hands the role ${role} to`] };
  }
  if ((await asker.couldDo(actor, 'sts:AssumeRole', arn)) === undefined) {
    return undefined;
  }
  return { actor: { kind: 'role', arn }, path: [...path, `the role ${role}, which it can assume`] };
}

const keyOf = ({ actor }: Principal) =>
  actor.kind === 'service'
    ? `${actor.service} ${actor.sourceAccount} ${actor.sourceArn}`
    : `${actor.kind === 'role' ? '' : 'anybody as '}${actor.arn}`;
