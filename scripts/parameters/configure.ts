import { printable } from '../../templates-src/model/likely-cause';
import { stacksOf } from '../../templates-src/model/stacks';
import type { Topology } from '../../templates-src/model/topology';
import { UsageError } from '../lib/command';
import { type Answers, type Setting, settingsOf } from './configure-settings';
import { type ConfiguredFiles, configuredFiles } from './configured-files';
import { type Arrangement, type Ask, arrange, models } from './environment-files';
import { type Reading, readParameterFile } from './parameter-file';
import { type CheckedParameters, checkParameters, madeUpAccountIds } from './parameter-files';
import { type FileTree, pathInTree } from './parameter-tree';
import {
  describeProblems,
  type ParameterDeclarations,
  type ParameterProblem,
  problemOfValue,
  valuesOf,
} from './parameters';

/** Where `configure` works, and what it can't do without knowing the world. */
export interface Configuration {
  readonly topology: Topology;
  /** The parameters of each template, by the template's path. */
  readonly declarations: ReadonlyMap<string, ParameterDeclarations>;
  readonly tree: FileTree;
  /** How messages name the folder that the tree was read from. */
  readonly folder: string;
  /** Values given by flags. */
  readonly answers: Answers;
  /** As in {@link Flags}. */
  readonly like: ReadonlyMap<string, string>;
  readonly removes: boolean;
  /** Where a person can be asked, if there is one. */
  readonly ask: Ask | undefined;
  /** Shows what happens. */
  readonly tell: (message: string) => void;
}

/** What has to be written. */
export interface Configured {
  /** The files that change, with their new text, by path. */
  readonly changes: ReadonlyMap<string, string>;
  /** The files that go. */
  readonly removals: readonly string[];
  /** What is new in them, line by line. */
  readonly report: readonly string[];
  /** What no stack reads and nobody wanted removed, line by line. */
  readonly leftOver: readonly string[];
  /** Account ids that are still those of this repository. */
  readonly madeUpAccountIds: readonly string[];
}

/** Problems of the parameter files; nothing may be written. */
export class ParameterError extends Error {
  constructor(readonly problems: readonly ParameterProblem[]) {
    super(describeProblems(problems));
  }
}

/**
 * Finds out what the parameter files have to be: those that the topology asks for, with the given values, or what a
 * person answers, in every file.
 *
 * Everything else in the files stays as it is, layout included. Present values are the defaults, so that one flag
 * changes one thing. What the topology asks for no longer is named, and goes when somebody wants it to.
 *
 * @throws UsageError when values are wrong, or missing with nobody to ask; ParameterError when a file would be refused.
 */
export async function configure(configuration: Configuration): Promise<Configured> {
  const { topology, declarations, tree, folder, like, ask } = configuration;
  refuseUnknownModels(configuration);
  const arrangement = await arrange({ topology, tree, like, ask });
  const files = filesOf(configuration, arrangement);
  const unreadable = [...files.values()].flatMap(({ problems }) => problems);
  if (unreadable.length > 0) {
    throw new ParameterError(unreadable);
  }
  const settings = settingsOf(topology);
  const chosen = await completed(configuration, settings, files);
  const ingredients = { topology, declarations, folder, arrangement, files, chosen };
  const given = new Map<string, Record<string, string>>();
  let configured = configuredFiles({ ...ingredients, given });
  let checked = checkWithout(configuration, arrangement, configured);
  if (ask !== undefined && (await askForMissing(configuration, checked, given))) {
    configured = configuredFiles({ ...ingredients, given });
    checked = checkWithout(configuration, arrangement, configured);
  }
  if (checked.problems.length > 0) {
    throw new ParameterError(checked.problems.map((problem) => unknowable(configuration, arrangement, problem)));
  }
  const { texts, without, undeclared, report } = configured;
  const leftOver = [...arrangement.leftOver.map((path) => `${folder}/${path}`), ...undeclared];
  const removes = leftOver.length > 0 && (await isToGo(configuration, leftOver));
  const wanted = removes ? without : texts;
  return {
    changes: new Map([...wanted].filter(([path, text]) => tree.get(path) === undefined || textOf(tree, path) !== text)),
    removals: [
      ...[...tree.keys()].filter((path) => !arrangement.tree.has(path)),
      ...(removes ? arrangement.leftOver : []),
    ],
    report: [...report, ...(removes ? leftOver.map((one) => `Removed ${one}`) : [])],
    leftOver: removes ? [] : leftOver,
    madeUpAccountIds: madeUpAccountIds(checked),
  };
}

/** The check, without what is left over: that is refused, but no reason to leave the others as they are. */
function checkWithout(
  { topology, declarations, folder }: Configuration,
  { tree, leftOver }: Arrangement,
  { without }: ConfiguredFiles,
): CheckedParameters {
  const after = new Map([
    ...[...tree].filter(([path]) => !leftOver.includes(path)),
    ...[...without].map(([path, text]): [string, Uint8Array] => [path, Buffer.from(text)]),
  ]);
  return checkParameters(topology, declarations, after, folder);
}

/** Asks for the values that nothing tells. @returns whether there were any */
async function askForMissing(
  { topology, declarations, folder, ask, tell }: Configuration,
  { problems }: CheckedParameters,
  given: Map<string, Record<string, string>>,
): Promise<boolean> {
  for (const { file, key, found } of problems) {
    const stack = stacksOf(topology).find((candidate) => `${folder}/${pathInTree(candidate)}` === file);
    const declaration = declarations.get(stack?.template ?? '')?.[key ?? ''];
    if (found !== 'no value' || stack === undefined || key === undefined || declaration === undefined) {
      continue;
    }
    for (;;) {
      const value = ((await ask?.(`${declaration.Description} (${key} in ${file}): `)) ?? '').trim();
      const problem = problemOfValue(declaration, value);
      if (problem === undefined) {
        given.set(pathInTree(stack), { ...given.get(pathInTree(stack)), [key]: value });
        break;
      }
      tell(`  found ${problem.found}; ${problem.rule}`);
    }
  }
  return given.size > 0;
}

const textOf = (tree: FileTree, path: string) => Buffer.from(tree.get(path) ?? []).toString('utf8');

function refuseUnknownModels({ topology, tree, like }: Configuration): void {
  const names = models({ topology, tree });
  const unknown = [...like.values()].filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    throw new UsageError(
      `--like: found no files of ${unknown.join(', ')}; there are those of ${names.join(', ') || 'no environment'}`,
    );
  }
}

async function isToGo({ removes, ask, tell }: Configuration, leftOver: readonly string[]): Promise<boolean> {
  if (removes || ask === undefined) {
    return removes;
  }
  tell(`No stack reads these any more:\n${leftOver.map((one) => `  ${one}`).join('\n')}`);
  return /^\s*y/i.test(await ask('Remove them? [y/N] '));
}

/** The files of all stacks that have one, by path. */
function filesOf({ topology, folder }: Configuration, { tree, from }: Arrangement): ReadonlyMap<string, Reading> {
  return new Map(
    stacksOf(topology).flatMap((stack) => {
      const path = pathInTree(stack);
      const content = tree.get(path);
      return content === undefined
        ? []
        : [[path, readParameterFile(`${folder}/${from.get(path) ?? path}`, content)] as const];
    }),
  );
}

/** The values of all settings: from flags, from a person, from the files. */
async function completed(
  configuration: Configuration,
  settings: readonly Setting[],
  files: ReadonlyMap<string, Reading>,
): Promise<ReadonlyMap<Setting, string>> {
  const { answers, ask, tell } = configuration;
  const present = new Map(settings.map((setting) => [setting, presentValue(configuration, setting, files)]));
  // With a flag somebody came to change one thing, and is only asked for what is missing.
  const keeps = ask === undefined || Object.keys(answers).length > 0;
  const chosen = new Map<Setting, string>();
  const refused: string[] = [];
  for (const setting of settings) {
    const value = answers[setting.flag] ?? (keeps ? present.get(setting) : undefined);
    if (value !== undefined) {
      const problem = refusal(configuration, setting, value, chosen);
      refused.push(...(problem === undefined ? [] : [`--${setting.flag}: ${problem}`]));
      chosen.set(setting, value);
    }
  }
  if (refused.length > 0) {
    throw new UsageError(refused.join('\n'));
  }
  const open = settings.filter((setting) => !chosen.has(setting) && !isMadeUpOfSeveral(configuration, setting, files));
  if (ask === undefined) {
    if (open.length > 0) {
      throw new UsageError(
        'there is no terminal to ask on, and these values are missing in the files or not the same in all of them; ' +
          `add the flags\n${open.map(({ flag, question }) => `  --${flag.padEnd(24)} ${question}`).join('\n')}`,
      );
    }
    return chosen;
  }
  for (const setting of open) {
    const known = present.get(setting);
    const question = `${setting.question}${known === undefined ? '' : ` [${known}]`}: `;
    while (!chosen.has(setting)) {
      const answer = (await ask(question)).trim() || (known ?? '');
      const problem = refusal(configuration, setting, answer, chosen);
      if (problem === undefined) {
        chosen.set(setting, answer);
      } else {
        tell(`  ${problem}`);
      }
    }
  }
  return chosen;
}

/** Whether every file has a value of its own, which need not be made of the same. */
function isMadeUpOfSeveral(
  { declarations, topology }: Configuration,
  { inFile, parameters }: Setting,
  files: ReadonlyMap<string, Reading>,
): boolean {
  return (
    inFile !== undefined &&
    stacksOf(topology)
      .filter(({ template }) => parameters.some((name) => name in (declarations.get(template) ?? {})))
      .every((stack) => {
        const file = files.get(pathInTree(stack))?.file;
        return parameters.every((name) => (file && valuesOf(file)?.[name]) !== undefined);
      })
  );
}

/** Why a value can't be taken: the setting's own rule, that of a template it goes to, or an account that is taken. */
function refusal(
  { declarations }: Configuration,
  setting: Setting,
  value: string,
  chosen: ReadonlyMap<Setting, string>,
): string | undefined {
  const declared =
    setting.inFile === undefined
      ? [...declarations.values()].flatMap((template) =>
          setting.parameters.flatMap((parameter) => template[parameter] ?? []),
        )
      : [];
  for (const rules of [setting.declaration, ...declared]) {
    const problem = problemOfValue(rules, value);
    if (problem !== undefined) {
      const { found, rule, likelyCause } = problem;
      return `found ${found}; ${rule}${likelyCause === undefined ? '' : ` (${likelyCause})`}`;
    }
  }
  const [other] = [...chosen].find(([candidate, taken]) => candidate !== setting && taken === value) ?? [];
  return other === undefined
    ? undefined
    : `found ${printable(value)}, which --${other.flag} has already; ` +
        'each has an account of its own unless templates-src/topology.ts says sharesAccountWith';
}

/** The value in the files, if they agree on one that can be taken. */
function presentValue(
  configuration: Configuration,
  setting: Setting,
  files: ReadonlyMap<string, Reading>,
): string | undefined {
  const values = [...files.values()].flatMap(({ file }) => {
    const inFile = (file && valuesOf(file)) ?? {};
    return setting.parameters
      .flatMap((parameter) => inFile[parameter] ?? [])
      .map((value) => (typeof value === 'string' ? (setting.inFile?.valueOf(value) ?? value) : value));
  });
  const [value] = values;
  return typeof value === 'string' &&
    values.every((other) => other === value) &&
    refusal(configuration, setting, value, new Map()) === undefined
    ? value
    : undefined;
}

/** For a value that is missing after everything was filled in: nobody but the operator knows it. */
function unknowable(
  { topology, tree, folder }: Configuration,
  { from }: Arrangement,
  problem: ParameterProblem,
): ParameterProblem {
  const path = stacksOf(topology)
    .map(pathInTree)
    .find((one) => `${folder}/${one}` === problem.file);
  if (path === undefined || problem.found !== 'no value') {
    return problem;
  }
  if (tree.has(path)) {
    return { ...problem, whatToDo: `${problem.whatToDo}; configure can't know its value` };
  }
  const source = from.get(path);
  const whatToDo =
    source === undefined
      ? "create the file and give it a value, which configure can't know; then run configure again"
      : `give it a value in ${folder}/${source}, out of which this file is made; configure can't know it`;
  return { ...problem, line: undefined, whatToDo };
}
