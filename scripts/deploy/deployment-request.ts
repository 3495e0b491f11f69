import { existsSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { stackPolicyFile } from '../../templates-src/dsl';
import { accountsOf } from '../../templates-src/model/accounts';
import type { Stack } from '../../templates-src/model/stacks';
import type { Topology } from '../../templates-src/model/topology';
import { readTemplate, type TemplateDocument } from '../lib/template/document';
import { readParameterFile } from '../parameters/parameter-file';
import { describeProblems, valuesOf } from '../parameters/parameters';

/** The structure that a plan is made for. */
export interface RouteToLive {
  readonly topology: Topology;
  /** In the order of their first deployment. */
  readonly stacks: readonly Stack[];
}

/** What the operator asked for, and what the machine offers. */
export interface Request {
  /** `all`, names of accounts, names of stacks; nothing means `all`. */
  readonly selection: readonly string[];
  /** Folder of the generated templates. */
  readonly generated: string;
  /** Folder of the parameter files. */
  readonly parameters: string;
  /** Account name -> name of the AWS CLI profile that the operator gave for it. */
  readonly profiles: ReadonlyMap<string, string>;
  /** Profiles that the AWS CLI knows on this machine. */
  readonly configuredProfiles: ReadonlySet<string>;
  /** Value of `AWS_ENDPOINT_URL`, if it is set. */
  readonly endpoint: string | undefined;
}

/** A plan cannot be made. The message is complete, and meant for the operator. */
export class PlanError extends Error {
  /** @param exitCode 1 when something is missing or wrong, 2 when the script was called wrongly */
  constructor(
    message: string,
    readonly exitCode: 1 | 2,
  ) {
    super(message);
  }
}

/**
 * Checks the names in a request.
 *
 * @throws PlanError when the selection or a choice of a profile names something unknown
 */
export function checkNames(route: RouteToLive, { selection, profiles }: Request): void {
  const accounts = accountsOf(route.topology).map(({ name }) => name);
  const known = new Set(['all', ...accounts, ...route.stacks.map(({ name }) => name)]);
  const unknown = selection.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new PlanError(
      `Neither an account nor a stack is called ${unknown.map((name) => `'${name}'`).join(', ')}. There are:\n` +
        `  all\n  accounts: ${accounts.join(', ')}\n` +
        `  stacks:   ${route.stacks.map(({ name }) => name).join('\n            ')}`,
      2,
    );
  }
  const strangers = [...profiles.keys()].filter((name) => !accounts.includes(name));
  if (strangers.length > 0) {
    throw new PlanError(
      `--profile names ${strangers.map((name) => `'${name}'`).join(', ')}, expected one of ${accounts.join(', ')}.`,
      2,
    );
  }
}

/**
 * The stacks that a request selects.
 *
 * @param byDefault whether a stack is meant by `all` or by the name of its account
 * @returns the selected stacks in the order of their first deployment
 */
export function select(route: RouteToLive, request: Request, byDefault: (stack: Stack) => boolean): Stack[] {
  checkNames(route, request);
  const { selection } = request;
  const everything = selection.length === 0 || selection.includes('all');
  return route.stacks.filter(
    (stack) =>
      selection.includes(stack.name) || (byDefault(stack) && (everything || selection.includes(stack.account))),
  );
}

/** The generated template of a stack. */
export function templatePath({ generated }: Request, stack: Stack): string {
  return join(generated, `${stack.template}.yaml`);
}

/** The generated policy of a stack, if its template has frozen resources. */
export function stackPolicyPath({ generated }: Request, stack: Stack): string | undefined {
  const path = join(generated, stackPolicyFile(stack.template));
  return existsSync(path) ? path : undefined;
}

/** What the scripts need to know of the generated template of a stack. */
export function readTemplateOf(request: Request, stack: Stack): TemplateDocument {
  return readTemplate(templatePath(request, stack));
}

/** The file with the parameters of a stack. */
export function parametersPath({ parameters }: Request, stack: Stack): string {
  return join(parameters, relative('parameters', stack.parameters));
}

/**
 * The parameters in the file of a stack.
 *
 * @throws PlanError when there is no such file, or it is no JSON
 */
export function parametersOf(request: Request, stack: Stack): Readonly<Record<string, string>> {
  const path = parametersPath(request, stack);
  let content: Uint8Array;
  try {
    content = readFileSync(path);
  } catch {
    throw new PlanError(`There is no ${readablePath(path)}, which holds the parameters of ${stack.name}.`, 1);
  }
  const { file, problems } = readParameterFile(readablePath(path), content);
  const values = file && valuesOf(file);
  if (problems.length > 0) {
    const what = problems.some(({ rule }) => rule.startsWith('not JSON')) ? ' is not JSON' : '';
    throw new PlanError(
      `${readablePath(path)}${what}: the parameters of ${stack.name} cannot be read.\n${describeProblems(problems)}`,
      1,
    );
  }
  const others = Object.entries(values ?? {}).filter(([, value]) => typeof value !== 'string');
  if (values === undefined || others.length > 0) {
    const keys = others.map(([key]) => key).join(', ');
    throw new PlanError(
      `${readablePath(path)}: ${others.length > 0 ? `${keys}: found no string` : 'found something else'}, expected ` +
        '{"Parameters": {"Name": "value", ...}}.',
      1,
    );
  }
  return values as Readonly<Record<string, string>>;
}

/** @throws PlanError when the file of a stack lacks a parameter without which its account cannot be reached */
export function requiredValue(request: Request, stack: Stack, parameter: string): string {
  const value = parametersOf(request, stack)[parameter];
  if (value === undefined) {
    throw new PlanError(
      `${readablePath(parametersPath(request, stack))} has no ${parameter}, without which the account cannot be reached.`,
      1,
    );
  }
  return value;
}

/** A path as a person would type it: from the current directory where that is shorter. */
export function readablePath(path: string): string {
  const fromHere = relative('', path);
  return fromHere.startsWith('..') ? resolve(path) : fromHere;
}
