import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { checkoutForTests } from './lib/checkout.fixture';

// Every test starts a process, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const root = checkoutForTests();

function validate(...flags: readonly string[]) {
  const run = spawnSync(process.execPath, ['-r', 'tsx/cjs', 'scripts/validate.ts', ...flags], {
    cwd: root,
    encoding: 'utf8',
  });
  return { code: run.status, output: run.stdout, errors: run.stderr };
}

test('parameter files that are right are counted', () => {
  const { code, output, errors } = validate();
  expect(errors).toBe('');
  expect(output).toMatch(/^ok: \d+ parameter files with \d+ values\n/);
  expect(code).toBe(0);
});

test('problems go to the error output, are counted, and end with code 1', () => {
  const folder = mkdtempSync(join(tmpdir(), 'validate-'));
  try {
    mkdirSync(join(folder, 'dev'));
    writeFileSync(join(folder, 'dev', 'deployment-roles.json'), '{"Parameters": {"ToolingAccountId": "11111111111"}}');
    const { code, output, errors } = validate('--parameters', folder);
    expect(output).toBe('');
    expect(errors).toContain(`${folder}/dev/deployment-roles.json:1: ToolingAccountId: found "11111111111"\n`);
    expect(errors).toContain('likely cause: 11 digits; a leading zero lost to a number?\n');
    expect(errors).toContain(`${folder}/tooling/artifact-store.json: found no such file\n`);
    expect(errors).toMatch(/\nvalidate: \d+ problems in the parameter files\n$/);
    expect(code).toBe(1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a link to nowhere is named, and nothing is called missing because of it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'validate-'));
  try {
    cpSync(join(root, 'parameters'), folder, { recursive: true });
    symlinkSync('somebody@example.4711', join(folder, '.#dev.json'));
    expect(validate('--parameters', folder)).toMatchObject({ code: 0, errors: '' });
    symlinkSync('nowhere', join(folder, 'dev', 'old.json'));
    const { code, output, errors } = validate('--parameters', folder);
    expect({ code, output }).toEqual({ code: 1, output: '' });
    expect(errors).toContain(`${folder}/dev/old.json: found a link to nowhere, which does not exist\n`);
    expect(errors).not.toContain('no such file');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a folder that does not exist and a flag that does not exist are wrong usage', () => {
  expect(validate('--parameters', 'nowhere')).toEqual({
    code: 2,
    output: '',
    errors: 'validate: found no folder nowhere, expected one with parameter files\nSee: npm run validate -- --help\n',
  });
  expect(validate('--check')).toMatchObject({ code: 2, output: '' });
});

test('--help says how to use it', () => {
  expect(validate('--help')).toMatchObject({
    code: 0,
    errors: '',
    output: expect.stringMatching(/^Usage: npm run validate/),
  });
});
