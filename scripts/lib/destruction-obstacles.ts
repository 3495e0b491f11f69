import { type Answer, type Aws, eightAtATime } from './aws-cli';
import { PlanError } from './deployment-request';
import type { Target } from './deployment-target';
import type { DestroyStep, DestructionPlan } from './destruction-plan';
import { type Command, shellText } from './shell-text';

/** Something that would stop a deletion, half-way if not before. */
export interface Obstacle {
  readonly step: DestroyStep;
  /** `its termination protection is on` */
  readonly what: string;
  /** What takes it out of the way, ready to be pasted. */
  readonly remedy: string;
}

/** How a resource of a type can stop the deletion of its stack. */
interface Guard {
  /** Looks at the resource. */
  readonly look: (physicalId: string) => Command;
  /** What the answer of `look` says where the resource is in the way. */
  readonly blocks: RegExp;
  readonly what: string;
  readonly remedy: (physicalId: string) => Command;
}

const text = ['--output', 'text'];

/** By type. What stays anyway, because its template retains it, is in nobody's way. */
const guards: Readonly<Record<string, Guard>> = {
  'AWS::DynamoDB::Table': {
    look: (name) => [
      ['aws', 'dynamodb', 'describe-table', '--table-name', name],
      ['--query', 'Table.DeletionProtectionEnabled', ...text],
    ],
    blocks: /^true$/i,
    what: 'its deletion protection is on',
    remedy: (name) => [['aws', 'dynamodb', 'update-table', '--table-name', name, '--no-deletion-protection-enabled']],
  },
  'AWS::ECR::Repository': {
    look: (name) => [
      ['aws', 'ecr', 'list-images', '--repository-name', name, '--max-items', '1'],
      ['--query', 'imageIds[0].imageDigest', ...text],
    ],
    blocks: /^sha256:/,
    what: 'it holds images',
    remedy: (name) => [['aws', 'ecr', 'delete-repository', '--repository-name', name, '--force']],
  },
  'AWS::ElasticLoadBalancingV2::LoadBalancer': {
    look: (arn) => [
      ['aws', 'elbv2', 'describe-load-balancer-attributes', '--load-balancer-arn', arn],
      ['--query', "Attributes[?Key=='deletion_protection.enabled'].Value | [0]", ...text],
    ],
    blocks: /^true$/i,
    what: 'its deletion protection is on: the stack would stop half-way, without service and listeners',
    remedy: (arn) => [
      ['aws', 'elbv2', 'modify-load-balancer-attributes', '--load-balancer-arn', arn],
      ['--attributes', 'Key=deletion_protection.enabled,Value=false'],
    ],
  },
  'AWS::S3::Bucket': {
    look: (name) => [
      ['aws', 's3api', 'list-object-versions', '--bucket', name, '--max-items', '1'],
      ['--query', '[Versions[0].Key, DeleteMarkers[0].Key]', ...text],
    ],
    blocks: /^(?!(None|\s)*$)/,
    what: 'it is not empty (old versions of objects have to go, too)',
    remedy: (name) => [['aws', 's3', 'rm', '--recursive', `s3://${name}`]],
  },
};

/**
 * Looks for everything that protects what a plan would delete, or that would stop it, before anything is deleted.
 *
 * @throws PlanError when something cannot be seen: what protects it would then be found half-way
 */
export async function obstaclesTo({ steps }: DestructionPlan, aws: Aws): Promise<Obstacle[]> {
  return (await eightAtATime(steps, (step) => obstaclesIn(step, aws))).flat();
}

async function obstaclesIn(step: DestroyStep, aws: Aws): Promise<Obstacle[]> {
  const { stack, target } = step;
  const onStack = (operation: string, ...words: string[]): Command => [
    ['aws', 'cloudformation', operation, ...words, '--stack-name', stack.name],
    ...target.options,
  ];
  const described = await aws([
    ...onStack('describe-stacks'),
    ['--query', 'Stacks[0].EnableTerminationProtection', ...text],
  ]);
  if (/does not exist/.test(described.stderr)) {
    return [];
  }
  const isProtected = /^true$/i.test(seen(step, described));
  const listed = await aws([
    ...onStack('list-stack-resources'),
    [
      '--query',
      "StackResourceSummaries[?ResourceStatus!='DELETE_COMPLETE'].[LogicalResourceId, ResourceType, PhysicalResourceId]",
    ],
    ['--output', 'json'],
  ]);
  const resources = JSON.parse(seen(step, listed)) as [logicalId: string, type: string, physicalId: string | null][];
  const retained = new Set(step.retained.map(({ logicalId }) => logicalId));
  const guarded = resources.filter(([logicalId]) => !retained.has(logicalId));
  return [
    ...(isProtected
      ? [
          {
            step,
            what: 'its termination protection is on',
            remedy: shellText(onStack('update-termination-protection', '--no-enable-termination-protection')),
          },
        ]
      : []),
    ...(
      await eightAtATime(guarded, async ([logicalId, type, physicalId]) => {
        const guard = guards[type];
        return guard === undefined || physicalId === null
          ? []
          : obstacleOf(step, guard, `${logicalId} ${physicalId}`, physicalId, aws);
      })
    ).flat(),
  ];
}

async function obstacleOf(
  step: DestroyStep,
  guard: Guard,
  name: string,
  physicalId: string,
  aws: Aws,
): Promise<Obstacle[]> {
  const answer = await aws([...guard.look(physicalId), ...step.target.options]);
  // What somebody has deleted already is in nobody's way.
  if (/NotFound|NoSuchBucket|does not exist/.test(answer.stderr) || !guard.blocks.test(seen(step, answer))) {
    return [];
  }
  const remedy = shellText([...guard.remedy(physicalId), ...step.target.options]);
  return [{ step, what: `${name}: ${guard.what}`, remedy }];
}

function seen({ stack, target }: DestroyStep, { succeeded, stdout, stderr }: Answer): string {
  if (!succeeded) {
    throw new PlanError(
      `cannot see what protects ${stack.name} in ${label(target)}. Nothing was deleted.\n  ${stderr}`,
      1,
    );
  }
  return stdout.trim();
}

const label = ({ account, accountId }: Target) => `${account} (${accountId})`;

/** For the operator: every obstacle with the command that lifts it. */
export function describeObstacles(obstacles: readonly Obstacle[]): string {
  return obstacles
    .map(({ step: { stack, target }, what, remedy }) => `  ${stack.name} in ${label(target)}: ${what}\n    ${remedy}`)
    .join('\n');
}
