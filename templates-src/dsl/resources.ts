import type { IntrinsicFunction } from 'cloudform-types/types/dataTypes';
import type { CreationPolicy, UpdatePolicy } from 'cloudform-types/types/resource';
import type { ConditionHandle, OrFunction, OrListFunction, Reference } from './intrinsics';
import type { AnyPolicy } from './policies';

/** What stands beside `Properties` in a resource. */
export interface ResourceAttributes {
  readonly Condition?: ConditionHandle;
  readonly DependsOn?: Reference | readonly Reference[];
  readonly DeletionPolicy?: 'Delete' | 'Retain' | 'RetainExceptOnCreate' | 'Snapshot';
  readonly UpdateReplacePolicy?: 'Delete' | 'Retain' | 'Snapshot';
  readonly CreationPolicy?: CreationPolicy;
  readonly UpdatePolicy?: UpdatePolicy;
  readonly Metadata?: Readonly<Record<string, unknown>>;
  /** Whether the stack policy refuses every update of it; see `frozen`. Not part of the template. */
  readonly Frozen?: boolean;
}

/** A resource that a template doesn't have yet: give it to `Template.resources` under its logical id. */
export interface Resource<Type extends string = string, Attribute extends string = string> extends ResourceAttributes {
  readonly Type: Type;
  readonly Properties: object;
  /** Names of the attributes that `!GetAtt` knows. */
  readonly attributes: readonly Attribute[];
}

/**
 * The allowed values of properties of a type, by the property's path (`EncryptionConfiguration.EncryptionType`). A test
 * compares them with AWS's published schema, so that they can't drift.
 */
export type AllowedValues = Readonly<Record<string, readonly string[]>>;

/**
 * The properties of cloudform-types as this DSL takes them: the allowed values in the place of `string`, so that a
 * wrong one doesn't compile; lists that may be readonly; a function that gives a list only where a list is expected,
 * and one that gives a value only elsewhere.
 */
export type Narrowed<T extends object, Allowed extends AllowedValues = NoAllowedValues, Path extends string = ''> = {
  readonly [K in keyof T]: NarrowedProperty<
    Exclude<T[K], undefined>,
    Allowed,
    Path extends '' ? `${K & string}` : `${Path}.${K & string}`
  >;
};

type NoAllowedValues = Readonly<Record<never, never>>;

// `any` stays; what cloudform-types declares as `Value<T>` or `List<T>` is a union with `IntrinsicFunction`.
type NarrowedProperty<T, Allowed extends AllowedValues, Path extends string> = 0 extends 1 & T
  ? T
  : IntrinsicFunction extends T
    ? WithFunctions<NarrowedValue<Exclude<T, IntrinsicFunction>, Allowed, Path>>
    : NarrowedValue<T, Allowed, Path>;

type WithFunctions<T> = [Extract<T, readonly unknown[]>] extends [never] ? OrFunction<T> : OrListFunction<T>;

type NarrowedValue<T, Allowed extends AllowedValues, Path extends string> = T extends IntrinsicFunction | AnyPolicy
  ? T
  : T extends readonly (infer Element)[]
    ? readonly NarrowedProperty<Element, Allowed, Path>[]
    : T extends object
      ? Narrowed<T, Allowed, Path>
      : string extends T
        ? Path extends keyof Allowed
          ? Allowed[Path][number]
          : T
        : T;

/** What makes a resource of one type; also what tests of the vocabulary read. */
export interface ResourceConstructor<Type extends string, Properties, Attribute extends string> {
  (properties: Properties, beside?: ResourceAttributes): Resource<Type, Attribute>;
  readonly type: Type;
  readonly attributes: readonly Attribute[];
  readonly allowedValues: AllowedValues;
}

/**
 * Adds a resource type to the vocabulary: `resourceType<QueueProperties>()('AWS::SQS::Queue', { attributes: ['Arn'] })`.
 * The properties are cloudform-types', with newer ones, and narrower ones where it has only `string` or `any`. Of
 * cloudform-types only the types are used, from the module of each resource: its classes do nothing but hold the
 * properties, and loading them took a tenth of a build. (The first call takes the properties alone, because TypeScript
 * can't be given one type argument and infer the others.)
 */
export const resourceType =
  <Properties extends object>() =>
  /**
   * @param type CloudFormation's name, `AWS::S3::Bucket`
   * @param vocabulary the attributes that `!GetAtt` knows, and the allowed values of the properties that have some
   */
  <
    const Type extends `AWS::${string}`,
    const Attribute extends string = never,
    const Allowed extends AllowedValues = NoAllowedValues,
  >(
    type: Type,
    vocabulary: { readonly attributes?: readonly Attribute[]; readonly allowedValues?: Allowed } = {},
  ): ResourceConstructor<Type, Narrowed<Properties, Allowed>, Attribute> => {
    const { attributes = [], allowedValues = {} } = vocabulary;
    const construct = (properties: object, beside: ResourceAttributes = {}): Resource<Type, Attribute> => ({
      ...beside,
      Type: type,
      Properties: properties,
      attributes,
    });
    return Object.assign(construct, { type, attributes, allowedValues });
  };

/**
 * Keeps a resource that holds data when it is removed from its template, replaced, or when its stack is deleted: the
 * operator deletes it by hand after having looked at what it holds. When the very operation that creates it fails, it
 * goes: it holds nothing yet, and its name would be taken at the next attempt.
 */
export function retained<Type extends string, Attribute extends string>(
  resource: Resource<Type, Attribute>,
): Resource<Type, Attribute> {
  return { ...resource, DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' };
}

/**
 * Freezes a resource once it exists: a stack policy refuses every update that would change, replace or remove it. For
 * what CloudFormation creates and something else owns from then on. Parameters and stack tags reach a resource, too, so
 * nothing that may change later belongs into one. A suppression that is worded anew is a change of metadata: AWS does not
 * say whether the policy refuses that, the emulator does.
 */
export function frozen<Type extends string, Attribute extends string>(
  resource: Resource<Type, Attribute>,
): Resource<Type, Attribute> {
  return { ...resource, Frozen: true };
}
