import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

/** Nothing that a file in HOME says or leaves out. */
const shellcheckOptions = ['--norc', '--external-sources', '--source-path=SCRIPTDIR'];
const repository = join(__dirname, '..');

it('shellcheck finds nothing in any shell script of the product', () => {
  const git = (...words: readonly string[]) =>
    // What lies in these folders belongs to the user who cloned this.
    spawnSync('git', [...words, ':!container', ':!lambda'], { cwd: repository, encoding: 'utf8' });
  const listed = git('grep', '-lE', '^#!/usr/bin/env bash', '--');
  const sourced = git('ls-files', '--', '*.sh');
  const scripts = [...new Set([...listed.stdout.split('\n'), ...sourced.stdout.split('\n')])].filter(Boolean);
  expect(scripts).toEqual(expect.arrayContaining(['.ci/run', 'scripts/deploy.sh', 'scripts/codebuild/build-image.sh']));
  const { stdout, stderr, status } = spawnSync('shellcheck', [...shellcheckOptions, ...scripts], {
    cwd: repository,
    env: { ...process.env, SHELLCHECK_OPTS: '' },
    encoding: 'utf8',
  });
  expect({ status, output: stdout + stderr }).toEqual({ status: 0, output: '' });
});
