// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of CloudFormation, not of TypeScript
import { describe, expect, test, vi } from 'vitest';
import type { Topology } from '../../../templates-src/model/topology';
import { functionsIn } from '../../../templates-src/model/workload';
import { topologyWith } from '../../../templates-src/topology.fixture';
import { policiesOf } from '../../lib/iam/policies';
import { routeOf } from '../access.fixture';
import { proveApprovals } from './prove';
import { allHold, describeVerdicts, describeWay, explainEnvironment } from './report';

vi.setConfig({ testTimeout: 300_000 });

const environmentsOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ name: `env${index}`, approval: index > 0 || count === 1 }));

const { container: _, ...functionsAlone } = topologyWith({ project: 'shop', environments: environmentsOf(2) });

/** What is found out about a route whose templates are changed. */
async function verdictsOf(topology: Topology, change?: (path: string, yaml: string) => string) {
  const route = await routeOf(topology, change);
  return proveApprovals(route, policiesOf(route));
}

describe('no commit gets further than its approval', () => {
  test.each<[string, Topology]>([
    ['one environment', topologyWith({ project: 'shop', environments: environmentsOf(1) })],
    ['three environments', topologyWith({ project: 'shop', environments: environmentsOf(3) })],
    ['five environments', topologyWith({ project: 'shop', environments: environmentsOf(5) })],
    [
      'a connection as source',
      topologyWith({ project: 'shop', environments: environmentsOf(3), pipelines: { source: 'connection' } }),
    ],
    ['functions alone', functionsAlone],
  ])('of a route with %s', async (_, topology) => {
    const verdicts = await verdictsOf(topology);
    expect(allHold(verdicts) ? '' : describeVerdicts(verdicts)).toBe('');
    expect(verdicts.map(({ of }) => of.environment.name)).toEqual(
      topology.environments.filter(({ approval }) => approval).map(({ name }) => name),
    );
    for (const { principals, targets, changes, of } of verdicts) {
      // Proves that it asks: the builds that run committed code, of each account before at least its roles, on
      // everything that there is.
      const builds = topology.container === undefined ? 1 : 2;
      expect(principals.length).toBeGreaterThanOrEqual(builds + 10 * of.before.length);
      expect(targets.length).toBeGreaterThan(80);
      expect(changes).toBeGreaterThan(800);
    }
  });

  test('also where an environment has no approval of its own, but one before it', async () => {
    const [first, second] = await verdictsOf(
      topologyWith({
        project: 'shop',
        environments: [
          { name: 'dev', approval: false },
          { name: 'stage', approval: true },
          { name: 'live', approval: false },
        ],
      }),
    );
    expect(
      [first?.of, second?.of].map((of) => [of?.environment.name, of?.approvedFor.name, of?.before.length]),
    ).toEqual([
      ['stage', 'stage', 1],
      ['live', 'stage', 1],
    ]);
    expect(second?.waysAround).toEqual([]);
  });

  test('says where an account is shared that nothing keeps an environment apart', async () => {
    const verdicts = await verdictsOf(
      topologyWith({
        project: 'shop',
        environments: [
          { name: 'dev', approval: false },
          { name: 'stage', approval: true, sharesAccountWith: 'dev' },
        ],
      }),
    );
    expect(describeVerdicts(verdicts)).toBe('stage: not kept apart from dev, whose account it shares\n');
    const inTooling = await verdictsOf(
      topologyWith({
        project: 'shop',
        environments: [
          { name: 'dev', approval: false, sharesAccountWith: 'tooling' },
          { name: 'stage', approval: true },
        ],
      }),
    );
    expect(describeVerdicts(inTooling)).toBe('stage: not kept apart from dev, which is in the tooling account\n');
  });
});

describe('a way around an approval is found, with its path', () => {
  const topology = topologyWith({
    project: 'shop',
    environments: [
      { name: 'dev', approval: false },
      { name: 'live', approval: true },
    ],
  });

  /** Adds a statement to the policy of a role. */
  const allows = (role: string, action: string, resource: string) => (yaml: string) =>
    yaml.replace(
      new RegExp(`^(  ${role}Policy:\n(?: {4}.*\n)*? {8}Statement:\n)`, 'm'),
      `$1          - Sid: Attack\n            Effect: Allow\n            Action: '${action}'\n            Resource: '${resource}'\n`,
    );
  const [someFunction] = Object.keys(functionsIn(topology.workloads));
  const anyPrincipalOfRoot = /^( +)Condition:\n\1 {2}ArnEquals:\n\1 {4}aws:PrincipalArn:\n(?:\1 {6}- .*\n)+/gm;

  /**
   * The store without what it denies to everybody but the one who writes an artifact or package: each way has to be found
   * where only one side is open, and what the store denies would hide those that roles have.
   */
  const withoutWriters = (yaml: string) =>
    yaml.replaceAll(/^( +)- Sid: DenyOther(?!Encryption|Keys)\w+\n(?:\1 {2}.*\n)+/gm, '');

  test.each<[string, string, (yaml: string) => string, string]>([
    [
      'a build of committed code that may write the artifacts of its pipeline',
      'tooling/infrastructure-deployment-pipeline',
      (yaml) => yaml.replace(/(Infrastructure-Deplo-?\w*)\/Zips\/\*/, '$1/*'),
      's3:PutObject on arn:aws:s3:::shop-artifacts-',
    ],
    [
      'a build of committed code that may replace packages',
      'tooling/infrastructure-deployment-pipeline',
      allows('PackageLambdasRole', 's3:PutObject', 'arn:aws:s3:::shop-packages-*'),
      'the package of a function',
    ],
    [
      'a build of committed code that may replace the scripts of builds',
      'tooling/container-build-pipeline',
      allows('BuildImageRole', 's3:*', 'arn:aws:s3:::shop-packages-*'),
      'the scripts that builds run',
    ],
    [
      'a build of committed code that may approve',
      'tooling/infrastructure-deployment-pipeline',
      allows('PackageLambdasRole', 'codepipeline:PutApprovalResult', '*'),
      'codepipeline:PutApprovalResult on arn:aws:codepipeline:eu-west-1:111111111111:Infrastructure-Deployment-shop/Live/Approve',
    ],
    [
      'a build of committed code that may start a pipeline with another commit',
      'tooling/container-build-pipeline',
      allows('BuildImageRole', 'codepipeline:StartPipelineExecution', '*'),
      'codepipeline:StartPipelineExecution',
    ],
    [
      'a build of committed code that may change a project',
      'tooling/container-build-pipeline',
      allows('BuildImageRole', 'codebuild:UpdateProject', '*'),
      'codebuild:UpdateProject on arn:aws:codebuild:eu-west-1:111111111111:project/shop-',
    ],
    [
      'a build of committed code that may run another with a buildspec of its own',
      'tooling/container-build-pipeline',
      allows('BuildImageRole', 'codebuild:StartBuild', '*'),
      'codebuild:StartBuild',
    ],
    [
      'a build of committed code that may hand on roles',
      'tooling/container-build-pipeline',
      allows('BuildImageRole', 'iam:PassRole', 'arn:aws:iam::111111111111:role/shop-*'),
      'a service that it hands the role shop-',
    ],
    [
      'a build of committed code that may delete images',
      'tooling/container-build-pipeline',
      (yaml) => yaml.replace('- ecr:PutImage\n', '- ecr:PutImage\n              - ecr:BatchDeleteImage\n'),
      'ecr:BatchDeleteImage',
    ],
    [
      'an artifact bucket that lets everybody write who has its key',
      'tooling/artifact-store',
      (yaml) =>
        yaml.replace(
          /^( {2}ArtifactBucketPolicy:\n(?: {4}.*\n)*? {8}Statement:\n)/m,
          "$1          - Sid: Attack\n            Effect: Allow\n            Principal: '*'\n            Action: s3:PutObject\n            Resource: !Sub ${ArtifactBucket.Arn}/*\n",
        ),
      's3:PutObject on arn:aws:s3:::shop-artifacts-',
    ],
    [
      'a key that lets every account grant its use',
      'tooling/artifact-store',
      (yaml) =>
        yaml.replace(
          /^( {2}ArtifactKey:\n(?: {4}.*\n)*? {8}Statement:\n)/m,
          "$1          - Sid: Attack\n            Effect: Allow\n            Principal: '*'\n            Action: kms:CreateGrant\n            Resource: '*'\n",
        ),
      'kms:CreateGrant',
    ],
    [
      'a role of production that a service assumes for any account',
      'environment/deployment-roles',
      (yaml) =>
        yaml.replace(/^ {2}CloudFormationExecutionRole:\n(?: {4}.*\n)+/m, (role) =>
          role.replace(/^( +)Condition:\n(?:\1 {2}.*\n)+/m, ''),
        ),
      'cloudformation.amazonaws.com, which acts for what it makes there -> the role shop-live-cloudformation-execution',
    ],
    [
      'a role of production that anybody assumes whose name begins like a deployer',
      'environment/deployment-roles',
      (yaml) =>
        yaml.replace(/^ {2}LambdaUpdateRole:\n(?: {4}.*\n)+/m, (role) =>
          role
            .replace(/AWS: !Sub .*root/, "AWS: '*'")
            .replace('ArnEquals:', 'ArnLike:')
            .replace(/- !Sub .*:role\/.*$/m, "- 'arn:aws:iam::*:role/shop-dev-*'"),
        ),
      'the role shop-live-lambda-update, which it can assume',
    ],
    [
      'a build of committed code that may replace the packages of one function',
      'tooling/infrastructure-deployment-pipeline',
      allows('PackageLambdasRole', 's3:DeleteObject', `arn:aws:s3:::shop-packages-*/${someFunction}/*`),
      's3:DeleteObject on arn:aws:s3:::shop-packages-',
    ],
    [
      'a build of committed code that may replace the source that another build takes templates from',
      'tooling/infrastructure-deployment-pipeline',
      (yaml) => yaml.replace(/(Infrastructure-Deplo-?\w*)\/Zips\/\*/, '$1/Source/*'),
      'the artifact Source, of which Publish makes Package',
    ],
    [
      'a build of committed code that may make roles of any new name',
      'tooling/container-build-pipeline',
      allows('BuildImageRole', 'iam:CreateRole', 'arn:aws:iam::111111111111:role/any-*'),
      'a new role of the tooling account',
    ],
    [
      'a build of committed code that may change who replicates images',
      'tooling/container-build-pipeline',
      allows('BuildImageRole', 'ecr:PutReplicationConfiguration', '*'),
      'ecr:PutReplicationConfiguration on * -> the settings of ecr in the tooling account',
    ],
    [
      'a role of production that another account can make a role for',
      'environment/deployment-roles',
      (yaml) =>
        yaml.replace(/^ {2}LambdaUpdateRole:\n(?: {4}.*\n)+/m, (role) =>
          role
            .replace(/AWS: !Sub .*root/, "AWS: '*'")
            .replace('ArnEquals:', 'ArnLike:')
            .replace(/- !Sub .*:role\/.*$/m, "- 'arn:aws:iam::*:role/deployer-*'"),
        ),
      'role deployer-any of its account -> the role shop-live-lambda-update, which it can assume',
    ],
    [
      'a pipeline that has lost its approval',
      'tooling/infrastructure-deployment-pipeline',
      (yaml) => yaml.replace('Provider: Manual', 'Provider: Other'),
      'of the stage Live, which nobody has approved, as role shop-live-cloudformation-action -> cloudformation:',
    ],
    [
      'a pipeline that updates functions before its approval',
      'tooling/infrastructure-deployment-pipeline',
      (yaml) => yaml.replace(/( - Name: Update-functions\n(?: {14}.*\n)*? {14}RunOrder: )\d+/g, '$10'),
      'which nobody has approved, as role shop-update-lambdas-live-build -> the role shop-live-lambda-update',
    ],
  ])('%s', async (_, template, change, expected) => {
    const changed = new Set<string>();
    const verdicts = await verdictsOf(topology, (path, generated) => {
      const yaml = path === 'tooling/artifact-store' ? withoutWriters(generated) : generated;
      if (path !== template) {
        return yaml;
      }
      const other = change(yaml);
      if (other !== yaml) {
        changed.add(path);
      }
      return other;
    });
    expect([...changed]).toEqual([template]);
    expect(allHold(verdicts)).toBe(false);
    const ways = verdicts.flatMap(({ waysAround }) => waysAround.map(describeWay));
    expect(ways.find((way) => way.includes(expected)) ?? ways).toMatch(/^a commit/);
    expect(describeVerdicts(verdicts)).toMatch(/ways around the approval of live .* The shortest:\n {2}a commit/);
    expect(explainEnvironment(verdicts, 'live')).toContain(expected);
  });

  test('an environment that trusts the whole tooling account, and a build that may assume roles', async () => {
    const verdicts = await verdictsOf(topology, (path, yaml) =>
      path === 'environment/deployment-roles'
        ? yaml.replace(/^ {2}LambdaUpdateRole:\n(?: {4}.*\n)+/m, (role) => role.replace(anyPrincipalOfRoot, ''))
        : path === 'tooling/container-build-pipeline'
          ? allows('BuildImageRole', 'sts:AssumeRole', '*')(yaml)
          : yaml,
    );
    const ways = verdicts.flatMap(({ waysAround }) => waysAround.map(describeWay));
    expect(ways).toContainEqual(
      expect.stringMatching(
        /^a commit to ECS-Container-Build-shop -> the build shop-build-image, which runs what it says -> the role shop-live-lambda-update, /,
      ),
    );
  });

  test('one update role for all environments, which the build of packages may assume', async () => {
    const verdicts = await verdictsOf(topology, (path, yaml) =>
      path === 'environment/deployment-roles'
        ? yaml.replaceAll(/role\/shop-update-lambdas-\$\{EnvironmentName\}-build/g, 'role/shop-package-lambdas-build')
        : path === 'tooling/infrastructure-deployment-pipeline'
          ? allows('PackageLambdasRole', 'sts:AssumeRole', 'arn:aws:iam::*:role/shop-*-lambda-update')(yaml)
          : yaml,
    );
    const ways = verdicts.flatMap(({ waysAround }) => waysAround.map(describeWay));
    expect(ways).toContainEqual(
      expect.stringMatching(
        /^a commit to Infrastructure-Deployment-shop -> the build shop-package-lambdas, which runs what it says -> the role shop-live-lambda-update, which it can assume -> lambda:UpdateFunctionCode on /,
      ),
    );
  });
});
