import { type Environment, type Topology, toolingAccount } from '../../templates-src/define-topology';
import { pipelineNames } from '../../templates-src/patterns/names';
import { stacksOf } from '../../templates-src/topology';

/**
 * The parts of README.md that follow from the topology: the picture and the table of stacks. They stand between two
 * comments, and `npm run build` writes them.
 */

const begin = '<!-- Generated from templates-src/topology.ts by `npm run build`: do not edit. -->';
const end = '<!-- End of the generated part. -->';

/**
 * A README with its generated part brought up to date; everything else stays as it is.
 *
 * @throws Error when the README has no place for it
 */
export function withRoute(readme: string, topology: Topology): string {
  const from = readme.indexOf(begin);
  const to = readme.indexOf(end);
  if (from < 0 || to < from) {
    throw new Error(
      `README.md: expected the lines\n  ${begin}\n  ${end}\nbetween which the picture and the table of stacks go`,
    );
  }
  return `${readme.slice(0, from)}${begin}\n\n${picture(topology)}\n\n${stackTable(topology)}\n\n${readme.slice(to)}`;
}

function picture({ environments }: Topology): string {
  const name = ({ name: it, approval }: Environment) =>
    `${it.charAt(0).toUpperCase()}${it.slice(1)}${approval ? ' (approval)' : ''}`;
  const lines = [
    'flowchart LR',
    '  subgraph tooling [Tooling account]',
    '    direction TB',
    `    build["${pipelineNames.containerBuild}"]`,
    `    infrastructure["${pipelineNames.infrastructureDeployment}"]`,
    `    deployment["${pipelineNames.containerDeployment}"]`,
    '    images[("container images")]',
    '    packages[("Lambda packages")]',
    '    build -- pushes --> images',
    '    images -- "latest starts" --> deployment',
    '    infrastructure -- packages --> packages',
    '  end',
    ...environments.flatMap((it) => [
      `  subgraph ${it.name}_account ["${name(it)}"]`,
      '    direction TB',
      `    ${it.name}_infrastructure["network, Lambda functions"]`,
      `    ${it.name}_service["container service"]`,
      '  end',
    ]),
    '  container(["commit to container/"]) --> build',
    '  templates(["commit to templates, parameters, lambda/"]) --> infrastructure',
    '  definitions(["commit to ecs-deploy/"]) --> deployment',
    ...environments.flatMap((it) => [
      `  infrastructure -- "CloudFormation, function code" --> ${it.name}_infrastructure`,
      `  deployment -- "CodeDeploy blue/green" --> ${it.name}_service`,
    ]),
  ];
  return ['```mermaid', ...lines, '```'].join('\n');
}

function stackTable(topology: Topology): string {
  const rows = stacksOf(topology).map(({ name, template, account, parameters, deployedBy }, index) => [
    String(index + 1),
    `\`${name}\``,
    account === toolingAccount ? 'Tooling' : account,
    `\`generated/${template}.yaml\``,
    `\`${parameters}\``,
    deployedBy === 'pipeline' ? pipelineNames.infrastructureDeployment : '`scripts/deploy.sh`',
  ]);
  const table = [
    ['', 'stack', 'account', 'template', 'parameters', 'deployed by'],
    ['---', '---', '---', '---', '---', '---'],
    ...rows,
  ];
  return table.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
