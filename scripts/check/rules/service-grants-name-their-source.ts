import type { Rule } from '../rule';
import { demands, type Statement, statementsOf } from '../statements';

/** Keys that say for whom a service acts. */
const sources = [
  'aws:sourceaccount',
  'aws:sourcearn',
  'aws:sourceorgid',
  'aws:sourceorgpaths',
  'kms:encryptioncontext:aws:logs:arn',
];

const namesSource = (statement: Statement) =>
  demands(statement).some(
    ({ key, values }) => sources.includes(key.toLowerCase()) && values.every((value) => !/^(arn:)?[*:]*$/.test(value)),
  );

/** A service principal alone acts for anybody's resources (confused deputy). */
export const serviceGrantsNameTheirSource: Rule = {
  id: 'service-grants-name-their-source',
  severity: 'error',
  why: 'A service acts for all of its customers: without a source, somebody else can make it use this grant for them.',
  fix: 'Add the condition StringEquals aws:SourceAccount: !Ref AWS::AccountId, or ArnLike aws:SourceArn.',
  check: (template) =>
    statementsOf(template)
      .filter(({ allows, principals }) => allows && principals.some(({ kind }) => kind === 'Service'))
      .filter((statement) => !namesSource(statement))
      .map(({ path, sid, name, principals }) => ({
        path,
        detail: sid,
        message: `${name} lets ${principals.map(({ value }) => value).join(', ')} act for any account: it has no condition on aws:SourceAccount or aws:SourceArn`,
      })),
};
