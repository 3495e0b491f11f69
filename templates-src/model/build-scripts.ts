import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/**
 * What builds run: the files of `scripts/codebuild/`, in the version that the operator deployed a pipeline with. A build
 * that took them from the commit it works on would let the commit say what checks, publishes and deploys it.
 */
export interface BuildScripts {
  /** Paths below the folder, in order. */
  readonly files: readonly string[];
  /** Lines of `sha256sum`: the hash of each file, and its path. */
  readonly list: string;
  /** SHA-256 of the list, in hexadecimal: pins every file, however they are packed. */
  readonly version: string;
}

/** Where the list is generated, below `generated/`. */
export const buildScriptsList = 'tooling/codebuild-scripts.sha256';

const sha256 = (content: string | Buffer) => createHash('sha256').update(content).digest('hex');

/** What is there for the tests of the scripts only. */
const isOfTests = (path: string) =>
  /(^|\/)(test-support|__pycache__)\//.test(path) || /\.test\.ts$|(^|\/)(test_\w+|\w*fixture)\.py$|(^|\/)\./.test(path);

/** Where they are. */
export const buildScriptsSource = join(__dirname, '..', '..', 'scripts', 'codebuild');

/** Reads the scripts of a folder, by default this repository's. */
export function buildScripts(folder = buildScriptsSource): BuildScripts {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !isOfTests(path))
    .sort();
  const list = files.map((path) => `${sha256(readFileSync(join(folder, path)))}  ${path}\n`).join('');
  return { files, list, version: sha256(list) };
}

/** The folder of the packages' bucket that keeps the scripts. */
export const buildScriptsFolder = 'codebuild-scripts';

/** Under which key it keeps them: the name of their version, where nobody replaces them. */
export const buildScriptsKey = (version: string) => `${buildScriptsFolder}/${version}.tar.gz`;
