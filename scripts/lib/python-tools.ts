import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { outputOf } from './run';

/** What the tools of requirements-dev.txt ask for. */
const OLDEST_PYTHON = [3, 10] as const;

/** Holds a lock on a file for as long as its standard input is open: until its parent lets go, or is gone. */
const HOLD_LOCK = `
import fcntl, sys
with open(sys.argv[1], "w") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    print("locked", flush=True)
    sys.stdin.read()
`;

export interface PythonToolsOptions {
  /** Folder with requirements-dev.txt; `.venv` and `.cache` are made in it. */
  readonly repository: string;
  /** Where `python3` is looked for, and what pip gets; the process's own unless told otherwise. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Told, a line at a time, what takes long. */
  readonly say?: (line: string) => void;
}

/**
 * Makes `.venv` with the tools of requirements-dev.txt, unless it holds them already.
 *
 * The stamp that says so is written last, so that an installation that was killed is done again. Several processes may
 * do this at once: one installs, the others wait for it.
 *
 * @returns whether the tools were there already
 * @throws with what to do about it, when there is no suitable Python or pip fails
 */
export async function ensurePythonTools(options: PythonToolsOptions): Promise<'present' | 'installed'> {
  const { repository, environment = process.env, say = () => {} } = options;
  if (await isInstalled(repository)) {
    return 'present';
  }
  const python = findPython(repository, environment);
  await checkPython(python, environment);
  const release = await lock(python, repository, environment);
  try {
    if (await isInstalled(repository)) {
      return 'present';
    }
    await install(python, repository, environment, say);
    return 'installed';
  } finally {
    await release();
  }
}

/**
 * The Python of `.venv`, with all the tools.
 *
 * @returns its path; undefined when the tools have not been installed, or not to the end
 */
export function installedPython(repository: string): string | undefined {
  return existsSync(stampFile(repository)) && existsSync(venvPython(repository)) ? venvPython(repository) : undefined;
}

function venvPython(repository: string): string {
  return join(repository, '.venv', 'bin', 'python');
}

function stampFile(repository: string): string {
  return join(repository, '.venv', 'installed.json');
}

/** What a finished installation is stamped with: the requirements, and the Python they were installed for. */
async function stamp(repository: string): Promise<string> {
  const requirements = await readFile(join(repository, 'requirements-dev.txt'));
  const version = await pythonVersion(venvPython(repository), process.env);
  return `${JSON.stringify({
    requirements: createHash('sha256').update(requirements).digest('hex'),
    python: version.slice(0, 2).join('.'),
  })}\n`;
}

async function isInstalled(repository: string): Promise<boolean> {
  if (installedPython(repository) === undefined) {
    return false;
  }
  // The Python that made .venv can have gone, or have become another version under the same name.
  return (await readFile(stampFile(repository), 'utf8')) === (await stamp(repository).catch(() => undefined));
}

async function pythonVersion(python: string, environment: NodeJS.ProcessEnv): Promise<readonly number[]> {
  const script = 'import sys; print(*sys.version_info[:3])';
  const printed = await outputOf(python, ['-I', '-S', '-c', script], { env: environment });
  return printed.trim().split(' ').map(Number);
}

/** The first `python3` on PATH that is not the one of `.venv` itself, which is about to be made anew. */
function findPython(repository: string, environment: NodeJS.ProcessEnv): string {
  const directories = (environment.PATH ?? '').split(delimiter);
  const python = directories
    .filter((directory) => directory !== '' && directory !== join(repository, '.venv', 'bin'))
    .map((directory) => join(directory, 'python3'))
    .find((candidate) => existsSync(candidate));
  if (python === undefined) {
    throw new Error(`No python3 on PATH. Install Python ${OLDEST_PYTHON.join('.')} or newer.`);
  }
  return python;
}

async function checkPython(python: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const [major = 0, minor = 0, patch = 0] = await pythonVersion(python, environment);
  if (major < OLDEST_PYTHON[0] || (major === OLDEST_PYTHON[0] && minor < OLDEST_PYTHON[1])) {
    throw new Error(
      `${python} is Python ${major}.${minor}.${patch}; the tools need ${OLDEST_PYTHON.join('.')} or newer. ` +
        'Put a newer python3 first on PATH.',
    );
  }
  try {
    await outputOf(python, ['-c', 'import ensurepip, venv'], { env: environment });
  } catch {
    throw new Error(
      `${python} lacks the modules venv and ensurepip. Debian and Ubuntu have them in a package of their own: ` +
        'sudo apt-get install python3-venv',
    );
  }
}

/** Waits until nobody else installs. The operating system takes the lock back from whoever dies. */
async function lock(python: string, repository: string, environment: NodeJS.ProcessEnv): Promise<() => Promise<void>> {
  await mkdir(join(repository, '.cache'), { recursive: true });
  const file = join(repository, '.cache', 'python-tools.lock');
  const holder: ChildProcess = spawn(python, ['-c', HOLD_LOCK, file], {
    env: environment,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => holder.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    holder.once('error', reject);
    holder.once('exit', () => reject(new Error(`${file} cannot be locked.`)));
    if (holder.stdout !== null) {
      createInterface({ input: holder.stdout }).once('line', () => resolve());
    }
  });
  return () => {
    holder.stdin?.end();
    return ended;
  };
}

async function install(
  python: string,
  repository: string,
  environment: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<void> {
  const requirements = join(repository, 'requirements-dev.txt');
  const names = (await readFile(requirements, 'utf8')).split('\n').filter((line) => /^[^#\s]/.test(line));
  say(`Installing into .venv, which takes a minute or so: ${names.join(', ')}`);
  await attempt(
    `${python} could not make .venv`,
    python,
    ['-m', 'venv', '--clear', join(repository, '.venv')],
    environment,
  );
  await attempt(
    'pip could not install requirements-dev.txt',
    venvPython(repository),
    ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--requirement', requirements],
    environment,
  );
  await writeFile(stampFile(repository), await stamp(repository));
}

async function attempt(
  problem: string,
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<void> {
  await outputOf(program, args, { env }).catch((error: Error) => {
    throw new Error(`${problem}: ${error.message}`);
  });
}
