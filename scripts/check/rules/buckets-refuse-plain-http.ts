import { text } from '../../lib/template/nodes';
import type { Rule } from '../rule';
import { type Statement, statementsOf } from '../statements';
import type { CheckedTemplate } from '../template';

const refusesPlainHttp = ({ allows, actions, principals, conditions }: Statement) =>
  !allows &&
  actions.includes('s3:*') &&
  principals.some(({ kind }) => kind === '*') &&
  // Another entry would have to hold as well before the statement denies anything.
  conditions.length === 1 &&
  conditions[0]?.operator === 'Bool' &&
  conditions[0].key.toLowerCase() === 'aws:securetransport' &&
  conditions[0].values.join() === 'false';

/** Whether the statements cover the bucket itself and everything in it. */
function coverBucket(statements: readonly Statement[], bucket: string, name: string): boolean {
  const arns = [`<${bucket}.Arn>`, `arn:<AWS.Partition>:s3:::<${bucket}>`, `arn:<AWS.Partition>:s3:::${name}`];
  const covered = new Set(statements.filter(refusesPlainHttp).flatMap(({ resources }) => resources));
  return arns.some((arn) => covered.has(arn)) && arns.some((arn) => covered.has(`${arn}/*`));
}

function policiesOf({ document }: CheckedTemplate, bucket: string, name: string): readonly string[] {
  return Object.entries(document.Resources)
    .filter(
      ([, { Type, Properties }]) =>
        Type === 'AWS::S3::BucketPolicy' && [`<${bucket}>`, name].includes(text(Properties?.Bucket)),
    )
    .map(([id]) => id);
}

/** Every bucket has a policy, in its own template, that denies requests without TLS. */
export const bucketsRefusePlainHttp: Rule = {
  id: 'buckets-refuse-plain-http',
  severity: 'error',
  why: 'S3 answers plain HTTP as well: artifacts, packages and logs could be read and changed on the way.',
  fix: 'Add a bucket policy with denyInsecureTransport(Bucket.Arn) of patterns/statements.ts.',
  check: (template) => {
    const statements = statementsOf(template);
    return Object.entries(template.document.Resources)
      .filter(([, { Type }]) => Type === 'AWS::S3::Bucket')
      .filter(([id, { Properties }]) => {
        const name = text(Properties?.BucketName);
        const policies = policiesOf(template, id, name);
        return !coverBucket(
          statements.filter(({ logicalId }) => policies.includes(logicalId)),
          id,
          name,
        );
      })
      .map(([id]) => ({
        path: ['Resources', id],
        message:
          'no bucket policy denies s3:* to everyone on the bucket and its objects when aws:SecureTransport is false',
      }));
  },
};
