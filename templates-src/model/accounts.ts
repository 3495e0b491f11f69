import { accountIdParameter, type Topology, toolingAccount } from './topology';

/** An account of the topology. */
export interface Account {
  /** `tooling` or the name of an environment. */
  readonly name: string;
  /** The parameter that holds its id. */
  readonly parameter: string;
  /** The account whose id it has: its own name unless the topology says that it shares another's. */
  readonly owner: string;
}

/** The accounts of a topology: tooling, then the environments in order. */
export function accountsOf({ environments }: Topology): readonly Account[] {
  const accounts: Account[] = [{ name: toolingAccount, parameter: 'ToolingAccountId', owner: toolingAccount }];
  for (const environment of environments) {
    const shared = accounts.find(({ name }) => name === environment.sharesAccountWith);
    accounts.push({
      name: environment.name,
      parameter: accountIdParameter(environment),
      owner: shared?.owner ?? environment.name,
    });
  }
  return accounts;
}
