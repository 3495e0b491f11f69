import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { accountIdParameter, toolingAccount } from '../../../templates-src/define-topology';
import { pipelineNames } from '../../../templates-src/patterns/names';
import { topology } from '../../../templates-src/topology';
import { type Emulator, startEmulator } from '../emulator';
import { openTerminal } from '../terminal';
import type { Approval, Decision } from './actions/approval';
import { unpack } from './archive';
import { pipelineSession } from './artifacts';
import { Witness } from './authorization/witness';
import { commitAll, copyCheckout } from './checkout';
import { runChild } from './child';
import { type Cloud, getObject } from './cloud';
import type { RehearsalOptions } from './options';
import type { ActionRun, Execution } from './pipeline';
import { duration, nameOf, type Report, table } from './report';
import { gitEnvironment, Repositories } from './repositories';
import { Route } from './route';
import {
  type ActionName,
  checkStage,
  findAction,
  findPipeline,
  type PipelineNames,
  readPipelineNames,
} from './route-names';
import { functionTable, readVersions, type Versions, versionTable } from './summary';

const run = promisify(execFile);
const { containerBuild, infrastructureDeployment, containerDeployment } = pipelineNames;
const environments = topology.environments.map(({ name }) => name);

export interface RehearsalInput {
  readonly options: RehearsalOptions;
  /** The checkout that is rehearsed; nothing in it is changed. */
  readonly checkout: string;
  readonly report: Report;
  /** Writes into the full log. */
  readonly log: (text: string) => void;
  /** Ends the rehearsal. */
  readonly signal: AbortSignal;
}

/**
 * Rehearses the route to live.
 *
 * @returns whether all that was rehearsed went well
 * @throws NameError when an option names something that does not exist; Error when a step fails
 */
export async function rehearse(input: RehearsalInput): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'route-to-live-rehearsal-'));
  const rehearsal = new Rehearsal(input, folder);
  try {
    return await rehearsal.run();
  } finally {
    await rehearsal.end();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

class Rehearsal {
  private readonly copy: string;
  private readonly repositories: Repositories;
  private readonly differences = new Set<string>();
  /** Executions that could not succeed, and why, by their id. */
  private readonly expected = new Map<string, string>();
  private readonly witness = new Witness();
  private emulator: Emulator | undefined;
  private route: Route | undefined;

  constructor(
    private readonly input: RehearsalInput,
    private readonly folder: string,
  ) {
    this.copy = join(folder, 'checkout');
    this.repositories = new Repositories(join(folder, 'codecommit'));
  }

  async run(): Promise<boolean> {
    const { report, options, signal } = this.input;
    const began = performance.now();
    report.line('Rehearsal of the route to live, in an emulated AWS on this machine', 'bold');
    await this.build();
    const names = readPipelineNames(join(this.copy, 'generated'));
    const plan = planFor(options, names);
    const cloud = await this.startCloud();
    await this.deploy(cloud);
    const route = await this.readRoute(cloud, plan);
    signal.addEventListener('abort', () => route.stop());
    await this.play(route, cloud, plan);
    signal.throwIfAborted();
    await this.summarize(route, cloud);
    const failed = [...plan.rehearsed].filter((name) => !isWell(route.executionsOf(name).at(-1)));
    const denied = this.witness.denials.length;
    const time = duration(performance.now() - began);
    report.line();
    if (failed.length > 0 || denied > 0) {
      const permissions = denied > 0 ? [`${denied} permissions missing (see IAM above)`] : [];
      report.line(`Not all went well in ${time}: ${[...failed, ...permissions].join(', ')}`, 'red');
    } else {
      const accounts = `${Object.keys(cloud.accounts).length} accounts`;
      report.line(`All went well in ${time}: ${[...plan.rehearsed].join(', ')} in ${accounts}`, 'green');
    }
    if (options.keep) {
      await this.keep(route, cloud);
    }
    return failed.length === 0 && denied === 0;
  }

  /** Ends whatever still runs. */
  async end(): Promise<void> {
    this.route?.stop();
    await this.route?.settle();
    if (this.emulator !== undefined) {
      this.input.log(`[rehearsal] what the emulated AWS has logged:\n${await readFile(this.emulator.log, 'utf8')}`);
      await this.emulator.stop();
    }
  }

  private async build(): Promise<void> {
    const { report, checkout, options } = this.input;
    const tool = (name: string, ...args: readonly string[]) =>
      this.runScript(process.execPath, ['-r', 'tsx/cjs', `scripts/${name}.ts`, ...args], process.env, () => {});
    await report.step('Copy and build', async () => {
      await copyCheckout(checkout, this.copy);
      await commitAll(this.copy, 'The checkout as it is');
      if (options.region !== undefined) {
        await tool('configure', '--region', options.region);
      }
      await tool('build');
      const before = await commitAll(this.copy, 'The checkout as it is, built');
      return `commit ${before.slice(0, 8)} in a temporary folder`;
    });
  }

  private async startCloud(): Promise<Cloud> {
    const accounts = await readAccounts(join(this.copy, 'parameters'));
    const region = await readRegion(join(this.copy, 'parameters'));
    await this.input.report.step('Start the emulated AWS', async () => {
      this.emulator = await startEmulator({ accounts, region, authorize: this.witness.answer });
      return `${Object.keys(accounts).length} accounts at ${this.emulator.endpoint}`;
    });
    return { emulator: this.running, accounts, region };
  }

  private get running(): Emulator {
    if (this.emulator === undefined) {
      throw new Error('The emulated AWS has not been started.');
    }
    return this.emulator;
  }

  private async deploy(cloud: Cloud): Promise<void> {
    const { report } = this.input;
    await report.step('Deploy with deploy.sh', async () => {
      let stacks = 0;
      await this.runScript(
        join(this.copy, 'scripts', 'deploy.sh'),
        profilesOf(cloud),
        this.running.environment(),
        (line) => {
          if (/^\[\d+\/\d+\]/.test(line)) {
            stacks += 1;
            report.detail(line);
          }
        },
      );
      return `${stacks} stacks in ${Object.keys(cloud.accounts).length} accounts`;
    });
  }

  private async readRoute(cloud: Cloud, plan: Plan): Promise<Route> {
    const { report, log } = this.input;
    this.route = await Route.read({
      world: {
        cloud,
        repositories: this.repositories,
        folder: this.folder,
        buildEnvironment: await this.buildEnvironment(),
        fails: (run) => isAt(run, plan.failAt),
        log,
        differs: (text) => this.differences.add(text),
      },
      decide: (approval) => this.decide(approval),
      only: plan.run,
      until: plan.until,
      observe: (progress) => report.progress(progress),
      tell: (text) => report.detail(text),
    });
    for (const pipeline of Object.values(pipelineNames)) {
      const name = this.route.repositoryOf(pipeline);
      if (topology.pipelines.source === 'codecommit') {
        // What is deployed is what stands here for it.
        await cloud.emulator.call(toolingAccount, 'codecommit', 'GetRepository', { repositoryName: name });
      }
      await this.repositories.create(name);
    }
    return this.route;
  }

  /** What builds see of this machine. */
  private async buildEnvironment(): Promise<Record<string, string>> {
    const path = this.running.environment().PATH ?? '';
    // check-templates.sh would install cfn-lint of the very version that is on PATH.
    const cfnLint = path
      .split(delimiter)
      .map((directory) => join(directory, 'cfn-lint'))
      .find((file) => existsSync(file));
    const tools = join(this.folder, 'tools');
    if (cfnLint !== undefined) {
      await mkdir(join(tools, 'python', 'bin'), { recursive: true });
      await symlink(cfnLint, join(tools, 'python', 'bin', 'cfn-lint'));
    }
    this.differences.add('cfn-nag, which needs Ruby, is left out; in CodeBuild it runs.');
    const docker = await this.prepareDocker(path);
    const network =
      /^(https?_proxy|no_proxy|all_proxy|npm_config_(registry|userconfig|cache)|pip_.*|ssl_cert_.*|node_extra_ca_certs)$/i;
    const passed = Object.entries(process.env).filter(([name]) => network.test(name)) as [string, string][];
    return {
      ...Object.fromEntries(passed),
      PATH: [join(this.copy, 'scripts', 'docker-stand-in'), path].join(delimiter),
      LANG: 'C.UTF-8',
      ...docker,
      CHECK_TOOLS: tools,
      CHECK_CFN_NAG: 'no',
    };
  }

  /** What the stand-in for docker takes from its environment; it builds with an engine where one answers. */
  private async prepareDocker(path: string): Promise<Record<string, string>> {
    const state = join(this.folder, 'docker');
    await mkdir(state);
    const engine = path
      .split(delimiter)
      .map((directory) => join(directory, 'docker'))
      .find((file) => existsSync(file));
    const answers =
      engine !== undefined &&
      (await run(engine, ['info'], { timeout: 10_000 }).then(
        () => true,
        () => false,
      ));
    this.differences.add(
      answers
        ? 'The docker engine builds the image; its manifest, without the layers, is pushed into ECR.'
        : 'No docker engine answers: a stand-in pushes an image manifest made from the files into ECR, without layers.',
    );
    return {
      DOCKER_STAND_IN: state,
      ...(answers ? { DOCKER_STAND_IN_ENGINE: engine, DOCKER_STAND_IN_HOME: homedir() } : {}),
    };
  }

  private async decide(approval: Approval): Promise<Decision> {
    if (!this.input.options.interactive) {
      return { approved: true, comment: 'by the rehearsal' };
    }
    const { report } = this.input;
    const terminal = openTerminal();
    if (terminal === undefined) {
      return { approved: false, comment: 'nobody can be asked without a terminal' };
    }
    report.pause();
    try {
      report.line(`${approval.pipeline} #${approval.execution} · ${approval.stage}: ${approval.message}`, 'bold');
      const answer = await terminal.ask('Approve? [y/N] ');
      return /^y(es)?$/i.test(answer.trim())
        ? { approved: true, comment: 'by you' }
        : { approved: false, comment: 'by you' };
    } finally {
      terminal.close();
    }
  }

  /** What happens on the first days, in the order in which it can. */
  private async play(route: Route, cloud: Cloud, plan: Plan): Promise<void> {
    const { report } = this.input;
    await this.publish(route, cloud);
    this.differences.add(
      'Repositories are published at once, but start their pipelines one after the other, each when it can succeed.',
    );
    if (plan.run.has(infrastructureDeployment)) {
      const first = await this.started(route, infrastructureDeployment);
      await this.sameBits(route, cloud, plan, first);
      await route.settle();
      if (!isWell(route.executionsOf(infrastructureDeployment).at(-1))) {
        return;
      }
    }
    if (plan.run.has(containerDeployment)) {
      const first = await this.started(route, containerDeployment);
      if ((await first.finished) === 'Failed' && !route.hasImages) {
        const reason = 'as on the first day in AWS: no image yet';
        this.expected.set(first.id, reason);
        report.detail(`${reason}. The first build will start the pipeline again.`);
      }
    }
    if (plan.run.has(containerBuild)) {
      await this.started(route, containerBuild);
    }
    await route.settle();
  }

  /** Pushes what is committed to the repositories. */
  private async publish(route: Route, cloud: Cloud): Promise<void> {
    const { report } = this.input;
    await report.step('Publish repositories', async () => {
      const script = join(this.copy, 'scripts', 'publish-repositories.sh');
      const pushed: string[] = [];
      const remotes = Object.values(pipelineNames).flatMap((name) => [
        '--remote',
        `${name}=${this.repositories.path(route.repositoryOf(name))}`,
      ]);
      const options = [...remotes, ...profilesOf(cloud)];
      await this.runScript(script, options, gitEnvironment(this.running.environment()), (line) => {
        pushed.push(...(/^(\S+) +pushed/.exec(line)?.slice(1, 2) ?? []));
      });
      return pushed.join(', ');
    });
  }

  /** Sees what was pushed to a repository, which starts its pipeline. */
  private async started(route: Route, name: string): Promise<Execution> {
    const started = await route.seeCommits([route.repositoryOf(name)]);
    const execution = started.find(({ pipeline }) => pipeline === name);
    if (execution === undefined) {
      throw new Error(`Nothing started ${name} when its repository was published: no rule or trigger takes that in.`);
    }
    return execution;
  }

  /**
   * Proves that an approval ships what was approved: while the first execution waits before production, a function
   * changes and a second execution packages it; production still gets the package of the first.
   */
  private async sameBits(route: Route, cloud: Cloud, plan: Plan, first: Execution): Promise<void> {
    const { report, options, signal } = this.input;
    const last = topology.environments.at(-1);
    const stage = route.pipeline(infrastructureDeployment)?.definition.stages.at(-1)?.name ?? '';
    if (
      options.interactive ||
      plan.failAt !== undefined ||
      plan.until(infrastructureDeployment) !== undefined ||
      !last?.approval
    ) {
      return;
    }
    const hold = route.hold(infrastructureDeployment, first.number, stage);
    const ended = first.finished.then(() => 'ended');
    if ((await Promise.race([hold.reached, ended])) === 'ended') {
      return;
    }
    report.heading(`While ${nameOf(first)} waits for its approval in ${stage}: a function changes`);
    const changed = await changeFunction(join(this.copy, 'lambda'));
    await commitAll(this.copy, `Change ${changed}`);
    await this.publish(route, cloud);
    const second = await this.started(route, infrastructureDeployment);
    // What the first leaves in production is looked at before the second may change it.
    const next = route.hold(infrastructureDeployment, second.number, stage);
    await Promise.race([route.waits(second, stage), second.finished]);
    signal.throwIfAborted();
    report.heading(`${nameOf(first)} is approved`);
    hold.release();
    await first.finished;
    signal.throwIfAborted();
    const [packaged, newer] = await Promise.all(
      [first, second].map((it) => readPackages(cloud, route, it, this.folder)),
    );
    const { functions } = await readVersions(cloud, last.name, `${topology.project}-${last.name}-`);
    const strays = [...functions].filter(([name, sha256]) => packaged?.get(name) !== sha256);
    const moved = [...(packaged ?? [])].filter(([name, sha256]) => newer?.get(name) !== sha256).map(([name]) => name);
    if (strays.length > 0 || functions.size === 0 || moved.length === 0) {
      throw new Error(
        `${last.name} does not run what ${nameOf(first)} packaged: ${strays.map(([name]) => name).join(', ') || 'no function'}.`,
      );
    }
    const now = await this.versions(cloud);
    for (const row of functionTable(now)) {
      report.line(`  ${row}`);
    }
    report.line(
      `${last.name} runs the packages of ${nameOf(first)}, which were tested and approved, ` +
        `although there is a newer ${moved.join(', ')}`,
      'green',
    );
    next.release();
  }

  private async versions(cloud: Cloud): Promise<Map<string, Versions>> {
    const all = environments.map(
      async (name) => [name, await readVersions(cloud, name, `${topology.project}-${name}-`)] as const,
    );
    return new Map(await Promise.all(all));
  }

  private async summarize(route: Route, cloud: Cloud): Promise<void> {
    const { report } = this.input;
    report.heading('What is where');
    for (const row of versionTable(await this.versions(cloud))) {
      report.line(`  ${row}`);
    }
    report.heading('Executions');
    const executions = route.executions.map((it) => [
      nameOf(it),
      it.status.toLowerCase(),
      this.expected.get(it.id) ?? `started by ${it.trigger}`,
    ]);
    for (const row of table(executions)) {
      report.line(`  ${row}`);
    }
    await this.witness.tell(report, this.copy);
    report.heading('Not as in AWS');
    for (const difference of [...this.differences, ...this.witness.differences]) {
      report.line(`  ${difference}`);
    }
  }

  private async keep(route: Route, cloud: Cloud): Promise<void> {
    const { report, signal } = this.input;
    const environment = this.running.environment();
    report.heading('The emulated AWS goes on until you press Ctrl-C. In another terminal:');
    for (const name of ['AWS_ENDPOINT_URL', 'AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_REGION']) {
      report.line(`  export ${name}=${environment[name]}`);
    }
    for (const account of Object.keys(cloud.accounts)) {
      report.line(`  aws cloudformation list-stacks --profile route-to-live-${account}`);
    }
    report.line(`Pipelines run for what is pushed to the repositories in ${this.repositories.folder}`);
    while (!signal.aborted) {
      await sleep(1000, undefined, { signal }).catch(() => {});
      await route.seeCommits();
    }
  }

  private runScript(
    program: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv,
    line: (text: string) => void,
  ): Promise<void> {
    return runChild(program, args, {
      cwd: this.copy,
      env,
      signal: this.input.signal,
      line: (text) => {
        this.input.log(`${text}\n`);
        line(text);
      },
    });
  }
}

/** What is to be run, and how far. */
interface Plan {
  /** Pipelines whose outcome counts. */
  readonly rehearsed: ReadonlySet<string>;
  /** Those, and what they cannot do without. */
  readonly run: ReadonlySet<string>;
  readonly until: (pipeline: string) => string | undefined;
  readonly failAt?: ActionName;
}

/**
 * Which pipelines to run, and how far.
 *
 * @throws NameError when an option names something that does not exist
 */
export function planFor({ only, until, failAt }: RehearsalOptions, names: readonly PipelineNames[]): Plan {
  const chosen = only === undefined ? names : [findPipeline(names, only)];
  if (until !== undefined) {
    checkStage(chosen, until);
  }
  const action = failAt === undefined ? undefined : findAction(chosen, failAt);
  const ends = (name: string) =>
    chosen.some(({ pipeline, stages }) => pipeline === name && stages.slice(0, -1).some((it) => it.name === until));
  // ECS-Container-Deployment deploys what ECS-Container-Build has pushed into what Infrastructure-Deployment has made.
  const possible =
    only !== undefined || (!ends(containerBuild) && (!ends(infrastructureDeployment) || ends(containerDeployment)));
  const rehearsed = new Set(
    chosen.map(({ pipeline }) => pipeline).filter((name) => name !== containerDeployment || possible),
  );
  return {
    rehearsed,
    run: rehearsed.has(containerDeployment) ? new Set(names.map(({ pipeline }) => pipeline)) : rehearsed,
    until: (name) => (ends(name) ? until : undefined),
    ...(action === undefined ? {} : { failAt: action }),
  };
}

const isAt = ({ pipeline, stage, action }: ActionRun, at: ActionName | undefined) =>
  at !== undefined && pipeline.name === at.pipeline && stage === at.stage && action.name === at.action;

const isWell = (execution: Execution | undefined) =>
  execution?.status === 'Succeeded' || execution?.status === 'Stopped';

type ParameterValues = Readonly<Record<string, string>>;

async function readParameters(file: string): Promise<ParameterValues> {
  return (JSON.parse(await readFile(file, 'utf8')) as { Parameters: ParameterValues }).Parameters;
}

async function readRegion(parameters: string): Promise<string> {
  return (await readParameters(join(parameters, toolingAccount, 'artifact-store.json'))).Region ?? '';
}

/** The ids of all accounts, as the parameter files have them. */
async function readAccounts(parameters: string): Promise<Record<string, string>> {
  const store = await readParameters(join(parameters, toolingAccount, 'artifact-store.json'));
  const [first = ''] = environments;
  const { ToolingAccountId = '' } = await readParameters(join(parameters, first, 'deployment-roles.json'));
  return {
    [toolingAccount]: ToolingAccountId,
    ...Object.fromEntries(topology.environments.map((it) => [it.name, store[accountIdParameter(it)] ?? ''])),
  };
}

/** Adds a comment to the source of a function. @returns its name */
async function changeFunction(lambda: string): Promise<string> {
  for (const name of (await readdir(lambda)).sort()) {
    const folder = join(lambda, name);
    const files = await readdir(folder).catch(() => [] as string[]);
    const source = files.find((file) => /\.(m?js|cjs|py)$/.test(file) && !/(^test_|\.test\.)/.test(file));
    if (source !== undefined) {
      await appendFile(join(folder, source), `\n${source.endsWith('.py') ? '#' : '//'} Changed by the rehearsal.\n`);
      return name;
    }
  }
  throw new Error(`${lambda} has no function that the rehearsal could change.`);
}

/** Options of the operator's scripts that name the emulator's profiles. */
const profilesOf = ({ accounts }: Cloud): string[] =>
  Object.keys(accounts).flatMap((account) => ['--profile', `${account}=route-to-live-${account}`]);

/** CodeSha256 of the packages of an execution, by function. */
async function readPackages(
  cloud: Cloud,
  route: Route,
  { pipeline, artifacts }: Execution,
  folder: string,
): Promise<Map<string, string>> {
  const definition = route.pipeline(pipeline)?.definition;
  const session = await pipelineSession(cloud, { name: pipeline, roleArn: definition?.roleArn ?? '' }, 'rehearsal');
  for (const location of artifacts.values()) {
    const unpacked = await mkdtemp(join(folder, 'packages-'));
    await unpack(await getObject(cloud, session, location), unpacked);
    const manifest = join(unpacked, 'manifest.json');
    if (existsSync(manifest)) {
      const { functions } = JSON.parse(await readFile(manifest, 'utf8')) as {
        functions: readonly { function: string; sha256: string }[];
      };
      return new Map(functions.map((it) => [it.function, it.sha256]));
    }
  }
  return new Map();
}
