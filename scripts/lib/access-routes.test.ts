import { describe, expect, test } from 'vitest';
import { toolingAccount } from '../../templates-src/define-topology';
import { topologyWith } from '../../templates-src/topology.fixture';
import { sourceOf } from './access.fixture';
import { policiesOf } from './access-policies';
import { type ResolvedRoute, resolveRoute } from './resolve/resolve-route';

/** A route of its own in the same tooling account: all have the account ids of the fixture. */
async function routeOf(project: string): Promise<ResolvedRoute> {
  const topology = topologyWith({ project, environments: [{ name: 'dev', approval: false }] });
  return resolveRoute(topology, await sourceOf(topology));
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

const covers = (pattern: string, text: string) =>
  new RegExp(
    `^${pattern
      .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  ).test(text);

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
