import type { Scan } from '../finding';
import { findingsOf, type Rule } from '../rule';
import { accessDoesNotWaitForTags } from '../rules/access-does-not-wait-for-tags';
import { actionsAreNamed } from '../rules/actions-are-named';
import { bucketsRefusePlainHttp } from '../rules/buckets-refuse-plain-http';
import { crossAccountGrantsNameRoles } from '../rules/cross-account-grants-name-roles';
import { explicitNamesHaveAReason } from '../rules/explicit-names-have-a-reason';
import { iamActionsExist } from '../rules/iam-actions-exist';
import { iamConditionKeysExist } from '../rules/iam-condition-keys-exist';
import { iamResourcesFitActions } from '../rules/iam-resources-fit-actions';
import { keysObeyTheirCreators } from '../rules/keys-obey-their-creators';
import { passedRolesAreNamed } from '../rules/passed-roles-are-named';
import { pipelinesDoNotPoll } from '../rules/pipelines-do-not-poll';
import { pipelinesEncryptWithTheKey } from '../rules/pipelines-encrypt-with-the-key';
import { principalsAreAccountsOrServices } from '../rules/principals-are-accounts-or-services';
import { securityGroupRulesOpenOnePort } from '../rules/security-group-rules-open-one-port';
import { serviceGrantsNameTheirSource } from '../rules/service-grants-name-their-source';
import { statefulResourcesAreRetained } from '../rules/stateful-resources-are-retained';
import { templatesHoldNoAccountIds } from '../rules/templates-hold-no-account-ids';
import { wildcardResourcesAreNeeded } from '../rules/wildcard-resources-are-needed';
import { workloadRolesHaveTheBoundary } from '../rules/workload-roles-have-the-boundary';
import type { CheckedTemplate } from '../template';

/** Every rule of this project. */
export const rules: readonly Rule[] = [
  accessDoesNotWaitForTags,
  actionsAreNamed,
  bucketsRefusePlainHttp,
  crossAccountGrantsNameRoles,
  explicitNamesHaveAReason,
  iamActionsExist,
  iamConditionKeysExist,
  iamResourcesFitActions,
  keysObeyTheirCreators,
  passedRolesAreNamed,
  pipelinesDoNotPoll,
  pipelinesEncryptWithTheKey,
  principalsAreAccountsOrServices,
  securityGroupRulesOpenOnePort,
  serviceGrantsNameTheirSource,
  statefulResourcesAreRetained,
  templatesHoldNoAccountIds,
  wildcardResourcesAreNeeded,
  workloadRolesHaveTheBoundary,
];

/** Holds the templates against the rules of this project. */
export async function scanWithRules(templates: readonly CheckedTemplate[]): Promise<Scan> {
  const findings = await Promise.all(templates.flatMap((template) => rules.map((rule) => findingsOf(rule, template))));
  return { tool: 'rules', scope: `${rules.length} rules of this project`, findings: findings.flat() };
}
