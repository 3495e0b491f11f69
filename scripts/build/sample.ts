import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { writeFiles } from '../lib/write-files';

/**
 * The sample (orders), for whoever does not want it: its workload, its functions, and where `topology.ts` names it.
 */
const sample = {
  workload: 'templates-src/workloads/orders.ts',
  functions: ['lambda/order-events', 'lambda/orders-api'],
} as const;

const topologyFile = 'templates-src/topology.ts';

/**
 * Takes the sample out of a checkout: everything of it or nothing.
 *
 * @param root the checkout
 * @returns the paths that are gone, folders for what was in them; none when there is no sample any more
 * @throws Error when something of it is not committed, because it would be lost, and when `topology.ts` names it in a way
 *   that only a person can undo
 */
export function removeSample(root: string): readonly string[] {
  const there = [sample.workload, ...sample.functions].filter((path) => existsSync(join(root, path)));
  if (there.length === 0) {
    return [];
  }
  const changed = execFileSync('git', ['status', '--porcelain', '--', topologyFile, ...there], {
    cwd: root,
    encoding: 'utf8',
  }).trimEnd();
  if (changed !== '') {
    throw new Error(
      `found changes that are not committed, and would be lost:\n${changed}\nCommit them, or undo them, then run this again.`,
    );
  }
  const text = withoutSample(readFileSync(join(root, topologyFile), 'utf8'));
  const files = there.flatMap((path) => filesBelow(root, path));
  writeFiles(root, new Map([[topologyFile, text]]), files);
  return there;
}

/**
 * The text of `topology.ts` without the sample.
 *
 * @throws Error that says what to do by hand
 */
export function withoutSample(topology: string): string {
  const text = topology
    .replace(/^import \{ orders \} from '\.\/workloads\/orders';\n/m, '')
    .replace(/(\bworkloads: \[[^\]]*?)\borders\b(?:, *|(?=[\s\]]))/, '$1')
    .replace(/(\bworkloads: \[[^\]]*?), *\]/, '$1]');
  if (/\borders\b/.test(text)) {
    throw new Error(
      `${topologyFile}: found 'orders' in other places than its import and the list of workloads. ` +
        'Take it out there by hand, then run this again.',
    );
  }
  return text;
}

/** The files of a path, as paths below the root; caches and installed packages, too. */
function filesBelow(root: string, path: string): readonly string[] {
  const full = join(root, path);
  if (!existsSync(full)) {
    return [];
  }
  return path.endsWith('.ts')
    ? [path]
    : readdirSync(full, { recursive: true, withFileTypes: true, encoding: 'utf8' })
        .filter((entry) => !entry.isDirectory())
        .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}
