import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { templateOf } from '../rule.fixture';
import { scanWithCfnNag } from './cfn-nag';

const work = mkdtempSync(join(tmpdir(), 'cfn-nag-'));
afterAll(() => rmSync(work, { recursive: true }));

/** A stand-in that prints what cfn_nag_scan would, and ends with a code as it does. */
function standIn(name: string, output: string, code: number): string {
  const path = join(work, name);
  writeFileSync(path, `#!/bin/sh\nprintf '%s' '${output}'\nexit ${code}\n`);
  chmodSync(path, 0o755);
  return path;
}

const template = templateOf({
  Bucket: { Type: 'AWS::S3::Bucket' },
  Topic: { Type: 'AWS::SNS::Topic' },
});

test('its violations become findings of each resource', async () => {
  const violations = [
    { id: 'W35', type: 'WARN', message: 'no logs', logical_resource_ids: ['Bucket'], line_numbers: [2] },
    { id: 'F1', type: 'FAIL', message: 'bad', logical_resource_ids: ['Bucket', 'Topic'] },
    { id: 'FATAL', type: 'FAIL', message: 'broken' },
  ];
  const output = JSON.stringify([{ filename: template.file, file_results: { failure_count: 2, violations } }]);
  const { findings, skipped } = await scanWithCfnNag([template], standIn('found', output, 3));
  expect(skipped).toBeUndefined();
  expect(findings).toMatchObject([
    { rule: 'W35', severity: 'warning', logicalId: 'Bucket', line: 2 },
    { rule: 'F1', severity: 'error', logicalId: 'Bucket', line: 2 },
    { rule: 'F1', severity: 'error', logicalId: 'Topic', line: 4 },
    { rule: 'FATAL', severity: 'error', line: 1 },
  ]);
});

test('where it is not installed it is skipped, and that is said', async () => {
  const scan = await scanWithCfnNag([template], join(work, 'nothing'));
  expect(scan.findings).toEqual([]);
  expect(scan.skipped).toContain('is not on PATH');
});

test('what is no report is an error, with what it said', async () => {
  const program = standIn('crashed', 'undefined method', 1);
  await expect(scanWithCfnNag([template], program)).rejects.toThrow(
    /cfn-nag ended with exit code 1.*undefined method/s,
  );
});
