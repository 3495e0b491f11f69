import {
  AccountId,
  policy,
  type Reference,
  type ResourceStatement,
  retained,
  sub,
  suppressed,
  type Template,
} from '../../dsl';
import { namesOf, roleArn, type WorkloadTemplate, workloadTemplates } from '../../model/names';
import type { Topology } from '../../model/topology';
import { Alias, Key } from '../../resources/kms';
import {
  creatorManagesKey,
  creatorsEncryptLogGroups,
  logsEncryptLogGroups,
  ownerAdministersKey,
  ownerGrantsUseThroughIam,
} from '../shared/key-statements';

/**
 * Tags that say whose a key is, because its ARN doesn't tell. Who may do what with it never depends on them: tags count
 * minutes after the key is there.
 */
const ownerTags = ({ project }: Topology, environment: Reference) => [
  { Key: 'Project', Value: project },
  { Key: 'Environment', Value: environment },
];

/**
 * Declares the key that encrypts the logs and queues of an environment, and its alias.
 *
 * @param environment the parameter that holds the environment's name
 */
export function declareWorkloadKey(t: Template, topology: Topology, environment: Reference) {
  const names = namesOf(topology);
  const creator = (template: WorkloadTemplate) => roleArn(AccountId, names.executionRole(environment, template));
  const { WorkloadKey } = t.resources({
    WorkloadKey: suppressed(
      retained(
        Key({
          Description: 'Encrypts logs and queues of this environment',
          EnableKeyRotation: true,
          KeyPolicy: policy<ResourceStatement>(
            ownerAdministersKey(),
            creatorManagesKey(creator('infrastructure')),
            creatorsEncryptLogGroups(...workloadTemplates(topology).map(creator)),
            ownerGrantsUseThroughIam,
            logsEncryptLogGroups,
          ),
          Tags: ownerTags(topology, environment),
        }),
      ),
      {
        reason: 'Nobody may create a grant on this key: its policy allows it to no one, nor lets IAM allow it.',
        guard: ['CT.KMS.PR.3'],
      },
    ),
  });
  t.resources({
    WorkloadKeyAlias: Alias({
      AliasName: sub`alias/${names.environmentPrefix(environment)}workload`,
      TargetKeyId: WorkloadKey,
    }),
  });
  return WorkloadKey;
}
