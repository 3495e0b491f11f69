import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Topology } from '../../templates-src/define-topology';
import { TemplateError } from '../../templates-src/dsl/problems';
import { render } from '../../templates-src/dsl/render';
import { loadTemplate, templatePaths } from './templates';

/** Where generated templates are committed. */
export const generatedFolder = join(__dirname, '..', '..', 'generated');

/** What a build does to one file. */
export interface PlannedFile {
  /** Absolute path. */
  readonly path: string;
  readonly change: 'created' | 'changed' | 'removed' | 'unchanged';
  /** The new content; undefined for a file that is removed. */
  readonly content?: string;
}

/** What a build would do, and why it can't. */
export interface BuildPlan {
  readonly files: readonly PlannedFile[];
  /** All problems of all templates; when there are any, nothing may be written. */
  readonly errors: readonly string[];
}

/**
 * The YAML of one template.
 *
 * @throws TemplateError with all problems of the template
 */
export function generate(path: string, topology: Topology): string {
  const header = [
    `Generated from templates-src/templates/${path}.ts by \`npm run build\`. Do not edit:`,
    'change the source, build again and commit both.',
  ];
  return render(loadTemplate(path, topology), header);
}

/**
 * Builds every template in memory and compares with what is there. One template is held at a time, so that memory
 * doesn't grow with their number.
 */
export function planBuild(topology: Topology, folder: string): BuildPlan {
  const files: PlannedFile[] = [];
  const errors: string[] = [];
  for (const template of templatePaths()) {
    try {
      files.push(planFile(join(folder, `${template}.yaml`), generate(template, topology)));
    } catch (error) {
      errors.push(describe(template, error));
    }
  }
  const expected = new Set(files.map(({ path }) => path));
  const stray = filesBelow(folder).filter((path) => path.endsWith('.yaml') && !expected.has(path));
  return { files: [...files, ...stray.map((path) => ({ path, change: 'removed' as const }))], errors };
}

/** What a build does to a file that shall have this content. */
export function planFile(path: string, content: string): PlannedFile {
  const present = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  const change = present === undefined ? 'created' : present === content ? 'unchanged' : 'changed';
  return { path, change, content };
}

/** Carries a plan out. Every file is written under a temporary name first, so that none is ever half written. */
export function applyBuild({ files }: BuildPlan): void {
  for (const { path, change, content } of files) {
    if (change === 'removed') {
      rmSync(path);
      if (readdirSync(dirname(path)).length === 0) {
        rmdirSync(dirname(path));
      }
    } else if (change !== 'unchanged' && content !== undefined) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(`${path}.tmp`, content);
      renameSync(`${path}.tmp`, path);
    }
  }
}

function filesBelow(folder: string): readonly string[] {
  return existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true, encoding: 'utf8' })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
    : [];
}

function describe(template: string, error: unknown): string {
  const source = `templates-src/templates/${template}.ts`;
  if (error instanceof TemplateError) {
    return error.problems.map(({ path, message }) => `${source}: ${path}: ${message}`).join('\n');
  }
  return `${source}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
