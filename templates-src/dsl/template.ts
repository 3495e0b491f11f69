import {
  type ConditionCall,
  ConditionHandle,
  type Handle,
  ListReference,
  MappingHandle,
  Reference,
  StackName,
  type StringValue,
  sub,
} from './intrinsics';
import type { Problem } from './problems';
import type { Resource } from './resources';

type ScalarType = 'String' | 'Number' | `AWS::${string}::${string}`;
type ListType = PlainListType | `AWS::SSM::Parameter::Value<${PlainListType}>`;
type PlainListType = 'CommaDelimitedList' | `List<${string}>`;

const isList = (type: string) => /^(AWS::SSM::Parameter::Value<)?(List<|CommaDelimitedList)/.test(type);

/** A parameter as CloudFormation declares it. */
export interface ParameterDeclaration {
  readonly Type: ScalarType | ListType;
  readonly Description: string;
  readonly Default?: string | number;
  readonly AllowedPattern?: string;
  readonly AllowedValues?: readonly (string | number)[];
  readonly ConstraintDescription?: string;
  readonly MinLength?: number;
  readonly MaxLength?: number;
  readonly MinValue?: number;
  readonly MaxValue?: number;
  readonly NoEcho?: boolean;
}

/** A parameter, and how the console labels it. */
export interface Parameter extends ParameterDeclaration {
  readonly Label: string;
}

/** An output; an exported one is importable under `<stack name>:<output's id>`. */
export interface Output {
  readonly Description: string;
  readonly Value: StringValue;
  readonly Exported?: boolean;
  readonly Condition?: ConditionHandle;
}

/** What has to hold before a stack is created or updated. */
export interface Rule {
  readonly RuleCondition?: ConditionCall;
  readonly Assertions: readonly { readonly Assert: ConditionCall; readonly AssertDescription: string }[];
}

type ReferenceTo<P extends ParameterDeclaration> = P['Type'] extends ListType ? ListReference : Reference;
type HandleOf<R> = R extends Resource<infer Type, infer Attribute> ? Handle<Type, Attribute> : never;

/**
 * A CloudFormation template under construction. What is declared gives handles back, under the ids it was declared
 * with, so that a wrong reference doesn't compile and nothing can be referred to before it is declared.
 */
export class Template {
  /** Ids of parameters by the label of their group, in the order of declaration. */
  readonly parameterGroups = new Map<string, string[]>();
  readonly parameterLabels = new Map<string, string>();
  readonly #parameters = new Map<string, ParameterDeclaration>();
  readonly #mappings = new Map<string, object>();
  readonly #rules = new Map<string, Rule>();
  readonly #conditions = new Map<string, ConditionCall>();
  readonly #resources = new Map<string, Resource>();
  readonly #outputs = new Map<string, Output>();
  readonly #problems: Problem[] = [];

  constructor(readonly description: string) {}

  /** Declares parameters of one group, which is how the console shows them. */
  parameters<const P extends Readonly<Record<string, Parameter>>>(
    group: string,
    parameters: P,
  ): { readonly [Id in keyof P]: ReferenceTo<P[Id]> } {
    return this.#declare('Parameters', parameters, (id, { Label, ...declaration }) => {
      this.#parameters.set(id, declaration);
      this.parameterLabels.set(id, Label);
      this.parameterGroups.set(group, [...(this.parameterGroups.get(group) ?? []), id]);
      return isList(declaration.Type) ? new ListReference(id, undefined, this) : new Reference(id, undefined, this);
    });
  }

  /** Declares constants by two levels of keys, for `findInMap`. */
  mappings<
    const M extends Readonly<
      Record<string, Readonly<Record<string, Readonly<Record<string, string | number | boolean | readonly string[]>>>>>
    >,
  >(
    mappings: M,
  ): {
    readonly [Id in keyof M]: MappingHandle<
      Extract<keyof M[Id], string>,
      { [First in keyof M[Id]]: Extract<keyof M[Id][First], string> }[keyof M[Id]],
      { [First in keyof M[Id]]: M[Id][First][keyof M[Id][First]] }[keyof M[Id]]
    >;
  } {
    return this.#declare('Mappings', mappings, (id, mapping) => {
      this.#mappings.set(id, mapping);
      return new MappingHandle(id, this);
    });
  }

  /** Declares what has to hold of the parameters before CloudFormation touches anything. */
  rules(rules: Readonly<Record<string, Rule>>): void {
    this.#declare('Rules', rules, (id, rule) => this.#rules.set(id, rule));
  }

  /** Declares conditions: for `when`, and for the `Condition` of resources and outputs. */
  conditions<const C extends Readonly<Record<string, ConditionCall>>>(
    conditions: C,
  ): { readonly [Id in keyof C]: ConditionHandle } {
    return this.#declare('Conditions', conditions, (id, condition) => {
      this.#conditions.set(id, condition);
      return new ConditionHandle(id, this);
    });
  }

  /** Declares resources under their logical ids. */
  resources<const R extends Readonly<Record<string, Resource>>>(
    resources: R,
  ): { readonly [Id in keyof R]: HandleOf<R[Id]> } {
    return this.#declare('Resources', resources, (id, resource) => {
      this.#resources.set(id, resource);
      const handle = new Reference(id, undefined, this);
      const attributes = resource.attributes.map((name) => [name, new Reference(id, name, this)]);
      return Object.assign(handle, { type: resource.Type }, Object.fromEntries(attributes));
    });
  }

  /** Declares one resource under an id that a pattern derives. */
  resource<Type extends string, Attribute extends string>(
    id: string,
    resource: Resource<Type, Attribute>,
  ): Handle<Type, Attribute> {
    return this.resources({ [id]: resource })[id] as unknown as Handle<Type, Attribute>;
  }

  /** Declares outputs: what scripts, later stacks and people ask of the stack. */
  outputs(outputs: Readonly<Record<string, Output>>): void {
    this.#declare('Outputs', outputs, (id, output) => this.#outputs.set(id, output));
  }

  /** The parameters by id, as CloudFormation reads them. */
  get parameterDeclarations(): Readonly<Record<string, ParameterDeclaration>> {
    return Object.fromEntries(this.#parameters);
  }

  /** Ids of the resources. */
  get resourceIds(): ReadonlySet<string> {
    return new Set(this.#resources.keys());
  }

  /** Ids of the resources that no update may touch. */
  get frozenIds(): readonly string[] {
    return [...this.#resources].flatMap(([id, { Frozen }]) => (Frozen ? [id] : []));
  }

  /** Ids of the outputs, in the order of declaration. */
  get outputIds(): readonly string[] {
    return [...this.#outputs.keys()];
  }

  /** What was wrong already when it was declared. */
  get declarationProblems(): readonly Problem[] {
    return this.#problems;
  }

  /**
   * The sections in CloudFormation's order, without the empty ones; still with handles and calls in it, which
   * `compile` checks and turns into plain values.
   */
  get sections(): Readonly<Record<string, unknown>> {
    const section = (name: string, entries: Map<string, unknown>) =>
      entries.size > 0 ? { [name]: Object.fromEntries(entries) } : {};
    return {
      AWSTemplateFormatVersion: '2010-09-09',
      Description: this.description,
      ...(this.#parameters.size > 0 ? { Metadata: { 'AWS::CloudFormation::Interface': this.#interface() } } : {}),
      ...section('Parameters', this.#parameters),
      ...section('Mappings', this.#mappings),
      ...section('Rules', this.#rules),
      ...section('Conditions', this.#conditions),
      ...section('Resources', new Map([...this.#resources].map(([id, resource]) => [id, ordered(resource)]))),
      ...section('Outputs', new Map([...this.#outputs].map(([id, output]) => [id, withExport(id, output)]))),
    };
  }

  #interface() {
    return {
      ParameterGroups: [...this.parameterGroups].map(([label, ids]) => ({
        Label: { default: label },
        Parameters: ids,
      })),
      ParameterLabels: Object.fromEntries([...this.parameterLabels].map(([id, label]) => [id, { default: label }])),
    };
  }

  /** Calls `declare` for every entry, checks the ids, and gives back what it made under the same ids. */
  #declare<Entry extends object, Handles>(
    section: string,
    entries: Readonly<Record<string, Entry>>,
    declare: (id: string, entry: Entry) => unknown,
  ): Handles {
    const handles: Record<string, unknown> = {};
    for (const [id, entry] of Object.entries(entries)) {
      const path = `${section}.${id}`;
      if (!/^[A-Za-z0-9]{1,255}$/.test(id)) {
        this.#problems.push({ path, message: `found the logical id '${id}', expected 1 to 255 letters and digits` });
      }
      const taken = this.#sectionOf(id, section);
      if (taken !== undefined) {
        this.#problems.push({
          path,
          message: `the logical id '${id}' is already declared in ${taken}; choose another`,
        });
      }
      handles[id] = declare(id, entry);
    }
    return handles as Handles;
  }

  /** CloudFormation's ids are one namespace, but for outputs and rules, which nothing can refer to. */
  #sectionOf(id: string, declaring: string): string | undefined {
    const referable = {
      Parameters: this.#parameters,
      Mappings: this.#mappings,
      Conditions: this.#conditions,
      Resources: this.#resources,
    };
    const sections: Record<string, Map<string, unknown>> = declaring === 'Outputs'
      ? { Outputs: this.#outputs }
      : declaring === 'Rules'
        ? { Rules: this.#rules }
        : referable;
    return Object.keys(sections).find((section) => sections[section]?.has(id));
  }
}

/** Starts a template. */
export const template = (description: string) => new Template(description);

function ordered({
  Type,
  Condition,
  DependsOn,
  DeletionPolicy,
  UpdateReplacePolicy,
  CreationPolicy,
  UpdatePolicy,
  Metadata,
  Properties,
}: Resource) {
  const present = { Condition, DependsOn, DeletionPolicy, UpdateReplacePolicy, CreationPolicy, UpdatePolicy, Metadata };
  return {
    Type,
    ...Object.fromEntries(Object.entries(present).filter(([, value]) => value !== undefined)),
    ...(Object.keys(Properties).length > 0 ? { Properties } : {}),
  };
}

function withExport(id: string, { Exported, Condition, ...output }: Output) {
  return {
    ...(Condition ? { Condition } : {}),
    ...output,
    ...(Exported ? { Export: { Name: sub`${StackName}:${id}` } } : {}),
  };
}
