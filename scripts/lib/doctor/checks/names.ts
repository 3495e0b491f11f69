import type { AccountView, ExpectedStack } from '../account-view';
import { AwsError } from '../aws-api';
import { type Check, type Finding, notApplicable, ofEach, orOk, problem } from '../check';

/** How to see whether a resource of a type exists: the property with its name, and a question that an error answers. */
interface Lookup {
  readonly property: string;
  readonly exists: (view: AccountView, name: string) => Promise<boolean>;
}

/** The types whose names are fixed, and which outlive their stack or are made by somebody else. */
const lookups: Readonly<Record<string, Lookup>> = {
  'AWS::S3::Bucket': {
    property: 'BucketName',
    exists: (view, Bucket) => answers(view.call('s3api', 'head-bucket', { Bucket }), '404', 'NoSuchBucket'),
  },
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
    exists: async (view, name) => {
      const { Aliases } = await view.call<{ Aliases: { AliasName: string }[] }>('kms', 'list-aliases');
      return Aliases.some(({ AliasName }) => AliasName === name);
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
  if (!(await (lookups[type] as Lookup).exists(view, name))) {
    return [];
  }
  // An alias holds nothing, and goes with its stack: one that is left cannot be adopted.
  const toDo =
    type === 'AWS::KMS::Alias'
      ? view.command('kms', 'delete-alias', '--alias-name', name)
      : `scripts/deploy.sh --adopt ${stack}`;
  return [problem(`${name} (${type}) exists, while ${stack} does not`, toDo, [stack])];
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
