import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { templateOf } from '../rule.fixture';
import { installedCfnNag, scanWithCfnNag } from './cfn-nag';

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

test('it is asked for what the template suppresses, too', async () => {
  const program = join(work, 'echoes');
  writeFileSync(program, `#!/bin/sh\necho "$@" >'${work}/arguments'\necho '[]'\n`, { mode: 0o755 });
  await scanWithCfnNag([template], program);
  expect(readFileSync(join(work, 'arguments'), 'utf8')).toBe(
    `--input-path ${template.file} --fail-on-warnings --output-format json --no-allow-suppression\n`,
  );
});

test('where it is not installed it is skipped, and that is said with what installs it', async () => {
  const scan = await scanWithCfnNag([template], undefined);
  expect(scan.findings).toEqual([]);
  expect(scan.skipped).toMatch(/^not installed: .* scripts\/codebuild\/check-templates\.sh --install$/);
});

test('one that was installed for a Ruby that has gone is an error', async () => {
  const program = join(work, 'orphan');
  writeFileSync(program, '#!/nowhere/ruby\n', { mode: 0o755 });
  await expect(scanWithCfnNag([template], program)).rejects.toThrow('it was installed for a Ruby that has gone');
});

test('it is the one that check-templates.sh installed from the lock file, and no other', () => {
  const environment = { CHECK_TOOLS: join(work, 'tools'), PATH: join(work, 'bin') };
  const lock = readFileSync(join(__dirname, '../../codebuild/gems.sha256'), 'utf8');
  for (const folder of ['bin', 'tools/gems']) {
    mkdirSync(join(work, folder), { recursive: true });
    writeFileSync(join(work, folder, 'cfn_nag_scan'), '');
  }
  expect(installedCfnNag(environment)).toBeUndefined();
  writeFileSync(
    join(work, 'tools/gems/gems.sha256'),
    lock.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
  );
  expect(installedCfnNag(environment)).toBeUndefined();
  writeFileSync(join(work, 'tools/gems/gems.sha256'), lock);
  expect(installedCfnNag(environment)).toBe(join(work, 'tools/gems/cfn_nag_scan'));
});

test('what is no report is an error, with what it said', async () => {
  const program = standIn('crashed', 'undefined method', 1);
  await expect(scanWithCfnNag([template], program)).rejects.toThrow(
    /cfn-nag ended with exit code 1.*undefined method/s,
  );
});
