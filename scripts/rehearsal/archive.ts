import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { outputOf, run } from '../lib/run';

const program = join(__dirname, 'archive.py');

/**
 * Packs files of a folder into a zip.
 *
 * @param patterns as in a buildspec's `artifacts.files`: two asterisks, a slash and one more for all files, hidden ones too
 * @throws Error when no file matches
 */
export async function pack(folder: string, patterns: readonly string[]): Promise<Buffer> {
  return withArchive(async (archive) => {
    const ended = await run('python3', ['-B', program, 'pack', archive, folder, ...patterns]);
    if (ended?.code === 3) {
      throw new Error(`found no file that matches ${patterns.join(' or ')}`);
    }
    if (ended?.code !== 0) {
      throw new Error(`python3 could not pack ${folder}: ${ended?.stderr.trim() ?? 'there is no python3'}`);
    }
    return readFile(archive);
  });
}

/** Unpacks a zip into a folder, which is made if it is not there. */
export async function unpack(zip: Uint8Array, folder: string): Promise<void> {
  await withArchive(async (archive) => {
    await writeFile(archive, zip);
    await mkdir(folder, { recursive: true });
    await outputOf('python3', ['-B', program, 'unpack', archive, folder]);
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
