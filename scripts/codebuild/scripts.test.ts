import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { runScript } from './test-support/script';

const run = promisify(execFile);
const SCRIPTS = readdirSync(__dirname).filter((name) => name.endsWith('.sh'));

test('there are the scripts that the pipelines run', () => {
  expect(SCRIPTS).toEqual([
    'build-image.sh',
    'check-templates.sh',
    'package-lambdas.sh',
    'publish-packages.sh',
    'review-changes.sh',
    'review-deployment.sh',
    'update-lambdas.sh',
    'verify-deployment.sh',
  ]);
});

test.each([...SCRIPTS, 'lib/common.sh', 'lib/role.sh'])('%s gives shellcheck no reason to speak', async (script) => {
  const env = { ...process.env, SHELLCHECK_OPTS: '' };
  // Rejects when shellcheck ends with anything but 0.
  expect(
    await run('shellcheck', [`--rcfile=${join(__dirname, '.shellcheckrc')}`, join(__dirname, script)], { env }),
  ).toEqual({ stdout: '', stderr: '' });
});

describe.each(SCRIPTS)('%s', (script) => {
  test('explains every option it knows', async () => {
    const text = readFileSync(join(__dirname, script), 'utf8');
    const options = [...text.matchAll(/^ {4}(--[a-z-]+)\) /gm)].map(([, option]) => option);
    expect(options.length).toBeGreaterThan(2);

    const { code, stdout, stderr } = await runScript(script, ['--help'], { cwd: __dirname, env: process.env });

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^Usage: ${script} `));
    expect(options.filter((option) => !new RegExp(`^ {2}${option} `, 'm').test(stdout))).toEqual([]);
  });
});
