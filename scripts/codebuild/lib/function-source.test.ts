import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeFolder, platformsPath, writeFiles } from '../test-support/project';

const run = promisify(execFile);

interface Case {
  /** What is special of a function's folder. */
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly runtime?: string;
  readonly links?: Readonly<Record<string, string>>;
  readonly folders?: readonly string[];
  /** How each problem goes on behind the function's folder, or a part of it; none for a folder that can be packaged. */
  readonly problems?: readonly string[];
  /** What is left out, in words. */
  readonly leftOut?: string;
}

const json = (value: unknown) => JSON.stringify(value);
const TEST = 'def test_it():\n    pass\n';
const NODE = { 'index.mjs': '' };
const PYTHON = { 'app.py': '' };
const python = 'python3.14';
const LFS = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 12345\n`;
const lock = (packages: Readonly<Record<string, unknown>>) =>
  json({ name: 'fn', lockfileVersion: 3, packages: { '': { name: 'fn' }, ...packages } });
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

/** A function with one package that runs scripts. */
const withScripts = (of: Readonly<Record<string, unknown>>, allowScripts?: unknown) => ({
  ...NODE,
  'package.json': json({ dependencies: { '@a/b': '1.0.0' }, allowScripts }),
  'package-lock.json': lock({ 'node_modules/@a/b': { version: '1.0.0', hasInstallScript: true, ...of } }),
});
const ASKS_FOR_AN_ANSWER =
  ': node_modules/@a/b (package-lock.json) runs scripts when it is installed, which none does here unanswered. Take a ' +
  'package, or a release, without; or read them and answer in package.json: "allowScripts": {"@a/b@1.0.0": true} runs ' +
  'them, {"@a/b": false} installs the package without them.';

const LEFT_OUT: readonly Case[] = [
  {
    name: 'settings and folders of an environment called test',
    files: {
      ...NODE,
      'config.test.json': '',
      'messages.test.txt': '',
      'certs/api.test.example.com/ca.pem': '',
      'test_data.py/a.json': '',
      'tsconfig.d/a.json': '',
      'a.test.mjs/b.mjs': '',
    },
  },
  {
    name: 'tests of JavaScript and TypeScript',
    files: { ...NODE, 'a.test.mjs': '', 'b/c.test.ts': '', 'd.test.jsx': '', 'e.test.cts': '', 'latest.mjs': '' },
    leftOut: 'a.test.mjs, b/c.test.ts, d.test.jsx, e.test.cts',
  },
  {
    name: 'settings of TypeScript',
    files: { ...NODE, 'tsconfig.json': '', 'tsconfig.build.json': '', 'tsconfigs.json': '' },
    leftOut: 'tsconfig.build.json, tsconfig.json',
  },
  {
    name: 'tests of Python',
    files: { ...PYTHON, 'test_app.py': TEST, 'tests/test_b.py': 'import unittest\n', 'orders/test_c.py': TEST },
    runtime: python,
    leftOut: 'orders/test_c.py, test_app.py, tests/test_b.py',
  },
  {
    name: 'a module called test_* of a package, which holds no test',
    files: { ...PYTHON, 'acme/__init__.py': '', 'acme/test_helpers.py': 'def make():\n    return 1\n' },
    runtime: python,
  },
  {
    name: 'modules with tests that other modules import',
    files: {
      'app.py': 'from acme import (\n    test_base,\n)\n',
      'acme/test_base.py': `import acme.test_more\n${TEST}`,
      'acme/test_more.py': TEST,
      'acme/test_other.py': `import acme.test_base\n${TEST}`,
    },
    runtime: python,
    leftOut: 'acme/test_other.py',
  },
  {
    name: 'tests of others',
    files: {
      ...PYTHON,
      'vendor/acme/test_a.py': TEST,
      'third_party/b/b.test.js': '',
      'node_modules/c/c.test.js': '',
      'd/test_d.py': TEST,
      'd-1.0.dist-info/RECORD': 'd/test_d.py,sha256=x,1\nd-1.0.dist-info/RECORD,,\n',
    },
    runtime: python,
  },
  {
    name: 'more tests than anybody reads',
    files: { ...NODE, ...Object.fromEntries([...'abcdefghijklm'].map((name) => [`${name}.test.js`, ''])) },
    leftOut:
      'a.test.js, b.test.js, c.test.js, d.test.js, e.test.js, f.test.js, g.test.js, h.test.js, i.test.js, j.test.js ' +
      'and 3 others',
  },
];

const CUT_OUT: readonly Case[] = [
  {
    name: 'a git submodule with its files',
    files: { ...NODE, 'lib/.git': 'gitdir: ../../.git/modules/lib\n', 'lib/a.mjs': '' },
    problems: ['/lib: found a .git in it: the folder is a git submodule or a clone of its own'],
  },
  {
    name: 'a clone of its own',
    files: { ...NODE, '.git/HEAD': 'ref: refs/heads/main\n' },
    problems: [': found a .git in it: the folder is a git submodule or a clone of its own'],
  },
  {
    name: 'a git submodule without its files',
    files: NODE,
    folders: ['lib/deep'],
    problems: [
      '/lib/deep: found an empty folder, which no commit and no package can hold. It is probably a git submodule',
    ],
  },
  {
    name: 'nothing at all, as a git submodule without its files',
    files: {},
    folders: ['.'],
    problems: [": found no file to package; expected the function's code."],
  },
  {
    name: 'pointers of Git LFS',
    files: {
      ...NODE,
      'model.bin': LFS,
      'windows.bin': LFS.replaceAll('\n', '\r\n'),
      'old.bin': LFS.replace('git-lfs.github', 'hawser.github'),
      'about.md': `A pointer is:\n${LFS}`,
      'a.test.mjs': LFS,
    },
    problems: [
      '/model.bin: found a pointer of Git LFS, expected the file itself. Run `git lfs pull`;',
      '/old.bin: found a pointer of Git LFS',
      '/windows.bin: found a pointer of Git LFS',
    ],
  },
  {
    name: 'links that leave the folder, or lead nowhere',
    files: { ...NODE, 'lib/a.mjs': '' },
    links: { 'shared.mjs': '../README.md', shared: '..', 'lib/.#a.mjs': 'somebody@host.1234', inside: 'lib/a.mjs' },
    problems: [
      '/lib/.#a.mjs: found a symbolic link to somebody@host.1234, which cannot be read (No such file or directory).',
      '/shared.mjs: found a symbolic link to ../README.md, outside of the folder.',
      '/shared: found a symbolic link to .., outside of the folder.',
    ],
  },
];

const LINKS: readonly Case[] = [
  {
    name: 'packages as pnpm installs them',
    files: { ...NODE, 'node_modules/.pnpm/a@1/node_modules/a/index.js': '' },
    links: { 'node_modules/a': '.pnpm/a@1/node_modules/a' },
    problems: ['/node_modules/a: found a symbolic link to .pnpm/a@1/node_modules/a, as pnpm makes them:'],
  },
  {
    name: 'packages of its own as npm links them',
    files: { ...NODE, 'packages/a/index.js': '', 'node_modules/b/index.js': '' },
    links: { 'node_modules/a': '../packages/a' },
  },
  {
    name: 'programs of packages',
    files: { ...NODE, 'node_modules/b/index.js': '', 'node_modules/.bin/c': '' },
    links: { 'node_modules/.bin/b': '../b/index.js' },
  },
];

const MANIFESTS: readonly Case[] = [
  ...['yarn.lock', 'pnpm-lock.yaml', 'bun.lock', 'bun.lockb', 'deno.lock'].map((name) => ({
    name,
    files: { ...NODE, [name]: '' },
    problems: [
      `: found ${name}; dependencies are installed from package-lock.json or requirements.txt (with hashes) only, so the ` +
        'package would lack them. Make one of these (`npm install --package-lock-only`), commit it and remove',
    ],
  })),
  ...['poetry.lock', 'Pipfile.lock', 'uv.lock', 'pdm.lock', 'pylock.toml', 'pixi.lock', 'conda-lock.yml'].map(
    (name) => ({
      name,
      files: { ...PYTHON, [name]: '' },
      runtime: python,
      problems: [
        `: found ${name}; dependencies are installed from package-lock.json or requirements.txt (with hashes) only`,
      ],
    }),
  ),
  ...['dependencies', 'optionalDependencies', 'peerDependencies'].map((field) => ({
    name: `package.json with ${field} and no lock file`,
    files: { ...NODE, 'package.json': json({ [field]: { 'left-pad': '1.3.0' } }) },
    problems: [': package.json names dependencies (left-pad), but there is no package-lock.json. Run `npm install'],
  })),
  {
    name: 'package.json for developers alone',
    files: { ...NODE, 'package.json': json({ type: 'module', dependencies: {}, devDependencies: { vitest: '4' } }) },
  },
  {
    name: 'a lock file without package.json',
    files: { ...NODE, 'package-lock.json': lock({}) },
    problems: [': found package-lock.json without a package.json, which says what of it is needed.'],
  },
  {
    name: 'a lock file of npm 6',
    files: { ...NODE, 'package.json': '{}', 'package-lock.json': json({ lockfileVersion: 1, dependencies: {} }) },
    problems: [
      '/package-lock.json: found lockfileVersion 1 and no object "packages" of objects, expected version 2 or',
    ],
  },
  {
    name: 'pyproject.toml with dependencies and no lock file',
    files: { ...PYTHON, 'pyproject.toml': '[project]\nname = "fn"\ndependencies = ["requests>=2", "attrs"]\n' },
    runtime: python,
    problems: [
      ': pyproject.toml names dependencies (requests>=2, attrs), but there is no requirements.txt. Lock them: `uv',
    ],
  },
  {
    name: 'pyproject.toml with settings of tools alone',
    files: {
      ...PYTHON,
      'pyproject.toml': '[project]\nname = "fn"\n[tool.ruff]\n[build-system]\nrequires = ["setuptools"]\n',
    },
    runtime: python,
  },
  {
    name: 'pyproject.toml of Poetry',
    files: { ...PYTHON, 'pyproject.toml': '[tool.poetry.dependencies]\npython = "^3.12"\nrequests = "^2"\n' },
    runtime: python,
    problems: ["/pyproject.toml: tool.poetry.dependencies has requests, in a notation of Poetry's own. Move them"],
  },
  {
    name: 'pyproject.toml with computed dependencies',
    files: { ...PYTHON, 'pyproject.toml': '[project]\ndynamic = ["dependencies"]\n', 'requirements.txt': '' },
    runtime: python,
    problems: ['/pyproject.toml: project.dynamic has dependencies, which only a build computes. Move them'],
  },
  {
    name: 'pyproject.toml with dependencies of another shape',
    files: { ...PYTHON, 'pyproject.toml': '[project]\ndependencies = "requests"\n' },
    runtime: python,
    problems: ['/pyproject.toml: project.dependencies: found "requests", expected a list of texts.'],
  },
  {
    name: 'Pipfile with packages',
    files: { ...PYTHON, Pipfile: '[packages]\nrequests = "*"\n', 'requirements.txt': '' },
    runtime: python,
    problems: ["/Pipfile: names dependencies (requests), in a notation of Pipenv's own."],
  },
  { name: 'Pipfile for developers alone', files: { ...PYTHON, Pipfile: '[dev-packages]\na = "*"\n' }, runtime: python },
  {
    name: 'setup.cfg with dependencies',
    files: { ...PYTHON, 'setup.cfg': '[options]\ninstall_requires =\n    requests>=2\n    attrs\n[flake8]\n' },
    runtime: python,
    problems: [': setup.cfg names dependencies (requests>=2, attrs), but there is no requirements.txt.'],
  },
  { name: 'setup.cfg with settings of tools', files: { ...PYTHON, 'setup.cfg': '[flake8]\n' }, runtime: python },
  {
    name: 'setup.py with dependencies',
    files: { ...PYTHON, 'setup.py': 'setup(install_requires=["requests"])\n' },
    runtime: python,
    problems: ['/setup.py: names dependencies, or may do so when it runs, which it does not here.'],
  },
  { name: 'setup.py without any', files: { ...PYTHON, 'setup.py': 'setup(name="fn")\n' }, runtime: python },
  {
    name: 'requirements in other files than requirements.txt',
    files: { ...PYTHON, 'requirements.in': 'requests # http\n', 'requirements-prod.txt': 'attrs\n' },
    runtime: python,
    problems: [
      ': requirements-prod.txt names dependencies (attrs), but there is no requirements.txt.',
      ': requirements.in names dependencies (requests), but there is no requirements.txt. Lock them: `uv pip compile ' +
        '--generate-hashes -o requirements.txt requirements.in`',
    ],
  },
  {
    name: 'requirements of developers',
    files: { ...PYTHON, 'requirements-dev.txt': 'pytest\n', 'test_requirements.in': 'pytest\n' },
    runtime: python,
  },
  {
    name: 'an environment of conda',
    files: { ...PYTHON, 'environment.yml': 'name: fn\ndependencies:\n  - requests\n' },
    runtime: python,
    problems: ['/environment.yml: names dependencies for conda.'],
  },
  { name: 'settings that are called like it', files: { ...PYTHON, 'environment.yml': 'stage: a\n' }, runtime: python },
  {
    name: 'a manifest of the other language',
    files: { ...NODE, 'pyproject.toml': '[project]\ndependencies = ["requests"]\n' },
    problems: [': found pyproject.toml, but the function runs nodejs24.x, which has no use for it.'],
  },
  {
    name: 'dependencies of a sub-folder',
    files: {
      ...NODE,
      'a/package.json': json({ dependencies: { 'left-pad': '1.3.0' } }),
      'b/package.json': json({ type: 'module' }),
      'c/package.json': json({ dependencies: { 'left-pad': '1.3.0' } }),
      'vendor/d/package.json': json({ dependencies: { 'left-pad': '1.3.0' } }),
      'tests/package.json': json({ dependencies: { vitest: '4' } }),
      'package.json': json({ workspaces: ['c'] }),
      'package-lock.json': lock({ c: { version: '1.0.0' } }),
    },
    problems: [
      "/a/package.json names dependencies, but they are installed for the function's folder alone, from lambda/",
    ],
  },
  {
    name: 'requirements of a sub-folder',
    files: {
      ...PYTHON,
      'a/requirements.txt': 'attrs\n',
      'b/requirements.txt': '# none\n',
      'c/setup.cfg': '[flake8]\n',
    },
    runtime: python,
    problems: ["/a/requirements.txt names dependencies, but they are installed for the function's folder alone, from"],
  },
  {
    name: 'dependencies in folders outside',
    files: {
      ...NODE,
      'package.json': json({ dependencies: { shared: 'file:../shared', inside: 'file:./vendor/a.tgz' } }),
      'package-lock.json': lock({
        '../shared': { version: '1.0.0' },
        'node_modules/shared': { resolved: '../shared', link: true },
        'node_modules/a': { resolved: 'file:/opt/a.tgz', version: '1.0.0' },
        'node_modules/inside': { resolved: 'file:vendor/a.tgz', version: '1.0.0' },
        'node_modules/b': { resolved: 'https://registry.npmjs.org/b/-/b-1.0.0.tgz', version: '1.0.0' },
      }),
    },
    problems: [
      '/package-lock.json: packages["node_modules/a"] names /opt/a.tgz, which is /opt/a.tgz, outside of',
      '/package-lock.json: packages["node_modules/shared"] names ../shared, which is lambda/shared, outside of',
      "/package.json: dependencies.shared names ../shared, which is lambda/shared, outside of the function's folder.",
    ],
  },
  {
    name: 'requirements in files outside',
    files: {
      ...PYTHON,
      'requirements.txt': [
        '-r ../base.txt',
        '--find-links=../wheels',
        '../shared # ours',
        '-e../other',
        'a @ file:///opt/a.whl',
        './vendor/b.whl',
        'c==1.0 --hash=sha256:0 # ../c',
        'd @ https://example.com/../d.whl',
      ].join('\n'),
    },
    runtime: python,
    problems: [
      '/requirements.txt: line 1 names ../base.txt, which is lambda/base.txt, outside of',
      '/requirements.txt: line 2 names ../wheels, which is lambda/wheels, outside of',
      '/requirements.txt: line 3 names ../shared, which is lambda/shared, outside of',
      '/requirements.txt: line 4 names ../other, which is lambda/other, outside of',
      '/requirements.txt: line 5 names /opt/a.whl, which is /opt/a.whl, outside of',
    ],
  },
];

const SCRIPTS: readonly Case[] = [
  { name: 'a package with scripts', files: withScripts({}), problems: [ASKS_FOR_AN_ANSWER] },
  { name: 'that of developers', files: withScripts({ dev: true }) },
  { name: 'that is not for Linux', files: withScripts({ optional: true, os: ['darwin'] }) },
  { name: 'that is optional', files: withScripts({ optional: true }), problems: [ASKS_FOR_AN_ANSWER] },
  { name: 'allowed for its version', files: withScripts({}, { '@a/b@1.0.0': true }) },
  { name: 'allowed for one of its versions', files: withScripts({}, { '@a/b@0.9.0 || 1.0.0': true }) },
  { name: 'allowed for another', files: withScripts({}, { '@a/b@1.0.1': true }), problems: [ASKS_FOR_AN_ANSWER] },
  { name: 'allowed for all versions', files: withScripts({}, { '@a/b': true }), problems: [ASKS_FOR_AN_ANSWER] },
  { name: 'installed without its scripts', files: withScripts({}, { '@a/b': false }) },
  {
    name: 'with an answer that is none',
    files: withScripts({}, { '@a/b@1.0.0': 'yes' }),
    problems: [
      '/package.json: allowScripts: found {"@a/b@1.0.0": "yes"}, expected an object such as {"bcrypt@5.1.1": true,',
      ASKS_FOR_AN_ANSWER,
    ],
  },
];

const BROKEN: readonly Case[] = [
  ...['dependencies', 'optionalDependencies', 'peerDependencies', 'devDependencies'].flatMap((field) =>
    [null, ['left-pad'], 'left-pad', { 'left-pad': null }].map((value) => ({
      name: `${field} that is ${json(value)}`,
      files: { ...NODE, 'package.json': json({ [field]: value }) },
      problems: [`/package.json: ${field}: found `],
    })),
  ),
  ...['package.json', 'package-lock.json'].flatMap((file) =>
    (
      [
        ['nested 5,000 levels deep', nested(5000), '(it is nested more than 100 levels deep)'],
        ['nested 500 levels deep', nested(500), '(it is nested more than 100 levels deep)'],
        ['nested and never closed', '['.repeat(100_000), '(it is nested more than 100 levels deep)'],
        ['with half of a surrogate pair', '{"name": "\\ud800"}', '(it holds \\ud800, half of a surrogate pair, which'],
        ['with NaN', '{"version": NaN}', '(NaN is no JSON)'],
        ['of a list', '[]', ', but []. Correct the file.'],
        ['of null', 'null', ', but null. Correct the file.'],
        ['that is empty', '', '(Expecting value: line 1 column 1 (char 0))'],
        ['that is huge', `"${'x'.repeat(20 * 1024 * 1024)}"`, '(it has 20971522 bytes, expected 20971520 at the most)'],
      ] as const
    ).map(([what, text, problem]) => ({
      name: `${file} ${what}`,
      files: { ...NODE, 'package.json': '{}', [file]: text },
      problems: [`/${file}: found no JSON object${problem.startsWith(',') ? '' : ' '}${problem}`],
    })),
  ),
  {
    name: '40,000 dependencies',
    files: {
      ...NODE,
      'package.json': json({
        dependencies: Object.fromEntries(Array.from({ length: 40_000 }, (_, index) => [`d${index + 10_000}`, '1'])),
      }),
    },
    problems: ['d10009 and 39990 others), but there is no package-lock.json.'],
  },
  { name: 'package.json as an editor of Windows leaves it', files: { ...NODE, 'package.json': '\ufeff{}' } },
  {
    name: 'packages that are no objects',
    files: { ...NODE, 'package.json': '{}', 'package-lock.json': json({ lockfileVersion: 3, packages: { a: null } }) },
    problems: ['/package-lock.json: found lockfileVersion 3 and no object "packages" of objects'],
  },
  {
    name: 'TOML nested 5,000 levels deep',
    files: { ...PYTHON, 'pyproject.toml': `a = ${nested(5000)}` },
    runtime: python,
    problems: ['/pyproject.toml: cannot be read as TOML (it is nested more than 100 levels deep).'],
  },
  {
    name: 'setup.cfg that is none',
    files: { ...PYTHON, 'setup.cfg': 'a = 1' },
    runtime: python,
    problems: ['/setup.cfg: cannot be read (File contains no section headers'],
  },
];

const GROUPS = {
  'leaves out what is a test, and no more:': LEFT_OUT,
  'refuses what was cut out of a repository:': CUT_OUT,
  'has no links that work in no other place:': LINKS,
  'installs what is locked, and refuses the rest:': MANIFESTS,
  'runs no scripts that nobody has answered for:': SCRIPTS,
  'says what is wrong with a file:': BROKEN,
};
const CASES = Object.values(GROUPS).flat();
const nameOf = (index: number) => `f${index}`;

/** What packaging says of each case: problems, or else what is left out. */
let problemsOf: ReadonlyMap<string, readonly string[]>;
let leftOutOf: ReadonlyMap<string, string>;
let cleanUp = async () => {};

beforeAll(async () => {
  const root = await makeFolder((end) => {
    cleanUp = end;
  });
  const platforms: Record<string, unknown> = {};
  for (const [index, { files, links = {}, folders = [], runtime = 'nodejs24.x' }] of CASES.entries()) {
    const folder = join(root, 'lambda', nameOf(index));
    await writeFiles(folder, files);
    for (const name of folders) {
      await mkdir(join(folder, name), { recursive: true });
    }
    for (const [name, target] of Object.entries(links)) {
      await symlink(target, join(folder, name));
    }
    platforms[nameOf(index)] = { runtime, architecture: 'x86_64' };
  }
  await writeFiles(root, { 'lambda/README.md': '', [platformsPath]: json(platforms) });
  // One process for all of them: to start one takes longer than all they do.
  const program = `
import json, os, sys
from function_source import read_function
from platforms import read_platforms
from failure import Failure as SourceError
from manifest_files import some_of
found = {}
for name, platform in read_platforms(sys.argv[1]).items():
    try:
        found[name] = [], some_of(read_function('lambda', name, platform).left_out)
    except SourceError as error:
        found[name] = error.problems, ''
with open('found.json', 'w') as file:
    json.dump(found, file)
`;
  await run('python3', ['-c', program, platformsPath], {
    cwd: root,
    env: { ...process.env, PYTHONPATH: __dirname, PYTHONDONTWRITEBYTECODE: '1' },
  });
  const found: Record<string, [string[], string]> = JSON.parse(await readFile(join(root, 'found.json'), 'utf8'));
  problemsOf = new Map(Object.entries(found).map(([name, [problems]]) => [name, problems]));
  leftOutOf = new Map(Object.entries(found).map(([name, [, leftOut]]) => [name, leftOut]));
});

afterAll(() => cleanUp());

describe.each(Object.entries(GROUPS))('%s', (_, cases) => {
  test.each(cases.map((it) => ({ ...it, index: CASES.indexOf(it) })))(
    '$name',
    ({ index, problems = [], leftOut = '' }) => {
      const folder = join('lambda', nameOf(index));
      const found = [...(problemsOf.get(nameOf(index)) ?? [])].sort();
      expect(found).toEqual(
        problems.map((problem) => expect.stringContaining(/^[/:]/.test(problem) ? `${folder}${problem}` : problem)),
      );
      expect(leftOutOf.get(nameOf(index))).toBe(leftOut);
    },
  );
});
