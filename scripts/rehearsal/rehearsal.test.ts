import { beforeAll, describe, expect, test } from 'vitest';
import { topology } from '../../templates-src/topology.fixture';
import { type Rehearsed, rehearsalOf } from './rehearsal.fixture';

const rehearseRoute = rehearsalOf(topology);
const environments = topology.environments.map(({ name }) => name);

describe('the whole route to live', () => {
  let rehearsed: Rehearsed;
  beforeAll(async () => {
    rehearsed = await rehearseRoute();
  }, 600_000);

  /** The cells of a row of the last table that has one. */
  const row = (title: string) =>
    rehearsed.text
      .split('\n')
      .filter((line) => line.startsWith(`  ${title} `))
      .at(-1)
      ?.slice(`  ${title}`.length)
      .trim()
      .split(/ +/);

  test('goes well, and leaves no temporary files', () => {
    expect(rehearsed.text).toContain('All went well in ');
    expect(rehearsed.well).toBe(true);
    expect(rehearsed.left).toEqual([]);
  });

  test('deploys the stacks of all accounts, the pipelines included', () => {
    expect(rehearsed.text).toMatch(/✓ Deploy with deploy\.sh {4}\d+ stacks in 4 accounts/);
    for (const stack of ['deployment-roles', 'infrastructure', 'container-service']) {
      expect(row(`stack ${stack}`)).toEqual(
        environments.map(() => expect.stringMatching(/^(CREATE|UPDATE)_COMPLETE$/)),
      );
    }
  });

  test('brings one image and the same functions to every environment', () => {
    const [image = '', ...others] = row('image of container') ?? [];
    expect(image).toMatch(/^sha256:[0-9a-f]{12}$/);
    expect(others).toEqual(environments.slice(1).map(() => image));
    const [code = '', ...rest] = row('function orders-api') ?? [];
    expect(code).toMatch(/^[\w+/]{12}$/);
    expect(rest).toEqual(environments.slice(1).map(() => code));
  });

  test('lets production have the approved package while a newer one is in the environments before it', () => {
    const { text } = rehearsed;
    const table = text.slice(text.indexOf('is approved'), text.indexOf('prod runs the packages of'));
    const [dev, ...more] = /^ {2}function order-events (.*)$/m.exec(table)?.[1]?.trim().split(/ +/) ?? [];
    expect(more).toEqual([dev, expect.stringMatching(/^[\w+/]{12}$/)]);
    expect(more.at(-1)).not.toBe(dev);
    expect(text).toContain('although there is a newer order-events');
  });

  test('starts every pipeline by the event that starts it in AWS', () => {
    for (const [pipeline, trigger] of [
      [
        'Infrastructure-Deployment #1',
        'commit [0-9a-f]{8} on main \\(rule route-to-live-infrastructure-deployment-commit\\)',
      ],
      ['ECS-Container-Build #1', 'commit [0-9a-f]{8} on main \\(rule route-to-live-container-build-commit\\)'],
      [
        'ECS-Container-Deployment #2',
        'image route-to-live-container:latest \\(rule route-to-live-container-deployment-image\\)',
      ],
    ]) {
      expect(rehearsed.text).toMatch(new RegExp(`^${pipeline} started by ${trigger}$`, 'm'));
    }
    // The tag of the build's id is pushed too, and must not start a pipeline.
    expect(rehearsed.text).not.toContain('ECS-Container-Deployment #3');
  });

  test('says that the first deployment finds no image, as on the first day in AWS', () => {
    expect(rehearsed.text).toMatch(/ECS-Container-Deployment #1 +failed +as on the first day in AWS: no image yet/);
    expect(rehearsed.text).toMatch(
      /told route-to-live-approvals-and-failures:\n +ECS-Container-Deployment failed in account \d{12}, .*: stage Source, /,
    );
  });

  test('asks for approval with what changes, compared with what runs there, and says what is not as in AWS', () => {
    const { text } = rehearsed;
    const [first, ...later] = [
      ...text.matchAll(
        /asked .*: Deploy commit ([0-9a-f]{40}) to prod, which runs (.*)\? Replaced: nothing\. Removed: /g,
      ),
    ].map(([, commit, runs]) => ({ commit, runs }));
    expect(first?.runs).toBe('nothing yet');
    // While the second waited, the first was deployed: it is compared with that, not with what there was before.
    expect(later[0]?.runs).toBe(first?.commit);
    expect(text).toContain('route-to-live-prod-container-service is new: everything in its template is created.');
    expect(text).toMatch(
      /asked .*: Deploy image sha256:[0-9a-f]{64} with the task definition of commit [0-9a-f]{40} to prod\? The image is /,
    );
    expect(text).toMatch(/Not as in AWS\n {2}cfn-nag/);
  });

  test('ends with an update of roles, pipelines, infrastructure and a function, as operators bring it', () => {
    const update = rehearsed.text.slice(rehearsed.text.indexOf('\nAn update: '));
    const [deployed = 0, pushed = 0, ran = 0] = [
      /Deploy with deploy\.sh/,
      /Publish/,
      /^Infrastructure-Deployment #3 succeeded/m,
    ].map((step) => update.search(step));
    expect([deployed, pushed, ran].every((place) => place > 0)).toBe(true);
    expect(deployed).toBeLessThan(pushed);
    expect(pushed).toBeLessThan(ran);
    expect(update).toMatch(/^ +\[\d+\/\d+\] route-to-live-infrastructure-deployment-pipeline in tooling .*: updated/m);
    for (const stack of ['deployment-roles', 'infrastructure', 'container-service']) {
      expect(row(`stack ${stack}`)).toEqual(environments.map(() => 'UPDATE_COMPLETE'));
    }
  });

  test('evaluates what roles call, finds nothing that AWS would deny, and nothing that it cannot evaluate', () => {
    const [, calls, roles] = /^ {2}(\d+) calls of (\d+) roles, /m.exec(rehearsed.text) ?? [];
    expect(Number(calls)).toBeGreaterThan(300);
    // At least: pipelines and rules of tooling, and in each environment the roles that act, execute and update.
    expect(Number(roles)).toBeGreaterThan(6 + 4 * environments.length);
    expect(rehearsed.text).not.toContain('Denied: ');
    expect(rehearsed.text).not.toContain('was not evaluated');
    expect(rehearsed.text).toContain('IAM: calls of deploy.sh and of the rehearsal itself');
  });

  test('is plain text without a terminal', () => {
    expect(rehearsed.text).not.toContain('\u001b');
    expect(rehearsed.text).not.toContain('\r');
  });
});
