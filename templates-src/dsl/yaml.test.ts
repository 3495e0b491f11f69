// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of CloudFormation, not of TypeScript
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Document, Intrinsic, type Node } from './document';
import { toYaml } from './yaml';

/** What a parser has to read back: the long forms of functions. */
function longForm(node: Node): unknown {
  if (node instanceof Intrinsic) {
    const { functionName, argument } = node;
    if (functionName === 'Ref' || functionName === 'Condition') {
      return { [functionName]: argument };
    }
    if (functionName === 'GetAtt') {
      const [id, ...attribute] = String(argument).split('.');
      return { 'Fn::GetAtt': [id, attribute.join('.')] };
    }
    return { [`Fn::${functionName}`]: longForm(argument) };
  }
  if (Array.isArray(node)) {
    return node.map(longForm);
  }
  return typeof node === 'object'
    ? Object.fromEntries(Object.entries(node).map(([key, entry]) => [key, longForm(entry)]))
    : node;
}

/** Parses texts with the parsers that stand between this project and AWS. */
function parse(texts: readonly string[]): Readonly<Record<'awscli' | 'cfn-lint', readonly unknown[]>> {
  const input = JSON.stringify(texts);
  return JSON.parse(
    execFileSync('python3', [join(__dirname, 'parse_yaml.py')], { input, encoding: 'utf8', maxBuffer: 2 ** 28 }),
  );
}

function expectToReadBack(documents: readonly Document[]): void {
  const texts = documents.map((document) => toYaml(document, ['Header']));
  const parsed = parse(texts);
  documents.forEach((document, index) => {
    expect(parsed.awscli[index], texts[index]).toEqual(longForm(document));
    expect(parsed['cfn-lint'][index], texts[index]).toEqual(longForm(document));
  });
}

/** Strings that some YAML parser, somewhere, takes for something else. */
const traps = [
  ...[
    '',
    ' ',
    ' a',
    'a ',
    '\ta',
    'a\n',
    'a\nb',
    '\na',
    'a\n\n',
    'a\n\nb\n',
    '  a\nb',
    'a \nb',
    'a\n  b',
    'a\\b',
    '"',
    "'",
  ],
  ...['012345678901', '123456789012', '0x1F', '0o17', '017', '0b1', '1_000', '1e3', '1.5e3', '.5', '5.', '+1', '-1'],
  ...['yes', 'Yes', 'no', 'on', 'OFF', 'y', 'N', 'true', 'False', 'null', 'Null', '~', '.inf', '.NaN', '=', '<<'],
  ...['2012-10-17', '2010-09-09', '2001-12-14t21:59:43.10-05:00', '12:30:45', '190:20:30'],
  ...[
    'a: b',
    'a:',
    ':a',
    'a #b',
    '#a',
    '- a',
    '-',
    '--- a',
    '---',
    '...',
    '? a',
    '!a',
    '!Ref a',
    '&a',
    '*a',
    '@a',
    '`a',
  ],
  ...['%a', '|', '>', '[a', 'a]', '{a', 'a}', 'a, b', ',a', '"a"', "it's", 'a"b', "{'a': 1}", '[]', '{}'],
  ...['${a}', '${!a}', '$', '{{resolve:ssm:a}}', 'arn:aws:s3:::a/*', '*', 's3:*', 'https://a.b/c?d=e&f#g'],
  ...['ü', '€', '😀', 'a\u00a0b', '\u0085', '\u2028', '\ufeffa', '\u0007', 'a'.repeat(300), `${'a '.repeat(150)}b`],
];

describe('the short forms', () => {
  test('stand wherever YAML allows them; a function directly in a function keeps its long form', () => {
    const ref = new Intrinsic('Ref', 'Name');
    const document: Document = {
      Conditions: {
        And: new Intrinsic('And', [new Intrinsic('Condition', 'Not'), new Intrinsic('Condition', 'Or')]),
        Equals: new Intrinsic('Equals', [ref, 'prod']),
        Not: new Intrinsic('Not', [new Intrinsic('Equals', [ref, ''])]),
        Or: new Intrinsic('Or', [new Intrinsic('Equals', [ref, 'a']), new Intrinsic('Equals', [ref, 'b'])]),
      },
      Rules: { Contains: { Assertions: [{ Assert: new Intrinsic('Contains', [['a', 'b'], ref]) }] } },
      Resources: {
        All: {
          Base64: new Intrinsic('Base64', 'text'),
          Base64OfFunction: new Intrinsic('Base64', new Intrinsic('Sub', '${Name}')),
          Cidr: new Intrinsic('Select', [1, new Intrinsic('Cidr', [new Intrinsic('GetAtt', 'Vpc.CidrBlock'), 6, 8])]),
          FindInMap: new Intrinsic('FindInMap', ['Sizes', ref, 'Cpu']),
          GetAtt: new Intrinsic('GetAtt', 'Key.Arn'),
          GetAZs: new Intrinsic('Select', [0, new Intrinsic('GetAZs', '')]),
          GetAZsOfFunction: new Intrinsic('GetAZs', ref),
          If: new Intrinsic('If', [
            'Not',
            new Intrinsic('If', ['And', 'a', ref]),
            new Intrinsic('Ref', 'AWS::NoValue'),
          ]),
          IfObject: new Intrinsic('If', ['Not', { Key: 'a', Value: ref }, new Intrinsic('Ref', 'AWS::NoValue')]),
          ImportValue: new Intrinsic('ImportValue', 'stack:Name'),
          ImportValueOfFunction: new Intrinsic('ImportValue', new Intrinsic('Sub', '${Name}:Id')),
          Join: new Intrinsic('Join', [', ', [ref, 'b', new Intrinsic('Sub', '${Name}-c')]]),
          JoinOfFunction: new Intrinsic('Join', ['-', new Intrinsic('Split', ['/', ref])]),
          LongJoin: new Intrinsic('Join', ['', ['a'.repeat(40), 'b'.repeat(40)]]),
          Ref: ref,
          Sub: new Intrinsic('Sub', 'arn:${AWS::Partition}:s3:::${Name}/*'),
          Transform: new Intrinsic('Transform', { Name: 'AWS::Include', Parameters: { Location: ref } }),
        },
      },
    };
    expect(toYaml(document, ['Header'])).toMatchInlineSnapshot(`
      "# Header
      Conditions:
        And: !And [!Condition Not, !Condition Or]

        Equals: !Equals [!Ref Name, prod]

        Not: !Not [!Equals [!Ref Name, '']]

        Or: !Or [!Equals [!Ref Name, a], !Equals [!Ref Name, b]]

      Rules:
        Contains:
          Assertions:
            - Assert:
                Fn::Contains:
                  - - a
                    - b
                  - !Ref Name

      Resources:
        All:
          Base64: !Base64 text
          Base64OfFunction:
            Fn::Base64: !Sub \${Name}
          Cidr: !Select [1, !Cidr [!GetAtt Vpc.CidrBlock, 6, 8]]
          FindInMap: !FindInMap [Sizes, !Ref Name, Cpu]
          GetAtt: !GetAtt Key.Arn
          GetAZs: !Select [0, !GetAZs '']
          GetAZsOfFunction:
            Fn::GetAZs: !Ref Name
          If: !If [Not, !If [And, a, !Ref Name], !Ref AWS::NoValue]
          IfObject: !If [Not, {Key: a, Value: !Ref Name}, !Ref AWS::NoValue]
          ImportValue: !ImportValue stack:Name
          ImportValueOfFunction:
            Fn::ImportValue: !Sub \${Name}:Id
          Join: !Join [', ', [!Ref Name, b, !Sub '\${Name}-c']]
          JoinOfFunction: !Join ['-', !Split [/, !Ref Name]]
          LongJoin: !Join
            - ''
            - - aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
              - bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
          Ref: !Ref Name
          Sub: !Sub arn:\${AWS::Partition}:s3:::\${Name}/*
          Transform: !Transform
            Name: AWS::Include
            Parameters:
              Location: !Ref Name
      "
    `);
    expectToReadBack([document]);
  });

  test('read back as what was written, however functions are nested and whatever their text is', () => {
    const random = randomFrom(20);
    const documents = Array.from(
      { length: 300 },
      (): Document => ({ Resources: { It: { Value: anyNode(random, 5) } } }),
    );
    expectToReadBack(documents);
  });
});

describe('text', () => {
  test('reads back as the same text, wherever it stands', () => {
    expectToReadBack(
      traps.map(
        (text): Document => ({
          Resources: {
            Plain: text,
            List: [text, text],
            Map: { [text]: text },
            Sub: new Intrinsic('Sub', text),
            Join: new Intrinsic('Join', [text, [text, text]]),
            InFlow: [{ Name: text }],
            InputArtifacts: [{ Name: text }],
          },
        }),
      ),
    );
  });

  test('is never folded, and has no anchors where a value occurs twice', () => {
    const long = `${'x '.repeat(200)}x`;
    const shared = { Statement: [long], List: [1, 2, 3] };
    const yaml = toYaml({ Resources: { A: shared, B: shared, C: [shared, shared] } }, ['Header']);
    expect(yaml).not.toMatch(/[&*][A-Za-z0-9]/);
    expect(yaml.split('\n').filter((line) => line.trim() === `- ${long}`)).toHaveLength(4);
    expectToReadBack([{ Resources: { A: shared, B: shared, C: [shared, shared] } }]);
  });
});

describe('the layout', () => {
  test('has the header, the authored order, and blank lines between sections and their entries', () => {
    const yaml = toYaml(
      {
        AWSTemplateFormatVersion: '2010-09-09',
        Description: 'Two lines:\n  the second is indented like an entry\nand the third is not',
        Parameters: { Zulu: { Type: 'String' }, Alpha: { Type: 'String' }, On: { Type: 'String' } },
        Mappings: { '443': { Yes: { a: 1 } } },
        Resources: {
          Topic: {
            Type: 'AWS::SNS::Topic',
            Properties: { Zeta: 'text\n\n  Alike: an entry\n', Alpha: [{ b: 1, a: 2 }] },
          },
          Empty: { Type: 'AWS::SNS::Topic' },
        },
      },
      ['Generated from a.ts.', 'Do not edit.'],
    );
    expect(yaml).toMatchInlineSnapshot(`
      "# Generated from a.ts.
      # Do not edit.
      AWSTemplateFormatVersion: '2010-09-09'
      Description: |-
        Two lines:
          the second is indented like an entry
        and the third is not

      Parameters:
        Zulu:
          Type: String

        Alpha:
          Type: String

        'On':
          Type: String

      Mappings:
        '443':
          'Yes':
            a: 1

      Resources:
        Topic:
          Type: AWS::SNS::Topic
          Properties:
            Zeta: |
              text

                Alike: an entry
            Alpha:
              - b: 1
                a: 2

        Empty:
          Type: AWS::SNS::Topic
      "
    `);
  });

  test('is the same for a template of any size', () => {
    const entries = (count: number) =>
      Object.fromEntries(
        Array.from({ length: count }, (_, index) => [`Id${index}`, { Properties: { Nested: [index] } }]),
      );
    const small = toYaml({ Resources: entries(2) }, ['Header']);
    const large = toYaml({ Resources: entries(5_000) }, ['Header']);
    expect(Buffer.byteLength(large)).toBeGreaterThan(250_000);
    expect(large.slice(0, small.length)).toBe(small);
  });
});

type Random = (below: number) => number;

/** A generator of the same numbers in every run (mulberry32), so that a failure can be repeated. */
function randomFrom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

function anyNode(random: Random, depth: number): Node {
  const text = () => traps[random(traps.length)] ?? '';
  const number = () => [0, 1, -1, 42, 0.1, 1e-7, 65_535, 2 ** 40][random(8)] ?? 0;
  const child = () => anyNode(random, depth - 1);
  /** Text, or a function that gives it: what most functions take. */
  const value = () => {
    const node = child();
    return node instanceof Intrinsic ? node : text();
  };
  const children = (least: number) => Array.from({ length: least + random(3) }, child);
  const call = (name: string, argument: Node) => new Intrinsic(name, argument);
  const leaves: readonly (() => Node)[] = [
    text,
    number,
    () => random(2) === 0,
    () => call('Ref', ['Name', 'AWS::Region'][random(2)] ?? ''),
    () => call('GetAtt', ['Key.Arn', 'Cluster.Endpoint.Address'][random(2)] ?? ''),
    () => call('Sub', text()),
    () => call('Condition', 'IsProduction'),
  ];
  const branches: readonly (() => Node)[] = [
    () => children(0),
    () => Object.fromEntries(children(1).map((node, index) => [`${text()}${index}`, node])),
    () => call('Base64', value()),
    () => call('ImportValue', value()),
    () => call('GetAZs', value()),
    () => call('Join', [text(), random(2) === 0 ? children(1) : call('Split', [text(), child()])]),
    () => call('Select', [number(), call('Cidr', [child(), 6, 8])]),
    () => call('FindInMap', ['Sizes', child(), text()]),
    () => call('If', ['IsProduction', child(), child()]),
    () => call('And', children(2)),
    () => call('Or', children(2)),
    () => call('Not', [child()]),
    () => call('Equals', [child(), text()]),
    () => call('Contains', [children(1), child()]),
    () => call('Transform', { Name: text(), Parameters: { Value: child() } }),
  ];
  const makers = depth > 0 && random(4) > 0 ? branches : leaves;
  return makers[random(makers.length)]?.() ?? '';
}
