import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { commitAll, copyCheckout, copyCommit, renewCopy } from './checkout';
import { git } from './repositories';
import { NameError } from './route-names';

let folder: string;
let checkout: string;
let copy: string;
let first: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checkout-test-'));
  checkout = join(folder, 'checkout');
  copy = join(folder, 'copy');
  await mkdir(join(checkout, 'node_modules'), { recursive: true });
  await git(['init', '--quiet', '--initial-branch=main'], {}, checkout);
  await writeFile(join(checkout, '.gitignore'), 'node_modules/\n');
  await writeFile(join(checkout, 'old.txt'), 'old');
  await writeFile(join(checkout, 'both.txt'), 'as it was');
  first = await commitAll(checkout, 'First');
  await rm(join(checkout, 'old.txt'));
  await writeFile(join(checkout, 'both.txt'), 'as it is');
  await commitAll(checkout, 'Second');
  await writeFile(join(checkout, 'new.txt'), 'not committed');
});
afterEach(() => rm(folder, { recursive: true }));

const files = async () => (await readdir(copy)).filter((name) => name.endsWith('.txt')).sort();
const status = () => git(['status', '--porcelain'], {}, checkout);

describe('a copy', () => {
  test('of a checkout has what is not committed, too', async () => {
    await copyCheckout(checkout, copy);

    expect(await files()).toEqual(['both.txt', 'new.txt']);
  });

  test('of a commit has the files of the commit, and leaves the checkout and its index alone', async () => {
    await copyCommit(checkout, 'main~1', copy);

    expect(await files()).toEqual(['both.txt', 'old.txt']);
    expect(await readFile(join(copy, 'both.txt'), 'utf8')).toBe('as it was');
    expect(await status()).toBe('?? new.txt\n');
  });

  test('of a commit becomes what the checkout is, with its history', async () => {
    await copyCommit(checkout, first, copy);
    await commitAll(copy, 'Before');
    await renewCopy(checkout, copy);
    await commitAll(copy, 'After');

    expect(await files()).toEqual(['both.txt', 'new.txt']);
    expect(await readFile(join(copy, 'both.txt'), 'utf8')).toBe('as it is');
    expect(await git(['log', '--format=%s'], {}, copy)).toBe('After\nBefore\n');
  });

  test('of a commit that there is not is refused', async () => {
    await expect(copyCommit(checkout, 'v9', copy)).rejects.toThrow(NameError);
    await expect(copyCommit(checkout, 'v9', copy)).rejects.toThrow("has no commit 'v9'");
  });
});
