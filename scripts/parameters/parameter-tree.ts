import { closeSync, openSync, readdirSync, readlinkSync, readSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Stack } from '../../templates-src/model/stacks';
import { LARGEST_FILE } from './parameter-file';
import { describeProblems, type ParameterProblem } from './parameters';

/** The files below a folder of parameters: content by path (`tooling/artifact-store.json`). */
export type FileTree = ReadonlyMap<string, Uint8Array>;

/** What stands in a folder of parameters and cannot be read; so nothing of the folder is judged. */
export class UnreadableParameters extends Error {
  constructor(readonly problems: readonly ParameterProblem[]) {
    super(describeProblems(problems));
  }
}

/**
 * Reads all files below a folder, of each one byte more than a parameters file may have.
 *
 * Names that begin with a dot are not parameters, but what editors and systems leave: among them the lock files of Emacs
 * (`.#dev.json`), which are links to nowhere. The pipeline leaves them out, too.
 *
 * @returns An empty tree when there is no such folder.
 * @throws UnreadableParameters that names everything that can't be read.
 */
export function readFileTree(folder: string): FileTree {
  const tree = new Map<string, Uint8Array>();
  const problems: ParameterProblem[] = [];
  const read = (path: string, above: readonly string[]) => {
    const place = path === '' ? folder : join(folder, path);
    try {
      const stat = statSync(place);
      if (stat.isDirectory()) {
        const here = realpathSync(place);
        if (above.includes(here)) {
          throw Object.assign(new Error(), { code: 'ELOOP' });
        }
        const names = readdirSync(place).filter((name) => !name.startsWith('.'));
        for (const name of names.sort()) {
          read(path === '' ? name : `${path}/${name}`, [...above, here]);
        }
      } else if (!stat.isFile() || path === '') {
        // A pipe or a device: reading it could last for ever.
        throw Object.assign(new Error(), { code: 'ENOTREG' });
      } else {
        tree.set(path, readBeginning(place));
      }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) {
        throw error;
      }
      if (path !== '' || code !== 'ENOENT') {
        problems.push(unreadable(place, code));
      }
    }
  };
  read('', []);
  if (problems.length > 0) {
    throw new UnreadableParameters(problems);
  }
  return tree;
}

function readBeginning(path: string): Uint8Array {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(Math.min(statSync(path).size, LARGEST_FILE + 1));
    return buffer.subarray(0, readSync(file, buffer));
  } finally {
    closeSync(file);
  }
}

function unreadable(file: string, code: string): ParameterProblem {
  const rule = 'what stands among the parameter files must be a file or a folder that can be read';
  const target = linkTarget(file);
  switch (code) {
    case 'ENOENT':
      return {
        file,
        found: `a link to ${target}, which does not exist`,
        rule,
        likelyCause: 'what it led to was moved or removed, or was not checked out',
        whatToDo: 'remove the link, or put back what it led to',
      };
    case 'ELOOP':
      return { file, found: `a link to ${target}, which leads back to itself`, rule, whatToDo: 'remove the link' };
    case 'ENOTREG':
      return { file, found: 'neither a file nor a folder', rule, whatToDo: 'remove it' };
    case 'EACCES':
    case 'EPERM':
      return {
        file,
        found: `something that must not be read (${code})`,
        rule,
        likelyCause: 'it belongs to somebody else, or was written by root',
        whatToDo: `let it be read: chmod u+r, or chown; ls -ld ${file} says whose it is`,
      };
    default:
      return {
        file,
        found: `something that cannot be read (${code})`,
        rule,
        whatToDo: 'make it readable, or remove it',
      };
  }
}

function linkTarget(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return 'somewhere';
  }
}

/** The path of a stack's file below the folder of parameters. */
export function pathInTree({ parameters }: Stack): string {
  return parameters.replace(/^parameters\//, '');
}
