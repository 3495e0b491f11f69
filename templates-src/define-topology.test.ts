import { describe, expect, test } from 'vitest';
import { accountIdParameter, defineTopology, notInFile, type Topology } from './define-topology';

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

describe('a topology is refused', () => {
  test.each(['ro', 'Route', 'route_to_live', '1route', 'route-', 'a-project-name-17'])(
    'for the project %s',
    (project) => {
      expect(problemsOf({ project, environments: named('dev') })).toEqual([
        `project: found '${project}', expected 3 to 16 lower-case letters, digits and hyphens that start with a letter`,
      ]);
    },
  );

  test.each(['internal', 'internal-tools', 'xn--shop', 'sthree-shop', 'amzn-s3-demo-a'])(
    'for the project %s, with whose name AWS lets no load balancer or bucket begin',
    (project) => {
      expect(() => defineTopology({ project, environments: [{ name: 'dev', approval: false }] })).toThrow(
        `project: found '${project}', but `,
      );
    },
  );

  test.each(['d', 'Dev', 'pre-prod', '1st', 'thirteenchars', ''])('for the environment %s', (name) => {
    expect(problemsOf({ project: 'route', environments: named(name) })).toEqual([
      `environments[0].name: found '${name}', expected 2 to 12 lower-case letters or digits, a letter first`,
    ]);
  });

  test.each<[string, readonly string[], string]>([
    ['twice', ['dev', 'test', 'dev'], "environments[2].name: 'dev' is taken, expected a name of its own"],
    ['of the tooling account', ['tooling'], "environments[0].name: 'tooling' is taken, expected a name of its own"],
  ])('for a name that occurs %s', (_, names, problem) => {
    expect(problemsOf({ project: 'route', environments: named(...names) })).toEqual([problem]);
  });

  test('without environments', () => {
    expect(problemsOf({ project: 'route', environments: [] })).toEqual([
      'environments: found none, expected at least one',
    ]);
  });

  test('for an account that is shared with a later environment, or with none', () => {
    const [dev, prod] = named('dev', 'prod');
    expect(problemsOf({ project: 'route', environments: [{ ...dev, sharesAccountWith: 'prod' }, prod] })).toEqual([
      "environments[0].sharesAccountWith: found 'prod', expected tooling (tooling, or an environment declared earlier)",
    ]);
    expect(problemsOf({ project: 'route', environments: [dev, { ...prod, sharesAccountWith: 'prod' }] })).toEqual([
      "environments[1].sharesAccountWith: found 'prod', expected tooling or dev (tooling, or an environment declared earlier)",
    ]);
    expect(problemsOf({ project: 'route', environments: [{ ...dev, sharesAccountWith: 'tooling' }, prod] })).toEqual(
      [],
    );
  });

  test.each([4, 86_401, 7.5, Number.NaN])('for an approval that is answered within %d minutes', (minutes) => {
    expect(
      problemsOf({ project: 'route', environments: named('dev'), pipelines: { approvalTimeoutInMinutes: minutes } }),
    ).toEqual([`pipelines.approvalTimeoutInMinutes: found ${minutes}, CodePipeline takes 5 to 86400 (60 days)`]);
  });

  test.each(['', 'release/*', 'a branch'])("for the branch '%s'", (branch) => {
    expect(problemsOf({ project: 'route', environments: named('dev'), pipelines: { branch } })).toEqual([
      `pipelines.branch: found '${branch}', expected the name of one branch, without wildcards`,
    ]);
  });

  test('for everything at once', () => {
    const pipelines = { approvalTimeoutInMinutes: 0, branch: '*' };
    expect(problemsOf({ project: 'X', environments: named('D', 'D'), pipelines })).toHaveLength(6);
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
