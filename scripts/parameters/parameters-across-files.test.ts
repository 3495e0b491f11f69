import { expect, test, vi } from 'vitest';
import { accountsOf } from '../../templates-src/model/accounts';
import type { Stack } from '../../templates-src/model/stacks';
import { stacksOf } from '../../templates-src/model/stacks';
import type { Environment, Topology } from '../../templates-src/model/topology';
import { topologyWith } from '../../templates-src/topology.fixture';
import { readParameterFile } from './parameter-file';
import { checkParameters } from './parameter-files';
import { describeProblem } from './parameters';
import { declarationsOf, fileOf, goodValues, threeEnvironments, treeOf } from './parameters.fixture';
import { problemsAcrossFiles } from './parameters-across-files';

// Two stacks are enough to show every kind of problem; the tests stay as they are when stacks are added.
vi.mock(import('../../templates-src/model/stacks'), async (load) => {
  const module = await load();
  const templates = ['tooling/artifact-store', 'environment/deployment-roles'];
  const stacksOf: typeof module.stacksOf = (topology) =>
    module.stacksOf(topology).filter(({ template }) => templates.includes(template));
  return { ...module, stacksOf };
});

const store = 'tooling/artifact-store.json';

/** The problems of good files with some values replaced, as they are printed. */
function problemsWith(
  values: Readonly<Record<string, Record<string, unknown>>>,
  topology: Topology = threeEnvironments,
) {
  const replaced = Object.entries(values).map(([path, some]) => [
    path,
    fileOf({ ...goodValues(topology, path), ...some }),
  ]);
  const tree = treeOf(topology, Object.fromEntries(replaced));
  const { problems } = checkParameters(topology, declarationsOf(topology), tree, 'parameters');
  return problems.map(describeProblem).join('\n');
}

/** Dev, test and prod, of which some share accounts. */
function sharing(shares: Readonly<Record<string, string>>): Topology {
  const environment = (name: string): Environment => {
    const sharesAccountWith = shares[name];
    return { name, approval: false, ...(sharesAccountWith === undefined ? {} : { sharesAccountWith }) };
  };
  return topologyWith({ project: 'route-to-live', environments: ['dev', 'test', 'prod'].map(environment) });
}

test('the region is the same everywhere', () => {
  expect(problemsWith({ 'test/deployment-roles.json': { Region: 'eu-west-2' } })).toMatchInlineSnapshot(`
    "parameters/test/deployment-roles.json:3: Region: found "eu-west-2"
      rule:         must be the same in all files, but it is "eu-west-1" in parameters/tooling/artifact-store.json:3 (Region)
      what to do:   write the same value in all files (\`npm run configure\` does)"
  `);
});

test('the tooling account id is the same everywhere', () => {
  expect(problemsWith({ 'prod/deployment-roles.json': { ToolingAccountId: '111111111112' } })).toMatchInlineSnapshot(`
    "parameters/prod/deployment-roles.json:5: ToolingAccountId: found "111111111112"
      rule:         must be the same in all files, but it is "111111111111" in parameters/dev/deployment-roles.json:5 (ToolingAccountId)
      what to do:   write the same value in all files (\`npm run configure\` does)"
  `);
});

test('the files of an environment name that environment', () => {
  expect(problemsWith({ 'prod/deployment-roles.json': { EnvironmentName: 'test' } })).toMatchInlineSnapshot(`
    "parameters/prod/deployment-roles.json:4: EnvironmentName: found "test"
      rule:         must be "prod", the environment of the stack route-to-live-prod-deployment-roles
      likely cause: a file that was copied from another environment
      what to do:   write "prod", and look at the other values of the file"
  `);
});

test('no two environments have the same account', () => {
  expect(problemsWith({ [store]: { ProdAccountId: '222222222222' } })).toMatchInlineSnapshot(`
    "parameters/tooling/artifact-store.json:7: ProdAccountId: found "222222222222"
      rule:         prod must have an account of its own, but this is the account of dev in parameters/tooling/artifact-store.json:5 (DevAccountId)
      what to do:   write the account id of prod, or declare sharesAccountWith: 'dev' for it in templates-src/topology.ts"
  `);
});

test('no environment lives in the tooling account', () => {
  expect(problemsWith({ [store]: { DevAccountId: '111111111111' } })).toContain(
    'dev must have an account of its own, but this is the account of tooling',
  );
});

test('environments that share an account by topology have the same id', () => {
  const topology = sharing({ test: 'dev', prod: 'test' });
  const shared = { TestAccountId: '222222222222', ProdAccountId: '222222222222' };
  expect(problemsWith({ [store]: shared }, topology)).toBe('');
  expect(problemsWith({ [store]: { ...shared, ProdAccountId: '444444444444' } }, topology)).toMatchInlineSnapshot(`
    "parameters/tooling/artifact-store.json:7: ProdAccountId: found "444444444444"
      rule:         topology.ts lets prod share the account of dev, which is "222222222222" in parameters/tooling/artifact-store.json:5 (DevAccountId)
      what to do:   write "222222222222", or remove sharesAccountWith of prod in templates-src/topology.ts"
  `);
});

test('an environment may share the account of tooling if the topology says so', () => {
  expect(problemsWith({ [store]: { DevAccountId: '111111111111' } }, sharing({ dev: 'tooling' }))).toBe('');
});

test('a value that is wrong by itself is not compared as well', () => {
  const problems = problemsWith({ 'dev/deployment-roles.json': { ToolingAccountId: '11111111111' } });
  expect(problems).toContain('11 digits');
  expect(problems).not.toContain('must be the same');
});

test('an account that is shared with a shared one has the id of the first', () => {
  expect(accountsOf(sharing({ test: 'dev', prod: 'test' })).map(({ owner }) => owner)).toEqual([
    'tooling',
    'dev',
    'dev',
    'dev',
  ]);
});

/** The problems of the zones in one file of an environment. */
function zoneProblems(zones: Readonly<Record<string, string>>, Region = 'us-east-1') {
  const topology = topologyWith({ project: 'team', environments: [{ name: 'live', approval: false }] });
  const stack = stacksOf(topology).find(({ account }) => account === 'live') as Stack;
  const text = fileOf({ Region, EnvironmentName: 'live', ...zones });
  const { file } = readParameterFile('parameters/live/infrastructure.json', Buffer.from(text));
  return problemsAcrossFiles(topology, file === undefined ? [] : [{ stack, file }], [])
    .map(describeProblem)
    .join('\n');
}

test('two or three different zones of the Region are right', () => {
  expect(zoneProblems({ FirstZone: 'us-east-1a', SecondZone: 'us-east-1f', ThirdZone: '' })).toBe('');
  expect(zoneProblems({ FirstZone: 'us-east-1a', SecondZone: 'us-east-1f', ThirdZone: 'us-east-1b' })).toBe('');
});

test('zones of another Region, and a zone that is named twice, are refused', () => {
  expect(
    zoneProblems({ FirstZone: 'eu-west-1a', SecondZone: 'us-east-1b', ThirdZone: 'us-east-1b' }),
  ).toMatchInlineSnapshot(`
    "parameters/live/infrastructure.json:5: FirstZone: found "eu-west-1a"
      rule:         must be an availability zone of us-east-1, the Region in parameters/live/infrastructure.json:3 (Region)
      likely cause: a Region that was changed without its zones
      what to do:   write a zone such as us-east-1a or us-east-1b or us-east-1c (\`npm run configure\` does)
    parameters/live/infrastructure.json:7: ThirdZone: found "us-east-1b"
      rule:         must be another availability zone than parameters/live/infrastructure.json:6 (SecondZone)
      what to do:   write the name of another zone; \`aws ec2 describe-availability-zones\` lists those of the account"
  `);
});

/** The problems of the certificate of an environment of production. */
function certificateProblems(values: Readonly<Record<string, string>>, { plainHttp = false } = {}) {
  const topology = topologyWith({
    project: 'team',
    environments: [{ name: 'live', approval: true, production: true, plainHttp }],
  });
  const [other] = stacksOf(topology).filter(({ account }) => account === 'live') as [Stack];
  const stack = { ...other, template: 'environment/container-service' };
  const { file } = readParameterFile('parameters/live/container-service.json', Buffer.from(fileOf(values)));
  return problemsAcrossFiles(topology, file === undefined ? [] : [{ stack, file }], [])
    .map(describeProblem)
    .join('\n');
}

test('production without a certificate is refused, whether its value is empty or left out', () => {
  expect(certificateProblems({ EnvironmentName: 'live' })).toContain('live is production');
  expect(certificateProblems({ EnvironmentName: 'live', CertificateArn: '' })).toMatchInlineSnapshot(`
    "parameters/live/container-service.json:4: CertificateArn: found no certificate
      rule:         live is production, whose clients must not speak plain HTTP
      what to do:   write the ARN of a certificate of ACM, or say \`plainHttp: true\` for the environment in templates-src/topology.ts until there is one"
  `);
});

test('production speaks plain HTTP where the topology says so, and has no need to with a certificate', () => {
  expect(certificateProblems({ EnvironmentName: 'live' }, { plainHttp: true })).toBe('');
  expect(
    certificateProblems({ EnvironmentName: 'live', CertificateArn: 'arn:aws:acm:eu-west-1:1:certificate/1' }),
  ).toBe('');
});
