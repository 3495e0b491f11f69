import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

/** The instructions of the Dockerfile, comments taken out and continued lines joined. */
const instructions = readFileSync(join(__dirname, 'Dockerfile'), 'utf8')
  .replace(/^\s*#.*\n/gm, '')
  .replace(/\\\n\s*/g, ' ')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => {
    const [, name = '', rest = ''] = /^(\S+)\s+(.*)$/.exec(line) ?? [];
    return { name, rest };
  });

/** What stands behind the instructions of one name, in order. */
function all(name: string): string[] {
  return instructions.filter((instruction) => instruction.name === name).map(({ rest }) => rest);
}

/** What stands behind the only instruction of a name. */
function only(name: string): string {
  const found = all(name);
  expect(found, name).toHaveLength(1);
  return found[0] ?? '';
}

/**
 * Whether .dockerignore keeps a file out of the build: the last line that matches it decides, and a line that matches
 * a folder matches what is in it.
 */
function isIgnored(file: string): boolean {
  let ignored = false;
  for (const line of readFileSync(join(__dirname, '.dockerignore'), 'utf8').split('\n')) {
    const pattern = line.trim().replace(/^!/, '');
    if (pattern === '' || pattern.startsWith('#')) {
      continue;
    }
    const expression = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '[^/]*');
    if (new RegExp(`^${expression}(/|$)`).test(file)) {
      ignored = !line.trim().startsWith('!');
    }
  }
  return ignored;
}

/** The files below a path of this folder, relative to this folder. */
function filesBelow(path: string): string[] {
  return statSync(join(__dirname, path)).isFile()
    ? [path]
    : readdirSync(join(__dirname, path)).flatMap((name) => filesBelow(posix.join(path, name)));
}

/** What the COPY instructions bring into the image: the file here and its path in the image's working directory. */
function copied(): { from: string; to: string }[] {
  return all('COPY').flatMap((rest) => {
    const [source = '', target = '', ...more] = rest.split(/\s+/);
    expect(more, `COPY ${rest}`).toEqual([]);
    expect(existsSync(join(__dirname, source)), `COPY ${rest}: ${source} exists`).toBe(true);
    const path = posix.normalize(source).replace(/\/$/, '');
    const files = filesBelow(path).filter((file) => !isIgnored(file));
    expect(files, `COPY ${rest}: .dockerignore leaves something of it`).not.toEqual([]);
    return files.map((file) => ({
      from: file,
      to: posix.join(target, file === path ? posix.basename(file) : posix.relative(path, file)),
    }));
  });
}

const argumentList = (rest: string): string[] => {
  const parsed: unknown = JSON.parse(rest); // the shell form is no JSON
  expect(parsed).toEqual(expect.arrayContaining([expect.any(String)]));
  return parsed as string[];
};

describe("the container's own tests", () => {
  it('pass, all of them, and there are some', () => {
    const { status, stdout, stderr } = spawnSync('npm', ['test', '--silent'], {
      cwd: __dirname,
      encoding: 'utf8',
      // Colours would stand between the words that are looked for.
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
    });
    expect(status, stdout + stderr).toBe(0);
    const count = (what: string) => Number(new RegExp(`^(?:#|ℹ) ${what} (\\d+)$`, 'm').exec(stdout)?.[1]);
    expect(count('tests'), stdout).toBeGreaterThan(0);
    expect(count('pass'), stdout).toBe(count('tests'));
  }, 60_000);

  it('are in every test file that there is', () => {
    const glob = JSON.parse(readFileSync(join(__dirname, 'package.json'), 'utf8')).scripts.test;
    expect(glob).toBe('node --test src/*.test.mjs');
    const tests = filesBelow('src').filter((file) => /\.test\./.test(file));
    expect(tests).not.toEqual([]);
    expect(tests.filter((file) => !/^src\/[^/]+\.test\.mjs$/.test(file))).toEqual([]);
  });
});

describe('the Dockerfile', () => {
  it('builds on an exact version of Node from ECR Public that the package supports', () => {
    const [, version = '0'] =
      /^public\.ecr\.aws\/docker\/library\/node:(\d+\.\d+\.\d+)-[a-z0-9.]+(?:-slim)?$/.exec(only('FROM')) ?? [];
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    const { engines } = JSON.parse(readFileSync(join(__dirname, 'package.json'), 'utf8'));
    const [, least] = /^>=(\d+)\.\d+$/.exec(engines.node) ?? [];
    expect(Number.parseInt(version, 10)).toBeGreaterThan(Number(least));
  });

  it('fetches nothing from Docker Hub, not even a front end', () => {
    expect(readFileSync(join(__dirname, 'Dockerfile'), 'utf8')).not.toMatch(/^#\s*syntax\s*=/im);
  });

  it('runs as a user that is not root, by number, and does nothing as root after that', () => {
    expect(only('USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    const names = instructions.map(({ name }) => name);
    const after = names.slice(names.indexOf('USER') + 1);
    expect(after.filter((name) => ['RUN', 'COPY', 'ADD'].includes(name))).toEqual([]);
  });

  it('starts node without a shell between, so that SIGTERM arrives', () => {
    expect(argumentList(only('ENTRYPOINT'))).toEqual(['/usr/local/bin/node']);
    const [script = ''] = argumentList(only('CMD'));
    expect(copied().map(({ to }) => to)).toContain(posix.normalize(script));
  });

  it('records the build id in the environment and in a label', () => {
    expect(only('ARG')).toMatch(/^BUILD_ID=\S+$/);
    expect(only('ENV')).toMatch(/\bNODE_ENV=production\b/);
    expect(only('ENV')).toMatch(/\bBUILD_ID=\$\{BUILD_ID\}/);
    expect(only('LABEL')).toMatch(/\borg\.opencontainers\.image\.version="\$\{BUILD_ID\}"/);
    const names = instructions.map(({ name }) => name);
    expect(names.indexOf('ARG')).toBeLessThan(names.indexOf('ENV'));
    expect(names.indexOf('ARG')).toBeLessThan(names.indexOf('LABEL'));
  });

  it('copies the program and nothing else: no tests, no Dockerfile, no README', () => {
    const files = copied().map(({ from }) => from);
    expect(files).toContain('package.json');
    expect(files.filter((file) => file !== 'package.json' && !/^src\/[a-z]+\.mjs$/.test(file))).toEqual([]);
    for (const file of [
      'Dockerfile',
      'README.md',
      'buildspec.yml',
      '.env',
      'src/app.test.mjs',
      'node_modules/x/y.mjs',
    ]) {
      expect(isIgnored(file), file).toBe(true);
    }
  });
});

describe('what the Dockerfile copies', () => {
  let root = '';
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('is enough to run, and runs without any right to write files', async () => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'container-')));
    for (const { from, to } of copied()) {
      cpSync(join(__dirname, from), join(root, to));
    }
    // Node's permission model stands in for the read-only root file system: reading in the folder only, no writing,
    // no child processes. Its flag lost "experimental" in Node 23, and since Node 25 it takes in the network, too.
    const has = (flag: string) => process.allowedNodeEnvironmentFlags.has(flag);
    const args = [
      has('--permission') ? '--permission' : '--experimental-permission',
      `--allow-fs-read=${root}/*`,
      ...(has('--allow-net') ? ['--allow-net'] : []),
      '--no-warnings',
      ...argumentList(only('CMD')),
    ];
    const env = { NODE_ENV: 'production', PORT: '0', BUILD_ID: 'build-7', DRAIN_SECONDS: '0' };
    const child = spawn(process.execPath, args, { cwd: root, env });
    try {
      let output = '';
      const closed = new Promise((resolve) => child.on('close', resolve));
      const port = await new Promise((resolve, reject) => {
        child.stdout.on('data', (part) => {
          output += part;
          const found = /"message":"listening","port":(\d+)/.exec(output);
          if (found) {
            resolve(found[1]);
          }
        });
        child.stderr.on('data', (part) => {
          output += part;
        });
        child.on('close', (code) => reject(new Error(`The server ended with ${code}: ${output}`)));
      });
      const answer = await fetch(`http://127.0.0.1:${port}/`);
      expect(await answer.json()).toMatchObject({ buildId: 'build-7' });
      const quote = await fetch(`http://127.0.0.1:${port}/quotes`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ currency: 'EUR', items: [{ unitPrice: 1, quantity: 1 }] }),
      });
      expect(quote.status).toBe(200);
      child.kill('SIGTERM');
      expect(await closed, output).toBe(0);
    } finally {
      child.kill('SIGKILL');
    }
  }, 20_000);
});
