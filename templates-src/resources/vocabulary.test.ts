import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec';
import type { PropertyType, Resource, SpecDatabase } from '@aws-cdk/service-spec-types';
import { beforeAll, describe, expect, test } from 'vitest';
import { importTemplates } from '../../scripts/build/templates.fixture';
import { compile, type Document, Intrinsic, list, type Node, type ResourceConstructor, record } from '../dsl';
import { topology } from '../topology.fixture';

/**
 * The vocabulary against the schema of CloudFormation's resource types that AWS publishes, so that it can't drift. Where
 * that names no allowed values, those of cfn-lint count. Both take a while to load: once for all tests.
 */

type AnyConstructor = ResourceConstructor<string, never, string>;
type Step = PropertyType | 'missing';

const modules = readdirSync(__dirname).filter((file) => /^[^.]+\.ts$/.test(file));

let spec: SpecDatabase;
let vocabulary: ReadonlyMap<string, AnyConstructor>;
let templates: ReadonlyMap<string, Document>;
let valuesOfLinter: Readonly<Record<string, readonly string[]>>;

beforeAll(async () => {
  spec = loadAwsServiceSpecSync();
  const entries = await Promise.all(
    modules.map(async (file) =>
      Object.entries((await import(join(__dirname, file))) as Record<string, unknown>)
        .filter((entry): entry is [string, AnyConstructor] => typeof entry[1] === 'function')
        .map(([name, make]) => [`${basename(file, '.ts')}.${name}`, make] as const),
    ),
  );
  vocabulary = new Map(entries.flat());
  const sources = await importTemplates();
  templates = new Map(sources.map(({ path, make }) => [path, compile(make(topology))]));
  const paths = [
    ...[...vocabulary.values()].flatMap(({ type, allowedValues }) =>
      Object.keys(allowedValues).map((path) => [type, path]),
    ),
    ...visitAll().map(({ type, path }) => [type, path]),
  ];
  const script = join(__dirname, 'published_values.py');
  const input = JSON.stringify([...new Map(paths.map((pair) => [pair.join(), pair])).values()]);
  valuesOfLinter = JSON.parse(execFileSync('python3', [script], { input, encoding: 'utf8' }));
});

const schemaOf = (type: string): Resource | undefined =>
  spec.lookup('resource', 'cloudFormationType', 'equals', type)[0];

/** What AWS calls the type of a property below a type; lists and maps stand for their elements. */
function stepInto(type: PropertyType, key: string): Step {
  switch (type.type) {
    case 'ref':
      return spec.get('typeDefinition', type.reference.$ref).properties[key]?.type ?? 'missing';
    case 'array':
    case 'map':
      return stepInto(type.element, key);
    case 'tag':
      return key === 'Key' || key === 'Value' ? { type: 'string' } : 'missing';
    case 'union':
      return type.types.map((member) => stepInto(member, key)).find((step) => step !== 'missing') ?? 'missing';
    case 'json':
      return type;
    default:
      return 'missing';
  }
}

function typeAt(resource: Resource, path: readonly string[]): Step {
  const [first = '', ...rest] = path;
  return rest.reduce<Step>(
    (step, key) => (step === 'missing' ? step : stepInto(step, key)),
    resource.properties[first]?.type ?? 'missing',
  );
}

/** The allowed values of a property that is text, or a list of text. */
function allowedAt(type: Step): readonly string[] {
  if (type === 'missing') {
    return [];
  }
  if (type.type === 'array' || type.type === 'map') {
    return allowedAt(type.element);
  }
  if (type.type === 'union') {
    return type.types.flatMap(allowedAt);
  }
  return type.type === 'string' ? (type.allowedValues ?? []) : [];
}

/** What is published for a property: by AWS, else by cfn-lint. */
function published(type: string, path: string, step: Step): readonly string[] {
  const values = allowedAt(step);
  return values.length > 0 ? values : (valuesOfLinter[`${type}: ${path}`] ?? []);
}

describe('the vocabulary', () => {
  test('has resource types in every module, and each type once', () => {
    const covered = new Set([...vocabulary.keys()].map((name) => `${name.split('.')[0]}.ts`));
    expect(modules.filter((file) => !covered.has(file))).toEqual([]);
    const types = [...vocabulary.values()].map(({ type }) => type);
    expect(types.filter((type, index) => types.indexOf(type) !== index)).toEqual([]);
  });

  test('names resource types that exist', () => {
    const wrong = [...vocabulary].filter(([, { type }]) => schemaOf(type) === undefined);
    expect(wrong.map(([name, { type }]) => `${name}: ${type}`)).toEqual([]);
  });

  test('gives each type the properties of the class of cloudform-types that makes this type', () => {
    const found = modules.flatMap((file) => {
      const source = readFileSync(join(__dirname, file), 'utf8');
      const paths = new Map(
        [...source.matchAll(/^import type \{ (\w+) \} from '(cloudform-types\/types\/[^']+)';$/gm)].map(
          ([, name = '', path = '']) => [name, path],
        ),
      );
      /** The name of cloudform-types' properties, which a type of the module may change. */
      const original = (name: string): string | undefined =>
        name.match(/\w+/g)?.find((it) => paths.has(it)) ??
        [...source.matchAll(/^type (\w+) = ([^;]*)/gm)]
          .filter(([, alias]) => name.match(/\w+/g)?.includes(alias ?? ''))
          .map(([, , definition = '']) => original(definition))
          .find((it) => it !== undefined);
      return [...source.matchAll(/resourceType<([^(]+)>\(\)\(\s*'([^']+)'/g)].map(([, properties = '', type = '']) => {
        const path = paths.get(original(properties) ?? '') ?? 'not found';
        const { default: Class } = createRequire(__filename)(path) as { default: new (it: object) => { Type: string } };
        return { type, of: new Class({}).Type };
      });
    });
    expect(found.filter(({ type, of }) => type !== of)).toEqual([]);
    expect(found.map(({ type }) => type).sort()).toEqual([...vocabulary.values()].map(({ type }) => type).sort());
  });

  test('names attributes that exist and that give one value', () => {
    const wrong = [...vocabulary].flatMap(([name, { type, attributes }]) =>
      attributes.flatMap((attribute) => {
        const found = schemaOf(type)?.attributes[attribute]?.type.type;
        return found === undefined || found === 'array' ? [`${name}: ${attribute}: ${found ?? 'does not exist'}`] : [];
      }),
    );
    expect(wrong).toEqual([]);
    expect([...vocabulary.values()].flatMap(({ attributes }) => attributes).length).toBeGreaterThan(10);
  });

  test('allows values that exist, for properties that exist', () => {
    let checked = 0;
    const wrong = [...vocabulary].flatMap(([name, { type, allowedValues }]) =>
      Object.entries(allowedValues).flatMap(([path, values]) => {
        const schema = schemaOf(type);
        const step = schema ? typeAt(schema, path.split('.')) : 'missing';
        const known = published(type, path, step);
        checked += values.length;
        return step === 'missing'
          ? [`${name}: ${path} does not exist`]
          : values
              .filter((value) => !known.includes(value))
              .map((value) => `${name}: ${path}: ${value} is none of ${known.join(', ')}`);
      }),
    );
    expect(wrong).toEqual([]);
    expect(checked).toBeGreaterThan(20);
  });
});

/** A value of a generated template: where it stands, and what AWS's schema says about it. */
interface Visited {
  readonly place: string;
  readonly type: string;
  readonly path: string;
  readonly step: Step;
  readonly value: Node;
}

/** Every property of every resource, except below JSON that the schema doesn't describe. */
function visitAll(): readonly Visited[] {
  return [...templates].flatMap(([template, document]) =>
    Object.entries(record(document.Resources)).flatMap(([id, resource]) => {
      const type = String(record(resource).Type);
      const schema = schemaOf(type);
      const place = `${template}: ${id} (${type})`;
      return Object.entries(record(record(resource).Properties)).flatMap(([key, value]) =>
        visit({ place, type, path: key, step: schema ? typeAt(schema, [key]) : 'missing', value }),
      );
    }),
  );
}

function visit(visited: Visited): readonly Visited[] {
  const { path, step, value } = visited;
  if (value instanceof Intrinsic) {
    // The branches of `!If` stand where the function stands; what other functions give is known to AWS only.
    return value.functionName === 'If'
      ? list(value.argument)
          .slice(1)
          .flatMap((branch) => visit({ ...visited, value: branch }))
      : [visited];
  }
  if (Array.isArray(value)) {
    return value.length === 0 ? [visited] : value.flatMap((entry) => visit({ ...visited, value: entry }));
  }
  if (typeof value !== 'object' || step === 'missing' || step.type === 'json') {
    return [visited];
  }
  return Object.entries(value).flatMap(([key, entry]) => {
    const next = isMap(step) ? elementOf(step) : stepInto(step, key);
    return visit({ ...visited, path: isMap(step) ? path : `${path}.${key}`, step: next, value: entry });
  });
}

const isMap = (type: PropertyType): boolean =>
  type.type === 'map' ||
  (type.type === 'union' && type.types.some(isMap) && !type.types.some(({ type: it }) => it === 'ref'));
const elementOf = (type: PropertyType): Step =>
  type.type === 'map'
    ? type.element
    : (type.type === 'union' && type.types.filter(isMap).map(elementOf)[0]) || 'missing';

describe('the generated templates', () => {
  test('contain types of the vocabulary only', () => {
    const known = new Set([...vocabulary.values()].map(({ type }) => type));
    const types = [...templates.values()].flatMap(({ Resources }) =>
      Object.values(record(Resources)).map((resource) => String(record(resource).Type)),
    );
    expect([...new Set(types)].filter((type) => !known.has(type))).toEqual([]);
    expect([...known].filter((type) => !types.includes(type))).toEqual([]);
  });

  test('set properties that exist, down to the last level', () => {
    const visited = visitAll();
    expect(visited.filter(({ step }) => step === 'missing').map(({ place, path }) => `${place}: ${path}`)).toEqual([]);
    expect(visited.length).toBeGreaterThan(500);
    expect(visited.filter(({ step }) => step !== 'missing' && step.type === 'json').length).toBeLessThan(
      visited.length / 4,
    );
  });

  test('set enumerated properties to published values, and the vocabulary knows all of those', () => {
    const enumerated = visitAll()
      .map((it) => ({ ...it, allowed: published(it.type, it.path, it.step) }))
      .filter(({ allowed }) => allowed.length > 0);
    expect(enumerated.length).toBeGreaterThan(50);
    const wrong = enumerated.filter(({ value, allowed }) => typeof value === 'string' && !allowed.includes(value));
    expect(wrong.map(({ place, path, value }) => `${place}: ${path}: ${value}`)).toEqual([]);

    const narrowed = new Set(
      [...vocabulary.values()].flatMap(({ type, allowedValues }) =>
        Object.keys(allowedValues).map((path) => `${type}: ${path}`),
      ),
    );
    const missing = enumerated.map(({ type, path }) => `${type}: ${path}`).filter((it) => !narrowed.has(it));
    expect([...new Set(missing)].sort()).toEqual([]);
  });
});
