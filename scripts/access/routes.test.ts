import { describe, expect, test } from 'vitest';
import { allCases } from '../../templates-src/access';
import type { Case } from '../../templates-src/access/case';
import { toolingAccount } from '../../templates-src/model/topology';
import { topologyWith } from '../../templates-src/topology.fixture';
import { covers } from '../lib/iam/covers';
import { declaredRouteOf } from '../lib/iam/declared-route';
import { Evaluator } from '../lib/iam/evaluate';
import { policiesOf } from '../lib/iam/policies';
import { type ResolvedRoute, resolveRoute } from '../lib/resolve/resolve-route';
import { sourceOf } from './access.fixture';

/** A route of its own in the same tooling account: all have the account ids of the fixture. */
async function routeOf(project: string, change?: (path: string, yaml: string) => string): Promise<ResolvedRoute> {
  const topology = topologyWith({ project, environments: [{ name: 'dev', approval: false }] });
  return resolveRoute(topology, await sourceOf(topology, change));
}

const toolingStacks = ({ stacks }: ResolvedRoute) =>
  new Map([...stacks].filter(([, { stack }]) => stack.account === toolingAccount));

/** What a route has in the tooling account: ARNs, of buckets those of their objects, too. */
function resourcesOf(route: ResolvedRoute): string[] {
  return [...toolingStacks(route).values()]
    .flatMap(({ resources }) => [...resources.values()])
    .flatMap(({ type, ids, properties }) => {
      if (type === 'AWS::S3::Bucket') {
        return [`arn:aws:s3:::${properties.BucketName}`, `arn:aws:s3:::${properties.BucketName}/any/object`];
      }
      return typeof ids.arn === 'string' ? [ids.arn] : [];
    });
}

const texts = (value: unknown): string[] =>
  typeof value === 'string'
    ? [value]
    : Array.isArray(value)
      ? value.flatMap(texts)
      : Object.values(value ?? {}).flatMap(texts);

/** The same route with environments in accounts of their own. */
async function apart(project: string): Promise<ResolvedRoute> {
  const topology = topologyWith({ project, environments: [{ name: 'dev', approval: true }] });
  const source = await sourceOf(topology);
  return resolveRoute(topology, {
    ...source,
    parameters: (stack) =>
      Object.fromEntries(
        Object.entries(source.parameters(stack)).map(([key, value]) => [
          key,
          key === 'DevAccountId' ? '999999999999' : value,
        ]),
      ),
  });
}

/**
 * What the roles of one route must be able to do, asked by their namesakes of another on the same resources.
 *
 * @returns cases that are denied as they stand, and expect to be
 */
function askedByAnother(cases: readonly Case[], theirs: string, mine: string): readonly Case[] {
  const swapped = (arn: string) => arn.replace(`:role/${theirs}-`, `:role/${mine}-`);
  return cases.flatMap(({ actor, requests, ...rest }): Case[] => {
    if (actor.kind !== 'role' || rest.expect !== 'allowed' || swapped(actor.arn) === actor.arn) {
      return [];
    }
    // On `*` there is nothing of the other route.
    const onTheirs = requests
      .map(({ on, ...request }) => ({ ...request, on: [on].flat().filter((target) => target !== '*') }))
      .filter(({ on }) => on.length > 0);
    return onTheirs.map((request, index) => ({
      ...rest,
      id: `${rest.id} (${index}), asked by ${mine}`,
      actor: { kind: 'role', arn: swapped(actor.arn) },
      requests: [request],
      expect: 'denied',
    }));
  });
}

/** What roles of one route are allowed on resources of another, of all that the other's own roles must be able to do. */
async function allowedAsAnother(mine: ResolvedRoute, own: string, other: string): Promise<readonly string[]> {
  const theirs = await apart(other);
  const policies = policiesOf({ stacks: new Map([...mine.stacks, ...theirs.stacks]) });
  const asked = askedByAnother(await allCases(declaredRouteOf(theirs)), other, own).filter(
    ({ actor }) => actor.kind === 'role' && policies.roles.has(actor.arn),
  );
  expect(new Set(asked.map(({ group }) => group)).size).toBeGreaterThan(8);
  expect(asked.length).toBeGreaterThan(50);
  const evaluator = new Evaluator(policies);
  const allowed: string[] = [];
  for (const of of asked) {
    for (const request of evaluator.requests(of)) {
      if ((await request.decide()).result === 'Allowed') {
        allowed.push(`${of.id}: ${request.action} on ${request.resource}`);
      }
    }
  }
  return allowed;
}

test('a role that reaches the images of another route is found', async () => {
  const wide = await routeOf('shop', (_path, yaml) => yaml.replaceAll('repository/shop-container', 'repository/*'));
  expect(await allowedAsAnother(wide, 'shop', 'shop-eu')).toContainEqual(
    expect.stringMatching(
      /BuildImage: finds out .*asked by shop: ecr:BatchGetImage on .*:repository\/shop-eu-container$/,
    ),
  );
});

// One name begins with the other, and one is the project of this repository.
describe.each([
  ['shop', 'shop-eu'],
  ['shop-eu', 'shop'],
  ['route-to-live', 'shop'],
  ['route', 'route-to-live'],
])('in one tooling account the route %s', (own, other) => {
  test(`shares no name of a stack, role, rule, pipeline or bucket with ${other}`, async () => {
    const [mine, theirs] = await Promise.all([routeOf(own), routeOf(other)]);
    const names = (route: ResolvedRoute) => [
      ...toolingStacks(route).keys(),
      ...resourcesOf(route).filter((arn) => !/:key\//.test(arn)),
    ];
    expect(names(mine).length).toBeGreaterThan(20);
    expect(names(mine).filter((name) => names(theirs).includes(name))).toEqual([]);
  });

  test(`may act on nothing that ${other} has`, async () => {
    const [mine, theirs] = await Promise.all([routeOf(own), routeOf(other)]);
    const { roles } = policiesOf({ stacks: toolingStacks(mine) });
    // Keys have ids that AWS makes up; nobody can name that of another route.
    const targets = resourcesOf(theirs).filter((arn) => !/:key\//.test(arn));
    const reached = [...roles.values()].flatMap(({ arn, identity }) =>
      identity
        .flatMap(({ document }) => document.Statement)
        .filter(({ Effect }) => Effect === 'Allow')
        .flatMap(({ Sid, Resource }) =>
          texts(Resource)
            // What AWS lets name no resource is the same for everybody in the account.
            .filter((pattern) => pattern !== '*')
            .flatMap((pattern) => targets.filter((target) => covers(pattern, target)))
            .map((target) => `${arn} ${Sid} ${target}`),
        ),
    );
    expect(roles.size).toBeGreaterThan(5);
    expect(reached).toEqual([]);
  });

  test(`is denied all that the roles of ${other} must do, evaluated as AWS does`, async () => {
    expect(await allowedAsAnother(await routeOf(own), own, other)).toEqual([]);
  });

  test(`is admitted to nothing by ${other}`, async () => {
    const [mine, theirs] = await Promise.all([routeOf(own), routeOf(other)]);
    const { ofResources } = policiesOf({ stacks: toolingStacks(theirs) });
    const callers = resourcesOf(mine).filter((arn) =>
      /:(role|rule|alarm|pipeline|project)[/:]|:codepipeline:/.test(arn),
    );
    const admitted = [...ofResources].flatMap(([resource, { document }]) =>
      document.Statement.filter(({ Effect }) => Effect === 'Allow').flatMap(({ Sid, Condition }) =>
        Object.entries(Condition ?? {})
          .filter(([operator]) => !/Not/.test(operator))
          .flatMap(([, keys]) => Object.entries(keys as object))
          .filter(([key]) => /PrincipalArn|SourceArn/i.test(key))
          .flatMap(([, patterns]) => texts(patterns))
          .flatMap((pattern) => callers.filter((caller) => covers(pattern, caller)))
          .map((caller) => `${resource} ${Sid} ${caller}`),
      ),
    );
    expect(callers.length).toBeGreaterThan(5);
    expect(admitted).toEqual([]);
  });
});
