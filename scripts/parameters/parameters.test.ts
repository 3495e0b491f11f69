import { expect, test } from 'vitest';
import type { ParameterDeclaration } from '../../templates-src/dsl';
import type { Stack } from '../../templates-src/model/stacks';
import {
  describeProblem,
  describeProblems,
  fileChecker,
  type ParameterDeclarations,
  parameterFileSchema,
  problemOfValue,
} from './parameters';

const text = (rules: Partial<ParameterDeclaration> = {}): ParameterDeclaration => ({
  Type: 'String',
  Description: 'Some text',
  ...rules,
});

const stack: Stack = {
  name: 'route-to-live-dev-example',
  template: 'environment/example',
  account: 'dev',
  parameters: 'parameters/dev/example.json',
  feeds: [{ parameter: 'KeyArn', stack: 'route-to-live-store', output: 'StoreKeyArn' }],
  deployedBy: 'deploy.sh',
};

/** The problems of a file with this content, as they are printed; every entry stands in a line of its own. */
function problemsOf(declarations: ParameterDeclarations, content: unknown): string[] {
  const source = (value: unknown) => JSON.stringify(value) ?? '';
  const lines = JSON.stringify(content, null, 2).split('\n');
  const at = (path: readonly string[]) => {
    const value = path.reduce<unknown>((parent, key) => (parent as Record<string, unknown>)?.[key], content);
    const index = path.length === 0 ? 0 : lines.findIndex((line) => line.trim().startsWith(`"${path.at(-1)}":`));
    return index < 0 ? undefined : { line: index + 1, source: source(value) };
  };
  const check = fileChecker(declarations, ['KeyArn']);
  return check(stack, { file: 'parameters/dev/example.json', content, at }).map(describeProblem);
}

const refusal = (declaration: ParameterDeclaration, value: string) => problemOfValue(declaration, value)?.rule;

test('the schema of a file follows the parameters of the template', () => {
  const declarations: ParameterDeclarations = {
    Name: text({ AllowedPattern: '[a-z]+', MinLength: 2, MaxLength: 5 }),
    Count: text({ Type: 'Number', Default: 1, MinValue: 0, MaxValue: 9 }),
    Zones: text({ Type: 'CommaDelimitedList', AllowedValues: ['a', 'b'] }),
    KeyArn: text(),
  };
  expect(parameterFileSchema(declarations, ['KeyArn'])).toEqual({
    type: 'object',
    required: ['Parameters'],
    additionalProperties: false,
    properties: {
      Parameters: {
        type: 'object',
        required: ['Name', 'Zones'],
        additionalProperties: false,
        properties: {
          Name: {
            description: 'Some text',
            type: 'string',
            allOf: [
              { pattern: '^(?:[a-z]+)$', description: 'must match [a-z]+' },
              { minLength: 2, description: 'must have at least 2 characters' },
              { maxLength: 5, description: 'must have at most 5 characters' },
            ],
          },
          Count: {
            description: 'Some text',
            type: 'string',
            allOf: [
              { pattern: expect.any(String), description: expect.stringMatching(/^must be a number/) },
              { minValue: 0, description: 'must be at least 0' },
              { maxValue: 9, description: 'must be at most 9' },
            ],
          },
          Zones: {
            description: 'Some text',
            type: 'string',
            listMembers: { type: 'string', allOf: [{ enum: ['a', 'b'], description: 'must be one of a, b' }] },
          },
        },
      },
    },
  });
});

test('a pattern has to match the whole value, whichever way it is written', () => {
  for (const AllowedPattern of ['[a-z]+|[0-9]+', '^([a-z]+|[0-9]+)$']) {
    expect(refusal(text({ AllowedPattern }), 'abc')).toBeUndefined();
    expect(refusal(text({ AllowedPattern }), '123')).toBeUndefined();
    expect(refusal(text({ AllowedPattern }), 'abc1')).toBe(`must match ${AllowedPattern}`);
    expect(refusal(text({ AllowedPattern }), '1abc')).toBe(`must match ${AllowedPattern}`);
    expect(refusal(text({ AllowedPattern }), 'abc\n')).toBe(`must match ${AllowedPattern}`);
  }
});

test('a pattern may have escapes that only Java asks for', () => {
  expect(refusal(text({ AllowedPattern: '[\\w\\-]+\\-\\d' }), 'a-b-1')).toBeUndefined();
});

test('a pattern that is not a regular expression is an error of the template', () => {
  expect(() => fileChecker({ Name: text({ AllowedPattern: '[a-z' }) }, [])).toThrow('Invalid regular expression');
});

test('the constraint description replaces the rules it describes, but not that of the type', () => {
  const port = text({ Type: 'Number', MinValue: 1, MaxValue: 65535, ConstraintDescription: 'a port' });
  expect(refusal(port, '0')).toBe('a port');
  expect(refusal(port, 'http')).toMatch(/^must be a number/);
});

/** What people write for a number, and what to write instead; undefined where it is right. */
test.each([
  ['5', undefined],
  ['-1', undefined],
  ['0', undefined],
  ['0.5', undefined],
  ['-0.5', undefined],
  ['2880', undefined],
  ['123456789012345', undefined],
  ['5.0', '5'],
  ['5.', '5'],
  ['.5', '0.5'],
  ['05', '5'],
  ['+5', '5'],
  ['-0', '0'],
  ['0.0', '0'],
  ['1e3', '1000'],
  ['1E3', '1000'],
  ['-1.5e3', '-1500'],
  ['1_000', '1000'],
  ['\uff11\uff10', '10'],
  [' 5', '5'],
  ['5\n', '5'],
  ['1e999', null],
  ['1e-999', null],
  ['Infinity', null],
  ['NaN', null],
  ['0x10', null],
  ['5d', null],
  ['five', null],
  ['', null],
  ['--5', null],
  ['1,000', null],
  ['9007199254740993', null],
  ['2880.0000000000001', null],
] as const)('the number %j: write %j', (value, meant) => {
  const problem = problemOfValue(text({ Type: 'Number' }), value);

  expect(problem === undefined).toBe(meant === undefined);
  if (typeof meant === 'string') {
    expect(problem).toMatchObject({ likelyCause: expect.any(String), whatToDo: `write "${meant}"` });
  } else if (meant === null) {
    expect(problem?.whatToDo).not.toMatch(/^write /);
  }
});

test.each(['2881', '2881.5', '1e999', '2.881e3', 'Infinity', '+2881', '02881', '1e308'])(
  'bounds hold for %j, however it is written',
  (value) => {
    expect(refusal(text({ Type: 'Number', MaxValue: 2880 }), value)).toMatch('must be at most 2880');
    expect(refusal(text({ Type: 'Number', MinValue: 0 }), `-${value.replace('+', '')}`)).toMatch('must be at least 0');
    expect(refusal(text({ Type: 'List<Number>', MaxValue: 2880 }), `1,${value}`)).toMatch('must be at most 2880');
  },
);

test.each([
  ['Number', '10', true],
  ['Number', '-1500.5', true],
  ['Number', '', false],
  ['Number', '1,5', false],
  ['Number', '0x10', false],
  ['List<Number>', '1, 2,3', true],
  ['List<Number>', '1,,3', false],
  ['AWS::EC2::VPC::Id', 'vpc-0a1b2c3d', true],
  ['AWS::EC2::VPC::Id', 'vpc-0a1b2c3d4e5f60718', true],
  ['AWS::EC2::VPC::Id', 'subnet-0a1b2c3d', false],
  ['List<AWS::EC2::Subnet::Id>', 'subnet-0a1b2c3d, subnet-1a1b2c3d', true],
  ['List<AWS::EC2::Subnet::Id>', 'subnet-0a1b2c3d,vpc-0a1b2c3d', false],
  ['AWS::EC2::KeyPair::KeyName', 'operators', true],
  ['AWS::EC2::KeyPair::KeyName', '', false],
  ['AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', '/aws/service/ami/latest:3', true],
  ['AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', 'the latest', false],
  ['AWS::SSM::Parameter::Name', '/example/name', true],
] as const)('the type %s with the value %j: %s', (Type, value, accepted) => {
  expect(refusal(text({ Type }), value) === undefined).toBe(accepted);
});

test('rules of a list hold for its members, without the white space around them', () => {
  const list = text({ Type: 'CommaDelimitedList', AllowedPattern: '[a-z]+' });
  expect(problemOfValue(list, 'a, b')).toBeUndefined();
  expect(problemOfValue(list, 'a, 1,2')).toMatchObject({ found: '"1" and "2" in "a, 1,2"', rule: 'must match [a-z]+' });
  expect(problemOfValue(list, 'a, B')).toMatchObject({
    likelyCause: 'capital letters',
    whatToDo: 'write "b" instead of "B"',
  });
});

test('a parameter with a default may be left out, and one that is fed has to be', () => {
  const declarations = { Size: text({ Default: 'small' }), KeyArn: text() };
  expect(problemsOf(declarations, { Parameters: {} })).toEqual([]);
  expect(problemsOf(declarations, { Parameters: { KeyArn: 'arn' } }).join('\n')).toMatchInlineSnapshot(`
    "parameters/dev/example.json:3: KeyArn: found a value in the file
      rule:         deploy.sh feeds KeyArn from the output StoreKeyArn of the stack route-to-live-store
      likely cause: a value that was copied from a stack; it would go stale here
      what to do:   remove it"
  `);
});

test('one value that breaks several rules is one problem', () => {
  const declarations = { Name: text({ AllowedPattern: '[a-z]+', MinLength: 3, AllowedValues: ['small', 'large'] }) };
  expect(problemsOf(declarations, { Parameters: { Name: '1' } }).join('\n')).toMatchInlineSnapshot(`
    "parameters/dev/example.json:3: Name: found "1"
      rule:         must match [a-z]+; must be one of small, large; must have at least 3 characters
      what to do:   correct the value (Some text)"
  `);
});

test('all problems of a file are reported at once', () => {
  const declarations = { A: text({ AllowedPattern: 'a' }), B: text(), C: text({ AllowedPattern: 'c' }) };
  const problems = problemsOf(declarations, { Tags: {}, Parameters: { C: 'x', Other: 'x', A: 'x' } });
  expect(problems.map((problem) => problem.split(': found')[0]).sort()).toEqual([
    'parameters/dev/example.json:2: Tags',
    'parameters/dev/example.json:3: B',
    'parameters/dev/example.json:4: C',
    'parameters/dev/example.json:5: Other',
    'parameters/dev/example.json:6: A',
  ]);
});

test('a misspelled parameter is reported once, as what was meant', () => {
  const declarations = { DevAccountId: text(), TestAccountId: text() };
  expect(
    problemsOf(declarations, { Parameters: { DevAcountId: '1', TestAccountId: '2' } }).join('\n'),
  ).toMatchInlineSnapshot(`
    "parameters/dev/example.json:3: DevAcountId: found a parameter that the template does not declare
      rule:         must be a parameter of environment/example: the AWS CLI would ignore any other, CodePipeline would refuse it
      likely cause: a misspelling; did you mean DevAccountId?
      what to do:   correct the name"
  `);
});

test('a name near that of a fed parameter is not taken for it', () => {
  const [problem] = problemsOf({ KeyArn: text(), Size: text({ Default: 'small' }) }, { Parameters: { KeyArm: 'arn' } });
  expect(problem).toContain('remove it; declared are Size');
});

test('a parameter named like a property of every object is undeclared all the same', () => {
  const content = JSON.parse('{"Parameters": {"__proto__": "x", "constructor": "x"}}');
  expect(problemsOf({ Size: text({ Default: 'small' }) }, content)).toHaveLength(2);
});

test('the value of a NoEcho parameter is never shown, whatever is wrong with it', () => {
  const secret = 'hunter2hunter2';
  const declarations = {
    Password: text({ NoEcho: true, AllowedPattern: '[a-z]+' }),
    Pin: text({ NoEcho: true, Type: 'Number', MaxValue: 9 }),
  };
  for (const value of [secret, ` ${secret}`, [secret], { secret }, secret.toUpperCase()]) {
    const problems = problemsOf(declarations, { Parameters: { Password: value, Pin: 271828 } });
    expect(problems).toHaveLength(2);
    expect(problems.join('\n').toLowerCase()).not.toContain(secret);
    expect(problems.join('\n')).not.toContain('271828');
  }
  // The name is misspelled, so nobody knows that the value is a secret.
  expect(problemsOf(declarations, { Parameters: { Pasword: secret, Pin: '1' } }).join()).not.toContain(secret);
});

test('of many problems not all are printed, but they are counted', () => {
  const problem = { file: 'dev.json', found: 'x', rule: 'y', whatToDo: 'z' };
  const said = (count: number) => describeProblems(Array(count).fill(problem));

  expect(said(50)).not.toContain('more');
  expect(said(51)).toMatch(/\n\.\.\. and 1 more problem$/);
  expect(said(40_000)).toMatch(/\n\.\.\. and 39950 more problems$/);
  expect(said(40_000).match(/found x/g)).toHaveLength(50);
});

test('a key that is no name is printed so that it cannot move the cursor, nor fill the screen', () => {
  const said = problemsOf({}, { Parameters: { 'a\u001b[2J': 'x', [`b${'c'.repeat(1000)}`]: 'x' } }).join('\n');

  expect(said).not.toContain('\u001b');
  expect(said).toContain('"a\\u001b[2J": found');
  expect(said).not.toContain('c'.repeat(300));
});
