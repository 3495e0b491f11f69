import { mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Writes all files or none, as far as a file system allows: everything is first written beside its target under a
 * temporary name, then renamed; when a rename fails, those before it are undone. A reader never sees half a file. Whoever is
 * killed on the way leaves each file as it was or as it is to be, and what is left under temporary names goes next time.
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
      removeAbandoned(target);
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

/** Removes what runs that were killed have left beside a file. */
function removeAbandoned(target: string): void {
  for (const name of readdirSync(dirname(target)).filter((one) => one.startsWith(`${basename(target)}.`))) {
    const [, pid] = /^\.(\d+)\.tmp$/.exec(name.slice(basename(target).length)) ?? [];
    if (pid !== undefined && !isRunning(Number(pid))) {
      rmSync(join(dirname(target), name), { force: true });
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
