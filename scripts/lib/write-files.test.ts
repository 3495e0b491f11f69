import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
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

describe('a run that is killed', () => {
  const names = ['mkdirSync', 'writeFileSync', 'renameSync', 'rmSync', 'rmdirSync'];
  /** Ends the process hard at one of its changes of the file system below a folder, as SIGKILL would. */
  const preload = `
    const fs = require('node:fs');
    let left = Number(process.env.KILL_AT);
    for (const name of ${JSON.stringify(names)}) {
      const change = fs[name];
      fs[name] = (path, ...rest) => {
        if (String(path).startsWith(process.env.FOLDER) && --left === 0) process.kill(process.pid, 'SIGKILL');
        return change(path, ...rest);
      };
    }`;
  const program = `
    const { writeFiles } = require(${JSON.stringify(join(__dirname, 'write-files.ts'))});
    const files = new Map([['a.json', 'new a'], ['b.json', 'new b'], ['new/c.json', 'new c']]);
    writeFiles(process.env.FOLDER, files, ['gone/d.json', 'e.json']);`;
  const before: Record<string, string | undefined> = {
    'a.json': 'old a',
    'b.json': 'old b',
    'gone/d.json': 'd',
    'e.json': 'e',
  };
  const after: Record<string, string | undefined> = { 'a.json': 'new a', 'b.json': 'new b', 'new/c.json': 'new c' };

  function write(killAt: number) {
    writeFileSync(join(folder, 'preload.cjs'), preload);
    const target = join(folder, 'files');
    const options = ['-r', join(folder, 'preload.cjs'), '-r', 'tsx/cjs', '-e', program];
    return spawnSync(process.execPath, options, {
      cwd: join(__dirname, '..', '..'),
      encoding: 'utf8',
      env: { ...process.env, FOLDER: target, KILL_AT: String(killAt) },
    });
  }

  const tree = () =>
    Object.fromEntries(
      readdirSync(join(folder, 'files'), { recursive: true, encoding: 'utf8' })
        .filter((path) => statSync(join(folder, 'files', path)).isFile())
        .map((path) => [path, readFileSync(join(folder, 'files', path), 'utf8')]),
    );

  test('leaves each file as it was or as it is to be, wherever it was killed, and the next run leaves no trace of it', () => {
    let killed = 0;
    for (let place = 1; ; place += 1) {
      rmSync(join(folder, 'files'), { recursive: true, force: true });
      for (const [path, text] of Object.entries(before)) {
        mkdirSync(dirname(join(folder, 'files', path)), { recursive: true });
        writeFileSync(join(folder, 'files', path), text ?? '');
      }
      const run = write(place);
      if (run.signal === null) {
        expect(run).toMatchObject({ status: 0, stderr: '' });
        expect(tree()).toEqual(after);
        break;
      }
      killed += 1;
      for (const [path, text] of Object.entries(tree()).filter(([name]) => !name.endsWith('.tmp'))) {
        expect([before[path], after[path]], `${path} when killed at change ${place}`).toContain(text);
      }
      for (const path of Object.keys(before).filter((name) => name in after)) {
        expect(Object.keys(tree()), `killed at change ${place}`).toContain(path);
      }
      // What went before the kill is gone, and is not to be removed again.
      const rest = Object.keys(before).filter((path) => !(path in after) && path in tree());
      writeFiles(join(folder, 'files'), new Map(Object.entries(after) as [string, string][]), rest);
      expect(tree(), `killed at change ${place}`).toEqual(after);
    }
    expect(killed).toBeGreaterThan(8);
  }, 120_000);
});
