import { findNodeAtLocation, parseTree } from 'jsonc-parser';
import { stacksOf } from '../../templates-src/model/stacks';
import {
  accountIdParameter,
  type Environment,
  type Topology,
  toolingAccount,
} from '../../templates-src/model/topology';
import {
  environmentFiles,
  environmentsWithFiles,
  fileName,
  goneEnvironments,
  unneededFiles,
} from './environment-folders';
import { LARGEST_FILE } from './parameter-file';
import { type FileTree, pathInTree } from './parameter-tree';

/** Where the files of an environment come from that had none, or not all of them. */
export interface Origin {
  readonly environment: string;
  /** An environment that the topology has, or one that it had. */
  readonly from: string;
  /** `moved`: the environment was renamed, and its account with it. `copied`: another one, of another account. */
  readonly how: 'moved' | 'copied';
}

/** The files where they belong; their values are still those of where they came from. */
export interface Arrangement {
  readonly tree: FileTree;
  readonly origins: readonly Origin[];
  /** The path that a file had, by the path that it has now; for files that were moved or copied. */
  readonly from: ReadonlyMap<string, string>;
  /** Parameters that got another name because their environment did, by file. */
  readonly renamed: ReadonlyMap<string, readonly (readonly [before: string, now: string])[]>;
  /** Files of environments and templates that the topology no longer has. */
  readonly leftOver: readonly string[];
}

/** Asks a person. */
export type Ask = (question: string) => Promise<string>;

/** What an arrangement is made of. */
export interface Arranging {
  readonly topology: Topology;
  readonly tree: FileTree;
  /** The environment that a new one is to be like; under '' for all that are not named. */
  readonly like: ReadonlyMap<string, string>;
  readonly ask: Ask | undefined;
}

/**
 * Finds the files of environments that have none: those of an environment that was renamed, else copies of those that
 * the new one is most like.
 *
 * Nobody tells that an environment was renamed. Where one is gone and one is new that are both production, or both not,
 * the new name is taken for the name of the old one; on a terminal a person is asked.
 */
export async function arrange(arranging: Arranging): Promise<Arrangement> {
  const { topology, tree } = arranging;
  const gone = goneEnvironments(topology, tree);
  const origins = await findOrigins(arranging, gone);
  const moved = origins.filter(({ how }) => how === 'moved');
  const from = new Map<string, string>();
  for (const stack of stacksOf(topology)) {
    const origin = origins.find(({ environment }) => environment === stack.account);
    const path = pathInTree(stack);
    const source = origin && `${origin.from}${path.slice(path.indexOf('/'))}`;
    if (source !== undefined && tree.has(source) && !tree.has(path)) {
      from.set(path, source);
    }
  }
  const leaves = new Set(
    [...from]
      .filter(([path]) => moved.some(({ environment }) => path.startsWith(`${environment}/`)))
      .map(([, it]) => it),
  );
  const { texts, renamed } = renameParameters(tree, moved);
  const names = environmentFiles(topology);
  const unneeded = unneededFiles(topology);
  return {
    tree: new Map([
      ...[...tree].filter(([path]) => !leaves.has(path)),
      ...texts,
      ...[...from].map(([path, source]) => [path, tree.get(source) as Uint8Array] as const),
    ]),
    origins: origins.filter(({ environment }) => [...from.keys()].some((path) => path.startsWith(`${environment}/`))),
    from,
    renamed,
    leftOver: [...tree.keys()].filter(
      (path) =>
        unneeded.includes(path) ||
        (gone.some(({ name }) => path.startsWith(`${name}/`)) && names.has(fileName(path)) && !leaves.has(path)),
    ),
  };
}

/** Names that an environment can be like, for messages. */
export function models({ topology, tree }: Pick<Arranging, 'topology' | 'tree'>): readonly string[] {
  return [...environmentsWithFiles(topology, tree), ...goneEnvironments(topology, tree)].map(({ name }) => name);
}

async function findOrigins(
  { topology, tree, like, ask }: Arranging,
  gone: readonly Environment[],
): Promise<readonly Origin[]> {
  const there = environmentsWithFiles(topology, tree);
  const fresh = topology.environments.filter((one) => !there.includes(one));
  const named = (environment: Environment) => like.get(environment.name) ?? like.get('');
  const origins: Origin[] = [];
  for (const production of [false, true]) {
    const ofThisKind = (one: Environment) => (one.production === true) === production;
    const before = gone.filter(ofThisKind);
    const now = fresh.filter((one) => ofThisKind(one) && named(one) === undefined);
    for (const [index, environment] of now.entries()) {
      const old = before[index];
      if (old !== undefined && (await isRenamed(old, environment, ask))) {
        origins.push({ environment: environment.name, from: old.name, how: 'moved' });
      }
    }
  }
  const settled = topology.environments.filter(
    (one) => there.includes(one) || origins.some(({ environment }) => environment === one.name),
  );
  for (const environment of topology.environments) {
    if (origins.some((origin) => origin.environment === environment.name)) {
      continue;
    }
    const candidates = settled.length > 0 ? settled : gone;
    const isNew = fresh.includes(environment);
    const model =
      (isNew ? named(environment) : undefined) ??
      (await chosen(environment, nearest(topology, environment, candidates), candidates, isNew ? ask : undefined));
    if (model !== undefined) {
      // The files of one that was renamed are still below its old name.
      const from = origins.find((origin) => origin.environment === model && origin.how === 'moved')?.from ?? model;
      origins.push({ environment: environment.name, from, how: 'copied' });
    }
  }
  return origins;
}

async function isRenamed(old: Environment, environment: Environment, ask: Ask | undefined): Promise<boolean> {
  const question = `${environment.name} is new, and ${old.name} is gone. Is ${environment.name} a new name of ${old.name}? [Y/n] `;
  return ask === undefined || !/^\s*n/i.test(await ask(question));
}

async function chosen(
  { name }: Environment,
  model: Environment | undefined,
  candidates: readonly Environment[],
  ask: Ask | undefined,
): Promise<string | undefined> {
  if (ask === undefined || model === undefined || candidates.length < 2) {
    return model?.name;
  }
  const names = candidates.map((candidate) => candidate.name);
  for (;;) {
    const answer = (await ask(`Which one is ${name} most like: ${names.join(', ')}? [${model.name}] `)).trim();
    if (answer === '' || names.includes(answer)) {
      return answer || model.name;
    }
  }
}

/** The environment that one is most like: production or not first, then the distance in the chain. */
function nearest(
  { environments }: Topology,
  environment: Environment,
  candidates: readonly Environment[],
): Environment | undefined {
  const place = (one: Environment) => environments.findIndex(({ name }) => name === one.name);
  const distance = (one: Environment) =>
    ((one.production === true) === (environment.production === true) ? 0 : environments.length) +
    Math.abs(place(one) - place(environment));
  return candidates
    .filter((one) => one !== environment)
    .reduce<Environment | undefined>(
      (best, one) => (best === undefined || distance(one) < distance(best) ? one : best),
      undefined,
    );
}

/** The parameters with the account ids of renamed environments get the new name, where they stand. */
function renameParameters(tree: FileTree, moved: readonly Origin[]) {
  const texts = new Map<string, Uint8Array>();
  const renamed = new Map<string, (readonly [string, string])[]>();
  for (const [path, content] of tree) {
    let text = Buffer.from(content).toString('utf8');
    const lines: (readonly [string, string])[] = [];
    // Of a file that is too large the tree has the beginning alone; it is refused, and must not be written.
    const isFile = path.startsWith(`${toolingAccount}/`) && content.length <= LARGEST_FILE;
    for (const { environment, from } of isFile ? moved : []) {
      const before = accountIdParameter({ name: from, approval: false });
      const now = accountIdParameter({ name: environment, approval: false });
      const key = propertyKey(text, before);
      if (key !== undefined && propertyKey(text, now) === undefined) {
        text = `${text.slice(0, key.offset)}${JSON.stringify(now)}${text.slice(key.offset + key.length)}`;
        lines.push([before, now]);
      }
    }
    if (lines.length > 0) {
      texts.set(path, Buffer.from(text));
      renamed.set(path, lines);
    }
  }
  return { texts, renamed };
}

/** Where the name of a parameter stands in a file. */
function propertyKey(text: string, name: string) {
  const root = parseTree(text);
  return root && findNodeAtLocation(root, ['Parameters', name])?.parent?.children?.[0];
}
