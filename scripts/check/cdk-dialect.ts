import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseSubstitution } from '../../templates-src/dsl';
import type { TemplateMap, TemplateNode } from '../lib/template/document';
import { isList, isMap } from '../lib/template/nodes';
import type { CheckedTemplate } from './template';

/**
 * Writes templates as the CDK synthesises them, which is what the rules of Control Tower and of cdk-nag are written
 * for: JSON, `Fn::GetAtt` as a list, `Fn::Join` in the place of `Fn::Sub`, booleans of policy conditions as text. A rule
 * that compares a resource with `Fn::Join: ['', [Fn::GetAtt: [Bucket, Arn], '/*']]` would not recognise `Fn::Sub`. All
 * of it means the same to CloudFormation and to IAM.
 *
 * @returns the files by the path of their template
 */
export function writeInCdkDialect(templates: readonly CheckedTemplate[], folder: string): ReadonlyMap<string, string> {
  return new Map(
    templates.map(({ path, document }): [string, string] => {
      const file = join(folder, path.replace(/\.yaml$/, '.json'));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, JSON.stringify(inCdkDialect(document as unknown as TemplateMap)));
      return [path, file];
    }),
  );
}

/** A node of a template in the CDK's dialect. */
export function inCdkDialect(node: TemplateNode): TemplateNode {
  if (isList(node)) {
    return node.map(inCdkDialect);
  }
  if (!isMap(node)) {
    return node;
  }
  if (typeof node['Fn::GetAtt'] === 'string') {
    return getAtt(node['Fn::GetAtt']);
  }
  if (typeof node['Fn::Sub'] === 'string') {
    return joined(node['Fn::Sub']);
  }
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [
      key,
      /^Bool(IfExists)?$/.test(key) ? textOfBooleans(value) : inCdkDialect(value),
    ]),
  );
}

const getAtt = (expression: string): TemplateNode => {
  const dot = expression.indexOf('.');
  return { 'Fn::GetAtt': [expression.slice(0, dot), expression.slice(dot + 1)] };
};

function joined(template: string): TemplateNode {
  const parts = parseSubstitution(template).map((part): TemplateNode => {
    if (typeof part === 'string') {
      return part;
    }
    const { reference } = part;
    return reference.includes('.') ? getAtt(reference) : { Ref: reference };
  });
  const [only, ...others] = parts;
  return only !== undefined && others.length === 0 ? only : { 'Fn::Join': ['', parts] };
}

/** The keys of a `Bool` condition, with `"false"` for `false`. */
const textOfBooleans = (node: TemplateNode): TemplateNode =>
  isMap(node)
    ? Object.fromEntries(
        Object.entries(node).map(([key, value]) => [key, typeof value === 'boolean' ? String(value) : value]),
      )
    : node;
