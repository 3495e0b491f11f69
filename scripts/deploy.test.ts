import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { buildScripts, buildScriptsKey } from '../templates-src/model/build-scripts';
import { stacksOf } from '../templates-src/model/stacks';
import { topology } from '../templates-src/topology.fixture';
import { artifactStore, deploymentRoles } from './deploy/route.fixture';
import {
  accountsOfStages,
  onStage,
  type Run,
  repository,
  run,
  type Stage,
  setStage,
  summary,
  withAws,
} from './deploy/script.fixture';
import { type Emulator, startEmulator } from './emulator/client';

// A run of the script starts the AWS CLI a dozen times.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const script = join(repository, 'scripts', 'deploy.sh');
const accounts = { tooling: '111111111111', dev: '222222222222', test: '333333333333', prod: '444444444444' };
const environments = topology.environments.map(({ name }) => name);
const operatorsStacks = stacksOf(topology).filter(({ deployedBy }) => deployedBy === 'deploy.sh');
const store = 'route-to-live-artifact-store';
const devRoles = 'route-to-live-dev-deployment-roles';
const serviceRoles = (environment: string) => `route-to-live-${environment}-service-roles`;

let emulator: Emulator;
let scratch: string;
let stagesSet = 0;
/** How many stages the emulator has accounts for. */
const stagesThere = 32;
const stages: Stage[] = [];
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'deploy-test-'));
  emulator = await startEmulator({ accounts: { ...accounts, ...accountsOfStages(stagesThere) } });
});
afterAll(async () => {
  await emulator.stop();
  await Promise.all([rm(scratch, { recursive: true }), ...stages.map(({ route }) => route.remove())]);
});

/** Without the doctor, whom most tests have no need of, and who takes his time. */
const deploy = (args: readonly string[], environment = emulator.environment(), input = '') =>
  run(script, ['--no-doctor', ...args], environment, input);

/** A stage that no other test plays on. */
async function stage(): Promise<Stage & { number: number; run: (...selection: string[]) => Promise<Run> }> {
  const number = stagesSet++;
  if (number >= stagesThere) {
    throw new Error(`the emulator has accounts for ${stagesThere} stages: raise stagesThere`);
  }
  const made = await setStage(number);
  stages.push(made);
  return { ...made, number, run: (...selection) => deploy([...made.options, ...selection]) };
}

async function emptyDirectory(): Promise<string> {
  return mkdtemp(join(scratch, 'directory-'));
}

interface StackDescription {
  readonly StackName: string;
  readonly StackStatus: string;
  readonly EnableTerminationProtection?: boolean;
  readonly Parameters?: readonly { ParameterKey: string; ParameterValue: string }[];
  readonly Tags: readonly { Key: string; Value: string }[];
  readonly Outputs?: readonly { OutputKey: string; OutputValue: string }[];
}

async function stacksIn(account: string): Promise<StackDescription[]> {
  const { Stacks } = await emulator.call<{ Stacks: StackDescription[] }>(account, 'cloudformation', 'DescribeStacks');
  return Stacks;
}

async function stackIn(account: string, name: string): Promise<StackDescription> {
  const stack = (await stacksIn(account)).find(({ StackName }) => StackName === name);
  if (stack === undefined) {
    throw new Error(`${account} has no stack ${name}`);
  }
  return stack;
}

async function artifactKeyArn(): Promise<string> {
  const { Outputs } = await stackIn('tooling', store);
  return Outputs?.find(({ OutputKey }) => OutputKey === 'ArtifactKeyArn')?.OutputValue ?? '';
}

interface Statement {
  readonly Sid?: string;
  readonly Principal?: { readonly AWS?: string | string[]; readonly Service?: string | string[] };
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | string[]>>>>;
}
interface Policy {
  readonly Statement: readonly Statement[];
}
interface Role {
  readonly RoleName: string;
  readonly Arn: string;
  readonly AssumeRolePolicyDocument: Policy;
  readonly RolePolicyList: readonly { PolicyName: string; PolicyDocument: Policy }[];
  readonly AttachedManagedPolicies: readonly { PolicyArn: string }[];
}
interface ListedPolicy {
  readonly Arn: string;
  readonly DefaultVersionId: string;
}

const listOf = (value: string | string[] | undefined) => (value === undefined ? [] : [value].flat());

describe('the route to live of this repository', () => {
  let first: Run;
  let second: Run;
  let eventsBetween: unknown;
  let eventsAfter: unknown;
  beforeAll(async () => {
    const events = () =>
      Promise.all(
        operatorsStacks.map(({ name, account }) =>
          emulator.call(account, 'cloudformation', 'DescribeStackEvents', { StackName: name }),
        ),
      );
    first = await deploy([]);
    // Not before the first run has ended well: there might be no events to read.
    expect(first).toMatchObject({ code: 0, stderr: '' });
    eventsBetween = await events();
    second = await deploy(['all']);
    eventsAfter = await events();
  });

  test('is deployed in one pass into four accounts, in order, and says so without colours', () => {
    expect(Object.entries(summary(first))).toEqual(operatorsStacks.map(({ name }) => [name, 'created']));
    expect(first.stdout.match(/^\[\d+\/\d+\] \S+/gm)).toEqual(
      operatorsStacks.map(({ name }, index) => `[${index + 1}/${operatorsStacks.length}] ${name}`),
    );
    expect(first.stdout).not.toContain('\u001b');
  });

  test('is not changed by a second run', () => {
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(Object.entries(summary(second))).toEqual(operatorsStacks.map(({ name }) => [name, 'no changes']));
    expect(eventsAfter).toEqual(eventsBetween);
  });

  test('carries the tag of the project on every stack', async () => {
    for (const { name, account } of operatorsStacks) {
      const { Tags } = await stackIn(account, name);
      expect(Tags).toEqual([{ Key: 'Project', Value: 'route-to-live' }]);
    }
  });

  describe('in the tooling account', () => {
    const inTooling = <Answer>(service: string, operation: string, parameters: object) =>
      emulator.call<Answer>('tooling', service, operation, parameters);
    const bucketPolicy = async (bucket: string): Promise<Policy> => {
      const Bucket = `route-to-live-${bucket}-${accounts.tooling}-eu-west-1`;
      return JSON.parse((await inTooling<{ Policy: string }>('s3', 'GetBucketPolicy', { Bucket })).Policy);
    };
    const roots = environments.map((name) => `arn:aws:iam::${accounts[name]}:root`);
    const roleArns = new Map<string, string[]>();
    beforeAll(async () => {
      for (const name of environments) {
        const { Roles } = await emulator.call<{ Roles: Role[] }>(name, 'iam', 'ListRoles');
        roleArns.set(
          accounts[name],
          Roles.map(({ Arn }) => Arn),
        );
      }
    });

    /** Environments come in through their account roots, and every role that narrows a root exists there. */
    function expectEnvironments(policy: Policy): void {
      const statements = policy.Statement.filter(({ Principal }) => listOf(Principal?.AWS).includes(roots[0] ?? ''));
      expect(statements.length).toBeGreaterThan(0);
      for (const { Sid, Principal, Condition } of statements) {
        expect(listOf(Principal?.AWS), Sid).toEqual(roots);
        const arns = Object.values(Condition ?? {}).flatMap((keys) => listOf(keys['aws:PrincipalArn']));
        expect(arns.length, Sid).toBeGreaterThan(0);
        for (const arn of arns) {
          const [, , , , account = '', resource = ''] = arn.split(':');
          const name = environments.find((environment) => accounts[environment] === account);
          expect(resource, Sid).toMatch(new RegExp(`^role/route-to-live-${name}-`));
          expect(roleArns.get(account), Sid).toContain(arn);
        }
      }
    }

    test('the scripts that builds run are in the bucket of packages, once', async () => {
      const { Versions } = await inTooling<{ Versions: { Key: string; Size: number }[] }>('s3', 'ListObjectVersions', {
        Bucket: `route-to-live-packages-${accounts.tooling}-eu-west-1`,
      });
      expect(Versions).toMatchObject([{ Key: buildScriptsKey(buildScripts().version) }]);
      expect(Versions[0]?.Size).toBeGreaterThan(1000);
    });

    test('the key lets the roles of the environments decrypt, and rotates', async () => {
      const KeyId = await artifactKeyArn();

      const { Policy: text } = await inTooling<{ Policy: string }>('kms', 'GetKeyPolicy', {
        KeyId,
        PolicyName: 'default',
      });
      expectEnvironments(JSON.parse(text));
      expect(await inTooling('kms', 'GetKeyRotationStatus', { KeyId })).toMatchObject({ KeyRotationEnabled: true });
    });

    test.each(['artifacts', 'packages'])('the %s bucket lets the roles of the environments read', async (bucket) => {
      expectEnvironments(await bucketPolicy(bucket));
    });

    test('the bucket of access logs is written by S3 for this account alone', async () => {
      const [logging, ...others] = (await bucketPolicy('access-logs')).Statement.filter(({ Principal }) =>
        listOf(Principal?.Service).includes('logging.s3.amazonaws.com'),
      );

      expect(logging?.Condition).toMatchObject({ StringEquals: { 'aws:SourceAccount': accounts.tooling } });
      expect(others).toEqual([]);
    });

    test('the repository lets the roles of the environments pull', async () => {
      const { policyText } = await inTooling<{ policyText: string }>('ecr', 'GetRepositoryPolicy', {
        repositoryName: 'route-to-live-container',
      });

      expectEnvironments(JSON.parse(policyText));
    });
  });

  /** Who assumes roles that are for services, by what the names end in. */
  const services = [
    ['-cloudformation-execution', 'cloudformation.amazonaws.com'],
    ['-codedeploy-service', 'codedeploy.amazonaws.com'],
    ['-container-service-execution', 'cloudformation.amazonaws.com'],
    ['-flow-logs', 'vpc-flow-logs.amazonaws.com'],
    ['-task-execution', 'ecs-tasks.amazonaws.com'],
  ] as const;

  test.each(environments)(
    'in %s every role trusts its own service or the roles of the tooling account, and uses the key it was fed',
    async (name) => {
      const iam = <Answer>(operation: string, parameters: object) =>
        emulator.call<Answer>(name, 'iam', operation, parameters);
      const { RoleDetailList: roles } = await iam<{ RoleDetailList: Role[] }>('GetAccountAuthorizationDetails', {
        Filter: ['Role'],
      });
      const { Policies: listed } = await iam<{ Policies: ListedPolicy[] }>('ListPolicies', { Scope: 'Local' });
      const policies = new Map<string, unknown>();
      for (const { Arn, DefaultVersionId } of listed) {
        policies.set(Arn, await iam('GetPolicyVersion', { PolicyArn: Arn, VersionId: DefaultVersionId }));
      }
      const keyArn = await artifactKeyArn();
      const own = `arn:aws:iam::${accounts[name]}:`;

      const linked = roles.filter(({ Arn }) => Arn.startsWith(`${own}role/aws-service-role/`));
      expect(linked.map(({ RoleName }) => RoleName).sort()).toEqual([
        'AWSServiceRoleForApplicationAutoScaling_ECSService',
        'AWSServiceRoleForECS',
        'AWSServiceRoleForElasticLoadBalancing',
      ]);
      const ours = roles.filter((role) => !linked.includes(role));
      expect(ours.map(({ RoleName }) => RoleName.replace(`route-to-live-${name}-`, '')).sort()).toEqual([
        'cloudformation-action',
        'cloudformation-execution',
        'codedeploy-action',
        'codedeploy-service',
        'container-review',
        'container-service-execution',
        'flow-logs',
        'lambda-update',
        'review',
        'task-execution',
        'viewer',
      ]);
      for (const purpose of ['function', 'task']) {
        expect([...policies.keys()]).toContain(`${own}policy/route-to-live-${name}-boundary-${purpose}`);
      }
      for (const { RoleName, Arn, AssumeRolePolicyDocument, RolePolicyList, AttachedManagedPolicies } of ours) {
        expect(Arn).toBe(`${own}role/${RoleName}`);
        const [{ Principal, Condition } = {}, ...others] = AssumeRolePolicyDocument.Statement;
        expect(others, RoleName).toEqual([]);
        const [, service] = services.find(([role]) => RoleName.endsWith(role)) ?? [];
        if (service !== undefined) {
          expect(Principal, RoleName).toEqual({ Service: service });
          expect(JSON.stringify(Condition)).toContain(accounts[name]);
        } else {
          expect(Principal, RoleName).toEqual({ AWS: `arn:aws:iam::${accounts.tooling}:root` });
          const trusted = Object.values(Condition ?? {}).flatMap((keys) => listOf(keys['aws:PrincipalArn']));
          expect(trusted.length, RoleName).toBeGreaterThan(0);
          for (const arn of trusted) {
            expect(arn).toMatch(`arn:aws:iam::${accounts.tooling}:role/route-to-live-`);
          }
        }
        const attached = AttachedManagedPolicies.map(({ PolicyArn }) => policies.get(PolicyArn));
        expect(attached, RoleName).not.toContain(undefined);
        // Who only looks at what changes reads neither artifacts nor packages.
        const usesKey = JSON.stringify([RolePolicyList, attached]).includes(keyArn);
        const isOfService = services.some(([role]) => !role.startsWith('-cloudformation') && RoleName.endsWith(role));
        expect(usesKey, RoleName).toBe(!isOfService && !/(review|viewer)$/.test(RoleName));
      }
    },
  );
});

describe.concurrent('a dry run', () => {
  test('calls neither the AWS CLI nor AWS, and prints commands that deploy when they are pasted', async () => {
    const { options } = await stage();
    const directory = await emptyDirectory();
    const environment = await withAws(emulator.environment(), directory, 'touch "$directory/called"');

    const dry = await deploy([...options, '--dry-run', store, 'dev'], environment);

    expect(dry).toMatchObject({ code: 0, stderr: '' });
    expect(await readdir(directory)).toEqual(['aws']);

    const pasted = await run('bash', ['-e'], emulator.environment(), dry.stdout);
    expect(pasted).toMatchObject({ code: 0, stderr: '' });
    expect(summary(await deploy([...options, store, 'dev']))).toEqual({
      [store]: 'no changes',
      [devRoles]: 'no changes',
      [serviceRoles('dev')]: 'no changes',
    });
  });
});

describe.concurrent('termination protection', () => {
  const infrastructure = 'route-to-live-prod-infrastructure';
  const prodRoles = 'route-to-live-prod-deployment-roles';
  const isOn = async (account: string, name: string) =>
    (await stackIn(account, name)).EnableTerminationProtection === true;

  test('is switched on for what is deployed to production, and for what a pipeline has made there, once', async () => {
    const { number, run: deployStage } = await stage();
    const prod = onStage(number, 'prod');
    await emulator.call(prod, 'cloudformation', 'CreateStack', {
      StackName: infrastructure,
      TemplateBody: artifactStore,
      Parameters: [{ ParameterKey: 'Region', ParameterValue: 'eu-west-1' }],
    });

    const first = await deployStage(store, 'dev', 'prod');

    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toContain(`Protected against deletion: ${infrastructure}\n`);
    expect(await isOn(prod, infrastructure)).toBe(true);
    expect(await isOn(prod, prodRoles)).toBe(true);
    expect(await isOn(onStage(number, 'tooling'), store)).toBe(true);
    expect(await isOn(onStage(number, 'dev'), devRoles)).toBe(false);
    expect((await deployStage('prod')).stdout).not.toContain('Protected');
  });

  test('that cannot be seen does not hide that everything is deployed', async () => {
    const { options } = await stage();
    const environment = await withAws(
      emulator.environment(),
      await emptyDirectory(),
      `[[ "$*" != *describe-stacks*${infrastructure}* ]] || { echo 'An error occurred (AccessDenied): no' >&2; exit 254; }
exec "$aws" "$@"`,
    );

    const done = await deploy([...options, store, 'prod'], environment);

    expect(done.code).toBe(1);
    expect(summary(done)).toEqual({
      [store]: 'created',
      [prodRoles]: 'created',
      [serviceRoles('prod')]: 'created',
    });
    expect(done.stderr).toMatch(
      new RegExp(
        `Everything is deployed\\. .*cannot be seen.*\\n {2}${infrastructure} in prod .*\\n {4}.*AccessDenied`,
      ),
    );
  });
});

describe.concurrent('after a deletion that retained something', () => {
  const infrastructure = 'route-to-live-dev-infrastructure';

  test('a deployment fails and says what is in the way; with --adopt it takes that in', async () => {
    const { number, accountId, options, run: deployStage } = await stage();
    const tooling = onStage(number, 'tooling');
    const bucket = `fixture-packages-${accountId(0)}`;
    expect((await deployStage(store)).code).toBe(0);
    await emulator.call(tooling, 'cloudformation', 'UpdateTerminationProtection', {
      StackName: store,
      EnableTerminationProtection: false,
    });
    const destroy = join(repository, 'scripts', 'destroy.sh');
    expect((await run(destroy, [...options, '--yes', store], emulator.environment())).code).toBe(0);

    const blocked = await deployStage(store);
    expect(summary(blocked)).toEqual({ [store]: 'failed' });
    expect(blocked.stderr).toContain('What CloudFormation found before it changed anything:\n');
    expect(blocked.stderr).toContain(
      `Packages (AWS::S3::Bucket) NAME_CONFLICT_VALIDATION: Resource of type 'AWS::S3::Bucket' with identifier ` +
        `'${bucket}' already exists.`,
    );
    expect(blocked.stderr).toContain('As long as the stack does not exist, --adopt takes it in.');

    const adopted = await deployStage('--adopt', store);
    expect(adopted).toMatchObject({ code: 0, stderr: '' });
    expect(adopted.stdout).toContain(`adopted Packages ${bucket}: `);
    expect(summary(adopted)).toEqual({ [store]: 'adopted' });
    expect(await stackIn(tooling, store)).toMatchObject({
      StackStatus: 'UPDATE_COMPLETE',
      EnableTerminationProtection: true,
    });
    expect(summary(await deployStage('--adopt', store))).toEqual({ [store]: 'no changes' });
  });

  test('a stack of a pipeline adopts what is left of it, and no more', async () => {
    const { number, accountId, route, run: deployStage } = await stage();
    const dev = onStage(number, 'dev');
    await route.writeTemplate('environment/infrastructure', artifactStore);
    await emulator.call(dev, 's3', 'CreateBucket', {
      Bucket: `fixture-packages-${accountId(1)}`,
      CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' },
    });

    const adopted = await deployStage('--adopt', infrastructure);

    expect(adopted).toMatchObject({ code: 0, stderr: '' });
    expect(summary(adopted)).toEqual({ [infrastructure]: 'left to its pipeline' });
    expect(await stackIn(dev, infrastructure)).toMatchObject({ StackStatus: 'IMPORT_COMPLETE' });
  });
});

describe.concurrent('an adoption', () => {
  /** An `aws` that sees a bucket which is not there, so that the emulator does not import it. */
  const seesBucket = '[[ $2 != get-bucket-location ]] || { echo \'{"LocationConstraint": "eu-west-1"}\'; exit; }\n';

  test('whose change set fails says why', async () => {
    const { options } = await stage();
    const fails = `${seesBucket}case $2 in
  create-change-set) exit ;;
  wait) echo 'Waiter ChangeSetCreateComplete failed: Waiter encountered a terminal failure state' >&2; exit 255 ;;
  list-change-sets) echo arn:aws:cloudformation:eu-west-1:111111111111:changeSet/adopt/1; exit ;;
  describe-change-set) echo 'Resource Packages has no import identifier'; exit ;;
esac
exec "$aws" "$@"`;
    const environment = await withAws(emulator.environment(), await emptyDirectory(), fails);

    const failed = await deploy([...options, '--adopt', store], environment);

    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('Reason: Resource Packages has no import identifier\n');
  });

  test('is not disturbed by a command that reads its standard input', async () => {
    const { number, accountId, options } = await stage();
    await emulator.call(onStage(number, 'tooling'), 's3', 'CreateBucket', {
      Bucket: `fixture-packages-${accountId(0)}`,
      CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' },
    });
    const reads = '[[ $2 != create-change-set ]] || cat >/dev/null\nexec "$aws" "$@"';
    const environment = await withAws(emulator.environment(), await emptyDirectory(), reads);

    const adopted = await deploy([...options, '--adopt', store], environment);

    expect(adopted).toMatchObject({ code: 0, stderr: '' });
    expect(summary(adopted)).toEqual({ [store]: 'adopted' });
  });
});

describe.concurrent('service-linked roles', () => {
  const cluster = `
Parameters:
  Region: {Type: String}
Resources:
  Cluster: {Type: AWS::ECS::Cluster}
`;

  test('are made before the stacks of an environment, and one that is there already is left alone', async () => {
    const { route, options, number, run: deployStage } = await stage();
    await route.writeTemplate('environment/container-service', cluster);
    const roleNames = async () => {
      const { Roles } = await emulator.call<{ Roles: Role[] }>(onStage(number, 'dev'), 'iam', 'ListRoles', {
        PathPrefix: '/aws-service-role/',
      });
      return Roles.map(({ RoleName }) => RoleName);
    };

    const dry = await deploy([...options, '--dry-run', store, 'dev']);
    expect(dry.stdout).toContain('aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com --region');
    expect((await deployStage('tooling')).stdout).not.toContain('Service-linked role');
    const first = await deployStage('dev');
    expect(first.stdout).toContain('Service-linked role made: AWSServiceRoleForECS in dev\n');
    expect(await roleNames()).toEqual(['AWSServiceRoleForECS']);

    const second = await deployStage('dev');
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(second.stdout).not.toContain('Service-linked role');
  });

  test('that nobody may look for but that are there stop nothing; others that cannot be made stop everything', async () => {
    const { route, options, number } = await stage();
    await route.writeTemplate('environment/container-service', cluster);
    await emulator.call(onStage(number, 'dev'), 'iam', 'CreateServiceLinkedRole', {
      AWSServiceName: 'ecs.amazonaws.com',
    });
    const blind = await withAws(
      emulator.environment(),
      await emptyDirectory(),
      '[[ $2 != get-role ]] || exit 254\nexec "$aws" "$@"',
    );
    expect(await deploy([...options, store, 'dev'], blind)).toMatchObject({ code: 0, stderr: '' });

    const denied = await withAws(
      emulator.environment(),
      await emptyDirectory(),
      '[[ $1 != iam ]] || { echo "An error occurred (AccessDenied): no" >&2; exit 254; }\nexec "$aws" "$@"',
    );
    const { code, stderr } = await deploy([...options, 'dev'], denied);
    expect(code).toBe(1);
    expect(stderr).toContain('these service-linked roles cannot be made ready. No stack was changed.\n');
    const silent = await withAws(
      emulator.environment(),
      await emptyDirectory(),
      '[[ $1 != iam ]] || exit 254\nexec "$aws" "$@"',
    );
    expect((await deploy([...options, 'dev'], silent)).stderr).toMatch(
      /AWSServiceRoleForECS in dev \(\d{12}\):\n {4}It said nothing\.\n/,
    );
    expect(stderr).toMatch(/AWSServiceRoleForECS in dev \(\d{12}\):\n {4}An error occurred \(AccessDenied\): no\n/);
  });
});

describe.concurrent('parameters', () => {
  test('reach CloudFormation as they stand in the file, whatever they hold, and go back to the default', async () => {
    const { route, number, run: deployStage } = await stage();
    const note = `a, b=c; it's "d"  $HOME \\ \`e\` ü [x] {"y": 1}\ttab`;
    const noteOf = async () => {
      const { Parameters } = await stackIn(onStage(number, 'tooling'), store);
      return Parameters?.find(({ ParameterKey }) => ParameterKey === 'Note')?.ParameterValue;
    };
    const region = { Region: 'eu-west-1', ...route.accountIds };

    await route.writeParameters('tooling/artifact-store', { ...region, Note: note });
    expect(summary(await deployStage(store))).toEqual({ [store]: 'created' });
    expect(await noteOf()).toBe(note);

    await route.writeParameters('tooling/artifact-store', region);
    expect(summary(await deployStage(store))).toEqual({ [store]: 'updated' });
    expect(await noteOf()).toBe('nothing yet');
  });

  test('of a stack with frozen resources come with its policy, also where nothing else changes', async () => {
    const { route, number, run: deployStage } = await stage();
    const body = '{"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}]}';
    const policy = () =>
      emulator.call<{ StackPolicyBody?: string }>(onStage(number, 'tooling'), 'cloudformation', 'GetStackPolicy', {
        StackName: store,
      });
    expect(summary(await deployStage(store))).toEqual({ [store]: 'created' });
    expect((await policy()).StackPolicyBody).toBeUndefined();

    await writeFile(join(route.generated, 'tooling/artifact-store.stack-policy.json'), body);
    expect(summary(await deployStage(store))).toEqual({ [store]: 'no changes' });
    expect((await policy()).StackPolicyBody).toBe(body);

    await writeFile(join(route.generated, 'tooling/artifact-store.stack-policy.json'), 'none');
    const { code, stderr } = await deployStage(store);
    expect(code).toBe(1);
    expect(stderr).toContain('Error validating stack policy');
    expect(stderr).toContain(`${store} is deployed, but its stack policy is not set. Run this again.`);
  });

  test('that break a rule stop everything before AWS is called', async () => {
    const parameters = await emptyDirectory();
    await cp(join(repository, 'parameters'), parameters, { recursive: true });
    const file = join(parameters, 'dev', 'deployment-roles.json');
    await writeFile(file, (await readFile(file, 'utf8')).replace('111111111111', '11111111111'));
    const directory = await emptyDirectory();
    const environment = await withAws(emulator.environment(), directory, 'touch "$directory/called"');

    const { code, stdout, stderr } = await deploy(['--parameters', parameters], environment);

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('deploy.sh: the parameters cannot be deployed.\n');
    expect(stderr).toContain('11111111111');
    expect(await readdir(directory)).toEqual(['aws']);
  });
});

describe.concurrent('an output that a stack is fed', () => {
  test('comes from the other account, and without its stack the message says what to deploy first', async () => {
    const { route, number, accountId, run: deployStage } = await stage();

    const early = await deployStage(devRoles);

    expect(early.code).toBe(1);
    expect(early.stderr).toContain(
      `${devRoles} needs the output ArtifactKeyArn of ${store} in tooling (${accountId(0)}), which cannot be read. ` +
        `If that stack does not exist yet, deploy it first: scripts/deploy.sh ${store}`,
    );
    expect(summary(early)).toEqual({ [devRoles]: 'failed' });

    await route.writeTemplate('tooling/artifact-store', artifactStore.replace('ArtifactKeyArn', 'AnotherName'));
    const without = await deployStage(store, devRoles);
    expect(without.stderr).toContain(
      'which has no such output. It was deployed from another template. Deploy it again',
    );
    expect(summary(without)).toEqual({ [store]: 'created', [devRoles]: 'failed' });

    await route.writeTemplate('tooling/artifact-store', artifactStore);
    expect(summary(await deployStage(devRoles, store))).toEqual({ [store]: 'updated', [devRoles]: 'created' });
    const { Parameters } = await stackIn(onStage(number, 'dev'), devRoles);
    expect(Parameters).toContainEqual({
      ParameterKey: 'ArtifactKeyArn',
      ParameterValue: `arn:aws:sns:eu-west-1:${accountId(0)}:fixture-artifacts`,
    });
  });
});

describe.concurrent('the accounts', () => {
  test('are all compared with the parameter files before anything is deployed', async () => {
    const { number, accountId, route, options } = await stage();
    const wrong = `route-to-live-${onStage(number, 'test')}`;

    const { code, stdout, stderr } = await deploy([
      ...options,
      ...['--profile', `dev=${wrong}`, '--profile', 'prod=nobody'],
    ]);

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(`deploy.sh: the credentials are not those of the accounts. Nothing was changed.
  dev: found account ${accountId(2)} in the profile ${wrong}, \
expected ${accountId(1)} (DevAccountId of ${route.parameters}/tooling/artifact-store.json)
    Choose a profile with --profile dev=NAME.
  prod: found nothing in the profile nobody, \
expected ${accountId(3)} (ProdAccountId of ${route.parameters}/tooling/artifact-store.json)
    The config profile (nobody) could not be found
    Choose a profile with --profile prod=NAME, or make it with aws configure; AWS_CONFIG_FILE may name another file.
`);
    expect(await stacksIn(onStage(number, 'tooling'))).toEqual([]);
  });

  test('are reached with the credentials of the environment where there is no profile for them', async () => {
    const { number, accountId, route } = await stage();
    const options = ['--generated', route.generated, '--parameters', route.parameters];
    const ours = await emptyDirectory();
    const renamed = async (variable: 'AWS_CONFIG_FILE' | 'AWS_SHARED_CREDENTIALS_FILE') => {
      const text = await readFile(emulator.environment()[variable] ?? '', 'utf8');
      await writeFile(join(ours, variable), text.replaceAll('route-to-live-', 'ours-'));
      return { [variable]: join(ours, variable) };
    };
    const environment = {
      ...emulator.environment(),
      ...(await renamed('AWS_CONFIG_FILE')),
      ...(await renamed('AWS_SHARED_CREDENTIALS_FILE')),
      AWS_PROFILE: `ours-${onStage(number, 'tooling')}`,
    };

    expect(summary(await deploy([...options, store], environment))).toEqual({ [store]: 'created' });
    const both = await deploy([...options, store, 'dev'], environment);
    expect(both.stderr).toContain(
      `dev: found account ${accountId(0)} in the environment, and no profile called route-to-live-dev`,
    );
  });
});

describe.concurrent('a failure', () => {
  const broken = `${deploymentRoles}
  Alarms:
    Type: AWS::SNS::Topic
    Properties: {TopicName: no name for a topic}
`;

  test('ends the run with the failed events of this operation, the rest not deployed, and the way out', async () => {
    const { route, accountId, run: deployStage } = await stage();
    await route.writeTemplate('environment/deployment-roles', broken);

    const failed = await deployStage(store, 'dev', 'test');

    expect(failed.code).toBe(1);
    expect(summary(failed)).toEqual({
      [store]: 'created',
      [devRoles]: 'failed',
      [serviceRoles('dev')]: 'not deployed',
      'route-to-live-test-deployment-roles': 'not deployed',
      [serviceRoles('test')]: 'not deployed',
    });
    expect(failed.stderr).toContain('Failed to create/update the stack. Run the following command');
    expect(failed.stderr).toMatch(
      new RegExp(`Failed events of ${devRoles}, the cause first:\n  Alarms \\(AWS::SNS::Topic\\) CREATE_FAILED: .+`),
    );
    expect(failed.stderr).toContain(`${devRoles} is now in ROLLBACK_COMPLETE. Such a stack can only be deleted.`);

    const again = await deployStage('dev');
    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(again.stderr).toContain('these stacks cannot be deployed now. Nothing was changed.');
    expect(again.stderr).toContain(`${devRoles} in dev (${accountId(1)}) is in ROLLBACK_COMPLETE.`);

    const commands = again.stderr.match(/aws cloudformation .+/g) ?? [];
    expect(commands).toHaveLength(2);
    expect(await run('bash', ['-e'], emulator.environment(), commands.join('\n'))).toMatchObject({ code: 0 });
    await route.writeTemplate('environment/deployment-roles', deploymentRoles);
    expect(summary(await deployStage('dev'))).toEqual({ [devRoles]: 'created', [serviceRoles('dev')]: 'created' });

    await route.writeTemplate('environment/deployment-roles', deploymentRoles.replaceAll('Role:', 'Second:'));
    const update = await deployStage('dev');
    expect(update.code).toBe(1);
    expect(update.stderr.match(/^ {2}\S+ \(AWS::/gm)).toEqual(['  Second (AWS::']);
    expect(update.stderr).toContain('Hint: Something exists outside of the stack that --adopt cannot take in (AWS::');
    expect(update.stderr).not.toContain('is now in');
  });

  test('before anything began shows what the AWS CLI says, and no events of the past', async () => {
    const { route, run: deployStage } = await stage();
    expect((await deployStage(store)).code).toBe(0);
    await route.writeTemplate('tooling/artifact-store', artifactStore.replace('!Ref Note', '!Ref Nothing'));

    const { code, stderr } = await deployStage(store);

    expect(code).toBe(1);
    expect(stderr).toContain('An error occurred (ValidationError) when calling the CreateChangeSet operation');
    expect(stderr).not.toContain('Failed events');
  });
});

describe.concurrent('the state of a stack', () => {
  test('of which only a change set exists does not matter', async () => {
    const { number, run: deployStage } = await stage();
    await emulator.call(onStage(number, 'tooling'), 'cloudformation', 'CreateChangeSet', {
      StackName: store,
      ChangeSetName: 'forgotten',
      ChangeSetType: 'CREATE',
      TemplateBody: artifactStore,
      Parameters: [{ ParameterKey: 'Region', ParameterValue: 'eu-west-1' }],
    });

    expect(summary(await deployStage(store))).toEqual({ [store]: 'created' });
  });

  test.each([
    ['UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', 'An operation is under way. Wait until it has ended'],
    ['UPDATE_ROLLBACK_FAILED', 'aws cloudformation continue-update-rollback --stack-name'],
    ['DELETE_FAILED', 'aws cloudformation delete-stack --stack-name'],
    ['IMPORT_ROLLBACK_COMPLETE', 'If that is nothing, the import was to make the stack. Delete it and start again'],
  ])('%s is met with advice', async (status, advice) => {
    const { options } = await stage();
    const environment = await withAws(
      emulator.environment(),
      await emptyDirectory(),
      `[[ $2 != describe-stacks ]] || { echo ${status}; exit; }\nexec "$aws" "$@"`,
    );

    const { code, stdout, stderr } = await deploy([...options, store], environment);

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`is in ${status}.`);
    expect(stderr).toContain(advice);
  });
});

describe.concurrent('the doctor', () => {
  const bucketOf = (number: number) => ({
    Bucket: `fixture-packages-${String(100 * (number + 1)).padStart(12, '0')}`,
    CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' },
  });

  test('stops what would fail, before anything is changed, and is content when --adopt takes that in', async () => {
    const { number, options } = await stage();
    const account = onStage(number, 'tooling');
    await emulator.call(account, 's3', 'CreateBucket', bucketOf(number));

    const refused = await run(script, [...options, store], emulator.environment());

    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('deploy.sh: this deployment would fail. Nothing was changed.');
    expect(refused.stderr).toMatch(/PROBLEM +names +fixture-packages-\d+ \(AWS::S3::Bucket\) exists, while/);
    expect(await stacksIn(account)).toEqual([]);

    const adopted = await run(script, [...options, '--adopt', store], emulator.environment());
    expect(adopted.code).toBe(0);
    expect(summary(adopted)).toEqual({ [store]: 'adopted' });
  });
});

describe.concurrent('a signal', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('%s ends the run at once and leaves nothing', async (signal) => {
    const { options } = await stage();
    const directory = await emptyDirectory();
    const TMPDIR = await emptyDirectory();
    const environment = await withAws(
      { ...emulator.environment(), TMPDIR, TSX_DISABLE_CACHE: '1' },
      directory,
      '[[ $2 != deploy ]] || { echo $$ >"$directory/pid"; exec sleep 300; }\nexec "$aws" "$@"',
    );
    // A group of its own, as a terminal makes one: Ctrl-C reaches every process in it.
    const child = spawn(script, [...options, store], {
      env: environment,
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (data) => {
      stderr += data;
    });
    const ended = new Promise((resolveCode) => child.once('close', resolveCode));
    const sleeper = await vi.waitFor(async () => Number(await readFile(join(directory, 'pid'), 'utf8')), 120_000);

    process.kill(-Number(child.pid), signal);

    expect(await ended).toBe(signal === 'SIGINT' ? 130 : 143);
    expect(stderr).toContain(
      `deploy.sh: interrupted. CloudFormation goes on by itself with what it has begun in ${store}`,
    );
    expect(() => process.kill(sleeper, 0)).toThrow('ESRCH');
    expect(await readdir(TMPDIR)).toEqual([]);
  });
});

describe.concurrent('the command line', () => {
  test('--help explains itself', async () => {
    const { code, stdout } = await deploy(['--help']);

    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: scripts\/deploy.sh \[OPTION...\] \[SELECTION...\]\n/);
  });

  test.each([
    [['--dryrun'], "Unknown option '--dryrun'"],
    [['--profile', 'dev'], "--profile: found 'dev', expected ACCOUNT=PROFILE"],
    [
      ['dve'],
      "Neither an account nor a stack is called 'dve'. There are:\n  all\n  accounts: tooling, dev, test, prod",
    ],
  ])('%j is refused as wrong usage', async (args, message) => {
    const { code, stdout, stderr } = await deploy(args);

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`deploy.sh: ${message}`);
  });

  test('says what is missing: the packages of the repository, or the AWS CLI', async () => {
    const copy = await emptyDirectory();
    await mkdir(join(copy, 'deploy'));
    await cp(script, join(copy, 'deploy.sh'));
    await cp(join(repository, 'scripts', 'deploy', 'stacks.sh'), join(copy, 'deploy', 'stacks.sh'));
    const few = await emptyDirectory();
    const { stdout: paths } = await run('bash', ['-c', 'command -v bash dirname node'], process.env);
    for (const path of paths.trim().split('\n')) {
      await symlink(path, join(few, path.split('/').at(-1) ?? ''));
    }

    const withoutPackages = await run(join(copy, 'deploy.sh'), [], emulator.environment());
    const withoutCli = await run(script, [], { PATH: few });

    expect(withoutPackages).toMatchObject({ code: 1, stdout: '' });
    expect(withoutPackages.stderr).toMatch(/^deploy.sh: found no node_modules in .*\. Run: npm ci\n$/);
    expect(withoutCli).toMatchObject({
      code: 1,
      stdout: '',
      stderr: "deploy.sh: found no 'aws' on PATH, which this script calls. Install it first.\n",
    });
  });

  test('a terminal gets colours, unless NO_COLOR says otherwise', async () => {
    const { options } = await stage();
    const command = [script, ...options, store];
    const inTerminal = (environment: NodeJS.ProcessEnv) =>
      run('python3', ['-c', 'import pty, sys; pty.spawn(sys.argv[1:])', ...command], environment);

    expect((await inTerminal(emulator.environment())).stdout).toContain('\u001b[32mcreated\u001b[0m');
    expect((await inTerminal({ ...emulator.environment(), NO_COLOR: '1' })).stdout).toMatch(/: no changes in \d+ s/);
  });
});
