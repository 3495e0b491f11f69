import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { buildScripts, buildScriptsSource } from './build-scripts';

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'build-scripts-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

const scripts = { 'b.sh': 'b', 'lib/a.py': 'a' };

test('the list holds each file in the form of sha256sum, without what is there for tests', () => {
  const ofTests = {
    ...{ 'b.test.ts': '', 'lib/test_a.py': '', 'lib/a_fixture.py': '', 'lib/fixture.py': '' },
    ...{ 'test-support/x.ts': '', 'lib/__pycache__/a.pyc': '', '.x': '' },
  };
  expect(buildScripts(folderWith({ ...scripts, ...ofTests }))).toEqual({
    files: ['b.sh', 'lib/a.py'],
    list:
      '3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d  b.sh\n' +
      'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb  lib/a.py\n',
    version: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
});

test('the version is another one as soon as a file has other bytes, another name, or comes in', () => {
  const versions = [
    scripts,
    { ...scripts, 'b.sh': 'B' },
    { 'c.sh': 'b', 'lib/a.py': 'a' },
    { ...scripts, 'c.sh': '' },
  ].map((files) => buildScripts(folderWith(files)).version);
  expect(new Set(versions).size).toBe(versions.length);
});

test('holds every program that a script of this repository runs, and every module that programs import', () => {
  const { files } = buildScripts();
  const named = files.flatMap((path) => {
    const text = readFileSync(join(buildScriptsSource, path), 'utf8');
    const programs = [...text.matchAll(/\/(lib\/\w+\.py)"/g)].map(([, program = '']) => program);
    const modules = [...text.matchAll(/^ *(?:from|import) (\w+)/gm)].map(([, module]) => `lib/${module}.py`);
    return path.endsWith('.sh') ? programs : modules.filter((module) => existsSync(join(buildScriptsSource, module)));
  });
  expect(new Set(named).size).toBeGreaterThan(20);
  expect(named.filter((path) => !files.includes(path))).toEqual([]);
});
