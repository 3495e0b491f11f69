import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { median, takeTurns } from './bench';

test.each<[readonly number[], number]>([
  [[3], 3],
  [[5, 1, 3], 3],
  [[4, 1, 3, 2], 2.5],
  [[10, 9, 100], 10],
])('the median of %j is %d', (values, expected) => {
  expect(median(values)).toBe(expected);
});

test('contenders take turns after a round that does not count', () => {
  const turns: string[] = [];
  const contender = (name: string) => () => {
    turns.push(name);
    return `${name}${turns.length}`;
  };
  expect(takeTurns(2, [contender('a'), contender('b')])).toEqual([
    ['a3', 'a5'],
    ['b4', 'b6'],
  ]);
  expect(turns.join('')).toBe('ababab');
});

test.each([['--rounds', '0'], ['--rounds', 'many'], ['--quick'], ['floor']])(
  '%s %s is refused as wrong usage',
  (...options) => {
    const root = join(__dirname, '..', '..');
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['-r', 'tsx/cjs', join(root, 'scripts', 'bench.ts'), ...options],
      { cwd: root, encoding: 'utf8' },
    );
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^bench: .*\nSee: npm run bench -- --help\n$/);
  },
);
