import { describe, expect, test, vi } from 'vitest';
import type { Stack } from '../../templates-src/model/stacks';
import type { Topology } from '../../templates-src/model/topology';
import { topologyWith } from '../../templates-src/topology.fixture';
import { UsageError } from '../lib/command';
import { type Configuration, configure, ParameterError } from './configure';
import { type Answers, flagsFrom, settingsOf } from './configure-settings';
import { checkParameters } from './parameter-files';
import type { FileTree } from './parameter-tree';
import {
  declarationsOf,
  fileOf,
  goodValues,
  madeUpId,
  threeEnvironments,
  topologyOf,
  treeOf,
} from './parameters.fixture';

// Two stacks are enough to show every kind of problem; the tests stay as they are when stacks are added.
vi.mock(import('../../templates-src/model/stacks'), async (load) => {
  const module = await load();
  const templates = ['tooling/artifact-store', 'environment/deployment-roles'];
  const stacksOf: typeof module.stacksOf = (topology) =>
    module.stacksOf(topology).filter(({ template }) => templates.includes(template));
  return { ...module, stacksOf };
});

const store = 'tooling/artifact-store.json';
const roles = 'dev/deployment-roles.json';
const shared = topologyWith({
  project: 'route-to-live',
  environments: [
    { name: 'dev', approval: false },
    { name: 'test', approval: true, sharesAccountWith: 'dev' },
  ],
});

const firstDay: Answers = {
  'tooling-account-id': '012345678901',
  'dev-account-id': '111122223333',
  'test-account-id': '222233334444',
  'prod-account-id': '333344445555',
  region: 'eu-central-1',
  'approvers-email': 'platform@example.org',
};

interface Run {
  readonly topology?: Topology;
  readonly tree?: FileTree;
  readonly answers?: Answers;
  /** What a person types, line by line; without it there is no terminal. */
  readonly typed?: readonly string[];
  readonly declarations?: Configuration['declarations'];
  readonly like?: Readonly<Record<string, string>>;
  readonly removes?: boolean;
}

/** Configures in memory: what would be written, what is reported, and what a person sees. */
async function run(options: Run) {
  const { topology = threeEnvironments, tree = new Map(), answers = {}, typed, declarations, like = {} } = options;
  const shown: string[] = [];
  const lines = [...(typed ?? [])];
  const configured = await configure({
    topology,
    tree,
    answers,
    declarations: declarations ?? declarationsOf(topology),
    like: new Map(Object.entries(like)),
    removes: options.removes ?? false,
    folder: 'parameters',
    tell: (message) => shown.push(message),
    ask:
      typed &&
      (async (question) => {
        const line = lines.shift();
        if (line === undefined) {
          throw new Error(`nothing left to type for: ${question}`);
        }
        shown.push(`${question}${line}`);
        return line;
      }),
  });
  return { ...configured, shown, files: Object.fromEntries(configured.changes) };
}

const failure = async (options: Run): Promise<Error> =>
  run(options).then(
    () => {
      throw new Error('expected a failure');
    },
    (error: Error) => error,
  );

test('on the first day the flags fill every file, zeros included', async () => {
  const { files, report, madeUpAccountIds } = await run({ answers: firstDay });
  expect(Object.keys(files)).toEqual([store, roles, 'test/deployment-roles.json', 'prod/deployment-roles.json']);
  expect(files[store]).toMatchInlineSnapshot(`
    "{
      "Parameters": {
        "Region": "eu-central-1",
        "ApproversEmail": "platform@example.org",
        "DevAccountId": "111122223333",
        "TestAccountId": "222233334444",
        "ProdAccountId": "333344445555"
      }
    }
    "
  `);
  expect(files['test/deployment-roles.json']).toMatchInlineSnapshot(`
    "{
      "Parameters": {
        "Region": "eu-central-1",
        "EnvironmentName": "test",
        "ToolingAccountId": "012345678901"
      }
    }
    "
  `);
  expect(report.slice(0, 4)).toMatchInlineSnapshot(`
    [
      "Created parameters/tooling/artifact-store.json",
      "  Region: "eu-central-1"",
      "  ApproversEmail: "platform@example.org"",
      "  DevAccountId: "111122223333"",
    ]
  `);
  expect(madeUpAccountIds).toEqual([]);
});

test.each([1, 3, 10])('what is written for %i environments is right', async (count) => {
  const topology = topologyOf(...Array.from({ length: count }, (_, index) => `env${index}`));
  const ids = topology.environments.map(({ name }) => [`${name}-account-id`, madeUpId(topology, name)]);
  const answers = { ...firstDay, ...Object.fromEntries(ids) };
  const { changes } = await run({ topology, answers });
  const tree = new Map([...changes].map(([path, text]) => [path, Buffer.from(text)]));
  expect(checkParameters(topology, declarationsOf(topology), tree, 'parameters').problems).toEqual([]);
  expect(tree.size).toBe(count + 1);
});

test('run again with the same values it changes nothing', async () => {
  const { changes } = await run({ answers: firstDay });
  const tree = new Map([...changes].map(([path, text]) => [path, Buffer.from(text)]));
  expect(await run({ tree, answers: firstDay })).toMatchObject({ files: {}, report: [] });
  expect(await run({ tree })).toMatchObject({ files: {}, report: [] });
});

test('one flag changes one thing in every file, and nothing else, layout included', async () => {
  const untidy =
    '{\n    "Parameters" : {"ToolingAccountId":"111111111111",\n\t"EnvironmentName": "dev",\n\n "Region":   "eu-west-1"}}';
  const tree = treeOf(threeEnvironments, { [roles]: untidy });
  const { files, report } = await run({ tree, answers: { region: 'eu-north-1' } });
  expect(files[roles]).toBe(untidy.replace('eu-west-1', 'eu-north-1'));
  expect(files[store]).toBe(fileOf({ ...goodValues(threeEnvironments, store), Region: 'eu-north-1' }));
  expect(report).toMatchInlineSnapshot(`
    [
      "Changed parameters/tooling/artifact-store.json",
      "  Region: "eu-west-1" -> "eu-north-1"",
      "Changed parameters/dev/deployment-roles.json",
      "  Region: "eu-west-1" -> "eu-north-1"",
      "Changed parameters/test/deployment-roles.json",
      "  Region: "eu-west-1" -> "eu-north-1"",
      "Changed parameters/prod/deployment-roles.json",
      "  Region: "eu-west-1" -> "eu-north-1"",
    ]
  `);
});

test('values it does not ask for are kept', async () => {
  const declarations = declarationsOf(threeEnvironments);
  const size = { Type: 'String', Description: 'Size', Default: 'small' } as const;
  declarations.set('tooling/artifact-store', { Size: size, ...declarations.get('tooling/artifact-store') });
  const tree = treeOf(threeEnvironments, {
    [store]: fileOf({ Size: 'large', ...goodValues(threeEnvironments, store) }),
  });
  const { files } = await run({ tree, declarations, answers: { 'dev-account-id': '999900001111' } });
  expect(files).toEqual({
    [store]: fileOf({ Size: 'large', ...goodValues(threeEnvironments, store), DevAccountId: '999900001111' }),
  });
});

test('a new environment gets its file, and its account id is added where it is declared', async () => {
  const topology = topologyOf('dev', 'test', 'prod', 'demo');
  const { files } = await run({
    topology,
    tree: treeOf(threeEnvironments),
    answers: { 'demo-account-id': '555555555555' },
  });
  expect(files).toEqual({
    [store]: fileOf({ ...goodValues(threeEnvironments, store), DemoAccountId: '555555555555' }),
    'demo/deployment-roles.json': fileOf(goodValues(topology, 'demo/deployment-roles.json')),
  });
});

test('an account id without quotes is replaced by a string', async () => {
  const numbers = { ...goodValues(threeEnvironments, store), DevAccountId: 222222222222 };
  const tree = treeOf(threeEnvironments, { [store]: fileOf(numbers) });
  const { files, report } = await run({ tree, answers: { 'dev-account-id': '222222222222' } });
  expect(files).toEqual({ [store]: fileOf(goodValues(threeEnvironments, store)) });
  expect(report).toEqual([
    'Changed parameters/tooling/artifact-store.json',
    '  DevAccountId: 222222222222 -> "222222222222"',
  ]);
});

test('an environment that shares an account has no flag, and follows', async () => {
  expect(settingsOf(shared).map(({ flag, question }) => `${flag}: ${question}`)).toMatchInlineSnapshot(`
    [
      "tooling-account-id: Account id of tooling",
      "dev-account-id: Account id of dev and test",
      "region: Region",
      "approvers-email: E-mail address that is asked for approvals and told of failures",
    ]
  `);
  const { 'test-account-id': _test, 'prod-account-id': _prod, ...answers } = firstDay;
  const { files } = await run({ topology: shared, answers });
  expect(JSON.parse(files[store] ?? '').Parameters).toMatchObject({
    DevAccountId: '111122223333',
    TestAccountId: '111122223333',
  });
  expect(() => flagsFrom(shared, { 'test-account-id': '222233334444' })).toThrow(
    '--test-account-id: topology.ts lets test share the account of dev; use --dev-account-id',
  );
});

test('without a terminal missing values are named by their flags', async () => {
  const error = await failure({ answers: { region: 'eu-west-1', 'dev-account-id': '222222222222' } });
  expect(error).toBeInstanceOf(UsageError);
  expect(error.message).toMatchInlineSnapshot(`
    "there is no terminal to ask on, and these values are missing in the files or not the same in all of them; add the flags
      --tooling-account-id       Account id of tooling
      --test-account-id          Account id of test
      --prod-account-id          Account id of prod
      --approvers-email          E-mail address that is asked for approvals and told of failures"
  `);
});

test('a value that differs between files, or is wrong in one, counts as missing', async () => {
  const tree = treeOf(threeEnvironments, {
    [store]: fileOf({ ...goodValues(threeEnvironments, store), ApproversEmail: 'nobody' }),
    [roles]: fileOf({ ...goodValues(threeEnvironments, roles), Region: 'eu-west-2' }),
  });
  expect((await failure({ tree })).message).toMatchInlineSnapshot(`
    "there is no terminal to ask on, and these values are missing in the files or not the same in all of them; add the flags
      --region                   Region
      --approvers-email          E-mail address that is asked for approvals and told of failures"
  `);
  const { files } = await run({ tree, answers: { region: 'eu-west-1', 'approvers-email': 'a@example.com' } });
  expect(Object.keys(files)).toEqual([store, roles]);
});

test('all wrong flags are reported at once', async () => {
  const error = await failure({
    answers: {
      ...firstDay,
      'tooling-account-id': '12345678901',
      'prod-account-id': '111122223333',
      region: 'eu-wst-1',
      'approvers-email': 'platform at example.org',
    },
  });
  expect(error).toBeInstanceOf(UsageError);
  expect(error.message).toMatchInlineSnapshot(`
    "--tooling-account-id: found "12345678901"; 12 digits, in quotes (11 digits; a leading zero lost to a number?)
    --prod-account-id: found "111122223333", which --dev-account-id has already; each has an account of its own unless templates-src/topology.ts says sharesAccountWith
    --region: found "eu-wst-1"; a Region of AWS or GovCloud, such as eu-west-1; not of China, where CodePipeline has no actions for CloudFormation
    --approvers-email: found "platform at example.org"; an e-mail address is written like approvers@example.com"
  `);
});

test.each(['eu-west-1', 'us-gov-east-1', 'ap-southeast-4'])('the region %s is accepted', async (region) => {
  expect((await run({ answers: { ...firstDay, region } })).files[store]).toContain(`"${region}"`);
});

test.each(['eu-west', 'eu-west1', 'eu_west_1', 'Ireland', 'eu-wesst-1', 'eu-west-1a', 'cn-north-1', 'eusc-de-east-1'])(
  'the region %s is refused',
  async (region) => {
    expect((await failure({ answers: { ...firstDay, region } })).message).toContain('--region: found ');
  },
);

test.each(['@example.com', 'a@localhost', 'a b@example.com', 'a@example..com', 'Team <a@example.com>'])(
  'the address %s is refused',
  async (email) => {
    expect((await failure({ answers: { ...firstDay, 'approvers-email': email } })).message).toContain(
      '--approvers-email: found ',
    );
  },
);

test('on a terminal it asks, shows present values, and asks again after a wrong answer', async () => {
  const typed = ['0123', ' 012345678901 ', '', '222222222222', '999900001111', '', 'eu-west-2', ''];
  const { shown, report } = await run({ tree: treeOf(threeEnvironments), typed });
  expect(shown.join('\n')).toMatchInlineSnapshot(`
    "Account id of tooling [111111111111]: 0123
      found "0123"; 12 digits, in quotes
    Account id of tooling [111111111111]:  012345678901 
    Account id of dev [222222222222]: 
    Account id of test [333333333333]: 222222222222
      found "222222222222", which --dev-account-id has already; each has an account of its own unless templates-src/topology.ts says sharesAccountWith
    Account id of test [333333333333]: 999900001111
    Account id of prod [444444444444]: 
    Region [eu-west-1]: eu-west-2
    E-mail address that is asked for approvals and told of failures [approvers@example.com]: "
  `);
  expect(report.filter((line) => line.startsWith('  '))).toEqual([
    '  Region: "eu-west-1" -> "eu-west-2"',
    '  TestAccountId: "333333333333" -> "999900001111"',
    '  Region: "eu-west-1" -> "eu-west-2"',
    '  ToolingAccountId: "111111111111" -> "012345678901"',
    '  Region: "eu-west-1" -> "eu-west-2"',
    '  ToolingAccountId: "111111111111" -> "012345678901"',
    '  Region: "eu-west-1" -> "eu-west-2"',
    '  ToolingAccountId: "111111111111" -> "012345678901"',
  ]);
});

test('on a terminal a question without a present value has to be answered', async () => {
  const typed = ['', ...Object.values(firstDay)];
  const { shown } = await run({ typed });
  expect(shown.slice(0, 3)).toMatchInlineSnapshot(`
    [
      "Account id of tooling: ",
      "  found ""; 12 digits, in quotes (an empty value that was never filled in)",
      "Account id of tooling: 012345678901",
    ]
  `);
});

test('on a terminal a flag leaves only the questions that nothing answers', async () => {
  const { shown } = await run({ tree: treeOf(threeEnvironments), answers: { region: 'eu-west-2' }, typed: [] });
  expect(shown).toEqual([]);
  const topology = topologyOf('dev', 'test', 'prod', 'demo');
  const asked = await run({
    topology,
    tree: treeOf(threeEnvironments),
    answers: { region: 'eu-west-2' },
    typed: ['', '555555555555'],
  });
  expect(asked.shown).toEqual([
    'Which one is demo most like: dev, test, prod? [prod] ',
    'Account id of demo: 555555555555',
  ]);
});

test('a file that is not right after the change stops everything, with all problems', async () => {
  const tree = treeOf(threeEnvironments, {
    [roles]: fileOf({
      ...goodValues(threeEnvironments, roles),
      Rgion: 'eu-west-1',
      Region: undefined,
      ArtifactKeyArn: 'arn:x',
    }),
    'test/deployment-roles.json': '{"Region": "eu-west-1"}',
    'staging/notes.json': '{}',
  });
  const error = await failure({ tree, answers: firstDay });
  expect(error).toBeInstanceOf(ParameterError);
  expect(error.message.split('\n').filter((line) => !line.startsWith(' '))).toMatchInlineSnapshot(`
    [
      "parameters/dev/deployment-roles.json:5: ArtifactKeyArn: found a value in the file",
      "parameters/test/deployment-roles.json:1: found an object with Region",
      "parameters/staging/notes.json: found a file that no stack reads",
    ]
  `);
});

test('a file that cannot be read stops everything before a question is asked', async () => {
  const error = await failure({ tree: treeOf(threeEnvironments, { [roles]: '{"Parameters": {' }), typed: [] });
  expect(error).toBeInstanceOf(ParameterError);
  expect(error.message).toContain('parameters/dev/deployment-roles.json:1:17: found the end of the file');
});

test('values that it cannot know are named, with where to take them from', async () => {
  const declarations = declarationsOf(threeEnvironments);
  const cidr = { Type: 'String', Description: 'Addresses of the network' } as const;
  declarations.set('environment/deployment-roles', {
    ...declarations.get('environment/deployment-roles'),
    VpcCidr: cidr,
  });
  const tree = treeOf(threeEnvironments, {
    [roles]: fileOf({ ...goodValues(threeEnvironments, roles), VpcCidr: '10.0.0.0/16' }),
    'prod/deployment-roles.json': undefined,
  });
  const error = await failure({ tree, declarations, answers: firstDay });
  expect(error).toBeInstanceOf(ParameterError);
  expect(error.message).toMatchInlineSnapshot(`
    "parameters/test/deployment-roles.json:2: VpcCidr: found no value
      rule:         environment/deployment-roles declares it without a default: Addresses of the network
      what to do:   add "VpcCidr" to Parameters; configure can't know its value
    parameters/prod/deployment-roles.json: VpcCidr: found no value
      rule:         environment/deployment-roles declares it without a default: Addresses of the network
      what to do:   give it a value in parameters/test/deployment-roles.json, out of which this file is made; configure can't know it"
  `);
});

test('a missing file of which it knows nothing is a value it cannot know, too', async () => {
  const declarations = declarationsOf(threeEnvironments);
  declarations.set('environment/deployment-roles', { VpcCidr: { Type: 'String', Description: 'Addresses' } });
  const error = await failure({ declarations, answers: firstDay });
  expect(error.message).toContain('parameters/dev/deployment-roles.json: VpcCidr: found no value');
  expect(error.message).not.toContain('run `npm run configure`');
});

test('a parameter with a default is written only where it differs', async () => {
  const declarations = declarationsOf(threeEnvironments);
  const region = { Type: 'String', Description: 'Region', Default: 'eu-west-1' } as const;
  for (const [path, declared] of declarations) {
    declarations.set(path, { ...declared, Region: region });
  }
  const home = await run({ declarations, answers: { ...firstDay, region: 'eu-west-1' } });
  expect(Object.values(home.files).join('')).not.toContain('Region');
  const away = await run({ declarations, answers: { ...firstDay, region: 'eu-west-2' } });
  expect(Object.values(away.files).every((text) => text.includes('"Region": "eu-west-2"'))).toBe(true);
});

test('flags are values by name, and a folder', () => {
  expect(flagsFrom(threeEnvironments, { region: 'eu-west-1', 'dev-account-id': '012345678901' })).toEqual({
    folder: undefined,
    like: new Map(),
    removes: false,
    answers: { region: 'eu-west-1', 'dev-account-id': '012345678901' },
  });
  expect(flagsFrom(threeEnvironments, { parameters: 'elsewhere', remove: true, like: ['test=dev', 'prod'] })).toEqual({
    folder: 'elsewhere',
    like: new Map([
      ['test', 'dev'],
      ['', 'prod'],
    ]),
    removes: true,
    answers: {},
  });
});

/** Topologies in which environments with these names are production. */
const chainOf = (...names: readonly string[]) =>
  topologyWith({
    project: 'route-to-live',
    environments: names.map((name) => ({
      name,
      approval: false,
      production: ['prod', 'live', 'dr'].includes(name),
    })),
  });

const before = chainOf('dev', 'test', 'prod');
const sizes = { dev: 'small', test: 'medium', prod: 'large' } as const;

/** Declarations and files of a chain with something of its own in each environment. */
function sized(topology: Topology, tree: Record<string, string | undefined> = {}) {
  const declarations = declarationsOf(topology);
  declarations.set('environment/deployment-roles', {
    ...declarations.get('environment/deployment-roles'),
    Size: { Type: 'String', Description: 'Size of the tasks' },
    CertificateArn: { Type: 'String', Description: 'Certificate', Default: '' },
  });
  const files = Object.entries(sizes).map(([name, Size]) => {
    const id = madeUpId(before, name);
    const path = `${name}/deployment-roles.json`;
    const CertificateArn = `arn:aws:acm:eu-west-1:${id}:certificate/${name}`;
    return [path, fileOf({ ...goodValues(before, path), Size, CertificateArn })];
  });
  return { topology, declarations, tree: treeOf(before, { ...Object.fromEntries(files), ...tree }) };
}

const parametersIn = (text: string | undefined) => JSON.parse(text ?? '{}').Parameters;

describe('when the topology has changed', () => {
  test('an environment that was renamed keeps its files and its account', async () => {
    const { files, removals, report, leftOver } = await run(sized(chainOf('sandbox', 'test', 'prod')));

    expect(removals).toEqual(['dev/deployment-roles.json']);
    expect(leftOver).toEqual([]);
    expect(Object.keys(files).sort()).toEqual(['sandbox/deployment-roles.json', store]);
    expect(Object.keys(parametersIn(files[store]))).toEqual([
      ...['Region', 'ApproversEmail', 'SandboxAccountId', 'TestAccountId', 'ProdAccountId'],
    ]);
    expect(parametersIn(files[store]).SandboxAccountId).toBe('222222222222');
    expect(parametersIn(files['sandbox/deployment-roles.json'])).toMatchObject({
      EnvironmentName: 'sandbox',
      Size: 'small',
      CertificateArn: 'arn:aws:acm:eu-west-1:222222222222:certificate/dev',
    });
    expect(report).toEqual([
      'Changed parameters/tooling/artifact-store.json',
      '  DevAccountId is called SandboxAccountId now',
      'Moved parameters/dev/deployment-roles.json to parameters/sandbox/deployment-roles.json',
      '  EnvironmentName: "dev" -> "sandbox"',
    ]);
  });

  test('all may be renamed and one added: production takes after production', async () => {
    const changed = sized(chainOf('sandbox', 'staging', 'live', 'dr'));
    const { files, removals, leftOver } = await run({ ...changed, answers: { 'dr-account-id': '555555555555' } });

    expect(leftOver).toEqual([]);
    expect(removals).toHaveLength(3);
    const sizeOf = (name: string) => parametersIn(files[`${name}/deployment-roles.json`]).Size;
    expect(['sandbox', 'staging', 'live', 'dr'].map(sizeOf)).toEqual(['small', 'medium', 'large', 'large']);
    expect(parametersIn(files['dr/deployment-roles.json']).CertificateArn).toBe(
      'arn:aws:acm:eu-west-1:555555555555:certificate/prod',
    );
    expect(parametersIn(files['live/deployment-roles.json']).CertificateArn).toContain(':444444444444:');
    expect(parametersIn(files[store])).toMatchObject({ LiveAccountId: '444444444444', DrAccountId: '555555555555' });
  });

  test.each([
    [undefined, 'medium'],
    [{ '': 'prod' }, 'large'],
    [{ perf: 'dev' }, 'small'],
  ])('one between two is made like its neighbour, or as --like says: %j', async (like, size) => {
    const changed = sized(chainOf('dev', 'test', 'perf', 'prod'));
    const { files, removals } = await run({
      ...changed,
      ...(like === undefined ? {} : { like }),
      answers: { 'perf-account-id': '555555555555' },
    });

    expect(removals).toEqual([]);
    expect(parametersIn(files['perf/deployment-roles.json']).Size).toBe(size);
    expect(Object.keys(files).sort()).toEqual(['perf/deployment-roles.json', store]);
  });

  test('what is like one that is gone is a copy, and the account id is asked for', async () => {
    const changed = sized(chainOf('sandbox', 'test', 'prod'));
    const error = await failure({ ...changed, like: { sandbox: 'dev' } });
    expect(error.message).toContain('--sandbox-account-id');
    const { removals, leftOver } = await run({
      ...changed,
      like: { sandbox: 'dev' },
      answers: { 'sandbox-account-id': '555555555555' },
    });
    expect(removals).toEqual([]);
    expect(leftOver).toEqual([
      'parameters/dev/deployment-roles.json',
      'DevAccountId in parameters/tooling/artifact-store.json',
    ]);
  });

  test('--like names what there is', async () => {
    const error = await failure({ ...sized(chainOf('dev', 'test', 'perf', 'prod')), like: { '': 'tset' } });
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toBe('--like: found no files of tset; there are those of dev, test, prod');
    expect(() => flagsFrom(before, { like: ['tset=dev'] })).toThrow(
      "--like tset=dev: topology.ts has no environment 'tset', expected one of dev, test, prod",
    );
  });

  test('of one that is gone it says what is left over, and removes it when it is told to', async () => {
    const changed = sized(chainOf('dev', 'prod'));
    const leftOver = [
      'parameters/test/deployment-roles.json',
      'TestAccountId in parameters/tooling/artifact-store.json',
    ];
    expect(await run(changed)).toMatchObject({ files: {}, removals: [], leftOver, report: [] });

    const { files, removals, ...removed } = await run({ ...changed, removes: true });
    expect(removals).toEqual(['test/deployment-roles.json']);
    expect(Object.keys(parametersIn(files[store]))).toEqual([
      ...['Region', 'ApproversEmail', 'DevAccountId', 'ProdAccountId'],
    ]);
    expect(removed).toMatchObject({ leftOver: [], report: leftOver.map((one) => `Removed ${one}`) });
  });

  test('of a container that is gone it says what is left over, too', async () => {
    const { container: _, ...withoutContainer } = chainOf('dev', 'prod');
    const files = [
      'dev/container-service.json',
      'test/container-service.json',
      'tooling/container-build-pipeline.json',
    ];
    const changed = sized(withoutContainer, Object.fromEntries(files.map((path) => [path, fileOf({})])));

    const { leftOver } = await run(changed);
    expect(leftOver).toEqual(expect.arrayContaining(files.map((path) => `parameters/${path}`)));

    const { removals } = await run({ ...changed, removes: true });
    expect(removals).toEqual(expect.arrayContaining(files));
  });

  test('another order changes nothing, and one environment alone is the one of its kind', async () => {
    expect(await run(sized(chainOf('prod', 'test', 'dev')))).toMatchObject({ files: {}, removals: [], leftOver: [] });
    const { files } = await run({ ...sized(chainOf('live')), removes: true });
    expect(parametersIn(files['live/deployment-roles.json']).Size).toBe('large');
    expect(parametersIn(files[store])).toMatchObject({ LiveAccountId: '444444444444' });
  });

  test('on a terminal it asks what was renamed, what a new one is like, and what may go', async () => {
    const changed = sized(chainOf('sandbox', 'test', 'prod'));
    const ids = ['', '555555555555', '', '', '', ''];
    const { files, shown, removals } = await run({ ...changed, typed: ['n', 'dve', 'test', ...ids, 'y'] });

    expect(shown.filter((line) => !line.includes(' ['.concat('1')))).toEqual(
      expect.arrayContaining([
        'sandbox is new, and dev is gone. Is sandbox a new name of dev? [Y/n] n',
        'Which one is sandbox most like: test, prod? [test] dve',
        'Which one is sandbox most like: test, prod? [test] test',
        'Account id of sandbox: 555555555555',
        'Remove them? [y/N] y',
      ]),
    );
    expect(removals).toEqual(['dev/deployment-roles.json']);
    expect(parametersIn(files['sandbox/deployment-roles.json']).Size).toBe('medium');
  });

  test('on a terminal it asks for what no file tells', async () => {
    const changed = sized(before, { [roles]: fileOf(goodValues(before, roles)) });
    const { files, shown } = await run({ ...changed, answers: { region: 'eu-west-1' }, typed: ['tiny'] });
    expect(shown).toEqual(['Size of the tasks (Size in parameters/dev/deployment-roles.json): tiny']);
    expect(parametersIn(files[roles]).Size).toBe('tiny');
  });
});

describe('ids and Regions inside ARNs', () => {
  test('follow, and those of other accounts stay', async () => {
    const changed = sized(before, {
      [roles]: fileOf({
        ...goodValues(before, roles),
        Size: 'small',
        CertificateArn:
          'arn:aws:acm:us-east-1:222222222222:certificate/a, arn:aws:acm:eu-west-1:999999999999:certificate/b',
      }),
    });
    const answers = { 'dev-account-id': '012345678901', region: 'us-gov-west-1' };
    const { files } = await run({ ...changed, answers });
    expect(parametersIn(files[roles]).CertificateArn).toBe(
      'arn:aws-us-gov:acm:us-east-1:012345678901:certificate/a, arn:aws:acm:eu-west-1:999999999999:certificate/b',
    );
    expect(parametersIn(files['test/deployment-roles.json']).CertificateArn).toBe(
      'arn:aws-us-gov:acm:us-gov-west-1:333333333333:certificate/test',
    );
  });
});

describe('with a connection as source', () => {
  const topology = topologyWith({
    project: 'route-to-live',
    environments: [{ name: 'dev', approval: false }],
    pipelines: { source: 'connection' },
  });

  test('connection and owner are asked for, and the owner becomes a repository of each pipeline', () => {
    const [connection, owner] = settingsOf(topology).slice(-2);
    expect([connection?.flag, owner?.flag]).toEqual(['connection-arn', 'repository-owner']);
    const repository = (template: string, present?: string) =>
      owner?.inFile?.valueFor('team/platform', { template } as Stack, present);
    expect(repository('tooling/container-build-pipeline')).toBe('team/platform/ECS-Container-Build');
    expect(repository('tooling/infrastructure-deployment-pipeline')).toBe('team/platform/Infrastructure-Deployment');
    expect(repository('tooling/container-deployment-pipeline')).toBe('team/platform/ECS-Container-Deployment');
    expect(repository('tooling/container-build-pipeline', 'me/images')).toBe('team/platform/images');
    expect(owner?.inFile?.valueOf('team/platform/images')).toBe('team/platform');
  });

  test('a file that has a repository keeps it, whoever owns those of others', async () => {
    const declarations = declarationsOf(topology);
    const text = { Type: 'String', Description: 'Text' } as const;
    for (const [path, declared] of declarations) {
      declarations.set(path, { ...declared, ConnectionArn: text, RepositoryId: text });
    }
    const ConnectionArn = 'arn:aws:codeconnections:eu-west-1:111111111111:connection/1';
    const own = (path: string, RepositoryId: string) =>
      fileOf({ ...goodValues(topology, path), ConnectionArn, RepositoryId });
    const tree = treeOf(topology, { [store]: own(store, 'one/a'), [roles]: own(roles, 'other/b') });
    expect((await run({ topology, declarations, tree })).files).toEqual({});
    const { files } = await run({ topology, declarations, tree, answers: { 'repository-owner': 'team' } });
    expect(parametersIn(files[store]).RepositoryId).toBe('team/a');
    expect(parametersIn(files[roles]).RepositoryId).toBe('team/b');
  });
});
