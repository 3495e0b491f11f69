import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionContext } from '../action-context';
import { actionSession, fetchArtifact, storeArtifact } from '../artifacts';
import { exportedBy, runBuild } from '../build';
import { type Buildspec, readBuildspec } from '../buildspec';
import { assumeRole, type Cloud, type Session } from '../cloud';
import type { ActionResult, ActionRun } from '../pipeline';

interface Project {
  readonly name: string;
  readonly arn: string;
  readonly serviceRole: string;
  readonly encryptionKey: string;
  readonly timeoutInMinutes: number;
  readonly source: { readonly buildspec?: string };
  readonly environment: {
    readonly image: string;
    readonly environmentVariables?: readonly EnvironmentVariable[];
  };
  readonly logsConfig?: { readonly cloudWatchLogs?: { readonly groupName?: string } };
}

interface EnvironmentVariable {
  readonly name: string;
  readonly value: string;
  readonly type?: string;
}

/** How much of a build's output is shown when it succeeds, and when it fails; the log has all of it. */
const SHOWN_LINES = 2;
const SHOWN_LINES_OF_FAILURE = 12;

/**
 * A build: the project's own buildspec, in a clean folder with the primary input artifact, with the project's and the
 * action's variables and the credentials of the project's role.
 * https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeBuild.html
 */
export async function codeBuild(run: ActionRun, context: ActionContext): Promise<ActionResult> {
  const { cloud } = context;
  const session = await actionSession(cloud, run);
  const project = await findProject(cloud, session, run.configuration.ProjectName ?? '');
  const read = readBuildspec(project.source.buildspec ?? '');
  const buildspec = context.fails(run) ? withFault(read) : read;
  await session.authorize('codebuild', 'StartBuild', { projectName: project.name });
  await session.authorize('codebuild', 'BatchGetBuilds', { projectName: project.name });
  const codeBuildFor = {
    service: 'codebuild.amazonaws.com',
    sourceAccount: session.account.id,
    sourceArn: project.arn,
  } as const;
  const role = await assumeRole(cloud, codeBuildFor, project.serviceRole, `AWSCodeBuild-${randomUUID()}`);

  const folder = await mkdtemp(join(context.folder, 'build-'));
  const primary = run.configuration.PrimarySource ?? run.action.inputArtifacts[0]?.name ?? '';
  const source = await fetchArtifact(cloud, role, run, primary, join(folder, 'source'));
  const besides = new Map<string, string>();
  for (const { name } of run.action.inputArtifacts.filter((input) => input.name !== primary)) {
    besides.set(name, (await fetchArtifact(cloud, role, run, name, join(folder, 'besides'))).folder);
  }
  const home = join(folder, 'home');
  const scratch = join(folder, 'scratch');
  await mkdir(home);
  await mkdir(scratch);

  const id = `${project.name}:${randomUUID()}`;
  const environment = {
    ...context.buildEnvironment,
    HOME: home,
    ...environmentOf(run, project, id, primary, source.folder),
    ...Object.fromEntries([...besides].map(([name, path]) => [`CODEBUILD_SRC_DIR_${name}`, path])),
    AWS_ENDPOINT_URL: cloud.emulator.endpoint,
    AWS_REGION: cloud.region,
    AWS_DEFAULT_REGION: cloud.region,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ACCESS_KEY_ID: role.credentials.AccessKeyId,
    AWS_SECRET_ACCESS_KEY: role.credentials.SecretAccessKey,
    AWS_SESSION_TOKEN: role.credentials.SessionToken,
  };
  noteRuntimes(project.name, buildspec, context);
  context.differs(
    'CodeBuild keeps no record of builds, so approvers are not told which commit an image was built from.',
  );
  context.log(`[rehearsal] build ${id} as ${role.roleArn}\n`);
  let output = '';
  const failure = await runBuild({
    buildspec,
    folder: source.folder,
    scratch,
    environment,
    timeoutInMinutes: project.timeoutInMinutes,
    signal: run.signal,
    print: (text) => {
      output += text;
      context.log(text);
    },
  });
  await writeLogs(role, project, id, output);
  noteReports(buildspec, source.folder, run);
  if (failure !== undefined) {
    const { phase, message } = failure;
    throw new Error(
      [
        `Build ${id} failed. Phase: ${phase.toUpperCase()}. ${message}`,
        ...ownOutput(output).slice(-SHOWN_LINES_OF_FAILURE),
      ].join('\n'),
    );
  }
  const [artifact] = run.action.outputArtifacts;
  const outputs =
    artifact === undefined
      ? new Map()
      : new Map([[artifact.name, await keepArtifact(run, context, role, buildspec, source.folder)]]);
  ownOutput(output).slice(-SHOWN_LINES).forEach(run.note);
  return {
    summary: `build ${id.split(':')[1]?.slice(0, 8)} succeeded`,
    outputs,
    variables: await exportedBy({ buildspec, scratch }),
  };
}

/** The buildspec with a command that fails, before all others of the phase build. */
const withFault = (buildspec: Buildspec): Buildspec => ({
  ...buildspec,
  phases: buildspec.phases.map((phase) =>
    phase.name === 'build'
      ? { ...phase, commands: ['echo "This command fails, as --fail-at asked for." >&2; false', ...phase.commands] }
      : phase,
  ),
});

/** CodeBuild's own look at the project. */
async function findProject({ emulator }: Cloud, { account }: Session, name: string): Promise<Project> {
  const { projects } = await emulator.call<{ projects: readonly Project[] }>(
    account.name,
    'codebuild',
    'BatchGetProjects',
    { names: [name] },
  );
  const [project] = projects;
  if (project === undefined) {
    throw new Error(`There is no CodeBuild project ${name} in the account ${account.id}.`);
  }
  return project;
}

/** https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html */
function environmentOf(
  { configuration, pipeline, inputs }: ActionRun,
  project: Project,
  id: string,
  primary: string,
  folder: string,
): Record<string, string> {
  const given = JSON.parse(configuration.EnvironmentVariables ?? '[]') as readonly EnvironmentVariable[];
  const all = [...(project.environment.environmentVariables ?? []), ...given];
  const secret = all.find(({ type = 'PLAINTEXT' }) => type !== 'PLAINTEXT');
  if (secret !== undefined) {
    throw new Error(`The rehearsal has no value for the variable ${secret.name} of type ${secret.type}.`);
  }
  const input = inputs.get(primary);
  const arn = project.arn.replace(/:project\/.*$/, `:build/${id}`);
  return {
    CODEBUILD_BUILD_ID: id,
    CODEBUILD_BUILD_ARN: arn,
    CODEBUILD_BUILD_IMAGE: project.environment.image,
    CODEBUILD_INITIATOR: `codepipeline/${pipeline.name}`,
    CODEBUILD_KMS_KEY_ID: project.encryptionKey,
    CODEBUILD_LOG_PATH: id.split(':')[1] ?? '',
    CODEBUILD_SOURCE_VERSION: `arn:aws:s3:::${input?.bucket}/${input?.key}`,
    CODEBUILD_SRC_DIR: folder,
    CODEBUILD_START_TIME: String(Date.now()),
    CODEBUILD_PROJECT_ARN: project.arn,
    ...Object.fromEntries(all.map(({ name, value }) => [name, value])),
  };
}

async function keepArtifact(
  run: ActionRun,
  context: ActionContext,
  role: Session,
  { artifacts }: Buildspec,
  folder: string,
) {
  const name = run.action.outputArtifacts[0]?.name ?? '';
  if (artifacts === undefined) {
    throw new Error(`CLIENT_ERROR: the buildspec says of no files that they are the artifact ${name}.`);
  }
  const base = join(folder, artifacts.baseDirectory);
  try {
    return await storeArtifact(context.cloud, role, run, name, base, artifacts.files);
  } catch (error) {
    throw new Error(
      `CLIENT_ERROR: no matching artifact paths: ${(error as Error).message} in ${artifacts.baseDirectory}.`,
    );
  }
}

/** The build's output as CodeBuild keeps it: in the log group of the project. */
async function writeLogs(role: Session, { logsConfig, name }: Project, id: string, output: string): Promise<void> {
  const group = logsConfig?.cloudWatchLogs?.groupName ?? `/aws/codebuild/${name}`;
  const stream = { logGroupName: group, logStreamName: id.split(':')[1] };
  await role.call('logs', 'CreateLogStream', stream);
  const timestamp = Date.now();
  const lines = output.trimEnd().split('\n');
  for (let from = 0; from < lines.length; from += 1000) {
    const part = lines.slice(from, from + 1000);
    // An event needs a message.
    await role.call('logs', 'PutLogEvents', {
      ...stream,
      logEvents: part.map((line) => ({ timestamp, message: line === '' ? ' ' : line })),
    });
  }
}

/** CodeBuild installs the versions of runtimes that a buildspec names; here is what this machine has. */
function noteRuntimes(project: string, { runtimeVersions }: Buildspec, { differs }: ActionContext): void {
  const wanted = Object.entries(runtimeVersions).map(([runtime, version]) => `${runtime} ${version}`);
  if (wanted.length > 0) {
    differs(`Builds run with the runtimes of this machine. CodeBuild installs ${wanted.join(' and ')} for ${project}.`);
  }
}

function noteReports({ reports }: Buildspec, folder: string, { note }: ActionRun): void {
  for (const [name, { baseDirectory, files }] of Object.entries(reports)) {
    const missing = files.filter((file) => !file.includes('*') && !existsSync(join(folder, baseDirectory, file)));
    if (missing.length > 0) {
      note(`report ${name}: found no ${missing.join(', no ')} in ${baseDirectory}`);
    }
  }
}

/** What the commands themselves printed. */
const ownOutput = (output: string) =>
  output
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && !line.startsWith('[rehearsal]'));
