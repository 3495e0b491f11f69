import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pipelineNamesOf } from '../../templates-src/model/names';
import { type Topology, toolingAccount } from '../../templates-src/model/topology';
import { type Emulator, startEmulator } from '../emulator/client';
import { readAccounts, readRegion } from './accounts';
import { type Attack, attacks } from './attacks';
import { Witness } from './authorization/witness';
import { buildEnvironment } from './build-environment';
import { changeFunction, changeTemplates, findFunction } from './changes';
import { commitAll, copyCheckout, copyCommit, renewCopy } from './checkout';
import type { Cloud } from './cloud';
import { decide } from './decide';
import { Operator } from './operator';
import type { RehearsalOptions } from './options';
import { readPackages } from './packages';
import type { Execution } from './pipeline';
import { isAt, isWell, type Plan, planFor, problemsOf } from './plan';
import { duration, nameOf, type Report, table } from './report';
import { Repositories } from './repositories';
import { Route } from './route';
import { type PipelineNames, readPipelineNames } from './route-names';
import { functionTable, readVersions, type Versions, versionTable } from './summary';

export interface RehearsalInput {
  readonly options: RehearsalOptions;
  /** The checkout that is rehearsed; nothing in it is changed. */
  readonly checkout: string;
  /** That of the checkout. */
  readonly topology: Topology;
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
  private readonly operator: Operator;
  private readonly repositories: Repositories;
  private readonly differences = new Set<string>();
  /** Executions that could not succeed, and why, by their id. */
  private readonly expected = new Map<string, string>();
  private readonly witness: Witness;
  /** What the pipelines are called that a topology can have; the route need not have all of them. */
  private readonly names: ReturnType<typeof pipelineNamesOf>;
  private approves = true;
  private emulator: Emulator | undefined;
  private route: Route | undefined;

  constructor(
    private readonly input: RehearsalInput,
    private readonly folder: string,
  ) {
    this.copy = join(folder, 'checkout');
    this.operator = new Operator(this.copy, { ...input, region: input.options.region });
    this.repositories = new Repositories(join(folder, 'codecommit'));
    this.witness = new Witness(input.topology);
    this.names = pipelineNamesOf(input.topology);
  }

  async run(): Promise<boolean> {
    const { report, options, signal } = this.input;
    const began = performance.now();
    report.line('Rehearsal of the route to live, in an emulated AWS on this machine', 'bold');
    if (options.from !== undefined) {
      await copyCommit(this.input.checkout, options.from, this.copy);
      this.witness.compareFromNow(false);
    } else {
      await copyCheckout(this.input.checkout, this.copy);
    }
    await this.operator.build(options.from === undefined ? 'The checkout as it is' : `The files of ${options.from}`);
    const plan = planFor(this.input.topology, options, this.pipelines());
    const cloud = await this.startCloud();
    await this.operator.deploy(cloud, this.running);
    const route = await this.readRoute(cloud, plan);
    signal.addEventListener('abort', () => route.stop());
    await this.play(route, cloud, plan);
    signal.throwIfAborted();
    const rehearsed = new Set(plan.rehearsed);
    const failed = () => [...rehearsed].filter((name) => !isWell(route.executionsOf(name).at(-1)));
    const isAttacked = options.attacks.length > 0 && failed().length === 0;
    let successful: readonly string[] = [];
    if (isAttacked) {
      successful = await this.attack(route, cloud);
      signal.throwIfAborted();
    } else if (this.isUpdated(route, plan)) {
      for (const name of await this.update(route, cloud)) {
        rehearsed.add(name);
      }
      signal.throwIfAborted();
    }
    await this.summarize(route, cloud);
    // What an attack was kept from doing is no failure of a pipeline.
    const problems = problemsOf(isAttacked ? successful : failed(), this.witness.denials.length);
    const time = duration(performance.now() - began);
    report.line();
    if (problems.length > 0) {
      report.line(`Not all went well in ${time}: ${problems.join(', ')}`, 'red');
    } else {
      const accounts = `${Object.keys(cloud.accounts).length} accounts`;
      report.line(`All went well in ${time}: ${[...rehearsed].join(', ')} in ${accounts}`, 'green');
    }
    if (options.keep) {
      await this.keep(route, cloud);
    }
    return problems.length === 0;
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

  private async startCloud(): Promise<Cloud> {
    // With --from, there may be more or fewer of them now than there were then.
    const accounts = {
      ...(await readAccounts(join(this.copy, 'parameters'))),
      ...(await readAccounts(join(this.input.checkout, 'parameters'))),
    };
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

  private async readRoute(cloud: Cloud, plan: Plan): Promise<Route> {
    const { report, log } = this.input;
    const differs = (text: string) => void this.differences.add(text);
    const path = this.running.environment().PATH ?? '';
    // With --from, the commit or the checkout may have a container.
    const buildsImages =
      this.input.topology.container !== undefined ||
      this.pipelines().some(({ pipeline }) => pipeline === this.names.containerBuild);
    this.route = await Route.read({
      context: {
        cloud,
        repositories: this.repositories,
        folder: this.folder,
        buildEnvironment: await buildEnvironment(path, this.copy, this.folder, buildsImages, differs),
        fails: (run) => isAt(run, plan.failAt),
        log,
        differs,
      },
      decide: async (approval) =>
        this.approves
          ? decide(approval, this.input.options.interactive, report)
          : { approved: false, comment: 'nobody approves an attack' },
      // The checkout may have other pipelines than the commit that is deployed before it.
      ...(this.input.options.from === undefined ? { only: plan.run } : {}),
      until: plan.until,
      observe: (progress) => report.progress(progress),
      tell: (text) => report.detail(text),
    });
    return this.route;
  }

  /** The pipelines that the copy has at the moment. */
  private pipelines(): readonly PipelineNames[] {
    return readPipelineNames(join(this.copy, 'generated'));
  }

  /**
   * Publishes what the copy has.
   *
   * @returns the pipelines whose repository was pushed to
   */
  private async publish(route: Route, cloud: Cloud): Promise<readonly string[]> {
    for (const { pipeline } of this.pipelines()) {
      const name = route.repositoryOf(pipeline);
      if (!this.repositories.has(name)) {
        if (this.input.topology.pipelines.source === 'codecommit') {
          // What is deployed is what stands here for it.
          await cloud.emulator.call(toolingAccount, 'codecommit', 'GetRepository', { repositoryName: name });
        }
        await this.repositories.create(name);
      }
    }
    return this.operator.publish(route, this.repositories, cloud, this.running);
  }

  /** What happens on the first days, in the order in which it can. */
  private async play(route: Route, cloud: Cloud, plan: Plan): Promise<void> {
    const { infrastructureDeployment, containerDeployment, containerBuild } = this.names;
    if ((await this.publish(route, cloud)).length > 1) {
      this.differences.add(
        'Repositories are published at once, but start their pipelines one after the other, each when it can succeed.',
      );
    }
    if (plan.run.has(infrastructureDeployment)) {
      const first = await this.started(route, infrastructureDeployment);
      await this.sameBits(route, cloud, plan, first);
      await route.settle();
      if (!isWell(route.executionsOf(infrastructureDeployment).at(-1))) {
        return;
      }
    }
    for (const name of [containerDeployment, containerBuild]) {
      if (plan.run.has(name)) {
        await this.runToEnd(route, name);
      }
    }
  }

  /** Lets a pipeline run for what was published, and whatever that starts. */
  private async runToEnd(route: Route, name: string): Promise<void> {
    const execution = await this.started(route, name);
    const end = await execution.finished;
    if (name === this.names.containerDeployment && end === 'Failed' && !route.hasImages) {
      const reason = 'as on the first day in AWS: no image yet';
      this.expected.set(execution.id, reason);
      this.input.report.detail(`${reason}. The first build will start the pipeline again.`);
    }
    await route.settle();
  }

  /** Whether there is something to update, and nobody asked for less. */
  private isUpdated(route: Route, { rehearsed, until, failAt }: Plan): boolean {
    const { only, from, interactive } = this.input.options;
    return (
      failAt === undefined &&
      only === undefined &&
      (from !== undefined || !interactive) &&
      [...rehearsed].every((name) => until(name) === undefined && isWell(route.executionsOf(name).at(-1)))
    );
  }

  /**
   * Deploys a newer commit over what is there, the way operators do: deploy.sh first, then the repositories, then
   * whatever pipelines that starts.
   *
   * @returns the pipelines that ran
   */
  private async update(route: Route, cloud: Cloud): Promise<readonly string[]> {
    const { report, options, checkout } = this.input;
    if (options.from === undefined) {
      const changing = await findFunction(join(this.copy, 'lambda'));
      const kinds = `roles, builds${changing === undefined ? ' and infrastructure' : ', infrastructure and a function'}`;
      report.heading(`An update: ${kinds} change`);
      if (changing !== undefined) {
        await changeFunction(changing);
      }
      const templates = await changeTemplates(join(this.copy, 'generated'));
      await commitAll(this.copy, `Change ${[...(changing ? [changing.name] : []), ...templates].join(', ')}`);
    } else {
      report.heading(`The update from ${options.from} to the checkout`);
      await renewCopy(checkout, this.copy);
      await this.operator.build('The checkout as it is');
    }
    // The doctor has looked at these accounts before the first deployment.
    await this.operator.deploy(cloud, this.running, ['--no-doctor']);
    if (options.from !== undefined) {
      this.witness.compareFromNow(true);
    }
    await route.readPipelines();
    const pushed = await this.publish(route, cloud);
    const { infrastructureDeployment, containerDeployment, containerBuild } = this.names;
    for (const name of [infrastructureDeployment, containerDeployment, containerBuild]) {
      if (pushed.includes(name)) {
        await this.runToEnd(route, name);
      }
    }
    return pushed;
  }

  /**
   * Plays attacks, one after the other. Nobody approves what they bring.
   *
   * @returns those that got somewhere, in words
   */
  private async attack(route: Route, cloud: Cloud): Promise<readonly string[]> {
    const { report, options, topology, signal } = this.input;
    const target = { cloud, route, repositories: this.repositories, topology, folder: this.folder };
    const successful: string[] = [];
    this.approves = false;
    for (const name of options.attacks) {
      const { title, run } = attacks[name] as Attack;
      report.heading(`Attack ${name}: ${title}`);
      const attempts = await this.witness.expectDenials(() => run(target));
      signal.throwIfAborted();
      for (const { tries, ended, isHeld } of attempts) {
        report.line(`  ${isHeld ? '✓' : '✗'} ${tries}: ${ended}`, isHeld ? 'green' : 'red');
      }
      if (attempts.length === 0) {
        report.line('  This route has nothing that it could try.');
      }
      successful.push(...attempts.filter(({ isHeld }) => !isHeld).map(({ tries }) => `${name} ${tries}`));
    }
    return successful;
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
    const { report, options, signal, topology } = this.input;
    const { infrastructureDeployment } = this.names;
    const last = topology.environments.at(-1);
    const changing = await findFunction(join(this.copy, 'lambda'));
    const stage = route.pipeline(infrastructureDeployment)?.definition.stages.at(-1)?.name ?? '';
    if (
      options.interactive ||
      options.from !== undefined ||
      plan.failAt !== undefined ||
      plan.until(infrastructureDeployment) !== undefined ||
      !last?.approval ||
      changing === undefined
    ) {
      return;
    }
    const hold = route.hold(infrastructureDeployment, first.number, stage);
    const ended = first.finished.then(() => 'ended');
    if ((await Promise.race([hold.reached, ended])) === 'ended') {
      return;
    }
    report.heading(`While ${nameOf(first)} waits for its approval in ${stage}: a function changes`);
    await changeFunction(changing);
    await commitAll(this.copy, `Change ${changing.name}`);
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
    const { environments, project } = this.input.topology;
    const all = environments.map(
      async ({ name }) => [name, await readVersions(cloud, name, `${project}-${name}-`)] as const,
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
}
