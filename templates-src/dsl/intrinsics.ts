import { IntrinsicFunction } from 'cloudform-types/types/dataTypes';

/**
 * The intrinsic functions of CloudFormation, as values that the emitter writes in their short form.
 *
 * Everything extends cloudform-types' `IntrinsicFunction`, so that it fits wherever its properties take a `Value<T>`
 * or a `List<T>`. Only what this module makes is accepted in a template: what else looks like an intrinsic function is
 * refused when the template is built.
 */

/** `!Ref` (no attribute) or `!GetAtt` of something that a template declares, or of a pseudo parameter. */
export class Reference extends IntrinsicFunction {
  readonly logicalId: string;
  readonly attribute: string | undefined;
  // Private, so that nothing that prints or copies a handle drags a whole template along.
  readonly #owner: object | undefined;

  constructor(logicalId: string, attribute?: string, owner?: object) {
    super(attribute === undefined ? 'Ref' : 'Fn::GetAtt', attribute === undefined ? logicalId : [logicalId, attribute]);
    this.logicalId = logicalId;
    this.attribute = attribute;
    this.#owner = owner;
  }

  /** The template that declares it; undefined for pseudo parameters. Compared by identity. */
  get owner(): object | undefined {
    return this.#owner;
  }

  /** What stands between `${` and `}` in a `!Sub`. */
  get expression(): string {
    return this.attribute === undefined ? this.logicalId : `${this.logicalId}.${this.attribute}`;
  }
}

/** A reference to a parameter that holds a list. */
export class ListReference extends Reference {
  declare readonly gives: 'list';
}

/** A reference to anything but a list. */
export type ValueReference = Reference & { readonly gives?: never };

/** The reference to `AWS::NoValue`. */
export class NoValueReference extends Reference {
  declare readonly noValue: true;
}

/** What a template gives back for a resource: `X` is `!Ref X`, `X.Arn` is `!GetAtt X.Arn`. */
export type Handle<Type extends string, Attribute extends string> = Reference & {
  readonly type: Type;
} & { readonly [A in Attribute]: Reference };

/** A handle to a resource made by `resourceType`: `HandleTo<typeof Bucket>`. */
export type HandleTo<Constructor extends (...input: never[]) => { readonly Type: string }> =
  ReturnType<Constructor> extends {
    readonly Type: infer Type extends string;
    readonly attributes: readonly (infer A)[];
  }
    ? Handle<Type, Extract<A, string>>
    : never;

/** `!Sub`: text with references in it. */
export class Substitution extends IntrinsicFunction {
  /** What CloudFormation reads: `${...}` around every reference, and `${!` where plain text has `${`. */
  readonly text: string;
  readonly references: readonly Reference[];

  constructor(
    /** Plain text and references; no two pieces of text follow one another. */
    readonly parts: readonly (string | Reference)[],
  ) {
    const text = parts
      .map((part) => (typeof part === 'string' ? part.replaceAll('${', '${!') : `\${${part.expression}}`))
      .join('');
    super('Fn::Sub', text);
    this.text = text;
    this.references = parts.filter((part) => typeof part !== 'string');
  }
}

/** What can stand in a substitution; a list can't, unless it is joined. */
type Substitutable = ValueReference | Substitution | string;

/**
 * A tagged template for `!Sub`. What is put in may be a reference, another substitution (which becomes part of this
 * one) or a plain string; `${` in plain text is escaped, so that it can't be read as a reference.
 *
 * @example sub`${ArtifactBucket.Arn}/*` // !Sub ${ArtifactBucket.Arn}/*
 */
export function sub(text: TemplateStringsArray, ...values: readonly [Substitutable, ...Substitutable[]]): Substitution {
  const parts: (string | Reference)[] = [];
  const add = (part: string | Reference) => {
    const last = parts.at(-1);
    if (typeof part === 'string' && typeof last === 'string') {
      // `$` at the end of one piece and `{` at the start of the next have to be escaped together.
      parts[parts.length - 1] = last + part;
    } else {
      parts.push(part);
    }
  };
  text.forEach((piece, index) => {
    add(piece);
    const value = values[index];
    if (value instanceof Substitution) {
      value.parts.forEach(add);
    } else if (value !== undefined) {
      add(value);
    }
  });
  return new Substitution(parts);
}

/** Any other intrinsic function; made by the functions below only. */
export abstract class FunctionCall extends IntrinsicFunction {
  constructor(
    /** Without prefix: `Join`, `If`. The emitter adds `!` or `Fn::`. */
    readonly functionName: string,
    readonly argument: unknown,
  ) {
    super(functionName === 'Condition' ? 'Condition' : `Fn::${functionName}`, argument);
  }
}

/** A function that gives one value. */
export class ValueCall extends FunctionCall {
  declare readonly gives: 'value';
}

/** A function that gives a list. */
export class ListCall extends FunctionCall {
  declare readonly gives: 'list';
}

/** `!If`, which gives what its branches give; made by `when` only. */
export class ConditionalCall<out Given> extends FunctionCall {
  declare readonly gives: { readonly oneOf: Given };
}

/** What gives one value when the stack is deployed: not a list, and not a condition, which `!If` turns into a value. */
export type ValueFunction = ValueReference | Substitution | ValueCall;

/** What gives a list when the stack is deployed. */
export type ListFunction = ListReference | ListCall;

/** A value that can also be given by a function or a reference, or chosen by `when`. */
export type OrFunction<T> = T | ValueFunction | ConditionalCall<OrFunction<T>>;

/** A list that can also be given by a function or a reference, or chosen by `when`. */
export type OrListFunction<T> = T | ListFunction | ConditionalCall<OrListFunction<T>>;

/** A value that can stand where CloudFormation expects a string. */
export type StringValue = OrFunction<string>;

/** A list: literal, a parameter that holds one, or a function that gives one. */
export type ListValue = OrListFunction<readonly StringValue[]>;

/** `!Join`: the values of a list with a delimiter between them. */
export const join = (delimiter: string, values: ListValue) => new ValueCall('Join', [delimiter, values]);
/** `!Select`: one value of a list, counted from 0. */
export const select = (index: number | Reference, values: ListValue) => new ValueCall('Select', [index, values]);
/** `!Split`: the list of what stands between the delimiters. */
export const split = (delimiter: string, value: StringValue) => new ListCall('Split', [delimiter, value]);
/** `!Cidr`: `count` address ranges of `cidrBits` host bits each within a range. */
export const cidr = (range: StringValue, count: number | Reference, cidrBits: number | Reference) =>
  new ListCall('Cidr', [range, count, cidrBits]);
/** `!Base64`: the value, encoded. */
export const base64 = (value: StringValue) => new ValueCall('Base64', value);
/** `!ImportValue`: what another stack of this account and Region exports under a name. */
export const importValue = (exportName: StringValue) => new ValueCall('ImportValue', exportName);
/** `!Transform`: what a macro makes of parameters. */
export const transform = (macro: string, parameters: Readonly<Record<string, unknown>>) =>
  new ValueCall('Transform', { Name: macro, Parameters: parameters });

/** A mapping that a template declares: two levels of keys, and values that are all lists or all not. */
export class MappingHandle<First extends string, Second extends string, Value> {
  declare readonly content: readonly [First, Second, Value];

  constructor(
    readonly logicalId: string,
    readonly owner: object,
  ) {}
}

/** `!FindInMap`: the value of a mapping; the keys are its own, or references whose value is one of them. */
export const findInMap = <First extends string, Second extends string, Value>(
  mapping: MappingHandle<First, Second, Value>,
  first: NoInfer<First> | ValueReference,
  second: NoInfer<Second> | ValueReference,
) =>
  new ValueCall('FindInMap', [new Name(mapping.logicalId, mapping.owner), first, second]) as FunctionCall as [
    Value,
  ] extends [readonly unknown[]]
    ? ListCall
    : ValueCall;

/**
 * A logical id where CloudFormation wants the bare name (a condition in `!If`, a mapping in `!FindInMap`); emitted as
 * a plain string, but checked like a reference.
 */
export class Name extends IntrinsicFunction {
  readonly #owner: object;

  constructor(
    readonly logicalId: string,
    owner: object,
  ) {
    super('Name', logicalId);
    this.#owner = owner;
  }

  get owner(): object {
    return this.#owner;
  }
}

/** A function that gives true or false; what conditions and rules are made of. */
export class ConditionCall extends FunctionCall {
  declare readonly gives: 'condition';
}

/** A condition that a template declares under a logical id. Inside other conditions it is `!Condition`. */
export class ConditionHandle extends ConditionCall {
  readonly #owner: object;

  constructor(
    readonly logicalId: string,
    owner: object,
  ) {
    super('Condition', logicalId);
    this.#owner = owner;
  }

  get owner(): object {
    return this.#owner;
  }
}

/** `!Equals`: whether two values are the same. */
export const equals = (left: StringValue, right: StringValue) => new ConditionCall('Equals', [left, right]);
/** `!Not`: the opposite of a condition. */
export const not = (condition: ConditionCall) => new ConditionCall('Not', [condition]);
/** `!And`: whether all of 2 to 10 conditions hold. */
export const and = (...conditions: readonly [ConditionCall, ConditionCall, ...ConditionCall[]]) =>
  new ConditionCall('And', conditions);
/** `!Or`: whether one of 2 to 10 conditions holds. */
export const or = (...conditions: readonly [ConditionCall, ConditionCall, ...ConditionCall[]]) =>
  new ConditionCall('Or', conditions);

type Plain = string | number | boolean | IntrinsicFunction;

/**
 * `!If`: one of two values; `NoValue` as one of them removes the property. Each has to be what the property takes, so
 * that a wrong value is found even in the branch that is rarely deployed.
 */
export function when<const Then extends Plain | readonly Plain[], const Otherwise extends Plain | readonly Plain[]>(
  condition: ConditionHandle,
  then: Then,
  otherwise: Otherwise,
): ConditionalCall<Exclude<Then | Otherwise, NoValueReference>>;
/**
 * The same for objects and lists of objects. What it gives has their type, so that they are checked, and misspelled
 * properties found, as if they stood there without a condition.
 */
export function when<Given extends object>(
  condition: ConditionHandle,
  then: NoInfer<Given | NoValueReference>,
  otherwise: NoInfer<Given | NoValueReference>,
): Given;
export function when(condition: ConditionHandle, then: unknown, otherwise: unknown): object {
  return new ConditionalCall('If', [new Name(condition.logicalId, condition.owner), then, otherwise]);
}

/** `Fn::Contains`: whether a list holds a value. Only in the assertions of a rule; has no short form. */
export const contains = (values: ListValue, value: StringValue) => new ConditionCall('Contains', [values, value]);

/** `AWS::AccountId`: the account in which the stack is deployed. */
export const AccountId = new Reference('AWS::AccountId');
/** `AWS::NoValue`: removes the property when it is what `!If` gives. */
export const NoValue = new NoValueReference('AWS::NoValue');
/** `AWS::Partition`: `aws` or `aws-us-gov`. */
export const Partition = new Reference('AWS::Partition');
/** `AWS::Region`: the Region in which the stack is deployed. */
export const Region = new Reference('AWS::Region');
/** `AWS::StackId`: the stack's ARN. */
export const StackId = new Reference('AWS::StackId');
/** `AWS::StackName`: the stack's name. */
export const StackName = new Reference('AWS::StackName');
/** `AWS::URLSuffix`: `amazonaws.com`, in China `amazonaws.com.cn`. */
export const UrlSuffix = new Reference('AWS::URLSuffix');
