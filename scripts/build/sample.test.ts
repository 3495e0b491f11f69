import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { removeSample, withoutSample } from './sample';

let root = '';
const write = (path: string, text: string) => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};
const git = (...words: readonly string[]) =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...words], { cwd: root });
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sample-'));
  git('init', '--quiet');
  write('templates-src/topology.ts', topologyOf("import { orders } from './workloads/orders';\n", 'orders'));
  write('templates-src/workloads/orders.ts', 'export const orders = {};\n');
  write('lambda/README.md', 'Notes');
  write('lambda/order-events/order_events.py', '');
  write('lambda/orders-api/index.mjs', '');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'With the sample');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const topologyOf = (imports: string, workloads: string) => `import { defineTopology } from './model/define-topology';
${imports}
export const topology = defineTopology({
  project: 'shop',
  environments: [{ name: 'live', approval: true }],
  workloads: [${workloads}],
});
`;

test('the sample goes as a whole, and the topology names it no more', () => {
  expect(removeSample(root)).toEqual(['templates-src/workloads/orders.ts', 'lambda/order-events', 'lambda/orders-api']);
  expect(readFileSync(join(root, 'templates-src/topology.ts'), 'utf8')).toBe(topologyOf('', ''));
  expect(['workloads', '../lambda/orders-api'].map((path) => existsSync(join(root, 'templates-src', path)))).toEqual([
    false,
    false,
  ]);
  expect(existsSync(join(root, 'lambda/README.md'))).toBe(true);
  expect(removeSample(root)).toEqual([]);
});

test('other workloads stay', () => {
  const imports = "import { invoices } from './workloads/invoices';\n";
  const sample = "import { orders } from './workloads/orders';\n";
  for (const list of ['invoices, orders', 'orders, invoices']) {
    expect(withoutSample(topologyOf(imports + sample, list))).toBe(topologyOf(imports, 'invoices'));
  }
});

test('what is not committed is not lost', () => {
  write('lambda/orders-api/index.mjs', 'mine');
  expect(() => removeSample(root)).toThrow(/not committed, and would be lost:\n M lambda\/orders-api\/index\.mjs\n/);
  expect(existsSync(join(root, 'lambda/order-events/order_events.py'))).toBe(true);
});

test('where the topology uses it otherwise, a person is told to', () => {
  write('templates-src/topology.ts', `${topologyOf('', 'orders')}export const again = orders;\n`);
  git('commit', '--quiet', '--all', '--message', 'Otherwise');
  expect(() => removeSample(root)).toThrow("templates-src/topology.ts: found 'orders' in other places");
  expect(existsSync(join(root, 'templates-src/workloads/orders.ts'))).toBe(true);
});
