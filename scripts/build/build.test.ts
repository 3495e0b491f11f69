import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { frozen, template } from '../../templates-src/dsl';
import type { Topology } from '../../templates-src/model/topology';
import { Topic } from '../../templates-src/resources/sns';
import { topology, topologyWith } from '../../templates-src/topology.fixture';
import { applyBuild, type BuildPlan, generate, planBuild, planFunctionPlatforms } from './build';
import type { TemplateSource } from './templates';
import { importTemplates } from './templates.fixture';

let folder: string;
let sources: readonly TemplateSource[];

beforeAll(async () => {
  sources = await importTemplates();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'build-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A source of one topic. */
const source = (path: string, TopicName: string): TemplateSource => ({
  path,
  make: () => {
    const t = template(`One topic for ${path}`);
    t.resources({ Topic: Topic({ TopicName }) });
    return t;
  },
});

const put = (path: string, content: string) => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
};
const present = () =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true, encoding: 'utf8' })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [relative(folder, path), readFileSync(path, 'utf8')]),
  );
const changesOf = ({ files }: BuildPlan) =>
  Object.fromEntries(files.map(({ path, change }) => [relative(folder, path), change]));

test('what functions run on is written for the packager, and no template takes the file away', () => {
  const plan = planFunctionPlatforms({ ...topology, workloads: [] }, folder, join(folder, 'lambda'));
  expect(plan.files).toMatchObject([{ change: 'created' }]);
  applyBuild(plan);
  expect(changesOf(planBuild(topology, folder, []))).toEqual({});
});

test('a function without a folder stops the build', () => {
  const { errors } = planFunctionPlatforms(topology, folder, join(folder, 'lambda'));
  expect(errors).toEqual([
    expect.stringContaining('no folder lambda/order-events'),
    expect.stringContaining('no folder lambda/orders-api'),
  ]);
});

test('a generated file names its source and says what to do instead of editing it', () => {
  expect(generate(source('tooling/a', 'name'), topology)).toMatchInlineSnapshot(`
    "# Generated from templates-src/templates/tooling/a.ts by \`npm run build\`. Do not edit:
    # change the source, build again and commit both.
    AWSTemplateFormatVersion: '2010-09-09'
    Description: One topic for tooling/a

    Resources:
      Topic:
        Type: AWS::SNS::Topic
        Properties:
          TopicName: name
    "
  `);
});

describe('a plan', () => {
  test('says of each file whether it is created, changed, unchanged or removed, and touches none', () => {
    const [same, changed, added] = [source('a/same', 'x'), source('a/changed', 'x'), source('b/added', 'x')];
    put('a/same.yaml', generate(same, topology));
    put('a/changed.yaml', generate(source('a/changed', 'y'), topology));
    put('a/old.yaml', generate(source('a/old', 'x'), topology));
    put('.hidden', 'of the file manager');
    const before = present();
    const plan = planBuild(topology, folder, [same, changed, added]);
    expect(changesOf(plan)).toEqual({
      'a/same.yaml': 'unchanged',
      'a/changed.yaml': 'changed',
      'b/added.yaml': 'created',
      'a/old.yaml': 'removed',
    });
    expect(present()).toEqual(before);
  });

  const policyOf = (resources: unknown) =>
    `${JSON.stringify(
      {
        Statement: [
          { Effect: 'Allow', Action: 'Update:*', Principal: '*', Resource: '*' },
          { Effect: 'Deny', Action: 'Update:*', Principal: '*', Resource: resources },
        ],
      },
      null,
      2,
    )}\n`;
  test.each<[what: string, path: string, text: () => string, change: 'removed' | 'unknown']>([
    ['a template without header', 'a/x.yaml', () => 'Resources: {}\n', 'unknown'],
    ['an empty file', 'a/x.yaml', () => '', 'unknown'],
    ['a template of a source that is gone', 'a/x.yaml', () => generate(source('a/x', 'x'), topology), 'removed'],
    [
      'such a template from a checkout with CRLF',
      'a/x.yaml',
      () => generate(source('a/x', 'x'), topology).replaceAll('\n', '\r\n'),
      'removed',
    ],
    ['a copy of a template, to be worked on', 'a/x.yaml', () => generate(source('a/y', 'x'), topology), 'unknown'],
    ['a template with notes on top', 'a/x.yaml', () => `# Mine\n${generate(source('a/x', 'x'), topology)}`, 'unknown'],
    [
      'a stack policy of a source that is gone',
      'a/x.stack-policy.json',
      () => policyOf(['LogicalResourceId/A']),
      'removed',
    ],
    ['a stack policy by hand', 'a/x.stack-policy.json', () => policyOf(['LogicalResourceId/A']).trim(), 'unknown'],
    ['no stack policy', 'a/x.stack-policy.json', () => '{"Statement": []}', 'unknown'],
    ['no JSON', 'a/x.stack-policy.json', () => '{', 'unknown'],
    ['other JSON', 'c/x.json', () => '{}', 'unknown'],
    ['a note', 'notes.md', () => '# Notes\n', 'unknown'],
  ])('%s without a source: only what a build wrote is removed', (_, path, text, change) => {
    put('.hidden', 'so that the folder stays');
    put(path, text());
    expect(changesOf(planBuild(topology, folder, []))).toEqual({ [path]: change });
    applyBuild(planBuild(topology, folder, []));
    const { '.hidden': _hidden, ...left } = present();
    expect(left).toEqual(change === 'removed' ? {} : { [path]: text() });
  });

  test('has a stack policy for a template with frozen resources, which comes and goes with them', () => {
    const withPolicy = (freeze: typeof frozen): TemplateSource => ({
      path: 'a/service',
      make: () => {
        const t = template('Two topics');
        t.resources({ Free: Topic({ TopicName: 'free' }), Held: freeze(Topic({ TopicName: 'held' })) });
        return t;
      },
    });
    applyBuild(planBuild(topology, folder, [withPolicy(frozen)]));
    expect(JSON.parse(present()['a/service.stack-policy.json'] ?? '')).toEqual({
      Statement: [
        { Effect: 'Allow', Action: 'Update:*', Principal: '*', Resource: '*' },
        { Effect: 'Deny', Action: 'Update:*', Principal: '*', Resource: ['LogicalResourceId/Held'] },
      ],
    });
    expect(present()['a/service.yaml']).not.toContain('Frozen');
    expect(changesOf(planBuild(topology, folder, [withPolicy((it) => it)]))).toEqual({
      'a/service.yaml': 'unchanged',
      'a/service.stack-policy.json': 'removed',
    });
  });

  test('holds the text of files that change only', () => {
    const same = source('a/same', 'x');
    put('a/same.yaml', generate(same, topology));
    const plan = planBuild(topology, folder, [same, source('b/added', 'x')]);
    expect(plan.files.map(({ content }) => content !== undefined)).toEqual([false, true]);
  });

  test('takes a folder that does not exist for an empty one', () => {
    expect(changesOf(planBuild(topology, join(folder, 'none'), [source('a', 'x')]))).toEqual({
      'none/a.yaml': 'created',
    });
  });

  test('lists what is wrong in all templates, each with its source', () => {
    const broken: TemplateSource = {
      path: 'tooling/broken',
      make: () => {
        const t = template('Broken');
        t.parameters('Group', { Unused: { Type: 'String', Label: 'Unused', Description: 'Unused' } });
        return t;
      },
    };
    const refusing: TemplateSource = {
      path: 'environment/refusing',
      make: () => {
        throw new Error('no parameter holds the account id of test');
      },
    };
    const { errors } = planBuild(topology, folder, [broken, source('a', 'x'), refusing]);
    expect(errors.join('\n')).toMatchInlineSnapshot(`
      "templates-src/templates/tooling/broken.ts: Parameters.Unused: nothing refers to this parameter; use it or remove it
      templates-src/templates/tooling/broken.ts: Resources: found none, CloudFormation needs at least one
      templates-src/templates/environment/refusing.ts: no parameter holds the account id of test"
    `);
  });

  test('shows where the code of a template is wrong', () => {
    const mistaken: TemplateSource = {
      path: 'tooling/mistaken',
      make: () => (undefined as unknown as { readonly environments: readonly never[] }).environments[0] as never,
    };
    const [error] = planBuild(topology, folder, [mistaken]).errors;
    expect(error).toMatch(
      /^templates-src\/templates\/tooling\/mistaken\.ts: TypeError: Cannot read properties.*\n +at /,
    );
    expect(error).toContain('build.test.ts');
  });
});

describe('a build', () => {
  test('writes what changed, removes what has no source and folders that are empty then', () => {
    const same = source('a/same', 'x');
    put('a/same.yaml', generate(same, topology));
    put('c/d/old.yaml', generate(source('c/d/old', 'x'), topology));
    put('.hidden', 'of the file manager');
    const all = [same, source('b/added', 'x')];
    applyBuild(planBuild(topology, folder, all));
    expect(Object.keys(present()).sort()).toEqual(['.hidden', 'a/same.yaml', 'b/added.yaml']);
    expect(readdirSync(folder)).not.toContain('c');
    expect(Object.values(changesOf(planBuild(topology, folder, all)))).toEqual(['unchanged', 'unchanged']);
  });

  test('writes nothing at all when one template is refused', () => {
    put('a/old.yaml', 'Resources: {}');
    const before = present();
    const empty: TemplateSource = { path: 'z/empty', make: () => template('Empty') };
    const plan = planBuild(topology, folder, [source('a/added', 'x'), empty]);
    expect(() => applyBuild(plan)).toThrow('templates-src/templates/z/empty.ts: Resources: found none');
    expect(present()).toEqual(before);
  });

  test('writes nothing at all when one file cannot be written', () => {
    put('a/old.yaml', 'Resources: {}');
    put('b', 'a file where a folder has to be');
    const before = present();
    const plan = planBuild(topology, folder, [source('a/added', 'x'), source('b/added', 'x')]);
    expect(() => applyBuild(plan)).toThrow(/EEXIST|ENOTDIR/);
    expect(present()).toEqual(before);
  });
});

/** A topology of some environments, of which all but the first need approval. */
const chainOf = (names: readonly string[], from: Topology['pipelines']['source'] = 'codecommit'): Topology =>
  topologyWith({
    project: 'route-to-live',
    environments: names.map((name, index) => ({ name, approval: index > 0 })),
    pipelines: { source: from },
  });
const numbered = (count: number) => Array.from({ length: count }, (_, index) => `env${index + 1}`);

describe('a topology', () => {
  test('of 1, 3 or 10 environments, on either source, gives templates that cfn-lint has nothing to say about', () => {
    const chains: readonly [string, Topology][] = [
      ['one', chainOf(['only'])],
      ['three', topology],
      ['ten', chainOf(numbered(10))],
      ['ten-connected', chainOf(numbered(10), 'connection')],
    ];
    const texts = new Map<string, string>();
    for (const [name, chain] of chains) {
      for (const it of sources) {
        texts.set(generate(it, chain), join(name, `${it.path}.yaml`));
      }
    }
    for (const [text, path] of texts) {
      put(path, text);
    }
    // Proves that the linter looks: without this file a silent one would pass.
    put('control.yaml', "Parameters: {Unused: {Type: String}}\nResources: {Topic: {Type: 'AWS::SNS::Topic'}}\n");
    const paths = [...texts.values(), 'control.yaml'];
    const { stdout } = spawnSync('cfn-lint', ['--include-checks', 'I', '--format', 'parseable', '-t', ...paths], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(stdout.trim().split('\n')).toEqual([expect.stringMatching(/^control\.yaml:.*:W2001:/)]);
    expect(paths.length).toBeGreaterThan(chains.length * 3);
  });

  test('that gets one more environment adds lines to generated files, and moves and changes none', () => {
    const before = chainOf(['dev', 'test', 'prod']);
    const after = chainOf(['dev', 'test', 'prod', 'standby']);
    const differing = sources.filter((it) => {
      const [old, added] = [generate(it, before).split('\n'), generate(it, after).split('\n')];
      let next = 0;
      for (const line of added) {
        next += line === old[next] ? 1 : 0;
      }
      expect(old[next], `${it.path}: the first line that is not kept`).toBeUndefined();
      return added.length > old.length;
    });
    expect(differing.map(({ path }) => path)).toMatchInlineSnapshot(`
      [
        "environment/container-service",
        "environment/deployment-roles",
        "environment/infrastructure",
        "environment/service-roles",
        "tooling/artifact-store",
        "tooling/container-deployment-pipeline",
        "tooling/infrastructure-deployment-pipeline",
      ]
    `);
  });

  test('with another order of environments changes the order of stages, and what an account is about in nothing', () => {
    const [first, second] = [chainOf(['dev', 'test', 'prod']), chainOf(['test', 'dev', 'prod'])];
    const changed = sources.filter((it) => generate(it, first) !== generate(it, second)).map(({ path }) => path);
    expect(changed.filter((path) => path.startsWith('tooling/'))).toContain(
      'tooling/infrastructure-deployment-pipeline',
    );
    for (const it of sources.filter(({ path }) => path.startsWith('environment/'))) {
      const lines = (chain: Topology) => generate(it, chain).split('\n').sort();
      expect(lines(first)).toEqual(lines(second));
    }
  });
});

test('the text is the same in every process, whatever its locale, time zone, folder and umask', () => {
  const root = join(__dirname, '..', '..');
  const program = [
    `require(${JSON.stringify(join(root, 'node_modules', 'tsx', 'dist', 'cjs', 'index.cjs'))});`,
    `const { generate } = require(${JSON.stringify(join(__dirname, 'build.ts'))});`,
    `const { templateSources } = require(${JSON.stringify(join(__dirname, 'templates.ts'))});`,
    `const { topology } = require(${JSON.stringify(join(root, 'templates-src', 'topology.fixture.ts'))});`,
    'for (const source of templateSources()) process.stdout.write(generate(source, topology));',
  ].join('\n');
  const outputs = [
    { LC_ALL: 'C', TZ: 'Pacific/Apia', UMASK: '077', cwd: folder },
    { LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8', TZ: 'America/Los_Angeles', UMASK: '000', cwd: root },
  ].map(({ cwd, UMASK, ...environment }) =>
    execFileSync('sh', ['-c', `umask ${UMASK}; exec "$0" -e "$1"`, process.execPath, program], {
      cwd,
      env: { ...process.env, ...environment },
      encoding: 'utf8',
    }),
  );
  expect(outputs[0]).toBe(outputs[1]);
  expect(outputs[0]).toBe(sources.map((it) => generate(it, topology)).join(''));
});
