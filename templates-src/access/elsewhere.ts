import type {
  AdministratorActor,
  DeclaredAccount,
  DeclaredEnvironment,
  DeclaredRoute,
  MadeUpResource,
  PolicyDocument,
} from './case';

/**
 * What the route to live has nothing to do with, but shares accounts with: other people's roles, buckets, keys. They
 * are as open as they could be, so that only the policies of the templates can be what refuses a request.
 */

/** ARN of something in an account and the Region of the route to live. */
export const arnIn = ({ region }: DeclaredRoute, { id }: DeclaredAccount, service: string, resource: string) =>
  `arn:aws:${service}:${region}:${id}:${resource}`;

/** Somebody in an account who may do everything there: the operator, or a stranger. */
export const administratorOf = ({ id }: DeclaredAccount): AdministratorActor => ({
  kind: 'administrator',
  arn: `arn:aws:iam::${id}:role/somebody-elses-administrator`,
});

/**
 * A role that a template of an environment made, with a policy that allows everything: its boundary is what limits it.
 *
 * @param boundary logical id of the boundary
 */
export const boundedAdministratorOf = (environment: DeclaredEnvironment, boundary: string): AdministratorActor => ({
  kind: 'administrator',
  arn: `arn:aws:iam::${environment.id}:role/workload-that-may-do-everything`,
  boundary: environment.stack('service-roles').arn(boundary),
});

/**
 * A resource whose own policy admits everybody, in each way that skips what a boundary does not allow: `*`, with and
 * without a condition, and the session of the role (IAM User Guide, "Policy evaluation for requests within a single
 * account"). What still refuses it is an explicit Deny.
 */
export const openToEverybody = (
  { arn: role }: AdministratorActor,
  account: DeclaredAccount,
  arn: string,
): readonly MadeUpResource[] =>
  [
    { Principal: '*' },
    { Principal: '*', Condition: { StringEquals: { 'aws:PrincipalAccount': account.id } } },
    { Principal: { AWS: role.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/').concat('/session') } },
  ].map((admitted) => ({
    arn,
    account: account.id,
    policy: {
      Version: '2012-10-17',
      Statement: [{ Sid: 'AdmitsEverybody', Effect: 'Allow', Action: '*', Resource: '*', ...admitted }],
    },
  }));

/** An account that isn't one of the route to live. */
export const foreignAccountId = '000000000000';

/** The environments with an account of their own: in one that they share, the tooling account's operators are theirs. */
export const apartFromTooling = ({ tooling, environments }: DeclaredRoute): readonly DeclaredEnvironment[] =>
  environments.filter(({ id }) => id !== tooling.id);

/** Somebody in an account that isn't one of the route to live. */
export const foreigner: AdministratorActor = {
  kind: 'administrator',
  arn: `arn:aws:iam::${foreignAccountId}:role/administrator`,
};

const letsIn = (accountId: string, Action: string, Resource?: string): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'LetsIn',
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${accountId}:root` },
      Action,
      ...(Resource === undefined ? {} : { Resource }),
    },
  ],
});

/** A role of an account that anybody of another account may assume. */
export const openRole = (of: DeclaredAccount, to: DeclaredAccount): MadeUpResource => ({
  arn: `arn:aws:iam::${of.id}:role/somebody-elses-open-role`,
  account: of.id,
  policy: letsIn(to.id, 'sts:AssumeRole'),
});

/** A bucket of an account that another account may do everything with. */
export const openBucket = (of: DeclaredAccount, to: DeclaredAccount): MadeUpResource => ({
  arn: `arn:aws:s3:::somebody-elses-bucket-${of.id}`,
  account: of.id,
  policy: letsIn(to.id, 's3:*', '*'),
});

/** An object in such a bucket. */
export const openObject = (of: DeclaredAccount, to: DeclaredAccount): MadeUpResource => {
  const bucket = openBucket(of, to);
  return { ...bucket, arn: `${bucket.arn}/object` };
};

/** A key of an account that another account may do everything with. */
export const openKey = (route: DeclaredRoute, of: DeclaredAccount, to: DeclaredAccount): MadeUpResource => ({
  arn: arnIn(route, of, 'kms', 'key/9f8e7d6c-5b4a-3f2e-1d0c-9b8a7f6e5d4c'),
  account: of.id,
  policy: letsIn(to.id, 'kms:*', '*'),
});

/** The images of the route; where it has none, those of somebody else, which are nobody's business either. */
export const imagesOf = (route: DeclaredRoute): string | MadeUpResource =>
  route.topology.container === undefined
    ? openRepository(route, route.tooling, route.tooling)
    : route.tooling.stack('artifact-store').arn('ImageRepository');

/** A repository of images of an account that another account may do everything with. */
export const openRepository = (route: DeclaredRoute, of: DeclaredAccount, to: DeclaredAccount): MadeUpResource => ({
  arn: arnIn(route, of, 'ecr', 'repository/somebody-elses-images'),
  account: of.id,
  policy: letsIn(to.id, 'ecr:*'),
});
