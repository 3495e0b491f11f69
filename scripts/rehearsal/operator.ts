import { join } from 'node:path';
import { type PipelineKey, pipelineNames, pipelineNamesOf } from '../../templates-src/model/names';
import { type Topology, toolingAccount } from '../../templates-src/model/topology';
import type { Emulator } from '../emulator/client';
import { outputOf } from '../lib/run';
import { readEnvironments } from './accounts';
import { commitAll } from './checkout';
import type { Cloud } from './cloud';
import type { Report } from './report';
import { gitEnvironment, type Repositories } from './repositories';
import type { Route } from './route';
import { readPipelineNames } from './route-names';

/** What operators do by hand, in a copy of the checkout. */
export class Operator {
  constructor(
    private readonly copy: string,
    private readonly options: {
      readonly topology: Topology;
      readonly report: Report;
      /** Writes into the full log. */
      readonly log: (text: string) => void;
      readonly signal: AbortSignal;
      /** The Region to configure, if it is not that of the parameter files. */
      readonly region?: string | undefined;
    },
  ) {}

  /** Builds what has been copied, and commits it. */
  async build(message: string): Promise<void> {
    const { report, region } = this.options;
    const outdated: string[] = [];
    const tool = (name: string, ...args: readonly string[]) =>
      this.runScript(process.execPath, ['-r', 'tsx/cjs', `scripts/${name}.ts`, ...args], process.env, (line) => {
        outdated.push(...(/^changed +((?!parameters)\S+)/.exec(line)?.slice(1, 2) ?? []));
      });
    await report.step('Copy and build', async () => {
      await commitAll(this.copy, message);
      if (region !== undefined) {
        await tool('configure', '--region', region);
      }
      await tool('build');
      const commit = await commitAll(this.copy, `${message}, built`);
      // What somebody wrote there by hand is not rehearsed.
      const renewed = outdated.length === 0 ? '' : `; not what its source says, built anew: ${outdated.join(', ')}`;
      return `commit ${commit.slice(0, 8)} in a temporary folder${renewed}`;
    });
  }

  /**
   * Deploys with deploy.sh what it deploys.
   *
   * @param options further ones of deploy.sh
   */
  async deploy(cloud: Cloud, emulator: Emulator, options: readonly string[] = []): Promise<void> {
    const { report } = this.options;
    await report.step('Deploy with deploy.sh', async () => {
      let stacks = 0;
      await this.runScript(
        join(this.copy, 'scripts', 'deploy.sh'),
        [...(await this.profiles(cloud)), ...options],
        emulator.environment(),
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

  /**
   * Pushes what is committed to the repositories.
   *
   * @returns the pipelines whose repository was pushed to
   */
  async publish(
    route: Route,
    repositories: Repositories,
    cloud: Cloud,
    emulator: Emulator,
  ): Promise<readonly string[]> {
    const { report } = this.options;
    const pushed: string[] = [];
    await report.step('Publish repositories', async () => {
      const script = join(this.copy, 'scripts', 'publish-repositories.sh');
      const pipelines = this.pipelines();
      const remotes = pipelines.flatMap(({ called, name }) => [
        '--remote',
        `${called}=${repositories.path(route.repositoryOf(name))}`,
      ]);
      const options = [...remotes, ...(await this.profiles(cloud))];
      await this.runScript(script, options, gitEnvironment(emulator.environment()), (line) => {
        const [, repository] = /^(\S+) +pushed/.exec(line) ?? [];
        pushed.push(...pipelines.filter(({ called }) => called === repository).map(({ name }) => name));
      });
      return pushed.join(', ');
    });
    return pushed;
  }

  /** The pipelines of the copy: what publish-repositories.sh calls them, and their names in AWS. */
  private pipelines(): readonly { readonly called: string; readonly name: string }[] {
    const generated = new Set(readPipelineNames(join(this.copy, 'generated')).map(({ pipeline }) => pipeline));
    return Object.entries(pipelineNamesOf(this.options.topology))
      .filter(([, name]) => generated.has(name))
      .map(([key, name]) => ({ called: pipelineNames[key as PipelineKey], name }));
  }

  /** Options of the operator's scripts that name the emulator's profiles, for the accounts that the copy knows. */
  private async profiles({ accounts }: Cloud): Promise<string[]> {
    const known = new Set([toolingAccount, ...(await readEnvironments(join(this.copy, 'parameters')))]);
    return Object.keys(accounts)
      .filter((account) => known.has(account))
      .flatMap((account) => ['--profile', `${account}=route-to-live-${account}`]);
  }

  private async runScript(
    program: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv,
    line: (text: string) => void,
  ): Promise<void> {
    await outputOf(program, args, {
      cwd: this.copy,
      env,
      signal: this.options.signal,
      line: (text) => {
        this.options.log(`${text}\n`);
        line(text);
      },
    });
  }
}
