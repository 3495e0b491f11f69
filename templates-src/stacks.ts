import {
  type Environment,
  type Feed,
  needsTemplate,
  type Stack,
  type Topology,
  toolingAccount,
} from './define-topology';
import { functionsIn } from './define-workload';
import { codeKeyParameter } from './patterns/function-names';

/**
 * Every stack of the route to live, in the order in which they are first deployed. One pass in this order is enough:
 * no policy names a role that might not exist yet (aws-facts: account roots narrowed by `aws:PrincipalArn`).
 */
export function stacksOf(topology: Topology): readonly Stack[] {
  const { project, environments, workloads } = topology;
  const codeKeyParameters = Object.keys(functionsIn(workloads)).sort().map(codeKeyParameter);
  const inTooling = (template: string, feeds: readonly Feed[] = []): Stack => ({
    name: `${project}-${template}`,
    template: `tooling/${template}`,
    account: toolingAccount,
    parameters: `parameters/tooling/${template}.json`,
    feeds,
    deployedBy: 'deploy.sh',
  });
  const inEnvironment = (
    { name }: Environment,
    template: string,
    deployedBy: Stack['deployedBy'],
    feeds: readonly Feed[] = [],
  ): Stack => ({
    name: `${project}-${name}-${template}`,
    template: `environment/${template}`,
    account: name,
    parameters: `parameters/${name}/${template}.json`,
    feeds,
    deployedBy,
  });

  const artifactStore = inTooling('artifact-store');
  const artifactKey: Feed = { parameter: 'ArtifactKeyArn', stack: artifactStore.name, output: 'ArtifactKeyArn' };
  return [
    artifactStore,
    ...environments.flatMap((environment) => [
      inEnvironment(environment, 'deployment-roles', 'deploy.sh', [artifactKey]),
      inEnvironment(environment, 'service-roles', 'deploy.sh'),
    ]),
    inTooling('container-build-pipeline'),
    inTooling('infrastructure-deployment-pipeline'),
    inTooling('container-deployment-pipeline'),
    ...environments.flatMap((environment) => [
      { ...inEnvironment(environment, 'infrastructure', 'pipeline'), passedByPipeline: codeKeyParameters },
      inEnvironment(environment, 'container-service', 'pipeline'),
    ]),
  ].filter(({ template }) => needsTemplate(topology, template));
}
