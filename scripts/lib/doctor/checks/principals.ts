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
      ...(await ofEach([existing], (all) => lookAtRoles(view, all))),
    ];
    return orOk(found, 'policies name nobody who was deleted');
  },
};

/** How to read the policy of a resource, and which command writes it. */
interface PolicyReader {
  readonly read: (view: AccountView, id: string) => Promise<string | undefined>;
  readonly absent?: string;
  readonly write: string;
}

const readers: Readonly<Record<string, PolicyReader>> = {
  'AWS::KMS::Key': {
    read: async (view, KeyId) =>
      (await view.call<{ Policy: string }>('kms', 'get-key-policy', { KeyId, PolicyName: 'default' })).Policy,
    write: 'aws kms put-key-policy',
  },
  'AWS::S3::Bucket': {
    read: async (view, Bucket) =>
      (await view.call<{ Policy: string }>('s3api', 'get-bucket-policy', { Bucket })).Policy,
    absent: 'NoSuchBucketPolicy',
    write: 'aws s3api put-bucket-policy',
  },
  'AWS::ECR::Repository': {
    read: async (view, repositoryName) =>
      (await view.call<{ policyText: string }>('ecr', 'get-repository-policy', { repositoryName })).policyText,
    absent: 'RepositoryPolicyNotFoundException',
    write: 'aws ecr set-repository-policy',
  },
  'AWS::SNS::Topic': {
    read: async (view, TopicArn) =>
      (await view.call<{ Attributes: Attributes }>('sns', 'get-topic-attributes', { TopicArn })).Attributes.Policy,
    write: 'aws sns set-topic-attributes',
  },
  'AWS::SQS::Queue': {
    read: async (view, QueueUrl) =>
      (
        await view.call<{ Attributes?: Attributes }>('sqs', 'get-queue-attributes', {
          QueueUrl,
          AttributeNames: ['Policy'],
        })
      ).Attributes?.Policy,
    write: 'aws sqs set-queue-attributes',
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
  const { read, absent, write } = readers[type] as PolicyReader;
  try {
    const policy = await read(view, id);
    return deletedPrincipals(policy).map((principal) => fault(`the policy of ${id} (${type})`, principal, write));
  } catch (error) {
    if (error instanceof AwsError && error.code === absent) {
      return [];
    }
    throw error;
  }
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
      fault(`the trust of the role ${RoleName}`, principal, 'aws iam update-assume-role-policy'),
    ),
  );
}

function fault(where: string, principal: string, write: string): Finding {
  // Its template has not changed: CloudFormation would see nothing to do.
  const toDo = `write the policy of the generated template back with ${write}: it names accounts, narrowed by aws:PrincipalArn`;
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
