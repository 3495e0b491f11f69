import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { accountsOf } from '../../templates-src/model/accounts';
import { usualZones } from '../../templates-src/model/region';
import type { Stack } from '../../templates-src/model/stacks';
import { stacksOf } from '../../templates-src/model/stacks';
import { accountIdParameter, type Topology, toolingAccount } from '../../templates-src/model/topology';

/** The id of an account, by its place: 111111111111 is tooling. Accounts that are shared have one id. */
export function madeUpId(topology: Topology, name: string): string {
  const accounts = accountsOf(topology);
  const owner = accounts.find((account) => account.name === name)?.owner;
  const place = accounts.findIndex((account) => account.name === owner) + 1;
  return place < 10 ? String(place).repeat(12) : String(place).padStart(12, '5');
}

/**
 * Values for the file of a stack, with nothing from `parameters/`: for tests, which bring parameters of their own.
 *
 * @param stack one of a route without mistakes
 */
export function valuesOf(topology: Topology, stack: Stack, region = 'eu-west-1'): Readonly<Record<string, string>> {
  const ids = Object.fromEntries(
    topology.environments.map((one) => [accountIdParameter(one), madeUpId(topology, one.name)]),
  );
  if (stack.account === toolingAccount) {
    const store = stack.template === 'tooling/artifact-store';
    const pipeline = topology.pipelines.source === 'connection' && !store;
    return {
      Region: region,
      ...(store ? { ApproversEmail: 'approvers@example.com' } : {}),
      ...(stack.template === 'tooling/container-build-pipeline' ? {} : ids),
      ...(pipeline
        ? {
            ConnectionArn: `arn:aws:codeconnections:${region}:${madeUpId(topology, toolingAccount)}:connection/0a1b2c3d-4e5f-6a7b-8c9d-0e1f2a3b4c5d`,
            RepositoryId: `team/${stack.name}`,
          }
        : {}),
    };
  }
  const place = topology.environments.findIndex(({ name }) => name === stack.account);
  const common = {
    Region: region,
    EnvironmentName: stack.account,
    ToolingAccountId: madeUpId(topology, toolingAccount),
  };
  switch (stack.template) {
    case 'environment/infrastructure':
      return {
        ...common,
        LogRetentionDays: '365',
        ...(topology.container === undefined ? {} : networkOf(place, region)),
      };
    case 'environment/container-service':
      return { ...common, ...containerSettings };
    case 'environment/service-roles': {
      const { ToolingAccountId, ...others } = common;
      return topology.container === undefined ? others : { ...others, ToolingAccountId };
    }
    default:
      return common;
  }
}

/** As large as production, so that what only large environments have is tested, too. */
function networkOf(place: number, region: string) {
  const [FirstZone = '', SecondZone = '', ThirdZone] = usualZones(region);
  return {
    VpcCidr: `10.${10 * (place + 1)}.0.0/16`,
    FirstZone,
    SecondZone,
    ...(ThirdZone === undefined ? {} : { ThirdZone }),
    NatGateways: 'none',
  };
}

const containerSettings = {
  LogRetentionDays: '365',
  TestClientCidr: '203.0.113.0/24',
  TaskSize: 'large',
  MinTasks: '3',
  MaxTasks: '12',
  DeploymentConfiguration: 'CodeDeployDefault.ECSCanary10Percent5Minutes',
  TerminationWaitMinutes: '60',
  ServerErrorsPerMinute: '5',
} as const;

/** Writes a file for every stack of a topology below a folder that stands for `parameters/`. */
export async function writeValues(folder: string, topology: Topology, region?: string): Promise<void> {
  for (const stack of stacksOf(topology)) {
    const path = join(folder, stack.parameters.replace(/^parameters\//, ''));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${JSON.stringify({ Parameters: valuesOf(topology, stack, region) }, null, 2)}\n`);
  }
}
