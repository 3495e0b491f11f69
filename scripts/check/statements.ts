import type { TemplateMap, TemplateNode } from '../lib/template/document';
import type { Path } from '../lib/template/lines';
import { branches, isList, isMap, items, maps, text, texts } from '../lib/template/nodes';
import type { CheckedTemplate } from './template';

/**
 * What a policy decides: who may assume a role, what a role may do, who may do what with a resource, or what may pass
 * an endpoint of a VPC (which grants nothing by itself).
 */
export type PolicyKind = 'trust' | 'identity' | 'resource' | 'endpoint';

/** Who is meant; `*` is everyone. */
export interface Principal {
  readonly kind: 'AWS' | 'Service' | 'Federated' | 'CanonicalUser' | '*';
  readonly value: string;
}

/** One key of one operator of a condition. */
export interface ConditionEntry {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

/** A statement of a policy, with its values as text (see `text`). */
export interface Statement {
  readonly logicalId: string;
  readonly path: Path;
  readonly kind: PolicyKind;
  /** Its Sid; where it has none, what it is. */
  readonly sid: string;
  /** How messages name it. */
  readonly name: string;
  readonly allows: boolean;
  readonly actions: readonly string[];
  readonly hasNotAction: boolean;
  readonly resources: readonly string[];
  readonly principals: readonly Principal[];
  readonly hasNotPrincipal: boolean;
  readonly conditions: readonly ConditionEntry[];
}

/** All statements of a template, wherever they stand: in any object with a `Statement`. */
export function statementsOf({ document }: CheckedTemplate): readonly Statement[] {
  return Object.entries(document.Resources).flatMap(([logicalId, { Type, Properties = {} }]) => [
    ...policiesIn(Properties, ['Resources', logicalId, 'Properties']).flatMap(({ path, statements }) =>
      statements.map((statement) => read(logicalId, kindOf(Type, path), statement)),
    ),
    ...(Type === 'AWS::Lambda::Permission' ? [permission(logicalId, Properties)] : []),
  ]);
}

/** The operators that hold only when the request has the key, and its value fits. */
const demanding = /^(ForAnyValue:)?(String(Equals|Like|EqualsIgnoreCase)|Arn(Equals|Like))$/;

/** The entries of a condition that let through only the values they name. */
export const demands = ({ conditions }: Statement): readonly ConditionEntry[] =>
  conditions.filter(({ operator }) => demanding.test(operator));

interface StatementNode {
  readonly path: Path;
  readonly node: TemplateMap;
}

function policiesIn(
  node: TemplateNode,
  path: Path,
): readonly { readonly path: Path; readonly statements: readonly StatementNode[] }[] {
  if (isList(node)) {
    return node.flatMap((item, index) => policiesIn(item, [...path, index]));
  }
  if (!isMap(node)) {
    return [];
  }
  if (node.Statement !== undefined) {
    return [{ path, statements: statementNodes(node.Statement, [...path, 'Statement']) }];
  }
  return Object.entries(node).flatMap(([key, value]) => policiesIn(value, [...path, key]));
}

function statementNodes(node: TemplateNode, path: Path): readonly StatementNode[] {
  const list = isList(node) ? node : [node];
  return list.flatMap((item, index) =>
    branches(item)
      .filter(isMap)
      .map((statement) => ({ path: isList(node) ? [...path, index] : path, node: statement })),
  );
}

function kindOf(type: string, path: Path): PolicyKind {
  if (path.includes('AssumeRolePolicyDocument')) {
    return 'trust';
  }
  if (type === 'AWS::EC2::VPCEndpoint') {
    return 'endpoint';
  }
  return type.startsWith('AWS::IAM::') ? 'identity' : 'resource';
}

function read(logicalId: string, kind: PolicyKind, { path, node }: StatementNode): Statement {
  const sid = node.Sid === undefined ? String(Number(path.at(-1)) + 1) : text(node.Sid);
  return {
    logicalId,
    path,
    kind,
    sid,
    name: `statement ${sid}`,
    allows: node.Effect !== 'Deny',
    actions: texts(node.Action),
    hasNotAction: node.NotAction !== undefined,
    resources: texts(node.Resource),
    principals: principalsOf(node.Principal),
    hasNotPrincipal: node.NotPrincipal !== undefined,
    conditions: maps(node.Condition).flatMap((condition) =>
      Object.entries(condition).flatMap(([operator, keys]) =>
        maps(keys).flatMap((map) =>
          Object.entries(map).map(([key, values]) => ({ operator, key, values: texts(values) })),
        ),
      ),
    ),
  };
}

function principalsOf(node: TemplateNode | undefined): readonly Principal[] {
  return items(node).flatMap((branch): readonly Principal[] => {
    if (!isMap(branch)) {
      return [{ kind: '*', value: text(branch) }];
    }
    return Object.entries(branch).flatMap(([kind, values]) =>
      texts(values).map((value) => ({ kind: value === '*' ? '*' : (kind as Principal['kind']), value })),
    );
  });
}

/** A permission of Lambda is a statement of the function's policy; its conditions are properties. */
function permission(logicalId: string, properties: TemplateMap): Statement {
  const principal = text(properties.Principal);
  const condition = (operator: string, key: string, property: string): readonly ConditionEntry[] =>
    properties[property] === undefined ? [] : [{ operator, key, values: texts(properties[property]) }];
  return {
    logicalId,
    path: ['Resources', logicalId, 'Properties'],
    kind: 'resource',
    sid: 'permission',
    name: 'the permission',
    allows: true,
    actions: texts(properties.Action),
    hasNotAction: false,
    resources: texts(properties.FunctionName),
    principals: [
      { kind: principal === '*' ? '*' : principal.endsWith('.amazonaws.com') ? 'Service' : 'AWS', value: principal },
    ],
    hasNotPrincipal: false,
    conditions: [
      ...condition('StringEquals', 'aws:SourceAccount', 'SourceAccount'),
      ...condition('ArnLike', 'aws:SourceArn', 'SourceArn'),
      ...condition('StringEquals', 'aws:PrincipalOrgID', 'PrincipalOrgID'),
    ],
  };
}
