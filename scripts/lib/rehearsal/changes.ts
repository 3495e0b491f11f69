import { appendFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Adds a comment to the source of a function. @returns its name */
export async function changeFunction(lambda: string): Promise<string> {
  for (const name of (await readdir(lambda)).sort()) {
    const folder = join(lambda, name);
    const files = await readdir(folder).catch(() => [] as string[]);
    const source = files.find((file) => /\.(m?js|cjs|py)$/.test(file) && !/(^test_|\.test\.)/.test(file));
    if (source !== undefined) {
      await appendFile(join(folder, source), `\n${source.endsWith('.py') ? '#' : '//'} Changed by the rehearsal.\n`);
      return name;
    }
  }
  throw new Error(`${lambda} has no function that the rehearsal could change.`);
}
