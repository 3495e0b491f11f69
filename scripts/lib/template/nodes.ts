import { substitute } from '../../../templates-src/dsl';
import type { TemplateMap, TemplateNode } from './document';

/** Values of templates whose intrinsic functions are not resolved. */

export const isMap = (node: TemplateNode | undefined): node is TemplateMap =>
  typeof node === 'object' && node !== null && !Array.isArray(node);

export const isList = (node: TemplateNode | undefined): node is readonly TemplateNode[] => Array.isArray(node);

/** What a value may be: both branches of every `Fn::If` in the place of the value itself, without `AWS::NoValue`. */
export function branches(node: TemplateNode | undefined): readonly TemplateNode[] {
  if (node === undefined || node === null) {
    return [];
  }
  if (isMap(node)) {
    const condition = node['Fn::If'];
    if (isList(condition)) {
      return condition.slice(1).flatMap(branches);
    }
    if (node.Ref === 'AWS::NoValue') {
      return [];
    }
  }
  return [node];
}

/** The values of a list, or the one value that stands in its place, with all branches. */
export const items = (node: TemplateNode | undefined): readonly TemplateNode[] =>
  branches(node).flatMap((branch) => (isList(branch) ? branch.flatMap(branches) : [branch]));

/** The maps among the values of a list. */
export const maps = (node: TemplateNode | undefined): readonly TemplateMap[] => items(node).filter(isMap);

/**
 * A value as text, with `<...>` in the place of what is only known when the stack is deployed: `<ArtifactKey.Arn>` for
 * an attribute, `<AWS.AccountId>` for a pseudo parameter. No colon stands between the brackets, so that the parts of an
 * ARN can be told apart.
 */
export function text(node: TemplateNode | undefined): string {
  if (!isMap(node)) {
    return node === undefined || node === null ? '' : String(node);
  }
  const [[name, argument] = ['', null]] = Object.entries(node);
  switch (name) {
    case 'Ref':
      return placeholder(String(argument));
    case 'Fn::GetAtt':
      return placeholder(isList(argument) ? argument.join('.') : String(argument));
    case 'Fn::Sub':
      return substituted(argument);
    case 'Fn::Join':
      if (isList(argument) && isList(argument[1])) {
        return argument[1].map(text).join(text(argument[0]));
      }
      return '<Join>';
    case 'Fn::ImportValue':
      return placeholder(`ImportValue ${text(argument)}`);
    default:
      return placeholder(name);
  }
}

/** The values of a list as text. */
export const texts = (node: TemplateNode | undefined): readonly string[] => items(node).map(text);

const placeholder = (content: string) => `<${content.replaceAll('::', '.').replaceAll(/[:<>]/g, ' ')}>`;

function substituted(argument: TemplateNode): string {
  const [template, variables] = isList(argument) ? argument : [argument, {}];
  return substitute(String(template), (name) => {
    const variable = isMap(variables) ? variables[name] : undefined;
    return variable === undefined ? placeholder(name) : text(variable);
  });
}
