import { existsSync } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { run } from '../lib/run';

/**
 * What builds see of this machine.
 *
 * @param path PATH of the emulated AWS, with the AWS CLI
 * @param checkout what is rehearsed
 * @param folder for files that go when the rehearsal ends
 * @param buildsImages whether there is a pipeline that builds an image
 * @param differs hears of what is not as in AWS
 */
export async function buildEnvironment(
  path: string,
  checkout: string,
  folder: string,
  buildsImages: boolean,
  differs: (text: string) => void,
): Promise<Record<string, string>> {
  // check-templates.sh would install cfn-lint of the very version that is on PATH.
  const cfnLint = path
    .split(delimiter)
    .map((directory) => join(directory, 'cfn-lint'))
    .find((file) => existsSync(file));
  const tools = join(folder, 'tools');
  if (cfnLint !== undefined) {
    await mkdir(join(tools, 'python', 'bin'), { recursive: true });
    await symlink(cfnLint, join(tools, 'python', 'bin', 'cfn-lint'));
  }
  differs('cfn-nag, which needs Ruby, is left out; in CodeBuild it runs.');
  const docker = buildsImages ? await prepareDocker(path, folder, differs) : {};
  const network =
    /^(https?_proxy|no_proxy|all_proxy|npm_config_(registry|userconfig|cache)|pip_.*|ssl_cert_.*|node_extra_ca_certs)$/i;
  const passed = Object.entries(process.env).filter(([name]) => network.test(name)) as [string, string][];
  return {
    ...Object.fromEntries(passed),
    PATH: [join(checkout, 'scripts', 'rehearsal', 'docker-stand-in'), path].join(delimiter),
    LANG: 'C.UTF-8',
    ...docker,
    CHECK_TOOLS: tools,
    CHECK_CFN_NAG: 'no',
  };
}

/** What the stand-in for docker takes from its environment; it builds with an engine where one answers. */
async function prepareDocker(
  path: string,
  folder: string,
  differs: (text: string) => void,
): Promise<Record<string, string>> {
  const state = join(folder, 'docker');
  await mkdir(state);
  const engine = path
    .split(delimiter)
    .map((directory) => join(directory, 'docker'))
    .find((file) => existsSync(file));
  const answers =
    engine !== undefined &&
    (await run(engine, ['info'], { timeout: 10_000 }).then(
      (ended) => ended?.code === 0,
      () => false,
    ));
  differs(
    answers
      ? 'The docker engine builds the image; its manifest, without the layers, is pushed into ECR.'
      : 'No docker engine answers: a stand-in pushes an image manifest made from the files into ECR, without layers.',
  );
  return {
    DOCKER_STAND_IN: state,
    ...(answers ? { DOCKER_STAND_IN_ENGINE: engine, DOCKER_STAND_IN_HOME: homedir() } : {}),
  };
}
