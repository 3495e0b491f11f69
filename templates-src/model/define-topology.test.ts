import { describe, expect, test } from 'vitest';
import { defineTopology } from './define-topology';
import { notInFile } from './stacks';
import { accountIdParameter, type Topology } from './topology';

const named = (...names: readonly string[]) => names.map((name) => ({ name, approval: false }));
/** What is wrong with a topology, line by line. */
function problemsOf(definition: unknown): readonly string[] {
  try {
    defineTopology(definition as Topology);
    return [];
  } catch (error) {
    const [file, ...problems] = (error as Error).message.split('\n');
    expect(file).toBe('templates-src/topology.ts:');
    return problems.map((problem) => problem.replace('  - ', ''));
  }
}

test('a topology has the choices that it leaves out from the defaults', () => {
  const { pipelines } = defineTopology({
    project: 'route',
    environments: named('dev'),
    pipelines: { branch: 'trunk' },
  });
  expect(pipelines).toEqual({
    source: 'codecommit',
    branch: 'trunk',
    executionMode: 'SUPERSEDED',
    approvalTimeoutInMinutes: 10_080,
    onBuildFailure: 'retry',
    onDeploymentFailure: 'fail',
    approvers: 'email',
  });
});

test.each([1, 3, 10])('a topology may have %i environments', (count) => {
  const environments = named(...Array.from({ length: count }, (_, index) => `env${index}`));
  expect(problemsOf({ project: 'route-to-live', environments })).toEqual([]);
});

const dev = { name: 'dev', approval: false };
const prod = { name: 'prod', approval: true, production: true };
const withProject = (project: unknown) => ({ project, environments: [dev] });
const withEnvironments = (...environments: readonly unknown[]) => ({ project: 'route', environments });
const withPipelines = (pipelines: unknown) => ({ project: 'route', environments: [dev], pipelines });
const withContainer = (container: object) => ({
  project: 'route',
  environments: [dev],
  container: { name: 'app', port: 8080, healthCheckPath: '/', ...container },
});

describe('a topology is refused', () => {
  const projectText = '3 to 16 lower-case letters, digits and hyphens, a letter first and no hyphen last';
  const nameText = '2 to 12 lower-case letters or digits, a letter first';
  const limit = 'write such a name: names in AWS are made of it, and the shortest of them may have 32 characters';
  const earlier = '(tooling, or an environment declared earlier)';
  const branch = 'expected the name of one branch: letters, digits and any of . _ / -';
  const toDeploy = 'write the branch whose commits are to be deployed';

  test.each<[string, unknown, ...string[]]>([
    [
      'that is none',
      undefined,
      'defineTopology: found nothing, expected an object with project, environments, pipelines, container, workloads: write { ... }',
    ],
    ['without a project', { environments: [dev] }, `project: found nothing, expected ${projectText}: ${limit}`],
    [
      'whose project has capital letters',
      withProject('Route'),
      `project: found "Route" (capital letters), expected ${projectText}: write 'route'`,
    ],
    [
      'whose project has other characters',
      withProject('route_to_live'),
      `project: found "route_to_live", expected ${projectText}: ${limit}`,
    ],
    [
      'whose project begins with a digit',
      withProject('1route'),
      `project: found "1route", expected ${projectText}: ${limit}`,
    ],
    [
      'whose project ends in a hyphen',
      withProject('route-'),
      `project: found "route-", expected ${projectText}: ${limit}`,
    ],
    ['whose project is too short', withProject('ro'), `project: found "ro", expected ${projectText}: ${limit}`],
    [
      'whose project is too long',
      withProject('a-project-name-17'),
      `project: found "a-project-name-17" (17 characters), expected ${projectText}: ${limit}`,
    ],
    [
      'whose project AWS lets no load balancer begin with',
      withProject('internal'),
      'project: found "internal" (no load balancer may be called so), expected another beginning than \'internal-\': ' +
        'begin it with another word, such as that of your team',
    ],
    ...['xn--shop', 'sthree-shop', 'amzn-s3-demo-a'].map((project): [string, unknown, string] => [
      `whose project S3 lets no bucket begin with: ${project}`,
      withProject(project),
      `project: found "${project}" (S3 keeps such names of buckets), expected another beginning than ` +
        `'${/^(xn--|sthree-|amzn-s3-demo-)/.exec(project)?.[0]}': begin it with another word, such as that of your team`,
    ]),
    [
      'without environments',
      withEnvironments(),
      "environments: found a list of 0, expected a list of at least one environment: write [{ name: 'dev', approval: false }]",
    ],
    [
      'whose key of the environments is misspelt',
      { project: 'route', enviroments: [dev] },
      'enviroments: found a key that nothing reads (a misspelling), expected project, environments, pipelines, container, ' +
        'workloads: did you mean environments?',
      "environments: found nothing, expected a list of at least one environment: write [{ name: 'dev', approval: false }]",
    ],
    [
      'whose environment is a name alone',
      withEnvironments('dev'),
      'environments[0]: found "dev", expected an object with name, approval, production, plainHttp, sharesAccountWith: write { ... }',
    ],
    [
      'whose environment has no name',
      withEnvironments({ approval: true }),
      `environments[0].name: found nothing, expected ${nameText}: ${limit}`,
    ],
    [
      'whose environment has an empty name',
      withEnvironments({ ...dev, name: '' }),
      `environments[0].name: found "" (an empty value that was never filled in), expected ${nameText}: ${limit}`,
    ],
    [
      'whose environment has capital letters',
      withEnvironments({ ...dev, name: 'Dev' }),
      `environments[0].name: found "Dev" (capital letters), expected ${nameText}: write 'dev'`,
    ],
    [
      'whose environment has other characters',
      withEnvironments({ ...dev, name: 'pre-prod' }),
      `environments[0].name: found "pre-prod", expected ${nameText}: ${limit}`,
    ],
    [
      'whose environment begins with a digit',
      withEnvironments({ ...dev, name: '1st' }),
      `environments[0].name: found "1st", expected ${nameText}: ${limit}`,
    ],
    [
      'whose environment has too short a name',
      withEnvironments({ ...dev, name: 'd' }),
      `environments[0].name: found "d", expected ${nameText}: ${limit}`,
    ],
    [
      'whose environment has too long a name',
      withEnvironments({ ...dev, name: 'preproduction' }),
      `environments[0].name: found "preproduction" (13 characters), expected ${nameText}: ${limit}`,
    ],
    [
      'with an environment that is called like the tooling account',
      withEnvironments({ ...dev, name: 'tooling' }),
      'environments[0].name: found "tooling" (the account of the pipelines is called so), expected a name that is not ' +
        'taken: give the environment another name',
    ],
    [
      'with an environment that means all stacks to scripts',
      withEnvironments({ ...dev, name: 'all' }),
      'environments[0].name: found "all" (it means every stack to scripts/deploy.sh and scripts/destroy.sh), expected a ' +
        'name that is not taken: give the environment another name',
    ],
    [
      'with an environment that is called like a stage of the pipelines',
      withEnvironments({ ...dev, name: 'check' }),
      'environments[0].name: found "check" (the pipelines have a stage Check, and CodePipeline takes no second one), ' +
        'expected a name that is not taken: give the environment another name',
    ],
    [
      'with an environment whose names would be in the way of those of the tooling account',
      // In an account of both, the bucket of its load balancer's logs would be that of the access logs.
      withEnvironments({ ...dev, name: 'access', sharesAccountWith: 'tooling' }),
      'environments[0].name: found "access" (names of the tooling account begin with <project>-access, as those of this ' +
        'environment would), expected a name that is not taken: give the environment another name',
    ],
    [
      'with two environments of one name',
      withEnvironments(dev, prod, dev),
      'environments[2].name: found "dev" (the name of environments[0]), expected a name of its own: give one of them ' +
        'another name',
    ],
    [
      'that does not say whether an environment needs approval',
      withEnvironments({ name: 'dev' }),
      'environments[0].approval: found nothing, expected true or false: write which of them it is',
    ],
    [
      'whose approval is text',
      withEnvironments({ name: 'dev', approval: 'true' }),
      'environments[0].approval: found "true" (quotes around it), expected true or false: write true without quotes',
    ],
    [
      'whose production is a number',
      withEnvironments({ ...dev, production: 1 }),
      'environments[0].production: found 1, expected true or false: write which of them it is',
    ],
    [
      'whose key of an approval is misspelt',
      withEnvironments({ name: 'dev', aproval: true }),
      'environments[0].aproval: found a key that nothing reads (a misspelling), expected name, approval, production, plainHttp, ' +
        'sharesAccountWith: did you mean approval?',
      'environments[0].approval: found nothing, expected true or false: write which of them it is',
    ],
    [
      'with a key of which nothing is known',
      withEnvironments({ ...dev, region: 'eu-west-1' }),
      'environments[0].region: found a key that nothing reads, expected name, approval, production, plainHttp, sharesAccountWith: ' +
        'remove it',
    ],
    [
      'whose environment shares its account with itself',
      withEnvironments(dev, { name: 'test', approval: true, sharesAccountWith: 'test' }),
      `environments[1].sharesAccountWith: found "test" (its own name), expected tooling or dev ${earlier}: ` +
        'remove sharesAccountWith: without it the account is its own',
    ],
    [
      'whose environment shares its account with a later one',
      withEnvironments({ ...dev, sharesAccountWith: 'test' }, { name: 'test', approval: true }),
      `environments[0].sharesAccountWith: found "test" (declared later), expected tooling ${earlier}: ` +
        'let test share the account of dev instead',
    ],
    [
      'whose environments share accounts in a cycle',
      withEnvironments(
        { ...dev, sharesAccountWith: 'test' },
        { name: 'int', approval: true, sharesAccountWith: 'dev' },
        { name: 'test', approval: true, sharesAccountWith: 'int' },
      ),
      'environments[0].sharesAccountWith: found "test" (a cycle: dev -> test -> int -> dev), expected tooling ' +
        `${earlier}: remove sharesAccountWith of dev`,
    ],
    [
      'whose environment shares its account with a misspelt one',
      withEnvironments(dev, { name: 'test', approval: true, sharesAccountWith: 'toolng' }),
      `environments[1].sharesAccountWith: found "toolng" (a misspelling), expected tooling or dev ${earlier}: ` +
        "did you mean 'tooling'?",
    ],
    [
      'whose environment shares its account with an unknown one',
      withEnvironments(dev, { name: 'test', approval: true, sharesAccountWith: 'acceptance' }),
      `environments[1].sharesAccountWith: found "acceptance", expected tooling or dev ${earlier}: ` +
        'name one of these, or remove sharesAccountWith',
    ],
    [
      'whose production shares its account with what is not',
      withEnvironments(dev, { ...prod, sharesAccountWith: 'dev' }),
      'environments[1].sharesAccountWith: found "dev" (what was approved for dev alone could reach it), ' +
        'expected an account of its own for prod, which is production: remove sharesAccountWith, and give prod an ' +
        'account of its own',
    ],
    [
      'whose production gives its account to what is not',
      withEnvironments(prod, { ...dev, sharesAccountWith: 'prod' }),
      'environments[1].sharesAccountWith: found "prod" (what was approved for dev alone could reach it), ' +
        'expected an account of its own for prod, which is production: remove sharesAccountWith, and give dev an ' +
        'account of its own',
    ],
    [
      'whose environments of production share an account',
      withEnvironments(prod, { ...prod, name: 'dr', sharesAccountWith: 'prod' }),
      'environments[1].sharesAccountWith: found "prod" (what was approved for dr alone could reach it), ' +
        'expected an account of its own for prod, which is production: remove sharesAccountWith, and give dr an ' +
        'account of its own',
    ],
    [
      'that says of an environment in words that it speaks plain HTTP',
      withEnvironments({ ...prod, plainHttp: 'true' }),
      'environments[0].plainHttp: found "true" (quotes around it), expected true or false: write true without quotes',
    ],
    [
      'whose production is in the tooling account',
      withEnvironments({ ...prod, sharesAccountWith: 'tooling' }),
      'environments[0].sharesAccountWith: found "tooling" (builds run there that nobody has approved), ' +
        'expected an account of its own for prod, which is production: remove sharesAccountWith, and give prod an ' +
        'account of its own',
    ],
    [
      'whose choices are one word',
      withPipelines('connection'),
      'pipelines: found "connection", expected an object with source, branch, executionMode, approvalTimeoutInMinutes, ' +
        'onBuildFailure, onDeploymentFailure, approvers: write { ... }',
    ],
    [
      'whose choice is misspelt',
      withPipelines({ sourse: 'connection' }),
      'pipelines.sourse: found a key that nothing reads (a misspelling), expected source, branch, executionMode, ' +
        'approvalTimeoutInMinutes, onBuildFailure, onDeploymentFailure, approvers: did you mean source?',
    ],
    [
      'whose source is misspelt',
      withPipelines({ source: 'conection' }),
      "pipelines.source: found \"conection\" (a misspelling), expected 'codecommit' or 'connection': did you mean 'connection'?",
    ],
    [
      'whose source is a host of repositories',
      withPipelines({ source: 'github' }),
      "pipelines.source: found \"github\" (what leads there is a 'connection'), expected 'codecommit' or 'connection': " +
        'write one of these, or leave it out',
    ],
    [
      'whose choice was left undefined',
      withPipelines({ source: undefined }),
      "pipelines.source: found nothing, expected 'codecommit' or 'connection': write one of these, or leave it out",
    ],
    [
      'whose executions run in parallel',
      withPipelines({ executionMode: 'PARALLEL' }),
      'pipelines.executionMode: found "PARALLEL" (two executions could deploy to one environment at the same time, and ' +
        "the older one last), expected 'QUEUED' or 'SUPERSEDED': write one of these, or leave it out",
    ],
    [
      'whose execution mode is in small letters',
      withPipelines({ executionMode: 'queued' }),
      "pipelines.executionMode: found \"queued\" (a misspelling), expected 'QUEUED' or 'SUPERSEDED': did you mean 'QUEUED'?",
    ],
    [
      'that wants builds tried twice',
      withPipelines({ onBuildFailure: 2 }),
      "pipelines.onBuildFailure: found 2, expected 'retry' or 'fail': write one of these, or leave it out",
    ],
    [
      'that wants a failed deployment tried again',
      withPipelines({ onDeploymentFailure: 'retry' }),
      "pipelines.onDeploymentFailure: found \"retry\", expected 'fail' or 'rollback': write one of these, or leave it out",
    ],
    [
      'whose approvers are an address',
      withPipelines({ approvers: 'approvers@example.com' }),
      "pipelines.approvers: found \"approvers@example.com\", expected 'email' or 'email-json': write one of these, or " +
        'leave it out',
    ],
    ...[4, 86_401, 7.5, Number.NaN].map((approvalTimeoutInMinutes): [string, unknown, string] => [
      `whose approval is answered within ${approvalTimeoutInMinutes} minutes`,
      withPipelines({ approvalTimeoutInMinutes }),
      `pipelines.approvalTimeoutInMinutes: found ${approvalTimeoutInMinutes}, expected a whole number from 5 to 86400, ` +
        'as CodePipeline takes it: write the minutes, 60 days at most, or leave it out for 7 days',
    ]),
    [
      'whose minutes are text',
      withPipelines({ approvalTimeoutInMinutes: '60' }),
      'pipelines.approvalTimeoutInMinutes: found "60" (quotes around it), expected a whole number from 5 to 86400, as ' +
        'CodePipeline takes it: write the minutes, 60 days at most, or leave it out for 7 days',
    ],
    [
      'whose branch has wildcards',
      withPipelines({ branch: 'release/*' }),
      `pipelines.branch: found "release/*" (a wildcard, and a source takes one branch), ${branch}: ${toDeploy}`,
    ],
    [
      'whose branch is a full reference',
      withPipelines({ branch: 'refs/heads/main' }),
      `pipelines.branch: found "refs/heads/main" (a full reference of git), ${branch}: write 'main'`,
    ],
    ...['a branch', '-main', 'main/', 'a//b', 'a..b', 'main.lock'].map((name): [string, unknown, string] => [
      `whose branch git would not take: ${name}`,
      withPipelines({ branch: name }),
      `pipelines.branch: found "${name}", ${branch}: ${toDeploy}`,
    ]),
    [
      'whose container has a name that ECS does not take',
      withContainer({ name: 'an app' }),
      'container.name: found "an app", expected letters, digits, hyphens and underscores, as ECS takes them: write such ' +
        'a name',
    ],
    [
      'whose container listens where it may not',
      withContainer({ port: 80 }),
      'container.port: found 80, expected a whole number from 1024 to 65535: the container has no right to listen below: ' +
        'write the port on which it listens',
    ],
    [
      'whose container is asked for its health without a path',
      withContainer({ healthCheckPath: 'health' }),
      'container.healthCheckPath: found "health", expected a path that begins with /: write the path that it answers ' +
        'with 200',
    ],
    [
      'whose container has a key that is misspelt',
      withContainer({ ports: 8080 }),
      'container.ports: found a key that nothing reads (a misspelling), expected name, port, healthCheckPath: did you ' +
        'mean port?',
    ],
    [
      'whose workloads are no list',
      { ...withProject('route'), workloads: {} },
      'workloads: found an object, expected a list of workloads: write a list, or leave it out',
    ],
  ])('%s', (_, definition, ...problems) => {
    expect(problemsOf(definition)).toEqual(problems);
  });

  test('for everything at once', () => {
    const pipelines = { approvalTimeoutInMinutes: 0, branch: '*' };
    expect(problemsOf({ project: 'X', environments: named('D', 'D'), pipelines })).toHaveLength(6);
  });
});

describe('a topology is taken', () => {
  test.each<[string, unknown]>([
    ['with the longest project', withProject('a-project-of-16c')],
    ['with the shortest project', withProject('abc')],
    ['whose environment is in the tooling account', withEnvironments({ ...dev, sharesAccountWith: 'tooling' }, prod)],
    [
      'whose environments share an account in a chain',
      withEnvironments(
        { ...dev, sharesAccountWith: 'tooling' },
        { name: 'test', approval: true, sharesAccountWith: 'dev' },
        { name: 'int', approval: true, sharesAccountWith: 'test' },
      ),
    ],
    ['whose branch has slashes', withPipelines({ branch: 'release/2026.1_a' })],
  ])('%s', (_, definition) => {
    expect(problemsOf(definition)).toEqual([]);
  });
});

test('the parameter of an account is named after its environment', () => {
  expect(accountIdParameter({ name: 'preprod', approval: true })).toBe('PreprodAccountId');
});

test('a file of parameters holds neither what is fed nor what the pipeline passes', () => {
  const stack = {
    name: 'route-dev-infrastructure',
    template: 'environment/infrastructure',
    account: 'dev',
    parameters: 'parameters/dev/infrastructure.json',
    feeds: [{ parameter: 'KeyArn', stack: 'route-artifact-store', output: 'KeyArn' }],
    deployedBy: 'pipeline' as const,
  };
  expect(notInFile(stack)).toEqual(['KeyArn']);
  expect(notInFile({ ...stack, passedByPipeline: ['OrdersCodeKey'] })).toEqual(['KeyArn', 'OrdersCodeKey']);
});
