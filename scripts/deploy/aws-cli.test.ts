import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { awsCli, awsCliProblem } from './aws-cli';

const scripts = join(__dirname, '..');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'aws-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Puts an `aws` of our own first on PATH. */
function standIn(script: string): NodeJS.ProcessEnv {
  const path = join(folder, 'aws');
  writeFileSync(path, `#!/bin/bash\n${script}\n`);
  chmodSync(path, 0o755);
  return { ...process.env, PATH: `${folder}:${process.env.PATH}` };
}

/** What a caller may have set, each of which would make a script wait or read something else. */
const ofTheCaller = {
  AWS_CLI_AUTO_PROMPT: 'on',
  AWS_PAGER: 'less',
  AWS_DEFAULT_OUTPUT: 'off',
  AWS_CLI_ERROR_FORMAT: 'yaml',
  AWS_CLI_FILE_ENCODING: 'cp1252',
  AWS_CLI_OUTPUT_ENCODING: 'utf-16',
};
const wanted = [
  'AWS_CLI_AUTO_PROMPT=off',
  'AWS_CLI_ERROR_FORMAT=legacy',
  'AWS_CLI_FILE_ENCODING=UTF-8',
  'AWS_CLI_OUTPUT_ENCODING=UTF-8',
  'AWS_DEFAULT_OUTPUT=json',
  'AWS_PAGER=',
];

describe('the AWS CLI runs with settings that no caller changes', () => {
  const printSettings = `env | grep -E '^(${Object.keys(ofTheCaller).join('|')})=' | LC_ALL=C sort`;

  test('from TypeScript', async () => {
    const { PATH } = standIn(printSettings);
    for (const [name, value] of Object.entries({ ...ofTheCaller, PATH })) {
      vi.stubEnv(name, value);
    }
    try {
      expect((await awsCli([['aws']])).stdout.trim().split('\n')).toEqual(wanted);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test.each([
    ['deploy/stacks.sh', 'check_tools'],
    ['codebuild/lib/aws.sh', ':'],
  ])('from what sources %s', (file, first) => {
    const { stdout } = spawnSync('bash', ['-c', `source "$1"; ${first}; aws`, 'bash', join(scripts, file)], {
      env: { ...standIn(printSettings), ...ofTheCaller },
      encoding: 'utf8',
    });

    expect(stdout.trim().split('\n')).toEqual(wanted);
  });

  test.each(['deploy.sh', 'destroy.sh', 'doctor.sh', 'publish-repositories.sh'])(
    '%s, and it says in --help which version it needs',
    (name) => {
      expect(readFileSync(join(scripts, name), 'utf8')).toMatch(
        /^source .*\/stacks\.sh"$|^export AWS_CLI_AUTO_PROMPT=off AWS_PAGER=''$/m,
      );
      const { stdout } = spawnSync(join(scripts, name), ['--help'], { encoding: 'utf8' });
      expect(stdout).toMatch(/2\.17\.34 or later, of version 1 1\.34\.2 or\slater/);
    },
  );
});

describe('the version of the AWS CLI', () => {
  const problemWith = (script: string) =>
    spawnSync('bash', ['-c', 'source "$1"; aws_cli_problem', 'bash', join(scripts, 'codebuild/lib/aws.sh')], {
      env: standIn(script),
      encoding: 'utf8',
    });

  test.each([
    ['aws-cli/2.17.34 Python/3.11.8 Linux/6.1 exe/x86_64', ''],
    ['aws-cli/2.17.33 Python/3.11.8 Linux/6.1 exe/x86_64', '2.17.33; expected 2.17.34'],
    ['aws-cli/2.9.100 Python/3.11.8', '2.9.100; expected 2.17.34'],
    ['aws-cli/2.36.7 Python/3.13', ''],
    ['aws-cli/2.100.0 Python/3.13', ''],
    ['aws-cli/3.0.0 Python/3.13', ''],
    ['aws-cli/1.34.2 Python/3.11.8', ''],
    ['aws-cli/1.34.1 Python/3.11.8', '1.34.1; expected 1.34.2'],
    ['aws-cli/1.16.309 Python/2.7.18', '1.16.309; expected 1.34.2'],
    ['aws-cli/1.45.11 Python/3.11.7', ''],
    ['aws-cli/0.12.0 Python/2.7', '0.12.0; expected 1.34.2'],
    ['something that stands in for it', ''],
  ])('%s: "%s"', async (said, problem) => {
    const { stdout, stderr } = problemWith(`echo '${said}'`);
    const inTypeScript = await awsCliProblem(async () => ({ succeeded: true, stdout: `${said}\n`, stderr: '' }));

    expect(stderr).toBe('');
    expect(inTypeScript ?? '').toBe(stdout);
    if (problem === '') {
      expect(stdout).toBe('');
    } else {
      expect(stdout).toContain(problem);
    }
  });

  test('is not asked of one that does not start, which says so itself at the first call', async () => {
    expect(
      await awsCliProblem(async () => ({ succeeded: false, stdout: 'aws-cli/2.1.1', stderr: 'spawn aws ENOENT' })),
    ).toBeUndefined();
    expect(problemWith("echo 'aws-cli/2.1.1: bad interpreter' >&2; exit 126").stdout).toBe('');
  });

  test.each([['deploy.sh'], ['destroy.sh', '--yes', '--including-prod'], ['doctor.sh']])(
    '%s refuses one that is too old before it asks anything of it',
    (name, ...args) => {
      const log = join(folder, 'log');
      writeFileSync(log, '');
      const env = standIn(`echo "$*" >>'${log}'; echo 'aws-cli/2.15.0 Python/3.11.8'`);
      const { status, stderr, stdout } = spawnSync(join(scripts, name), args, { env, encoding: 'utf8' });

      expect(stderr).toBe(
        `${name}: The AWS CLI is 2.15.0; expected 2.17.34 or later, which can upload without overwriting. Update it.\n`,
      );
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
      expect(readFileSync(log, 'utf8')).toBe('--version\n');
    },
  );
});
