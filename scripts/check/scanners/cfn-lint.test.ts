import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { cfnLintProgram, scanWithCfnLint } from './cfn-lint';

const work = mkdtempSync(join(tmpdir(), 'cfn-lint-'));
afterAll(() => rmSync(work, { recursive: true }));

test("the repository's own cfn-lint comes before that on PATH", () => {
  expect(cfnLintProgram(work)).toBe('cfn-lint');
  const own = join(work, '.venv', 'bin', 'cfn-lint');
  mkdirSync(join(work, '.venv', 'bin'), { recursive: true });
  writeFileSync(own, '');
  expect(cfnLintProgram(work)).toBe(own);
});

test('where there is none, it says how to install it', async () => {
  const template = { path: 'a.yaml', file: join(work, 'a.yaml') };
  await expect(scanWithCfnLint([template], join(work, 'nothing'))).rejects.toThrow('npm run python-tools');
});

test('what is no YAML is a finding of the file, so that no other tool may pass over it in silence', async () => {
  const file = join(work, 'broken.yaml');
  writeFileSync(file, 'Resources:\n  - [\n');
  const { findings } = await scanWithCfnLint([{ path: 'tooling/broken.yaml', file }], 'cfn-lint');
  expect(findings).toMatchObject([{ rule: 'E0000', template: 'tooling/broken.yaml', severity: 'error' }]);
});
