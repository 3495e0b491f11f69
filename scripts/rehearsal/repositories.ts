import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { outputOf } from '../lib/run';
import type { Patterns } from './definition';

/** A commit, as source actions report it. */
export interface Commit {
  readonly id: string;
  readonly message: string;
  readonly authorDate: string;
  readonly committerDate: string;
}

/** What became of a branch. */
export interface BranchChange {
  readonly repository: string;
  readonly branch: string;
  /** Undefined when the branch is new. */
  readonly before: string | undefined;
  /** Undefined when the branch is gone. */
  readonly after: string | undefined;
}

/** Bare git repositories on this machine, which stand in for those of CodeCommit, or behind a connection. */
export class Repositories {
  /** Heads at the last look, by repository and branch. */
  private readonly seen = new Map<string, ReadonlyMap<string, string>>();

  /** @param folder where the repositories lie; made if it is not there */
  constructor(readonly folder: string) {}

  /** Makes an empty repository. */
  async create(name: string): Promise<void> {
    await mkdir(dirname(this.path(name)), { recursive: true });
    await git(['init', '--quiet', '--bare', '--initial-branch=main', this.path(name)]);
    this.seen.set(name, new Map());
  }

  /** Whether a repository was made. */
  has(name: string): boolean {
    return this.seen.has(name);
  }

  /** Where a repository lies: what git takes for its URL. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /**
   * The newest commit of a branch.
   *
   * @throws Error when there is no such repository or branch
   */
  async head(name: string, branch: string): Promise<Commit> {
    if (!this.has(name)) {
      throw new Error(`There is no repository ${name}; there are ${[...this.seen.keys()].join(', ')}.`);
    }
    const head = (await this.branches(name)).get(branch);
    if (head === undefined) {
      throw new Error(`The repository ${name} has no branch ${branch}: nothing was pushed to it yet.`);
    }
    const format = ['%H', '%aI', '%cI', '%B'].join('%x00');
    const text = await this.git(name, ['log', '-1', `--format=${format}`, head]);
    const [id = '', authorDate = '', committerDate = '', message = ''] = text.split('\0');
    return { id, authorDate, committerDate, message: message.trim() };
  }

  /** Whether patterns take in a branch. Patterns that leave out go first, as in CodePipeline. */
  async takesIn(name: string, branch: string, { includes = ['**'], excludes = [] }: Patterns): Promise<boolean> {
    const matches = async (patterns: readonly string[]) =>
      patterns.length > 0 &&
      (
        await this.git(name, [
          'for-each-ref',
          '--format=%(refname:lstrip=2)',
          ...patterns.map((it) => `refs/heads/${it}`),
        ])
      )
        .split('\n')
        .includes(branch);
    return !(await matches(excludes)) && matches(includes);
  }

  /** Files that patterns take in, and that differ between two commits; all files when there is none before. */
  async changedFiles(
    name: string,
    before: string | undefined,
    after: string,
    { includes = ['**'], excludes = [] }: Patterns,
  ): Promise<string[]> {
    const pathspecs = [...includes.map((it) => `:(glob)${it}`), ...excludes.map((it) => `:(exclude,glob)${it}`)];
    const emptyTree = (await this.git(name, ['hash-object', '-t', 'tree', '/dev/null'])).trim();
    const diff = ['diff', '--name-only', '-z', before ?? emptyTree, after, '--', ...pathspecs];
    return (await this.git(name, diff)).split('\0').filter((file) => file !== '');
  }

  /** Writes the files of a commit, without its history, into a folder. */
  async checkOut(name: string, commit: string, folder: string): Promise<void> {
    await mkdir(folder, { recursive: true });
    const index = `${folder}.index`;
    const checkout = ['--work-tree', folder, 'checkout', '--quiet', '--force', commit, '--', '.'];
    await this.git(name, checkout, { GIT_INDEX_FILE: index });
    await rm(index, { force: true });
  }

  /**
   * What has become of branches since the last look.
   *
   * @param names the repositories to look into; all of them unless given
   */
  async changes(names: readonly string[] = [...this.seen.keys()]): Promise<BranchChange[]> {
    const changes: BranchChange[] = [];
    for (const repository of names) {
      const before = this.seen.get(repository) ?? new Map<string, string>();
      const after = await this.branches(repository);
      for (const branch of new Set([...before.keys(), ...after.keys()])) {
        if (before.get(branch) !== after.get(branch)) {
          changes.push({ repository, branch, before: before.get(branch), after: after.get(branch) });
        }
      }
      this.seen.set(repository, after);
    }
    return changes;
  }

  private async branches(name: string): Promise<Map<string, string>> {
    const text = await this.git(name, ['for-each-ref', '--format=%(refname:lstrip=2) %(objectname)', 'refs/heads']);
    const lines = text.split('\n').filter((line) => line !== '');
    return new Map(lines.map((line) => line.split(' ') as [string, string]));
  }

  private git(name: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<string> {
    return git(['--git-dir', this.path(name), ...args], environment);
  }
}

/**
 * Runs git, untouched by the settings of this machine's user.
 *
 * @throws Error with what git says
 */
export function git(args: readonly string[], environment: NodeJS.ProcessEnv = {}, cwd?: string): Promise<string> {
  const env = { ...gitEnvironment(), ...environment };
  return outputOf('git', args, { env, ...(cwd === undefined ? {} : { cwd }) });
}

/** An environment, this process's unless given, in which git reads no settings and no repository of the user's. */
export function gitEnvironment(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return {
    ...Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('GIT_'))),
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
  };
}
