import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeFiles } from './write-files';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'write-files-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const files = () => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
const read = (path: string) => readFileSync(join(folder, path), 'utf8');

test('files are written, in folders that are made, and nothing else is left behind', () => {
  writeFileSync(join(folder, 'a.json'), 'old');
  writeFiles(
    folder,
    new Map([
      ['a.json', 'new'],
      ['dev/b.json', 'b'],
    ]),
  );
  expect(read('a.json')).toBe('new');
  expect(read('dev/b.json')).toBe('b');
  expect(files()).toEqual(['a.json', 'dev', 'dev/b.json']);
});

test('files that go take their folder with them when it is empty, and only when all others are written', () => {
  writeFiles(
    folder,
    new Map([
      ['old/a.json', 'a'],
      ['old/kept.json', 'kept'],
      ['older/a.json', 'a'],
    ]),
  );
  writeFiles(folder, new Map([['new/a.json', 'a']]), ['old/a.json', 'older/a.json']);
  expect(files()).toEqual(['new', 'new/a.json', 'old', 'old/kept.json']);
  expect(() => writeFiles(folder, new Map([['new/b.json', 'b']]), ['old/kept.json', 'gone.json'])).toThrow('gone.json');
  expect(files()).toEqual(['new', 'new/a.json', 'old', 'old/kept.json']);
});

test('a file that is replaced keeps its mode', () => {
  writeFileSync(join(folder, 'a.json'), 'old');
  chmodSync(join(folder, 'a.json'), 0o600);
  writeFiles(folder, new Map([['a.json', 'new']]));
  expect(statSync(join(folder, 'a.json')).mode & 0o777).toBe(0o600);
});

test('when one file cannot be staged, none is written', () => {
  writeFileSync(join(folder, 'a.json'), 'old');
  writeFileSync(join(folder, 'dev'), 'a file where a folder has to be');
  expect(() =>
    writeFiles(
      folder,
      new Map([
        ['a.json', 'new'],
        ['dev/b.json', 'b'],
      ]),
    ),
  ).toThrow('dev');
  expect(read('a.json')).toBe('old');
  expect(files()).toEqual(['a.json', 'dev']);
});

test('when one file cannot be put in place, those before it are as they were', () => {
  writeFileSync(join(folder, 'a.json'), 'old');
  // Two names of one file: when it is moved into place under the second, its temporary file has gone.
  const changes = new Map([
    ['a.json', 'new'],
    ['b.json', 'new'],
    ['./b.json', 'new'],
  ]);
  expect(() => writeFiles(folder, changes)).toThrow('b.json');
  expect(read('a.json')).toBe('old');
  expect(files()).toEqual(['a.json']);
});
