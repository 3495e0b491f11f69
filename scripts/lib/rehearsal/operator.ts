import { join } from 'node:path';
import { pipelineNames } from '../../../templates-src/patterns/names';
import type { Emulator } from '../emulator';
import { commitAll } from './checkout';
import { runChild } from './child';
import type { Cloud } from './cloud';
import type { Report } from './report';
import { gitEnvironment, type Repositories } from './repositories';
import type { Route } from './route';

/** What operators do by hand, in a copy of the checkout. */
export class Operator {
  constructor(
    private readonly copy: string,
    private readonly options: {
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
    const tool = (name: string, ...args: readonly string[]) =>
      this.runScript(process.execPath, ['-r', 'tsx/cjs', `scripts/${name}.ts`, ...args], process.env, () => {});
    await report.step('Copy and build', async () => {
      await commitAll(this.copy, message);
      if (region !== undefined) {
        await tool('configure', '--region', region);
      }
      await tool('build');
      const commit = await commitAll(this.copy, `${message}, built`);
      return `commit ${commit.slice(0, 8)} in a temporary folder`;
    });
  }

  /** Deploys with deploy.sh what it deploys. */
  async deploy(cloud: Cloud, emulator: Emulator): Promise<void> {
    const { report } = this.options;
    await report.step('Deploy with deploy.sh', async () => {
      let stacks = 0;
      await this.runScript(
        join(this.copy, 'scripts', 'deploy.sh'),
        profilesOf(cloud),
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

  /** Pushes what is committed to the repositories. */
  async publish(route: Route, repositories: Repositories, cloud: Cloud, emulator: Emulator): Promise<void> {
    const { report } = this.options;
    await report.step('Publish repositories', async () => {
      const script = join(this.copy, 'scripts', 'publish-repositories.sh');
      const pushed: string[] = [];
      const remotes = Object.values(pipelineNames).flatMap((name) => [
        '--remote',
        `${name}=${repositories.path(route.repositoryOf(name))}`,
      ]);
      const options = [...remotes, ...profilesOf(cloud)];
      await this.runScript(script, options, gitEnvironment(emulator.environment()), (line) => {
        pushed.push(...(/^(\S+) +pushed/.exec(line)?.slice(1, 2) ?? []));
      });
      return pushed.join(', ');
    });
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
      signal: this.options.signal,
      line: (text) => {
        this.options.log(`${text}\n`);
        line(text);
      },
    });
  }
}

/** Options of the operator's scripts that name the emulator's profiles. */
const profilesOf = ({ accounts }: Cloud): string[] =>
  Object.keys(accounts).flatMap((account) => ['--profile', `${account}=route-to-live-${account}`]);
