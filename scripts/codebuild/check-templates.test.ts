import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { compile } from '../../templates-src/dsl/compile';
import { toYaml } from '../../templates-src/dsl/yaml';
import infrastructureDeployment from '../../templates-src/templates/tooling/infrastructure-deployment-pipeline';
import { topology } from '../../templates-src/topology.fixture';
import { cfnNagTemplates } from './test-support/cfn-nag-templates';
import { makeFolder, makeWheel, writeFiles } from './test-support/project';
import { type Result, runScript } from './test-support/script';

/**
 * check-templates.sh with the real cfn-lint and the recorded answers of cfn-nag. What is made of what they say, and how
 * they are installed, is tested in lib/test_check_templates.py.
 */

// cfn-lint takes seconds to start.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const run = promisify(execFile);

/** Where a test looks for tools: the stand-in for cfn-nag, and what is on PATH anyway. */
const environmentIn = (folder: string) => ({
  ...process.env,
  PATH: `${join(__dirname, 'test-support')}:${process.env.PATH}`,
  HOME: folder,
  CHECK_TOOLS: join(folder, 'tools'),
});

describe('check-templates.sh, of many templates with a flaw each and a hostile folder', () => {
  const roleFor = (trust: string) => `
Metadata:
  cfn-lint: {config: {ignore_checks: [E9001, E9002]}}
Resources:
  Role:
    Type: AWS::IAM::Role
    Metadata: {cfn-lint: {config: {ignore_checks: [E9001, E9002]}}}
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: ${trust}
`;
  const ofAccount = 'Condition: {StringEquals: {aws:SourceAccount: !Ref AWS::AccountId}}';
  const trusting = (principal: string, condition = ofAccount) =>
    roleFor(`[{Effect: Allow, Principal: ${principal}, Action: 'sts:AssumeRole', ${condition}}]`);

  const templates: Readonly<Record<string, string>> = {
    sound: cfnNagTemplates.sound,
    error: cfnNagTemplates['unknown property'],
    warning: cfnNagTemplates['needless substitution'],
    informational: cfnNagTemplates['property that informs'],
    'no-yaml': cfnNagTemplates['no YAML'],
    everybody: trusting("{AWS: '*'}"),
    'other-account': trusting("{AWS: '999999999999'}"),
    'other-service': trusting('{Service: ec2.amazonaws.com}'),
    'any-account': trusting('{Service: lambda.amazonaws.com}', 'Sid: Anybody'),
    computed: roleFor("!GetAZs ''"),
    // The operator's template, whose roles may trust others than services of workloads.
    'deployment-roles': trusting("{AWS: '*'}"),
    kept: `
Metadata:
  cfn-lint: {config: {ignore_checks: [E9002]}}
Resources:
  Topic: {Type: AWS::SNS::Topic, DeletionPolicy: Retain, UpdateReplacePolicy: Delete}
  Queue: {Type: AWS::SQS::Queue, DeletionPolicy: RetainExceptOnCreate, UpdateReplacePolicy: Retain}
`,
  };
  let folder: string;
  let result: Result;
  let cleanUp = async () => {};
  const found = (name: string) => result.stdout.split('\n').filter((line) => line.startsWith(`${name}.yaml:`));

  beforeAll(async () => {
    folder = await makeFolder((end) => {
      cleanUp = end;
    });
    await writeFiles(folder, {
      ...Object.fromEntries(Object.entries(templates).map(([name, template]) => [`${name}.yaml`, template])),
      // None of these may talk it out of an error, nor run.
      '.cfnlintrc': 'ignore_checks: [E, W, I]\nignore_templates: ["*.yaml"]\n',
      '.cfnlintrc.yaml': 'ignore_checks: [E9001, E9002]\n',
      '.cfnlintrc.yml': 'ignore_checks: [E3002]\nignore_bad_template: true\n',
      'cfnlint.py': 'open("ran", "w")\n',
      'cfnlint/__init__.py': 'open("ran", "w")\n',
      'configuration/dev/sound.json': '{"Parameters": {"Nmae": "dev", "Colors": "red"}}',
      'configuration/dev/queue.json': '{"Parameters": {}}',
      'configuration/dev/no-yaml.json': '{"Parameters": {}}',
      'configuration/prod/sound.json': '{"Parameters": {"Name": "prod"}, "Tags": {"Project": "x"}}',
      'configuration/stage/sound.json': '{"Parameters": {"Name": 7}}',
      'configuration/test/sound.json': '{"Parameters": {"Name": "test", "Color": "red"}, "StackPolicy": {}}',
    });
    const args = ['--without-cfn-nag', ...Object.keys(templates).map((name) => `${name}.yaml`)];
    result = await runScript('check-templates.sh', args, { cwd: folder, env: environmentIn(folder) });
  });
  afterAll(() => cleanUp());

  test('fails, and says of how many checks', async () => {
    expect(result).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^\d+ findings; \d+ of 30 checks failed\.\n$/),
    });
    expect(await readdir(folder)).not.toContain('ran');
  });

  test.each([
    ['error', /^error\.yaml:11:\d+: Error E3002: Additional properties are not allowed/],
    ['warning', /^warning\.yaml:11:\d+: Warning W1020: 'Fn::Sub' isn't needed/],
    [
      'informational',
      /^informational\.yaml:15:\d+: Informational I3013: 'MessageRetentionPeriod' is a required property/,
    ],
    ['no-yaml', /Error E0000: did not find expected node content/],
    ['everybody', /Error E9001: found the principal {'AWS': '\*'}/],
    ['other-account', /Error E9001: found the principal {'AWS': '999999999999'}/],
    ['other-service', /Error E9001: found the principal/],
    ['any-account', /Error E9001: found no StringEquals of aws:SourceAccount/],
    ['computed', /Error E9001: found no list of statements/],
    ['kept', /Error E9002: found DeletionPolicy Retain of a resource of type AWS::SNS::Topic/],
  ])('finds what is wrong with %s.yaml, whatever a template or a configuration says', (name, finding) => {
    expect(found(name).filter((line) => finding.test(line))).toHaveLength(1);
  });

  test('finds nothing in a sound template, nor that data is kept, nor whom roles of the operator trust', () => {
    expect(found('sound')).toEqual([]);
    expect(found('kept').join()).not.toContain('AWS::SQS::Queue');
    expect(found('deployment-roles').join()).not.toContain('E9001');
  });

  test('finds every parameter that the template lacks or misses', () => {
    expect(result.stdout.split('\n').filter((line) => line.startsWith('configuration/'))).toEqual([
      'configuration/dev/no-yaml.json: its template no-yaml.yaml cannot be read; cfn-lint says why.',
      expect.stringMatching(
        /^configuration\/dev\/queue.json: there is no template queue among those that are checked \(any-/,
      ),
      'configuration/dev/sound.json: Nmae is not a parameter of sound.yaml; CodePipeline refuses keys that the ' +
        'template lacks. Did you mean Name?',
      'configuration/dev/sound.json: Colors is not a parameter of sound.yaml; CodePipeline refuses keys that the ' +
        'template lacks. Did you mean Color?',
      'configuration/dev/sound.json: Name is missing; sound.yaml declares it without a default.',
      'configuration/prod/sound.json: found something else at its top level; expected {"Parameters": {"Key": "value"}}.',
      'configuration/stage/sound.json: Name is 7; expected a string, since CloudFormation parameters are strings: put ' +
        'the value in quotes.',
    ]);
  });
});

test('check-templates.sh has cfn-nag scan each template, and reports what it finds, and where it crashes', async () => {
  const folder = await makeFolder(onTestFinished);
  const templates = [
    'failure and warning',
    'one rule, two resources',
    'suppressed warning',
    'type that it crashes on',
  ] as const;
  await writeFiles(folder, {
    ...Object.fromEntries(templates.map((name, index) => [`deployment-roles-${index}.yaml`, cfnNagTemplates[name]])),
    'configuration/dev/deployment-roles-0.json': '{"Parameters": {"Name": "dev"}}',
  });
  const args = ['--report', 'report.xml', ...templates.map((_, index) => `deployment-roles-${index}.yaml`)];

  const { code, stdout } = await runScript('check-templates.sh', args, { cwd: folder, env: environmentIn(folder) });

  expect(code).toBe(1);
  const lines = stdout.split('\n');
  expect(lines).toContain(
    'deployment-roles-0.yaml:12: FAIL F3: IAM role should not allow * action on its permissions policy (Role)',
  );
  expect(
    lines.filter((line) => /^deployment-roles-1\.yaml:12: WARN W28: .* \(First, Second\)$/.test(line)),
  ).toHaveLength(1);
  expect(stdout).not.toMatch(/^deployment-roles-2\.yaml:\d+: (WARN|FAIL)/m);
  expect(stdout).toMatch(
    /-3\.yaml: cfn-nag did not finish\. It said: .*nil is not a symbol nor a string \(TypeError\)/,
  );
  expect(await readFile(join(folder, 'report.xml'), 'utf8')).toContain(
    '<testsuite name="cfn-nag" tests="4" failures="2"',
  );
});

describe('its tools', () => {
  test('are installed by pip as they are locked, without gem where there is no Ruby', async () => {
    const folder = await makeFolder(onTestFinished);
    const [scripts, wheels] = [join(folder, 'scripts'), join(folder, 'wheels')];
    await cp(__dirname, scripts, { recursive: true });
    await makeWheel(wheels, 'cfn_lint', '1.58.0', {
      'cfnlint/__init__.py': "def main():\n    print('cfn-lint 1.58.0')\n",
      'cfn_lint-1.58.0.dist-info/entry_points.txt': '[console_scripts]\ncfn-lint = cfnlint:main\n',
    });
    const [wheel = ''] = await readdir(wheels);
    const hash = createHash('sha256').update(await readFile(join(wheels, wheel)));
    await writeFiles(scripts, { 'requirements.txt': `cfn-lint==1.58.0 --hash=sha256:${hash.digest('hex')}\n` });
    const env = { ...environmentIn(folder), PIP_NO_INDEX: '1', PIP_FIND_LINKS: wheels, PIP_CONFIG_FILE: '/dev/null' };

    const args = ['--install', '--without-cfn-nag'];
    expect(await runScript('check-templates.sh', args, { cwd: folder, env, scripts })).toMatchObject({
      code: 0,
      stderr: '',
    });

    const { stdout } = await run(join(folder, 'tools/python/bin/cfn-lint'), ['--version']);
    expect(stdout).toBe('cfn-lint 1.58.0\n');
  });

  test('are installed by the GitHub workflow with the Ruby that CodeBuild has', async () => {
    const repository = join(__dirname, '..', '..');
    const workflow = await readFile(join(repository, '.github/workflows/test.yml'), 'utf8');
    const pipeline = toYaml(compile(infrastructureDeployment(topology)), []);

    const [, ruby] = /^ +ruby: ([0-9.]+)$/m.exec(pipeline) ?? [];
    expect(ruby).toBeDefined();
    expect(workflow).toContain(`ruby-version: '${ruby}'`);
  });

  test('are locked with everything that they need', async () => {
    const wheels = await readFile(join(__dirname, 'requirements.txt'), 'utf8');
    const gems = (await readFile(join(__dirname, 'gems.sha256'), 'utf8'))
      .split('\n')
      .filter((line) => !line.startsWith('#'));

    // pip refuses a file in which some have hashes and some have not; that the gems are all is for gem to say.
    const [, cfnLint] = /^(cfn-lint==\d+\.\d+\.\d+) \\\n {4}--hash=sha256:[0-9a-f]{64}/m.exec(wheels) ?? [];
    expect((await readFile(join(__dirname, '../../requirements-dev.txt'), 'utf8')).split('\n')).toContain(cfnLint);
    expect(gems.pop()).toBe('');
    for (const gem of gems) {
      expect(gem).toMatch(/^[0-9a-f]{64} {2}[a-z0-9_-]+-\d+(\.\d+)+\.gem$/);
    }
    expect(`${wheels}${gems}`).not.toMatch(/https?:/);
  });
});
