import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { checkoutForTests } from '../lib/checkout.fixture';
import { copyCheckout } from './checkout';
import { help } from './options';

// Most tests rehearse a good part of the route.
vi.setConfig({ testTimeout: 300_000 });

const run = promisify(execFile);
const repository = checkoutForTests();
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rehearsal-command-test-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command of a checkout, as its package.json has it. */
const rehearse = (checkout: string) => [process.execPath, '-r', 'tsx/cjs', join(checkout, 'scripts', 'rehearse.ts')];

/**
 * Runs the command.
 *
 * @param seen called with all of the output whenever there is more
 */
function command(
  args: readonly string[],
  seen: (stdout: string, kill: (signal: NodeJS.Signals) => void) => void = () => {},
  checkout = repository,
) {
  const [program = '', ...before] = rehearse(checkout);
  const child = spawn(program, [...before, ...args], {
    cwd: checkout,
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    seen(stdout, (signal) => child.kill(signal));
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise<Ended>((resolveEnd, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolveEnd({ code, stdout, stderr }));
  });
}

/** What runs anywhere with a name of the test's folder in its command line. */
async function processes(): Promise<string[]> {
  const { stdout } = await run('ps', ['-eo', 'args']);
  return stdout.split('\n').filter((line) => line.includes(folder));
}

const leftBehind = async () => (await readdir(folder)).filter((name) => name.startsWith('route-to-live-')).sort();

describe('the command', () => {
  test('explains itself', async () => {
    expect(await command(['--help'])).toEqual({ code: 0, stdout: help, stderr: '' });
  });

  test('refuses options that it does not know, and questions without a terminal', async () => {
    expect(await command(['--fast'])).toMatchObject({ code: 2, stderr: expect.stringContaining("'--fast'") });
    expect(await command(['--interactive'])).toEqual({
      code: 2,
      stdout: '',
      stderr: 'rehearse: --interactive needs a terminal to ask on.\nSee: npm run rehearse -- --help\n',
    });
  });

  test('answers unknown names with those there are, before it starts anything', async () => {
    const { code, stdout, stderr } = await command(['--only', 'Infrastructure']);

    expect(code).toBe(2);
    expect(stderr).toBe(
      'rehearse: There is no pipeline Infrastructure\n' +
        'There are: ECS-Container-Build, ECS-Container-Deployment, Infrastructure-Deployment\n' +
        'See: npm run rehearse -- --help\n',
    );
    expect(stdout).not.toContain('Start the emulated AWS');
  });

  test.each([
    ['while stacks are deployed', /✓ Start the emulated AWS/],
    ['while a build runs', /✓ Source /],
  ])('takes everything away that it made when it is interrupted %s', async (_, moment) => {
    let sent = false;
    const { code, stdout } = await command([], (text, kill) => {
      if (!sent && moment.test(text)) {
        sent = true;
        setTimeout(() => kill('SIGINT'), 300);
      }
    });

    expect(stdout).toContain('rehearse: interrupted; what was running has been ended.');
    expect(code).toBe(130);
    expect(await processes()).toEqual([]);
    const [log, ...more] = await leftBehind();
    expect(more).toEqual([]);
    expect(log).toMatch(/^route-to-live-log-/);
    expect(await readFile(join(folder, log ?? '', 'rehearsal.log'), 'utf8')).toContain('[rehearsal] begins: ');
  });

  test('asks a person at a terminal, and does what they answer', async () => {
    const options = ['--interactive', '--only', 'Infrastructure-Deployment'];
    const session = join(repository, 'scripts', 'lib', 'terminal_session.fixture.py');
    const answers = [
      ['to test, which runs', ''],
      ['Approve? [y/N] ', 'y\n'],
      ['to prod, which runs', ''],
      ['Approve? [y/N] ', 'n\n'],
    ];
    const { code, stdout } = await run(
      'python3',
      [session, JSON.stringify(answers), ...rehearse(repository), ...options],
      {
        cwd: repository,
        env: { ...process.env, TMPDIR: folder, NO_COLOR: '' },
        maxBuffer: 64 * 1024 * 1024,
      },
    ).then(
      (ended) => ({ code: 0, stdout: ended.stdout }),
      (error: { code: number; stdout: string }) => error,
    );

    expect(stdout).toContain('approved: by you');
    expect(stdout).toContain('Rejected: by you');
    expect(stdout).toContain('Infrastructure-Deployment #1 failed in the stage Prod');
    // What was only prepared was never executed.
    expect(stdout).toMatch(/stack infrastructure +CREATE_COMPLETE +CREATE_COMPLETE +REVIEW_IN_PROGRESS/);
    expect(stdout).toContain('\u001b[32m✓\u001b[0m');
    expect(code).toBe(1);
  });

  test('starts pipelines by their triggers where the source is a connection', async () => {
    const copy = join(folder, 'connected');
    await copyCheckout(repository, copy);
    const topology = join(copy, 'templates-src', 'topology.ts');
    const text = await readFile(topology, 'utf8');
    expect(text).toContain('"source": "codecommit"');
    await writeFile(topology, text.replace('"source": "codecommit"', '"source": "connection"'));
    for (const name of ['container-build', 'infrastructure-deployment', 'container-deployment']) {
      const file = join(copy, 'parameters', 'tooling', `${name}-pipeline.json`);
      const { Parameters } = JSON.parse(await readFile(file, 'utf8')) as { Parameters: object };
      const connection = {
        ConnectionArn: 'arn:aws:codeconnections:eu-west-1:111111111111:connection/0f0f0f0f',
        RepositoryId: `team/${name}`,
      };
      await writeFile(file, JSON.stringify({ Parameters: { ...Parameters, ...connection } }));
    }

    const { code, stdout } = await command(
      ['--only', 'Infrastructure-Deployment', '--until', 'Source'],
      () => {},
      copy,
    );

    expect(stdout).toMatch(
      /✓ Copy and build .*; not what its source says, built anew: generated\/tooling\/container-build-/,
    );
    expect(stdout).toMatch(/^Infrastructure-Deployment #1 started by commit [0-9a-f]{8} on main \(trigger\)$/m);
    expect(stdout).toContain('A local repository stands in for team/infrastructure-deployment');
    expect(code).toBe(0);
  });

  test('keeps the emulated AWS until it is interrupted, says how to reach it, and runs what is pushed', async () => {
    let pushed: Promise<unknown> | undefined;
    let looked: Promise<string> | undefined;
    let isInterrupted = false;
    const { code, stdout } = await command(['--keep', '--only', 'ECS-Container-Build'], (text, kill) => {
      const remote = /is pushed to the repositories in (\S+)\n/.exec(text)?.[1];
      if (remote !== undefined && pushed === undefined) {
        const clone = join(folder, 'clone');
        const script = `git clone -q "$1/ECS-Container-Build" "$2" && cd "$2" && git -c user.name=a -c user.email=a@b \
          commit -q --allow-empty -m Another && git push -q`;
        const environment = Object.fromEntries(
          [...text.matchAll(/^ {2}export (\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
        );
        const aws = [
          'sts',
          'get-caller-identity',
          '--profile',
          'route-to-live-prod',
          '--query',
          'Account',
          '--output',
          'text',
        ];
        looked = run('aws', aws, { env: { ...process.env, ...environment } }).then((result) => result.stdout.trim());
        pushed = Promise.all([run('bash', ['-c', script, 'push', remote, clone]), looked]);
        pushed.catch(() => kill('SIGINT'));
      }
      // Once: all of the text is matched again whenever there is more.
      if (text.includes('ECS-Container-Build #2 succeeded') && !isInterrupted) {
        isInterrupted = true;
        kill('SIGINT');
      }
    });

    await pushed;
    expect(stdout).toContain(
      'ECS-Container-Deployment would be started by image route-to-live-container:latest ' +
        '(rule route-to-live-container-deployment-image), and is left out',
    );
    expect(await looked).toBe('444444444444');
    expect(stdout).toContain('ECS-Container-Build #2 · Build');
    expect(code).toBe(0);
    expect(await processes()).toEqual([]);
    expect(await leftBehind()).toHaveLength(1);
  });
});
