import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { parseTemplate, type TemplateDocument } from '../lib/template/document';
import { type LineOf, linesOf } from '../lib/template/lines';
import type { Finding } from './finding';

/** A template as the checks read it: intrinsic functions are objects with one key (`Fn::Sub`). */
export interface CheckedTemplate {
  /** Path below the checked folder, with `/`: `tooling/artifact-store.yaml`. */
  readonly path: string;
  /** Path of the file. */
  readonly file: string;
  readonly text: string;
  readonly document: TemplateDocument;
  readonly lineOf: LineOf;
}

/** The templates of a folder; what can't be read is a finding. */
export interface LoadedTemplates {
  readonly templates: readonly CheckedTemplate[];
  readonly unreadable: readonly Finding[];
}

/** The YAML files below a folder, with `/`, in alphabetical order. */
export function templateFilesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter((entry: Dirent) => entry.isFile() && entry.name.endsWith('.yaml'))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

/** Reads all templates below a folder. */
export function loadTemplates(folder: string): LoadedTemplates {
  const templates: CheckedTemplate[] = [];
  const unreadable: Finding[] = [];
  for (const path of templateFilesBelow(folder)) {
    const file = join(folder, path);
    try {
      templates.push(parseChecked(path, file, readFileSync(file, 'utf8')));
    } catch (error) {
      unreadable.push({
        tool: 'rules',
        rule: 'templates-are-readable',
        severity: 'error',
        template: path,
        line: 1,
        message: (error as Error).message,
        why: 'Scanners pass over what they cannot read, and an unread template looks like a clean one.',
        fix: 'Run `npm run build`, and make the source give a template with Resources.',
      });
    }
  }
  return { templates, unreadable };
}

/**
 * Reads one template.
 *
 * @throws Error when the text is no template
 */
export function parseChecked(path: string, file: string, text: string): CheckedTemplate {
  const document = parseTemplate(text, path);
  for (const [id, resource] of Object.entries(document.Resources)) {
    if (typeof resource?.Type !== 'string') {
      throw new Error(`${path}: Resources.${id}: expected a resource with a Type, found none`);
    }
  }
  return { path, file, text, document, lineOf: linesOf(text, path) };
}
