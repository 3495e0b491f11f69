import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Writes all files or none, as far as a file system allows: everything is first written beside its target under a
 * temporary name, then renamed; when a rename fails, those before it are undone. A reader never sees half a file.
 *
 * @param files Texts by path below the folder; folders that are missing are made.
 * @throws What the file system throws.
 */
export function writeFiles(folder: string, files: ReadonlyMap<string, string>): void {
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
  } catch (error) {
    for (const step of undo) {
      step();
    }
    throw error;
  }
}
