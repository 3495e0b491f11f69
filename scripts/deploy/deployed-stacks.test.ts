import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stacksOf } from '../../templates-src/model/stacks';
import { topologyWith } from '../../templates-src/topology.fixture';
import type { Answer, Aws } from './aws-cli';
import { deviations, firstDifference } from './deployed-stacks';
import { type DeploymentPlan, planDeployment } from './deployment-plan';
import { artifactStore, deploymentRoles, type FixtureRoute, fixtureRoute } from './route.fixture';

const topology = topologyWith({ project: 'shop', environments: [{ name: 'live', approval: false }] });
const stacks = stacksOf(topology).filter(({ template }) => /artifact-store|deployment-roles/.test(template));
const store = 'shop-artifact-store';
const roles = 'shop-live-deployment-roles';

let route: FixtureRoute;
let plan: DeploymentPlan;
beforeAll(async () => {
  route = await fixtureRoute(topology, stacks);
  plan = planDeployment(
    { topology, stacks },
    {
      selection: [],
      generated: route.generated,
      parameters: route.parameters,
      profiles: new Map(),
      configuredProfiles: new Set<string>(),
      endpoint: undefined,
    },
  );
});
afterAll(() => route.remove());

const succeeded = (stdout: string): Answer => ({ succeeded: true, stdout, stderr: '' });
const failed = (stderr: string): Answer => ({ succeeded: false, stdout: '', stderr });

interface FakeStack {
  template?: string;
  status?: string;
  parameters?: Record<string, string>;
  accountId?: string;
  answer?: Answer;
  resources?: readonly string[];
}

const keyArn = 'arn:aws:sns:eu-west-1:111111111111:fixture-artifacts';
/** As the fixture's templates and parameters come out when they are deployed. */
const asWanted: Record<string, FakeStack> = {
  [store]: { template: artifactStore, parameters: { Region: 'eu-west-1', Note: 'nothing yet' } },
  [roles]: { template: deploymentRoles, parameters: { Region: 'eu-west-1', ArtifactKeyArn: keyArn } },
};

/** An AWS CLI that knows these stacks, in accounts of which each profile-less caller is the right one. */
function fakeAws(changes: Record<string, FakeStack | undefined>, caller?: string): Aws {
  const deployed = new Map(Object.entries({ ...asWanted, ...changes }));
  return async (command) => {
    const words = command.flat().map(String);
    if (words[1] === 'sts') {
      return succeeded(`${caller ?? '222222222222'}\n`);
    }
    const name = words[words.indexOf('--stack-name') + 1] ?? '';
    const stack = deployed.get(name);
    if (stack === undefined) {
      return failed(
        `An error occurred (ValidationError) when calling DescribeStacks: Stack with id ${name} does not exist`,
      );
    }
    if (stack.answer !== undefined) {
      return stack.answer;
    }
    const accountId = stack.accountId ?? (name === store ? '111111111111' : '222222222222');
    if (words[2] === 'list-stack-resources') {
      return succeeded(JSON.stringify(stack.resources ?? ['Topic']));
    }
    return words[2] === 'get-template'
      ? succeeded(`${stack.template ?? asWanted[name]?.template}\n`)
      : succeeded(
          JSON.stringify({
            StackId: `arn:aws:cloudformation:eu-west-1:${accountId}:stack/${name}/1`,
            StackStatus: stack.status ?? 'CREATE_COMPLETE',
            Parameters: Object.entries(stack.parameters ?? asWanted[name]?.parameters ?? {}).map(([key, value]) => ({
              ParameterKey: key,
              ParameterValue: value,
            })),
            ...(name === store ? { Outputs: [{ OutputKey: 'ArtifactKeyArn', OutputValue: keyArn }] } : {}),
          }),
        );
  };
}

/** What is found, by stack. */
async function found(changes: Record<string, FakeStack | undefined>, caller?: string): Promise<Record<string, string>> {
  const all = await deviations(plan, fakeAws(changes, caller));
  return Object.fromEntries(all.map(({ step, kind, detail }) => [step.stack.name, `${kind}: ${detail}`]));
}

describe('what is deployed', () => {
  test('an import that was undone says nothing against a stack that was there before it, and leaves one empty that it was to make', async () => {
    const status = 'IMPORT_ROLLBACK_COMPLETE';

    expect(await found({ [store]: { status } })).toEqual({});
    expect(await found({ [store]: { status, resources: [] } })).toMatchObject({
      [store]: 'not deployed: is in IMPORT_ROLLBACK_COMPLETE',
    });
  });

  test('deviates in nothing when it is what the checkout would deploy', async () => {
    expect(await found({})).toEqual({});
  });

  test('does not deviate by comments, order, or a parameter that decides nothing: deploying would change nothing', async () => {
    const reordered = `# Another comment.\nDescription: Another.\n${deploymentRoles.replace('RoleName: fixture-role', 'RoleName: "fixture-role" # quoted')}`;
    const parameters = { ...asWanted[roles]?.parameters, Region: 'eu-central-1' };

    expect(await found({ [roles]: { template: reordered, parameters } })).toEqual({});
  });

  test.each<[string, FakeStack, string]>([
    ['a property', { template: artifactStore.replace('fixture-packages', 'packages') }, 'Resources.Packages differs'],
    ['a function behind a value', { template: artifactStore.replace('!Ref Note', 'Note') }, 'Resources.Topic differs'],
    [
      'a deletion policy',
      { template: artifactStore.replace('Policy: Retain', 'Policy: Delete') },
      'Resources.Packages differs',
    ],
    ['a parameter', { parameters: { Region: 'eu-west-1', Note: 'old' } }, 'Resources.Topic differs'],
    [
      'a resource more',
      { template: artifactStore.replace('Packages:', 'Gone: {Type: AWS::SNS::Topic}\n  Packages:') },
      'Resources.Gone is to go',
    ],
    [
      'a resource less',
      { template: artifactStore.replace(/ {2}Packages:[\s\S]*(?=Outputs)/, '') },
      'Resources.Packages is missing',
    ],
    ['an output less', { template: artifactStore.replace('ArtifactKeyArn:', 'KeyArn:') }, 'Outputs.KeyArn is to go'],
    ['a failed creation', { status: 'ROLLBACK_COMPLETE' }, 'is in ROLLBACK_COMPLETE'],
    ['an operation under way', { status: 'UPDATE_IN_PROGRESS' }, 'is in UPDATE_IN_PROGRESS'],
  ])('deviates by %s', async (_, stack, detail) => {
    expect(await found({ [store]: stack })).toEqual({ [store]: `not deployed: ${detail}` });
  });

  test('deviates when it was fed another output than the one that its source has', async () => {
    const parameters = { Region: 'eu-west-1', ArtifactKeyArn: 'arn:aws:kms:eu-west-1:111111111111:key/old' };

    expect(await found({ [roles]: { parameters } })).toEqual({ [roles]: 'not deployed: Resources.Role differs' });
  });

  test('deviates when it is not there', async () => {
    expect(await found({ [roles]: undefined })).toEqual({ [roles]: 'not deployed: does not exist' });
  });

  test('is not taken for missing, or for the right one, with credentials of another account', async () => {
    const foreign =
      `unseen: the credentials are of another account, expected 222222222222 ` +
      `(LiveAccountId of ${route.parameters}/tooling/artifact-store.json)`;

    expect(await found({ [roles]: undefined }, '333333333333')).toEqual({ [roles]: foreign });
    expect(await found({ [roles]: { accountId: '333333333333' } })).toEqual({ [roles]: foreign });
  });

  test('that nobody may look at is named with what the AWS CLI says, and its outputs are not missed', async () => {
    const denied = 'An error occurred (AccessDenied) when calling the DescribeStacks operation: no';

    expect(await found({ [store]: { answer: failed(denied) } })).toEqual({ [store]: `unseen: ${denied}` });
  });
});

test('a parameter that the deployed stack does not have yet is the difference', () => {
  const [step] = plan.steps;
  const deployed = { template: artifactStore, parameters: { Region: 'eu-west-1' } };
  const wanted = {
    ...deployed,
    template: artifactStore.replace('Parameters:', 'Parameters:\n  CodeKey: {Type: String}'),
  };

  expect(step && firstDifference(step, deployed, wanted)).toBe('Parameters.CodeKey is missing');
});
