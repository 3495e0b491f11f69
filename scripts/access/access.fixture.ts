import type { Case } from '../../templates-src/access/case';
import { needsTemplate, type Stack } from '../../templates-src/model/stacks';
import type { Topology } from '../../templates-src/model/topology';
import { generate } from '../build/build';
import { resolveForProof } from '../build/made-up-functions';
import { importTemplates } from '../build/templates.fixture';
import { policiesOf, type RoutePolicies } from '../lib/iam/policies';
import type { ResolvedRoute, RouteSource } from '../lib/resolve/resolve-route';
import { resolveStack } from '../lib/resolve/resolve-stack';
import { parseTemplate } from '../lib/template/document';
import { valuesOf } from '../lib/values.fixture';

/**
 * The templates of a topology as they are generated now, with made-up values.
 *
 * @param change of the generated text of a template
 */
export async function sourceOf(
  topology: Topology,
  change = (_path: string, yaml: string) => yaml,
): Promise<RouteSource> {
  const texts = new Map(
    (await importTemplates())
      .filter(({ path }) => needsTemplate(topology, path))
      .map((source) => [source.path, change(source.path, generate(source, topology))]),
  );
  return {
    template: (path) => texts.get(path) ?? '',
    parameters: (stack) => valuesOf(topology, stack),
  };
}

/** A route of a topology, resolved. */
export const routeOf = async (
  topology: Topology,
  change?: (path: string, yaml: string) => string,
): Promise<ResolvedRoute> => resolveForProof(topology, await sourceOf(topology, change));

/** The policies of a single stack, in the account 222222222222, beside those of a tooling account without any. */
export function policiesOfStack(yaml: string): RoutePolicies {
  const stack: Stack = {
    name: 'fixture-dev-things',
    template: 'environment/things',
    account: 'dev',
    parameters: 'parameters/dev/things.json',
    feeds: [],
    deployedBy: 'deploy.sh',
  };
  const template = parseTemplate(yaml, 'things.yaml');
  const imports = new Map<string, string>();
  const resolved = resolveStack({
    stack,
    template,
    accountId: '222222222222',
    region: 'eu-west-1',
    parameters: {},
    imports,
  });
  return policiesOf({ stacks: new Map([[stack.name, resolved]]) });
}

/** A case about a role of that stack. */
export function caseOf(definition: Partial<Case> & { readonly requests: Case['requests'] }): Case {
  return {
    id: 'fixture: case',
    group: 'fixture',
    actor: { kind: 'role', arn: 'arn:aws:iam::222222222222:role/reader' },
    through: undefined,
    expect: 'allowed',
    why: 'because',
    ...definition,
  };
}
