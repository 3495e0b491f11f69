import type { IntrinsicFunction } from 'cloudform-types/types/dataTypes';
import type { CreationPolicy, ResourceBase, UpdatePolicy } from 'cloudform-types/types/resource';
import type { ConditionHandle, Reference } from './intrinsics';

/** What stands beside `Properties` in a resource. */
export interface ResourceAttributes {
  readonly Condition?: ConditionHandle;
  readonly DependsOn?: Reference | readonly Reference[];
  readonly DeletionPolicy?: 'Delete' | 'Retain' | 'RetainExceptOnCreate' | 'Snapshot';
  readonly UpdateReplacePolicy?: 'Delete' | 'Retain' | 'Snapshot';
  readonly CreationPolicy?: CreationPolicy;
  readonly UpdatePolicy?: UpdatePolicy;
  readonly Metadata?: Readonly<Record<string, unknown>>;
}

/** A resource that a template doesn't have yet: give it to `Template.resources` under its logical id. */
export interface Resource<Type extends string = string, Attribute extends string = string> extends ResourceAttributes {
  readonly Type: Type;
  readonly Properties: object;
  /** Names of the attributes that `!GetAtt` knows. */
  readonly attributes: readonly Attribute[];
}

/**
 * A class of cloudform-types, with the properties that this project gives it: newer ones, and narrower ones where
 * cloudform-types has only `string` or `any`.
 */
export type ResourceClass<Properties> = new (properties: Properties) => ResourceBase;

/**
 * The allowed values of properties of a type, by the property's path (`EncryptionConfiguration.EncryptionType`). A test
 * compares them with AWS's published schema, so that they can't drift.
 */
export type AllowedValues = Readonly<Record<string, readonly string[]>>;

/**
 * The properties of cloudform-types, with the allowed values in the place of `string`, so that a wrong one doesn't
 * compile, and with lists that may be readonly.
 */
export type Narrowed<T, Allowed extends AllowedValues, Path extends string = ''> = 0 extends 1 & T
  ? T
  : T extends IntrinsicFunction
    ? T
    : T extends readonly (infer Element)[]
      ? readonly Narrowed<Element, Allowed, Path>[]
      : T extends object
        ? {
            readonly [K in keyof T]: Narrowed<
              T[K],
              Allowed,
              Path extends '' ? `${K & string}` : `${Path}.${K & string}`
            >;
          }
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
 * Adds a resource type to the vocabulary.
 *
 * @param type CloudFormation's name, `AWS::S3::Bucket`
 * @param implementation the class of cloudform-types, imported from its own module (the barrel costs 0.6 s)
 * @param vocabulary the attributes that `!GetAtt` knows, and the allowed values of the properties that have some
 */
export function resourceType<const Type extends `AWS::${string}`, Properties, const Attribute extends string = never>(
  type: Type,
  implementation: ResourceClass<Properties>,
  vocabulary: { readonly attributes?: readonly Attribute[]; readonly allowedValues?: AllowedValues } = {},
): ResourceConstructor<Type, Properties, Attribute> {
  const { attributes = [], allowedValues = {} } = vocabulary;
  const construct = (properties: Properties, beside: ResourceAttributes = {}): Resource<Type, Attribute> => ({
    ...beside,
    Type: type,
    Properties: new implementation(properties).Properties,
    attributes,
  });
  return Object.assign(construct, { type, attributes, allowedValues });
}

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
