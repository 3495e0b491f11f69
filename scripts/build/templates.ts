import { readdirSync } from 'node:fs';
import { basename, join, sep } from 'node:path';
import { Template, TemplateError } from '../../templates-src/dsl';
import { needsTemplate } from '../../templates-src/model/stacks';
import type { Topology } from '../../templates-src/model/topology';

/** Where the sources of templates lie; the path of a source below it is the path of what it generates. */
export const templatesFolder = join(__dirname, '..', '..', 'templates-src', 'templates');

/** Makes a template for a topology; the default export of every module below `templates-src/templates`. */
export type MakeTemplate = (topology: Topology) => Template;

/** Where a generated file comes from. */
export interface TemplateSource {
  /** Below `templates-src/templates` and below `generated`, without extension: `tooling/artifact-store`. */
  readonly path: string;
  /** @throws TemplateError when the module does not make a template */
  readonly make: MakeTemplate;
}

/** Paths of all templates, without extension, in alphabetical order: `tooling/artifact-store`. */
export function templatePaths(): readonly string[] {
  return readdirSync(templatesFolder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /^[^.]+\.ts$/.test(basename(file)))
    .map((file) => file.split(sep).join('/').replace(/\.ts$/, ''))
    .sort();
}

/** Paths of the templates that a route has stacks of. */
export const neededPaths = (topology: Topology): readonly string[] =>
  templatePaths().filter((path) => needsTemplate(topology, path));

/** The sources of all generated files; a module is loaded when its template is made. */
export const templateSources = (): readonly TemplateSource[] =>
  templatePaths().map((path) => ({ path, make: (topology) => loadTemplate(path, topology) }));

/**
 * Loads one template for a topology.
 *
 * @throws TemplateError when the module does not make a template
 */
export const loadTemplate = (path: string, topology: Topology): Template =>
  makeFrom(require(join(templatesFolder, path)), topology);

/**
 * Makes the template of a module.
 *
 * @throws TemplateError when it has no default export that makes a template
 */
export function makeFrom(module: { readonly default?: unknown }, topology: Topology): Template {
  const make = module.default;
  const made: unknown = typeof make === 'function' ? make(topology) : undefined;
  if (!(made instanceof Template)) {
    const found = typeof make === 'function' ? 'found a function that does not return a template' : 'found none';
    const message = `${found}, expected 'export default function (topology: Topology): Template'`;
    throw new TemplateError([{ path: 'default export', message }]);
  }
  return made;
}
