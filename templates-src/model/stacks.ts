import { codeKeyParameter } from './function-names';
import { type Environment, type Topology, toolingAccount } from './topology';
import { functionsIn } from './workload';

/** A parameter whose value is an output of a stack that is deployed earlier; `deploy.sh` passes it on. */
export interface Feed {
  readonly parameter: string;
  readonly stack: string;
  readonly output: string;
}

/** One CloudFormation stack: a template, in an account, with a file of parameters. */
export interface Stack {
  readonly name: string;
  /** Path below `templates-src/templates` and below `generated`, without extension. */
  readonly template: string;
  /** `tooling` or the name of an environment. */
  readonly account: string;
  /** Path of the file that holds its parameters. */
  readonly parameters: string;
  /** Parameters that are not in the file because an earlier stack knows them. */
  readonly feeds: readonly Feed[];
  /** Parameters that are not in the file because the pipeline passes them: the keys of packages of this execution. */
  readonly passedByPipeline?: readonly string[];
  /** Who deploys it: the operator with `scripts/deploy.sh`, or a pipeline. */
  readonly deployedBy: 'deploy.sh' | 'pipeline';
}

/**
 * Whether `deploy.sh` puts a template that is too large for a request into a bucket first: those of the tooling account
 * whose stacks come after the one that makes the bucket.
 *
 * @param template as in `Stack`
 */
export const isUploadedWhenLarge = (template: string) =>
  template.startsWith('tooling/') && template !== 'tooling/artifact-store';

/** Templates that only a route with a container has. */
const containerTemplates = [
  'tooling/container-build-pipeline',
  'tooling/container-deployment-pipeline',
  'environment/container-service',
];

/**
 * Whether a route has stacks of a template.
 *
 * @param template as in `Stack`
 */
export const needsTemplate = (topology: Topology, template: string) => !unneededTemplates(topology).includes(template);

/** The templates that a route has no stacks of. */
export const unneededTemplates = ({ container }: Topology): readonly string[] =>
  container === undefined ? containerTemplates : [];

/** The parameters of a stack that its file must not hold. */
export const notInFile = ({ feeds, passedByPipeline = [] }: Stack): readonly string[] => [
  ...feeds.map(({ parameter }) => parameter),
  ...passedByPipeline,
];

/**
 * Every stack of the route to live, in the order in which they are first deployed. One pass in this order is enough:
 * no policy names a role that might not exist yet (aws-facts.md, "Principals").
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
