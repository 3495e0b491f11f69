import { describe, expect, test } from 'vitest';
import { Topic } from '../resources/sns';
import { Queue } from '../resources/sqs';
import { ListReference } from './intrinsics';
import { retained } from './resources';
import { type ParameterDeclaration, template } from './template';

test('handles have the ids and attributes that were declared', () => {
  const t = template('Handles');
  const { Orders } = t.resources({ Orders: Queue({}) });
  expect([Orders.expression, Orders.Arn.expression, Orders.QueueName.expression]).toEqual([
    'Orders',
    'Orders.Arn',
    'Orders.QueueName',
  ]);
  expect(Orders.type).toBe('AWS::SQS::Queue');
  expect(t.resource('Derived', Topic({})).TopicName.expression).toBe('Derived.TopicName');
});

test.each<[ParameterDeclaration['Type'], boolean]>([
  ['String', false],
  ['Number', false],
  ['AWS::EC2::VPC::Id', false],
  ['AWS::SSM::Parameter::Value<String>', false],
  ['CommaDelimitedList', true],
  ['List<Number>', true],
  ['List<AWS::EC2::Subnet::Id>', true],
  ['AWS::SSM::Parameter::Value<List<String>>', true],
  ['AWS::SSM::Parameter::Value<CommaDelimitedList>', true],
])('a parameter of the type %s is a list: %s', (Type, isList) => {
  const { It } = template('Lists').parameters('Group', { It: { Type, Label: 'It', Description: 'It' } });
  expect(It instanceof ListReference).toBe(isList);
});

test('parameters are told as CloudFormation reads them, labels apart', () => {
  const t = template('Parameters');
  t.parameters('Accounts', {
    Tooling: { Type: 'String', Label: 'Tooling account', Description: 'Its id', MaxLength: 12 },
  });
  t.parameters('Network', { Cidr: { Type: 'String', Label: 'Range', Description: 'Its range' } });
  expect(t.parameterDeclarations).toEqual({
    Tooling: { Type: 'String', Description: 'Its id', MaxLength: 12 },
    Cidr: { Type: 'String', Description: 'Its range' },
  });
  expect([...t.parameterGroups]).toEqual([
    ['Accounts', ['Tooling']],
    ['Network', ['Cidr']],
  ]);
  expect([...t.parameterLabels.values()]).toEqual(['Tooling account', 'Range']);
});

describe('a resource', () => {
  test('is kept with its data by retained(), unless its creation fails', () => {
    const { DeletionPolicy, UpdateReplacePolicy, Properties } = retained(Topic({ TopicName: 'kept' }));
    expect({ DeletionPolicy, UpdateReplacePolicy, Properties }).toEqual({
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: { TopicName: 'kept' },
    });
  });

  test('has its attributes in one order, whatever order they were given in, and no empty properties', () => {
    const t = template('Order');
    const { First } = t.resources({ First: Topic({}) });
    t.resources({
      Second: Topic(
        {},
        { Metadata: { a: 1 }, UpdateReplacePolicy: 'Retain', DeletionPolicy: 'Retain', DependsOn: First },
      ),
    });
    const { Resources } = t.sections as { readonly Resources: Readonly<Record<string, object>> };
    expect(Object.keys(Resources.First ?? {})).toEqual(['Type']);
    expect(Object.keys(Resources.Second ?? {})).toEqual([
      'Type',
      'DependsOn',
      'DeletionPolicy',
      'UpdateReplacePolicy',
      'Metadata',
    ]);
  });
});
