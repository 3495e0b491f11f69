import { expect, test } from 'vitest';
import { sortedFindings } from './before-deployment';
import type { Outcome } from './check';
import type { Result } from './examine';
import { exitCodeOf, reportText, summaryOf } from './report';

const result = (outcome: Outcome, fields: Partial<Result> = {}): Result => ({
  accounts: ['dev', 'test'],
  accountId: '222222222222',
  region: 'eu-west-1',
  check: 'names',
  outcome,
  what: 'something',
  ...fields,
});

test('a finding is a line under its account, whatever AWS wrote', () => {
  const results = [result('ok'), result('problem', { check: 'stacks', what: 'one\n two', toDo: 'aws do it' })];

  expect(reportText(results, false)).toBe(
    'dev, test (222222222222) in eu-west-1\n' +
      '  ok        names   something\n' +
      '  PROBLEM   stacks  one; two. To do: aws do it\n',
  );
  expect(reportText(results, true)).toContain('\u001b[31mPROBLEM ');
});

test.each<[Outcome[], number, string]>([
  [['ok', 'not applicable'], 0, '0 problems, 0 not seen, 1 ok'],
  [['ok', 'unseen'], 3, '0 problems, 1 not seen, 1 ok'],
  [['problem', 'unseen', 'ok'], 1, '1 problem, 1 not seen, 1 ok'],
])('%s ends with %d', (outcomes, code, summary) => {
  const results = outcomes.map((outcome) => result(outcome));

  expect(exitCodeOf(results)).toBe(code);
  expect(summaryOf(results)).toBe(summary);
});

test('what makes a selected stack fail stops its deployment, and nothing else does', () => {
  const stopping = result('problem', { fails: ['shop-artifact-store'] });
  const others = [result('problem', { fails: ['shop-dev-infrastructure'] }), result('problem'), result('unseen')];

  expect(sortedFindings([result('ok'), ...others, stopping], ['shop-artifact-store'])).toEqual({
    stopping: [stopping],
    others,
  });
});
