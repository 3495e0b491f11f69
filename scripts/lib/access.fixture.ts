import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Case } from '../../templates-src/access/case';
import { type Stack, type Topology, toolingAccount } from '../../templates-src/define-topology';
import { accountsOf } from '../../templates-src/parameters-across-files';
import { policiesOf, type RoutePolicies } from './access-policies';
import { generate } from './build';
import { type ResolvedRoute, type RouteSource, resolveRoute } from './resolve/resolve-route';
import { resolveStack } from './resolve/resolve-stack';
import { parseTemplate } from './resolve/template-document';
import { importTemplates } from './templates.fixture';

const parametersFolder = join(__dirname, '..', '..', 'parameters');

/** The committed values of a stack's parameters; those of production for environments that are not committed. */
function committedValues({ template }: Stack): Readonly<Record<string, string>> {
  const [account, name] = template.split('/');
  const file = join(parametersFolder, account === 'tooling' ? 'tooling' : 'prod', `${name}.json`);
  return (JSON.parse(readFileSync(file, 'utf8')) as { Parameters: Record<string, string> }).Parameters;
}

/** The id of an account, by its place: 111111111111 is tooling. Accounts that are shared have one id. */
export function madeUpId(topology: Topology, name: string): string {
  const accounts = accountsOf(topology);
  const owner = accounts.find((account) => account.name === name)?.owner;
  const place = accounts.findIndex((account) => account.name === owner) + 1;
  return place < 10 ? String(place).repeat(12) : String(place).padStart(12, '5');
}

/**
 * The templates of a topology as they are generated now, with the committed values of production.
 *
 * @param change of the generated text of a template
 */
export async function sourceOf(
  topology: Topology,
  change = (_path: string, yaml: string) => yaml,
): Promise<RouteSource> {
  const texts = new Map(
    (await importTemplates()).map((source) => [source.path, change(source.path, generate(source, topology))]),
  );
  return {
    template: (path) => texts.get(path) ?? '',
    parameters: (stack) => {
      const declared = Object.keys(parseTemplate(texts.get(stack.template) ?? '', stack.template).Parameters);
      const ids = accountsOf(topology).map(({ name, parameter }) => [parameter, madeUpId(topology, name)]);
      const values: Readonly<Record<string, string>> = {
        ...committedValues(stack),
        ...Object.fromEntries(ids),
        ...(stack.account === toolingAccount ? {} : { EnvironmentName: stack.account }),
        ConnectionArn: 'arn:aws:codeconnections:eu-west-1:111111111111:connection/0a1b2c3d-4e5f-6a7b-8c9d-0e1f2a3b4c5d',
        RepositoryId: 'team/repository',
      };
      return Object.fromEntries(
        Object.entries(values).filter(([name]) => name.endsWith('AccountId') || declared.includes(name)),
      );
    },
  };
}

/** A route of a topology, resolved. */
export const routeOf = async (
  topology: Topology,
  change?: (path: string, yaml: string) => string,
): Promise<ResolvedRoute> => resolveRoute(topology, await sourceOf(topology, change));

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
