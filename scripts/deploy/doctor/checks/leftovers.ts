import type { AccountView, ExpectedStack } from '../account-view';
import { type Check, type Finding, notApplicable, ofEach, orOk, problem } from '../check';

/** How to find what carries a name of the route, and to delete it. */
interface Kind {
  readonly noun: string;
  /** The type of its resources in stacks. */
  readonly type: string;
  /** What resources in stacks have as their physical id. */
  readonly list: (view: AccountView) => Promise<readonly string[]>;
  /** Commands, in order. */
  readonly deletion: (view: AccountView, id: string) => string | Promise<readonly string[]>;
}

/** Of a list of all that there is, the names. */
const all =
  (service: string, operation: string, list: string, field: string, parameters: object = {}) =>
  async (view: AccountView): Promise<readonly string[]> => {
    const answer = await view.call<Record<string, readonly Record<string, string>[] | undefined>>(
      service,
      operation,
      parameters,
    );
    return (answer[list] ?? []).map((one) => one[field] ?? '');
  };

const kinds: readonly Kind[] = [
  {
    noun: 'role',
    type: 'AWS::IAM::Role',
    list: all('iam', 'list-roles', 'Roles', 'RoleName'),
    // IAM deletes no role that has policies.
    deletion: async (view, RoleName) => {
      const { PolicyNames } = await view.call<{ PolicyNames: readonly string[] }>('iam', 'list-role-policies', {
        RoleName,
      });
      const { AttachedPolicies } = await view.call<{ AttachedPolicies: readonly { readonly PolicyArn: string }[] }>(
        'iam',
        'list-attached-role-policies',
        { RoleName },
      );
      const role = ['--role-name', RoleName];
      return [
        ...PolicyNames.map((name) => view.command('iam', 'delete-role-policy', ...role, '--policy-name', name)),
        ...AttachedPolicies.map(({ PolicyArn }) =>
          view.command('iam', 'detach-role-policy', ...role, '--policy-arn', PolicyArn),
        ),
        view.command('iam', 'delete-role', ...role),
      ];
    },
  },
  // After the roles: none is deleted that is attached, or a boundary.
  {
    noun: 'policy',
    type: 'AWS::IAM::ManagedPolicy',
    list: all('iam', 'list-policies', 'Policies', 'Arn', { Scope: 'Local' }),
    deletion: (view, arn) => view.command('iam', 'delete-policy', '--policy-arn', arn),
  },
  {
    noun: 'function',
    type: 'AWS::Lambda::Function',
    list: all('lambda', 'list-functions', 'Functions', 'FunctionName'),
    deletion: (view, name) => view.command('lambda', 'delete-function', '--function-name', name),
  },
  {
    noun: 'bucket',
    type: 'AWS::S3::Bucket',
    list: all('s3api', 'list-buckets', 'Buckets', 'Name'),
    deletion: (view, name) => view.command('s3api', 'delete-bucket', '--bucket', name),
  },
  {
    noun: 'alias of a key',
    type: 'AWS::KMS::Alias',
    list: all('kms', 'list-aliases', 'Aliases', 'AliasName'),
    deletion: (view, name) => view.command('kms', 'delete-alias', '--alias-name', name),
  },
  {
    noun: 'log group',
    type: 'AWS::Logs::LogGroup',
    list: all('logs', 'describe-log-groups', 'logGroups', 'logGroupName'),
    deletion: (view, name) => view.command('logs', 'delete-log-group', '--log-group-name', name),
  },
  {
    noun: 'queue',
    type: 'AWS::SQS::Queue',
    list: async (view) => (await view.call<{ QueueUrls?: string[] }>('sqs', 'list-queues')).QueueUrls ?? [],
    deletion: (view, url) => view.command('sqs', 'delete-queue', '--queue-url', url),
  },
];

/** A grant on a key, as `aws kms list-grants` gives it. */
interface Grant {
  readonly GrantId: string;
  readonly GranteePrincipal?: string;
}

/**
 * What outlives the commit that made it: resources that a template retained, which no later template has, and grants,
 * which no template shows at all.
 */
export const leftovers: Check = {
  name: 'leftovers',
  asks: 'is there anything with a name of the route, or a grant on its keys, that belongs to no stack of it?',
  run: async (view) => {
    const existing = await view.existing();
    const environments = environmentsOf(view);
    // While a stack is missing, what is left of it is for `names` to tell.
    if (environments.length === 0 || existing.length < view.stacks.length) {
      return [notApplicable('not all stacks of an environment exist')];
    }
    const unclaimed = await ofEach(kinds, (kind) => look(view, existing, kind, environments));
    const granted = await ofEach(existing, (expected) => lookAtGrants(view, expected));
    return orOk([...unclaimed, ...granted], `everything with a name of ${environments.join(', ')} belongs to a stack`);
  },
};

/** The environments of the account. */
const environmentsOf = ({ topology, targets }: AccountView) =>
  topology.environments.map(({ name }) => name).filter((name) => targets.some(({ account }) => account === name));

async function look(
  view: AccountView,
  existing: readonly ExpectedStack[],
  { noun, type, list, deletion }: Kind,
  environments: readonly string[],
): Promise<Finding[]> {
  const found = (await list(view)).filter((name) => isOfRoute(view, name, environments));
  const owned = new Set(
    (await Promise.all(existing.map((expected) => view.resources(expected, type))))
      .flat()
      .map(({ PhysicalResourceId }) => PhysicalResourceId),
  );
  return Promise.all(
    found
      .filter((id) => !owned.has(id))
      .map(async (id) =>
        problem(
          `the ${noun} ${id} belongs to no stack of this route`,
          'find out who made it, and whether anybody needs what it holds: a template may have retained it, or somebody made ' +
            `it by hand. If nobody does: ${[await deletion(view, id)].flat().join(' && ')}`,
        ),
      ),
  );
}

/** Queues are known by their URLs, policies by their ARNs, aliases behind `alias/`, log groups behind a path. */
function isOfRoute({ topology: { project } }: AccountView, name: string, environments: readonly string[]): boolean {
  const bare = name.replace(/^alias\/|^\/aws\/lambda\/|^(https|arn):.*\//, '');
  return environments.some(
    (environment) => bare.startsWith(`${project}-${environment}-`) || name.startsWith(`/${project}/${environment}/`),
  );
}

/** Grants on the keys of a stack whose grantee is neither a service of AWS nor a role of this account. */
async function lookAtGrants(view: AccountView, expected: ExpectedStack): Promise<Finding[]> {
  const keys = await view.resources(expected, 'AWS::KMS::Key');
  return ofEach(keys, async ({ PhysicalResourceId: KeyId = '' }) => {
    const { Grants } = await view.call<{ Grants: readonly Grant[] }>('kms', 'list-grants', { KeyId });
    return Grants.filter(({ GranteePrincipal = '' }) => !isExpected(view, GranteePrincipal)).map(
      ({ GrantId, GranteePrincipal = 'somebody' }) =>
        problem(
          `${GranteePrincipal} has a grant on the key ${KeyId} of ${expected.stack.name}, which no policy shows`,
          `find out what it is for. If nobody knows: ${view.command('kms', 'revoke-grant', '--key-id', KeyId, '--grant-id', GrantId)}`,
        ),
    );
  });
}

const isExpected = ({ accountId }: AccountView, principal: string) =>
  principal.endsWith('.amazonaws.com') || principal.split(':')[4] === accountId;
