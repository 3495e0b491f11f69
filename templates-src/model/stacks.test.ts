import { expect, test } from 'vitest';
import { importTemplates } from '../../scripts/build/templates.fixture';
import { topology, topologyWith } from '../topology.fixture';
import { notInFile, stacksOf } from './stacks';

const chain = topologyWith({
  project: 'route',
  environments: ['dev', 'test', 'prod', 'standby'].map((name) => ({ name, approval: true })),
});

test('the stacks of a topology are deployed in the order in which they need one another', () => {
  expect(stacksOf(topology).map(({ name, deployedBy }) => `${name} (${deployedBy})`)).toMatchInlineSnapshot(`
    [
      "route-to-live-artifact-store (deploy.sh)",
      "route-to-live-dev-deployment-roles (deploy.sh)",
      "route-to-live-dev-service-roles (deploy.sh)",
      "route-to-live-test-deployment-roles (deploy.sh)",
      "route-to-live-test-service-roles (deploy.sh)",
      "route-to-live-prod-deployment-roles (deploy.sh)",
      "route-to-live-prod-service-roles (deploy.sh)",
      "route-to-live-container-build-pipeline (deploy.sh)",
      "route-to-live-infrastructure-deployment-pipeline (deploy.sh)",
      "route-to-live-container-deployment-pipeline (deploy.sh)",
      "route-to-live-dev-infrastructure (pipeline)",
      "route-to-live-dev-container-service (pipeline)",
      "route-to-live-test-infrastructure (pipeline)",
      "route-to-live-test-container-service (pipeline)",
      "route-to-live-prod-infrastructure (pipeline)",
      "route-to-live-prod-container-service (pipeline)",
    ]
  `);
});

test('an environment more is its stacks more, in every group of stacks that environments have', () => {
  const without = stacksOf({ ...chain, environments: chain.environments.slice(0, 3) });
  const added = stacksOf(chain).filter(({ name }) => !without.some((stack) => stack.name === name));
  expect(added.map(({ name, account, parameters }) => [name, account, parameters])).toEqual(
    ['deployment-roles', 'service-roles', 'infrastructure', 'container-service'].map((template) => [
      `route-standby-${template}`,
      'standby',
      `parameters/standby/${template}.json`,
    ]),
  );
  const kept = stacksOf(chain).filter(({ name }) => without.some((stack) => stack.name === name));
  expect(kept).toEqual(without);
});

test('what a stack is fed is an output of an earlier stack, and what it is not given in a file is its parameter', async () => {
  const sources = new Map((await importTemplates()).map(({ path, make }) => [path, make(topology)]));
  const stacks = stacksOf(topology);
  const feeds = stacks.flatMap((stack, index) =>
    stack.feeds.map((feed) => ({ ...feed, stack, index, from: feed.stack })),
  );
  expect(feeds.length).toBeGreaterThan(0);
  for (const { from, index, output } of feeds) {
    const earlier = stacks.slice(0, index).find(({ name }) => name === from);
    expect(sources.get(earlier?.template ?? '')?.outputIds, `${from} before stack ${index}`).toContain(output);
  }
  for (const stack of stacks) {
    const declared = Object.keys(sources.get(stack.template)?.parameterDeclarations ?? {});
    expect(
      notInFile(stack).filter((parameter) => !declared.includes(parameter)),
      stack.name,
    ).toEqual([]);
  }
});
