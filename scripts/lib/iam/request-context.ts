import type { Actor, Case, Context } from '../../../templates-src/access/case';

/** The keys that a service of AWS sends for the resource that it acts for. */
const serviceContext = ({ service, sourceAccount, sourceArn }: Actor & { kind: 'service' }) => ({
  'aws:PrincipalIsAWSService': 'true',
  'aws:PrincipalServiceName': service,
  ...(sourceAccount === undefined ? {} : { 'aws:SourceAccount': sourceAccount }),
  ...(sourceArn === undefined ? {} : { 'aws:SourceArn': sourceArn }),
});

/** The account in an ARN; empty where it has none. */
export const accountOf = (arn: string) => arn.split(':')[4] ?? '';

/** A session of a role, which is what makes requests; `aws:PrincipalArn` is the role all the same. */
const sessionOf = (roleArn: string) =>
  `arn:aws:sts::${accountOf(roleArn)}:assumed-role/${roleArn.replace(/^.*\//, '')}/session`;

/** Who makes the request, as iam-simulate takes it. */
export function principalOf(actor: Actor): string {
  return actor.kind === 'service' ? actor.service : sessionOf(actor.arn);
}

/** What AWS sends with every request, and what the case says of this one. */
export function contextOf({ actor, through }: Case, context: Context, resourceAccount: string): Context {
  return {
    'aws:SecureTransport': 'true',
    'aws:ResourceAccount': resourceAccount,
    ...(through === undefined ? {} : { 'aws:SourceVpce': through }),
    ...(actor.kind === 'service'
      ? serviceContext(actor)
      : {
          'aws:PrincipalArn': actor.arn,
          'aws:PrincipalAccount': accountOf(actor.arn),
          'aws:PrincipalType': 'AssumedRole',
          'aws:PrincipalIsAWSService': 'false',
        }),
    ...context,
  };
}
