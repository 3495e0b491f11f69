import { beforeAll, describe, expect, it } from 'vitest';
import { acceptedMutantsOf } from '../../templates-src/access/accepted-mutants';
import type { PolicyDocument } from '../../templates-src/access/case';
import { defineTopology } from '../../templates-src/model/define-topology';
import { topology, topologyWith } from '../../templates-src/topology.fixture';
import { workloads } from '../../templates-src/workloads.fixture';
import { resolveForProof } from '../build/made-up-functions';
import type { PolicySource } from '../lib/iam/policies';
import { resolveRoute } from '../lib/resolve/resolve-route';
import { proveRoute } from './access';
import { routeOf, sourceOf } from './access.fixture';
import { proofMarkdown } from './markdown';
import { mutate } from './mutants';
import type { Proof } from './proof';
import { describeMutation, describeProof } from './report';

/** What isn't as it must be: the lines of the report below the table of actors. */
function complaints(proof: Proof): readonly string[] {
  return proof.failed.length + proof.idle.length + proof.doubleGrants.length === 0
    ? []
    : describeProof(proof)
        .split('\n')
        .filter((line) => /^(FAILED|idle:|twice:| {2})/.test(line));
}

describe('the templates of three environments', () => {
  let proof: Proof;
  beforeAll(async () => {
    proof = await proveRoute(await routeOf(topology));
  }, 600_000);

  it('allow what every actor needs, deny what none must do, and hold nothing that nobody needs', () => {
    expect(complaints(proof)).toEqual([]);
  });

  it('are asked for at least as many refusals as permissions', () => {
    const denials = proof.cases.filter(({ of }) => of.expect === 'denied').length;
    expect(denials).toBeGreaterThanOrEqual(proof.cases.length / 2);
  });

  it('are not changed in any statement without a case that notices', async () => {
    const score = await mutate(proof.policies, proof.cases, acceptedMutantsOf(topology));
    const unexplained = score.surviving.filter(({ reason }) => reason === undefined);
    expect(unexplained.length + score.stale.length === 0 ? '' : describeMutation(score)).toBe('');
    expect(score.mutants).toBeGreaterThan(500);
  }, 600_000);

  it('are decided alike by the quick way, which the changes are tried with', async () => {
    const [source] = proof.policies.sources as [PolicySource];
    const same = { source, change: (document: PolicyDocument) => document };
    const different: string[] = [];
    for (const { request, decision } of proof.cases.flatMap(({ answers }) => answers)) {
      if ((await request.decideWith(same)) !== decision.result) {
        different.push(`${request.of.id}: ${request.action} on ${request.resource}`);
      }
    }
    expect(different).toEqual([]);
  }, 600_000);

  it('are described in the same words when accounts and Region are configured', async () => {
    const one = topologyWith({ project: 'route-to-live', environments: [{ name: 'live', approval: true }] });
    const source = await sourceOf(one);
    const made = resolveForProof(one, source);
    const configured = resolveRoute(one, {
      ...source,
      parameters: (stack) =>
        Object.fromEntries(
          Object.entries(source.parameters(stack)).map(([name, value]) => [
            name,
            name === 'Region' ? 'us-west-2' : name.endsWith('AccountId') ? value.replace(/^(.)./, '$17') : value,
          ]),
        ),
    });
    expect([...configured.accounts.values()].map(({ id }) => id)).not.toEqual(
      [...made.accounts.values()].map(({ id }) => id),
    );
    expect(proofMarkdown(await proveRoute(configured), configured)).toBe(proofMarkdown(await proveRoute(made), made));
  }, 600_000);
});

describe('other topologies', () => {
  const twoEnvironments = [
    { name: 'live', approval: false },
    { name: 'dr', approval: true },
  ];
  const names = (count: number) => Array.from({ length: count }, (_, index) => `env${index + 1}`);

  it.each([
    ['one environment', topologyWith({ project: 'route-to-live', environments: [{ name: 'live', approval: true }] })],
    [
      'one environment without approval',
      topologyWith({ project: 'rtl', environments: [{ name: 'dev', approval: false }] }),
    ],
    [
      'sources behind a connection',
      topologyWith({
        project: 'route-to-live',
        pipelines: { source: 'connection' },
        environments: [
          { name: 'dev', approval: false },
          { name: 'prod', approval: true },
        ],
      }),
    ],
    [
      'environments that share an account',
      topologyWith({
        project: 'route-to-live',
        environments: [
          { name: 'dev', approval: false },
          { name: 'test', approval: true, sharesAccountWith: 'dev' },
          { name: 'prod', approval: true },
        ],
      }),
    ],
    [
      'an environment in the tooling account',
      topologyWith({
        project: 'route-to-live',
        environments: [
          { name: 'dev', approval: false, sharesAccountWith: 'tooling' },
          { name: 'prod', approval: true },
        ],
      }),
    ],
    ['no functions', topologyWith({ project: 'shop', environments: twoEnvironments, workloads: [] })],
    ['functions alone, no container', defineTopology({ project: 'shop', environments: twoEnvironments, workloads })],
    [
      'functions alone, behind a connection, in one environment',
      defineTopology({
        project: 'shop',
        environments: [{ name: 'live', approval: true }],
        workloads,
        pipelines: { source: 'connection' },
      }),
    ],
    [
      'five environments',
      topologyWith({
        project: 'route-to-live',
        environments: names(5).map((name, index) => ({ name, approval: index > 0 })),
      }),
    ],
  ])(
    'hold as well: %s',
    async (_name, other) => {
      expect(complaints(await proveRoute(await routeOf(other)))).toEqual([]);
    },
    600_000,
  );
});

it('no statement of a route without container changes without a case that notices', async () => {
  const alone = defineTopology({ project: 'shop', environments: [{ name: 'live', approval: true }], workloads });
  const proof = await proveRoute(await routeOf(alone));
  const score = await mutate(proof.policies, proof.cases, acceptedMutantsOf(alone));
  const unexplained = score.surviving.filter(({ reason }) => reason === undefined);
  expect(unexplained.length + score.stale.length === 0 ? '' : describeMutation(score)).toBe('');
}, 600_000);

describe('a mistake in a template', () => {
  const two = topologyWith({
    project: 'route-to-live',
    environments: [
      { name: 'dev', approval: false },
      { name: 'prod', approval: true },
    ],
  });
  const failing = async (template: string, from: string, to: string) => {
    const route = await routeOf(two, (path, yaml) => {
      if (path !== template) {
        return yaml;
      }
      expect(yaml).toContain(from);
      return yaml.replace(from, to);
    });
    return (await proveRoute(route)).failed.map(({ of }) => of.id);
  };

  it('that closes a door is found: a pipeline that may no longer act in an environment', async () => {
    const failed = await failing(
      'tooling/infrastructure-deployment-pipeline',
      'role/route-to-live-prod-cloudformation-action',
      'role/route-to-live-prod-cloudformation',
    );
    expect(failed).toContain('tooling/infrastructure-deployment-pipeline/pipeline: acts in prod');
  }, 600_000);

  it('that opens a door is found: a trust that admits the whole tooling account', async () => {
    const failed = await failing(
      'environment/deployment-roles',
      'ArnEquals:',
      'StringLike:\n                aws:PrincipalArn: "*"\n              ArnEqualsIfExists:',
    );
    expect(failed.length).toBeGreaterThan(0);
  }, 600_000);
});
