import { type ParseArgsConfig, parseArgs } from 'node:util';
import { applyEdits, modify } from 'jsonc-parser';
import { notInFile, type Topology } from '../../templates-src/define-topology';
import type { ParameterDeclaration } from '../../templates-src/dsl/template';
import { printable } from '../../templates-src/likely-cause';
import {
  describeProblem,
  type ParameterDeclarations,
  type ParameterProblem,
  problemOfValue,
  valuesOf,
} from '../../templates-src/parameters';
import { accountsOf } from '../../templates-src/parameters-across-files';
import { accountId, region } from '../../templates-src/patterns/parameters';
import { stacksOf } from '../../templates-src/topology';
import { type Reading, readParameterFile } from './parameter-file';
import { checkParameters, type FileTree, madeUpAccountIds, pathInTree } from './parameter-files';
import { zonesFor } from './zones';

/** A value that the first day asks for. */
export interface Setting {
  /** Its flag, without `--`. */
  readonly flag: string;
  readonly question: string;
  /** The parameters that get the value, in every file whose template declares them. */
  readonly parameters: readonly string[];
  /** What holds for it whatever the templates say. */
  readonly declaration: ParameterDeclaration;
}

/** A wrong call: the caller has to change flags, not files. */
export class UsageError extends Error {}

/**
 * What `npm run configure` asks for: the tooling account, each environment with an account of its own (one that shares
 * an account follows the other), the region, and who approves.
 */
export function settingsOf(topology: Topology): readonly Setting[] {
  const accounts = accountsOf(topology);
  return [
    ...accounts
      .filter(({ name, owner }) => name === owner)
      .map(({ name }): Setting => {
        const sharing = accounts.filter(({ owner }) => owner === name);
        return {
          flag: `${name}-account-id`,
          question: `Account id of ${sharing.map((account) => account.name).join(' and ')}`,
          parameters: sharing.map(({ parameter }) => parameter),
          declaration: accountId(name),
        };
      }),
    {
      flag: 'region',
      question: 'Region',
      parameters: ['Region'],
      declaration: region,
    },
    {
      flag: 'approvers-email',
      question: 'E-mail address that is asked for approvals and told of failures',
      parameters: ['ApproversEmail'],
      declaration: {
        Type: 'String',
        Description: 'E-mail address of the approvers',
        AllowedPattern: "[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\\.)+[A-Za-z]{2,}",
        ConstraintDescription: 'an e-mail address is written like approvers@example.com',
      },
    },
  ];
}

/** Values by flag. */
export type Answers = Readonly<Record<string, string>>;

/** What the flags say. */
export interface Flags {
  readonly help: boolean;
  readonly folder: string | undefined;
  readonly answers: Answers;
}

/**
 * Reads the flags.
 *
 * @param argv What follows the name of the script.
 * @throws UsageError for a flag that doesn't exist or has no value.
 */
export function parseFlags(topology: Topology, argv: readonly string[]): Flags {
  const settings = settingsOf(topology);
  const options: NonNullable<ParseArgsConfig['options']> = {
    parameters: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  };
  for (const { flag } of settings) {
    options[flag] = { type: 'string' };
  }
  for (const { name, owner } of accountsOf(topology)) {
    if (name !== owner && argv.some((argument) => argument.split('=')[0] === `--${name}-account-id`)) {
      throw new UsageError(
        `--${name}-account-id: topology.ts lets ${name} share the account of ${owner}; use --${owner}-account-id`,
      );
    }
  }
  let values: Readonly<Record<string, unknown>>;
  try {
    values = parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(
      `${(error as Error).message}\nThe flags are ${settings.map(({ flag }) => `--${flag}`).join(', ')}.`,
    );
  }
  const { help, parameters, ...answers } = values;
  return { help: help === true, folder: parameters as string | undefined, answers: answers as Answers };
}

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
  /** Where a person can be asked, if there is one. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  /** Shows what happens. */
  readonly tell: (message: string) => void;
}

/** What has to be written. */
export interface Configured {
  /** The files that change, with their new text, by path. */
  readonly changes: ReadonlyMap<string, string>;
  /** What is new in them, line by line. */
  readonly report: readonly string[];
  /** Account ids that are still those of this repository. */
  readonly madeUpAccountIds: readonly string[];
}

/** Problems of the parameter files; nothing may be written. */
export class ParameterError extends Error {
  constructor(readonly problems: readonly ParameterProblem[]) {
    super(problems.map(describeProblem).join('\n'));
  }
}

/**
 * Finds out what the parameter files have to be: with the given values, or what a person answers, in every file.
 *
 * Everything else in the files stays as it is, layout included. Present values are the defaults, so that one flag
 * changes one thing.
 *
 * @throws UsageError when values are wrong, or missing with nobody to ask; ParameterError when a file would be refused.
 */
export async function configure(configuration: Configuration): Promise<Configured> {
  const { topology, declarations, tree, folder } = configuration;
  const files = filesOf(configuration);
  const unreadable = [...files.values()].flatMap(({ problems }) => problems);
  if (unreadable.length > 0) {
    throw new ParameterError(unreadable);
  }
  const settings = settingsOf(topology);
  const chosen = await completed(configuration, settings, files);
  const values = new Map(
    [...chosen].flatMap(([{ parameters }, value]) => parameters.map((parameter) => [parameter, value] as const)),
  );
  const { changes, report } = changed(configuration, values, files);
  const after = new Map([
    ...tree,
    ...[...changes].map(([path, text]): [string, Uint8Array] => [path, Buffer.from(text)]),
  ]);
  const checked = checkParameters(topology, declarations, after, folder);
  if (checked.problems.length > 0) {
    throw new ParameterError(checked.problems.map((problem) => unknowable(configuration, problem)));
  }
  return { changes, report, madeUpAccountIds: madeUpAccountIds(checked) };
}

/** The files of all stacks that have one, by path. */
function filesOf({ topology, tree, folder }: Configuration): ReadonlyMap<string, Reading> {
  return new Map(
    stacksOf(topology).flatMap((stack) => {
      const path = pathInTree(stack);
      const content = tree.get(path);
      return content === undefined ? [] : [[path, readParameterFile(`${folder}/${path}`, content)] as const];
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
  const open = settings.filter((setting) => !chosen.has(setting));
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

/** Why a value can't be taken: the setting's own rule, that of a template it goes to, or an account that is taken. */
function refusal(
  { declarations }: Configuration,
  setting: Setting,
  value: string,
  chosen: ReadonlyMap<Setting, string>,
): string | undefined {
  const declared = [...declarations.values()].flatMap((template) =>
    setting.parameters.flatMap((parameter) => template[parameter] ?? []),
  );
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
    return setting.parameters.flatMap((parameter) => inFile[parameter] ?? []);
  });
  const [value] = values;
  return typeof value === 'string' &&
    values.every((other) => other === value) &&
    refusal(configuration, setting, value, new Map()) === undefined
    ? value
    : undefined;
}

/** The files as they have to be, and what is new in them. */
function changed(
  { topology, declarations, folder }: Configuration,
  values: ReadonlyMap<string, string>,
  files: ReadonlyMap<string, Reading>,
) {
  const changes = new Map<string, string>();
  const report: string[] = [];
  for (const stack of stacksOf(topology)) {
    const path = pathInTree(stack);
    const reading = files.get(path);
    const present = reading?.file === undefined ? {} : valuesOf(reading.file);
    if (present === undefined) {
      continue; // Not of the right shape: left for the check to report.
    }
    let text = reading?.text ?? `${JSON.stringify({ Parameters: {} }, null, 2)}\n`;
    const lines: string[] = [];
    const own = Object.entries(declarations.get(stack.template) ?? {}).filter(
      ([name]) => !notInFile(stack).includes(name),
    );
    const environment = topology.environments.find(({ name }) => name === stack.account);
    const ofEnvironment: Readonly<Record<string, unknown>> =
      environment === undefined
        ? {}
        : {
            EnvironmentName: present.EnvironmentName ?? environment.name,
            ...zonesFor(environment, values.get('Region') ?? '', present),
          };
    for (const [name, { Default }] of own) {
      const before = present[name];
      const known = ofEnvironment[name] ?? values.get(name);
      if (known === undefined || known === (before ?? Default)) {
        continue;
      }
      // Only what is added needs a layout; what is replaced keeps its own.
      const layout = before === undefined ? { formattingOptions: { insertSpaces: true, tabSize: 2 } } : {};
      text = applyEdits(text, modify(text, ['Parameters', name], known, layout));
      const value = printable(String(known));
      lines.push(`  ${name}: ${before === undefined ? value : `${JSON.stringify(before)} -> ${value}`}`);
    }
    const needed = reading === undefined && own.some(([, { Default }]) => Default === undefined);
    if (lines.length > 0 || needed) {
      changes.set(path, text);
      report.push(`${reading === undefined ? 'Created' : 'Changed'} ${folder}/${path}`, ...lines);
    }
  }
  return { changes, report };
}

/** For a value that is missing after everything was filled in: nobody but the operator knows it. */
function unknowable({ topology, tree, folder }: Configuration, problem: ParameterProblem): ParameterProblem {
  const stack = stacksOf(topology).find((candidate) => `${folder}/${pathInTree(candidate)}` === problem.file);
  if (stack === undefined || problem.found !== 'no value') {
    return problem;
  }
  const model = stacksOf(topology).find(
    (candidate) => candidate.template === stack.template && candidate !== stack && tree.has(pathInTree(candidate)),
  );
  return tree.has(pathInTree(stack))
    ? { ...problem, whatToDo: `${problem.whatToDo}; configure can't know its value` }
    : {
        ...problem,
        line: undefined,
        whatToDo: `create the file${model ? ` as a copy of ${folder}/${pathInTree(model)}` : ''} and give it a value, which configure can't know; then run configure again`,
      };
}
