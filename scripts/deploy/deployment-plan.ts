import { existsSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { AccountId, limits, Region, type Substitution } from '../../templates-src/dsl';
import {
  buildScripts,
  buildScriptsKey,
  buildScriptsList,
  buildScriptsSource,
} from '../../templates-src/model/build-scripts';
import { namesOf } from '../../templates-src/model/names';
import { isUploadedWhenLarge, type Stack } from '../../templates-src/model/stacks';
import { toolingAccount } from '../../templates-src/model/topology';
import {
  type ServiceLinkedRole,
  serviceLinkedRoles,
} from '../../templates-src/patterns/environment/service-linked-roles';
import type { TemplateDocument } from '../lib/template/document';
import {
  PlanError,
  parametersOf,
  type Request,
  type RouteToLive,
  readablePath,
  readTemplateOf,
  requiredValue,
  select,
  stackPolicyPath,
  templatePath,
} from './deployment-request';
import { type Target, targetOf, targetsOf } from './deployment-target';
import type { Command, FedParameter } from './shell-text';

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
  /** Path of the template. */
  readonly template: string;
  /** Values of the parameters that are not fed; what is neither fed nor here keeps the value it has. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Where the template has builds: puts the scripts that they run where they look for them. */
  readonly scripts?: ScriptsUpload;
  readonly command: Command;
  /** Where the template has frozen resources: sets the stack's policy. */
  readonly policy?: Command;
  /** Where the stack is to be protected: switches its termination protection on. */
  readonly protection?: Command;
}

/** How the scripts of builds get into the bucket of packages. */
export interface ScriptsUpload {
  /** Succeeds when they are there. */
  readonly check: Command;
  readonly pack: Command;
  readonly upload: Command;
}

/** A stack of a pipeline that is to be protected, once the pipeline has made it. */
export interface ProtectionStep {
  readonly stack: Stack;
  readonly target: Target;
  readonly protection: Command;
}

/** A service-linked role that has to be there before an account's stacks are deployed. */
export interface LinkedRoleStep {
  readonly target: Target;
  readonly role: ServiceLinkedRole;
  /** Succeeds when the role is there. */
  readonly check: Command;
  readonly creation: Command;
}

/** What to deploy, in which order, as whom. */
export interface DeploymentPlan {
  /** Every account the plan needs, those that are only read from included. */
  readonly targets: readonly Target[];
  /** Of the accounts that something is deployed to; one of each service where environments share an account. */
  readonly linkedRoles: readonly LinkedRoleStep[];
  readonly steps: readonly DeployStep[];
  /** Stacks of pipelines in the accounts that something is deployed to. */
  readonly protections: readonly ProtectionStep[];
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
    const template = readTemplateOf(request, stack);
    const parameters = parametersToPass(request, stack, template);
    const command = deployCommand(route, request, { stack, target, parameters }, template);
    const scripts = uploadScripts(route, request, stack, target, template);
    const policy = setStackPolicy(request, stack, target);
    const protection = isProtected(route, stack) ? { protection: protect(stack, target) } : {};
    return {
      stack,
      target,
      feeds,
      template: templatePath(request, stack),
      parameters,
      ...scripts,
      command,
      ...policy,
      ...protection,
    };
  });
  const deployedTo = targets.filter(({ account }) => selected.some((stack) => stack.account === account));
  const protections = route.stacks
    .filter((stack) => stack.deployedBy === 'pipeline' && !selected.includes(stack) && isProtected(route, stack))
    .flatMap((stack) =>
      deployedTo
        .filter(({ account }) => account === stack.account)
        .map((target): ProtectionStep => ({ stack, target, protection: protect(stack, target) })),
    );
  return { targets, linkedRoles: linkedRolesOf(route, request, deployedTo), steps, protections };
}

/**
 * Production, and the account from which everything is deployed. Termination protection refuses a deletion before it
 * begins; what resources have of their own (a load balancer's deletion protection) stops it half-way, and the rollback
 * of a failed first creation, too.
 */
export function isProtected({ topology }: Pick<RouteToLive, 'topology'>, { account }: Stack): boolean {
  return account === toolingAccount || topology.environments.some((one) => one.name === account && one.production);
}

const protect = ({ name }: Stack, { options }: Target): Command => [
  ['aws', 'cloudformation', 'update-termination-protection'],
  ['--enable-termination-protection'],
  ['--stack-name', name],
  ...options,
];

/**
 * The service-linked roles that all stacks of these accounts need, the pipelines' stacks foremost. A service makes its
 * role when it is first used, and in a fresh account that first use fails now and then because the role is too new
 * ("Unable to assume the service linked role": aws-cloudformation/cloudformation-coverage-roadmap #818,
 * aws/copilot-cli #1324).
 */
function linkedRolesOf(route: RouteToLive, request: Request, targets: readonly Target[]): LinkedRoleStep[] {
  const steps = targets.flatMap((target) =>
    typesIn(route, request, target.account).flatMap((type): LinkedRoleStep[] => {
      const role = serviceLinkedRoles[type];
      return role === undefined
        ? []
        : [
            {
              target,
              role,
              check: [['aws', 'iam', 'get-role'], ['--role-name', role.name], ...target.options],
              creation: [
                ['aws', 'iam', 'create-service-linked-role'],
                ['--aws-service-name', role.service],
                ...target.options,
              ],
            },
          ];
    }),
  );
  const keyOf = ({ target, role }: LinkedRoleStep) => `${target.accountId} ${role.name}`;
  return [...new Map(steps.toReversed().map((step) => [keyOf(step), step])).values()].reverse();
}

/** The types of resources in all templates of an account, less templates that are not in the folder. */
function typesIn({ stacks }: RouteToLive, request: Request, account: string): string[] {
  const templates = stacks
    .filter((stack) => stack.account === account && existsSync(templatePath(request, stack)))
    .map((stack) => readTemplateOf(request, stack));
  return [...new Set(templates.flatMap(({ Resources }) => Object.values(Resources).map(({ Type }) => Type)))].sort();
}

function stackCalled({ stacks }: RouteToLive, name: string): Stack {
  const stack = stacks.find((candidate) => candidate.name === name);
  if (stack === undefined) {
    throw new Error(`A feed of the topology names the stack '${name}', which is not in its list.`);
  }
  return stack;
}

function deployCommand(
  route: RouteToLive,
  request: Request,
  { stack, target, parameters }: Pick<DeployStep, 'stack' | 'target' | 'parameters'>,
  template: TemplateDocument,
): Command {
  const fed = new Set(stack.feeds.map(({ parameter }) => parameter));
  // `Key=Value` each: both versions of the AWS CLI split a word at its first `=` and take the rest as it is. (JSON, or
  // a file, is understood by version 2 alone.)
  const words = Object.keys(template.Parameters).flatMap((key): (string | FedParameter)[] =>
    fed.has(key) ? [{ fed: key }] : key in parameters ? [`${key}=${parameters[key]}`] : [],
  );
  const hasIam = Object.values(template.Resources).some(({ Type }) => Type.startsWith('AWS::IAM::'));
  return [
    ['aws', 'cloudformation', 'deploy'],
    ['--stack-name', stack.name],
    ['--template-file', readablePath(templatePath(request, stack))],
    ...uploadOf(route, request, stack, target),
    ...(words.length === 0 ? [] : [['--parameter-overrides'], ...words.map((word) => [word])]),
    ...(hasIam ? [['--capabilities', 'CAPABILITY_NAMED_IAM']] : []),
    ['--no-fail-on-empty-changeset'],
    // Stack tags reach every resource, so they would update those that must never change.
    ...(stackPolicyPath(request, stack) === undefined ? [['--tags', `Project=${route.topology.project}`]] : []),
    ...target.options,
  ];
}

/** Where the AWS CLI puts a template that is too large to be sent with the request. */
function uploadOf({ topology }: RouteToLive, request: Request, stack: Stack, target: Target): Command {
  const { size } = statSync(templatePath(request, stack));
  if (size <= limits.templateBytes || !isUploadedWhenLarge(stack.template)) {
    return [];
  }
  return [
    ['--s3-bucket', bucketOf(namesOf(topology).artifactBucket(), request, stack, target)],
    ['--s3-prefix', 'templates'],
  ];
}

/** The name of a bucket of the tooling account. */
const bucketOf = ({ text }: Substitution, request: Request, stack: Stack, { accountId }: Target) =>
  text
    .replace(`\${${AccountId.logicalId}}`, accountId)
    .replace(`\${${Region.logicalId}}`, requiredValue(request, stack, 'Region'));

/**
 * Builds run the scripts of the checkout that their pipeline was deployed from, out of the packages' bucket, which takes
 * no object twice.
 *
 * @throws PlanError when the templates were generated from other scripts than these
 */
function uploadScripts(
  { topology }: RouteToLive,
  request: Request,
  stack: Stack,
  target: Target,
  { Resources }: TemplateDocument,
): Pick<DeployStep, 'scripts'> {
  if (!Object.values(Resources).some(({ Type }) => Type === 'AWS::CodeBuild::Project')) {
    return {};
  }
  const { files, list, version } = buildScripts();
  const path = join(request.generated, buildScriptsList);
  if (!existsSync(path) || readFileSync(path, 'utf8') !== list) {
    throw new PlanError(
      `${readablePath(path)}: found other scripts than those of ${readablePath(buildScriptsSource)}, which builds would ` +
        'not accept. Run `npm run build`, and commit what it writes.',
      1,
    );
  }
  const archive = join(tmpdir(), basename(buildScriptsKey(version)));
  const object: Command = [
    ['--bucket', bucketOf(namesOf(topology).packageBucket(), request, stack, target)],
    ['--key', buildScriptsKey(version)],
  ];
  return {
    scripts: {
      check: [['aws', 's3api', 'head-object'], ...object, ...target.options],
      pack: [
        ['tar', '-czf', archive],
        ['-C', readablePath(buildScriptsSource), ...files],
        ['-C', relative(buildScriptsSource, dirname(resolve(path))), basename(path)],
      ],
      upload: [
        ['aws', 's3api', 'put-object'],
        ...object,
        ['--body', archive],
        ['--if-none-match', '*'],
        ...target.options,
      ],
    },
  };
}

/** `aws cloudformation deploy` works with change sets, which carry no stack policy. */
function setStackPolicy(request: Request, stack: Stack, target: Target): Pick<DeployStep, 'policy'> {
  const path = stackPolicyPath(request, stack);
  return path === undefined
    ? {}
    : {
        policy: [
          ['aws', 'cloudformation', 'set-stack-policy'],
          ['--stack-name', stack.name],
          ['--stack-policy-body', `file://${readablePath(path)}`],
          ...target.options,
        ],
      };
}

/**
 * A parameter that is neither in the file nor fed gets the template's default: left out, it would keep the value it
 * had, and a line deleted from the file would change nothing. What a pipeline passes has to keep its value, though.
 */
function parametersToPass(request: Request, stack: Stack, template: TemplateDocument): Record<string, string> {
  const values = parametersOf(request, stack);
  const fed = new Set(stack.feeds.map(({ parameter }) => parameter));
  return Object.fromEntries(
    Object.entries(template.Parameters).flatMap(([key, { Default }]) => {
      const value = values[key] ?? (stack.passedByPipeline?.includes(key) ? undefined : Default);
      return fed.has(key) || value === undefined ? [] : [[key, String(value)]];
    }),
  );
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
