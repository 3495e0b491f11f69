import { expect, test } from 'vitest';
import type { Finding, Scan, Tool } from './finding';
import { templateOf } from './rule.fixture';
import { judge } from './suppressions';

const reason = 'It holds nothing that anybody could want to have back.';
const finding = (tool: Tool, rule: string, detail?: string): Finding => ({
  tool,
  rule,
  ...(detail === undefined ? {} : { detail }),
  severity: 'error',
  template: 'tooling/example.yaml',
  line: 3,
  logicalId: 'Bucket',
  message: 'found',
  why: 'because',
  fix: 'change it',
});
const scan = (tool: Tool, ...findings: Finding[]): Scan => ({ tool, scope: '', findings });
const bucketWith = (Metadata: object, more: object = {}) => [
  templateOf({ Bucket: { Type: 'AWS::S3::Bucket', Metadata }, ...more }),
];
const suppressing = (entry: object) => bucketWith({ suppressed: [{ reason, ...entry }] });
const rulesOf = (findings: readonly Finding[]) => findings.map(({ tool, rule }) => `${tool} ${rule}`);

test('a finding without a suppression stays', () => {
  expect(judge(bucketWith({}), [scan('guard', finding('guard', 'CT.S3.PR.1'))])).toEqual({
    findings: [finding('guard', 'CT.S3.PR.1')],
    suppressed: [],
  });
});

test('a suppressed finding is told apart, with its reason', () => {
  const found = finding('guard', 'CT.S3.PR.1');
  expect(judge(suppressing({ guard: ['CT.S3.PR.1'] }), [scan('guard', found)])).toEqual({
    findings: [],
    suppressed: [{ ...found, reason }],
  });
});

test('only the rule, tool, resource and template that are named are suppressed', () => {
  const templates = suppressing({ guard: ['CT.S3.PR.1'] });
  for (const other of [
    finding('guard', 'CT.S3.PR.2'),
    finding('cdk-nag', 'CT.S3.PR.1'),
    { ...finding('guard', 'CT.S3.PR.1'), logicalId: 'Topic' },
    { ...finding('guard', 'CT.S3.PR.1'), template: 'tooling/other.yaml' },
  ]) {
    expect(judge(templates, [scan(other.tool, other)]).findings).toContainEqual(other);
  }
});

test('a rule that finds several things is suppressed as a whole, or for one of them', () => {
  const all = finding('cdk-nag', 'AwsSolutions-IAM5', 'Resource::*');
  const one = finding('cdk-nag', 'AwsSolutions-IAM5', 'Resource::arn:a*');
  const whole = judge(suppressing({ cdk_nag: ['AwsSolutions-IAM5'] }), [scan('cdk-nag', all, one)]);
  expect(whole.findings).toEqual([]);
  const part = judge(suppressing({ cdk_nag: ['AwsSolutions-IAM5[Resource::*]'] }), [scan('cdk-nag', all, one)]);
  expect(part.findings).toEqual([one]);
});

test('a suppression that nothing needs is a finding, once its tool has run', () => {
  const templates = suppressing({ rules: ['actions-are-named'] });
  expect(rulesOf(judge(templates, [scan('rules')]).findings)).toEqual(['rules suppressions-are-needed']);
  expect(judge(templates, [scan('guard')]).findings).toEqual([]);
  expect(judge(templates, [{ ...scan('rules'), skipped: 'not there' }]).findings).toEqual([]);
});

test('a suppression has to say why', () => {
  const templates = bucketWith({ suppressed: [{ reason: 'n/a', guard: ['CT.S3.PR.1'] }] });
  const { findings, suppressed } = judge(templates, [scan('guard', finding('guard', 'CT.S3.PR.1'))]);
  expect(rulesOf(findings)).toEqual(['rules suppressions-give-a-reason']);
  expect(suppressed).toHaveLength(1);
});

test('suppressions in the format of cfn-nag are judged like all others', () => {
  const templates = bucketWith({ cfn_nag: { rules_to_suppress: [{ id: 'W35', reason }] } });
  const found = finding('cfn-nag', 'W35');
  expect(judge(templates, [scan('cfn-nag', found)])).toEqual({ findings: [], suppressed: [{ ...found, reason }] });
  expect(rulesOf(judge(templates, [scan('cfn-nag')]).findings)).toEqual(['rules suppressions-are-needed']);
});

test('what a tool that is not there would find is counted by its suppressions', () => {
  const templates = bucketWith({ cfn_nag: { rules_to_suppress: [{ id: 'W35', reason }] } });
  const skipped = { ...scan('cfn-nag'), skipped: 'not there' };
  expect(judge(templates, [skipped])).toMatchObject({ findings: [], suppressed: [{ rule: 'W35', reason }] });
  expect(judge(templates, [scan('guard')]).suppressed).toEqual([]);
});

test.each(['cfn-lint', 'cdk_nag', 'guard'])('%s metadata, which gives no reason, is refused', (key) => {
  const { findings } = judge(bucketWith({ [key]: {} }), []);
  expect(findings).toMatchObject([{ rule: 'suppressions-give-a-reason', logicalId: 'Bucket' }]);
});

test.each(['cfn-lint', 'cfn_nag'])('%s metadata of the whole template is refused', (key) => {
  const template = templateOf(`Metadata:\n  ${key}: {}\nResources:\n  Topic:\n    Type: AWS::SNS::Topic\n`);
  const { findings } = judge([template], []);
  expect(findings).toMatchObject([{ rule: 'suppressions-give-a-reason', line: 2 }]);
  expect(findings[0]).not.toHaveProperty('logicalId');
});
