import { cp, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { git } from './repositories';
import { NameError } from './route-names';

/**
 * Copies the files of a checkout, with changes that are not committed yet, into a repository of their own: a rehearsal
 * shows what would happen if the work were committed now, and touches nothing of it.
 *
 * @param checkout a git work tree
 * @param copy where to; must not be there yet
 * @throws Error when the checkout is none
 */
export async function copyCheckout(checkout: string, copy: string): Promise<void> {
  await copyFiles(checkout, copy);
  await begin(checkout, copy);
}

/**
 * Copies the files of a commit into a repository of their own.
 *
 * @param commit id or any other name of a commit
 * @param copy where to; must not be there yet
 * @throws NameError when there is no such commit
 */
export async function copyCommit(checkout: string, commit: string, copy: string): Promise<void> {
  const found = await git(['rev-parse', '--verify', '--quiet', `${commit}^{commit}`], {}, checkout).catch(() => {
    throw new NameError(`${checkout} has no commit '${commit}'; git log lists those that it has.`);
  });
  await mkdir(copy, { recursive: true });
  // An index of its own: that of the checkout stays as it is.
  const index = { GIT_INDEX_FILE: `${copy}.index` };
  await git([`--work-tree=${copy}`, 'checkout', '--quiet', found.trim(), '--', '.'], index, checkout);
  await begin(checkout, copy);
}

/** Makes a copy what the checkout is now. */
export async function renewCopy(checkout: string, copy: string): Promise<void> {
  for (const entry of await readdir(copy)) {
    if (entry !== '.git' && entry !== 'node_modules') {
      await rm(join(copy, entry), { recursive: true });
    }
  }
  await copyFiles(checkout, copy);
}

async function copyFiles(checkout: string, copy: string): Promise<void> {
  let listed: string;
  try {
    listed = await git(['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {}, checkout);
  } catch (error) {
    throw new Error(
      `${checkout} is not a git checkout, from which the repositories are published: ${(error as Error).message}`,
    );
  }
  const files = new Set(listed.split('\0').filter((file) => file !== ''));
  await mkdir(copy, { recursive: true });
  for (const file of files) {
    await mkdir(dirname(join(copy, file)), { recursive: true });
    await cp(join(checkout, file), join(copy, file), { verbatimSymlinks: true }).catch((error) => {
      // A file that was deleted, but not yet in git.
      if (error.code !== 'ENOENT') {
        throw error;
      }
    });
  }
}

async function begin(checkout: string, copy: string): Promise<void> {
  await git(['init', '--quiet', '--initial-branch=main'], {}, copy);
  // A link is not what .gitignore means by node_modules/.
  await writeFile(join(copy, '.git', 'info', 'exclude'), 'node_modules\n');
  await symlink(join(checkout, 'node_modules'), join(copy, 'node_modules'), 'dir');
}

/**
 * Commits everything in a work tree, unless nothing has changed.
 *
 * @returns id of the newest commit
 */
export async function commitAll(folder: string, message: string): Promise<string> {
  const run = (...args: string[]) => git(args, identity, folder);
  await run('add', '--all');
  if ((await run('status', '--porcelain')) !== '') {
    await run('commit', '--quiet', '--no-verify', '--message', message);
  }
  return (await run('rev-parse', 'HEAD')).trim();
}

const identity = {
  GIT_AUTHOR_NAME: 'rehearsal',
  GIT_AUTHOR_EMAIL: 'rehearsal@example.com',
  GIT_COMMITTER_NAME: 'rehearsal',
  GIT_COMMITTER_EMAIL: 'rehearsal@example.com',
};
