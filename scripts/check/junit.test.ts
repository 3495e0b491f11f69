import { expect, test } from 'vitest';
import { toJunit } from './junit';
import { checkResult, cleanResult } from './result.fixture';

test('every tool is a suite with a case for each template', () => {
  const xml = toJunit(checkResult);
  expect(xml).toContain('<testsuite name="rules" tests="2" failures="1" errors="0" skipped="0">');
  expect(xml).toContain('<testsuite name="guard" tests="2" failures="2" errors="0" skipped="0">');
  expect(xml.match(/<testcase /g)).toHaveLength(6);
});

test('a tool that did not run is skipped, with the reason', () => {
  const xml = toJunit(checkResult);
  expect(xml).toContain('<testsuite name="cfn-nag" tests="2" failures="0" errors="0" skipped="2">');
  expect(xml.match(/<skipped message="cfn_nag_scan is not on PATH">/g)).toHaveLength(2);
});

test('a failure names the place, the rule and the fix, with the characters that XML reserves escaped', () => {
  const xml = toJunit(checkResult);
  expect(xml).toContain('tooling/one.yaml:12 actions-are-named Policy');
  expect(xml).toContain('Fix: Name the actions.');
  expect(xml).toContain('statement &#34;All&#34; allows s3:* &#38; &#60;more&#62;');
});

test('characters that XML cannot hold are replaced', () => {
  const [finding] = checkResult.findings;
  const xml = toJunit({ ...checkResult, findings: finding ? [{ ...finding, message: 'a\u0000b' }] : [] });
  expect(xml).toContain('a\ufffdb');
});

test('a clean check has no failures', () => {
  expect(toJunit(cleanResult)).not.toContain('<failure');
});
