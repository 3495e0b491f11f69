import { expect, test } from 'vitest';
import { reportText } from './report-text';
import { checkResult, cleanResult } from './result.fixture';

test('a finding is told with file, line, severity, rule, resource, danger and remedy', () => {
  expect(reportText(checkResult, 'generated')).toContain(
    [
      'generated/tooling/one.yaml:12: error rules actions-are-named Policy',
      '  Violation: statement "All" allows s3:* & <more>',
      '  Why: Wildcards grant too much.',
      '  Fix: Name the actions.',
    ].join('\n'),
  );
});

test('suppressed findings of a resource with the same reason are told in one line', () => {
  expect(reportText(checkResult, 'generated')).toContain(
    [
      'Suppressed, each where it stands in the template:',
      '  tooling/one.yaml',
      '    Policy: Nothing reacts to it. (CT.C.PR.3, CT.D.PR.4)',
    ].join('\n'),
  );
});

test('the summary counts by tool, and says what did not run', () => {
  const lines = reportText(checkResult, 'generated').split('\n');
  expect(lines).toContainEqual(expect.stringMatching(/^rules +1 +0 +15 rules$/));
  expect(lines).toContainEqual(expect.stringMatching(/^guard +2 +3 +59 rules$/));
  expect(lines).toContainEqual(expect.stringMatching(/^cfn-nag +not run +0 +cfn_nag_scan is not on PATH$/));
  expect(lines.at(-1)).toBe('3 findings in 2 templates, 2 suppressions, each with its reason (1.3 s)');
});

test('a clean check says ok', () => {
  const text = reportText(cleanResult, 'generated');
  expect(text.split('\n').at(-1)).toBe('ok: 0 findings in 2 templates, 0 suppressions, each with its reason (1.3 s)');
  expect(text).not.toContain('Suppressed');
});
