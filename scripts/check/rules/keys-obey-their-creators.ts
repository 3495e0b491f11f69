import type { Rule } from '../rule';
import { type Statement, statementsOf } from '../statements';
import type { CheckedTemplate } from '../template';

/** What CloudFormation has to be able to do from the first second on: without it, a key can't be made, or not unmade. */
const needed = ['kms:DescribeKey', 'kms:PutKeyPolicy', 'kms:ScheduleKeyDeletion'];

const accountRoot = /^arn:[^:]*:iam::<AWS\.AccountId>:root$/;
const executionRole = /^arn:[^:]*:iam::<AWS\.AccountId>:role\/[^:*?]+-cloudformation-execution$/;
/** Those that create something that is encrypted, in another stack. */
const executionRoles = /^arn:[^:]*:iam::<AWS\.AccountId>:role\/[^:*?]+-(cloudformation|container-service)-execution$/;

/** Who deploys the template: an operator, with the permissions of the account, or CloudFormation with a role. */
const creatorOf = ({ path }: CheckedTemplate) =>
  path.startsWith('environment/')
    ? { principal: executionRole, name: 'the CloudFormation execution role' }
    : { principal: accountRoot, name: 'the root of the account' };

/** Whether a principal is a role that creates the keys of an environment, or what they encrypt. */
export const isCreatorOfKeys = (template: CheckedTemplate, { logicalId }: Statement, principal: string): boolean =>
  template.path.startsWith('environment/') &&
  template.document.Resources[logicalId]?.Type === 'AWS::KMS::Key' &&
  executionRoles.test(principal);

/**
 * What IAM allows does not help in an environment: by IAM the role could be allowed to administer every key of the
 * account, or those with a tag, which a new key has not.
 */
export const keysObeyTheirCreators: Rule = {
  id: 'keys-obey-their-creators',
  severity: 'error',
  why:
    'KMS creates no key whose creator could not change its policy afterwards ("The new key policy will not allow you to ' +
    'update the key policy in the future"); and what CloudFormation can\'t delete stays behind when a deployment fails.',
  fix: 'Add creatorManagesKey of patterns/key-statements.ts to the key policy; in the tooling account, ownerAdministersKey.',
  check: (template) => {
    const statements = statementsOf(template);
    const { principal, name } = creatorOf(template);
    return Object.entries(template.document.Resources)
      .filter(([, { Type }]) => Type === 'AWS::KMS::Key')
      .flatMap(([id]) => {
        const given = statements
          .filter(
            ({ logicalId, allows, conditions, principals }) =>
              logicalId === id &&
              allows &&
              conditions.length === 0 &&
              principals.some(({ kind, value }) => kind === 'AWS' && principal.test(value)),
          )
          .flatMap(({ actions }) => actions);
        const missing = needed.filter((action) => !given.includes(action));
        return missing.length === 0
          ? []
          : [
              {
                path: ['Resources', id, 'Properties', 'KeyPolicy'],
                message: `the key policy does not allow ${name} ${missing.join(', ')} without a condition`,
              },
            ];
      });
  },
};
