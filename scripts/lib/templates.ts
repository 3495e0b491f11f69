import { readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { Topology } from '../../templates-src/define-topology';
import type { Template } from '../../templates-src/dsl/template';

/** Where the sources of templates lie; the path of a source below it is the path of what it generates. */
export const templatesFolder = join(__dirname, '..', '..', 'templates-src', 'templates');

/** A module below `templates-src/templates`. */
interface TemplateModule {
  readonly default?: (topology: Topology) => Template;
}

/** Paths of all templates, without extension, in alphabetical order: `tooling/artifact-store`. */
export function templatePaths(): readonly string[] {
  return readdirSync(templatesFolder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => relative('.', file).split(sep).join('/').replace(/\.ts$/, ''))
    .sort();
}

/**
 * Loads one template for a topology.
 *
 * @throws Error when the module has no default export that makes a template
 */
export function loadTemplate(path: string, topology: Topology): Template {
  const { default: make } = require(join(templatesFolder, path)) as TemplateModule;
  if (typeof make !== 'function') {
    throw new Error(
      `templates-src/templates/${path}.ts: expected 'export default function (topology)' that returns a template`,
    );
  }
  return make(topology);
}

/** Loads all templates, by path. */
export function loadTemplates(topology: Topology): ReadonlyMap<string, Template> {
  return new Map(templatePaths().map((path) => [path, loadTemplate(path, topology)]));
}
