import { expect, test } from 'vitest';
import { defineTopology } from '../../templates-src/model/define-topology';
import { workloads } from '../../templates-src/workloads.fixture';
import { rehearsalOf } from './rehearsal.fixture';

const rehearseRoute = rehearsalOf(
  defineTopology({ project: 'shop', environments: [{ name: 'dev', approval: false }], workloads }),
);

test('a route without container is rehearsed, and updated, with the one pipeline that it has', async () => {
  const { well, text } = await rehearseRoute();

  expect(text).toMatch(/^All went well in .*: Infrastructure-Deployment-shop in 2 accounts$/m);
  expect(well).toBe(true);
  expect(text).toMatch(/✓ Publish repositories +Infrastructure-Deployment-shop \(/);
  expect(text.slice(text.indexOf('\nAn update: '))).toMatch(/^Infrastructure-Deployment-shop #2 succeeded/m);
  // Nothing is told of what only a container has.
  expect(text).not.toMatch(/ECS-Container|docker|Repositories are published/);
}, 600_000);
