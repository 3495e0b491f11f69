import { mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Writes all files or none, as far as a file system allows: everything is first written beside its target under a
 * temporary name, then renamed; when a rename fails, those before it are undone. A reader never sees half a file.
 *
 * @param files Texts by path below the folder; folders that are missing are made.
 * @param removed Paths of files that go, once all others are written, and their folders with them if nothing else is there.
 * @throws What the file system throws.
 */
export function writeFiles(folder: string, files: ReadonlyMap<string, string>, removed: readonly string[] = []): void {
  const undo: (() => void)[] = [];
  try {
    const staged = [...files].map(([path, text]) => {
      const target = join(folder, path);
      const temporary = `${target}.${process.pid}.tmp`;
      mkdirSync(dirname(target), { recursive: true });
      const mode = statSync(target, { throwIfNoEntry: false })?.mode;
      undo.push(() => rmSync(temporary, { force: true }));
      writeFileSync(temporary, text, mode === undefined ? {} : { mode });
      return { target, temporary, before: mode === undefined ? undefined : readFileSync(target) };
    });
    for (const { target, temporary, before } of staged) {
      renameSync(temporary, target);
      undo.push(() => (before === undefined ? rmSync(target) : writeFileSync(target, before)));
    }
    for (const path of removed.map((one) => join(folder, one))) {
      const before = readFileSync(path);
      rmSync(path);
      undo.push(() => writeFileSync(path, before));
    }
  } catch (error) {
    for (const step of undo) {
      step();
    }
    throw error;
  }
  for (const path of new Set(removed.map((one) => dirname(join(folder, one))))) {
    if (readdirSync(path).length === 0) {
      rmdirSync(path);
    }
  }
}
