import { searchedTypes } from '../adoption';
import { names } from './checks/names';
import type { Result } from './examine';

/** What there is to say before stacks are deployed: what makes that fail, and what else asks for a look. */
export function sortedFindings(
  results: readonly Result[],
  stacks: readonly string[],
): { readonly stopping: readonly Result[]; readonly others: readonly Result[] } {
  const stops = ({ outcome, check, fails = [] }: Result) =>
    outcome === 'problem' && (check === 'credentials' || fails.some((name) => stacks.includes(name)));
  const worthALook = results.filter(({ outcome }) => outcome === 'problem' || outcome === 'unseen');
  return { stopping: worthALook.filter(stops), others: worthALook.filter((result) => !stops(result)) };
}

/**
 * Whether a finding is that a name is taken which `--adopt` looks for itself, and says what it cannot adopt. Of other
 * names, such as those of aliases, it knows nothing.
 */
export const isForAdoption = ({ check, outcome, what }: Result): boolean =>
  check === names.name && outcome === 'problem' && searchedTypes.some((type) => what.includes(`(${type})`));
