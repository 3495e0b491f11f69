import { parseTemplate } from '../lib/template/document';
import { type Answer, type Aws, eightAtATime } from './aws-cli';
import { PlanError } from './deployment-request';
import { accountLabel } from './deployment-target';
import { type DestroyStep, type DestructionPlan, type RetainedResource, retainedResources } from './destruction-plan';
import type { Command } from './shell-text';

/** A resource as it is in the account. */
export interface DeployedResource {
  readonly logicalId: string;
  readonly type: string;
  readonly physicalId: string;
}

/** A stack that is going to be deleted, as it is. */
export interface DoomedStack {
  readonly step: DestroyStep;
  readonly isProtected: boolean;
  /** What goes with it. */
  readonly doomed: readonly DeployedResource[];
  /**
   * What outlives it. CloudFormation goes by the template that is deployed, and not by the one in the checkout, which
   * may retain more, or less.
   */
  readonly retained: readonly (DeployedResource & RetainedResource)[];
}

/**
 * Looks at the stacks of a plan that are there.
 *
 * @throws PlanError when something cannot be seen
 */
export async function viewOf({ steps }: DestructionPlan, aws: Aws): Promise<DoomedStack[]> {
  const stacks = await eightAtATime(steps, (step) => look(step, aws));
  return stacks.filter((stack) => stack !== undefined);
}

async function look(step: DestroyStep, aws: Aws): Promise<DoomedStack | undefined> {
  const described = await aws([
    ...onStack(step, 'describe-stacks'),
    ['--query', 'Stacks[0].EnableTerminationProtection'],
    ['--output', 'text'],
  ]);
  if (/does not exist/.test(described.stderr)) {
    return undefined;
  }
  const isProtected = /^true$/i.test(seen(step, described));
  const listed = await aws([
    ...onStack(step, 'list-stack-resources'),
    [
      '--query',
      "StackResourceSummaries[?ResourceStatus!='DELETE_COMPLETE'].[LogicalResourceId, ResourceType, PhysicalResourceId]",
    ],
    ['--output', 'json'],
  ]);
  const rows = JSON.parse(seen(step, listed)) as [logicalId: string, type: string, physicalId: string | null][];
  const resources = rows.flatMap(([logicalId, type, physicalId]) =>
    physicalId === null ? [] : [{ logicalId, type, physicalId }],
  );
  // The JSON of the AWS CLI would have to be told from a template that is JSON itself; its text is the template.
  const template = await aws([...onStack(step, 'get-template'), ['--query', 'TemplateBody'], ['--output', 'text']]);
  const kept = new Map(
    retainedResources(parsed(step, seen(step, template))).map((one) => [one.logicalId, one] as const),
  );
  return {
    step,
    isProtected,
    doomed: resources.filter(({ logicalId }) => !kept.has(logicalId)),
    retained: resources.flatMap((one) => {
      const retained = kept.get(one.logicalId);
      return retained === undefined ? [] : [{ ...one, ...retained }];
    }),
  };
}

/** A command of CloudFormation on the stack of a step. */
export const onStack = ({ stack, target }: DestroyStep, operation: string, ...words: string[]): Command => [
  ['aws', 'cloudformation', operation, ...words, '--stack-name', stack.name],
  ...target.options,
];

function parsed(step: DestroyStep, template: string) {
  try {
    return parseTemplate(template, step.stack.name);
  } catch (error) {
    throw unseen(step, `Its template cannot be read: ${(error as Error).message}`);
  }
}

/** @throws PlanError when the command failed: what it would have told might be found half-way */
export function seen(step: DestroyStep, { succeeded, stdout, stderr }: Answer): string {
  if (!succeeded) {
    throw unseen(step, stderr);
  }
  return stdout.trim();
}

const unseen = ({ stack, target }: DestroyStep, why: string) =>
  new PlanError(`cannot see what protects ${stack.name} in ${accountLabel(target)}. Nothing was deleted.\n  ${why}`, 1);

/** For the operator: what is going to be deleted, in which order, and what of it is kept. */
export function announcement(stacks: readonly DoomedStack[]): string {
  const retained = stacks.flatMap((stack) => stack.retained);
  return [
    'To be deleted, in this order:',
    ...stacks.map(({ step: { stack, target } }) => `  ${stack.name} in ${accountLabel(target)}`),
    ...(retained.length === 0
      ? []
      : [
          '',
          'Retained, because the deployed template says so (its DeletionPolicy):',
          ...retained.map(
            ({ logicalId, physicalId, name = physicalId, type, reason }) =>
              `  ${logicalId} ${name} (${type}): ${reason}`,
          ),
          'They keep their names, which a later deployment needs: adopt them with it (scripts/deploy.sh --adopt), or delete',
          'them yourself once nobody needs them.',
        ]),
    '',
  ].join('\n');
}
