import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A function of `lambda/`, and the file of its source. */
export interface FunctionSource {
  readonly name: string;
  readonly file: string;
}

/** Finds a function whose source can be changed; a route need not have any function. */
export async function findFunction(lambda: string): Promise<FunctionSource | undefined> {
  for (const name of (await readdir(lambda).catch(() => [])).sort()) {
    const folder = join(lambda, name);
    const files = await readdir(folder).catch(() => [] as string[]);
    const source = files.find((file) => /\.(m?js|cjs|py)$/.test(file) && !/(^test_|\.test\.)/.test(file));
    if (source !== undefined) {
      return { name, file: join(folder, source) };
    }
  }
  return undefined;
}

/** Adds a comment to the source of a function. */
export async function changeFunction({ file }: FunctionSource): Promise<void> {
  await appendFile(file, `\n${file.endsWith('.py') ? '#' : '//'} Changed by the rehearsal.\n`);
}

/** Kinds of resources that every template has some of, and whose description can change in place. */
const described = ['AWS::CodeBuild::Project', 'AWS::IAM::Role', 'AWS::Lambda::Function'];

/**
 * Describes roles, build projects and functions otherwise, as a commit might that changes them: so the stacks of
 * deploy.sh have to be deployed again, and those of the pipelines, too.
 *
 * @param generated folder of the generated templates
 * @returns the templates that have changed, without folder and extension
 */
export async function changeTemplates(generated: string): Promise<readonly string[]> {
  const changed: string[] = [];
  const files = (await readdir(generated, { recursive: true })).filter((file) => file.endsWith('.yaml')).sort();
  for (const file of files) {
    const before = await readFile(join(generated, file), 'utf8');
    const after = before.replace(
      new RegExp(`^( +)Type: (?:${described.join('|')})\\n(?:\\1.*\\n)+`, 'gm'),
      (resource, indent: string) =>
        resource.replace(new RegExp(`^(${indent}  Description: )\\w.*$`, 'm'), '$1Changed by the rehearsal'),
    );
    if (after !== before) {
      await writeFile(join(generated, file), after);
      changed.push(file.replace(/^.*[/]|\.yaml$/g, ''));
    }
  }
  return changed;
}
