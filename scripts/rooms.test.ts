import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** What the linter says of imports between rooms (scripts/README.md), tried with files that were never written. */

const repository = join(__dirname, '..');

/** An import, from -> to: whether it goes the way that arrows go. */
const imports: readonly (readonly [file: string, imported: string, allowed: boolean])[] = [
  ['templates-src/dsl/a.ts', './yaml', true],
  ['templates-src/dsl/b.ts', '../model/topology', false],
  ['templates-src/model/a.ts', '../dsl', true],
  ['templates-src/model/b.ts', '../dsl/yaml', false],
  ['templates-src/model/c.ts', '../resources/ecs', false],
  ['templates-src/model/d.ts', '../topology', false],
  ['templates-src/resources/a.ts', '../dsl', true],
  ['templates-src/resources/b.ts', '../model/topology', false],
  ['templates-src/patterns/shared/a.ts', '../../model/topology', true],
  ['templates-src/patterns/shared/b.ts', '../tooling/pipeline', false],
  ['templates-src/patterns/tooling/a.ts', '../shared/roles', true],
  ['templates-src/patterns/tooling/b.ts', '../environment/network', false],
  ['templates-src/patterns/environment/a.ts', '../../container-task', true],
  ['templates-src/patterns/environment/b.ts', '../tooling/pipeline', false],
  ['templates-src/patterns/environment/c.ts', '../../templates/environment/infrastructure', false],
  ['templates-src/templates/tooling/a.ts', '../../patterns/tooling/pipeline', true],
  ['templates-src/templates/tooling/b.ts', '../../access/case', false],
  ['templates-src/templates/tooling/c.ts', '../../topology', false],
  ['templates-src/access/a.ts', '../patterns/shared/artifacts', true],
  ['templates-src/access/b.ts', '../../scripts/lib/message', false],
  ['scripts/a.ts', './rehearsal/command', true],
  ['scripts/lib/a.ts', '../../templates-src/access/case', true],
  ['scripts/lib/b.ts', '../parameters/parameter-file', false],
  // The packages whose licence is AGPL-3.0.
  ['scripts/lib/iam/engine.ts', '@cloud-copilot/iam-simulate', true],
  ['scripts/lib/iam/a.ts', '@cloud-copilot/iam-simulate', false],
  ['scripts/b.ts', '@cloud-copilot/iam-policy', false],
  ['scripts/access/c.ts', '@cloud-copilot/iam-policy', false],
  ['scripts/access/c.test.ts', '@cloud-copilot/iam-simulate', false],
  ['templates-src/c.ts', '@cloud-copilot/iam-simulate', false],
  ['scripts/build/a.ts', '../lib/message', true],
  ['scripts/build/b.ts', '../check/rule', false],
  ['scripts/parameters/a.ts', '../build/templates', true],
  ['scripts/parameters/b.ts', '../deploy/deployment-plan', false],
  ['scripts/deploy/doctor/checks/a.ts', '../../../parameters/parameter-file', true],
  ['scripts/deploy/doctor/checks/b.ts', '../../../check/rule', false],
  ['scripts/check/a.ts', '../build/build', true],
  ['scripts/check/b.ts', '../access/proof', false],
  ['scripts/access/a.ts', '../build/made-up-functions', true],
  ['scripts/access/b.ts', '../rehearsal/report', false],
  ['scripts/rehearsal/a.ts', '../emulator/client', true],
  ['scripts/rehearsal/b.ts', '../emulator/client-questions', false],
  ['scripts/rehearsal/authorization/a.ts', '../../access/proof', false],
  ['scripts/rehearsal/authorization/b.ts', '../../../templates-src/access/case', true],
  ['scripts/emulator/a.ts', '../lib/message', true],
  ['scripts/emulator/b.ts', '../rehearsal/report', false],
  ['scripts/codebuild/a.ts', '../emulator/client', true],
  ['scripts/codebuild/b.ts', '../deploy/deployment-plan', false],
];

let folder = '';
let refused: readonly string[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rooms-'));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  cpSync(join(repository, 'biome.json'), join(folder, 'biome.json'));
  for (const [file, imported] of imports) {
    write(file, `import { a } from '${imported}';\n\nconsole.log(a);\n`);
  }
  write('scripts/lib/one.ts', "import { other } from './other';\n\nexport const one = () => other;\n");
  write('scripts/lib/other.ts', "import { one } from './one';\n\nexport const other = () => one;\n");
  const words = ['lint', '--config-path=.', '--vcs-enabled=false', '--reporter=json', '--max-diagnostics=none', '.'];
  const { stdout } = spawnSync(join(repository, 'node_modules', '.bin', 'biome'), words, { cwd: folder });
  const { diagnostics } = JSON.parse(String(stdout)) as {
    diagnostics: readonly { category: string; location: { path: string } }[];
  };
  refused = diagnostics.map(({ category, location }) => `${category.split('/').at(-1)} ${location.path}`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(imports)('%s imports %s: %s', (file, _, allowed) => {
  expect(refused.includes(`noRestrictedImports ${file}`)).toBe(!allowed);
});

test('no files import each other', () => {
  expect(refused).toContain('noImportCycles scripts/lib/one.ts');
});

test('every room has its rule', () => {
  const rooms = ['scripts', 'templates-src', 'templates-src/patterns'].flatMap((parent) =>
    readdirSync(join(repository, parent))
      .map((name) => `${parent}/${name}`)
      .filter((path) => statSync(join(repository, path)).isDirectory())
      .filter((path) => !['templates-src/patterns', 'templates-src/workloads'].includes(path)),
  );
  const tried = imports.filter(([, , allowed]) => !allowed).map(([file]) => file);
  expect(rooms.filter((room) => !tried.some((file) => file.startsWith(`${room}/`)))).toEqual([]);
});
