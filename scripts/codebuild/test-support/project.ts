import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
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

/** The policy of a stack, as `npm run build` writes it. */
export const stackPolicy = { Statement: [{ Effect: 'Allow', Action: 'Update:*', Principal: '*', Resource: '*' }] };

/**
 * Parameters files of the environments dev and test, as the pipeline's repository has them, and of tooling; and the
 * stack policy of the one template that has one.
 */
export const parameters: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['container-service', 'deployment-roles', 'infrastructure'].map((name) => [
      `generated/environment/${name}.yaml`,
      '',
    ]),
  ),
  'generated/environment/container-service.stack-policy.json': JSON.stringify(stackPolicy),
  'parameters/tooling/artifact-store.json': '{"Parameters": {"Region": "eu-west-1"}}',
  ...Object.fromEntries(
    ['dev', 'test'].flatMap((environment) => [
      [`parameters/${environment}/deployment-roles.json`, '{"Parameters": {}}'],
      [`parameters/${environment}/infrastructure.json`, `{"Parameters": {"EnvironmentName": "${environment}"}}`],
      [`parameters/${environment}/container-service.json`, `{"Parameters": {"EnvironmentName": "${environment}"}}`],
    ]),
  ),
};

/** Runs the AWS CLI and returns its output, parsed. */
export async function aws(env: NodeJS.ProcessEnv, ...args: string[]) {
  const { stdout } = await run('aws', [...args, '--output', 'json'], { env });
  return stdout.trim() === '' ? undefined : JSON.parse(stdout);
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

/** The line of a requirements.txt that locks a wheel. */
export async function lockLine(wheel: string): Promise<string> {
  const [name, version] = basename(wheel).split('-');
  const hash = createHash('sha256').update(await readFile(wheel));
  return `${name}==${version} --hash=sha256:${hash.digest('hex')}\n`;
}

/**
 * Runtime and architecture of each function of a tree, by its files: Node.js, or Python where there is some.
 *
 * @param paths of files below a folder that holds lambda/
 */
export function platformsFile(paths: readonly string[]): string {
  const functions = new Set(paths.flatMap((path) => /^lambda\/([^/.][^/]*)\//.exec(path)?.[1] ?? []));
  const isPython = (name: string) => paths.some((path) => path.startsWith(`lambda/${name}/`) && path.endsWith('.py'));
  return JSON.stringify(
    Object.fromEntries(
      [...functions].map((name) => [
        name,
        { runtime: isPython(name) ? 'python3.14' : 'nodejs24.x', architecture: 'x86_64' },
      ]),
    ),
  );
}

/** Where the packager looks for what functions run on. */
export const platformsPath = 'generated/environment/lambda-functions.json';
