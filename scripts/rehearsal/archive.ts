import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const program = join(__dirname, 'archive.py');

/**
 * Packs files of a folder into a zip.
 *
 * @param patterns as in a buildspec's `artifacts.files`: two asterisks, a slash and one more for all files, hidden ones too
 * @throws Error when no file matches
 */
export async function pack(folder: string, patterns: readonly string[]): Promise<Buffer> {
  return withArchive(async (archive) => {
    try {
      await run('python3', ['-B', program, 'pack', archive, folder, ...patterns]);
    } catch (error) {
      if ((error as { code?: unknown }).code === 3) {
        throw new Error(`found no file that matches ${patterns.join(' or ')}`);
      }
      throw error;
    }
    return readFile(archive);
  });
}

/** Unpacks a zip into a folder, which is made if it is not there. */
export async function unpack(zip: Uint8Array, folder: string): Promise<void> {
  await withArchive(async (archive) => {
    await writeFile(archive, zip);
    await mkdir(folder, { recursive: true });
    await run('python3', ['-B', program, 'unpack', archive, folder]);
  });
}

async function withArchive<Result>(work: (archive: string) => Promise<Result>): Promise<Result> {
  const directory = await mkdtemp(join(tmpdir(), 'rehearsal-archive-'));
  try {
    return await work(join(directory, 'artifact.zip'));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
