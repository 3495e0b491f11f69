import { mkdtempSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { Topology } from '../../templates-src/model/topology';
import { topology as topologyOfTests } from '../../templates-src/topology.fixture';
import { applyBuild, planBuild, planBuildScripts, planFunctionPlatforms } from '../build/build';
import { planEcsDeploy } from '../build/ecs-deploy';
import { withRoute } from '../build/readme';
import { importTemplates } from '../build/templates.fixture';
import { giveTopology } from '../lib/give-topology';
import { copyCheckout } from '../rehearsal/checkout';

/**
 * A copy of this repository with a topology and parameters of the tests, and everything generated from them: for tests
 * of programs, which read the topology of their own checkout. It is there before the tests of the file that asks for it,
 * and removed after them.
 *
 * @param topology that of the tests unless given
 * @returns the copy's folder
 */
export function checkoutForTests(topology: Topology = topologyOfTests): string {
  const folder = mkdtempSync(join(tmpdir(), 'route-to-live-checkout-'));
  const checkout = join(folder, 'checkout');
  beforeAll(() => fill(checkout, topology));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return checkout;
}

async function fill(checkout: string, topology: Topology): Promise<void> {
  await copyCheckout(resolve(__dirname, '..', '..'), checkout);
  await giveTopology(checkout, topology);
  const generated = join(checkout, 'generated');
  // Written for the topology of this repository; only `prove-access` writes it.
  await rm(join(generated, 'docs'), { recursive: true, force: true });
  applyBuild(planBuild(topology, generated, await importTemplates()));
  applyBuild(planFunctionPlatforms(topology, generated, join(checkout, 'lambda')));
  applyBuild(planBuildScripts(generated));
  applyBuild(planEcsDeploy(topology, join(checkout, 'ecs-deploy'), join(checkout, 'parameters')));
  const readme = join(checkout, 'README.md');
  await writeFile(readme, withRoute(await readFile(readme, 'utf8'), topology));
}
