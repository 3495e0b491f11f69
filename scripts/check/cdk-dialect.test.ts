// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of CloudFormation, not of TypeScript
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { TemplateNode } from '../lib/template/document';
import { inCdkDialect, writeInCdkDialect } from './cdk-dialect';
import { templateOf } from './rule.fixture';

const arn = { 'Fn::GetAtt': ['Bucket', 'Arn'] };

test.each<[TemplateNode, TemplateNode]>([
  ['plain', 'plain'],
  [{ 'Fn::GetAtt': 'Bucket.Arn' }, arn],
  [{ 'Fn::GetAtt': 'Nested.Outputs.Arn' }, { 'Fn::GetAtt': ['Nested', 'Outputs.Arn'] }],
  [{ 'Fn::Sub': '${Bucket.Arn}/*' }, { 'Fn::Join': ['', [arn, '/*']] }],
  [{ 'Fn::Sub': '${Bucket}' }, { Ref: 'Bucket' }],
  [{ 'Fn::Sub': 'a${!b}${C}' }, { 'Fn::Join': ['', ['a${b}', { Ref: 'C' }]] }],
  [{ 'Fn::Sub': ['${a}', { a: 1 }] }, { 'Fn::Sub': ['${a}', { a: 1 }] }],
  [{ Bool: { 'aws:SecureTransport': false } }, { Bool: { 'aws:SecureTransport': 'false' } }],
  [{ Enabled: false }, { Enabled: false }],
  [[{ 'Fn::If': ['A', { 'Fn::GetAtt': 'Bucket.Arn' }, 1] }], [{ 'Fn::If': ['A', arn, 1] }]],
])('%o becomes %o', (node, expected) => {
  expect(inCdkDialect(node)).toEqual(expected);
});

test('templates are written as JSON, by the path they have', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cdk-dialect-'));
  try {
    const template = templateOf({ Topic: { Type: 'AWS::SNS::Topic' } }, 'tooling/topic.yaml');
    const files = writeInCdkDialect([template], folder);
    const file = files.get('tooling/topic.yaml') ?? '';
    expect(file).toBe(join(folder, 'tooling', 'topic.json'));
    expect(JSON.parse(readFileSync(file, 'utf8')).Resources).toEqual({ Topic: { Type: 'AWS::SNS::Topic' } });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
