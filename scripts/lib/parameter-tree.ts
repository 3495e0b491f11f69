import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stack } from '../../templates-src/define-topology';

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
