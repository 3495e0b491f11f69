import { execFile } from 'node:child_process';
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

/** The policy of a stack, as `npm run build` writes it. */
export const stackPolicy = { Statement: [{ Effect: 'Allow', Action: 'Update:*', Principal: '*', Resource: '*' }] };

/**
 * Parameters files of the environments dev and test, as the pipeline's repository has them, and of tooling; and the
 * stack policy of the one template that has one.
 */
export const parameters: Readonly<Record<string, string>> = {
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

/** Makes a wheel (a Python package as pip installs it) of one module. */
export async function makeWheel(
  folder: string,
  name: string,
  version: string,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const path = join(folder, `${name}-${version}-py3-none-any.whl`);
  const information = `${name}-${version}.dist-info`;
  const program = `
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as wheel:
    for name, content in json.loads(sys.argv[2]).items():
        wheel.writestr(name, content)
`;
  const content = {
    ...files,
    [`${information}/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`,
    [`${information}/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    [`${information}/RECORD`]: '',
  };
  await mkdir(folder, { recursive: true });
  await run('python3', ['-c', program, path, JSON.stringify(content)]);
  return path;
}
