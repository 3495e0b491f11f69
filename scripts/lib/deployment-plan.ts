import { existsSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { type Stack, type Topology, toolingAccount } from '../../templates-src/define-topology';
import { type Account, accountsOf } from '../../templates-src/parameters-across-files';
import type { Command, FedParameter } from './shell-text';
import { readTemplate, type TemplateFile } from './template-file';

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

/** An account as the AWS CLI reaches it. */
export interface Target {
  readonly account: string;
  readonly accountId: string;
  /** Where the id was read, for the message about a wrong account. */
  readonly accountIdSource: string;
  /** Undefined: the credentials of the caller's environment. */
  readonly profile: string | undefined;
  /** The profile that is taken when the AWS CLI knows it and the operator gave no other. */
  readonly usualProfile: string;
  /** Options that every command of this account gets: Region, profile, endpoint. */
  readonly options: Command;
}

/** An output of another stack that has to be read before the command of a step can run. */
export interface FeedRead {
  readonly parameter: string;
  readonly source: Stack;
  readonly output: string;
  readonly target: Target;
  readonly command: Command;
}

/** One stack to deploy. */
export interface DeployStep {
  readonly stack: Stack;
  readonly target: Target;
  readonly feeds: readonly FeedRead[];
  readonly command: Command;
}

/** What to deploy, in which order, as whom. */
export interface DeploymentPlan {
  /** Every account the plan needs, those that are only read from included. */
  readonly targets: readonly Target[];
  readonly steps: readonly DeployStep[];
}

/** A resource that outlives its stack. */
export interface RetainedResource {
  readonly logicalId: string;
  readonly type: string;
  /** Why it is kept. */
  readonly reason: string;
}

/** One stack to delete. */
export interface DestroyStep {
  readonly stack: Stack;
  readonly target: Target;
  readonly retained: readonly RetainedResource[];
  /** Stacks that would have to be deleted before this one, and are not in the plan. */
  readonly neededBy: readonly Stack[];
  readonly deletion: Command;
  readonly wait: Command;
}

/** What to delete, in which order, as whom. */
export interface DestructionPlan {
  readonly project: string;
  readonly targets: readonly Target[];
  readonly steps: readonly DestroyStep[];
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
 * Plans `deploy.sh`: the selected stacks in the order of the topology. A stack that a pipeline deploys takes part only
 * when its own name is given.
 *
 * @throws PlanError when the selection names something unknown, or a template or parameter file cannot be used
 */
export function planDeployment(route: RouteToLive, request: Request): DeploymentPlan {
  const selected = select(route, request, (stack) => stack.deployedBy === 'deploy.sh');
  const sources = selected.flatMap((stack) => stack.feeds.map((feed) => stackCalled(route, feed.stack)));
  const targets = targetsOf(route, request, [...selected, ...sources]);
  const steps = selected.map((stack): DeployStep => {
    const target = targetOf(targets, stack);
    const feeds = stack.feeds.map(({ parameter, stack: name, output }): FeedRead => {
      const source = stackCalled(route, name);
      const sourceTarget = targetOf(targets, source);
      return { parameter, source, output, target: sourceTarget, command: readOutput(source, output, sourceTarget) };
    });
    return { stack, target, feeds, command: deployCommand(route, request, stack, target) };
  });
  return { targets, steps };
}

/**
 * Plans `destroy.sh`: the selected stacks, those of the pipelines included, in the reverse order of the topology. So
 * whatever was made with an environment's execution role goes before the stack that holds the role: without the role
 * CloudFormation could not delete it.
 *
 * @param includingProd whether the operator allowed production environments
 * @throws PlanError when the selection names something unknown or an environment of production that is not allowed, or
 *   a template or parameter file cannot be used
 */
export function planDestruction(route: RouteToLive, request: Request, includingProd: boolean): DestructionPlan {
  const selected = select(route, request, () => true).reverse();
  const production = route.topology.environments
    .filter((environment) => environment.production && selected.some((stack) => stack.account === environment.name))
    .map(({ name }) => name);
  if (production.length > 0 && !includingProd) {
    const others = [...new Set(route.stacks.map((stack) => stack.account))].filter(
      (name) => !production.includes(name),
    );
    throw new PlanError(
      `The selection holds production: ${production.join(', ')}. Nothing was deleted.\n` +
        `To leave it alone, select the others: scripts/destroy.sh ${others.join(' ')}\n` +
        'To delete it too, add --including-prod.',
      1,
    );
  }
  const targets = targetsOf(route, request, selected);
  const steps = selected.map((stack): DestroyStep => {
    const target = targetOf(targets, stack);
    const named = [['--stack-name', stack.name], ...target.options];
    return {
      stack,
      target,
      retained: retainedResources(readTemplateOf(request, stack)),
      neededBy: laterStacks(route, stack).filter((dependent) => !selected.includes(dependent)),
      deletion: [['aws', 'cloudformation', 'delete-stack'], ...named],
      wait: [['aws', 'cloudformation', 'wait', 'stack-delete-complete'], ...named],
    };
  });
  return { project: route.topology.project, targets, steps };
}

/**
 * The stacks that pipelines deploy to the account later than the given one. They are deleted with a role of
 * deployment-roles, and import what earlier ones of them export: as long as an export is in use, CloudFormation gives up
 * the deletion without a final status, and the AWS CLI waits for one in vain.
 */
function laterStacks({ stacks }: RouteToLive, stack: Stack): Stack[] {
  return stacks
    .slice(stacks.indexOf(stack) + 1)
    .filter(({ account, deployedBy }) => account === stack.account && deployedBy === 'pipeline');
}

/**
 * @param byDefault whether a stack is meant by `all` or by the name of its account
 * @returns the selected stacks in the order of their first deployment
 */
function select(route: RouteToLive, request: Request, byDefault: (stack: Stack) => boolean): Stack[] {
  checkNames(route, request);
  const { selection } = request;
  const everything = selection.length === 0 || selection.includes('all');
  return route.stacks.filter(
    (stack) =>
      selection.includes(stack.name) || (byDefault(stack) && (everything || selection.includes(stack.account))),
  );
}

function stackCalled({ stacks }: RouteToLive, name: string): Stack {
  const stack = stacks.find((candidate) => candidate.name === name);
  if (stack === undefined) {
    throw new Error(`A feed of the topology names the stack '${name}', which is not in its list.`);
  }
  return stack;
}

function targetsOf(route: RouteToLive, request: Request, stacks: readonly Stack[]): Target[] {
  const missing = [...new Set(stacks.map((stack) => templatePath(request, stack)))].filter((path) => !existsSync(path));
  if (missing.length > 0) {
    throw new PlanError(
      `There is no ${missing.map(readablePath).join(', no ')}. Generated templates are written by: npm run build`,
      1,
    );
  }
  const firstOfAccount = new Map(stacks.toReversed().map((stack) => [stack.account, stack]));
  return accountsOf(route.topology).flatMap((account) => {
    const stack = firstOfAccount.get(account.name);
    return stack === undefined ? [] : [targetIn(route, request, account, stack)];
  });
}

function targetIn(route: RouteToLive, request: Request, account: Account, stack: Stack): Target {
  const profile = profileOf(route.topology, request, account);
  return {
    account: account.name,
    ...accountIdOf(route, request, account),
    profile,
    usualProfile: `${route.topology.project}-${account.name}`,
    options: [
      ['--region', requiredValue(request, stack, 'Region')],
      ...(profile === undefined ? [] : [['--profile', profile]]),
      // AWS CLI v2 honours AWS_ENDPOINT_URL only from 2.13 on.
      ...(request.endpoint === undefined ? [] : [['--endpoint-url', request.endpoint]]),
    ],
  };
}

function targetOf(targets: readonly Target[], stack: Stack): Target {
  const target = targets.find(({ account }) => account === stack.account);
  if (target === undefined) {
    throw new Error(`No account was prepared for the stack '${stack.name}'.`);
  }
  return target;
}

/** The operator's choice, else the profile named after the account or the one whose id it shares, else none. */
function profileOf({ project }: Topology, request: Request, { name, owner }: Account): string | undefined {
  return (
    request.profiles.get(name) ??
    [name, owner].map((account) => `${project}-${account}`).find((profile) => request.configuredProfiles.has(profile))
  );
}

/**
 * Every account is told its neighbours' ids, never its own: what a file says about an account is the only thing that
 * the credentials can be compared with.
 */
function accountIdOf(
  { stacks }: RouteToLive,
  request: Request,
  { name, parameter }: Account,
): Pick<Target, 'accountId' | 'accountIdSource'> {
  const template = name === toolingAccount ? 'environment/deployment-roles' : 'tooling/artifact-store';
  const holder = stacks.find((stack) => stack.template === template);
  if (holder === undefined) {
    throw new Error(`The topology has no stack of the template '${template}', which names the account ids.`);
  }
  return {
    accountId: requiredValue(request, holder, parameter),
    accountIdSource: `${parameter} of ${readablePath(parametersPath(request, holder))}`,
  };
}

function deployCommand(route: RouteToLive, request: Request, stack: Stack, target: Target): Command {
  const template = readTemplateOf(request, stack);
  const parameters = parameterWords(request, stack, template);
  const hasIam = Object.values(template.resources).some(({ Type }) => Type.startsWith('AWS::IAM::'));
  return [
    ['aws', 'cloudformation', 'deploy'],
    ['--stack-name', stack.name],
    ['--template-file', readablePath(templatePath(request, stack))],
    ...(parameters.length === 0 ? [] : [['--parameter-overrides'], ...parameters.map((word) => [word])]),
    ...(hasIam ? [['--capabilities', 'CAPABILITY_NAMED_IAM']] : []),
    ['--no-fail-on-empty-changeset'],
    ['--tags', `Project=${route.topology.project}`],
    ...target.options,
  ];
}

/**
 * The words after `--parameter-overrides`, `Key=Value` each: both versions of the AWS CLI split a word at its first
 * `=` and take the rest as it is. (JSON, or a file, is understood by version 2 alone.)
 *
 * A parameter that is neither in the file nor fed gets the template's default: left out, it would keep the value it
 * had, and a line deleted from the file would change nothing. What a pipeline passes has to keep its value, though.
 */
function parameterWords(request: Request, stack: Stack, template: TemplateFile): (string | FedParameter)[] {
  const values = parametersOf(request, stack);
  const fed = new Set(stack.feeds.map(({ parameter }) => parameter));
  return Object.entries(template.parameters).flatMap(([key, { Default }]): (string | FedParameter)[] => {
    if (fed.has(key)) {
      return [{ fed: key }];
    }
    const value = values[key] ?? (stack.passedByPipeline?.includes(key) ? undefined : Default);
    return value === undefined ? [] : [`${key}=${value}`];
  });
}

function readOutput(source: Stack, output: string, target: Target): Command {
  return [
    ['aws', 'cloudformation', 'describe-stacks'],
    ['--stack-name', source.name],
    ['--query', `Stacks[0].Outputs[?OutputKey=='${output}'].OutputValue | [0]`],
    ['--output', 'text'],
    ...target.options,
  ];
}

/** Why a resource of a type is worth keeping; types without a reason of their own hold data of some other kind. */
const reasonsToKeep: Readonly<Record<string, string>> = {
  'AWS::KMS::Key': 'what it encrypted could never be read again',
  'AWS::S3::Bucket': 'its objects would be lost',
  'AWS::ECR::Repository': 'running tasks pull their image from it',
  'AWS::CodeCommit::Repository': 'its commits would be lost',
  'AWS::Logs::LogGroup': 'its log would be lost',
};

function retainedResources({ resources }: TemplateFile): RetainedResource[] {
  return Object.entries(resources)
    .filter(([, { DeletionPolicy }]) => DeletionPolicy?.startsWith('Retain'))
    .map(([logicalId, { Type }]) => ({
      logicalId,
      type: Type,
      reason: reasonsToKeep[Type] ?? 'its template says so',
    }));
}

function templatePath({ generated }: Request, stack: Stack): string {
  return join(generated, `${stack.template}.yaml`);
}

function readTemplateOf(request: Request, stack: Stack): TemplateFile {
  return readTemplate(templatePath(request, stack));
}

function parametersPath({ parameters }: Request, stack: Stack): string {
  return join(parameters, relative('parameters', stack.parameters));
}

function parametersOf(request: Request, stack: Stack): Readonly<Record<string, string>> {
  const path = parametersPath(request, stack);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw new PlanError(`There is no ${readablePath(path)}, which holds the parameters of ${stack.name}.`, 1);
  }
  try {
    return (JSON.parse(text) as { Parameters: Record<string, string> }).Parameters;
  } catch (error) {
    throw new PlanError(`${readablePath(path)} is not JSON: ${(error as Error).message}`, 1);
  }
}

function requiredValue(request: Request, stack: Stack, parameter: string): string {
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
