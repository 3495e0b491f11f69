import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Emulator, startEmulator } from '../emulator/client';
import type { ActionContext } from './action-context';
import { performAction } from './actions';
import { pack, unpack } from './archive';
import { pipelineSession } from './artifacts';
import { type Cloud, getObject, putObject, type Session } from './cloud';
import type { ActionDefinition } from './definition';
import type { ActionResult, ArtifactLocation } from './pipeline';
import { action, at, pipelineOf } from './pipeline.fixture';
import { git, Repositories } from './repositories';

export const accounts = { tooling: '111111111111', dev: '222222222222' };
export const role = (account: keyof typeof accounts, name: string) => `arn:aws:iam::${accounts[account]}:role/${name}`;

/** An emulated AWS with a bucket and a key for artifacts, and roles; and actions that are done in it. */
export class Bench {
  readonly notes: string[] = [];
  readonly differences: string[] = [];
  log = '';
  keyArn = '';
  context: ActionContext;
  private readonly cloud: Cloud;

  private constructor(
    readonly emulator: Emulator,
    readonly folder: string,
  ) {
    this.cloud = { emulator, accounts, region: 'eu-west-1' };
    this.context = {
      cloud: this.cloud,
      repositories: new Repositories(join(folder, 'codecommit')),
      folder,
      buildEnvironment: { PATH: emulator.environment().PATH ?? '' },
      decide: async () => ({ approved: true, comment: 'by the test' }),
      fails: () => false,
      log: (text) => {
        this.log += text;
      },
      differs: (text) => this.differences.push(text),
    };
  }

  static async start(): Promise<Bench> {
    const folder = await mkdtemp(join(tmpdir(), 'rehearsal-test-'));
    const bench = new Bench(await startEmulator({ accounts }), folder);
    // The emulator's additions to moto's services come with CloudFormation, which is loaded when it is needed first.
    await bench.tooling('cloudformation', 'ListStacks');
    await bench.tooling('s3', 'CreateBucket', {
      Bucket: 'fixture-artifacts',
      CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' },
    });
    const { KeyMetadata } = await bench.tooling<{ KeyMetadata: { Arn: string } }>('kms', 'CreateKey');
    bench.keyArn = KeyMetadata.Arn;
    await bench.makeRole('tooling', 'fixture-pipeline');
    return bench;
  }

  async stop(): Promise<void> {
    await this.emulator.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  tooling<Result>(service: string, operation: string, parameters: object = {}): Promise<Result> {
    return this.emulator.call('tooling', service, operation, parameters);
  }

  dev<Result>(service: string, operation: string, parameters: object = {}): Promise<Result> {
    return this.emulator.call('dev', service, operation, parameters);
  }

  async makeRole(account: keyof typeof accounts, RoleName: string): Promise<string> {
    await this.emulator.call(account, 'iam', 'CreateRole', { RoleName, AssumeRolePolicyDocument: '{}' });
    return role(account, RoleName);
  }

  pipelineSession(): Promise<Session> {
    return pipelineSession(
      this.cloud,
      { name: 'Fixture-Pipeline', roleArn: role('tooling', 'fixture-pipeline') },
      'test',
    );
  }

  /** A folder with files, given by their paths. */
  async folderOf(files: Readonly<Record<string, string>>): Promise<string> {
    const folder = await mkdtemp(join(this.folder, 'files-'));
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content, { mode: path.endsWith('.sh') ? 0o755 : 0o644 });
    }
    return folder;
  }

  /** Stores an artifact that an earlier action might have left behind. */
  async artifact(name: string, files: Readonly<Record<string, string>>): Promise<[string, ArtifactLocation]> {
    const session = await this.pipelineSession();
    const location = at(`Fixture-Pipeline/${name}/${Math.random().toString(36).slice(2)}`);
    await putObject(this.cloud, session, location, await pack(await this.folderOf(files), ['**/*']), undefined);
    return [name, location];
  }

  /** The files of an artifact, by their paths. */
  async filesOf(location: ArtifactLocation | undefined): Promise<Record<string, string>> {
    const session = await this.pipelineSession();
    const folder = await mkdtemp(join(this.folder, 'unpacked-'));
    await unpack(await getObject(this.cloud, session, location ?? at('')), folder);
    const paths = (await readdir(folder, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
      .sort();
    return Object.fromEntries(
      await Promise.all(paths.map(async (path) => [path, await readFile(join(folder, path), 'utf8')] as const)),
    );
  }

  /** Commits files to a repository, which is made if it is not there. @returns the commit's id */
  async commit(repository: string, files: Readonly<Record<string, string>>, message = 'A change'): Promise<string> {
    const folder = await this.folderOf(files);
    const { repositories } = this.context;
    const identity = {
      GIT_AUTHOR_NAME: 'a',
      GIT_AUTHOR_EMAIL: 'a@b',
      GIT_COMMITTER_NAME: 'a',
      GIT_COMMITTER_EMAIL: 'a@b',
    };
    await git(['init', '--quiet', '--initial-branch=main'], {}, folder);
    await git(['add', '--all'], {}, folder);
    await git(['commit', '--quiet', '--message', message], identity, folder);
    await git(['push', '--quiet', '--force', repositories.path(repository), 'main'], {}, folder);
    return (await git(['rev-parse', 'HEAD'], {}, folder)).trim();
  }

  /** Does an action of a pipeline of its own. */
  perform(
    provider: string,
    configuration: Readonly<Record<string, string>>,
    more: Partial<ActionDefinition> & {
      readonly inputs?: readonly [string, ArtifactLocation][];
      readonly context?: Partial<ActionContext>;
      readonly signal?: AbortSignal;
    } = {},
  ): Promise<ActionResult> {
    const { inputs = [], context = {}, signal = new AbortController().signal, ...definition } = more;
    this.notes.length = 0;
    return performAction(
      {
        pipeline: pipelineOf(
          {},
          { artifactStore: { location: 'fixture-artifacts', encryptionKey: { id: this.keyArn, type: 'KMS' } } },
        ),
        execution: {
          id: '00000000-0000-0000-0000-000000000000',
          number: 1,
          pipeline: 'Fixture-Pipeline',
          type: 'STANDARD',
          trigger: 'a test',
          started: new Date(),
          status: 'InProgress',
          artifacts: new Map(),
          finished: new Promise(() => {}),
        },
        stage: 'Stage',
        action: action('Action', {
          provider,
          inputArtifacts: inputs.map(([name]) => ({ name })),
          ...definition,
        }),
        configuration,
        inputs: new Map(inputs),
        signal,
        note: (text) => this.notes.push(text),
      },
      { ...this.context, ...context },
    );
  }
}

/** A context in which the action under test meets with a fault. */
export const withFault: Partial<ActionContext> = { fails: () => true };
