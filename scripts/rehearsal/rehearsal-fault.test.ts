import { expect, test } from 'vitest';
import { topology } from '../../templates-src/topology.fixture';
import { rehearsalOf } from './rehearsal.fixture';

// Without functions, as after `npm run remove-sample`: nothing that comes before or after the failure needs one.
const rehearseRoute = rehearsalOf({ ...topology, workloads: [] });

test('a failing check stops the pipeline there, tells the topic, and nothing is deployed', async () => {
  const { well, text, left } = await rehearseRoute({ only: 'Infrastructure-Deployment', failAt: 'Check' });

  expect(well).toBe(false);
  expect(left).toEqual([]);
  expect(text).toMatch(/✗ Check +Build route-to-live-check-templates:\S+ failed\. Phase: BUILD\./);
  expect(text).toContain('This command fails, as --fail-at asked for.');
  expect(text).toMatch(
    /^Infrastructure-Deployment #1 failed in the stage Check after [\d.]+ s; nothing later has run$/m,
  );
  expect(text).toMatch(
    /told route-to-live-approvals-and-failures:\n +Infrastructure-Deployment failed in account \d{12}, /,
  );
  expect(text).toMatch(/stage Check, action Check, execution \S+: Build route-to-live-check-templates:/);
  expect(text).not.toContain('#1 · Dev');
  expect(text).not.toContain('stack infrastructure');
  expect(text).toMatch(/^Not all went well in .*: Infrastructure-Deployment$/m);
}, 300_000);
