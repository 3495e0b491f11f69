import { type Template, template } from '../../dsl';
import { namesOf } from '../../model/names';
import type { Topology } from '../../model/topology';
import { declareFunctionBoundary, declareTaskBoundary } from '../../patterns/environment/boundaries';
import { containerServicePermissions } from '../../patterns/environment/container-permissions';
import {
  declareCodeDeployRole,
  declareFlowLogRole,
  declareTaskExecutionRole,
} from '../../patterns/environment/service-roles';
import { accountId, declareRegion, environmentName } from '../../patterns/shared/parameters';
import { declareRole } from '../../patterns/shared/roles';
import { trustService } from '../../patterns/shared/statements';
import { looksAtAlarms, registersTaskDefinitions } from '../../patterns/shared/suppressions';

/**
 * What limits whatever a pipeline creates in an environment account: the boundaries of its code, and the roles that
 * services take on for it, which the operator makes.
 */
export default function serviceRoles(topology: Topology): Template {
  const { project, container } = topology;
  const t = template(`Environment account of ${project}: boundaries of what runs there, and roles of services for it`);

  declareRegion(t);
  const { EnvironmentName } = t.parameters('Accounts', { EnvironmentName: environmentName(topology) });
  declareFunctionBoundary(t, topology, EnvironmentName);
  if (container === undefined) {
    return t;
  }

  const { ToolingAccountId } = t.parameters('Accounts', { ToolingAccountId: accountId('tooling') });
  declareTaskBoundary(t, topology, EnvironmentName);
  declareTaskExecutionRole(t, topology, EnvironmentName, ToolingAccountId);
  declareCodeDeployRole(t, topology, EnvironmentName, ToolingAccountId);
  declareFlowLogRole(t, topology, EnvironmentName, ToolingAccountId);
  declareRole(t, 'ContainerServiceExecutionRole', {
    name: namesOf(topology).executionRole(EnvironmentName, 'container-service'),
    description: 'CloudFormation uses it to create the container service of this environment',
    // As for the other one: not narrowed to stacks, because AWS documents no key for it.
    trust: [trustService('cloudformation.amazonaws.com')],
    permissions: containerServicePermissions(topology, EnvironmentName),
    wildcards: 'Templates name resources below the prefix of the environment; the ids of others are made by AWS.',
    suppressions: {
      Identity: [looksAtAlarms('DescribeAlarms')],
      Containers: [registersTaskDefinitions('RegisterTaskDefinitions'), looksAtAlarms('DescribeScaling')],
    },
  });
  return t;
}
