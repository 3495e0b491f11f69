import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { commitAll, copyCheckout } from './checkout';
import type { Patterns } from './definition';
import { git, Repositories } from './repositories';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rehearsal-repositories-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const write = (files: Readonly<Record<string, string>>, below: string) =>
  Promise.all(
    Object.entries(files).map(async ([path, text]) => {
      await mkdir(join(folder, below, path, '..'), { recursive: true });
      await writeFile(join(folder, below, path), text);
    }),
  );

describe('repositories', () => {
  test('tell what has become of branches since the last look', async () => {
    const repositories = new Repositories(join(folder, 'remote'));
    await repositories.create('one');
    await repositories.create('two');
    await write({ 'a.txt': 'a' }, 'work');
    const work = join(folder, 'work');
    await git(['init', '--quiet', '--initial-branch=main'], {}, work);
    const first = await commitAll(work, 'first');
    const push = (...refs: string[]) => git(['push', '--quiet', repositories.path('one'), ...refs], {}, work);

    expect(await repositories.changes()).toEqual([]);

    await push('main', 'main:other');
    expect(await repositories.changes()).toEqual([
      { repository: 'one', branch: 'main', before: undefined, after: first },
      { repository: 'one', branch: 'other', before: undefined, after: first },
    ]);
    expect(await repositories.changes()).toEqual([]);

    await write({ 'a.txt': 'changed' }, 'work');
    const second = await commitAll(work, 'second');
    await push('main', ':other');
    expect(await repositories.changes(['two'])).toEqual([]);
    expect(await repositories.changes()).toEqual([
      { repository: 'one', branch: 'main', before: first, after: second },
      { repository: 'one', branch: 'other', before: first, after: undefined },
    ]);
  });
});

describe('patterns', () => {
  test('take in branches by name or wildcard, unless they are left out', async () => {
    const repositories = await connected('main', 'feature/one', 'feature/deep/two');
    const takesIn = (branch: string, patterns: Patterns) => repositories.takesIn('team/app', branch, patterns);

    expect(await takesIn('main', { includes: ['main'] })).toBe(true);
    expect(await takesIn('feature/one', { includes: ['main'] })).toBe(false);
    expect(await takesIn('feature/one', { includes: ['feature/*'] })).toBe(true);
    expect(await takesIn('feature/deep/two', { includes: ['feature/*'] })).toBe(false);
    expect(await takesIn('feature/deep/two', { includes: ['feature/**'] })).toBe(true);
    expect(await takesIn('feature/one', { excludes: ['feature/**'] })).toBe(false);
    expect(await takesIn('main', { excludes: ['feature/**'] })).toBe(true);
    expect(await takesIn('main', {})).toBe(true);
  });

  test('take in files that changed, or all of them when the branch is new', async () => {
    const repositories = await connected('main');
    const before = (await repositories.head('team/app', 'main')).id;
    await write({ 'lambda/deep/b.txt': 'new', 'README.md': 'new' }, 'work');
    const after = await commitAll(join(folder, 'work'), 'second');
    await git(['push', '--quiet', repositories.path('team/app'), 'main'], {}, join(folder, 'work'));
    const changed = (from: string | undefined, patterns: Patterns) =>
      repositories.changedFiles('team/app', from, after, patterns);

    expect(await changed(before, { includes: ['lambda/**'] })).toEqual(['lambda/deep/b.txt']);
    expect(await changed(before, { includes: ['**'] })).toEqual(['README.md', 'lambda/deep/b.txt']);
    expect(await changed(before, { includes: ['lambda/*'] })).toEqual([]);
    expect(await changed(before, { excludes: ['**/*.md'] })).toEqual(['lambda/deep/b.txt']);
    expect(await changed(undefined, { includes: ['*.txt'] })).toEqual(['a.txt']);
  });

  async function connected(...branches: string[]) {
    const repositories = new Repositories(join(folder, 'remote'));
    await repositories.create('team/app');
    await write({ 'a.txt': 'a' }, 'work');
    const work = join(folder, 'work');
    await git(['init', '--quiet', '--initial-branch=main'], {}, work);
    await commitAll(work, 'first');
    const refs = branches.map((branch) => `HEAD:refs/heads/${branch}`);
    await git(['push', '--quiet', repositories.path('team/app'), ...refs], {}, work);
    return repositories;
  }
});

describe('a copy of a checkout', () => {
  const makeCheckout = async () => {
    await write(
      {
        'committed.txt': 'old',
        'deleted.txt': '',
        '.gitignore': 'ignored/\nnode_modules/\n',
        'node_modules/tool': 'tool',
      },
      'checkout',
    );
    const checkout = join(folder, 'checkout');
    await git(['init', '--quiet', '--initial-branch=trunk'], {}, checkout);
    await commitAll(checkout, 'first');
    await write({ 'committed.txt': 'new', 'untracked/.hidden': 'mine', 'ignored/secret': 'not mine' }, 'checkout');
    await rm(join(checkout, 'deleted.txt'));
    await symlink('committed.txt', join(checkout, 'link'));
    return checkout;
  };

  test('has what would be committed now, and the tools, but nothing that git ignores', async () => {
    const checkout = await makeCheckout();
    const copy = join(folder, 'copy');
    await copyCheckout(checkout, copy);
    await commitAll(copy, 'as it is');

    expect((await git(['ls-files'], {}, copy)).trim().split('\n')).toEqual([
      '.gitignore',
      'committed.txt',
      'link',
      'untracked/.hidden',
    ]);
    expect(await readFile(join(copy, 'committed.txt'), 'utf8')).toBe('new');
    expect(await readFile(join(copy, 'node_modules', 'tool'), 'utf8')).toBe('tool');
    expect(await git(['status', '--porcelain'], {}, copy)).toBe('');
  });

  test('leaves the checkout as it was', async () => {
    const checkout = await makeCheckout();
    const state = async () => [
      await git(['status', '--porcelain'], {}, checkout),
      await git(['log', '--all', '--format=%H'], {}, checkout),
      (await readdir(checkout)).sort(),
    ];
    const before = await state();
    await copyCheckout(checkout, join(folder, 'copy'));
    await write({ 'committed.txt': 'of the copy' }, 'copy');
    await commitAll(join(folder, 'copy'), 'as it is');

    expect(await state()).toEqual(before);
    expect(await readFile(join(checkout, 'committed.txt'), 'utf8')).toBe('new');
  });

  test('needs a git checkout', async () => {
    await expect(copyCheckout(folder, join(folder, 'copy'))).rejects.toThrow('is not a git checkout');
  });
});
