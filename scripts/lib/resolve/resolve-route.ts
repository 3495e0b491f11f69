import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { accountsOf } from '../../../templates-src/model/accounts';
import type { Stack } from '../../../templates-src/model/stacks';
import { stacksOf } from '../../../templates-src/model/stacks';
import type { Topology } from '../../../templates-src/model/topology';
import { parseTemplate, type TemplateDocument } from '../template/document';
import { ResolutionError, type ResolutionProblem, type ResolvedStack, resolveStack } from './resolve-stack';

/** An account, by its name in the topology. */
export interface ResolvedAccount {
  /** `tooling` or the name of an environment. */
  readonly name: string;
  readonly id: string;
}

/** Everything that the route to live consists of, in all accounts. */
export interface ResolvedRoute {
  readonly topology: Topology;
  readonly region: string;
  readonly accounts: ReadonlyMap<string, ResolvedAccount>;
  /** By name, in the order of deployment. */
  readonly stacks: ReadonlyMap<string, ResolvedStack>;
}

/** What a route is resolved from. */
export interface RouteSource {
  /** Text of a template: `tooling/artifact-store`. */
  readonly template: (path: string) => string;
  /** Values of a stack's parameters file. */
  readonly parameters: (stack: Stack) => Readonly<Record<string, string>>;
}

/**
 * Reads templates and parameters from two folders.
 *
 * @param generated holds `tooling/artifact-store.yaml`
 * @param parameters holds `tooling/artifact-store.json`
 */
export function readFolders(generated: string, parameters: string): RouteSource {
  return {
    template: (path) => readFileSync(join(generated, `${path}.yaml`), 'utf8'),
    parameters: ({ parameters: file }) => {
      const path = join(parameters, file.replace(/^parameters\//, ''));
      if (!existsSync(path)) {
        // A stack whose parameters all have defaults or feeds needs no file.
        return {};
      }
      return parametersOf(path, readFileSync(path, 'utf8'));
    },
  };
}

function parametersOf(path: string, text: string): Readonly<Record<string, string>> {
  const { Parameters } = JSON.parse(text) as { Parameters?: Readonly<Record<string, string>> };
  if (Parameters === undefined) {
    throw new Error(`${path}: expected {"Parameters": {...}}; run \`npm run validate\``);
  }
  return Parameters;
}

/**
 * Resolves all stacks in the order of their deployment: outputs feed parameters, and imports find what earlier stacks
 * of the same account export.
 *
 * @param change what is to be looked at instead of a template
 * @throws ResolutionError with everything that can't be resolved
 */
export function resolveRoute(
  topology: Topology,
  source: RouteSource,
  change = (_path: string, template: TemplateDocument) => template,
): ResolvedRoute {
  const stacks = stacksOf(topology);
  const values = new Map(stacks.map((stack) => [stack, source.parameters(stack)]));
  const problems: ResolutionProblem[] = [];
  const accounts = resolveAccounts(topology, [...values], problems);
  const regions = new Set([...values.values()].flatMap(({ Region }) => (Region === undefined ? [] : [Region])));
  const [region, ...otherRegions] = regions;
  if (region === undefined || otherRegions.length > 0) {
    const message = `found ${[...regions].join(', ') || 'none'}, expected one Region in all files; run \`npm run validate\``;
    problems.push({ stack: 'all stacks', path: 'Parameters.Region', function: 'Parameter', message });
  }
  if (region === undefined || problems.length > 0) {
    throw new ResolutionError(problems);
  }

  const templates = new Map<string, TemplateDocument>();
  const templateOf = (path: string) => {
    const template = templates.get(path) ?? change(path, parseTemplate(source.template(path), `${path}.yaml`));
    templates.set(path, template);
    return template;
  };
  const resolved = new Map<string, ResolvedStack>();
  const exportsOf = new Map<string, Map<string, string>>();
  const failed: Stack[] = [];
  for (const stack of stacks) {
    const accountId = accounts.get(stack.account)?.id as string;
    const needs = (other: Stack) =>
      other.account === stack.account || stack.feeds.some((feed) => feed.stack === other.name);
    if (failed.some(needs)) {
      // Its own problems would mostly be those of the other stack again.
      continue;
    }
    const imports = exportsOf.get(accountId) ?? new Map<string, string>();
    exportsOf.set(accountId, imports);
    const template = templateOf(stack.template);
    const feeds = stack.feeds.flatMap(({ parameter, stack: from, output }) => {
      const value = resolved.get(from)?.outputs.get(output);
      if (value === undefined) {
        const message = `expected the output ${output} of ${from}, which must be deployed earlier; found none`;
        problems.push({ stack: stack.name, path: `Parameters.${parameter}`, function: 'Feed', message });
        return [];
      }
      return [[parameter, value]];
    });
    const passed = (stack.passedByPipeline ?? []).map((parameter) => [parameter, codeKey(parameter)]);
    const parameters = { ...values.get(stack), ...Object.fromEntries(feeds), ...Object.fromEntries(passed) };
    try {
      const result = resolveStack({ stack, template, accountId, region, parameters, imports });
      resolved.set(stack.name, result);
      for (const [name, value] of result.exports) {
        imports.set(name, value);
      }
    } catch (error) {
      if (!(error instanceof ResolutionError)) {
        throw error;
      }
      problems.push(...error.problems);
      failed.push(stack);
    }
  }
  if (problems.length > 0) {
    throw new ResolutionError(problems);
  }
  return { topology, region, accounts, stacks: resolved };
}

/** `OrderEventsCodeKey` -> `order-events/<hash>.zip`: a key as the packager makes them, for a package that never was. */
export function codeKey(parameter: string): string {
  const folder = parameter
    .replace(/CodeKey$/, '')
    .replaceAll(/(?<=.)[A-Z]/g, (letter) => `-${letter}`)
    .toLowerCase();
  return `${folder}/${'0'.repeat(64)}.zip`;
}

/** Ids of accounts, which stand in the parameters of those stacks that reach other accounts. */
function resolveAccounts(
  topology: Topology,
  values: readonly (readonly [Stack, Readonly<Record<string, string>>])[],
  problems: ResolutionProblem[],
): ReadonlyMap<string, ResolvedAccount> {
  return new Map(
    accountsOf(topology).map(({ name, parameter }) => {
      const ids = new Set(
        values.flatMap(([, parameters]) => (parameters[parameter] === undefined ? [] : [parameters[parameter]])),
      );
      const [id = '', ...others] = ids;
      if (id === '' || others.length > 0) {
        const message = `found ${[...ids].join(', ') || 'none'}, expected one id in all files; run \`npm run validate\``;
        problems.push({ stack: 'all stacks', path: `Parameters.${parameter}`, function: 'Parameter', message });
      }
      return [name, { name, id }];
    }),
  );
}
