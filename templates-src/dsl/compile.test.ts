// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of CloudFormation, not of TypeScript
import { Fn } from 'cloudform-types';
import { describe, expect, test } from 'vitest';
import { LogGroup } from '../resources/logs';
import { Topic } from '../resources/sns';
import { Queue } from '../resources/sqs';
import { compile } from './compile';
import { Intrinsic } from './document';
import {
  and,
  contains,
  equals,
  findInMap,
  join,
  NoValue,
  not,
  Reference,
  Region,
  StackName,
  sub,
  when,
} from './intrinsics';
import { TemplateError } from './problems';
import { render } from './render';
import { type Parameter, type Template, template } from './template';

const text: Parameter = { Type: 'String', Label: 'Text', Description: 'Some text' };

/** The message of a build that is refused. */
function refusal(build: (t: Template) => void): string {
  const t = template('Refused');
  try {
    build(t);
    render(t, ['Header']);
  } catch (error) {
    expect(error).toBeInstanceOf(TemplateError);
    return (error as TemplateError).message;
  }
  throw new Error('the template was built');
}

/** A value that the types refuse. */
const untyped = (value: unknown) => value as never;

describe('a template is refused', () => {
  test('for a handle of another template', () => {
    const { Elsewhere } = template('Other').resources({ Elsewhere: Topic({}) });
    const message = refusal((t) => {
      t.resources({ Queue: Queue({ QueueName: sub`${Elsewhere.TopicName}-queue` }) });
      t.outputs({ Topic: { Description: 'The topic', Value: Elsewhere } });
    });
    expect(message).toMatchInlineSnapshot(`
      "Resources.Queue.Properties.QueueName: 'Elsewhere' is declared in another template; pass it on as an output and a parameter, or export and import it
      Outputs.Topic.Value: 'Elsewhere' is declared in another template; pass it on as an output and a parameter, or export and import it"
    `);
  });

  test('for a handle of another template, although it has one of the same name that nothing uses', () => {
    const { Name } = template('Other').parameters('Group', { Name: text });
    const message = refusal((t) => {
      t.parameters('Group', { Name: text });
      t.resources({ Topic: Topic({ TopicName: Name }) });
    });
    expect(message).toMatchInlineSnapshot(`
      "Resources.Topic.Properties.TopicName: 'Name' is declared in another template; pass it on as an output and a parameter, or export and import it
      Parameters.Name: nothing refers to this parameter; use it or remove it"
    `);
  });

  test('for parameters, mappings and conditions that nothing uses', () => {
    const message = refusal((t) => {
      const { Used } = t.parameters('Group', { Used: text, Unused: text });
      t.mappings({ Sizes: { dev: { Cpu: 256 } } });
      t.conditions({ IsProduction: equals(Used, 'prod') });
      t.resources({ Topic: Topic({ TopicName: Used }) });
    });
    expect(message).toMatchInlineSnapshot(`
      "Parameters.Unused: nothing refers to this parameter; use it or remove it
      Mappings.Sizes: nothing refers to this mapping; use it or remove it
      Conditions.IsProduction: nothing refers to this condition; use it or remove it"
    `);
  });

  test('for an id that is declared twice, also in two sections', () => {
    const message = refusal((t) => {
      const { Alarms } = t.parameters('Group', { Alarms: text });
      t.resources({ Alarms: Topic({ TopicName: Alarms }) });
      t.resource('Queue', Queue({}));
      t.resource('Queue', Queue({}));
      t.outputs({ Alarms: { Description: 'Outputs have names of their own', Value: Alarms } });
      t.outputs({ Alarms: { Description: 'But each once', Value: Alarms } });
    });
    expect(message).toMatchInlineSnapshot(`
      "Resources.Alarms: the logical id 'Alarms' is already declared in Parameters; choose another
      Resources.Queue: the logical id 'Queue' is already declared in Resources; choose another
      Outputs.Alarms: the logical id 'Alarms' is already declared in Outputs; choose another"
    `);
  });

  test('for an id with anything but letters and digits', () => {
    const message = refusal((t) => {
      t.resources({
        'Alarm-Topic': Topic({}),
        Überwachung: Topic({}),
        '': Topic({}),
        [`A${'b'.repeat(255)}`]: Topic({}),
      });
    });
    expect(message.replace(/b{255}/g, 'b…')).toMatchInlineSnapshot(`
      "Resources.Alarm-Topic: found the logical id 'Alarm-Topic', expected 1 to 255 letters and digits
      Resources.Überwachung: found the logical id 'Überwachung', expected 1 to 255 letters and digits
      Resources.: found the logical id '', expected 1 to 255 letters and digits
      Resources.Ab…: found the logical id 'Ab…', expected 1 to 255 letters and digits"
    `);
  });

  test('for functions that are written by hand or come from cloudform-types', () => {
    const message = refusal((t) => {
      t.resources({
        Topic: Topic({
          TopicName: untyped({ Ref: 'Name' }),
          DisplayName: untyped({ 'Fn::Sub': '${Name}' }),
          KmsMasterKeyId: untyped(Fn.GetAtt('Key', 'Arn')),
          Tags: [{ Key: 'Tier', Value: untyped(Fn.Ref('Tier')) }],
        }),
      });
    });
    expect(message).toMatchInlineSnapshot(`
      "Resources.Topic.Properties.TopicName: found { Ref: ... } written by hand; use the function of dsl/intrinsics, which checks what it refers to
      Resources.Topic.Properties.DisplayName: found { Fn::Sub: ... } written by hand; use the function of dsl/intrinsics, which checks what it refers to
      Resources.Topic.Properties.KmsMasterKeyId: found the function Fn::GetAtt, which the DSL did not make; use the one of dsl/intrinsics
      Resources.Topic.Properties.Tags[0].Value: found the function Ref, which the DSL did not make; use the one of dsl/intrinsics"
    `);
  });

  test('for a reference that no template declared', () => {
    const message = refusal((t) => {
      const Typo = new Reference('Nmae');
      t.resources({ Topic: Topic({ TopicName: Typo, DisplayName: sub`${new Reference('Key', 'Arn')}` }) });
    });
    expect(message).toMatchInlineSnapshot(`
      "Resources.Topic.Properties.TopicName: found a reference to 'Nmae' that no template declared
      Resources.Topic.Properties.DisplayName: found a reference to 'Key' that no template declared"
    `);
  });

  test('for values that YAML and CloudFormation have no form for', () => {
    const { Sizes } = template('Other').mappings({ Sizes: { dev: { Cpu: 256 } } });
    const message = refusal((t) => {
      t.resources({
        Topic: Topic({
          TopicName: untyped(undefined),
          DisplayName: untyped(null),
          Tags: [
            { Key: 'Date', Value: untyped(new Date(0)) },
            { Key: 'Function', Value: untyped(() => 'value') },
            { Key: 'Number', Value: untyped(Number.NaN) },
            { Key: 'Map', Value: untyped(new Map()) },
            { Key: 'Mapping', Value: untyped(Sizes) },
            { Key: 'Symbol', Value: untyped(Symbol('value')) },
          ],
        }),
      });
    });
    expect(message).toMatchInlineSnapshot(`
      "Resources.Topic.Properties.TopicName: found undefined, expected a string, number, boolean, list or object
      Resources.Topic.Properties.DisplayName: found null, expected a string, number, boolean, list or object
      Resources.Topic.Properties.Tags[0].Value: found a Date, expected a string, number, boolean, list or object
      Resources.Topic.Properties.Tags[1].Value: found a function, expected a string, number, boolean, list or object
      Resources.Topic.Properties.Tags[2].Value: found NaN, expected a string, number, boolean, list or object
      Resources.Topic.Properties.Tags[3].Value: found a Map, expected a string, number, boolean, list or object
      Resources.Topic.Properties.Tags[4].Value: found a MappingHandle, expected a string, number, boolean, list or object
      Resources.Topic.Properties.Tags[5].Value: found Symbol(value), expected a string, number, boolean, list or object"
    `);
  });

  test('for a resource that a condition or a rule asks about: it does not exist yet', () => {
    const message = refusal((t) => {
      const { Alarms } = t.resources({ Alarms: Topic({}) });
      const { HasAlarms } = t.conditions({ HasAlarms: equals(Alarms.TopicName, 'alarms') });
      t.rules({
        Exists: { Assertions: [{ Assert: not(equals(Alarms, '')), AssertDescription: 'There is no topic' }] },
      });
      t.resources({ Queue: Queue({}, { Condition: HasAlarms }) });
    });
    expect(message).toMatchInlineSnapshot(`
      "Rules.Exists.Assertions[0].Assert.Not[0].Equals[0]: 'Alarms' is a resource, which doesn't exist yet when conditions and rules are evaluated; they know parameters only
      Conditions.HasAlarms.Equals[0]: 'Alarms' is a resource, which doesn't exist yet when conditions and rules are evaluated; they know parameters only"
    `);
  });

  test('when it has no resource', () => {
    expect(refusal(() => {})).toMatchInlineSnapshot(`"Resources: found none, CloudFormation needs at least one"`);
  });

  test('for all of its problems at once, each with its path', () => {
    const message = refusal((t) => {
      t.parameters('Group', { Unused: text });
      t.resources({
        Logs: LogGroup({ LogGroupName: untyped({ Ref: 'Name' }) }),
        'Log-Group': LogGroup({ LogGroupName: 'x'.repeat(60_000) }),
      });
    });
    expect(message).toMatchInlineSnapshot(`
      "Resources.Log-Group: found the logical id 'Log-Group', expected 1 to 255 letters and digits
      Resources.Logs.Properties.LogGroupName: found { Ref: ... } written by hand; use the function of dsl/intrinsics, which checks what it refers to
      Parameters.Unused: nothing refers to this parameter; use it or remove it
      template: bytes of YAML: found 60,515, CloudFormation takes 51,200 with a request; have fewer environments, or split the template in two"
    `);
  });
});

test('a template compiles to its sections in order, with functions, bare ids and exports', () => {
  const t = template('Whole');
  const { Name, Zones } = t.parameters('First', {
    Name: { ...text, Default: 'dev' },
    Zones: { Type: 'CommaDelimitedList', Label: 'Zones', Description: 'Zones' },
  });
  const { Secret } = t.parameters('Second', { Secret: { ...text, NoEcho: true } });
  t.parameters('First', { Last: text });
  const { Sizes } = t.mappings({ Sizes: { dev: { Seconds: 60 } } });
  const { IsProduction, IsLarge } = t.conditions({
    IsProduction: equals(Name, 'prod'),
    IsLarge: not(equals(Secret, '')),
  });
  const { Both } = t.conditions({ Both: and(IsProduction, IsLarge) });
  t.rules({
    KnownZone: {
      RuleCondition: equals(Name, 'prod'),
      Assertions: [{ Assert: contains(Zones, 'a'), AssertDescription: 'Zone a is missing' }],
    },
  });
  const { Alarms } = t.resources({ Alarms: Topic({}, { DeletionPolicy: 'Retain', Condition: Both }) });
  t.resources({
    Orders: Queue(
      {
        QueueName: when(IsProduction, sub`${Name}-orders`, NoValue),
        VisibilityTimeout: findInMap(Sizes, Name, 'Seconds'),
        Tags: [{ Key: 'Zones', Value: join(',', Zones) }],
      },
      { DependsOn: [Alarms], Metadata: { Comment: sub`${'plain text'}` }, Condition: IsLarge },
    ),
    Later: Topic({ TopicName: t.parameters('Second', { Topic: text }).Topic }, { DependsOn: Alarms }),
  });
  t.outputs({
    Topic: { Description: 'The topic', Value: Alarms.TopicName, Exported: true, Condition: Both },
    Where: { Description: 'Where it is', Value: sub`${Region}/${StackName}` },
    Last: { Description: 'The last parameter', Value: new Reference('Last', undefined, t) },
  });

  const document = compile(t);
  expect(Object.keys(document)).toEqual([
    'AWSTemplateFormatVersion',
    'Description',
    'Metadata',
    'Parameters',
    'Mappings',
    'Rules',
    'Conditions',
    'Resources',
    'Outputs',
  ]);
  expect(document.Metadata).toMatchInlineSnapshot(`
    {
      "AWS::CloudFormation::Interface": {
        "ParameterGroups": [
          {
            "Label": {
              "default": "First",
            },
            "Parameters": [
              "Name",
              "Zones",
              "Last",
            ],
          },
          {
            "Label": {
              "default": "Second",
            },
            "Parameters": [
              "Secret",
              "Topic",
            ],
          },
        ],
        "ParameterLabels": {
          "Last": {
            "default": "Text",
          },
          "Name": {
            "default": "Text",
          },
          "Secret": {
            "default": "Text",
          },
          "Topic": {
            "default": "Text",
          },
          "Zones": {
            "default": "Zones",
          },
        },
      },
    }
  `);
  expect(document.Conditions).toEqual({
    IsProduction: new Intrinsic('Equals', [new Intrinsic('Ref', 'Name'), 'prod']),
    IsLarge: new Intrinsic('Not', [new Intrinsic('Equals', [new Intrinsic('Ref', 'Secret'), ''])]),
    Both: new Intrinsic('And', [new Intrinsic('Condition', 'IsProduction'), new Intrinsic('Condition', 'IsLarge')]),
  });
  expect(document.Resources).toMatchInlineSnapshot(`
    {
      "Alarms": {
        "Condition": "Both",
        "DeletionPolicy": "Retain",
        "Type": "AWS::SNS::Topic",
      },
      "Later": {
        "DependsOn": "Alarms",
        "Properties": {
          "TopicName": Intrinsic {
            "argument": "Topic",
            "functionName": "Ref",
          },
        },
        "Type": "AWS::SNS::Topic",
      },
      "Orders": {
        "Condition": "IsLarge",
        "DependsOn": [
          "Alarms",
        ],
        "Metadata": {
          "Comment": "plain text",
        },
        "Properties": {
          "QueueName": Intrinsic {
            "argument": [
              "IsProduction",
              Intrinsic {
                "argument": "\${Name}-orders",
                "functionName": "Sub",
              },
              Intrinsic {
                "argument": "AWS::NoValue",
                "functionName": "Ref",
              },
            ],
            "functionName": "If",
          },
          "Tags": [
            {
              "Key": "Zones",
              "Value": Intrinsic {
                "argument": [
                  ",",
                  Intrinsic {
                    "argument": "Zones",
                    "functionName": "Ref",
                  },
                ],
                "functionName": "Join",
              },
            },
          ],
          "VisibilityTimeout": Intrinsic {
            "argument": [
              "Sizes",
              Intrinsic {
                "argument": "Name",
                "functionName": "Ref",
              },
              "Seconds",
            ],
            "functionName": "FindInMap",
          },
        },
        "Type": "AWS::SQS::Queue",
      },
    }
  `);
  expect(document.Outputs).toMatchInlineSnapshot(`
    {
      "Last": {
        "Description": "The last parameter",
        "Value": Intrinsic {
          "argument": "Last",
          "functionName": "Ref",
        },
      },
      "Topic": {
        "Condition": "Both",
        "Description": "The topic",
        "Export": {
          "Name": Intrinsic {
            "argument": "\${AWS::StackName}:Topic",
            "functionName": "Sub",
          },
        },
        "Value": Intrinsic {
          "argument": "Alarms.TopicName",
          "functionName": "GetAtt",
        },
      },
      "Where": {
        "Description": "Where it is",
        "Value": Intrinsic {
          "argument": "\${AWS::Region}/\${AWS::StackName}",
          "functionName": "Sub",
        },
      },
    }
  `);
});
