import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { stacksOf } from '../templates-src/model/stacks';
import { serviceLinkedRoles } from '../templates-src/patterns/environment/service-linked-roles';
import { topology } from '../templates-src/topology.fixture';
import { submitTemplate } from './build/submit-template.fixture';
import type { Result } from './deploy/doctor/examine';
import { repository, run, withAws } from './deploy/script.fixture';
import { type Emulator, startEmulator } from './emulator/client';

// A run starts the AWS CLI some fifty times.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 240_000 });

const script = join(repository, 'scripts', 'doctor.sh');
const environment = topology.environments[0]?.name as string;

let emulator: Emulator;
let scratch: string;
beforeAll(async () => {
  emulator = await startEmulator();
  scratch = await mkdtemp(join(tmpdir(), 'doctor-test-'));
});
afterAll(async () => {
  await emulator.stop();
  await rm(scratch, { recursive: true });
});

/** Makes what the operator's deployment of tooling and the first environment makes. */
async function deploy(): Promise<void> {
  const outputs = new Map<string, string>();
  const own = stacksOf(topology).filter(
    ({ account, deployedBy }) => deployedBy === 'deploy.sh' && ['tooling', environment].includes(account),
  );
  for (const { name, template, account, parameters, feeds } of own) {
    const values = JSON.parse(await readFile(join(repository, parameters), 'utf8')).Parameters;
    const fed = feeds.map(({ parameter, output }) => [parameter, outputs.get(output)]);
    const text = await readFile(join(repository, 'generated', `${template}.yaml`), 'utf8');
    const store = { account: 'tooling', bucket: outputs.get('ArtifactBucketName'), region: 'eu-west-1' };
    await emulator.call(account, 'cloudformation', 'CreateStack', {
      StackName: name,
      EnableTerminationProtection: account === 'tooling',
      ...(await submitTemplate(emulator, store, name, text)),
      Capabilities: ['CAPABILITY_NAMED_IAM'],
      Parameters: Object.entries({ ...values, ...Object.fromEntries(fed) }).map(([ParameterKey, ParameterValue]) => ({
        ParameterKey,
        ParameterValue,
      })),
    });
    const { Stacks } = await emulator.call<{ Stacks: [Described] }>(account, 'cloudformation', 'DescribeStacks', {
      StackName: name,
    });
    expect(Stacks[0].StackStatus, name).toBe('CREATE_COMPLETE');
    for (const { OutputKey, OutputValue } of Stacks[0].Outputs ?? []) {
      outputs.set(OutputKey, OutputValue);
    }
  }
  for (const { service } of Object.values(serviceLinkedRoles)) {
    await emulator.call(environment, 'iam', 'CreateServiceLinkedRole', { AWSServiceName: service });
  }
}

interface Described {
  readonly StackStatus: string;
  readonly Outputs?: readonly { readonly OutputKey: string; readonly OutputValue: string }[];
}

describe('with the AWS CLI itself', () => {
  test('accounts are ready before the first day, and healthy once they are deployed to', async () => {
    const before = await run(script, ['tooling', environment], emulator.environment());

    expect(before.stdout).not.toMatch(/PROBLEM|NOT SEEN/);
    expect(before.code).toBe(0);
    expect(before.stdout).toMatch(/^tooling \(111111111111\) in eu-west-1$/m);
    expect(before.stdout).toMatch(/^ {2}ok +names +the names of \d stacks to come are free$/m);
    expect(before.stdout).toMatch(/^0 problems, 0 not seen, \d+ ok$/m);
    expect(before.stdout).not.toContain('\u001b');
    expect(before.stderr).toContain('doctor.sh: tooling (111111111111) in eu-west-1: looked at');

    await deploy();
    // Nobody pushes to the emulator.
    const pushed = await withAws(
      emulator.environment(),
      scratch,
      `[[ $2 != get-branch ]] || { echo '{"branch": {"branchName": "main", "commitId": "0a1b"}}'; exit; }\nexec "$aws" "$@"`,
    );
    const after = await run(script, ['--json', 'tooling', environment], pushed);

    const { findings } = JSON.parse(after.stdout) as { findings: Result[] };
    expect(findings.filter(({ outcome }) => outcome === 'problem' || outcome === 'unseen')).toEqual([]);
    expect(findings.filter(({ outcome }) => outcome === 'ok').map(({ check }) => check)).toEqual(
      expect.arrayContaining([
        'credentials',
        'stacks',
        'drift',
        'quotas',
        'sources',
        'pipelines',
        'rules',
        'principals',
      ]),
    );
    expect(after.code).toBe(0);
  });

  test('a profile of another account is a problem, and nothing else is looked at in it', async () => {
    const options = ['--json', '--profile', `${environment}=route-to-live-test`, environment];
    const { code, stdout } = await run(script, options, emulator.environment());

    const { findings } = JSON.parse(stdout) as { findings: Result[] };
    expect(findings.map(({ check, outcome }) => [check, outcome])).toEqual([
      ['credentials', 'problem'],
      ['all others', 'unseen'],
    ]);
    expect(code).toBe(1);
  });
});

test.each([['--jsn'], ['nowhere'], ['--profile', 'dev']])('%s is refused as wrong usage', async (...words) => {
  const { code, stdout } = await run(script, words, emulator.environment());

  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
});

test('--help names every check', async () => {
  const { code, stdout } = await run(script, ['--help'], emulator.environment());

  expect(code).toBe(0);
  expect(stdout).toMatch(/^ {2}certificates +is the certificate/m);
});
