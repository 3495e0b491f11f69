import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { resolveStack, type StackInput } from '../lib/resolve/resolve-stack';
import { parseTemplate, type TemplateDocument } from '../lib/template/document';
import { type Aws, eightAtATime } from './aws-cli';
import type { DeploymentPlan, DeployStep } from './deployment-plan';
import type { Target } from './deployment-target';

/** A stack that is not as a plan would deploy it, or that cannot be seen. */
export interface Deviation {
  readonly step: DeployStep;
  /** `not deployed`: deploying changes it. `unseen`: nobody here may look, or the credentials are of another account. */
  readonly kind: 'not deployed' | 'unseen';
  /** `does not exist`, `Resources.ExecutionPolicy differs`, or what the AWS CLI said. */
  readonly detail: string;
}

/** The text of a template, and values of its parameters. */
export interface Submission {
  readonly template: string;
  readonly parameters: Readonly<Record<string, string>>;
}

interface Deployed extends Submission {
  readonly outputs: Readonly<Record<string, string>>;
}

/** The stack as `aws cloudformation describe-stacks` gives it. */
interface StackDescription {
  readonly StackId: string;
  readonly StackStatus: string;
  readonly Parameters?: readonly { readonly ParameterKey: string; readonly ParameterValue: string }[];
  readonly Outputs?: readonly { readonly OutputKey: string; readonly OutputValue: string }[];
}

/** Statuses in which a stack is what was last submitted, or what was before. In all others it is stuck or changing. */
export const settled = /^(CREATE|UPDATE|IMPORT)(_ROLLBACK)?_COMPLETE$/;

/**
 * Compares every stack of a plan with what is deployed: what its template and its parameters come to, not their text,
 * so that a comment, or a parameter that decides nothing, makes no difference. CloudFormation sees it the same way.
 *
 * @returns deviations in the order of the plan
 */
export async function deviations({ steps }: DeploymentPlan, aws: Aws): Promise<Deviation[]> {
  const seen = await eightAtATime(steps, (step) => read(step, aws));
  const outputs = new Map(
    steps.map(({ stack }, index) => [stack.name, (seen[index] as Seen).deployed?.outputs ?? {}] as const),
  );
  return steps.flatMap((step, index): Deviation[] => {
    const { deployed, deviation } = seen[index] as Seen;
    if (deployed === undefined) {
      return deviation === undefined ? [] : [{ step, ...deviation }];
    }
    const fed = step.feeds.map(({ parameter, source, output }) => [
      parameter,
      // Where the source cannot be seen, there is nothing to compare with.
      outputs.get(source.name)?.[output] ?? deployed.parameters[parameter] ?? '',
    ]);
    const wanted = {
      template: readFileSync(step.template, 'utf8'),
      // A parameter that is not passed keeps the value it has.
      parameters: { ...deployed.parameters, ...step.parameters, ...Object.fromEntries(fed) },
    };
    const difference = firstDifference(step, deployed, wanted);
    return difference === undefined ? [] : [{ step, kind: 'not deployed', detail: difference }];
  });
}

type Seen = { readonly deployed?: Deployed; readonly deviation?: Pick<Deviation, 'kind' | 'detail'> };

async function read({ stack, target }: DeployStep, aws: Aws): Promise<Seen> {
  const ask = (operation: string, query: string, output: 'json' | 'text') =>
    aws([
      ['aws', 'cloudformation', operation],
      ['--stack-name', stack.name],
      ['--query', query],
      ['--output', output],
      ...target.options,
    ]);
  const unseen = (detail: string): Seen => ({ deviation: { kind: 'unseen', detail } });
  const described = await ask('describe-stacks', 'Stacks[0]', 'json');
  if (!described.succeeded) {
    const missing = /Stack with id \S+ does not exist/.test(described.stderr);
    return missing && (await isAccount(target, aws))
      ? { deviation: { kind: 'not deployed', detail: 'does not exist' } }
      : unseen(missing ? foreign(target) : described.stderr);
  }
  const { StackId, StackStatus, Parameters = [], Outputs = [] } = JSON.parse(described.stdout) as StackDescription;
  if (StackId.split(':')[4] !== target.accountId) {
    return unseen(foreign(target));
  }
  const holdsNothing = async () => {
    const listed = await ask('list-stack-resources', 'StackResourceSummaries[].LogicalResourceId', 'json');
    return listed.succeeded && (JSON.parse(listed.stdout) as string[]).length === 0;
  };
  // An import that was undone leaves a stack as it was, or one without resources that it was to make.
  if (!settled.test(StackStatus) || (StackStatus === 'IMPORT_ROLLBACK_COMPLETE' && (await holdsNothing()))) {
    return { deviation: { kind: 'not deployed', detail: `is in ${StackStatus}` } };
  }
  // The JSON of the AWS CLI would have to be told from a template that is JSON itself; its text is the template.
  const template = await ask('get-template', 'TemplateBody', 'text');
  return template.succeeded
    ? {
        deployed: {
          template: template.stdout,
          parameters: Object.fromEntries(Parameters.map((one) => [one.ParameterKey, one.ParameterValue])),
          outputs: Object.fromEntries(Outputs.map((one) => [one.OutputKey, one.OutputValue])),
        },
      }
    : unseen(template.stderr);
}

async function isAccount(target: Target, aws: Aws): Promise<boolean> {
  return (await callerAccount(target, aws)).account === target.accountId;
}

/** The account behind a target's credentials; undefined, with what the AWS CLI said, where there are none. */
export async function callerAccount(
  { options }: Target,
  aws: Aws,
): Promise<{ account: string | undefined; said: string }> {
  const { succeeded, stdout, stderr } = await aws([
    ['aws', 'sts', 'get-caller-identity'],
    ['--query', 'Account'],
    ['--output', 'text'],
    ...options,
  ]);
  return { account: succeeded ? stdout.trim() : undefined, said: stderr };
}

const foreign = ({ accountId, accountIdSource }: Target) =>
  `the credentials are of another account, expected ${accountId} (${accountIdSource})`;

/** Stands for all that other stacks export: both sides are compared with the same. */
class AnyExport extends Map<string, string> {
  override get(name: string): string {
    return `the export ${name}`;
  }
}

/** Where what is deployed first differs from what is wanted: `Resources.ExecutionPolicy differs`. */
export function firstDifference(
  { stack, target }: Pick<DeployStep, 'stack' | 'target'>,
  deployed: Submission,
  wanted: Submission,
): string | undefined {
  const options = target.options.flat();
  const region = String(options[options.indexOf('--region') + 1]);
  const input = { stack, accountId: target.accountId, region, imports: new AnyExport() };
  let before: Readonly<Record<string, unknown>>;
  try {
    before = consequences(input, deployed);
  } catch (error) {
    return `what is deployed cannot be read: ${(error as Error).message}`;
  }
  // What a stack is fed, or a pipeline passes, has no value before the deployment that brings the parameter.
  const added = Object.entries(parseTemplate(wanted.template, stack.name).Parameters).find(
    ([key, { Default }]) => Default === undefined && wanted.parameters[key] === undefined,
  );
  if (added !== undefined) {
    return `Parameters.${added[0]} is missing`;
  }
  const after = consequences(input, wanted);
  const name = [...new Set([...Object.keys(before), ...Object.keys(after)])].find(
    (one) => !isDeepStrictEqual(before[one], after[one]),
  );
  return name === undefined
    ? undefined
    : `${name} ${name in before ? (name in after ? 'differs' : 'is to go') : 'is missing'}`;
}

/** All that CloudFormation acts upon, under its place in the template. */
function consequences(
  input: Pick<StackInput, 'stack' | 'accountId' | 'region' | 'imports'>,
  { template: text, parameters }: Submission,
): Readonly<Record<string, unknown>> {
  const template: TemplateDocument = parseTemplate(text, input.stack.name);
  const { resources, outputs, exports } = resolveStack({ ...input, template, parameters });
  return Object.fromEntries([
    ...[...resources].map(([id, { type, properties }]) => {
      const {
        Properties: _,
        DependsOn: __,
        Condition: ___,
        ...attributes
      } = template.Resources[id] as object & {
        Properties?: unknown;
        DependsOn?: unknown;
        Condition?: unknown;
      };
      return [`Resources.${id}`, { type, properties, attributes }];
    }),
    ...[...outputs].map(([id, value]) => [`Outputs.${id}`, value]),
    ...[...exports].map(([name, value]) => [`the export ${name}`, value]),
  ]);
}
