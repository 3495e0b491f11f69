import { messageOf } from '../../lib/message';
import type { AccountView } from './account-view';
import { AwsError } from './aws-api';

/** `unseen`: whether it is well could not be seen, which must not pass for well. */
export type Outcome = 'ok' | 'problem' | 'unseen' | 'not applicable';

/** What a check found out. */
export interface Finding {
  readonly outcome: Outcome;
  readonly what: string;
  /** What to do about it; a command where there is one. */
  readonly toDo?: string;
  /** Names of the stacks whose next deployment fails because of it. */
  readonly fails?: readonly string[];
}

/** Something that can be wrong with an account. */
export interface Check {
  readonly name: string;
  /** What it asks, for `--help`. */
  readonly asks: string;
  /** Whether it can find what makes a deployment fail, so that `deploy.sh` runs it first. */
  readonly beforeDeployment?: true;
  /** @throws AwsError when it can't see what it has to */
  readonly run: (view: AccountView) => Promise<readonly Finding[]>;
}

export const ok = (what: string): Finding => ({ outcome: 'ok', what });
export const notApplicable = (what: string): Finding => ({ outcome: 'not applicable', what });
export const problem = (what: string, toDo: string, fails: readonly string[] = []): Finding => ({
  outcome: 'problem',
  what,
  toDo,
  ...(fails.length === 0 ? {} : { fails }),
});

/** The finding that a call was refused, or that the check itself broke off: neither may hide what others find. */
export function unseen(error: unknown): Finding {
  if (!(error instanceof AwsError)) {
    return {
      outcome: 'unseen',
      what: `the check itself failed: ${messageOf(error)}`,
      toDo: 'this is a fault of scripts/doctor.sh, not of the account: look yourself, and report it',
    };
  }
  const { call, code, message, denied } = error;
  const reason = `${denied ? 'denied' : 'failed'}: aws ${call}: ${code === undefined ? '' : `${code}: `}${message}`;
  const toDo = denied
    ? `run it with a profile that may ${call}, such as one with the managed policy ReadOnlyAccess`
    : 'see what the AWS CLI says, and run it again';
  return { outcome: 'unseen', what: reason, toDo };
}

/**
 * Looks at each of several things. What can't be seen of one does not hide the others.
 *
 * @returns all findings; of those that say the same of several things only one
 */
export async function ofEach<Item>(
  items: readonly Item[],
  look: (item: Item) => Promise<readonly Finding[]>,
): Promise<Finding[]> {
  const findings = (await Promise.all(items.map((item) => look(item).catch((error) => [unseen(error)])))).flat();
  const known = new Set<string>();
  return findings.filter(({ what }) => !known.has(what) && known.add(what));
}

/** The findings, or that all is well when there are none. */
export const orOk = (findings: readonly Finding[], what: string): readonly Finding[] =>
  findings.length > 0 ? findings : [ok(what)];
