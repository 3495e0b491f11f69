import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import {
  isStackPolicyText,
  render,
  stackPolicy,
  stackPolicyFile,
  stackPolicyText,
  type Template,
  TemplateError,
} from '../../templates-src/dsl';
import { buildScripts, buildScriptsList } from '../../templates-src/model/build-scripts';
import { functionPlatforms, functionPlatformsFile } from '../../templates-src/model/function-platforms';
import { isUploadedWhenLarge, needsTemplate } from '../../templates-src/model/stacks';
import type { Topology } from '../../templates-src/model/topology';
import { functionsIn } from '../../templates-src/model/workload';
import { messageOf } from '../lib/message';
import { writeFiles } from '../lib/write-files';
import { functionFolderProblems, lambdaFolder } from './function-folders';
import { type TemplateSource, templateSources } from './templates';

/** Where generated templates are committed. */
export const generatedFolder = join(__dirname, '..', '..', 'generated');

/** What a build does to one file. */
export interface PlannedFile {
  /** Absolute path. */
  readonly path: string;
  /** `unknown` is what lies where generated files do without being one: somebody's work, which stays as it is. */
  readonly change: 'created' | 'changed' | 'removed' | 'unchanged' | 'unknown';
  /** The new content; undefined for a file that stays as it is or is removed. */
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
export const generate = ({ path, make }: TemplateSource, topology: Topology): string => yamlOf(path, make(topology));

const yamlOf = (path: string, template: Template) =>
  render(
    template,
    [`${generatedFrom(sourceOf(path))} Do not edit:`, 'change the source, build again and commit both.'],
    isUploadedWhenLarge(path),
  );

const sourceOf = (template: string) => `templates-src/templates/${template}.ts`;

const generatedFrom = (source: string) => `Generated from ${source} by \`npm run build\`.`;

/** Whether a text in YAML says that it was generated from a source. */
export const isGeneratedFrom = (source: string, text: string): boolean => text.startsWith(`# ${generatedFrom(source)}`);

/**
 * Builds every template in memory and compares with what is there. One template is held at a time, and of an unchanged
 * file not even the text, so that memory grows with what changed only.
 *
 * @param sources what the generated files come from, those left out that the route doesn't need; by default all templates
 */
export function planBuild(topology: Topology, folder: string, sources = templateSources()): BuildPlan {
  const files: PlannedFile[] = [];
  const errors: string[] = [];
  for (const source of sources.filter(({ path }) => needsTemplate(topology, path))) {
    try {
      const template = source.make(topology);
      files.push(planFile(join(folder, `${source.path}.yaml`), yamlOf(source.path, template)));
      const policy = stackPolicy(template);
      if (policy !== undefined) {
        files.push(planFile(join(folder, stackPolicyFile(source.path)), stackPolicyText(policy)));
      }
    } catch (error) {
      errors.push(describe(source, error));
    }
  }
  const expected = new Set(files.map(({ path }) => path));
  expected.add(join(folder, functionPlatformsFile));
  expected.add(join(folder, buildScriptsList));
  // `npm run prove-access -- --markdown` writes generated/docs.
  const docs = join(folder, 'docs') + sep;
  const stray = filesBelow(folder).filter((path) => !expected.has(path) && !path.startsWith(docs));
  return {
    files: [...files, ...stray.map((path) => planStray(path, (text) => isOfBuild(folder, path, text)))],
    errors,
  };
}

/** Whether a build wrote a file there: a template says so, of the very path, and a stack policy has nothing else. */
const isOfBuild = (folder: string, path: string, text: string): boolean =>
  path.endsWith('.yaml')
    ? isGeneratedFrom(sourceOf(relative(folder, path).replace(/\.yaml$/, '')), text)
    : path.endsWith(stackPolicyFile('')) && isStackPolicyText(text);

/**
 * Plans the file that tells the packager what functions run on.
 *
 * @param lambda holds a folder for each function
 */
export const planFunctionPlatforms = (topology: Topology, folder: string, lambda = lambdaFolder): BuildPlan => ({
  files: [planFile(join(folder, functionPlatformsFile), functionPlatforms(functionsIn(topology.workloads)))],
  errors: functionFolderProblems(lambda, topology),
});

/** Plans the list of the scripts that builds run, whose hash the templates of pipelines name. */
export const planBuildScripts = (folder: string): BuildPlan => ({
  files: [planFile(join(folder, buildScriptsList), buildScripts().list)],
  errors: [],
});

/** What a build does to a file that has no source: one that an earlier build wrote goes, any other is not the build's. */
export const planStray = (path: string, isOfBuild: (text: string) => boolean): PlannedFile => ({
  path,
  change: isOfBuild(readFileSync(path, 'utf8')) ? 'removed' : 'unknown',
});

/** What a build does to a file that shall have this content. */
export function planFile(path: string, content: string): PlannedFile {
  const present = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  if (present === content) {
    return { path, change: 'unchanged' };
  }
  return { path, change: present === undefined ? 'created' : 'changed', content };
}

/**
 * Carries a plan out: writes all files or none, then removes what earlier builds wrote and no source is for, and folders
 * that are empty then.
 *
 * @throws Error when the plan has errors: a build that failed writes nothing at all
 */
export function applyBuild({ files, errors }: BuildPlan): void {
  if (errors.length > 0) {
    throw new Error(errors.join('\n'));
  }
  const contents = files.flatMap(({ path, content }) => (content === undefined ? [] : [[path, content] as const]));
  writeFiles('', new Map(contents));
  for (const { path, change } of files) {
    if (change === 'removed') {
      rmSync(path);
      removeEmpty(dirname(path));
    }
  }
}

function removeEmpty(folder: string): void {
  if (readdirSync(folder).length === 0) {
    rmdirSync(folder);
    removeEmpty(dirname(folder));
  }
}

/** Without hidden files, which file managers leave everywhere. */
function filesBelow(folder: string): readonly string[] {
  return existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true, encoding: 'utf8' })
        .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
        .map((entry) => join(entry.parentPath, entry.name))
        .sort()
    : [];
}

function describe({ path: template }: TemplateSource, error: unknown): string {
  const source = sourceOf(template);
  if (error instanceof TemplateError) {
    return error.problems.map(({ path, message }) => `${source}: ${path}: ${message}`).join('\n');
  }
  return `${source}: ${messageOf(error)}`;
}
