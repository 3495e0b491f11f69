import { applyEdits, modify } from 'jsonc-parser';
import { accountsOf } from '../../templates-src/model/accounts';
import { nearest, printable } from '../../templates-src/model/likely-cause';
import { partitionOf } from '../../templates-src/model/region';
import { notInFile, type Stack, stacksOf } from '../../templates-src/model/stacks';
import { accountIdParameter, type Topology, toolingAccount } from '../../templates-src/model/topology';
import type { Setting } from './configure-settings';
import type { Arrangement } from './environment-files';
import type { Reading } from './parameter-file';
import { pathInTree } from './parameter-tree';
import { type ParameterDeclarations, valuesOf } from './parameters';
import { zonesFor } from './zones';

/** The files as they have to be, and what is new in them. */
export interface ConfiguredFiles {
  /** New texts by path. */
  readonly texts: ReadonlyMap<string, string>;
  /** The same without the parameters that no template declares any more. */
  readonly without: ReadonlyMap<string, string>;
  /** Those parameters, each with its file. */
  readonly undeclared: readonly string[];
  /** File by file, value by value. */
  readonly report: readonly string[];
}

/** What the files are made of. */
export interface Ingredients {
  readonly topology: Topology;
  readonly declarations: ReadonlyMap<string, ParameterDeclarations>;
  /** How messages name the folder of the files. */
  readonly folder: string;
  readonly arrangement: Arrangement;
  readonly files: ReadonlyMap<string, Reading>;
  readonly chosen: ReadonlyMap<Setting, string>;
  /** Values of parameters that no setting is about, by file. */
  readonly given: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

/** Writes into the files what was chosen and what follows from it; everything else stays as it is, layout included. */
export function configuredFiles(ingredients: Ingredients): ConfiguredFiles {
  const { topology, folder, arrangement, files } = ingredients;
  const texts = new Map<string, string>();
  const without = new Map<string, string>();
  const undeclared: string[] = [];
  const report: string[] = [];
  for (const stack of stacksOf(topology)) {
    const path = pathInTree(stack);
    const reading = files.get(path);
    const present = reading?.file === undefined ? {} : valuesOf(reading.file);
    if (present === undefined) {
      continue; // Not of the right shape: left for the check to report.
    }
    const own = ownParameters(ingredients, stack);
    const values = valuesFor(ingredients, stack, present);
    let text = reading?.text ?? `${JSON.stringify({ Parameters: {} }, null, 2)}\n`;
    const lines = (arrangement.renamed.get(path) ?? []).map(([before, now]) => `  ${before} is called ${now} now`);
    for (const [name, value] of Object.entries(values)) {
      const before = present[name];
      // Only what is added needs a layout; what is replaced keeps its own.
      const layout = before === undefined ? { formattingOptions: { insertSpaces: true, tabSize: 2 } } : {};
      text = applyEdits(text, modify(text, ['Parameters', name], value, layout));
      const shown = printable(String(value));
      lines.push(`  ${name}: ${before === undefined ? shown : `${JSON.stringify(before)} -> ${shown}`}`);
    }
    const isNeeded = reading === undefined && Object.values(own).some(({ Default }) => Default === undefined);
    if (lines.length > 0 || isNeeded || arrangement.from.has(path)) {
      report.push(heading(arrangement, folder, path, reading !== undefined), ...lines);
    } else if (reading === undefined) {
      continue;
    }
    const absent = Object.keys(own).filter((name) => present[name] === undefined && values[name] === undefined);
    // What looks like a misspelled name is left for the check to report.
    const keys = Object.keys(present).filter(
      (key) => !(key in own) && !notInFile(stack).includes(key) && nearest(key, absent) === undefined,
    );
    texts.set(path, text);
    without.set(
      path,
      keys.reduce((rest, key) => applyEdits(rest, modify(rest, ['Parameters', key], undefined, {})), text),
    );
    undeclared.push(...keys.map((key) => `${key} in ${folder}/${path}`));
  }
  return { texts, without, undeclared, report };
}

function heading({ from, origins }: Arrangement, folder: string, path: string, isThere: boolean): string {
  const source = from.get(path);
  if (source === undefined) {
    return `${isThere ? 'Changed' : 'Created'} ${folder}/${path}`;
  }
  const moved = origins.filter(({ how }) => how === 'moved');
  if (moved.some(({ environment }) => path.startsWith(`${environment}/`))) {
    return `Moved ${folder}/${source} to ${folder}/${path}`;
  }
  const model = [...from].find(
    ([now, it]) => it === source && moved.some(({ environment }) => now.startsWith(`${environment}/`)),
  );
  return `Created ${folder}/${path} like ${folder}/${model?.[0] ?? source}`;
}

function ownParameters({ declarations }: Ingredients, stack: Stack): ParameterDeclarations {
  const declared = Object.entries(declarations.get(stack.template) ?? {});
  return Object.fromEntries(declared.filter(([name]) => !notInFile(stack).includes(name)));
}

/** The values that a file does not have yet, in the order in which the template declares them. */
function valuesFor(
  ingredients: Ingredients,
  stack: Stack,
  present: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const { topology, chosen, given } = ingredients;
  const settings = new Map(
    [...chosen].flatMap(([setting, value]) => setting.parameters.map((name) => [name, { setting, value }] as const)),
  );
  const environment = topology.environments.find(({ name }) => name === stack.account);
  const ofEnvironment: Readonly<Record<string, unknown>> =
    environment === undefined
      ? {}
      : { EnvironmentName: environment.name, ...zonesFor(environment, settings.get('Region')?.value ?? '', present) };
  const renew = arnRenewal(ingredients, stack);
  const known = (name: string): unknown => {
    const before = present[name];
    const one = settings.get(name);
    if (one !== undefined) {
      return (
        one.setting.inFile?.valueFor(one.value, stack, typeof before === 'string' ? before : undefined) ?? one.value
      );
    }
    return (
      given.get(pathInTree(stack))?.[name] ??
      ofEnvironment[name] ??
      (typeof before === 'string' ? renew(before) : undefined)
    );
  };
  return Object.fromEntries(
    Object.entries(ownParameters(ingredients, stack)).flatMap(([name, { Default }]) => {
      const value = known(name);
      return value === undefined || value === (present[name] ?? Default) ? [] : [[name, value]];
    }),
  );
}

/**
 * Account ids and Regions inside ARNs follow those of the files: a certificate of an environment is in its account. Ids of
 * accounts that are none of the route's stay.
 */
function arnRenewal(ingredients: Ingredients, { account }: Stack): (value: string) => string {
  const { topology, arrangement, files, chosen } = ingredients;
  const before = (parameter: string) =>
    [...files.values()].map(({ file }) => file && valuesOf(file)?.[parameter]).find((it) => typeof it === 'string');
  const now = (parameter: string) => [...chosen].find(([{ parameters }]) => parameters.includes(parameter))?.[1];
  const accounts = accountsOf(topology);
  const { origins } = arrangement;
  const source = origins.find(({ environment, how }) => environment === account && how === 'copied')?.from;
  const parameterOf = (name: string) => {
    const nowCalled = origins.find(({ from, how }) => from === name && how === 'moved')?.environment ?? name;
    return accountIdParameter({ name: nowCalled, approval: false });
  };
  const ids = new Map([
    ...accounts.map(({ parameter }) => [before(parameter), now(parameter)] as const),
    // Of a copy, the account that it was copied from is its own.
    ...(source === undefined || account === toolingAccount
      ? []
      : [[before(parameterOf(source)), now(parameterOf(account))] as const]),
  ]);
  const region = { before: before('Region'), now: now('Region') };
  return (value) =>
    value.replace(/\barn:aws[a-z-]*:([a-z0-9-]+):([a-z0-9-]*):(\d{12}):/g, (arn, service, place, id) => {
      const renewed = ids.get(id);
      if (renewed === undefined || region.now === undefined) {
        return arn;
      }
      return `arn:${partitionOf(region.now)}:${service}:${place === region.before ? region.now : place}:${renewed}:`;
    });
}
