import { approvers } from './approvers';
import { artifactStore } from './artifact-store';
import { codeBuild } from './builds';
import type { Case, DeclaredRoute } from './case';
import { deploymentRoles } from './deployment-roles';
import { executionRoles } from './execution';
import { pipelines } from './pipelines';
import { workloads } from './workloads';

/** Every case, in the order in which a change travels. */
export const allCases = async (route: DeclaredRoute): Promise<readonly Case[]> =>
  (
    await Promise.all(
      [artifactStore, approvers, pipelines, codeBuild, deploymentRoles, executionRoles, workloads].map((cases) =>
        cases(route),
      ),
    )
  ).flat();
