import type { ParameterDeclaration } from '../../templates-src/dsl';
import { stacksOf } from '../../templates-src/model/stacks';
import { accountIdParameter, type Topology } from '../../templates-src/model/topology';
import { topologyWith } from '../../templates-src/topology.fixture';
import { type FileTree, pathInTree } from './parameter-tree';
import type { ParameterDeclarations } from './parameters';

/** A topology for tests, with environments of these names. */
export function topologyOf(...names: readonly string[]): Topology {
  return topologyWith({ project: 'route-to-live', environments: names.map((name) => ({ name, approval: false })) });
}

export const threeEnvironments = topologyOf('dev', 'test', 'prod');

export const accountId = (name: string): ParameterDeclaration => ({
  Type: 'String',
  Description: `Id of the ${name} account`,
  AllowedPattern: '[0-9]{12}',
  ConstraintDescription: '12 digits',
});

const region: ParameterDeclaration = { Type: 'String', Description: 'Region of all accounts' };

/** Small templates like the real ones, with texts that stay as they are. */
export function declarationsOf({ environments }: Topology): Map<string, ParameterDeclarations> {
  return new Map<string, ParameterDeclarations>([
    [
      'tooling/artifact-store',
      {
        Region: region,
        ApproversEmail: { Type: 'String', Description: 'E-mail address of the approvers', AllowedPattern: '.+@.+' },
        ...Object.fromEntries(environments.map((it) => [accountIdParameter(it), accountId(it.name)])),
      },
    ],
    [
      'environment/deployment-roles',
      {
        Region: region,
        EnvironmentName: {
          Type: 'String',
          Description: 'Name of the environment',
          AllowedValues: environments.map(({ name }) => name),
        },
        ToolingAccountId: accountId('tooling'),
        ArtifactKeyArn: { Type: 'String', Description: 'ARN of the key' },
      },
    ],
  ]);
}

/** Made-up account ids: 111111111111 for tooling, then 222222222222 and so on; 10 environments at most. */
export function madeUpId(topology: Topology, account: string): string {
  const number = String(topology.environments.findIndex(({ name }) => name === account) + 2);
  return number.length === 1 ? number.repeat(12) : number.padEnd(12, '0');
}

/** The values that the files of a topology have when all is well. */
export function goodValues(topology: Topology, path: string): Record<string, string> {
  const [account = ''] = path.split('/');
  return account === 'tooling'
    ? {
        Region: 'eu-west-1',
        ApproversEmail: 'approvers@example.com',
        ...Object.fromEntries(topology.environments.map((it) => [accountIdParameter(it), madeUpId(topology, it.name)])),
      }
    : { Region: 'eu-west-1', EnvironmentName: account, ToolingAccountId: '111111111111' };
}

/** A parameters file as text. */
export function fileOf(values: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify({ Parameters: values }, null, 2)}\n`;
}

/** Good files for a topology; some replaced, or left out with `undefined`. */
export function treeOf(
  topology: Topology,
  replaced: Readonly<Record<string, string | Uint8Array | undefined>> = {},
): FileTree {
  const good = stacksOf(topology).map((stack) => {
    const path = pathInTree(stack);
    return [path, fileOf(goodValues(topology, path))] as const;
  });
  return new Map(
    Object.entries({ ...Object.fromEntries(good), ...replaced }).flatMap(([path, content]) =>
      content === undefined ? [] : [[path, typeof content === 'string' ? Buffer.from(content) : content] as const],
    ),
  );
}
