import { nearest } from '../../templates-src/model/likely-cause';
import type { DecidingStatement } from '../lib/iam/request';
import { type MutationScore, nameOf } from './mutants';
import type { Proof } from './proof';
import type { Answer, ProvenCase } from './proven-case';

/** What `prove-access` prints: plain text, the same with and without a terminal. */

const words = {
  Allowed: 'allowed',
  ExplicitlyDenied: 'denied by a statement',
  ImplicitlyDenied: 'denied, nothing allows it',
};

/** One line for an actor: its name, and how many of its cases there are. */
interface Row {
  readonly group: string;
  readonly allowed: number;
  readonly denied: number;
  readonly failed: number;
}

function rowsOf(cases: readonly ProvenCase[]): readonly Row[] {
  const groups = new Map<string, ProvenCase[]>();
  for (const proven of cases) {
    const group = groups.get(proven.of.group) ?? [];
    groups.set(proven.of.group, group);
    group.push(proven);
  }
  return [...groups].map(([group, all]) => ({
    group,
    allowed: all.filter(({ of }) => of.expect === 'allowed').length,
    denied: all.filter(({ of }) => of.expect === 'denied').length,
    failed: all.filter(({ holds }) => !holds).length,
  }));
}

/** The table of actors, what failed, what is idle, and the totals. */
export function describeProof(proof: Proof): string {
  const { cases, failed, idle, doubleGrants, statements } = proof;
  const rows = rowsOf(cases);
  const width = Math.max(...rows.map(({ group }) => group.length));
  const table = [
    `${'actor'.padEnd(width)}  must  must not  result`,
    ...rows.map(
      ({ group, allowed, denied, failed: wrong }) =>
        `${group.padEnd(width)}  ${String(allowed).padStart(4)}  ${String(denied).padStart(8)}  ${wrong === 0 ? 'holds' : `${wrong} FAILED`}`,
    ),
  ];
  const requests = cases.reduce((sum, { answers }) => sum + answers.length, 0);
  const denials = cases.filter(({ of }) => of.expect === 'denied').length;
  const totals = `${cases.length} cases (${cases.length - denials} must, ${denials} must not), ${requests} requests`;
  const excess = idle.map((mutant) =>
    mutant.kind === 'delete statement'
      ? `idle: generated/${nameOf(mutant.source)}: ${mutant.sid}: no case needs this statement`
      : `idle: generated/${nameOf(mutant.source)}: ${mutant.sid}: no case needs ${mutant.detail}`,
  );
  const doubled = doubleGrants.map(
    ({ answer, grants }) =>
      `twice: ${answer.request.of.id}: ${answer.request.action} on ${answer.request.resource} is allowed by each of ` +
      grants.map(describeStatement).join(' and '),
  );
  return [
    ...table,
    '',
    ...failed.flatMap((proven) => [describeFailure(proven), '']),
    ...excess,
    ...doubled,
    ...(excess.length + doubled.length > 0 ? [''] : []),
    failed.length === 0
      ? `${totals}: all hold.`
      : `${totals}: ${failed.length} ${failed.length === 1 ? 'case fails' : 'cases fail'}. What is idle shows when all hold.`,
    ...(failed.length === 0
      ? [
          idle.length === 0 && doubled.length === 0
            ? `${statements.length} statements: each, and each action in it, is needed by a case.`
            : `${statements.length} statements: ${idle.length} idle, ${doubled.length} requests allowed twice. ` +
              'Remove what nobody needs, or add the case that needs it.',
        ]
      : []),
    '',
  ].join('\n');
}

function describeFailure({ of, answers }: ProvenCase): string {
  const wrong = answers.filter(({ asExpected }) => !asExpected);
  return [
    `FAILED ${of.id}`,
    ...wrong.map((answer) => `  ${describeAnswer(answer, of.expect)}`),
    `  why: ${of.why}`,
  ].join('\n');
}

function describeAnswer({ request, decision }: Answer, expected: string): string {
  const decided = decision.result === 'Allowed' ? decision.grants : decision.denials;
  const by = decided.length === 0 ? '' : ` by ${decided.map(describeStatement).join(', ')}`;
  return `must be ${expected}, is ${words[decision.result]}${by}: ${request.action} on ${request.resource}`;
}

/** How messages name a statement. */
export function describeStatement({ policy, sid }: DecidingStatement): string {
  return policy === undefined ? `${sid} (made up by the case)` : `${nameOf(policy.source)} ${sid}`;
}

/**
 * Everything about one case: who asks for what, and which statements decide.
 *
 * @throws Error when there is no such case; names those that were probably meant
 */
export function explainCase(cases: readonly ProvenCase[], id: string): string {
  const proven = cases.find(({ of }) => of.id === id);
  if (proven === undefined) {
    const ids = cases.map(({ of }) => of.id);
    const containing = ids.filter((each) => each.toLowerCase().includes(id.toLowerCase())).slice(0, 20);
    const meant = containing.length > 0 ? containing : [nearest(id, ids) ?? []].flat();
    const hint = meant.length > 0 ? `\nDid you mean one of these?\n${meant.map((each) => `  ${each}`).join('\n')}` : '';
    throw new Error(`found no case '${id}'.${hint}`);
  }
  const { of, answers, holds } = proven;
  const { actor } = of;
  return [
    `${of.id}: ${holds ? 'holds' : 'FAILED'}`,
    `actor:    ${actor.kind === 'service' ? actor.service : actor.arn}${actor.kind === 'administrator' ? ' (made up: may do everything)' : ''}`,
    `must be:  ${of.expect}`,
    `why:      ${of.why}`,
    ...(of.through === undefined ? [] : [`through:  ${of.through}`]),
    ...answers.flatMap(({ request, decision }) => [
      '',
      `${request.action} on ${request.resource}`,
      ...Object.entries(request.context).map(([key, value]) => `  with    ${key} = ${[value].flat().join(', ')}`),
      `  is      ${words[decision.result]}`,
      ...decision.grants.map((statement) => `  allow   ${describeStatement(statement)}`),
      ...decision.denials.map((statement) => `  deny    ${describeStatement(statement)}`),
      ...request.policies.map(
        ({ source, stackName }) => `  policy  ${nameOf(source)} (${source.kind}, stack ${stackName})`,
      ),
    ]),
    '',
  ].join('\n');
}

/** The score of the mutation test, and the surviving mutants. */
export function describeMutation({ mutants, killed, surviving, stale }: MutationScore): string {
  const unexplained = surviving.filter(({ reason }) => reason === undefined);
  const reasons = [...new Set(surviving.flatMap(({ reason }) => (reason === undefined ? [] : [reason])))];
  const noticeable = mutants - (surviving.length - unexplained.length);
  return [
    ...unexplained.map(({ mutant }) => `SURVIVED ${mutant.id}`),
    ...reasons.flatMap((reason) => [
      `can't be noticed: ${reason}`,
      ...surviving.filter((it) => it.reason === reason).map(({ mutant }) => `  ${mutant.id}`),
    ]),
    ...stale.map(
      ({ kind, details = [], sids }) =>
        `stale: accepted-mutants.ts: ${[kind, ...details, ...sids].join(' ')}: no change survives that needs this entry`,
    ),
    `${mutants} changes of policies: ${killed} noticed, ${surviving.length - unexplained.length} can't be noticed, ` +
      `${unexplained.length} survived. Score: ${((100 * killed) / noticeable).toFixed(1)}% of what can be noticed.`,
    '',
  ].join('\n');
}
