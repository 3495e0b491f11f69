import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkoutForTests } from './lib/checkout.fixture';

/** What holds of every program of this repository, whatever it does. */

const root = checkoutForTests();

const sources = readdirSync(__dirname, { recursive: true, encoding: 'utf8' }).filter(
  (path) =>
    path.endsWith('.ts') &&
    !['lib/command.ts', 'deploy/command-line.ts'].includes(path) &&
    !/\.(test|fixture|bench)\.ts$/.test(path),
);
/** What is run, not imported: what is a command, or sets an exit code by itself. */
const programs = sources.filter((path) =>
  /^ *process\.exitCode =|^command\(|require\.main === module/m.test(readFileSync(join(__dirname, path), 'utf8')),
);
const { scripts } = JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8'));
const npmPrograms = Object.values<string>(scripts).flatMap((command) => {
  const [, path] = /^node -r tsx\/cjs scripts\/(\S+)$/.exec(command) ?? [];
  return path === undefined ? [] : [path];
});
const shellPrograms = readdirSync(__dirname).filter((name) => name.endsWith('.sh'));

test('there are the programs that people run', () => {
  expect(programs).toEqual(expect.arrayContaining(npmPrograms));
  expect(npmPrograms).toEqual(expect.arrayContaining(['build.ts', 'check.ts', 'rehearse.ts']));
  expect(shellPrograms).toEqual(['deploy.sh', 'destroy.sh', 'doctor.sh', 'publish-repositories.sh']);
});

test.each(programs)('%s goes on when nobody reads what it says', (path) => {
  expect(readFileSync(join(__dirname, path), 'utf8')).toMatch(/^command\(|^import '\.{1,2}\/.*unread-output';$/m);
});

test.each(['deploy.sh', 'destroy.sh', 'publish-repositories.sh'])(
  '%s says how it ends when it is interrupted',
  (path) => {
    const { stdout } = spawnSync(join(root, 'scripts', path), ['--help'], { encoding: 'utf8' });
    expect(stdout).toMatch(/2 wrong\s+usage\b.*\b130\b.*\b143\b/s);
  },
);

describe.each([...npmPrograms, ...shellPrograms])('%s', (path) => {
  const program = `${path.endsWith('.ts') ? 'node -r tsx/cjs ' : ''}scripts/${path}`;
  const run = (options: string, reader: string) =>
    spawnSync('bash', ['-c', `${program} ${options} 2>&1 | ${reader}; exit "\${PIPESTATUS[0]}"`], {
      cwd: root,
      encoding: 'utf8',
    });

  test('says with which codes it ends', () => {
    const { status, stdout } = run('--help', 'cat');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Usage: /);
    expect(stdout).toMatch(/Exit codes?:\s+0 .*\b1 .*\b2 wrong\s+usage/s);
  });

  test.each(['--help', '--no-such-option'])('%s ends the same when nobody reads it', (options) => {
    const { status, stderr } = run(options, 'true');
    expect(stderr).toBe('');
    expect(status).toBe(options === '--help' ? 0 : 2);
  });
});
