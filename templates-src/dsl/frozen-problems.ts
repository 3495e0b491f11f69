import { type Document, Intrinsic, list, type Node, record } from './document';
import type { Problem } from './problems';

/**
 * What CodeDeploy owns once it exists, and is not frozen: a service whose updates ECS refuses, whatever changes
 * (cloudformation-coverage-roadmap #1529), and listeners that an update would send back to a group without tasks.
 *
 * @param frozen ids of the frozen resources
 */
export function frozenProblems(document: Document, frozen: readonly string[]): readonly Problem[] {
  const resources = Object.entries(record(document.Resources)).map(([id, resource]) => {
    const { Type, Properties } = record(resource);
    return { id, type: Type, properties: record(Properties) };
  });
  const services = resources.filter(
    ({ type, properties }) =>
      type === 'AWS::ECS::Service' && record(properties.DeploymentController).Type === 'CODE_DEPLOY',
  );
  const listeners = new Set(
    resources
      .filter(({ type }) => type === 'AWS::CodeDeploy::DeploymentGroup')
      .flatMap(({ properties }) => list(record(properties.LoadBalancerInfo).TargetGroupPairInfoList))
      .flatMap((pair) => [record(pair).ProdTrafficRoute, record(pair).TestTrafficRoute])
      .flatMap((route) => referencesIn(record(route).ListenerArns)),
  );
  const owned = resources.filter((resource) => services.includes(resource) || listeners.has(resource.id));
  return owned
    .filter(({ id }) => !frozen.includes(id))
    .map(({ id }) => ({
      path: `Resources.${id}`,
      message: 'CodeDeploy owns it once it exists, and no update may touch it; wrap it in `frozen` of dsl/resources',
    }));
}

/** Ids that a value refers to, in all branches of its conditions. */
function referencesIn(node: Node | undefined): readonly string[] {
  if (node instanceof Intrinsic) {
    return node.functionName === 'Ref' ? [String(node.argument)] : referencesIn(node.argument);
  }
  return list(node).flatMap(referencesIn);
}
