import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { accountIdParameter, toolingAccount } from '../../../templates-src/define-topology';
import { topology } from '../../../templates-src/topology';

type ParameterValues = Readonly<Record<string, string>>;

async function readParameters(file: string): Promise<ParameterValues> {
  return (JSON.parse(await readFile(file, 'utf8')) as { Parameters: ParameterValues }).Parameters;
}

/** The Region, as the parameter files have it. */
export async function readRegion(parameters: string): Promise<string> {
  return (await readParameters(join(parameters, toolingAccount, 'artifact-store.json'))).Region ?? '';
}

/** The ids of all accounts, as the parameter files have them. */
export async function readAccounts(parameters: string): Promise<Record<string, string>> {
  const store = await readParameters(join(parameters, toolingAccount, 'artifact-store.json'));
  const [first] = topology.environments;
  const { ToolingAccountId = '' } = await readParameters(join(parameters, first?.name ?? '', 'deployment-roles.json'));
  return {
    [toolingAccount]: ToolingAccountId,
    ...Object.fromEntries(topology.environments.map((it) => [it.name, store[accountIdParameter(it)] ?? ''])),
  };
}
