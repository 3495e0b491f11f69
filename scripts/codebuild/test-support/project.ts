import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Makes a folder that goes when the test ends.
 *
 * @param onEnd what to hand the clean-up to: vitest's onTestFinished
 */
export async function makeFolder(onEnd: (cleanUp: () => Promise<void>) => void): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'codebuild-scripts-'));
  onEnd(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files, given by their paths below a folder. */
export async function writeFiles(folder: string, files: Readonly<Record<string, string | Buffer>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}

/** What a wheel says of itself. */
export interface WheelOptions {
  /** Python, ABI and platform: what its file name ends with. */
  readonly tag?: string;
  /** Values of Requires-Dist. */
  readonly requires?: readonly string[];
}

/** Makes a wheel (a Python package as pip installs it) of some files. Returns its path. */
export async function makeWheel(
  folder: string,
  name: string,
  version: string,
  files: Readonly<Record<string, string | Buffer>>,
  { tag = 'py3-none-any', requires = [] }: WheelOptions = {},
): Promise<string> {
  const path = join(folder, `${name}-${version}-${tag}.whl`);
  const information = `${name}-${version}.dist-info`;
  const required = requires.map((requirement) => `Requires-Dist: ${requirement}\n`).join('');
  const content = {
    ...files,
    [`${information}/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n${required}`,
    [`${information}/WHEEL`]: `Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: ${tag}\n`,
    [`${information}/RECORD`]: Object.entries(files)
      .map(([file, text]) => `${file},sha256=${createHash('sha256').update(text).digest('base64url')},\n`)
      .join(''),
  };
  const program = `
import base64, json, sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as wheel:
    for name, content in json.loads(sys.argv[2]).items():
        wheel.writestr(name, base64.b64decode(content))
`;
  const encoded = Object.entries(content).map(([file, text]) => [file, Buffer.from(text).toString('base64')]);
  await mkdir(folder, { recursive: true });
  await run('python3', ['-c', program, path, JSON.stringify(Object.fromEntries(encoded))]);
  return path;
}

/** Where the packager looks for what functions run on. */
export const platformsPath = 'generated/environment/lambda-functions.json';
