import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

test('every fact that a comment cites stands in aws-facts.md, under one name', () => {
  const facts = [...readFileSync(join(__dirname, 'aws-facts.md'), 'utf8').matchAll(/^- \*\*([^*]+)\.\*\*/gm)].map(
    ([, name]) => name,
  );
  const cited = execFileSync('git', ['grep', '-hoE', 'aws-facts\\.md, "[^"]+"', '--', '*.ts', '*.py', '*.sh'], {
    cwd: join(__dirname, '..'),
    encoding: 'utf8',
  });
  const names = [...cited.matchAll(/"([^"\\]+)"/g)].map(([, name]) => name);
  expect(facts.length).toBe(new Set(facts).size);
  expect(names.length).toBeGreaterThan(0);
  expect(names.filter((name) => !facts.includes(name))).toEqual([]);
});
