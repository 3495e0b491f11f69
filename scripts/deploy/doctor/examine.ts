import type { AccountView } from './account-view';
import { type Check, type Finding, unseen } from './check';
import { credentials } from './checks';

/** A finding, and where it was made. */
export interface Result extends Finding {
  /** Names of the account in the topology: several where environments share one. */
  readonly accounts: readonly string[];
  readonly accountId: string;
  readonly region: string;
  readonly check: string;
}

/**
 * Runs checks in accounts, all at the same time.
 *
 * @param say told of every account that has been looked at
 * @returns the findings by account, in the order of the checks
 */
export async function examine(
  views: readonly AccountView[],
  checks: readonly Check[],
  say: (line: string) => void,
): Promise<Result[]> {
  const results = await Promise.all(
    views.map(async (view) => {
      const identity = await credentials.run(view);
      const usable = identity.every(({ outcome }) => outcome === 'ok');
      const others = usable
        ? await Promise.all(checks.map((check) => runCheck(view, check)))
        : [[result(view, 'all others', { outcome: 'unseen', what: 'not looked at without the right credentials' })]];
      say(`${view.names} (${view.accountId}) in ${view.region}: looked at`);
      return [...identity.map((finding) => result(view, credentials.name, finding)), ...others.flat()];
    }),
  );
  return results.flat();
}

async function runCheck(view: AccountView, { name, run }: Check): Promise<Result[]> {
  const findings = await run(view).catch((error) => [unseen(error)]);
  return findings.map((finding) => result(view, name, finding));
}

function result(view: AccountView, check: string, finding: Finding): Result {
  const accounts = view.targets.map(({ account }) => account);
  return { accounts, accountId: view.accountId, region: view.region, check, ...finding };
}
