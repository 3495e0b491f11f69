import { rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildScripts, buildScriptsList } from '../../templates-src/model/build-scripts';
import type { Stack } from '../../templates-src/model/stacks';
import { stacksOf } from '../../templates-src/model/stacks';
import type { Topology } from '../../templates-src/model/topology';
import { topologyWith } from '../../templates-src/topology.fixture';
import { planDeployment } from './deployment-plan';
import type { PlanError, Request, RouteToLive } from './deployment-request';
import { planDestruction } from './destruction-plan';
import { deploymentRecords, deploymentScript, destructionScript } from './plan-text';
import { artifactStore, type FixtureRoute, fixtureRoute } from './route.fixture';
import { shellText } from './shell-text';

function topologyOf(count: number): Topology {
  return topologyWith({
    project: 'route-to-live',
    environments: Array.from({ length: count }, (_, index) => ({
      name: `env${index + 1}`,
      approval: index > 0,
      production: index > 0 && index === count - 1,
    })),
  });
}

/** The stacks of the topology, and two that a pipeline deploys to each environment. */
function withPipelines(topology: Topology): RouteToLive {
  const ofPipelines = ['infrastructure', 'container-service'].flatMap((template) =>
    topology.environments.map(
      ({ name }): Stack => ({
        name: `${topology.project}-${name}-${template}`,
        template: `environment/${template}`,
        account: name,
        parameters: `parameters/${name}/${template}.json`,
        feeds: [],
        deployedBy: 'pipeline',
        passedByPipeline: ['OrderEventsCodeKey'],
      }),
    ),
  );
  return { topology, stacks: [...stacksOf(topology).filter(isOperators), ...ofPipelines] };
}

function isOperators({ template }: Stack): boolean {
  return template === 'tooling/artifact-store' || template === 'environment/deployment-roles';
}

const created: FixtureRoute[] = [];
afterAll(() => Promise.all(created.map((fixture) => fixture.remove())));

async function fixtureFor(
  route: RouteToLive,
  accountId?: (place: number) => string,
): Promise<{ fixture: FixtureRoute; request: Request }> {
  const fixture = await fixtureRoute(route.topology, route.stacks, accountId);
  created.push(fixture);
  await fixture.writeTemplate('environment/infrastructure', pipelineTemplate);
  await fixture.writeTemplate('environment/container-service', pipelineTemplate);
  const request = {
    selection: [],
    generated: fixture.generated,
    parameters: fixture.parameters,
    profiles: new Map(),
    configuredProfiles: new Set<string>(),
    endpoint: undefined,
  };
  return { fixture, request };
}

const pipelineTemplate = `
Parameters:
  Region: {Type: String}
  Size: {Type: String, Default: '1'}
  OrderEventsCodeKey: {Type: String, Default: ''}
Resources: {}
`;

const names = ({ steps }: { steps: readonly { stack: Stack }[] }) => steps.map(({ stack }) => stack.name);

describe.each([1, 10])('a route to live with %d environments', (count) => {
  const route = withPipelines(topologyOf(count));
  const environments = route.topology.environments.map(({ name }) => name);
  let request: Request;
  beforeAll(async () => {
    ({ request } = await fixtureFor(route));
  });

  test('is deployed in the order of the topology, without the stacks of pipelines', () => {
    const plan = planDeployment(route, request);

    expect(names(plan)).toEqual([
      'route-to-live-artifact-store',
      ...environments.map((name) => `route-to-live-${name}-deployment-roles`),
    ]);
    expect(plan.targets.map(({ account }) => account)).toEqual(['tooling', ...environments]);
    expect(planDeployment(route, { ...request, selection: ['all'] })).toEqual(plan);
  });

  test('is destroyed in the reverse order: in each environment what pipelines deployed, then the roles', () => {
    const plan = planDestruction(route, request, true);

    expect(names(plan)).toEqual(route.stacks.map(({ name }) => name).reverse());
    for (const name of environments) {
      const own = names(plan).filter((stack) => stack.startsWith(`route-to-live-${name}-`));
      expect(own.map((stack) => stack.replace(`route-to-live-${name}-`, ''))).toEqual([
        'container-service',
        'infrastructure',
        'deployment-roles',
      ]);
    }
  });

  test('has an account of its own for each environment', () => {
    const ids = planDeployment(route, request).targets.map(({ accountId }) => accountId);

    expect(new Set(ids).size).toBe(count + 1);
  });
});

describe('the scripts of builds', () => {
  const route = withPipelines(topologyOf(1));
  const withBuild = 'Parameters: {Region: {Type: String}}\nResources: {Build: {Type: AWS::CodeBuild::Project}}';

  test('are put where builds look for them, before the stack that has builds, under the hash of their list', async () => {
    const { fixture, request } = await fixtureFor(route);
    await fixture.writeTemplate('tooling/artifact-store', withBuild);
    const { list, version, files } = buildScripts();
    await mkdir(join(fixture.generated, 'tooling'), { recursive: true });
    await writeFile(join(fixture.generated, buildScriptsList), list);

    const plan = planDeployment(route, request);

    const [first, ...others] = plan.steps;
    expect(others.map(({ scripts }) => scripts)).toEqual(others.map(() => undefined));
    const object = `--bucket route-to-live-packages-111111111111-eu-west-1 --key codebuild-scripts/${version}.tar.gz`;
    expect(shellText(first?.scripts?.check ?? [])).toBe(`aws s3api head-object ${object} --region eu-west-1`);
    expect(shellText(first?.scripts?.pack ?? [])).toContain(` ${files.join(' ')} -C `);
    expect(shellText(first?.scripts?.upload ?? [])).toMatch(
      new RegExp(
        `^aws s3api put-object ${object} --body .*/${version}.tar.gz --if-none-match '\\*' --region eu-west-1$`,
      ),
    );
    const script = deploymentScript(plan);
    expect(script.indexOf('s3api put-object')).toBeLessThan(script.indexOf('cloudformation deploy'));
  });

  test('have to be those that the templates were generated from', async () => {
    const { fixture, request } = await fixtureFor(route);
    await fixture.writeTemplate('tooling/artifact-store', withBuild);
    expect(() => planDeployment(route, request)).toThrow('codebuild-scripts.sha256: found other scripts than those of');
    await mkdir(join(fixture.generated, 'tooling'), { recursive: true });
    await writeFile(join(fixture.generated, buildScriptsList), 'of yesterday');
    expect(() => planDeployment(route, request)).toThrow('which builds would not accept. Run `npm run build`');
  });
});

describe('service-linked roles', () => {
  const route = withPipelines(topologyOf(3));

  /** The roles of a plan: account, service. */
  async function rolesFor(selection: readonly string[], accountIds?: (place: number) => string): Promise<string[]> {
    const { fixture, request } = await fixtureFor(route, accountIds);
    const cluster = 'Parameters: {Region: {Type: String}}\nResources: {Cluster: {Type: AWS::ECS::Cluster}}';
    await fixture.writeTemplate('environment/container-service', cluster);
    const { linkedRoles } = planDeployment(route, { ...request, selection });
    return linkedRoles.map(({ target, creation }) => `${target.account}: ${shellText(creation)}`);
  }

  test('are made in each account that something is deployed to, for what its templates hold', async () => {
    const make = 'aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com --region eu-west-1';

    expect(await rolesFor([])).toEqual([`env1: ${make}`, `env2: ${make}`, `env3: ${make}`]);
    expect(await rolesFor(['env2'])).toEqual([`env2: ${make}`]);
    expect(await rolesFor(['tooling'])).toEqual([]);
  });

  test('are made once where environments share an account', async () => {
    const shared = await rolesFor([], (place) => (place === 0 ? '1' : '2').repeat(12));

    expect(shared.map((line) => line.slice(0, 4))).toEqual(['env1']);
  });
});

describe('termination protection', () => {
  const route = withPipelines(topologyOf(2));
  const names = ({ protections }: ReturnType<typeof planDeployment>) => protections.map(({ stack }) => stack.name);

  test('is for the stacks of production and of the tooling account; those of pipelines come after the others', async () => {
    const { request } = await fixtureFor(route);
    const plan = planDeployment(route, request);
    const isOn = plan.steps.map(({ stack, protection }) => [stack.account, protection !== undefined]);

    expect(isOn).toEqual([
      ['tooling', true],
      ['env1', false],
      ['env2', true],
    ]);
    expect(names(plan)).toEqual(['route-to-live-env2-infrastructure', 'route-to-live-env2-container-service']);
    expect(deploymentScript(plan)).toMatch(
      /\n! aws cloudformation describe-stacks --stack-name route-to-live-env2-infrastructure .* \|\|\n {2}aws cloudformation update-termination-protection/,
    );
  });

  test('is not touched in accounts that nothing is deployed to', async () => {
    const { request } = await fixtureFor(route);

    expect(names(planDeployment(route, { ...request, selection: ['tooling', 'env1'] }))).toEqual([]);
  });
});

describe('the selection', () => {
  const route = withPipelines(topologyOf(2));
  let request: Request;
  beforeAll(async () => {
    ({ request } = await fixtureFor(route));
  });
  const deployed = (...selection: string[]) => names(planDeployment(route, { ...request, selection }));
  const destroyed = (...selection: string[]) => names(planDestruction(route, { ...request, selection }, true));

  test.each([
    [['tooling'], ['artifact-store']],
    [['env2'], ['env2-deployment-roles']],
    [['route-to-live-env1-deployment-roles'], ['env1-deployment-roles']],
    [
      ['route-to-live-env2-deployment-roles', 'tooling'],
      ['artifact-store', 'env2-deployment-roles'],
    ],
    [
      ['env1', 'route-to-live-env1-infrastructure'],
      ['env1-deployment-roles', 'env1-infrastructure'],
    ],
    [
      ['all', 'route-to-live-env1-infrastructure'],
      ['artifact-store', 'env1-deployment-roles', 'env2-deployment-roles', 'env1-infrastructure'],
    ],
  ])('%j deploys %j', (selection, expected) => {
    expect(deployed(...selection)).toEqual(expected.map((name) => `route-to-live-${name}`));
  });

  test('an account is destroyed with all its stacks', () => {
    expect(destroyed('env1')).toEqual([
      'route-to-live-env1-container-service',
      'route-to-live-env1-infrastructure',
      'route-to-live-env1-deployment-roles',
    ]);
  });

  test('an unknown name is refused with the names there are', () => {
    expect(() => deployed('env1', 'envl', 'deployment-roles')).toThrow(
      `Neither an account nor a stack is called 'envl', 'deployment-roles'. There are:
  all
  accounts: tooling, env1, env2
  stacks:   route-to-live-artifact-store
            route-to-live-env1-deployment-roles`,
    );
  });

  test('an account that is only read from belongs to the accounts of the plan', () => {
    const plan = planDeployment(route, { ...request, selection: ['env2'] });

    expect(plan.targets.map(({ account }) => account)).toEqual(['tooling', 'env2']);
  });

  test('a template of the tooling account that is too large for a request is uploaded to the artifact bucket', async () => {
    const everything: RouteToLive = { topology: route.topology, stacks: stacksOf(route.topology) };
    const { fixture, request: ofAll } = await fixtureFor(everything);
    await fixture.writeTemplate('tooling/container-build-pipeline', `# ${'x'.repeat(51_200)}\nResources: {}\n`);
    const uploads = planDeployment(everything, ofAll).steps.flatMap(({ stack, command }) => {
      const words = command.filter(([word]) => typeof word === 'string' && word.startsWith('--s3-'));
      return words.length > 0 ? [[stack.name, ...words]] : [];
    });

    expect(uploads).toEqual([
      [
        'route-to-live-container-build-pipeline',
        ['--s3-bucket', 'route-to-live-artifacts-111111111111-eu-west-1'],
        ['--s3-prefix', 'templates'],
      ],
    ]);
  });

  test('a stack of a pipeline is announced as one that the pipeline will overwrite', () => {
    const plan = planDeployment(route, { ...request, selection: ['route-to-live-env1-infrastructure'] });
    const note =
      'route-to-live-env1-infrastructure is deployed by a pipeline: its next execution overwrites what is deployed by hand.';

    expect(deploymentScript(plan)).toContain(`# ${note}\n`);
    expect(deploymentRecords(plan)).toContain(`note\troute-to-live-env1-infrastructure\t${note}\n`);
    expect(deploymentScript(planDeployment(route, request))).not.toContain('by a pipeline');
  });

  test('production is refused, with the accounts that can be selected instead', () => {
    expect(() => planDestruction(route, request, false)).toThrow(
      `The selection holds production: env2. Nothing was deleted.
To leave it alone, select the others: scripts/destroy.sh tooling env1
To delete it too, add --including-prod.`,
    );
    expect(() =>
      planDestruction(route, { ...request, selection: ['route-to-live-env2-infrastructure'] }, false),
    ).toThrow('env2');
    expect(names(planDestruction(route, { ...request, selection: ['tooling'] }, false))).toHaveLength(1);
  });

  test('a stack is needed by the stacks that pipelines deploy after it, unless they are destroyed with it', () => {
    const needed = (...selection: string[]) =>
      planDestruction(route, { ...request, selection }, true).steps.flatMap(({ neededBy }) =>
        neededBy.map(({ name }) => name),
      );

    expect(needed('route-to-live-env1-deployment-roles')).toEqual([
      'route-to-live-env1-infrastructure',
      'route-to-live-env1-container-service',
    ]);
    expect(needed('route-to-live-env1-deployment-roles', 'route-to-live-env1-container-service')).toEqual([
      'route-to-live-env1-infrastructure',
    ]);
    expect(needed('route-to-live-env1-infrastructure')).toEqual(['route-to-live-env1-container-service']);
    expect(needed('route-to-live-env1-container-service')).toEqual([]);
    expect(needed('env1', 'tooling')).toEqual([]);
  });
});

describe('the parameters of a stack', () => {
  const route = withPipelines(topologyOf(1));
  const overrides = (request: Request, stack: string) => {
    const [step] = planDeployment(route, { ...request, selection: [stack] }).steps;
    const lines = step?.command ?? [];
    const first = lines.findIndex(([word]) => word === '--parameter-overrides') + 1;
    return lines
      .slice(
        first,
        lines.findIndex(([word], index) => index >= first && /^--/.test(String(word))),
      )
      .flat();
  };

  test('come from the file, from a feed, and else are the default, so that a line taken out of the file has an effect', async () => {
    const { fixture, request } = await fixtureFor(route);

    expect(overrides(request, 'route-to-live-artifact-store')).toEqual(['Region=eu-west-1', 'Note=nothing yet']);
    expect(overrides(request, 'route-to-live-env1-deployment-roles')).toEqual([
      'Region=eu-west-1',
      { fed: 'ArtifactKeyArn' },
    ]);
    await fixture.writeParameters('tooling/artifact-store', { Region: 'eu-west-1', Note: 'mine', Env1AccountId: '1' });
    expect(overrides(request, 'route-to-live-artifact-store')).toEqual(['Region=eu-west-1', 'Note=mine']);
  });

  test('keep the value that a pipeline passed', async () => {
    const { request } = await fixtureFor(route);

    expect(overrides(request, 'route-to-live-env1-infrastructure')).toEqual(['Region=eu-west-1', 'Size=1']);
  });

  test('are left out of the command where the template has none', async () => {
    const { fixture, request } = await fixtureFor(route);
    await fixture.writeTemplate('tooling/artifact-store', 'Resources: {}\n');

    expect(deploymentScript(planDeployment(route, { ...request, selection: ['tooling'] }))).not.toContain(
      '--parameter-overrides',
    );
  });
});

describe('what cannot be planned', () => {
  const route = withPipelines(topologyOf(1));
  const refusal = (request: Request): PlanError => {
    try {
      planDeployment(route, request);
    } catch (error) {
      return error as PlanError;
    }
    throw new Error('the plan was made');
  };

  test('a template that was not generated: the message says how it is', async () => {
    const { fixture, request } = await fixtureFor(route);
    rmSync(join(fixture.generated, 'environment'), { recursive: true });

    const { message, exitCode } = refusal(request);

    expect(message).toBe(
      `There is no ${fixture.generated}/environment/deployment-roles.yaml. Generated templates are written by: npm run build`,
    );
    expect(exitCode).toBe(1);
  });

  test('a file of parameters that is missing, that is no JSON, or that does not name an account or a Region', async () => {
    const { fixture, request } = await fixtureFor(route);
    const file = join(fixture.parameters, 'tooling', 'artifact-store.json');

    await fixture.writeParameters('tooling/artifact-store', { Region: 'eu-west-1' });
    expect(refusal(request).message).toBe(`${file} has no Env1AccountId, without which the account cannot be reached.`);
    await fixture.writeParameters('tooling/artifact-store', { Env1AccountId: '222222222222' });
    expect(refusal(request).message).toContain('has no Region');
    await writeFile(file, '{"Parameters": {"Region": }}');
    expect(refusal(request).message).toContain(`${file} is not JSON: `);
    rmSync(file);
    expect(refusal(request).message).toBe(
      `There is no ${file}, which holds the parameters of route-to-live-artifact-store.`,
    );
  });

  test('a profile for an account that there is not', async () => {
    const { request } = await fixtureFor(route);

    const { message, exitCode } = refusal({ ...request, profiles: new Map([['prd', 'mine']]) });

    expect(message).toBe("--profile names 'prd', expected one of tooling, env1.");
    expect(exitCode).toBe(2);
  });
});

describe('the profile of an account', () => {
  const topology = topologyWith({
    project: 'route-to-live',
    environments: [
      { name: 'dev', approval: false },
      { name: 'test', approval: true, sharesAccountWith: 'dev' },
    ],
  });
  const route = { topology, stacks: stacksOf(topology).filter(isOperators) };
  let request: Request;
  beforeAll(async () => {
    ({ request } = await fixtureFor(route));
  });
  const profiles = (given: Record<string, string>, ...configured: string[]) =>
    planDeployment(route, {
      ...request,
      profiles: new Map(Object.entries(given)),
      configuredProfiles: new Set(configured),
    }).targets.map(({ profile }) => profile);

  test('is the given one, else the one named after the account, else that of an account it shares, else none', () => {
    expect(profiles({})).toEqual([undefined, undefined, undefined]);
    expect(profiles({}, 'default', 'route-to-live-dev')).toEqual([undefined, 'route-to-live-dev', 'route-to-live-dev']);
    expect(profiles({ test: 'mine' }, 'route-to-live-tooling', 'route-to-live-test')).toEqual([
      'route-to-live-tooling',
      undefined,
      'mine',
    ]);
  });

  test('is in every command of the account, with Region and endpoint', () => {
    const plan = planDeployment(route, {
      ...request,
      selection: ['dev'],
      configuredProfiles: new Set(['route-to-live-tooling', 'route-to-live-dev']),
      endpoint: 'http://127.0.0.1:5000',
    });
    const common = '--endpoint-url http://127.0.0.1:5000';

    const [step] = plan.steps;
    expect(shellText(step?.command ?? [])).toMatch(
      new RegExp(` --region eu-west-1 --profile route-to-live-dev ${common}$`),
    );
    expect(shellText(step?.feeds[0]?.command ?? [])).toMatch(
      new RegExp(` --region eu-west-1 --profile route-to-live-tooling ${common}$`),
    );
  });
});

describe('a stack whose template has frozen resources', () => {
  const route = withPipelines(topologyOf(1));

  test('gets its policy after every deployment, and no tags, which would reach what is frozen', async () => {
    const { fixture, request } = await fixtureFor(route);
    const frozen = route.stacks.find(({ deployedBy }) => deployedBy === 'pipeline') as Stack;
    const path = join(fixture.generated, `${frozen.template}.stack-policy.json`);
    const command = async (which: 'command' | 'policy') => {
      const { steps } = planDeployment(route, { ...request, selection: [frozen.name] });
      return shellText(steps[0]?.[which] ?? []);
    };
    expect(await command('command')).toContain(' --tags Project=route-to-live ');
    expect(await command('policy')).toBe('');

    await writeFile(path, '{}');
    expect(await command('command')).not.toContain('--tags');
    expect(await command('policy')).toMatch(
      new RegExp(
        `^aws cloudformation set-stack-policy --stack-name ${frozen.name} --stack-policy-body file://${path} --region `,
      ),
    );
    const plan = planDeployment(route, { ...request, selection: [frozen.name] });
    expect(deploymentScript(plan)).toMatch(/\naws cloudformation set-stack-policy .+\n$/);
  });
});

describe('the scripts of a dry run', () => {
  const route = withPipelines(topologyOf(1));
  let request: Request;
  beforeAll(async () => {
    const { fixture, request: made } = await fixtureFor(route);
    await fixture.writeParameters('tooling/artifact-store', {
      Region: 'eu-west-1',
      Env1AccountId: '222222222222',
      Note: "it's mine, all",
    });
    request = { ...made, configuredProfiles: new Set(['route-to-live-tooling']) };
  });

  test('deploy: every command, laid out for people, the outputs of earlier stacks read before they are needed', () => {
    const { generated } = request;

    expect(deploymentScript(planDeployment(route, request))).toBe(
      `# 1 of 2: route-to-live-artifact-store in tooling (111111111111)
aws cloudformation deploy \\
  --stack-name route-to-live-artifact-store \\
  --template-file ${generated}/tooling/artifact-store.yaml \\
  --parameter-overrides \\
    Region=eu-west-1 \\
    "Note=it's mine, all" \\
  --no-fail-on-empty-changeset \\
  --tags Project=route-to-live \\
  --region eu-west-1 \\
  --profile route-to-live-tooling
aws cloudformation update-termination-protection --enable-termination-protection --stack-name route-to-live-artifact-store --region eu-west-1 --profile route-to-live-tooling

# 2 of 2: route-to-live-env1-deployment-roles in env1 (222222222222)
# No profile is called route-to-live-env1: the shell must have credentials of this account.
# The output ArtifactKeyArn of route-to-live-artifact-store:
ArtifactKeyArn=$(aws cloudformation describe-stacks --stack-name route-to-live-artifact-store \
--query "Stacks[0].Outputs[?OutputKey=='ArtifactKeyArn'].OutputValue | [0]" --output text --region eu-west-1 \
--profile route-to-live-tooling)
aws cloudformation deploy \\
  --stack-name route-to-live-env1-deployment-roles \\
  --template-file ${generated}/environment/deployment-roles.yaml \\
  --parameter-overrides \\
    Region=eu-west-1 \\
    "ArtifactKeyArn=$ArtifactKeyArn" \\
  --capabilities CAPABILITY_NAMED_IAM \\
  --no-fail-on-empty-changeset \\
  --tags Project=route-to-live \\
  --region eu-west-1
`,
    );
  });

  test('destroy: the deletions, and what is kept and why', () => {
    expect(destructionScript(planDestruction(route, { ...request, selection: ['tooling'] }, false))).toBe(
      `# 1 of 1: route-to-live-artifact-store in tooling (111111111111)
# Kept, if this template is deployed: Packages (AWS::S3::Bucket): its objects would be lost.
aws cloudformation delete-stack --stack-name route-to-live-artifact-store --region eu-west-1 \
--profile route-to-live-tooling
aws cloudformation wait stack-delete-complete --stack-name route-to-live-artifact-store --region eu-west-1 \
--profile route-to-live-tooling
`,
    );
  });

  test('a resource of any other type is kept because its template says so, and a deleted one is not named', async () => {
    const { fixture, request: own } = await fixtureFor(route);
    await fixture.writeTemplate(
      'tooling/artifact-store',
      `${artifactStore}`
        .replace('DeletionPolicy: Retain', 'DeletionPolicy: Delete')
        .replace('Outputs:', '  Table: {Type: AWS::DynamoDB::Table, DeletionPolicy: RetainExceptOnCreate}\nOutputs:'),
    );

    const script = destructionScript(planDestruction(route, { ...own, selection: ['tooling'] }, false));

    expect(script.split('\n').filter((line) => line.startsWith('# Kept'))).toEqual([
      '# Kept, if this template is deployed: Table (AWS::DynamoDB::Table): its template says so.',
    ]);
  });
});
