import type { Topology } from '../define-topology';
import { type Reference, sub } from '../dsl/intrinsics';
import { policy, type ResourceStatement } from '../dsl/policies';
import { retained } from '../dsl/resources';
import { suppressed } from '../dsl/suppressions';
import type { Template } from '../dsl/template';
import { Alias, Key } from '../resources/kms';
import { logsEncryptLogGroups, ownerAdministersKey, ownerGrantsUseThroughIam } from './key-statements';
import { namesOf } from './names';

/**
 * Tags that say whose a key is. Its ARN doesn't tell, so the permissions of the CloudFormation execution role and of
 * the workload boundary ask for these tags: without them no stack could manage the key and no function use it.
 */
export const ownerTags = ({ project }: Topology, environment: Reference) => [
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
  const { WorkloadKey } = t.resources({
    WorkloadKey: suppressed(
      retained(
        Key({
          Description: 'Encrypts logs and queues of this environment',
          EnableKeyRotation: true,
          KeyPolicy: policy<ResourceStatement>(ownerAdministersKey(), ownerGrantsUseThroughIam, logsEncryptLogGroups),
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
