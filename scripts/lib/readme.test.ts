import { describe, expect, it } from 'vitest';
import { stacksOf } from '../../templates-src/stacks';
import { topology, topologyWith } from '../../templates-src/topology.fixture';
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
