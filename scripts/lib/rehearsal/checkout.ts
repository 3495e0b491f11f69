import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { git } from './repositories';

/**
 * Copies the files of a checkout, with changes that are not committed yet, and commits them there: a rehearsal shows
 * what would happen if the work were committed now, and touches nothing of it.
 *
 * @param checkout a git work tree
 * @param copy where to; must not be there yet
 * @throws Error when the checkout is none
 */
export async function copyCheckout(checkout: string, copy: string): Promise<void> {
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
