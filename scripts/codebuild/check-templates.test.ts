import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { compile, toYaml } from '../../templates-src/dsl';
import infrastructureDeployment from '../../templates-src/templates/tooling/infrastructure-deployment-pipeline';
import { topology } from '../../templates-src/topology.fixture';
import { cfnNagTemplates } from './test-support/cfn-nag-templates';
import { makeFolder, makeWheel, writeFiles } from './test-support/project';
import { type Result, runScript } from './test-support/script';

// cfn-lint takes seconds to start.
vi.setConfig({ testTimeout: 120_000 });

const run = promisify(execFile);

const TOPIC = cfnNagTemplates.sound;

interface Project {
  readonly folder: string;
  check(args: readonly string[], env?: NodeJS.ProcessEnv, scripts?: string): Promise<Result>;
  /** The report as the test view of CodeBuild gets it. */
  report(): Promise<Case[]>;
}

interface Case {
  suite: string;
  name: string;
  outcome: string;
  text: string;
}

async function project(files: Readonly<Record<string, string>>): Promise<Project> {
  const folder = await makeFolder(onTestFinished);
  await writeFiles(folder, files);
  // Where a test looks for tools: the stand-in for cfn-nag, and what is on PATH anyway.
  const env = {
    ...process.env,
    PATH: `${join(__dirname, 'test-support')}:${process.env.PATH}`,
    HOME: folder,
    CHECK_TOOLS: join(folder, 'tools'),
  };
  return {
    folder,
    check: (args, more = {}, scripts = __dirname) =>
      runScript('check-templates.sh', args, { cwd: folder, env: { ...env, ...more }, scripts }),
    report: async () => {
      const program = `
import json, sys
from xml.etree import ElementTree
print(json.dumps([
    {'suite': suite.get('name'), 'name': case.get('name'), 'outcome': case[0].tag if len(case) else 'passed',
     'text': (case[0].text or case[0].get('message')) if len(case) else ''}
    for suite in ElementTree.parse(sys.argv[1]).getroot() for case in suite]))
`;
      const { stdout } = await run('python3', ['-c', program, join(folder, 'reports/report.xml')]);
      return JSON.parse(stdout) as Case[];
    },
  };
}

const REPORT = ['--report', 'reports/report.xml'];

describe('check-templates.sh', () => {
  test('is content with templates and parameters without a flaw, and says so in the report', async () => {
    const { check, report } = await project({
      'environment/topic.yaml': TOPIC,
      'configuration/dev/topic.json': '{"Parameters": {"Name": "dev"}}',
      'configuration/test/topic.json': '{"Parameters": {"Name": "test", "Color": "red"}, "StackPolicy": {}}',
    });

    const result = await check([...REPORT, 'environment/topic.yaml']);

    expect(result).toEqual({ code: 0, stdout: 'No findings in 4 checks.\n', stderr: '' });
    expect(await report()).toEqual(
      [
        ['cfn-lint', 'environment/topic.yaml'],
        ['cfn-nag', 'environment/topic.yaml'],
        ['parameters', 'configuration/dev/topic.json'],
        ['parameters', 'configuration/test/topic.json'],
      ].map(([suite, name]) => ({ suite, name, outcome: 'passed', text: '' })),
    );
  });

  test.each([
    ['an error', 'unknown property', 11, 'Error E3002: Additional properties are not allowed'],
    ['a warning', 'needless substitution', 11, "Warning W1020: 'Fn::Sub' isn't needed"],
    [
      'an informational finding',
      'property that informs',
      15,
      "Informational I3013: 'MessageRetentionPeriod' is a required property",
    ],
  ] as const)('fails for %s of cfn-lint', async (_, template, line, finding) => {
    const { check, report } = await project({
      'topic.yaml': cfnNagTemplates[template],
      'sound.yaml': TOPIC,
      'configuration/dev/topic.json': '{"Parameters": {"Name": "dev"}}',
    });

    const result = await check([...REPORT, 'sound.yaml', 'topic.yaml']);

    expect(result).toMatchObject({ code: 1, stderr: '1 findings; 1 of 5 checks failed.\n' });
    expect(result.stdout).toMatch(new RegExp(`^topic\\.yaml:${line}:\\d+: `));
    expect(result.stdout).toContain(finding);
    expect((await report()).map(({ name, outcome, text }) => [name, outcome, text]).slice(0, 2)).toEqual([
      ['sound.yaml', 'passed', ''],
      ['topic.yaml', 'failure', result.stdout.trimEnd()],
    ]);
  });

  test.each<[what: string, files: Record<string, string>]>([
    ['.cfnlintrc', { '.cfnlintrc': 'ignore_checks: [E, W, I]\n' }],
    ['.cfnlintrc.yaml', { '.cfnlintrc.yaml': 'ignore_checks: [E, W, I]\nignore_templates: ["*.yaml"]\n' }],
    ['.cfnlintrc.yml', { '.cfnlintrc.yml': 'ignore_checks: [E3002]\nignore_bad_template: true\n' }],
    ['module called as ours', { 'cfnlint.py': 'open("ran", "w")\n', 'cfnlint/__init__.py': 'open("ran", "w")\n' }],
  ])('is not talked out of an error by a %s in the folder and in HOME', async (_, files) => {
    const { folder, check } = await project({
      'topic.yaml': cfnNagTemplates['unknown property'],
      'configuration/dev/topic.json': '{"Parameters": {"Name": "dev"}}',
      ...files,
    });
    const { code, stdout } = await check(['--without-cfn-nag', 'topic.yaml']);
    expect(code).toBe(1);
    expect(stdout).toContain('Error E3002');
    expect(await readdir(folder)).not.toContain('ran');
  });

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

  test.each([
    ['everybody', trusting("{AWS: '*'}"), "found the principal {'AWS': '*'}"],
    ['another account', trusting("{AWS: '999999999999'}"), "found the principal {'AWS': '999999999999'}"],
    ['a service that runs no workload', trusting('{Service: ec2.amazonaws.com}'), 'found the principal'],
    [
      'a service for whoever it acts',
      trusting('{Service: lambda.amazonaws.com}', 'Sid: Anybody'),
      'found no StringEquals of aws:SourceAccount',
    ],
    ['what is computed', roleFor("!GetAZs ''"), 'found no list of statements'],
  ])('fails for a role that trusts %s, whatever the template or a configuration says', async (_, template, finding) => {
    const { check } = await project({
      'role.yaml': template,
      '.cfnlintrc': 'ignore_checks: [E9001, E9002]\n',
      'configuration/dev/role.json': '{"Parameters": {}}',
    });
    const { code, stdout } = await check(['--without-cfn-nag', 'role.yaml']);
    expect(code).toBe(1);
    expect(stdout).toContain('Error E9001');
    expect(stdout).toContain(finding);
  });

  test('fails for what outlives its stack and holds no data', async () => {
    const { check } = await project({
      'kept.yaml': `
Metadata:
  cfn-lint: {config: {ignore_checks: [E9002]}}
Resources:
  Topic: {Type: AWS::SNS::Topic, DeletionPolicy: Retain, UpdateReplacePolicy: Delete}
  Queue: {Type: AWS::SQS::Queue, DeletionPolicy: RetainExceptOnCreate, UpdateReplacePolicy: Retain}
`,
      'configuration/dev/kept.json': '{"Parameters": {}}',
    });
    const { stdout } = await check(['--without-cfn-nag', 'kept.yaml']);
    expect(stdout).toContain('Error E9002: found DeletionPolicy Retain of a resource of type AWS::SNS::Topic');
    expect(stdout).not.toContain('AWS::SQS::Queue');
  });

  // Under the name of the operator's template, whose roles may trust others than services of workloads.
  test('fails for a failure and for a warning of cfn-nag', async () => {
    const { check, report } = await project({
      'deployment-roles.yaml': cfnNagTemplates['failure and warning'],
      'configuration/dev/deployment-roles.json': '{"Parameters": {"Name": "dev"}}',
    });

    const result = await check([...REPORT, 'deployment-roles.yaml']);

    expect(result).toMatchObject({ code: 1, stderr: '2 findings; 1 of 3 checks failed.\n' });
    expect(result.stdout.split('\n')).toEqual([
      'deployment-roles.yaml:12: FAIL F3: IAM role should not allow * action on its permissions policy (Role)',
      'deployment-roles.yaml:12: WARN W28: Resource found with an explicit name, this disallows updates that require replacement ' +
        'of this resource (Role)',
      '',
    ]);
    expect((await report())[1]).toMatchObject({ suite: 'cfn-nag', outcome: 'failure', text: result.stdout.trimEnd() });
  });

  test('names every resource that breaks a rule of cfn-nag, and none that suppresses it', async () => {
    const parameters = { 'configuration/dev/deployment-roles.json': '{"Parameters": {"Name": "dev"}}' };
    const two = await project({ 'deployment-roles.yaml': cfnNagTemplates['one rule, two resources'], ...parameters });
    const none = await project({ 'deployment-roles.yaml': cfnNagTemplates['suppressed warning'], ...parameters });

    const result = await two.check(['deployment-roles.yaml']);

    expect(result).toMatchObject({ code: 1, stderr: '1 findings; 1 of 3 checks failed.\n' });
    expect(result.stdout).toMatch(/^deployment-roles\.yaml:12: WARN W28: .* \(First, Second\)\n$/);
    expect(await none.check(['deployment-roles.yaml'])).toMatchObject({
      code: 0,
      stdout: 'No findings in 3 checks.\n',
    });
  });

  test('fails when a tool does not finish, with what it said', async () => {
    const { check, report } = await project({
      'topic.yaml': cfnNagTemplates['type that it crashes on'],
      'configuration/dev/topic.json': '{"Parameters": {"Name": "dev"}}',
    });

    const result = await check([...REPORT, 'topic.yaml']);

    expect(result).toMatchObject({ code: 1, stderr: '1 findings; 2 of 3 checks failed.\n' });
    expect(result.stdout).toMatch(/cfn-nag did not finish\. It said: .*nil is not a symbol nor a string \(TypeError\)/);
    expect((await report())[1]).toMatchObject({ suite: 'cfn-nag', outcome: 'error' });
  });

  test('fails for a template that is no YAML, in every check', async () => {
    const { check, report } = await project({
      'topic.yaml': cfnNagTemplates['no YAML'],
      'configuration/dev/topic.json': '{"Parameters": {"Name": "dev"}}',
    });

    const result = await check([...REPORT, 'topic.yaml']);

    expect(result.code).toBe(1);
    expect((await report()).map(({ outcome, text }) => [outcome, text])).toEqual([
      ['failure', expect.stringContaining('Error E0000: did not find expected node content')],
      ['failure', expect.stringContaining('FAIL FATAL: (<unknown>): did not find expected node content')],
      ['failure', 'configuration/dev/topic.json: its template topic.yaml cannot be read; cfn-lint says why.'],
    ]);
  });

  test('fails for every parameter that the template lacks or misses', async () => {
    const { check, report } = await project({
      'topic.yaml': TOPIC,
      'configuration/dev/topic.json': '{"Parameters": {"Nmae": "dev", "Colors": "red"}}',
      'configuration/dev/queue.json': '{"Parameters": {}}',
      'configuration/prod/topic.json': '{"Parameters": {"Name": "prod"}, "Tags": {"Project": "x"}}',
      'configuration/test/topic.json': '{"Parameters": {"Name": 7}}',
    });

    const result = await check([...REPORT, 'topic.yaml']);

    expect(result.code).toBe(1);
    expect(result.stdout.trimEnd().split('\n')).toEqual([
      'configuration/dev/queue.json: there is no template queue among those that are checked (topic).',
      'configuration/dev/topic.json: Nmae is not a parameter of topic.yaml; CodePipeline refuses keys that the ' +
        'template lacks. Did you mean Name?',
      'configuration/dev/topic.json: Colors is not a parameter of topic.yaml; CodePipeline refuses keys that the ' +
        'template lacks. Did you mean Color?',
      'configuration/dev/topic.json: Name is missing; topic.yaml declares it without a default.',
      'configuration/prod/topic.json: found something else at its top level; expected {"Parameters": {"Key": "value"}}.',
      'configuration/test/topic.json: Name is 7; expected a string, since CloudFormation parameters are strings: put ' +
        'the value in quotes.',
    ]);
    expect((await report()).filter(({ suite }) => suite === 'parameters').map(({ outcome }) => outcome)).toEqual([
      'failure',
      'failure',
      'failure',
      'failure',
    ]);
  });

  test.each([
    ['by an option', ['--without-cfn-nag'], {}],
    ['by the environment', [], { CHECK_CFN_NAG: 'no' }],
  ])('leaves cfn-nag out only when told to, %s, and shows that it did', async (_, options, env) => {
    const { check, report } = await project({
      'topic.yaml': TOPIC,
      'configuration/dev/topic.json': '{"Parameters": {"Name": "dev"}}',
    });

    const result = await check([...REPORT, ...options, 'topic.yaml'], env);

    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toBe(
      'cfn-nag is skipped, because of --without-cfn-nag.\nNo findings in 2 checks; 1 skipped.\n',
    );
    expect((await report())[1]).toEqual({
      suite: 'cfn-nag',
      name: 'topic.yaml',
      outcome: 'skipped',
      text: '--without-cfn-nag',
    });
  });

  test('takes nothing but yes and no for whether cfn-nag runs', async () => {
    const { check } = await project({ 'topic.yaml': TOPIC });

    expect(await check(['topic.yaml'], { CHECK_CFN_NAG: 'maybe' })).toMatchObject({
      code: 2,
      stderr: 'check-templates.sh: CHECK_CFN_NAG is "maybe"; expected yes or no. Try --help.\n',
    });
  });
});

describe('its tools', () => {
  /** A folder for PATH with the programs that the script needs besides its tools, and those given. */
  async function path(folder: string, programs: Readonly<Record<string, string>>): Promise<string> {
    const bin = join(folder, 'bin');
    await mkdir(bin, { recursive: true });
    await writeFiles(bin, programs);
    for (const name of Object.keys(programs)) {
      await chmod(join(bin, name), 0o755);
    }
    for (const name of [
      'bash',
      'python3',
      'sed',
      'head',
      'getconf',
      'dirname',
      'mktemp',
      'rm',
      'find',
      'wc',
      'chmod',
    ]) {
      const { stdout } = await run('sh', ['-c', `command -v ${name}`]);
      // A link would take Python out of its virtual environment.
      await writeFile(join(bin, name), `#!/bin/sh\nexec ${stdout.trim()} "$@"\n`, { mode: 0o755 });
    }
    return bin;
  }
  const files = { 'topic.yaml': TOPIC, 'configuration/dev/topic.json': '{"Parameters": {"Name": "dev"}}' };
  const version = (text: string) => `#!/bin/sh\necho "${text}"\n`;

  test('are missed by name, with what to do', async () => {
    const { folder, check } = await project(files);

    const none = await check(['topic.yaml'], { PATH: await path(folder, {}) });
    const lint = join((await run('sh', ['-c', 'command -v cfn-lint'])).stdout.trim());
    await symlink(lint, join(folder, 'bin/cfn-lint'));
    const noNag = await check(['topic.yaml'], { PATH: join(folder, 'bin') });

    expect(none).toMatchObject({
      code: 1,
      stderr: `check-templates.sh: cfn-lint is neither in ${folder}/tools nor on PATH. Install it with --install.\n`,
    });
    expect(noNag).toMatchObject({
      code: 1,
      stderr: `check-templates.sh: cfn_nag_scan is neither in ${folder}/tools nor on PATH. Install it with --install.\n`,
    });
  });

  test('of another version are refused', async () => {
    const { folder, check } = await project(files);

    const result = await check(['topic.yaml'], {
      PATH: await path(folder, { 'cfn-lint': version('cfn-lint 1.40.0') }),
    });

    expect(result.code).toBe(1);
    expect(result.stderr).toContain(`${folder}/bin/cfn-lint is "cfn-lint 1.40.0"; expected version 1.58.0`);
  });

  /** The scripts, with locks of a tool each that has the name and the version of the real one, and where to get them. */
  async function lockedScripts(folder: string): Promise<{ scripts: string; env: NodeJS.ProcessEnv }> {
    const scripts = join(folder, 'scripts');
    const wheels = join(folder, 'wheels');
    await cp(__dirname, scripts, { recursive: true });
    await makeWheel(wheels, 'cfn_lint', '1.58.0', {
      'cfnlint/__init__.py': "def main():\n    print('cfn-lint 1.58.0')\n",
      'cfn_lint-1.58.0.dist-info/entry_points.txt': '[console_scripts]\ncfn-lint = cfnlint:main\n',
    });
    const [wheel = ''] = await readdir(wheels);
    const hash = (content: string | Buffer) => createHash('sha256').update(content).digest('hex');
    await writeFiles(scripts, {
      'requirements.txt': `cfn-lint==1.58.0 \\\n    --hash=sha256:${hash(await readFile(join(wheels, wheel)))}\n`,
      'gems.sha256': `${hash('cfn-nag 0.8.10\n')}  cfn-nag-0.8.10.gem\n${hash('multi_json 1.15.0\n')}  multi_json-1.15.0.gem\n`,
    });
    const gem = `#!/bin/sh
echo "$@" >>"${folder}/gem-calls"
case $1 in
fetch) if [ -e "${folder}/offline" ]; then echo 'no network' >&2; exit 2; fi; echo "$2 $4" >"$2-$4.gem" ;;
install) while [ "$1" != --bindir ]; do shift; done; mkdir -p "$2" && cp "${__dirname}/test-support/cfn_nag_scan" "$2" ;;
esac
`;
    const sleep = `#!/bin/sh\necho "$1" >>"${folder}/pauses"\n`;
    return {
      scripts,
      env: {
        PATH: `${await path(folder, { gem, sleep, 'cfn-lint': version('cfn-lint 1.40.0') })}:/usr/bin:/bin`,
        PIP_NO_INDEX: '1',
        PIP_FIND_LINKS: wheels,
        PIP_CONFIG_FILE: '/dev/null',
      },
    };
  }
  const pausesIn = async (folder: string) => (await readFile(join(folder, 'pauses'), 'utf8')).trim().split('\n');

  test('are installed by pip and gem as they are locked, once, and preferred to those on PATH', async () => {
    const { folder, check } = await project(files);
    const { scripts, env } = await lockedScripts(folder);

    const first = await check(['--install', '--jobs', '1'], env, scripts);
    const second = await check(['--install'], env, scripts);
    const { stdout } = await run(join(folder, 'tools/python/bin/cfn-lint'), ['--version']);
    // What is installed here cannot lint: that it is asked to shows in what it prints, which are no findings.
    const use = await check(['topic.yaml'], env, scripts);

    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(stdout).toBe('cfn-lint 1.58.0\n');
    expect((await readFile(join(folder, 'gem-calls'), 'utf8')).trim().split('\n')).toEqual([
      'fetch cfn-nag --version 0.8.10 --platform ruby',
      'fetch multi_json --version 1.15.0 --platform ruby',
      expect.stringMatching(
        /^install --local --ignore-dependencies .*\/cfn-nag-0\.8\.10\.gem .*\/multi_json-1\.15\.0\.gem$/,
      ),
    ]);
    expect((await run(join(folder, 'tools/gems/cfn_nag_scan'), ['--version'])).stdout).toBe('0.8.10\n');
    expect(use.stderr).toContain("No module named 'cfnlint.decode'");
  });

  test('are installed anew when a lock has changed, or an installation was not finished or no longer runs', async () => {
    const { folder, check } = await project(files);
    const { scripts, env } = await lockedScripts(folder);
    await check(['--install'], env, scripts);
    const lock = join(scripts, 'gems.sha256');
    await writeFile(lock, `# changed\n${await readFile(lock, 'utf8')}`);
    await rm(join(folder, 'tools/python/requirements.txt'));

    expect(await check(['--install'], env, scripts)).toMatchObject({ code: 0, stderr: '' });

    expect(await readFile(join(folder, 'tools/gems/gems.sha256'), 'utf8')).toMatch(/^# changed/);
    expect(await readdir(join(folder, 'tools/python'))).toContain('requirements.txt');

    const program = join(folder, 'tools/gems/cfn_nag_scan');
    await writeFile(program, '#!/nowhere/ruby\n');
    expect(await check(['--install'], env, scripts)).toMatchObject({ code: 0, stderr: '' });
    expect((await run(program, ['--version'])).stdout).toBe('0.8.10\n');
  });

  test('that cannot be downloaded are asked for again after growing pauses, and then named', async () => {
    const { folder, check } = await project(files);
    const { scripts, env } = await lockedScripts(folder);
    await writeFiles(folder, { offline: '' });

    const pip = await check(['--install'], { ...env, PIP_FIND_LINKS: folder }, scripts);
    const pausesOfPip = await pausesIn(folder);
    await rm(join(folder, 'pauses'));
    const gem = await check(['--install', '--jobs', '1'], env, scripts);

    expect(pip).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('cfn-lint 1.58.0 could not be installed with pip; see above.'),
    });
    expect(pip.stderr).toContain('cfn-lint 1.58.0 could not be downloaded; the next try is in 5 seconds.');
    expect(pausesOfPip).toEqual(['5', '20', '60']);
    expect(gem).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('cfn-nag 0.8.10 could not be downloaded with gem; see above.'),
    });
    expect(gem.stderr).toContain('no network');
    expect(await pausesIn(folder)).toEqual(['5', '20', '60']);
  });

  test('that are not what is locked are refused at once, and leave nothing behind', async () => {
    const { folder, check } = await project(files);
    const { scripts, env } = await lockedScripts(folder);
    const otherHash = async (lock: string) => {
      const text = await readFile(join(scripts, lock), 'utf8');
      await writeFile(join(scripts, lock), text.replace(/[0-9a-f]{64}/, '0'.repeat(64)));
      return text;
    };

    const wheels = await otherHash('requirements.txt');
    const pip = await check(['--install'], env, scripts);
    await writeFiles(scripts, { 'requirements.txt': wheels });
    await otherHash('gems.sha256');
    const gem = await check(['--install'], env, scripts);

    expect(pip).toMatchObject({ code: 1, stderr: expect.stringContaining('THESE PACKAGES DO NOT MATCH THE HASHES') });
    expect(gem.code).toBe(1);
    expect(gem.stdout).toContain('cfn-nag-0.8.10.gem: FAILED');
    expect(gem.stderr).toContain(
      `The gems above are not those that ${scripts}/gems.sha256 locks. Nothing was installed.`,
    );
    expect(await readFile(join(folder, 'gem-calls'), 'utf8')).not.toContain('install');
    await expect(pausesIn(folder)).rejects.toThrow('ENOENT');
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

describe('options', () => {
  test.each([
    [[], 2, 'No template is named. Try --help.'],
    [['--fast', 'topic.yaml'], 2, 'Unknown option "--fast". Try --help.'],
    [['--jobs', 'all', 'topic.yaml'], 2, '--jobs is "all"; expected a number from 1 to 64. Try --help.'],
    [['topic.yml'], 1, 'topic.yml: found no such file; expected a template.'],
    [
      ['--parameters-dir', 'parameters', 'topic.yaml'],
      1,
      'parameters: found no such folder; expected the template configurations (--parameters-dir).',
    ],
  ])('%j end with %i', async (args, code, message) => {
    const { check } = await project({ 'topic.yaml': TOPIC, 'configuration/dev/topic.json': '{"Parameters": {}}' });

    expect(await check(args)).toEqual({ code, stdout: '', stderr: `check-templates.sh: ${message}\n` });
  });

  test('a folder without parameters is refused', async () => {
    const { check } = await project({ 'topic.yaml': TOPIC, 'configuration/README.md': '' });

    expect(await check(['topic.yaml'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        'configuration: found no parameters; expected files configuration/<environment>/',
      ),
    });
  });
});
