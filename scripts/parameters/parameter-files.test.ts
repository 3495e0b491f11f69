import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { checkParameters, madeUpAccountIds } from './parameter-files';
import { readFileTree, UnreadableParameters } from './parameter-tree';
import { describeProblem } from './parameters';
import { declarationsOf, fileOf, goodValues, threeEnvironments, topologyOf, treeOf } from './parameters.fixture';

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

/** The problems of good files with some replaced, as they are printed. */
function problemsWith(replaced: Parameters<typeof treeOf>[1]): string {
  const tree = treeOf(threeEnvironments, replaced);
  const { problems } = checkParameters(threeEnvironments, declarationsOf(threeEnvironments), tree, 'parameters');
  return problems.map(describeProblem).join('\n');
}

/** The good values of a file, some replaced. */
const withValues = (path: string, values: Readonly<Record<string, unknown>>) => ({
  [path]: fileOf({ ...goodValues(threeEnvironments, path), ...values }),
});

test.each([1, 3, 10])('good files of %i environments have no problems', (count) => {
  const many = topologyOf(...Array.from({ length: count }, (_, index) => `env${index}`));
  const { problems, files } = checkParameters(many, declarationsOf(many), treeOf(many), 'parameters');
  expect(problems).toEqual([]);
  expect(files).toHaveLength(count + 1);
});

test('refused: an account id with a digit too few', () => {
  expect(problemsWith(withValues(store, { DevAccountId: '22222222222' }))).toMatchInlineSnapshot(`
    "parameters/tooling/artifact-store.json:5: DevAccountId: found "22222222222"
      rule:         12 digits
      likely cause: 11 digits; a leading zero lost to a number?
      what to do:   correct the value (Id of the dev account)"
  `);
});

test('refused: an account id that was written as a number and lost its zero', () => {
  expect(problemsWith(withValues(store, { TestAccountId: 12345678901 }))).toMatchInlineSnapshot(`
    "parameters/tooling/artifact-store.json:6: TestAccountId: found 12345678901 (a number)
      rule:         must be a string: CloudFormation takes no other kind of value; 12 digits
      likely cause: 11 digits; a leading zero lost to a number?
      what to do:   correct the value (Id of the test account), as one string between quotes"
  `);
});

test('refused: an account id as the console shows it', () => {
  expect(problemsWith(withValues(store, { ProdAccountId: '4444-4444-4444' }))).toMatchInlineSnapshot(`
    "parameters/tooling/artifact-store.json:7: ProdAccountId: found "4444-4444-4444"
      rule:         12 digits
      likely cause: an account id in groups of four, as the AWS console shows it
      what to do:   write "444444444444""
  `);
});

test('refused: white space around a value', () => {
  expect(problemsWith(withValues(roles, { EnvironmentName: 'dev ' }))).toMatchInlineSnapshot(`
    "parameters/dev/deployment-roles.json:4: EnvironmentName: found "dev "
      rule:         must be one of dev, test, prod
      likely cause: white space around the value
      what to do:   write "dev""
  `);
});

test('refused: a placeholder', () => {
  expect(problemsWith(withValues(store, { ApproversEmail: '<your address>' }))).toMatchInlineSnapshot(`
    "parameters/tooling/artifact-store.json:4: ApproversEmail: found "<your address>"
      rule:         must match .+@.+
      likely cause: a placeholder that was never filled in
      what to do:   correct the value (E-mail address of the approvers)"
  `);
});

test('refused: a value that is not allowed', () => {
  expect(problemsWith(withValues(roles, { EnvironmentName: 'staging' }))).toMatchInlineSnapshot(`
    "parameters/dev/deployment-roles.json:4: EnvironmentName: found "staging"
      rule:         must be one of dev, test, prod
      what to do:   correct the value (Name of the environment)"
  `);
});

test('refused: a misspelled parameter', () => {
  const { DevAccountId, ...others } = goodValues(threeEnvironments, store);
  expect(problemsWith({ [store]: fileOf({ ...others, DevAcountId: DevAccountId }) })).toMatchInlineSnapshot(`
    "parameters/tooling/artifact-store.json:7: DevAcountId: found a parameter that the template does not declare
      rule:         must be a parameter of tooling/artifact-store: the AWS CLI would ignore any other, CodePipeline would refuse it
      likely cause: a misspelling; did you mean DevAccountId?
      what to do:   correct the name"
  `);
});

test('refused: a parameter that no template declares', () => {
  expect(problemsWith(withValues(roles, { VpcCidr: '10.0.0.0/16' }))).toMatchInlineSnapshot(`
    "parameters/dev/deployment-roles.json:6: VpcCidr: found a parameter that the template does not declare
      rule:         must be a parameter of environment/deployment-roles: the AWS CLI would ignore any other, CodePipeline would refuse it
      what to do:   remove it; declared are Region, EnvironmentName, ToolingAccountId"
  `);
});

test('refused: a parameter without a value', () => {
  const { ApproversEmail, ...others } = goodValues(threeEnvironments, store);
  expect(problemsWith({ [store]: fileOf(others) })).toMatchInlineSnapshot(`
    "parameters/tooling/artifact-store.json:2: ApproversEmail: found no value
      rule:         tooling/artifact-store declares it without a default: E-mail address of the approvers
      what to do:   add "ApproversEmail" to Parameters"
  `);
});

test('refused: a value for a parameter that deploy.sh feeds', () => {
  expect(problemsWith(withValues(roles, { ArtifactKeyArn: 'arn:aws:kms:...' }))).toMatchInlineSnapshot(`
    "parameters/dev/deployment-roles.json:6: ArtifactKeyArn: found a value in the file
      rule:         deploy.sh feeds ArtifactKeyArn from the output ArtifactKeyArn of the stack route-to-live-artifact-store
      likely cause: a value that was copied from a stack; it would go stale here
      what to do:   remove it"
  `);
});

test('refused: a boolean, a list, an object and null', () => {
  const values = { DevAccountId: null, TestAccountId: ['333333333333'], ProdAccountId: {}, ApproversEmail: true };
  expect(problemsWith(withValues(store, values))).toMatchInlineSnapshot(`
    "parameters/tooling/artifact-store.json:4: ApproversEmail: found true (a boolean)
      rule:         must be a string: CloudFormation takes no other kind of value; must match .+@.+
      what to do:   correct the value (E-mail address of the approvers), as one string between quotes
    parameters/tooling/artifact-store.json:5: DevAccountId: found null
      rule:         must be a string: CloudFormation takes no other kind of value
      what to do:   correct the value (Id of the dev account), as one string between quotes
    parameters/tooling/artifact-store.json:6: TestAccountId: found a list
      rule:         must be a string: CloudFormation takes no other kind of value
      what to do:   correct the value (Id of the test account), as one string between quotes
    parameters/tooling/artifact-store.json:9: ProdAccountId: found an object
      rule:         must be a string: CloudFormation takes no other kind of value
      what to do:   correct the value (Id of the prod account), as one string between quotes"
  `);
});

test('refused: values at the top level', () => {
  expect(problemsWith({ [roles]: JSON.stringify(goodValues(threeEnvironments, roles)) })).toMatchInlineSnapshot(`
    "parameters/dev/deployment-roles.json:1: found an object with Region, EnvironmentName, ToolingAccountId
      rule:         the file must be {"Parameters": {"Name": "value", ...}}
      likely cause: the values stand at the top level
      what to do:   put the values into an object under the key Parameters"
  `);
});

test('refused: the list that other commands of the AWS CLI take', () => {
  const list = [{ ParameterKey: 'Region', ParameterValue: 'eu-west-1' }];
  expect(problemsWith({ [roles]: JSON.stringify(list) })).toMatchInlineSnapshot(`
    "parameters/dev/deployment-roles.json:1: found a list
      rule:         the file must be {"Parameters": {"Name": "value", ...}}
      likely cause: the form that \`aws cloudformation create-stack --parameters\` takes
      what to do:   write {"Parameters": {"Name": "value", ...}} instead of ParameterKey and ParameterValue"
  `);
});

test('refused: Parameters in small letters, Parameters that are a list, and no object at all', () => {
  const problems = ['{"parameters": {}}', '{"Parameters": []}', '{}', 'null'].map((text) =>
    problemsWith({ [roles]: text }),
  );
  expect(problems.join('\n')).toMatchInlineSnapshot(`
    "parameters/dev/deployment-roles.json:1: found an object with parameters
      rule:         the file must be {"Parameters": {"Name": "value", ...}}
      likely cause: a misspelling; did you mean Parameters instead of parameters?
      what to do:   correct the name
    parameters/dev/deployment-roles.json:1: Parameters: found a list
      rule:         the file must be {"Parameters": {"Name": "value", ...}}
      what to do:   write an object of names and values
    parameters/dev/deployment-roles.json:1: found an empty object
      rule:         the file must be {"Parameters": {"Name": "value", ...}}
      what to do:   put the values into an object under the key Parameters
    parameters/dev/deployment-roles.json:1: found null
      rule:         the file must be {"Parameters": {"Name": "value", ...}}
      what to do:   write an object"
  `);
});

test('refused: keys beside Parameters', () => {
  const content = { Parameters: goodValues(threeEnvironments, roles), Tags: {}, Region: 'eu-west-1' };
  expect(problemsWith({ [roles]: JSON.stringify(content, null, 2) })).toMatchInlineSnapshot(`
    "parameters/dev/deployment-roles.json:7: Tags: found a key beside Parameters
      rule:         the file must hold the key Parameters and no other: stack tags reach every resource, and so update even those that must never change
      what to do:   remove it
    parameters/dev/deployment-roles.json:8: Region: found a key beside Parameters
      rule:         the file must hold the key Parameters and no other
      likely cause: a parameter that stands outside of Parameters
      what to do:   move it into Parameters"
  `);
});

test('refused: a file that is not JSON, with its line and column', () => {
  const text = fileOf(goodValues(threeEnvironments, roles)).replace('"dev",', '"dev"');
  expect(problemsWith({ [roles]: text })).toMatchInlineSnapshot(`
    "parameters/dev/deployment-roles.json:5:5: found text
      rule:         not JSON: a comma must stand between two entries
      what to do:   add a comma at the end of line 4"
  `);
});

test('refused: a missing file', () => {
  expect(problemsWith({ [roles]: undefined })).toMatchInlineSnapshot(`
    "parameters/dev: found no files
      rule:         templates-src/topology.ts has the environment dev
      what to do:   run \`npm run configure\`, which makes them"
  `);
});

test('refused: a file whose name is misspelled', () => {
  const misnamed = { [roles]: undefined, 'dev/deployment-role.json': fileOf(goodValues(threeEnvironments, roles)) };
  expect(problemsWith(misnamed)).toMatchInlineSnapshot(`
    "parameters/dev/deployment-roles.json: found no such file
      rule:         the stack route-to-live-dev-deployment-roles needs it for Region, EnvironmentName, ToolingAccountId
      likely cause: a misspelled name: there is parameters/dev/deployment-role.json
      what to do:   rename that file"
  `);
});

test('refused: files of an environment and of a template that are gone, and one beside the folders', () => {
  const strays = { 'staging/deployment-roles.json': '{}', 'dev/network.json': '{}', 'values.json': '{}' };
  expect(problemsWith(strays)).toMatchInlineSnapshot(`
    "parameters/staging: found files of an environment that templates-src/topology.ts does not have
      rule:         the environments are dev, test, prod
      likely cause: it was renamed, or removed
      what to do:   run \`npm run configure\`, which moves them, or tells how to remove them
    parameters/dev/network.json: found a file that no stack reads
      rule:         the stacks of dev read deployment-roles.json
      likely cause: a template that was removed or renamed
      what to do:   remove it, or move it to where it is read
    parameters/values.json: found a file that no stack reads
      rule:         files stand in the folders tooling, dev, test, prod
      what to do:   remove it, or move it to where it is read"
  `);
});

test('files that are not JSON by name are nobody else’s business', () => {
  expect(problemsWith({ 'README.md': 'notes', 'dev/.gitkeep': '' })).toBe('');
});

test('every problem of every file is reported at once, file by file and line by line', () => {
  const problems = problemsWith({
    ...withValues(store, { DevAccountId: '1', TestAccountId: '2' }),
    ...withValues(roles, { EnvironmentName: 'prod' }),
    'test/deployment-roles.json': '{',
    'prod/deployment-roles.json': undefined,
  });
  expect(problems.split('\n').filter((line) => !line.startsWith(' '))).toMatchInlineSnapshot(`
    [
      "parameters/tooling/artifact-store.json:5: DevAccountId: found "1"",
      "parameters/tooling/artifact-store.json:6: TestAccountId: found "2"",
      "parameters/dev/deployment-roles.json:4: EnvironmentName: found "prod"",
      "parameters/test/deployment-roles.json:1:2: found the end of the file",
      "parameters/prod: found no files",
    ]
  `);
});

test('a stack that needs no values needs no file', () => {
  const declarations = declarationsOf(threeEnvironments);
  const optional = { Type: 'String', Description: 'Size', Default: 'small' } as const;
  const key = { Type: 'String', Description: 'ARN of the key' } as const;
  declarations.set('environment/deployment-roles', { Size: optional, ArtifactKeyArn: key });
  const tree = new Map([[store, Buffer.from(fileOf(goodValues(threeEnvironments, store)))]]);
  expect(checkParameters(threeEnvironments, declarations, tree, 'parameters').problems).toEqual([]);
});

test('a stack without a template is an error of the project', () => {
  const declarations = declarationsOf(threeEnvironments);
  declarations.delete('tooling/artifact-store');
  expect(() => checkParameters(threeEnvironments, declarations, new Map(), 'parameters')).toThrow(
    'route-to-live-artifact-store: no template tooling/artifact-store',
  );
});

test('account ids of one repeated digit are pointed out', () => {
  const tree = treeOf(threeEnvironments, withValues(store, { DevAccountId: '022222222222' }));
  const checked = checkParameters(threeEnvironments, declarationsOf(threeEnvironments), tree, 'parameters');
  expect(madeUpAccountIds(checked)).toEqual(['333333333333', '444444444444', '111111111111']);
});

test('a folder is read with all that lies below it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parameter-files-'));
  try {
    expect(readFileTree(join(folder, 'nothing'))).toEqual(new Map());
    mkdirSync(join(folder, 'dev'));
    writeFileSync(join(folder, 'dev', 'b.json'), 'b');
    writeFileSync(join(folder, 'a.json'), 'a');
    expect(readFileTree(folder)).toEqual(
      new Map([
        ['a.json', Buffer.from('a')],
        ['dev/b.json', Buffer.from('b')],
      ]),
    );
    symlinkSync('nowhere', join(folder, 'broken.json'));
    expect(() => readFileTree(folder)).toThrow('broken.json');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('what editors and systems leave in the folder is not read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parameter-files-'));
  try {
    mkdirSync(join(folder, 'dev'));
    writeFileSync(join(folder, 'dev', 'b.json'), 'b');
    // Emacs locks a file with a link to nowhere that says who edits it.
    symlinkSync('somebody@example.4711:1764225600', join(folder, 'dev', '.#b.json'));
    writeFileSync(join(folder, 'dev', '.b.json.swp'), 'x');
    writeFileSync(join(folder, '.DS_Store'), 'x');

    expect([...readFileTree(folder).keys()]).toEqual(['dev/b.json']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('everything that cannot be read is named, with what is in the way', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parameter-files-'));
  try {
    mkdirSync(join(folder, 'dev'));
    symlinkSync('../nowhere.json', join(folder, 'dev', 'a.json'));
    symlinkSync('..', join(folder, 'dev', 'around'));
    symlinkSync('self.json', join(folder, 'dev', 'self.json'));
    spawnSync('mkfifo', [join(folder, 'dev', 'pipe.json')]);
    writeFileSync(join(folder, 'dev', 'good.json'), '{}');
    let said = '';
    try {
      readFileTree(folder);
    } catch (error) {
      said = (error as UnreadableParameters).message;
      expect(error).toBeInstanceOf(UnreadableParameters);
    }

    expect(said).toContain(`${folder}/dev/a.json: found a link to ../nowhere.json, which does not exist\n`);
    expect(said).toContain(`${folder}/dev/around: found a link to .., which leads back to itself\n`);
    expect(said).toContain(`${folder}/dev/self.json: found a link to self.json, which leads back to itself\n`);
    expect(said).toContain(`${folder}/dev/pipe.json: found neither a file nor a folder\n`);
    expect(said).not.toContain('good.json');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('of a huge file no more is read than shows that it is too large', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parameter-files-'));
  try {
    const file = join(folder, 'huge.json');
    writeFileSync(file, '{');
    truncateSync(file, 20 * 1024 ** 3);

    expect(readFileTree(folder).get('huge.json')).toHaveLength(1024 * 1024 + 1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
