// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of CloudFormation, not of TypeScript
import { expect, test } from 'vitest';
import type { TemplateNode } from './document';
import { branches, items, text, texts } from './nodes';

test.each<[TemplateNode, string]>([
  ['plain', 'plain'],
  [12, '12'],
  [false, 'false'],
  [null, ''],
  [{ Ref: 'Name' }, '<Name>'],
  [{ Ref: 'AWS::AccountId' }, '<AWS.AccountId>'],
  [{ 'Fn::GetAtt': 'Key.Arn' }, '<Key.Arn>'],
  [{ 'Fn::GetAtt': ['Key', 'Arn'] }, '<Key.Arn>'],
  [{ 'Fn::Sub': 'arn:${AWS::Partition}:s3:::${Bucket}/*' }, 'arn:<AWS.Partition>:s3:::<Bucket>/*'],
  [{ 'Fn::Sub': ['${Name}-${AWS::Region}', { Name: 'a' }] }, 'a-<AWS.Region>'],
  [{ 'Fn::Sub': '${!literal}' }, '${literal}'],
  [{ 'Fn::Join': ['-', ['a', { Ref: 'B' }]] }, 'a-<B>'],
  [{ 'Fn::ImportValue': 'stack:Key' }, '<ImportValue stack Key>'],
  [{ 'Fn::Select': [0, ['a']] }, '<Fn.Select>'],
])('%o reads as %s', (node, expected) => {
  expect(text(node)).toBe(expected);
});

test('a value may be each branch of Fn::If, at any depth, but never AWS::NoValue', () => {
  const nested = { 'Fn::If': ['A', 'one', { 'Fn::If': ['B', { Ref: 'AWS::NoValue' }, 'two'] }] };
  expect(branches(nested)).toEqual(['one', 'two']);
  expect(branches(undefined)).toEqual([]);
});

test('a list may be one value, or depend on a condition as a whole or in part', () => {
  expect(items('one')).toEqual(['one']);
  expect(texts(['one', { 'Fn::If': ['A', 'two', 'three'] }])).toEqual(['one', 'two', 'three']);
  expect(texts({ 'Fn::If': ['A', ['one', 'two'], ['three']] })).toEqual(['one', 'two', 'three']);
});
