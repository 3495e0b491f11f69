import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pascalCase } from '../../templates-src/model/function-names';
import { pipelineNamesOf } from '../../templates-src/model/names';
import { stacksOf } from '../../templates-src/model/stacks';
import { type Topology, toolingAccount } from '../../templates-src/model/topology';
import { type PlannedFile, planFile } from './build';

/**
 * The parts of README.md that follow from the topology: the picture and the table of stacks. They stand between two
 * comments, and `npm run build` writes them.
 */

const begin = '<!-- Generated from templates-src/topology.ts by `npm run build`: do not edit. -->';
const end = '<!-- End of the generated part. -->';

/** The README of the repository. */
export const readmePath = join(__dirname, '..', '..', 'README.md');

/** What a build does to the README. */
export const planReadme = (topology: Topology): PlannedFile =>
  planFile(readmePath, withRoute(readFileSync(readmePath, 'utf8'), topology));

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

function picture(topology: Topology): string {
  const { environments, container } = topology;
  const names = pipelineNamesOf(topology);
  /** The stages of a pipeline that deploy, one after the other, with the approvals between them. */
  const deployments = (id: string, first: string, what: string) =>
    environments.map(({ name, approval }, index) => {
      const before = index === 0 ? first : `${id}_${environments[index - 1]?.name}`;
      const arrow = approval ? '-- approval -->' : '-->';
      return `    ${before} ${arrow} ${id}_${name}["${pascalCase(name)} account: ${what}"]:::environment`;
    });
  const containers = [
    `  subgraph build ["${names.containerBuild}"]`,
    '    direction LR',
    '    commit_container(["commit to container/"]) --> image["build image"] --> registry[("ECR: build id, latest")]',
    '  end',
    `  subgraph deployment ["${names.containerDeployment}"]`,
    '    direction LR',
    '    commit_definitions(["commit to ecs-deploy/"]) --> definitions["newest image and task definitions"]',
    ...deployments('container', 'definitions', 'CodeDeploy blue/green'),
    '  end',
    // Links between the pipelines, not between their stages: those would undo the direction inside.
    '  build -- push of latest --> deployment',
  ];
  const lines = [
    'flowchart TB',
    ...(container === undefined ? [] : containers),
    `  subgraph infrastructure ["${names.infrastructureDeployment}"]`,
    '    direction LR',

    '    commit_templates(["commit to templates, parameters or lambda/"]) --> package["package functions"] --> check["cfn-lint, cfn-nag"]',
    ...deployments('stacks', 'check', 'CloudFormation, function code'),
    '  end',
    ...(container === undefined ? [] : ['  deployment ~~~ infrastructure']),
    '  classDef environment fill:#e6f4ea,stroke:#34a853,color:#111',
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
    deployedBy === 'pipeline' ? pipelineNamesOf(topology).infrastructureDeployment : '`scripts/deploy.sh`',
  ]);
  const table = [
    ['', 'stack', 'account', 'template', 'parameters', 'deployed by'],
    ['---', '---', '---', '---', '---', '---'],
    ...rows,
  ];
  return table.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
