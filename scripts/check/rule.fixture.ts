// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of CloudFormation, not of TypeScript
import { dump } from 'js-yaml';
import { findingsOf, type Rule } from './rule';
import { parseChecked } from './template';

/** A template with the given resources, as JSON has them (long forms), or as YAML text. */
export const templateOf = (resources: Readonly<Record<string, object>> | string, path = 'tooling/example.yaml') =>
  parseChecked(
    path,
    path,
    typeof resources === 'string' ? resources : dump({ Resources: resources }, { noRefs: true }),
  );

/** What a rule says of resources: logical id and message of every violation. */
export async function violationsOf(
  rule: Rule,
  resources: Readonly<Record<string, object>> | string,
  path?: string,
): Promise<readonly string[]> {
  const findings = await findingsOf(rule, templateOf(resources, path));
  return findings.map(({ logicalId, message }) => `${logicalId ?? 'template'}: ${message}`);
}

/** A role that is trusted by the given statement. */
export const roleTrusting = (statement: object) => ({
  Role: {
    Type: 'AWS::IAM::Role',
    Properties: { AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [{ Sid: 'Trust', ...statement }] } },
  },
});

/** A managed policy with the given statement. */
export const policyWith = (statement: object) => ({
  Policy: {
    Type: 'AWS::IAM::ManagedPolicy',
    Properties: { PolicyDocument: { Version: '2012-10-17', Statement: [{ Sid: 'Statement', ...statement }] } },
  },
});

/** A bucket policy with the given statement. */
export const bucketPolicyWith = (statement: object) => ({
  Policy: {
    Type: 'AWS::S3::BucketPolicy',
    Properties: {
      Bucket: 'example',
      PolicyDocument: { Version: '2012-10-17', Statement: [{ Sid: 'Statement', ...statement }] },
    },
  },
});
