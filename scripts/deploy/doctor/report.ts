import type { Outcome } from './check';
import type { Result } from './examine';

const colours: Readonly<Record<Outcome, string>> = {
  ok: '\u001b[32m',
  problem: '\u001b[31m',
  unseen: '\u001b[33m',
  'not applicable': '\u001b[2m',
};
const plain = '\u001b[0m';

/** Words of the report; all but the first ask for a look. */
const labels: Readonly<Record<Outcome, string>> = {
  ok: 'ok',
  problem: 'PROBLEM',
  unseen: 'NOT SEEN',
  'not applicable': '-',
};

/** One line for each finding, under its account. */
export function reportText(results: readonly Result[], coloured: boolean): string {
  const width = Math.max(0, ...results.map(({ check }) => check.length));
  const accounts = new Map<string, Result[]>();
  for (const result of results) {
    const account = `${result.accounts.join(', ')} (${result.accountId}) in ${result.region}`;
    accounts.set(account, [...(accounts.get(account) ?? []), result]);
  }
  return [...accounts]
    .map(([account, found]) => [account, ...found.map((result) => `  ${line(result, width, coloured)}`), ''].join('\n'))
    .join('\n');
}

function line({ outcome, check, what, toDo }: Result, width: number, coloured: boolean): string {
  const label = labels[outcome].padEnd(8);
  const text = [what, ...(toDo === undefined ? [] : [`To do: ${toDo}`])].join('. ').replaceAll(/\s*\n\s*/g, '; ');
  return `${coloured ? `${colours[outcome]}${label}${plain}` : label}  ${check.padEnd(width)}  ${text}`;
}

/** `2 problems, 1 not seen, 40 ok` */
export function summaryOf(results: readonly Result[]): string {
  const count = (outcome: Outcome) => results.filter((result) => result.outcome === outcome).length;
  const problems = count('problem');
  return `${problems} ${problems === 1 ? 'problem' : 'problems'}, ${count('unseen')} not seen, ${count('ok')} ok`;
}

/** 0 all is well, 1 there are problems, 3 there are none, but something could not be seen. */
export function exitCodeOf(results: readonly Result[]): 0 | 1 | 3 {
  const found = new Set(results.map(({ outcome }) => outcome));
  return found.has('problem') ? 1 : found.has('unseen') ? 3 : 0;
}
