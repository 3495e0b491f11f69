import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { accountIdParameter, toolingAccount } from '../../templates-src/model/topology';

type ParameterValues = Readonly<Record<string, string>>;

async function readParameters(file: string): Promise<ParameterValues> {
  return (JSON.parse(await readFile(file, 'utf8')) as { Parameters: ParameterValues }).Parameters;
}

/** The Region, as the parameter files have it. */
export async function readRegion(parameters: string): Promise<string> {
  return (await readParameters(join(parameters, toolingAccount, 'artifact-store.json'))).Region ?? '';
}

/**
 * The environments that the parameter files are of. Not those of the topology: the files may be of another commit than
 * this program.
 */
export async function readEnvironments(parameters: string): Promise<readonly string[]> {
  const folders = await readdir(parameters);
  return folders.filter((name) => existsSync(join(parameters, name, 'deployment-roles.json'))).sort();
}

/** The ids of all accounts, as the parameter files have them. */
export async function readAccounts(parameters: string): Promise<Record<string, string>> {
  const store = await readParameters(join(parameters, toolingAccount, 'artifact-store.json'));
  const environments = await readEnvironments(parameters);
  const { ToolingAccountId = '' } = await readParameters(
    join(parameters, environments[0] ?? '', 'deployment-roles.json'),
  );
  const idOf = (name: string) => store[accountIdParameter({ name, approval: false })] ?? '';
  return { [toolingAccount]: ToolingAccountId, ...Object.fromEntries(environments.map((name) => [name, idOf(name)])) };
}
