import { type Aws, eightAtATime } from './aws-cli';
import { accountLabel } from './deployment-target';
import type { DestroyStep } from './destruction-plan';
import { type DeployedResource, type DoomedStack, onStack, seen } from './destruction-view';
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
  /** Which resources of the type it is about; all, unless it says so. */
  readonly concerns?: RegExp;
  /** Looks at the resource. */
  readonly look: (physicalId: string) => Command;
  /** What the answer of `look` says where the resource is in the way. */
  readonly blocks: RegExp;
  readonly what: string;
  /** Shell text, less the options of the account, which stand where a command ends. */
  readonly remedy: (physicalId: string, options: string) => string;
}

const text = ['--output', 'text'];

/** Who has a policy, one a line: `role`, `group` or `user`, and a name. */
const holders =
  "[PolicyRoles[].['role', RoleName], PolicyGroups[].['group', GroupName], PolicyUsers[].['user', UserName]][]";

/** By type. What stays anyway, because its template retains it, is in nobody's way. */
const guards: Readonly<Record<string, Guard>> = {
  'AWS::DynamoDB::Table': {
    look: (name) => [
      ['aws', 'dynamodb', 'describe-table', '--table-name', name],
      ['--query', 'Table.DeletionProtectionEnabled', ...text],
    ],
    blocks: /^true$/i,
    what: 'its deletion protection is on',
    remedy: (name, options) =>
      `aws dynamodb update-table --table-name ${name} --no-deletion-protection-enabled ${options}`,
  },
  'AWS::ECR::Repository': {
    look: (name) => [
      ['aws', 'ecr', 'list-images', '--repository-name', name, '--max-items', '1'],
      ['--query', 'imageIds[0].imageDigest', ...text],
    ],
    blocks: /^sha256:/,
    what: 'it holds images',
    remedy: (name, options) => `aws ecr delete-repository --repository-name ${name} --force ${options}`,
  },
  'AWS::ElasticLoadBalancingV2::LoadBalancer': {
    look: (arn) => [
      ['aws', 'elbv2', 'describe-load-balancer-attributes', '--load-balancer-arn', arn],
      ['--query', "Attributes[?Key=='deletion_protection.enabled'].Value | [0]", ...text],
    ],
    blocks: /^true$/i,
    what: 'its deletion protection is on: the stack would stop half-way, without service and listeners',
    remedy: (arn, options) =>
      `aws elbv2 modify-load-balancer-attributes --load-balancer-arn ${arn} ` +
      `--attributes Key=deletion_protection.enabled,Value=false ${options}`,
  },
  // IAM deletes no policy that somebody has (IAM API Reference, DeletePolicy), and CloudFormation knows only whom a template
  // names: of this one, nobody. Those of the route's roles go with them.
  'AWS::IAM::ManagedPolicy': {
    concerns: /-not-approver$/,
    look: (arn) => [
      ['aws', 'iam', 'list-entities-for-policy', '--policy-arn', arn],
      ['--query', holders, ...text],
    ],
    blocks: /^(role|group|user)\b/,
    what: 'it is attached (from a permission set, take it in IAM Identity Center)',
    remedy: (arn, options) =>
      `aws iam list-entities-for-policy --policy-arn ${arn} --query "${holders}" --output text ${options} | ` +
      `while read -r kind name; do aws iam "detach-$kind-policy" "--$kind-name" "$name" --policy-arn ${arn} ${options}; done`,
  },
  'AWS::S3::Bucket': {
    look: (name) => [
      ['aws', 's3api', 'list-object-versions', '--bucket', name, '--max-items', '1'],
      ['--query', '[Versions[0].Key, DeleteMarkers[0].Key]', ...text],
    ],
    blocks: /^(?!(None|\s)*$)/,
    what: 'it is not empty (old versions of objects have to go, too)',
    // `aws s3 rm` leaves all versions where the bucket keeps them. A page has 1,000 of them, which is what one deletion
    // takes (Amazon S3 API, DeleteObjects).
    remedy: (name, options) =>
      `while page=$(aws s3api list-object-versions --bucket ${name} --no-paginate --output json --query ` +
      "'{Quiet: `true`, Objects: [Versions, DeleteMarkers][].{Key: Key, VersionId: VersionId}}' " +
      `${options}) && [[ $page == *VersionId* ]]; ` +
      `do aws s3api delete-objects --bucket ${name} --delete file:///dev/stdin ${options} <<<"$page" || break; done`,
  },
};

/**
 * Looks for everything that protects stacks, or that would stop their deletion, before anything is deleted.
 *
 * @throws PlanError when something cannot be seen: what protects it would then be found half-way
 */
export async function obstaclesTo(stacks: readonly DoomedStack[], aws: Aws): Promise<Obstacle[]> {
  return (await eightAtATime(stacks, (stack) => obstaclesIn(stack, aws))).flat();
}

async function obstaclesIn({ step, isProtected, doomed }: DoomedStack, aws: Aws): Promise<Obstacle[]> {
  const unprotect = onStack(step, 'update-termination-protection', '--no-enable-termination-protection');
  return [
    ...(isProtected ? [{ step, what: 'its termination protection is on', remedy: shellText(unprotect) }] : []),
    ...(await eightAtATime(doomed, (resource) => obstacleOf(step, resource, aws))).flat(),
  ];
}

async function obstacleOf(
  step: DestroyStep,
  { logicalId, type, physicalId }: DeployedResource,
  aws: Aws,
): Promise<Obstacle[]> {
  const guard = guards[type];
  if (guard === undefined || guard.concerns?.test(physicalId) === false) {
    return [];
  }
  const answer = await aws([...guard.look(physicalId), ...step.target.options]);
  // What somebody has deleted already is in nobody's way.
  if (/NotFound|NoSuchBucket|does not exist/.test(answer.stderr) || !guard.blocks.test(seen(step, answer))) {
    return [];
  }
  const remedy = guard.remedy(physicalId, shellText(step.target.options));
  return [{ step, what: `${logicalId} ${physicalId}: ${guard.what}`, remedy }];
}

/** For the operator: every obstacle with the command that lifts it. */
export function describeObstacles(obstacles: readonly Obstacle[]): string {
  return obstacles
    .map(
      ({ step: { stack, target }, what, remedy }) =>
        `  ${stack.name} in ${accountLabel(target)}: ${what}\n    ${remedy}`,
    )
    .join('\n');
}
