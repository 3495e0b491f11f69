import { IntrinsicFunction } from 'cloudform-types/types/dataTypes';
import { type Document, Intrinsic, type Node } from './document';
import { frozenProblems } from './frozen-problems';
import { ConditionHandle, FunctionCall, MappingHandle, Name, Reference, Substitution } from './intrinsics';
import { limitProblems } from './limits';
import { policyProblems } from './policy-problems';
import { type Problem, TemplateError } from './problems';
import type { Template } from './template';

/** The keys of the map that CloudFormation itself would read as an intrinsic function. */
const looksIntrinsic = (keys: readonly string[]) =>
  keys.length === 1 && (keys[0] === 'Ref' || keys[0]?.startsWith('Fn::') === true);

/** A template as plain values, and what is wrong with it. */
export interface Compiled {
  /** Complete even when there are problems; then with empty strings where a value has no form. */
  readonly document: Document;
  readonly problems: readonly Problem[];
}

/**
 * Turns a template into plain values.
 *
 * @throws TemplateError with all problems at once, each with its path
 */
export function compile(template: Template): Document {
  const { document, problems } = examine(template);
  if (problems.length > 0) {
    throw new TemplateError(problems);
  }
  return document;
}

/**
 * Turns a template into plain values and checks what the types can't see: handles of other templates, declarations
 * that nothing uses, ids declared twice, intrinsic functions that the DSL did not make, values that YAML has no form
 * for, what makes a policy invalid or far too wide (`policy-problems.ts`), what has to be frozen (`frozen-problems.ts`),
 * and the limits of CloudFormation and of the services (`limits.ts`).
 */
export function examine(template: Template): Compiled {
  const problems: Problem[] = [...template.declarationProblems];
  const used = new Set<string>();
  const { sections } = template;

  const use = (path: string, { logicalId, owner }: { logicalId: string; owner: object | undefined }) => {
    if (owner === template) {
      used.add(logicalId);
      if (/^\.(Conditions|Rules)\./.test(path) && template.resourceIds.has(logicalId)) {
        const message = `'${logicalId}' is a resource, which doesn't exist yet when conditions and rules are evaluated; they know parameters only`;
        problems.push({ path, message });
      }
    } else if (owner !== undefined) {
      const message = `'${logicalId}' is declared in another template; pass it on as an output and a parameter, or export and import it`;
      problems.push({ path, message });
    } else if (!logicalId.startsWith('AWS::')) {
      problems.push({ path, message: `found a reference to '${logicalId}' that no template declared` });
    }
  };

  const intrinsic = (value: IntrinsicFunction, path: string): Node => {
    if (value instanceof Reference) {
      use(path, value);
      return value.attribute === undefined
        ? new Intrinsic('Ref', value.logicalId)
        : new Intrinsic('GetAtt', value.expression);
    }
    if (value instanceof Substitution) {
      for (const reference of value.references) {
        use(path, reference);
      }
      return value.references.length > 0 ? new Intrinsic('Sub', value.text) : value.parts.join('');
    }
    if (value instanceof Name) {
      use(path, value);
      return value.logicalId;
    }
    if (value instanceof ConditionHandle) {
      use(path, value);
      return new Intrinsic('Condition', value.logicalId);
    }
    if (value instanceof FunctionCall) {
      return new Intrinsic(value.functionName, plain(value.argument, `${path}.${value.functionName}`));
    }
    const [name] = Object.keys(value.toJSON());
    problems.push({
      path,
      message: `found the function ${name}, which the DSL did not make; use the one of dsl/intrinsics`,
    });
    return '';
  };

  const object = (value: object, path: string): Node => {
    const entries = Object.entries(value);
    if (looksIntrinsic(Object.keys(value))) {
      const message = `found { ${entries[0]?.[0]}: ... } written by hand; use the function of dsl/intrinsics, which checks what it refers to`;
      problems.push({ path, message });
    }
    const result: Record<string, Node> = {};
    for (const [key, entry] of entries) {
      if (key === 'DependsOn' || (key === 'Condition' && entry instanceof ConditionHandle)) {
        // The two places where CloudFormation wants bare logical ids.
        result[key] = bareIds(entry, `${path}.${key}`);
      } else {
        result[key] = plain(entry, `${path}.${key}`);
      }
    }
    return result;
  };

  const bareIds = (value: unknown, path: string): Node => {
    if (Array.isArray(value)) {
      return value.map((entry, index) => bareIds(entry, `${path}[${index}]`));
    }
    if (value instanceof Reference || value instanceof ConditionHandle) {
      use(path, value);
      return value.logicalId;
    }
    return plain(value, path);
  };

  const plain = (value: unknown, path: string): Node => {
    if (typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) {
      return value as string | boolean | number;
    }
    if (Array.isArray(value)) {
      return value.map((entry, index) => plain(entry, `${path}[${index}]`));
    }
    if (value instanceof IntrinsicFunction) {
      return intrinsic(value, path);
    }
    // Nested property types of cloudform-types are classes, so a prototype alone doesn't tell an odd value.
    if (typeof value === 'object' && value !== null && !(value instanceof MappingHandle) && !isBuiltIn(value)) {
      return object(value, path);
    }
    problems.push({ path, message: `found ${describe(value)}, expected a string, number, boolean, list or object` });
    return '';
  };

  const document = plain(sections, '') as Document;
  const withoutDot = problems.map(({ path, message }) => ({ path: path.replace(/^\./, ''), message }));
  const unused = Object.entries({ Parameters: 'parameter', Mappings: 'mapping', Conditions: 'condition' }).flatMap(
    ([section, what]) =>
      Object.keys(sections[section] ?? {})
        .filter((id) => !used.has(id))
        .map((id) => ({ path: `${section}.${id}`, message: `nothing refers to this ${what}; use it or remove it` })),
  );
  const ofDocument = [
    ...policyProblems(document),
    ...frozenProblems(document, template.frozenIds),
    ...limitProblems(document),
  ];
  return { document, problems: [...withoutDot, ...unused, ...ofDocument] };
}

const isBuiltIn = (value: object) => /^(Date|RegExp|Map|Set|Promise|Error)$/.test(value.constructor?.name ?? '');

function describe(value: unknown): string {
  if (typeof value === 'object' && value !== null) {
    return `a ${value.constructor.name}`;
  }
  return typeof value === 'function' ? 'a function' : String(value);
}
