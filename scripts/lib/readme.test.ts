import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { namesOf, pipelinesOf } from '../../templates-src/patterns/names';
import { stacksOf } from '../../templates-src/stacks';
import { topology, topologyWith } from '../../templates-src/topology.fixture';
import { actionData } from './check/iam-data';
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

describe('the policy of the README that says who may approve', () => {
  const readme = readFileSync(join(__dirname, '..', '..', 'README.md'), 'utf8');
  const [, text = ''] = /```json\n(\{[^`]*OnlyApproversApprove[^`]*\})\n```/.exec(readme) ?? [];
  const { Statement } = JSON.parse(text) as {
    Statement: readonly {
      readonly Action: string | readonly string[];
      readonly Condition: { readonly ArnNotLike: { readonly 'aws:PrincipalArn': string | readonly string[] } };
    }[];
  };

  it('denies actions that exist', async () => {
    const actions = Statement.flatMap(({ Action }) => Action);
    expect(actions.length).toBeGreaterThan(10);
    expect(await Promise.all(actions.map(actionData))).not.toContain(undefined);
  });

  it('leaves out the roles that start builds and pipelines of the route, and the approver', () => {
    const names = namesOf(topology);
    const [approvers = [], others = []] = Statement.map(({ Condition }) =>
      [Condition.ArnNotLike['aws:PrincipalArn']].flat().map((arn) => arn.replace('<project>', topology.project)),
    );
    const isLeftOut = (role: string) =>
      others.some((arn) => new RegExp(`^${arn.replace(/^.*:role\//, '').replaceAll('*', '.*')}$`).test(role));

    expect(approvers).toEqual([`arn:aws:iam::*:role/${names.approverRole}`]);
    for (const pipeline of pipelinesOf(topology)) {
      expect(isLeftOut(names.pipelineRole(pipeline)), pipeline).toBe(true);
      expect(isLeftOut(names.startRule(pipeline, 'commit')), pipeline).toBe(true);
    }
    expect(isLeftOut(names.startRule('containerDeployment', 'image'))).toBe(true);
    expect(isLeftOut(names.buildRole(names.zipsBuild))).toBe(false);
  });
});
