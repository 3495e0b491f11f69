import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Stack } from '../../templates-src/model/stacks';
import { accountIdParameter, type Topology } from '../../templates-src/model/topology';

/** A route to live in a temporary folder, small enough to be broken on purpose. For tests. */
export interface FixtureRoute {
  readonly directory: string;
  /** For `--generated`. */
  readonly generated: string;
  /** For `--parameters`. */
  readonly parameters: string;
  /** The parameters with the ids of the environments. */
  readonly accountIds: Readonly<Record<string, string>>;
  /** Replaces a template: `tooling/artifact-store`. */
  writeTemplate(template: string, yaml: string): Promise<void>;
  /** Replaces a file of parameters: `dev/deployment-roles`. */
  writeParameters(file: string, values: Readonly<Record<string, string>>): Promise<void>;
  remove(): Promise<void>;
}

/** Has the output that others are fed, a default, and something to retain. */
export const artifactStore = `
Parameters:
  Region: {Type: String}
  Note: {Type: String, Default: nothing yet}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: fixture-artifacts
      DisplayName: !Ref Note
  Packages:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
    Properties:
      BucketName: !Sub fixture-packages-\${AWS::AccountId}
Outputs:
  ArtifactKeyArn:
    Value: !Ref Topic
`;

/** Has a resource of IAM, and keeps what it is fed where a test can read it back. */
export const deploymentRoles = `
Parameters:
  Region: {Type: String}
  ArtifactKeyArn: {Type: String}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: fixture-role
      Description: !Ref ArtifactKeyArn
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Principal: {Service: codebuild.amazonaws.com}
            Action: sts:AssumeRole
`;

/** The made-up id of an account, by its place in the topology: tooling is 0, the first environment 1. */
export function fixtureAccountId(place: number): string {
  return place < 9 ? String(place + 1).repeat(12) : String(place + 1).padStart(12, '0');
}

/** A template of which nothing is expected. */
const anyTemplate = `
Parameters:
  Region: {Type: String}
Resources:
  Topic: {Type: AWS::SNS::Topic}
`;

/**
 * Writes a template and a file of parameters for every stack.
 *
 * @param accountId the id of the account at a place of the topology
 */
export async function fixtureRoute(
  topology: Topology,
  stacks: readonly Stack[],
  accountId: (place: number) => string = fixtureAccountId,
): Promise<FixtureRoute> {
  const directory = await mkdtemp(join(tmpdir(), 'route-to-live-fixture-'));
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  };
  const route: FixtureRoute = {
    directory,
    generated: join(directory, 'generated'),
    parameters: join(directory, 'parameters'),
    accountIds: Object.fromEntries(
      topology.environments.map((one, index) => [accountIdParameter(one), accountId(index + 1)]),
    ),
    writeTemplate: (template, yaml) => write(`generated/${template}.yaml`, yaml),
    writeParameters: (file, values) => write(`parameters/${file}.json`, JSON.stringify({ Parameters: values })),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
  const templates = new Map([
    ['tooling/artifact-store', artifactStore],
    ['environment/deployment-roles', deploymentRoles],
  ]);
  for (const { account, template, parameters } of stacks) {
    await route.writeTemplate(template, templates.get(template) ?? anyTemplate);
    await route.writeParameters(
      `${account}/${basename(parameters, '.json')}`,
      account === 'tooling'
        ? { Region: 'eu-west-1', ...route.accountIds }
        : { Region: 'eu-west-1', ToolingAccountId: accountId(0) },
    );
  }
  return route;
}
