// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of CloudFormation, not of TypeScript
import { expect, test } from 'vitest';
import { Topic } from '../resources/sns';
import { Region, type Substitution, sub } from './intrinsics';
import { template } from './template';

const t = template('Test');
const { Name } = t.parameters('Group', { Name: { Type: 'String', Label: 'Name', Description: 'A name' } });
const { Alarms } = t.resources({ Alarms: Topic({}) });

test.each<[string, Substitution, string]>([
  ['references', sub`arn:${Region}:${Name}/${Alarms.TopicName}`, 'arn:${AWS::Region}:${Name}/${Alarms.TopicName}'],
  ['a reference alone', sub`${Alarms}`, '${Alarms}'],
  ['plain text put in', sub`${'a'}-${Name}-${'b'}`, 'a-${Name}-b'],
  ['another substitution', sub`<${sub`${Name}-${Region}`}>`, '<${Name}-${AWS::Region}>'],
  ['braces that are no reference', sub`{${Name}}`, '{${Name}}'],
  ['a dollar before a reference', sub`$${Name}`, '$${Name}'],
])('a substitution writes %s', (_, { text }, expected) => {
  expect(text).toBe(expected);
});

test.each<[string, Substitution, string]>([
  ['in the template', sub`\${HOME}/${Name}`, '${!HOME}/${Name}'],
  ['in text put in', sub`${'${HOME}'}/${Name}`, '${!HOME}/${Name}'],
  ['in another substitution', sub`${sub`\${A}${Name}`}\${B}`, '${!A}${Name}${!B}'],
  ['split between text and what is put in', sub`$${'{HOME}'}/${Name}`, '${!HOME}/${Name}'],
  ['split between two values', sub`${'$'}${'{HOME}'}/${Name}`, '${!HOME}/${Name}'],
  ['split between text and another substitution', sub`$${sub`{A}${Name}`}`, '${!A}${Name}'],
])('plain text that looks like a reference is escaped: %s', (_, { text }, expected) => {
  expect(text).toBe(expected);
});

test('a substitution knows every reference in it, also those of other substitutions', () => {
  const { references } = sub`${Name}-${sub`${Alarms.TopicName}`}-${Region}`;
  expect(references.map(({ expression }) => expression)).toEqual(['Name', 'Alarms.TopicName', 'AWS::Region']);
});

test('a handle shows what it refers to and not the template behind it', () => {
  expect(JSON.stringify([Alarms, Alarms.TopicName])).toBe('[{"Ref":"Alarms"},{"Fn::GetAtt":["Alarms","TopicName"]}]');
  expect(Object.keys(Alarms.TopicName)).not.toContain('owner');
});
