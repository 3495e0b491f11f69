import type { AccountView, ExpectedStack } from '../account-view';
import { AwsError } from '../aws-api';
import { type Check, type Finding, notApplicable, ofEach, orOk, problem, unseen } from '../check';

/** How to see whether a resource of a type exists: the property with its name, and a question that an error answers. */
interface Lookup {
  readonly property: string;
  readonly exists: (view: AccountView, name: string) => Promise<boolean>;
  /** What to do about it, where `deploy.sh --adopt` cannot take it in. */
  readonly toDo?: (view: AccountView, name: string) => Promise<string> | string;
}

interface Alias {
  readonly AliasName: string;
  readonly TargetKeyId?: string;
}

const aliases = async (view: AccountView) =>
  (await view.call<{ Aliases: readonly Alias[] }>('kms', 'list-aliases')).Aliases;

/** For types of which all are listed at once: one question for all names. */
const listed = (
  property: string,
  [service, operation, list]: readonly [string, string, string],
  field: string,
  parameters = {},
): Lookup => ({
  property,
  exists: async (view, name) => {
    const answer = await view.call<Record<string, readonly Record<string, unknown>[]>>(service, operation, parameters);
    return (answer[list] ?? []).some((one) => one[field] === name);
  },
  toDo: (view) =>
    `find out whose it is: ${view.command(service, operation, ...wordsOf(parameters))}; delete it if nobody uses it, ` +
    'or take another project in templates-src/topology.ts',
});

const wordsOf = (parameters: object) =>
  Object.entries(parameters).flatMap(([name, value]) => [`--${name.toLowerCase()}`, String(value)]);

/** The types whose names are fixed, and which outlive their stack or are made by somebody else. */
const lookups: Readonly<Record<string, Lookup>> = {
  'AWS::S3::Bucket': {
    property: 'BucketName',
    exists: (view, Bucket) => answers(view.call('s3api', 'head-bucket', { Bucket }), '404', 'NoSuchBucket'),
  },
  'AWS::IAM::Role': listed('RoleName', ['iam', 'list-roles', 'Roles'], 'RoleName'),
  'AWS::IAM::ManagedPolicy': listed('ManagedPolicyName', ['iam', 'list-policies', 'Policies'], 'PolicyName', {
    Scope: 'Local',
  }),
  'AWS::Lambda::Function': listed('FunctionName', ['lambda', 'list-functions', 'Functions'], 'FunctionName'),
  'AWS::ElasticLoadBalancingV2::LoadBalancer': listed(
    'Name',
    ['elbv2', 'describe-load-balancers', 'LoadBalancers'],
    'LoadBalancerName',
  ),
  'AWS::ElasticLoadBalancingV2::TargetGroup': listed(
    'Name',
    ['elbv2', 'describe-target-groups', 'TargetGroups'],
    'TargetGroupName',
  ),
  'AWS::CodePipeline::Pipeline': listed('Name', ['codepipeline', 'list-pipelines', 'pipelines'], 'name'),
  'AWS::ECR::Repository': {
    property: 'RepositoryName',
    exists: (view, name) =>
      answers(view.call('ecr', 'describe-repositories', { repositoryNames: [name] }), 'RepositoryNotFoundException'),
  },
  'AWS::CodeCommit::Repository': {
    property: 'RepositoryName',
    exists: (view, repositoryName) =>
      answers(view.call('codecommit', 'get-repository', { repositoryName }), 'RepositoryDoesNotExistException'),
  },
  'AWS::Logs::LogGroup': {
    property: 'LogGroupName',
    exists: async (view, name) => {
      // The same for most names, so that it is asked once.
      const [prefix] = name.split(`/${view.topology.project}`);
      const { logGroups } = await view.call<{ logGroups?: { logGroupName: string }[] }>('logs', 'describe-log-groups', {
        logGroupNamePrefix: `${prefix}/${view.topology.project}`,
      });
      return (logGroups ?? []).some(({ logGroupName }) => logGroupName === name);
    },
  },
  'AWS::SQS::Queue': {
    property: 'QueueName',
    exists: async (view, name) => {
      const { QueueUrls } = await view.call<{ QueueUrls?: string[] }>('sqs', 'list-queues', {
        QueueNamePrefix: view.topology.project,
      });
      return (QueueUrls ?? []).some((url) => url.endsWith(`/${name}`));
    },
  },
  'AWS::KMS::Alias': {
    property: 'AliasName',
    exists: async (view, name) => (await aliases(view)).some(({ AliasName }) => AliasName === name),
    // An alias holds nothing, and goes with its stack. Whatever names it now uses that key.
    toDo: async (view, name) => {
      const { TargetKeyId = 'no key' } = (await aliases(view)).find(({ AliasName }) => AliasName === name) as Alias;
      return `it stands for ${TargetKeyId}; once nothing uses that by this name: ${view.command('kms', 'delete-alias', '--alias-name', name)}`;
    },
  },
};

export const names: Check = {
  name: 'names',
  asks: 'are names free of what an earlier life has left, where a stack is still to be created?',
  beforeDeployment: true,
  run: async (view) => {
    const existing = await view.existing();
    const missing = view.stacks.filter((expected) => !existing.includes(expected));
    if (missing.length === 0) {
      return [notApplicable('all stacks exist')];
    }
    const found = await ofEach(missing.flatMap(namesOf), (wanted) => look(view, wanted));
    return orOk(found, `the names of ${missing.length} stacks to come are free`);
  },
};

interface WantedName {
  readonly stack: string;
  readonly type: string;
  readonly name: string;
}

function namesOf({ stack, resolved }: ExpectedStack): WantedName[] {
  return [...resolved.resources.values()].flatMap(({ type, properties }) => {
    const name = properties[lookups[type]?.property ?? ''];
    return typeof name === 'string' ? [{ stack: stack.name, type, name }] : [];
  });
}

async function look(view: AccountView, { stack, type, name }: WantedName): Promise<Finding[]> {
  const { exists, toDo } = lookups[type] as Lookup;
  try {
    if (!(await exists(view, name))) {
      return [];
    }
  } catch (error) {
    if (error instanceof AwsError && error.code === '403') {
      // S3 answers the same to both.
      const cause = `${name} belongs to another account (names of buckets are the same for all of AWS: take another project in templates-src/topology.ts)`;
      return [{ ...unseen(error), toDo: `either ${cause}, or ${unseen(error).toDo}` }];
    }
    throw error;
  }
  const advice = (await toDo?.(view, name)) ?? `scripts/deploy.sh --adopt ${stack}`;
  return [problem(`${name} (${type}) exists, while ${stack} does not`, advice, [stack])];
}

/** Whether a call is answered, where these codes mean that there is no such thing. */
async function answers(call: Promise<unknown>, ...absent: readonly string[]): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (error instanceof AwsError && error.code !== undefined && absent.includes(error.code)) {
      return false;
    }
    throw error;
  }
}
