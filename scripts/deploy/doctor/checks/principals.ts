import { type AccountView, type DeployedResource, type ExpectedStack, expectedResources } from '../account-view';
import { AwsError } from '../aws-api';
import { type Check, type Finding, notApplicable, ofEach, orOk, problem } from '../check';

/**
 * A policy that named a role keeps the role's unique id when the role is deleted. A new role of the same name has
 * another id: it is refused, and nothing says why (IAM User Guide, "Principal").
 */
export const principals: Check = {
  name: 'principals',
  asks: 'does a policy still name somebody who was deleted (AIDA..., AROA...)?',
  run: async (view) => {
    const existing = await view.existing();
    if (existing.length === 0) {
      return [notApplicable('nothing is deployed yet')];
    }
    const found = [
      ...(await ofEach(existing, (expected) => lookAtResources(view, expected))),
      ...(await ofEach(existing, (expected) => lookAtFunctions(view, expected))),
      ...(await ofEach([existing], (all) => lookAtRoles(view, all))),
    ];
    return orOk(found, 'policies name nobody who was deleted');
  },
};

/** How to read the policy of a resource, and the commands with which an operator reads and writes it. */
interface PolicyReader {
  readonly read: (view: AccountView, id: string) => Promise<string | undefined>;
  readonly absent?: string;
  readonly get: (id: string) => readonly string[];
  readonly put: (id: string) => readonly string[];
}

const file = 'policy.json';
const text = ['--output', 'text'];

const readers: Readonly<Record<string, PolicyReader>> = {
  'AWS::KMS::Key': {
    read: async (view, KeyId) =>
      (await view.call<{ Policy: string }>('kms', 'get-key-policy', { KeyId, PolicyName: 'default' })).Policy,
    get: (id) => ['kms', 'get-key-policy', '--key-id', id, '--policy-name', 'default', '--query', 'Policy', ...text],
    put: (id) => ['kms', 'put-key-policy', '--key-id', id, '--policy-name', 'default', '--policy', `file://${file}`],
  },
  'AWS::S3::Bucket': {
    read: async (view, Bucket) =>
      (await view.call<{ Policy: string }>('s3api', 'get-bucket-policy', { Bucket })).Policy,
    absent: 'NoSuchBucketPolicy',
    get: (id) => ['s3api', 'get-bucket-policy', '--bucket', id, '--query', 'Policy', ...text],
    put: (id) => ['s3api', 'put-bucket-policy', '--bucket', id, '--policy', `file://${file}`],
  },
  'AWS::ECR::Repository': {
    read: async (view, repositoryName) =>
      (await view.call<{ policyText: string }>('ecr', 'get-repository-policy', { repositoryName })).policyText,
    absent: 'RepositoryPolicyNotFoundException',
    get: (id) => ['ecr', 'get-repository-policy', '--repository-name', id, '--query', 'policyText', ...text],
    put: (id) => ['ecr', 'set-repository-policy', '--repository-name', id, '--policy-text', `file://${file}`],
  },
  'AWS::SNS::Topic': {
    read: async (view, TopicArn) =>
      (await view.call<{ Attributes: Attributes }>('sns', 'get-topic-attributes', { TopicArn })).Attributes.Policy,
    get: (id) => ['sns', 'get-topic-attributes', '--topic-arn', id, '--query', 'Attributes.Policy', ...text],
    put: (id) => [
      ...['sns', 'set-topic-attributes', '--topic-arn', id, '--attribute-name', 'Policy'],
      ...['--attribute-value', `file://${file}`],
    ],
  },
  'AWS::SQS::Queue': {
    read: async (view, QueueUrl) =>
      (
        await view.call<{ Attributes?: Attributes }>('sqs', 'get-queue-attributes', {
          QueueUrl,
          AttributeNames: ['Policy'],
        })
      ).Attributes?.Policy,
    // The policy is a text inside of JSON, and stays one.
    get: (id) => [
      'sqs',
      'get-queue-attributes',
      '--queue-url',
      id,
      '--attribute-names',
      'Policy',
      '--query',
      'Attributes',
    ],
    put: (id) => ['sqs', 'set-queue-attributes', '--queue-url', id, '--attributes', `file://${file}`],
  },
};

interface Attributes {
  readonly Policy?: string;
}

async function lookAtResources(view: AccountView, expected: ExpectedStack): Promise<Finding[]> {
  return ofEach(await view.resources(expected, ...Object.keys(readers)), (resource) => lookAtResource(view, resource));
}

async function lookAtResource(view: AccountView, resource: DeployedResource): Promise<Finding[]> {
  const { ResourceType: type, PhysicalResourceId: id = '' } = resource;
  const { read, absent, get, put } = readers[type] as PolicyReader;
  try {
    const policy = await read(view, id);
    return deletedPrincipals(policy).map((principal) =>
      fault(`the policy of ${id} (${type})`, principal, view.command(...get(id)), view.command(...put(id))),
    );
  } catch (error) {
    if (error instanceof AwsError && error.code === absent) {
      return [];
    }
    throw error;
  }
}

/** The policy of a function has statements of their own, which are taken away and added one by one. */
async function lookAtFunctions(view: AccountView, expected: ExpectedStack): Promise<Finding[]> {
  return ofEach(await view.resources(expected, 'AWS::Lambda::Function'), async ({ PhysicalResourceId: name = '' }) => {
    try {
      const { Policy } = await view.call<{ Policy: string }>('lambda', 'get-policy', { FunctionName: name });
      const statements: { Sid?: string }[] = JSON.parse(Policy).Statement;
      return statements.flatMap((statement) =>
        deletedPrincipals({ Statement: statement }).map((principal) =>
          problem(
            `the policy of ${name} (AWS::Lambda::Function) names ${principal}, who was deleted`,
            `${view.command('lambda', 'remove-permission', '--function-name', name, '--statement-id', String(statement.Sid))}; then add it ` +
              'again for the role as it is now (aws lambda add-permission)',
          ),
        ),
      );
    } catch (error) {
      if (error instanceof AwsError && error.code === 'ResourceNotFoundException') {
        return [];
      }
      throw error;
    }
  });
}

interface Role {
  readonly RoleName: string;
  /** The AWS CLI decodes it. */
  readonly AssumeRolePolicyDocument?: object | string;
}

async function lookAtRoles(view: AccountView, existing: readonly ExpectedStack[]): Promise<Finding[]> {
  const own = existing.flatMap((expected) => expectedResources(expected, 'AWS::IAM::Role').map(({ ids }) => ids.ref));
  if (own.length === 0) {
    return [];
  }
  const { Roles } = await view.call<{ Roles: Role[] }>('iam', 'list-roles');
  return Roles.filter(({ RoleName }) => own.includes(RoleName)).flatMap(({ RoleName, AssumeRolePolicyDocument }) =>
    deletedPrincipals(AssumeRolePolicyDocument).map((principal) =>
      fault(
        `the trust of the role ${RoleName}`,
        principal,
        view.command(...['iam', 'get-role', '--role-name', RoleName, '--query', 'Role.AssumeRolePolicyDocument']),
        view.command(
          ...['iam', 'update-assume-role-policy', '--role-name', RoleName, '--policy-document', `file://${file}`],
        ),
      ),
    ),
  );
}

function fault(where: string, principal: string, get: string, put: string): Finding {
  // Its template has not changed: CloudFormation would see nothing to do. With the id in it, it cannot be written back.
  const toDo = `${get} >${file}; put the ARN of the role or user that is meant now in place of ${principal}, or take it out; ${put}`;
  return problem(`${where} names ${principal}, who was deleted`, toDo);
}

/** The unique ids among the principals of a policy. An existing user or role is shown by its ARN. */
export function deletedPrincipals(policy: object | string | undefined): string[] {
  const document = typeof policy === 'string' ? JSON.parse(policy) : policy;
  const statements: { Principal?: unknown; NotPrincipal?: unknown }[] = [document?.Statement ?? []].flat();
  const named = statements.flatMap(({ Principal, NotPrincipal }) => [Principal, NotPrincipal].flatMap(textsIn));
  return [...new Set(named.filter((name) => /^A(IDA|ROA)[A-Z0-9]{12,}$/.test(name)))];
}

function textsIn(value: unknown): string[] {
  return typeof value === 'string' ? [value] : Object.values(value ?? {}).flatMap(textsIn);
}
