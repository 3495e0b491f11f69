import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ensurePythonTools } from './python-tools';

const run = promisify(execFile);

/** Writes a wheel with one module, so that pip has something to install without a network. */
const MAKE_WHEEL = `
import sys, zipfile
with zipfile.ZipFile(f"{sys.argv[1]}/tool-1.0-py3-none-any.whl", "w") as wheel:
    wheel.writestr("tool.py", "answer = 42\\n")
    wheel.writestr("tool-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: tool\\nVersion: 1.0\\n")
    wheel.writestr("tool-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr("tool-1.0.dist-info/RECORD", "")
`;

let repository: string;
beforeEach(async () => {
  repository = await mkdtemp(join(tmpdir(), 'python-tools-'));
  await require('tool==1.0');
});
afterEach(() => rm(repository, { recursive: true }));

function require(requirement: string): Promise<void> {
  return writeFile(
    join(repository, 'requirements-dev.txt'),
    `# comment\n--no-index\n--find-links ${repository}\n${requirement}\n`,
  );
}

test('installs what pip can import, and does nothing quickly after that', async () => {
  await run('python3', ['-c', MAKE_WHEEL, repository]);
  const lines: string[] = [];
  const say = (line: string) => lines.push(line);

  expect(await ensurePythonTools({ repository, say })).toBe('installed');

  expect(lines).toEqual([expect.stringContaining('tool==1.0')]);
  const python = join(repository, '.venv', 'bin', 'python');
  expect((await run(python, ['-c', 'import tool; print(tool.answer)'])).stdout.trim()).toBe('42');

  const begin = performance.now();
  expect(await ensurePythonTools({ repository, say })).toBe('present');
  expect(performance.now() - begin).toBeLessThan(500);
  expect(lines).toHaveLength(1);
}, 60_000);

describe('with a Python that pretends', () => {
  const bin = () => join(repository, 'bin');

  /** A `python3` that copies itself for a venv and notes installations; a case comes before what it does else. */
  async function pretend(version = '3 12 1', particular = ''): Promise<NodeJS.ProcessEnv> {
    const { stdout } = await run('python3', ['-c', 'import sys; print(sys.executable)']);
    await mkdir(bin(), { recursive: true });
    const script = `#!/bin/sh
case "$*" in
${particular}
*version_info*) echo ${version} ;;
*ensurepip*) ;;
*flock*) exec ${stdout.trim()} "$@" ;;
'-m venv --clear '*) rm -rf "$4"; mkdir -p "$4/bin"; cp "$0" "$4/bin/python"; echo "$0" >> "${repository}/venvs" ;;
'-m pip install '*) echo "Looking for tools"; sleep 0.1; echo pip >> "${repository}/installations" ;;
*) echo "unexpected: $*" >&2; exit 9 ;;
esac
`;
    await writeFile(join(bin(), 'python3'), script);
    await chmod(join(bin(), 'python3'), 0o755);
    return { PATH: [bin(), process.env.PATH].join(delimiter) };
  }
  const noted = async (file: string) => (await readFile(join(repository, file), 'utf8')).trim().split('\n');
  const stamp = () => join(repository, '.venv', 'installed.json');

  test('follows a change of the requirements', async () => {
    const environment = await pretend();
    await ensurePythonTools({ repository, environment });
    await require('tool==2.0');

    // npm puts .venv/bin first on PATH: the Python in it must not be asked to replace itself.
    const PATH = [join(repository, '.venv', 'bin'), environment.PATH].join(delimiter);
    await run('cp', [join(bin(), 'python3'), join(repository, '.venv', 'bin', 'python3')]);
    expect(await ensurePythonTools({ repository, environment: { PATH } })).toBe('installed');
    expect(await ensurePythonTools({ repository, environment: { PATH } })).toBe('present');

    expect(await noted('venvs')).toEqual([join(bin(), 'python3'), join(bin(), 'python3')]);
  });

  test('does an installation again that was killed', async () => {
    const environment = await pretend();
    await ensurePythonTools({ repository, environment });
    await rm(stamp());

    expect(await ensurePythonTools({ repository, environment })).toBe('installed');
  });

  test('does an installation again whose Python has become another version, or has gone', async () => {
    await ensurePythonTools({ repository, environment: await pretend('3 11 9') });
    const python = join(repository, '.venv', 'bin', 'python');
    await writeFile(python, (await readFile(python, 'utf8')).replace('3 11 9', '3 12 0'));
    expect(await ensurePythonTools({ repository, environment: await pretend('3 12 0') })).toBe('installed');

    await rm(python);
    expect(await ensurePythonTools({ repository, environment: await pretend('3 12 0') })).toBe('installed');
  });

  test('installs once when two processes start at the same time', async () => {
    const environment = await pretend();

    const results = await Promise.all([1, 2, 3].map(() => ensurePythonTools({ repository, environment })));

    expect(results.sort()).toEqual(['installed', 'present', 'present']);
    expect(await noted('installations')).toEqual(['pip']);
  });

  test('tells that it is too old', async () => {
    await expect(ensurePythonTools({ repository, environment: await pretend('3 9 18') })).rejects.toThrow(
      `${bin()}/python3 is Python 3.9.18; the tools need 3.10 or newer.`,
    );
  });

  test('tells which package venv is in', async () => {
    const environment = await pretend('3 12 1', '*ensurepip*) exit 1 ;;');
    await expect(ensurePythonTools({ repository, environment })).rejects.toThrow('sudo apt-get install python3-venv');
  });

  test('shows what pip said when it fails, and leaves nothing that looks installed', async () => {
    const environment = await pretend(
      '3 12 1',
      `'-m pip install '*) seq 1 40; echo "No matching distribution found for tool==1.0" >&2; exit 1 ;;`,
    );

    const failure = ensurePythonTools({ repository, environment });

    await expect(failure).rejects.toThrow(/^pip could not install requirements-dev.txt: .* ended with 1:\n22\n23\n/);
    await expect(failure).rejects.toThrow('40\nNo matching distribution found for tool==1.0');
    await expect(stat(stamp())).rejects.toThrow('ENOENT');
  });
});

test('tells that there is no Python', async () => {
  await expect(ensurePythonTools({ repository, environment: { PATH: repository } })).rejects.toThrow(
    'No python3 on PATH. Install Python 3.10 or newer.',
  );
});
