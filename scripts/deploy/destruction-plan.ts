import type { Stack } from '../../templates-src/model/stacks';
import type { TemplateDocument } from '../lib/template/document';
import { PlanError, type Request, type RouteToLive, readTemplateOf, select } from './deployment-request';
import { type Target, targetOf, targetsOf } from './deployment-target';
import type { Command } from './shell-text';

/** A resource that outlives its stack. */
export interface RetainedResource {
  readonly logicalId: string;
  readonly type: string;
  /** What people call it, where that is not the id by which CloudFormation knows it, and the template says it. */
  readonly name?: string;
  /** Why it is kept. */
  readonly reason: string;
}

/** One stack to delete. */
export interface DestroyStep {
  readonly stack: Stack;
  readonly target: Target;
  /** What its template in the checkout retains. What is deployed may be another one: see `destruction-view.ts`. */
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
 * The stacks that pipelines deploy to the account later than the given one. They are deleted with roles of
 * deployment-roles and service-roles, and import what earlier ones of them export: as long as an export is in use, CloudFormation gives up
 * the deletion without a final status, and the AWS CLI waits for one in vain.
 */
function laterStacks({ stacks }: RouteToLive, stack: Stack): Stack[] {
  return stacks
    .slice(stacks.indexOf(stack) + 1)
    .filter(({ account, deployedBy }) => account === stack.account && deployedBy === 'pipeline');
}

/** Why a resource of a type is worth keeping; types without a reason of their own hold data of some other kind. */
const reasonsToKeep: Readonly<Record<string, string>> = {
  'AWS::KMS::Key': 'what it encrypted could never be read again',
  'AWS::S3::Bucket': 'its objects would be lost',
  'AWS::ECR::Repository': 'running tasks pull their image from it',
  'AWS::CodeCommit::Repository': 'its commits would be lost',
  'AWS::Logs::LogGroup': 'its log would be lost',
};

/** Properties with the names of resources that CloudFormation knows by an id. */
const nameProperties: Readonly<Record<string, string>> = { 'AWS::CodeCommit::Repository': 'RepositoryName' };

/** What of a template outlives its stack. */
export function retainedResources({ Resources }: TemplateDocument): RetainedResource[] {
  return Object.entries(Resources)
    .filter(([, { DeletionPolicy }]) => DeletionPolicy?.startsWith('Retain'))
    .map(([logicalId, { Type, Properties }]) => {
      const name = Properties?.[nameProperties[Type] ?? ''];
      return {
        logicalId,
        type: Type,
        ...(typeof name === 'string' ? { name } : {}),
        reason: reasonsToKeep[Type] ?? 'its template says so',
      };
    });
}
