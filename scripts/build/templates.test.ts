import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { TemplateError, template } from '../../templates-src/dsl';
import { stacksOf } from '../../templates-src/model/stacks';
import { topology } from '../../templates-src/topology.fixture';
import { makeFrom, templatePaths, templatesFolder } from './templates';
import { importTemplates } from './templates.fixture';

test('every module below templates/ is a template, tests and fixtures apart', () => {
  const paths = templatePaths();
  expect(paths).toContain('tooling/artifact-store');
  expect(paths).toEqual([...paths].sort());
  const modules = readdirSync(templatesFolder, { recursive: true, encoding: 'utf8' }).filter((it) =>
    it.endsWith('.ts'),
  );
  expect(modules.some((it) => it.endsWith('.test.ts'))).toBe(true);
  expect(paths.filter((path) => path.includes('test') || !existsSync(join(templatesFolder, `${path}.ts`)))).toEqual([]);
});

test('every stack of the topology has a template, and every template a stack', () => {
  const deployed = new Set(stacksOf(topology).map((stack) => stack.template));
  expect([...deployed].sort()).toEqual(templatePaths());
});

test('every template makes a template for the topology', async () => {
  for (const { path, make } of await importTemplates()) {
    expect(make(topology).resourceIds.size, path).toBeGreaterThan(0);
  }
});

describe('a module that makes no template is a problem that says what is expected:', () => {
  test.each<[string, { readonly default?: unknown }]>([
    ['no default export', {}],
    ['a default export that is no function', { default: template('A template, not a function that makes one') }],
    ['a function that forgets to return', { default: () => {} }],
    ['a function that returns something else', { default: () => ({ Resources: {} }) }],
  ])('%s', (_, module) => {
    expect(() => makeFrom(module, topology)).toThrow(TemplateError);
    expect(() => makeFrom(module, topology)).toThrow(
      /^default export: found .*, expected 'export default function \(topology: Topology\): Template'$/,
    );
  });
});
