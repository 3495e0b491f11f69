import { IntrinsicFunction } from 'cloudform-types/types/dataTypes';

/**
 * The intrinsic functions of CloudFormation, as values that the emitter writes in their short form.
 *
 * Everything extends cloudform-types' `IntrinsicFunction`, so that it fits wherever its properties take a `Value<T>`
 * or a `List<T>`. Only what this module makes is accepted in a template: what else looks like an intrinsic function is
 * refused when the template is built.
 */

/** A value that can stand where CloudFormation expects a string. */
export type StringValue = string | IntrinsicFunction;

/** `!Ref` (no attribute) or `!GetAtt` of something that a template declares, or of a pseudo parameter. */
export class Reference extends IntrinsicFunction {
  /** The template that declares it; undefined for pseudo parameters. Compared by identity. */
  readonly owner: object | undefined;
  readonly logicalId: string;
  readonly attribute: string | undefined;

  constructor(logicalId: string, attribute?: string, owner?: object) {
    super(attribute === undefined ? 'Ref' : 'Fn::GetAtt', attribute === undefined ? logicalId : [logicalId, attribute]);
    this.logicalId = logicalId;
    this.attribute = attribute;
    this.owner = owner;
    // A handle is printed by its expression and never enumerated: its owner is a whole template.
    Object.defineProperty(this, 'owner', { enumerable: false });
  }

  /** What stands between `${` and `}` in a `!Sub`. */
  get expression(): string {
    return this.attribute === undefined ? this.logicalId : `${this.logicalId}.${this.attribute}`;
  }
}

/** A reference to a parameter that holds a list. */
export class ListReference extends Reference {
  declare readonly list: true;
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
  constructor(
    /** What CloudFormation reads, with `${...}` around every reference. */
    readonly text: string,
    readonly references: readonly Reference[],
  ) {
    super('Fn::Sub', text);
  }
}

const literal = (text: string) => text.replaceAll('${', '${!');

/**
 * A tagged template for `!Sub`. What is put in may be a reference, another substitution (which becomes part of this
 * one) or a plain string; `${` in plain text is escaped, so that it can't be read as a reference.
 *
 * @example sub`${ArtifactBucket.Arn}/*` // !Sub ${ArtifactBucket.Arn}/*
 */
export function sub(
  text: TemplateStringsArray,
  ...values: readonly [Reference | Substitution | string, ...(Reference | Substitution | string)[]]
): Substitution {
  const references: Reference[] = [];
  let result = literal(text[0] ?? '');
  values.forEach((value, index) => {
    if (typeof value === 'string') {
      result += literal(value);
    } else if (value instanceof Reference) {
      references.push(value);
      result += `\${${value.expression}}`;
    } else {
      references.push(...value.references);
      result += value.text;
    }
    result += literal(text[index + 1] ?? '');
  });
  return new Substitution(result, references);
}

/** Any other intrinsic function; made by the functions below only. */
export class FunctionCall extends IntrinsicFunction {
  constructor(
    /** Without prefix: `Join`, `If`. The emitter adds `!` or `Fn::`. */
    readonly functionName: string,
    readonly argument: unknown,
  ) {
    super(functionName === 'Condition' ? 'Condition' : `Fn::${functionName}`, argument);
  }
}

/** A function that gives a list. */
export class ListCall extends FunctionCall {
  declare readonly list: true;
}

/** A list: literal, a parameter that holds one, or a function that gives one. */
export type ListValue = readonly StringValue[] | ListReference | ListCall;

/** `!Join`: the values of a list with a delimiter between them. */
export const join = (delimiter: string, values: ListValue) => new FunctionCall('Join', [delimiter, values]);
/** `!Select`: one value of a list, counted from 0. */
export const select = (index: number | Reference, values: ListValue) => new FunctionCall('Select', [index, values]);
/** `!Split`: the list of what stands between the delimiters. */
export const split = (delimiter: string, value: StringValue) => new ListCall('Split', [delimiter, value]);
/** `!GetAZs`: the availability zones of a Region, by default the stack's. */
export const availabilityZones = (region: StringValue = Region) => new ListCall('GetAZs', region);
/** `!Cidr`: `count` address ranges of `cidrBits` host bits each within a range. */
export const cidr = (range: StringValue, count: number | Reference, cidrBits: number | Reference) =>
  new ListCall('Cidr', [range, count, cidrBits]);
/** `!Base64`: the value, encoded. */
export const base64 = (value: StringValue) => new FunctionCall('Base64', value);
/** `!ImportValue`: what another stack of this account and Region exports under a name. */
export const importValue = (exportName: StringValue) => new FunctionCall('ImportValue', exportName);
/** `!Transform`: what a macro makes of parameters. */
export const transform = (macro: string, parameters: Readonly<Record<string, unknown>>) =>
  new FunctionCall('Transform', { Name: macro, Parameters: parameters });

/** A mapping that a template declares: two levels of keys. */
export class MappingHandle<First extends string, Second extends string> {
  declare readonly keys: [First, Second];

  constructor(
    readonly logicalId: string,
    readonly owner: object,
  ) {}
}

/** `!FindInMap`: the value of a mapping; the keys are its own, or references whose value is one of them. */
export const findInMap = <First extends string, Second extends string>(
  mapping: MappingHandle<First, Second>,
  first: First | Reference,
  second: Second | Reference,
) => new FunctionCall('FindInMap', [new Name(mapping.logicalId, mapping.owner), first, second]);

/**
 * A logical id where CloudFormation wants the bare name (a condition in `!If`, a mapping in `!FindInMap`); emitted as
 * a plain string, but checked like a reference.
 */
export class Name extends IntrinsicFunction {
  constructor(
    readonly logicalId: string,
    readonly owner: object,
  ) {
    super('Name', logicalId);
    Object.defineProperty(this, 'owner', { enumerable: false });
  }
}

/** A function that gives true or false; what conditions and rules are made of. */
export class ConditionCall extends FunctionCall {
  declare readonly condition: true;
}

/** A condition that a template declares under a logical id. Inside other conditions it is `!Condition`. */
export class ConditionHandle extends ConditionCall {
  constructor(
    readonly logicalId: string,
    readonly owner: object,
  ) {
    super('Condition', logicalId);
    Object.defineProperty(this, 'owner', { enumerable: false });
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

/** `!If`: one of two values; `NoValue` as one of them removes the property. */
export const when = (condition: ConditionHandle, then: unknown, otherwise: unknown) =>
  new FunctionCall('If', [new Name(condition.logicalId, condition.owner), then, otherwise]);

/** `Fn::Contains`: whether a list holds a value. Only in the assertions of a rule; has no short form. */
export const contains = (values: ListValue, value: StringValue) => new ConditionCall('Contains', [values, value]);

/** `AWS::AccountId`: the account in which the stack is deployed. */
export const AccountId = new Reference('AWS::AccountId');
/** `AWS::NoValue`: removes the property when it is what `!If` gives. */
export const NoValue = new Reference('AWS::NoValue');
/** `AWS::Partition`: `aws`, `aws-cn` or `aws-us-gov`. */
export const Partition = new Reference('AWS::Partition');
/** `AWS::Region`: the Region in which the stack is deployed. */
export const Region = new Reference('AWS::Region');
/** `AWS::StackId`: the stack's ARN. */
export const StackId = new Reference('AWS::StackId');
/** `AWS::StackName`: the stack's name. */
export const StackName = new Reference('AWS::StackName');
/** `AWS::URLSuffix`: `amazonaws.com`, in China `amazonaws.com.cn`. */
export const UrlSuffix = new Reference('AWS::URLSuffix');
