import { findNodeAtLocation, parseTree } from 'jsonc-parser';
import { stacksOf, unneededTemplates } from '../../templates-src/model/stacks';
import {
  accountIdParameter,
  type Environment,
  type Topology,
  toolingAccount,
} from '../../templates-src/model/topology';
import { type FileTree, pathInTree } from './parameter-tree';

/** `dev/infrastructure.json` -> `infrastructure.json` */
export const fileName = (path: string) => path.slice(path.indexOf('/') + 1);

/** The names that files of an environment have, or had when the route had more templates. */
export const environmentFiles = (topology: Topology): ReadonlySet<string> =>
  new Set([
    ...stacksOf(topology)
      .filter(({ account }) => account !== toolingAccount)
      .map((stack) => fileName(pathInTree(stack))),
    ...unneededTemplates(topology).map((template) => `${fileName(template)}.json`),
  ]);

/** Files of templates that the route has no stacks of, in folders of accounts that it has. */
export const unneededFiles = (topology: Topology): readonly string[] =>
  unneededTemplates(topology).flatMap((template) =>
    (template.startsWith(`${toolingAccount}/`) ? [toolingAccount] : topology.environments.map(({ name }) => name)).map(
      (account) => `${account}/${fileName(template)}.json`,
    ),
  );

/** The environments of the topology that have files. */
export const environmentsWithFiles = ({ environments }: Topology, tree: FileTree): readonly Environment[] =>
  environments.filter(({ name }) => [...tree.keys()].some((path) => path.startsWith(`${name}/`)));

/**
 * Environments that have files, and that the topology doesn't have: in the order in which it had them, as far as the
 * account ids of the tooling account tell. Production was the last of them, if no environment that stayed is.
 */
export function goneEnvironments(topology: Topology, tree: FileTree): readonly Environment[] {
  const files = environmentFiles(topology);
  const known = [toolingAccount, ...topology.environments.map(({ name }) => name)];
  const folders = new Set(
    [...tree.keys()].flatMap((path) => {
      const folder = path.slice(0, path.indexOf('/'));
      return files.has(fileName(path)) && !known.includes(folder) ? [folder] : [];
    }),
  );
  const keys = [...tree].flatMap(([path, content]) =>
    path.startsWith(`${toolingAccount}/`) ? keysOf(Buffer.from(content).toString('utf8')) : [],
  );
  const rank = (name: string) => {
    const index = keys.indexOf(accountIdParameter({ name, approval: false }));
    return index < 0 ? keys.length : index;
  };
  const gone = [...folders].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const hasProduction = environmentsWithFiles(topology, tree).some(({ production }) => production);
  return gone.map((name, index) => ({
    name,
    approval: false,
    production: !hasProduction && index === gone.length - 1,
  }));
}

function keysOf(text: string): readonly string[] {
  const root = parseTree(text);
  const parameters = root && findNodeAtLocation(root, ['Parameters']);
  return (parameters?.children ?? []).flatMap(({ children }) => String(children?.[0]?.value ?? ''));
}
