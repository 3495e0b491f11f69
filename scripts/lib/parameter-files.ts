import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { notInFile, type Stack, type Topology, toolingAccount } from '../../templates-src/define-topology';
import { nearest } from '../../templates-src/likely-cause';
import {
  fileChecker,
  type ParameterDeclarations,
  type ParameterFile,
  type ParameterProblem,
  valuesOf,
} from '../../templates-src/parameters';
import { problemsAcrossFiles } from '../../templates-src/parameters-across-files';
import { stacksOf } from '../../templates-src/topology';
import { readParameterFile } from './parameter-file';
import { loadTemplate } from './templates';

/** The folder of the parameter files, as messages name it. */
export const parametersFolder = relative(process.cwd(), join(__dirname, '..', '..', 'parameters')) || '.';

/** The parameters of the template of every stack, by the template's path. */
export function loadDeclarations(topology: Topology): ReadonlyMap<string, ParameterDeclarations> {
  const templates = new Set(stacksOf(topology).map(({ template }) => template));
  return new Map([...templates].map((path) => [path, loadTemplate(path, topology).parameterDeclarations]));
}

/** The files below a folder of parameters: content by path (`tooling/artifact-store.json`). */
export type FileTree = ReadonlyMap<string, Uint8Array>;

/**
 * Reads all files below a folder.
 *
 * @returns An empty tree when there is no such folder.
 * @throws What the file system throws, which names the file.
 */
export function readFileTree(folder: string): FileTree {
  const tree = new Map<string, Uint8Array>();
  const read = (below: string) => {
    const entries = readdirSync(join(folder, below), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) {
        read(path);
      } else {
        tree.set(path, readFileSync(join(folder, path)));
      }
    }
  };
  try {
    read('');
  } catch (error) {
    if (tree.size > 0 || (error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw error;
    }
  }
  return tree;
}

/** The path of a stack's file below the folder of parameters. */
export function pathInTree({ parameters }: Stack): string {
  return parameters.replace(/^parameters\//, '');
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
  const strays = new Set([...tree.keys()].filter((path) => !expected.includes(path)));
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
    if (content === undefined) {
      const required = Object.keys(declared).filter(
        (name) => declared[name]?.Default === undefined && !fed.includes(name),
      );
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
      problems.push(...check(stack, reading.file));
      files.push({ stack, file: reading.file });
    }
  }
  problems.push(
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
