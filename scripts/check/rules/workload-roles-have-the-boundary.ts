import { operatorTemplates } from '../../../templates-src/model/names';
import { text } from '../../lib/template/nodes';
import type { Rule } from '../rule';

const boundary = /-boundary-(function|task)$/;

/** Roles of the operator's templates have none; those of all other templates of an environment are created by a pipeline. */
export const workloadRolesHaveTheBoundary: Rule = {
  id: 'workload-roles-have-the-boundary',
  severity: 'error',
  why:
    'Who can commit a template could give a role any permission in the account. The boundary limits what such a role may ' +
    'ever do, and CloudFormation is not allowed to create a role without it.',
  fix: 'Declare the role with declareWorkloadRole of patterns/workload-roles.ts.',
  check: ({ path, document }) =>
    path.startsWith('environment/') && !operatorTemplates.some((name) => path.endsWith(`/${name}.yaml`))
      ? Object.entries(document.Resources)
          .filter(([, { Type }]) => Type === 'AWS::IAM::Role' || Type === 'AWS::IAM::User')
          .filter(([, { Properties }]) => !boundary.test(text(Properties?.PermissionsBoundary)))
          .map(([id, { Type, Properties }]) => ({
            path: ['Resources', id],
            message: `the ${Type.split('::')[2]?.toLowerCase()} has ${
              Properties?.PermissionsBoundary === undefined
                ? 'no PermissionsBoundary'
                : `the PermissionsBoundary ${text(Properties.PermissionsBoundary)}, expected that of functions or of tasks`
            }`,
          }))
      : [],
};
