import { basename, dirname, join, relative } from 'node:path';
import { nearest } from '../../templates-src/model/likely-cause';
import { notInFile, type Stack, stacksOf } from '../../templates-src/model/stacks';
import { accountIdParameter, type Topology, toolingAccount } from '../../templates-src/model/topology';
import { loadTemplate } from '../build/templates';
import { environmentsWithFiles, goneEnvironments } from './environment-folders';
import { readParameterFile } from './parameter-file';
import { type FileTree, pathInTree } from './parameter-tree';
import {
  fileChecker,
  type ParameterDeclarations,
  type ParameterFile,
  type ParameterProblem,
  valuesOf,
} from './parameters';
import { problemsAcrossFiles } from './parameters-across-files';

/** The folder of the parameter files, as messages name it. */
export const parametersFolder = relative(process.cwd(), join(__dirname, '..', '..', 'parameters')) || '.';

/** The parameters of the template of every stack, by the template's path. */
export function loadDeclarations(topology: Topology): ReadonlyMap<string, ParameterDeclarations> {
  const templates = new Set(stacksOf(topology).map(({ template }) => template));
  return new Map([...templates].map((path) => [path, loadTemplate(path, topology).parameterDeclarations]));
}

/** What the check of all parameter files has found out. */
export interface CheckedParameters {
  /** File by file, line by line. */
  readonly problems: readonly ParameterProblem[];
  /** The files that are JSON, with the stack that each belongs to. */
  readonly files: readonly { readonly stack: Stack; readonly file: ParameterFile }[];
}

/**
 * Checks all parameter files: each by itself, then against each other.
 *
 * @param declarations The parameters of each template, by the template's path.
 * @param folder How messages name the folder that the tree was read from.
 */
export function checkParameters(
  topology: Topology,
  declarations: ReadonlyMap<string, ParameterDeclarations>,
  tree: FileTree,
  folder: string,
): CheckedParameters {
  const stacks = stacksOf(topology);
  const expected = stacks.map(pathInTree);
  const moved = changedEnvironments(topology, declarations, tree, folder);
  const strays = new Set([...tree.keys()].filter((path) => !expected.includes(path) && !moved.covers(path)));
  const problems: ParameterProblem[] = [];
  const files: { stack: Stack; file: ParameterFile }[] = [];
  const checkers = new Map<string, ReturnType<typeof fileChecker>>();
  for (const stack of stacks) {
    const declared = declarations.get(stack.template);
    if (declared === undefined) {
      throw new Error(`${stack.name}: no template ${stack.template}; topology.ts and templates-src/templates disagree`);
    }
    const fed = notInFile(stack);
    const check = checkers.get(stack.template) ?? fileChecker(declared, fed);
    checkers.set(stack.template, check);
    const path = pathInTree(stack);
    const content = tree.get(path);
    if (content === undefined && moved.covers(path)) {
      continue;
    }
    if (content === undefined) {
      const required = requiredOf(stack, declared);
      if (required.length > 0) {
        const meant = misnamed(path, strays);
        // It is reported as what it was meant to be, not as a stray, too.
        strays.delete(meant ?? '');
        problems.push({
          file: `${folder}/${path}`,
          found: 'no such file',
          rule: `the stack ${stack.name} needs it for ${required.join(', ')}`,
          likelyCause: meant === undefined ? undefined : `a misspelled name: there is ${folder}/${meant}`,
          whatToDo: meant === undefined ? 'run `npm run configure`, which creates it' : 'rename that file',
        });
      }
      continue;
    }
    const reading = readParameterFile(`${folder}/${path}`, content);
    problems.push(...reading.problems);
    if (reading.file !== undefined) {
      problems.push(...check(stack, reading.file).filter(({ key }) => !moved.parameters.has(key ?? '')));
      files.push({ stack, file: reading.file });
    }
  }
  problems.push(
    ...moved.problems,
    ...[...strays].flatMap((path) => strayFile(topology, expected, path, folder)),
    ...problemsAcrossFiles(topology, files, problems),
  );
  const rank = ({ file }: ParameterProblem) => {
    const index = expected.findIndex((path) => file === `${folder}/${path}`);
    return index < 0 ? expected.length : index;
  };
  return { files, problems: problems.sort((a, b) => rank(a) - rank(b) || (a.line ?? 0) - (b.line ?? 0)) };
}

/**
 * Account ids that are one digit repeated: the made-up ones that this repository comes with. AWS could assign them, so
 * this is no problem, but somebody should be told before they deploy.
 */
export function madeUpAccountIds({ files }: CheckedParameters): readonly string[] {
  const values = files.flatMap(({ file }) => Object.entries(valuesOf(file) ?? {}));
  return [
    ...new Set(
      values.flatMap(([key, value]) =>
        key.endsWith('AccountId') && typeof value === 'string' && /^(\d)\1{11}$/.test(value) ? [value] : [],
      ),
    ),
  ];
}

/** The parameters that a stack's file must hold. */
const requiredOf = (stack: Stack, declared: ParameterDeclarations = {}) =>
  Object.keys(declared).filter((name) => declared[name]?.Default === undefined && !notInFile(stack).includes(name));

/**
 * Environments that the topology has and the folder has not, or the other way round: a problem each, instead of one for
 * each file and account id.
 */
function changedEnvironments(
  topology: Topology,
  declarations: ReadonlyMap<string, ParameterDeclarations>,
  tree: FileTree,
  folder: string,
) {
  const there = environmentsWithFiles(topology, tree);
  const needing = stacksOf(topology).filter((stack) => requiredOf(stack, declarations.get(stack.template)).length > 0);
  const fresh = topology.environments.filter(
    (one) => !there.includes(one) && needing.some(({ account }) => account === one.name),
  );
  const gone = goneEnvironments(topology, tree);
  // Where there is no file at all, each is named with what it is needed for.
  const changed = there.length + gone.length === 0 ? [] : [...fresh, ...gone];
  return {
    covers: (path: string) => changed.some(({ name }) => path.startsWith(`${name}/`)),
    parameters: new Set(changed.map(accountIdParameter)),
    problems: changed.map(
      (environment): ParameterProblem => ({
        file: `${folder}/${environment.name}`,
        ...(gone.includes(environment)
          ? {
              found: 'files of an environment that templates-src/topology.ts does not have',
              rule: `the environments are ${topology.environments.map(({ name }) => name).join(', ')}`,
              likelyCause: 'it was renamed, or removed',
              whatToDo: 'run `npm run configure`, which moves them, or tells how to remove them',
            }
          : {
              found: 'no files',
              rule: `templates-src/topology.ts has the environment ${environment.name}`,
              whatToDo: 'run `npm run configure`, which makes them',
            }),
      }),
    ),
  };
}

/** The stray file in the same folder that was probably meant to have this path. */
function misnamed(path: string, strays: ReadonlySet<string>): string | undefined {
  const beside = [...strays].filter((stray) => dirname(stray) === dirname(path));
  const meant = nearest(
    basename(path),
    beside.map((stray) => basename(stray)),
  );
  return beside.find((stray) => basename(stray) === meant);
}

/** A JSON file that no stack reads: what somebody edits there never reaches AWS. */
function strayFile(
  { environments }: Topology,
  expected: readonly string[],
  path: string,
  folder: string,
): ParameterProblem[] {
  if (!path.toLowerCase().endsWith('.json')) {
    return [];
  }
  const accounts = [toolingAccount, ...environments.map(({ name }) => name)];
  const account = accounts.find((name) => path.startsWith(`${name}/`));
  const beside = expected.filter((other) => other.startsWith(`${account}/`)).map((other) => basename(other));
  return [
    {
      file: `${folder}/${path}`,
      found: 'a file that no stack reads',
      rule:
        account === undefined
          ? `files stand in the folders ${accounts.join(', ')}`
          : `the stacks of ${account} read ${beside.join(', ')}`,
      likelyCause:
        account !== undefined
          ? 'a template that was removed or renamed'
          : path.includes('/')
            ? 'an environment that was removed from templates-src/topology.ts, or renamed there'
            : undefined,
      whatToDo: 'remove it, or move it to where it is read',
    },
  ];
}
