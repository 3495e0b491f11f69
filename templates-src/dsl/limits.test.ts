// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of CloudFormation, not of TypeScript
import { describe, expect, test } from 'vitest';
import { type Document, Intrinsic, type Node } from './document';
import { limitProblems, limits, sizeProblems } from './limits';

const topic = { Type: 'AWS::SNS::Topic' };
const many = (count: number, entry: Node = topic): Record<string, Node> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`Id${index}`, entry]));

/** The problems of a template with one resource. */
const problemsOf = (Type: string, Properties: Record<string, Node>, Parameters: Record<string, Node> = {}) =>
  messages({ Parameters, Resources: { It: { Type, Properties } } });
const messages = (document: Document) => limitProblems(document).map(({ path, message }) => `${path}: ${message}`);

/** A policy document that has about as many characters as it is told, with nothing to resolve. */
function policyOf(characters: number): Record<string, Node> {
  const statement = { Sid: 'Read', Effect: 'Allow', Action: 's3:GetObject', Resource: '' };
  const empty = JSON.stringify({ Version: '2012-10-17', Statement: [statement] }).length;
  return { Version: '2012-10-17', Statement: [{ ...statement, Resource: 'x'.repeat(characters - empty) }] };
}

const action = (configuration: Record<string, Node>): Node => ({ Name: 'Action', Configuration: configuration });
const stages = (count: number, actions = 1): Node =>
  Array.from({ length: count }, () => ({ Actions: Array.from({ length: actions }, () => action({})) }));

describe('a template that is within every limit has no problem', () => {
  test.each<[string, string, Record<string, Node>]>([
    ['trust policy', 'AWS::IAM::Role', { AssumeRolePolicyDocument: policyOf(limits.trustPolicy - 50) }],
    ['inline policies', 'AWS::IAM::Role', { Policies: [{ PolicyDocument: policyOf(10_000) }] }],
    ['attached policies', 'AWS::IAM::Role', { ManagedPolicyArns: Array(10).fill('arn') }],
    ['name of a role', 'AWS::IAM::Role', { RoleName: 'x'.repeat(64) }],
    ['managed policy', 'AWS::IAM::ManagedPolicy', { PolicyDocument: policyOf(limits.managedPolicy - 50) }],
    ['bucket policy', 'AWS::S3::BucketPolicy', { PolicyDocument: policyOf(limits.bucketPolicy - 50) }],
    ['key policy', 'AWS::KMS::Key', { KeyPolicy: policyOf(limits.keyPolicy - 50) }],
    ['stages and actions', 'AWS::CodePipeline::Pipeline', { Stages: stages(50, 50) }],
    [
      'configuration value',
      'AWS::CodePipeline::Pipeline',
      { Stages: [{ Actions: [action({ Text: 'x'.repeat(1_000) })] }] },
    ],
  ])('%s', (_, type, properties) => {
    expect(problemsOf(type, properties)).toEqual([]);
  });

  test('numbers of declarations', () => {
    const document = {
      Description: 'x'.repeat(1_024),
      Parameters: many(200),
      Mappings: many(200),
      Resources: many(500),
      Outputs: many(200),
    };
    expect(messages(document)).toEqual([]);
    expect(sizeProblems('x'.repeat(51_200), false)).toEqual([]);
    expect(sizeProblems('x'.repeat(1_000_000), true)).toEqual([]);
  });
});

describe('a template that is past a limit is refused with path, found and allowed', () => {
  test('bytes of the template, not characters', () => {
    expect(sizeProblems('x'.repeat(51_201), false)).toMatchInlineSnapshot(`
      [
        {
          "message": "bytes of YAML: found 51,201, CloudFormation takes 51,200 with a request; have fewer environments, or split the template in two",
          "path": "template",
        },
      ]
    `);
    expect(sizeProblems('€'.repeat(17_067), false)).toHaveLength(1);
    expect(sizeProblems('x'.repeat(1_000_001), true)).toEqual([
      { path: 'template', message: expect.stringContaining('found 1,000,001, CloudFormation takes 1,000,000 from a') },
    ]);
  });

  test('numbers of declarations, and bytes of the description', () => {
    const document = {
      Description: '€'.repeat(342),
      Parameters: many(201),
      Mappings: many(201),
      Resources: many(501),
      Outputs: many(201),
    };
    expect(messages(document)).toMatchInlineSnapshot(`
      [
        "Description: bytes of the description: found 1,026, AWS allows 1,024; shorten it",
        "Parameters: entries: found 201, AWS allows 200; split the template in two",
        "Mappings: entries: found 201, AWS allows 200; split the template in two",
        "Resources: entries: found 501, AWS allows 500; split the template in two",
        "Outputs: entries: found 201, AWS allows 200; split the template in two",
      ]
    `);
  });

  test('trust policy', () => {
    const problems = problemsOf('AWS::IAM::Role', { AssumeRolePolicyDocument: policyOf(2_100) });
    expect(problems).toMatchInlineSnapshot(`
      [
        "Resources.It.Properties.AssumeRolePolicyDocument: characters of the policy (about): found 2,107, AWS allows 2,048; name fewer principals",
      ]
    `);
  });

  test('inline policies of a role together', () => {
    const Policies = [{ PolicyDocument: policyOf(6_000) }, { PolicyDocument: policyOf(6_000) }];
    expect(problemsOf('AWS::IAM::Role', { Policies })).toMatchInlineSnapshot(`
      [
        "Resources.It.Properties.Policies: characters of the inline policies (about): found 12,014, AWS allows 10,240; merge statements, or move some to a managed policy",
      ]
    `);
    expect(problemsOf('AWS::IAM::Policy', { PolicyDocument: policyOf(10_300) })).toMatchInlineSnapshot(`
      [
        "Resources.It.Properties.PolicyDocument: characters of the policy (about): found 10,307, AWS allows 10,240; merge statements, or split it into managed policies",
      ]
    `);
  });

  test('name and attached policies of a role', () => {
    const properties = { RoleName: 'x'.repeat(65), ManagedPolicyArns: Array(11).fill('arn') };
    expect(problemsOf('AWS::IAM::Role', properties)).toMatchInlineSnapshot(`
      [
        "Resources.It.Properties.ManagedPolicyArns: policies: found 11, AWS allows 10; merge some",
        "Resources.It.Properties.RoleName: characters (about): found 65, AWS allows 64; shorten it",
      ]
    `);
  });

  test('managed policy', () => {
    expect(problemsOf('AWS::IAM::ManagedPolicy', { PolicyDocument: policyOf(6_200) })).toMatchInlineSnapshot(`
      [
        "Resources.It.Properties.PolicyDocument: characters of the policy (about): found 6,207, AWS allows 6,144; merge statements, or split it into two policies",
      ]
    `);
  });

  test('bucket policy', () => {
    expect(problemsOf('AWS::S3::BucketPolicy', { PolicyDocument: policyOf(20_600) })).toMatchInlineSnapshot(`
      [
        "Resources.It.Properties.PolicyDocument: characters of the policy (about): found 20,607, AWS allows 20,480; have fewer environments in one route to live",
      ]
    `);
  });

  test('key policy', () => {
    expect(problemsOf('AWS::KMS::Key', { KeyPolicy: policyOf(33_000) })).toMatchInlineSnapshot(`
      [
        "Resources.It.Properties.KeyPolicy: characters of the policy (about): found 33,007, AWS allows 32,768; have fewer environments in one route to live",
      ]
    `);
  });

  test('stages, actions of a stage, and a value of an action, ParameterOverrides for one', () => {
    const ParameterOverrides = JSON.stringify(
      Object.fromEntries(Array.from({ length: 80 }, (_, i) => [`Name${i}`, 'ab'])),
    );
    const Stages = [
      { Actions: Array.from({ length: 51 }, () => action({})) },
      { Actions: [action({}), action({ ParameterOverrides })] },
      ...(stages(49) as Node[]),
    ];
    expect(problemsOf('AWS::CodePipeline::Pipeline', { Stages })).toMatchInlineSnapshot(`
      [
        "Resources.It.Properties.Stages: stages: found 51, AWS allows 50; have fewer environments in one route to live",
        "Resources.It.Properties.Stages[0].Actions: actions: found 51, AWS allows 50; split the stage",
        "Resources.It.Properties.Stages[1].Actions[1].Configuration.ParameterOverrides: characters of the configuration value (about): found 1,111, AWS allows 1,000; move the content to a file",
      ]
    `);
  });

  test('every resource that is too large, at once', () => {
    const policy = { Type: 'AWS::IAM::ManagedPolicy', Properties: { PolicyDocument: policyOf(7_000) } };
    expect(limitProblems({ Resources: { First: policy, Second: policy } }).map(({ path }) => path)).toEqual([
      'Resources.First.Properties.PolicyDocument',
      'Resources.Second.Properties.PolicyDocument',
    ]);
  });
});

describe('what CloudFormation resolves counts with the length that it may get', () => {
  const nameOf = (RoleName: Node, parameters: Record<string, Node> = {}) =>
    problemsOf('AWS::IAM::Role', { RoleName }, parameters)[0]?.match(/found ([\d,]*\d)/)?.[1];

  test.each<[string, Node, string | undefined]>([
    ['an account id', new Intrinsic('Sub', `${'x'.repeat(53)}\${AWS::AccountId}`), '65'],
    ['a Region', new Intrinsic('Sub', `${'x'.repeat(51)}\${AWS::Region}`), '65'],
    ['a parameter with a longest length', new Intrinsic('Sub', `${'x'.repeat(45)}\${Longest}`), '65'],
    ['a parameter with a pattern that counts', new Intrinsic('Sub', `${'x'.repeat(53)}\${Counted}`), '65'],
    ['a parameter with another pattern', new Intrinsic('Sub', `x\${Patterned}`), '65'],
    ['a parameter with values', new Intrinsic('Sub', `${'x'.repeat(61)}\${Values}`), '65'],
    ['a parameter that may be anything', new Intrinsic('Sub', 'x${Anything}'), '65'],
    ['the longer branch of a condition', new Intrinsic('If', ['Long', 'x'.repeat(65), 'x']), '65'],
    ['text that looks like a reference', new Intrinsic('Sub', `${'x'.repeat(54)}\${!AWS::Region}`), '68'],
    ['a name that fits', new Intrinsic('Sub', '${Values}-${AWS::AccountId}-${AWS::Region}'), undefined],
  ])('%s', (_, name, found) => {
    const parameters = {
      Longest: { MaxLength: 20 },
      Counted: { AllowedPattern: '[0-9]{1,12}' },
      Patterned: { AllowedPattern: '[a-z]{2}-[a-z]+' },
      Values: { AllowedValues: ['dev', 'prod'] },
      Anything: {},
    };
    expect(nameOf(name, parameters)).toBe(found);
  });

  test('and is never taken for less than the JSON that IAM counts, nor for a tenth more', () => {
    const statements = Array.from({ length: 20 }, (_, index) => ({
      Sid: `Statement${index}`,
      Effect: 'Allow',
      Action: ['s3:GetObject', 's3:PutObject'],
      Resource: [`arn:aws:s3:::bucket-${index}`, `arn:aws:s3:::bucket-${index}/*`],
      Condition: { StringEquals: { 'aws:SourceAccount': '111111111111' }, Bool: { 'aws:SecureTransport': true } },
    }));
    const policy = { Version: '2012-10-17', Statement: [...statements, ...statements] };
    const real = JSON.stringify(policy).length;
    const [problem] = problemsOf('AWS::IAM::ManagedPolicy', { PolicyDocument: policy });
    const estimate = Number(problem?.match(/found ([\d,]*\d)/)?.[1]?.replace(',', ''));
    expect(estimate).toBeGreaterThanOrEqual(real);
    expect(estimate).toBeLessThan(real * 1.1);
  });
});
