import { substitute } from '../../../templates-src/dsl';
import type { Stack } from '../../../templates-src/model/stacks';
import type { ParameterNode, ResourceNode, TemplateDocument, TemplateMap, TemplateNode } from '../template/document';
import { isList, isMap } from '../template/nodes';
import { type PhysicalIds, physicalIds } from './physical-ids';

/** A value with nothing left to resolve. */
export type Value = string | number | boolean | null | readonly Value[] | ValueMap;

/** An object with nothing left to resolve. */
export interface ValueMap {
  readonly [key: string]: Value;
}

/** Something that can't be resolved. */
export interface ResolutionProblem {
  readonly stack: string;
  /** `Resources.ArtifactKey.Properties.KeyPolicy` */
  readonly path: string;
  /** The intrinsic function that asked: `Fn::GetAtt`. */
  readonly function: string;
  readonly message: string;
}

/** All that can't be resolved, reported at once. */
export class ResolutionError extends Error {
  constructor(readonly problems: readonly ResolutionProblem[]) {
    super(
      problems.map(({ stack, path, message, ...of }) => `${stack}: ${path}: ${of.function}: ${message}`).join('\n'),
    );
    this.name = 'ResolutionError';
  }
}

/** A resource as it will exist. */
export interface Resource {
  readonly stack: Stack;
  readonly logicalId: string;
  readonly type: string;
  readonly accountId: string;
  readonly region: string;
  readonly properties: ValueMap;
  readonly ids: PhysicalIds;
}

/** A stack as it will exist. */
export interface ResolvedStack {
  readonly stack: Stack;
  readonly accountId: string;
  readonly region: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly resources: ReadonlyMap<string, Resource>;
  /** Resources whose condition is false with these parameters, as they would be otherwise. */
  readonly declined: ReadonlyMap<string, Resource>;
  readonly outputs: ReadonlyMap<string, string>;
  /** Name -> value. */
  readonly exports: ReadonlyMap<string, string>;
}

/** What a stack is made of, and where. */
export interface StackInput {
  readonly stack: Stack;
  readonly template: TemplateDocument;
  readonly accountId: string;
  readonly region: string;
  /** Values of parameters; those that are missing get their defaults. */
  readonly parameters: Readonly<Record<string, string>>;
  /** What earlier stacks of the account and Region export. */
  readonly imports: ReadonlyMap<string, string>;
}

const partition = 'aws';
const urlSuffix = 'amazonaws.com';

/** Stands for AWS::NoValue until the property or entry is left out. */
const noValue = Symbol('AWS::NoValue');
type Evaluated = Value | typeof noValue;

/** Why one value can't be resolved; becomes a ResolutionProblem. */
class Unresolvable extends Error {
  constructor(
    readonly path: string,
    readonly functionName: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Resolves one stack: every resource with concrete properties and names, and the outputs.
 *
 * @throws ResolutionError with everything that can't be resolved
 */
export function resolveStack(input: StackInput): ResolvedStack {
  return new StackResolver(input).resolve();
}

class StackResolver {
  readonly #input: StackInput;
  /** Whether resources are looked at as if all their conditions were true. */
  readonly #allExist: boolean;
  readonly #parameters: Readonly<Record<string, string>>;
  readonly #problems: ResolutionProblem[] = [];
  readonly #conditions = new Map<string, boolean>();
  readonly #ids = new Map<string, PhysicalIds>();
  /** What is being resolved now, to report circles. */
  readonly #pending: string[] = [];

  constructor(input: StackInput, allExist = false) {
    this.#input = input;
    this.#allExist = allExist;
    const defaults = Object.entries(input.template.Parameters).flatMap(([name, { Default }]) =>
      Default === undefined ? [] : [[name, String(Default)]],
    );
    this.#parameters = { ...Object.fromEntries(defaults), ...input.parameters };
  }

  resolve(): ResolvedStack {
    const { stack, template, accountId, region } = this.#input;
    for (const name of Object.keys(template.Parameters)) {
      if (this.#parameters[name] === undefined) {
        const source = `${stack.parameters} has no value, no stack feeds it, and it has no default`;
        this.#problem(new Unresolvable(`Parameters.${name}`, 'Parameter', source));
      }
    }
    this.#refuseProblems();
    const ids = Object.entries(template.Resources);
    const resources = this.#resources(ids.filter(([id, node]) => this.#created(node, `Resources.${id}`)));
    const outputs = new Map<string, string>();
    const exports = new Map<string, string>();
    for (const [id, { Condition, Value: value, Export }] of Object.entries(template.Outputs)) {
      const path = `Outputs.${id}`;
      this.#try(path, () => {
        if (this.#exists(Condition, path)) {
          const text = this.#text(value, `${path}.Value`, 'Output');
          outputs.set(id, text);
          if (Export !== undefined) {
            exports.set(this.#text(Export.Name, `${path}.Export.Name`, 'Export'), text);
          }
        }
      });
    }
    this.#refuseProblems();
    const others = new StackResolver(this.#input, true);
    const declined = others.#resources(ids.filter(([id]) => !resources.has(id)));
    others.#refuseProblems();
    return { stack, accountId, region, parameters: this.#parameters, resources, declined, outputs, exports };
  }

  #created({ Condition }: ResourceNode, path: string): boolean {
    let created = false;
    this.#try(path, () => {
      created = this.#exists(Condition, path);
    });
    return created;
  }

  #resources(nodes: readonly (readonly [string, ResourceNode])[]): ReadonlyMap<string, Resource> {
    const { stack, accountId, region } = this.#input;
    const resources = new Map<string, Resource>();
    for (const [logicalId, { Type: type, Properties = {} }] of nodes) {
      const path = `Resources.${logicalId}`;
      this.#try(path, () => {
        const properties = this.#object(Properties, `${path}.Properties`);
        const ids = this.#idsOf(logicalId, `${path}.Type`, 'Type');
        resources.set(logicalId, { stack, logicalId, type, accountId, region, properties, ids });
      });
    }
    return resources;
  }

  #refuseProblems(): void {
    if (this.#problems.length > 0) {
      throw new ResolutionError(this.#problems);
    }
  }

  #problem({ path, functionName, message }: Unresolvable): void {
    // What names a resource is met twice: among its properties, and when something asks for the name.
    if (!this.#problems.some((known) => known.path === path && known.message === message)) {
      this.#problems.push({ stack: this.#input.stack.name, path, function: functionName, message });
    }
  }

  #try(path: string, resolve: () => void): void {
    try {
      resolve();
    } catch (error) {
      this.#problem(error instanceof Unresolvable ? error : new Unresolvable(path, 'Type', (error as Error).message));
    }
  }

  #exists(condition: string | undefined, path: string): boolean {
    return this.#allExist || condition === undefined || this.#condition(condition, `${path}.Condition`);
  }

  /** Entries that can't be resolved are reported, and left out so that the others are looked at, too. */
  #object(node: TemplateMap, path: string): ValueMap {
    const result: Record<string, Value> = {};
    for (const [key, entry] of Object.entries(node)) {
      this.#try(`${path}.${key}`, () => {
        const value = this.#evaluate(entry, `${path}.${key}`);
        if (value !== noValue) {
          result[key] = value;
        }
      });
    }
    return result;
  }

  #evaluate(node: TemplateNode, path: string): Evaluated {
    if (typeof node !== 'object' || node === null) {
      return node;
    }
    if (isList(node)) {
      return node.flatMap((entry, index) => {
        const value = this.#evaluate(entry, `${path}[${index}]`);
        return value === noValue ? [] : [value];
      });
    }
    const [key, ...others] = Object.keys(node);
    if (key === undefined || others.length > 0 || (key !== 'Ref' && !key.startsWith('Fn::'))) {
      return this.#object(node, path);
    }
    return this.#call(key, node[key] as TemplateNode, path);
  }

  #call(name: string, argument: TemplateNode, path: string): Evaluated {
    const fail = (message: string): never => {
      throw new Unresolvable(path, name, message);
    };
    const list = (length: number): readonly TemplateNode[] =>
      isList(argument) && argument.length === length
        ? argument
        : fail(`expected a list of ${length}, found ${JSON.stringify(argument)}`);
    const text = (node: TemplateNode) => this.#text(node, path, name);
    switch (name) {
      case 'Ref':
        return this.#reference(text(argument), path);
      case 'Fn::GetAtt': {
        const [id, attribute] = isList(argument)
          ? [text(argument[0] ?? ''), text(argument[1] ?? '')]
          : splitOnce(text(argument), '.');
        return this.#attribute(id, attribute, path, name);
      }
      case 'Fn::Sub':
        return this.#substitute(argument, path);
      case 'Fn::Join': {
        const [delimiter, values] = list(2) as [TemplateNode, TemplateNode];
        return this.#textList(values, path, name).join(text(delimiter));
      }
      case 'Fn::Split': {
        const [delimiter, value] = list(2) as [TemplateNode, TemplateNode];
        return text(value).split(text(delimiter));
      }
      case 'Fn::Select': {
        const [index, values] = list(2) as [TemplateNode, TemplateNode];
        const candidates = this.#textList(values, path, name);
        return candidates[Number(text(index))] ?? fail(`index ${text(index)} of a list of ${candidates.length}`);
      }
      case 'Fn::If': {
        const [condition, yes, no] = list(3) as [TemplateNode, TemplateNode, TemplateNode];
        const [chosen, branch] = this.#condition(text(condition), path) ? [yes, 1] : [no, 2];
        return this.#evaluate(chosen, `${path}.${name}[${branch}]`);
      }
      case 'Fn::ImportValue': {
        const imported = text(argument);
        return (
          this.#input.imports.get(imported) ??
          fail(`no stack deployed earlier to this account and Region exports '${imported}'`)
        );
      }
      case 'Fn::FindInMap': {
        const [map, first, second] = list(3).map(text) as [string, string, string];
        const value = this.#input.template.Mappings[map]?.[first]?.[second];
        return value === undefined ? fail(`no mapping ${map}.${first}.${second}`) : this.#evaluate(value, path);
      }
      case 'Fn::Base64':
        return Buffer.from(text(argument)).toString('base64');
      case 'Fn::GetAZs':
        // Accounts see different zones; these are the first names that every Region has.
        return ['a', 'b', 'c'].map((zone) => `${text(argument) || this.#input.region}${zone}`);
      case 'Fn::Cidr': {
        const [range, count, bits] = list(3).map(text) as [string, string, string];
        return cidr(range, Number(count), Number(bits)) ?? fail(`${count} ranges of ${bits} bits don't fit ${range}`);
      }
      case 'Fn::Equals':
      case 'Fn::Not':
      case 'Fn::And':
      case 'Fn::Or':
        return this.#holds({ [name]: argument }, path);
      default:
        return fail('not supported; it can only be known once AWS has carried it out');
    }
  }

  #text(node: TemplateNode, path: string, functionName: string): string {
    const value = this.#evaluate(node, path);
    if (value === noValue || typeof value === 'object') {
      throw new Unresolvable(path, functionName, `expected text, found ${String(describe(value))}`);
    }
    return String(value);
  }

  #textList(node: TemplateNode, path: string, functionName: string): readonly string[] {
    const value = this.#evaluate(node, path);
    if (!Array.isArray(value) || value.some((entry) => typeof entry === 'object')) {
      throw new Unresolvable(path, functionName, `expected a list of texts, found ${String(describe(value))}`);
    }
    return value.map(String);
  }

  #reference(id: string, path: string): Evaluated {
    const { stack, template, accountId, region } = this.#input;
    switch (id) {
      case 'AWS::AccountId':
        return accountId;
      case 'AWS::NoValue':
        return noValue;
      case 'AWS::Partition':
        return partition;
      case 'AWS::Region':
        return region;
      case 'AWS::StackName':
        return stack.name;
      case 'AWS::StackId':
        return `arn:${partition}:cloudformation:${region}:${accountId}:stack/${stack.name}/0a1b2c3d-4e5f-6a7b-8c9d-0e1f2a3b4c5d`;
      case 'AWS::URLSuffix':
        return urlSuffix;
    }
    const parameter = template.Parameters[id];
    if (parameter !== undefined) {
      return this.#parameter(id, parameter, path);
    }
    return this.#physical(path, 'Ref', () => this.#idsOf(id, path, 'Ref').ref);
  }

  #parameter(id: string, { Type }: ParameterNode, path: string): Value {
    // Missing values have been refused before.
    const value = this.#parameters[id] as string;
    if (Type.startsWith('AWS::SSM::')) {
      throw new Unresolvable(path, 'Ref', `parameter ${id} is read from Systems Manager when the stack is deployed`);
    }
    return Type === 'CommaDelimitedList' || Type.startsWith('List<')
      ? value.split(',').map((entry) => entry.trim())
      : value;
  }

  #attribute(id: string, attribute: string, path: string, functionName: string): string {
    const ids = this.#idsOf(id, path, functionName);
    const value = this.#physical(path, functionName, () => ids.attribute(attribute));
    if (value === undefined) {
      const type = this.#input.template.Resources[id]?.Type;
      const hint = `don't know ${attribute} of an ${type}; add it to scripts/lib/resolve/physical-ids.ts`;
      throw new Unresolvable(path, functionName, hint);
    }
    return value;
  }

  /** Runs what asks for a name, so that its error says where. */
  #physical<T>(path: string, functionName: string, ask: () => T): T {
    try {
      return ask();
    } catch (error) {
      throw error instanceof Unresolvable ? error : new Unresolvable(path, functionName, (error as Error).message);
    }
  }

  #idsOf(logicalId: string, path: string, functionName: string): PhysicalIds {
    const known = this.#ids.get(logicalId);
    if (known !== undefined) {
      return known;
    }
    const { stack, template, accountId, region } = this.#input;
    const node: ResourceNode | undefined = template.Resources[logicalId];
    if (node === undefined) {
      throw new Unresolvable(path, functionName, `the template has no parameter or resource '${logicalId}'`);
    }
    if (!this.#exists(node.Condition, path)) {
      throw new Unresolvable(path, functionName, `${logicalId} isn't created, because ${node.Condition} is false`);
    }
    const ids = this.#physical(path, functionName, () =>
      physicalIds({
        type: node.Type,
        logicalId,
        stackName: stack.name,
        accountId,
        region,
        partition,
        urlSuffix,
        property: (name) => this.#nameProperty(logicalId, node, name),
      }),
    );
    this.#ids.set(logicalId, ids);
    return ids;
  }

  #nameProperty(logicalId: string, node: ResourceNode, name: string): string | undefined {
    const property = node.Properties?.[name];
    if (property === undefined) {
      return undefined;
    }
    const path = `Resources.${logicalId}.Properties.${name}`;
    return this.#once(path, path, () => {
      const value = this.#evaluate(property, path);
      return value === noValue || typeof value === 'object' ? undefined : String(value);
    });
  }

  #condition(name: string, path: string): boolean {
    const known = this.#conditions.get(name);
    if (known !== undefined) {
      return known;
    }
    const condition = this.#input.template.Conditions[name];
    if (condition === undefined) {
      throw new Unresolvable(path, 'Condition', `the template has no condition '${name}'`);
    }
    const value = this.#once(`Conditions.${name}`, path, () => this.#holds(condition, `Conditions.${name}`));
    this.#conditions.set(name, value);
    return value;
  }

  #holds(node: TemplateNode, path: string): boolean {
    const [[name, argument] = ['', null], ...others] = isMap(node) ? Object.entries(node) : [];
    const all = isList(argument ?? null) ? (argument as readonly TemplateNode[]) : [];
    if (others.length === 0) {
      switch (name) {
        case 'Condition':
          return this.#condition(String(argument), path);
        case 'Fn::Equals':
          return this.#text(all[0] ?? null, path, name) === this.#text(all[1] ?? null, path, name);
        case 'Fn::Not':
          return !this.#holds(all[0] ?? null, path);
        case 'Fn::And':
          return all.every((each) => this.#holds(each, path));
        case 'Fn::Or':
          return all.some((each) => this.#holds(each, path));
      }
    }
    throw new Unresolvable(path, name || 'Condition', `expected a condition, found ${JSON.stringify(node)}`);
  }

  /** Resolves something that others may lead back to. */
  #once<T>(key: string, path: string, resolve: () => T): T {
    if (this.#pending.includes(key)) {
      throw new Unresolvable(path, 'Ref', `leads back to itself: ${[...this.#pending, key].join(' -> ')}`);
    }
    this.#pending.push(key);
    try {
      return resolve();
    } finally {
      this.#pending.pop();
    }
  }

  #substitute(argument: TemplateNode, path: string): string {
    const [template, variables] = isList(argument) ? argument : [argument, {}];
    if (typeof template !== 'string' || !isMap(variables ?? null)) {
      throw new Unresolvable(path, 'Fn::Sub', `expected text, found ${JSON.stringify(argument)}`);
    }
    return substitute(template, (name) => {
      const variable = (variables as TemplateMap)[name];
      if (variable !== undefined) {
        return this.#text(variable, path, 'Fn::Sub');
      }
      if (name.includes('.')) {
        const [id, attribute] = splitOnce(name, '.');
        return this.#attribute(id, attribute, path, 'Fn::Sub');
      }
      return this.#text({ Ref: name }, path, 'Fn::Sub');
    });
  }
}

const describe = (value: Evaluated) => (value === noValue ? 'AWS::NoValue' : JSON.stringify(value));

function splitOnce(text: string, delimiter: string): [string, string] {
  const at = text.indexOf(delimiter);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** The first ranges of `bits` host bits in a range of IPv4; undefined when they don't fit. */
function cidr(range: string, count: number, bits: number): readonly string[] | undefined {
  const [address = '', prefix = ''] = range.split('/');
  const start = address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
  const size = 2 ** bits;
  if (!Number.isInteger(start) || count * size > 2 ** (32 - Number(prefix))) {
    return undefined;
  }
  return Array.from({ length: count }, (_, index) => {
    const first = start + index * size;
    const bytes = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256);
    return `${bytes.join('.')}/${32 - bits}`;
  });
}
