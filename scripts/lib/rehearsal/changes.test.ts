import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { changeFunction } from './changes';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'changes-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('a function changes in its source, and in no test of it', async () => {
  await mkdir(join(folder, 'orders'));
  await writeFile(join(folder, 'orders', 'test_orders.py'), 'pass\n');
  await writeFile(join(folder, 'orders', 'orders.py'), 'pass\n');

  expect(await changeFunction(folder)).toBe('orders');
  expect(await readFile(join(folder, 'orders', 'orders.py'), 'utf8')).toContain('# Changed by the rehearsal.');
  expect(await readFile(join(folder, 'orders', 'test_orders.py'), 'utf8')).toBe('pass\n');
});
