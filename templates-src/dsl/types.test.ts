import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = join(__dirname, '..', '..');
const cases = join(__dirname, 'types.test-d.ts');
const tsc = join(createRequire(__filename).resolve('typescript/package.json'), '..', 'bin', 'tsc');

const directive = /^\s*\/\/ @ts-expect-error (TS\d+(?: TS\d+)*) [^T\s].*$/;
const lines = readFileSync(cases, 'utf8').split('\n');

test('the type-check of the project compiles the cases', () => {
  const files = execFileSync(process.execPath, [tsc, '-p', root, '--listFilesOnly'], { encoding: 'utf8' });
  expect(files.split('\n')).toContain(cases);
});

test('every case says which error it expects and why', () => {
  const expectations = lines.filter((line) => line.includes('@ts-expect-error') && line.trim().startsWith('//'));
  expect(expectations.filter((line) => !directive.test(line))).toEqual([]);
  expect(expectations.length).toBeGreaterThanOrEqual(18);
  const titles = expectations.map((line) => line.trim());
  expect(titles.filter((title, index) => titles.indexOf(title) !== index)).toEqual([]);
});

/**
 * `@ts-expect-error` is content with any error on the next line, a misspelled import for one. So the cases are also
 * compiled without it, as if the copy lay where the original lies.
 */
test('the compiler reports the error that each case expects, on its line, and no other', () => {
  const folder = mkdtempSync(join(tmpdir(), 'types-'));
  try {
    const copy = join(folder, relative(root, cases));
    mkdirSync(join(copy, '..'), { recursive: true });
    writeFileSync(copy, lines.map((line) => (directive.test(line) ? '' : line)).join('\n'));
    const config = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        rootDirs: [folder, root],
        paths: { '*': [join(root, 'node_modules', '*')] },
        typeRoots: [join(root, 'node_modules', '@types')],
      },
      files: [copy],
      include: [],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const { stdout } = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], { encoding: 'utf8' });
    const found = new Map<string, Set<string>>();
    for (const [, file = '', line, code = ''] of stdout.matchAll(/^(\S.*?)\((\d+),\d+\): error (TS\d+)/gm)) {
      const place = `${relative(folder, resolve(file))}:${line}`;
      found.set(place, (found.get(place) ?? new Set()).add(code));
    }
    const expected = lines.flatMap((line, index) => {
      const codes = directive.exec(line)?.[1];
      return codes === undefined ? [] : [`${relative(root, cases)}:${index + 2} ${codes}`];
    });
    expect([...found].map(([place, codes]) => `${place} ${[...codes].sort().join(' ')}`)).toEqual(expected);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 30_000);
