import { join } from 'node:path';
import { makeFrom, type TemplateSource, templatePaths, templatesFolder } from './templates';

/**
 * The sources of all generated files, for tests: vitest loads TypeScript with `import` only, and two copies of a module
 * (one loaded with `require`) would have two classes of everything.
 */
export const importTemplates = (): Promise<readonly TemplateSource[]> =>
  Promise.all(
    templatePaths().map(async (path): Promise<TemplateSource> => {
      const module: object = await import(join(templatesFolder, `${path}.ts`));
      return { path, make: (topology) => makeFrom(module, topology) };
    }),
  );
