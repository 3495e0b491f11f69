import { beforeAll, describe, expect, test } from 'vitest';
import { topology } from '../../templates-src/topology.fixture';
import { attacks } from './attacks';
import { type Rehearsed, rehearsalOf } from './rehearsal.fixture';

const rehearseRoute = rehearsalOf(topology);

describe('a hostile commit', () => {
  let rehearsed: Rehearsed;
  beforeAll(async () => {
    rehearsed = await rehearseRoute({ attacks: Object.keys(attacks) });
  }, 600_000);

  /** What is said of an attack. */
  const said = (name: string) => {
    const [, after = ''] = rehearsed.text.split(`\nAttack ${name}: `);
    return after.split(/\n(?:Attack |What is where)/)[0] ?? '';
  };

  test('gets no further than its approval, whatever it tries', () => {
    expect(rehearsed.text).toContain('All went well in ');
    expect(rehearsed.well).toBe(true);
  });

  test('with code in the build of packages replaces none, deletes none and places none ahead', () => {
    expect(said('poisoned-package')).toMatch(/✓ replaces what is there: denied, all [1-9]/);
    expect(said('poisoned-package')).toMatch(/✓ deletes what is there, .*: denied, all [1-9]/);
    expect(said('poisoned-package')).toContain(
      '✓ places a package ahead of the commit that will have its hash: denied',
    );
  });

  test('with code in either build replaces no artifact, becomes no role and starts no pipeline', () => {
    for (const build of ['package-lambdas', 'build-image']) {
      expect(said('replaced-artifact')).toContain(
        `✓ ${build}: replaces an artifact that is read behind an approval: denied, all 3`,
      );
      expect(said('replaced-artifact')).toMatch(
        new RegExp(`✓ ${build}: becomes a role of the route: denied, all \\d\\d`),
      );
      expect(said('replaced-artifact')).toContain(
        `✓ ${build}: starts a pipeline with a commit of its choice: denied, all 3`,
      );
    }
  });

  test('that brings its own scripts is checked by those that the operator deployed', () => {
    expect(said('changed-script')).toContain('AWS::S3::Buckets');
    expect(said('changed-script')).toContain('its own check-templates.sh: failed, before any environment');
  });

  test('that names an image of its own is not deployed anywhere', () => {
    expect(said('own-image')).toContain('expected "<IMAGE1_NAME>"');
    expect(said('own-image')).toContain('✓ has its own image deployed: failed, before any environment');
  });

  test('that pushes an image as latest has it in front of the first approval, and no further', () => {
    const { environments } = topology;
    const [first = ''] = environments.filter(({ approval }) => approval).map(({ name }) => name);
    expect(said('image-under-latest')).toMatch(new RegExp(`Deploy image sha256:[0-9a-f]{64} .* to ${first}\\?`));
    expect(said('image-under-latest')).toContain('Rejected: nobody approves an attack');
    expect(said('image-under-latest')).toMatch(
      /✓ has an image that nobody approved run behind an approval: it got as far as/,
    );
  });
});
