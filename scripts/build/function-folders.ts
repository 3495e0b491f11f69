import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { nearest } from '../../templates-src/model/likely-cause';
import type { Topology } from '../../templates-src/model/topology';
import { functionsIn } from '../../templates-src/model/workload';

/** Where the code of functions lies. */
export const lambdaFolder = join(__dirname, '..', '..', 'lambda');

/** Characters of a role name of IAM. */
const roleNameLimit = 64;

/**
 * Holds the folders of `lambda/` against the workloads: folders without function, functions without folder, unusable
 * names.
 *
 * @param lambda stands for `lambda/`; each of its sub-folders is a function, as the packager sees it
 * @returns everything that is wrong, each with what to do
 */
export function functionFolderProblems(lambda: string, topology: Topology): readonly string[] {
  const { project, environments, workloads } = topology;
  const settings = functionsIn(workloads);
  const folders = existsSync(lambda)
    ? readdirSync(lambda, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== '__pycache__')
        .map(({ name }) => name)
        .sort()
    : [];
  const longestEnvironment = Math.max(...environments.map(({ name }) => name.length));
  const longestFolder = roleNameLimit - `${project}--workload-function-`.length - longestEnvironment;

  const problems: string[] = [];
  for (const folder of folders) {
    const path = `lambda/${folder}`;
    if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(folder)) {
      problems.push(
        `${path}: found the name '${folder}', expected lower-case letters, digits and single hyphens, a letter first; ` +
          'it becomes part of the names of a function and of parameters. Rename the folder.',
      );
      continue;
    }
    if (folder.length > longestFolder) {
      problems.push(
        `${path}: found a name of ${folder.length} characters, expected ${longestFolder} at the most; ` +
          `the name of its role in the environment with the longest name would have more than ${roleNameLimit}. ` +
          'Rename the folder.',
      );
    }
    if (!Object.hasOwn(settings, folder)) {
      const misspelt = nearest(
        folder,
        Object.keys(settings).filter((name) => !folders.includes(name)),
      );
      problems.push(
        `${path}: found no function of this name in the workloads of templates-src/topology.ts. ` +
          (misspelt === undefined
            ? `Add '${folder}' to a workload (a file of templates-src/workloads/ that topology.ts names), or remove the folder.`
            : `Is '${misspelt}' of a workload meant? Give both the same name.`),
      );
    }
  }
  for (const name of Object.keys(settings)) {
    if (!folders.includes(name)) {
      problems.push(
        `templates-src/topology.ts: found a workload with the function '${name}', but no folder lambda/${name}. ` +
          'Create the folder with the code, or take the function out of the workload.',
      );
    }
  }
  return problems;
}
