import { readFileSync } from 'node:fs';
import {
  boolCoreTag,
  defineMappingTag,
  defineScalarTag,
  defineSequenceTag,
  FAILSAFE_SCHEMA,
  floatCoreTag,
  intCoreTag,
  load,
  mapTag,
  NOT_RESOLVED,
  nullCoreTag,
  type ScalarTagDefinition,
  seqTag,
} from 'js-yaml';

/** A value of a template. Intrinsic functions are objects with one key, as in JSON templates: `{ 'Fn::Sub': ... }`. */
export type TemplateNode = string | number | boolean | null | readonly TemplateNode[] | TemplateMap;

/** An object of a template. */
export interface TemplateMap {
  readonly [key: string]: TemplateNode;
}

/** A resource as it is written. */
export interface ResourceNode {
  readonly Type: string;
  readonly Condition?: string;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly Metadata?: TemplateMap;
  readonly Properties?: TemplateMap;
}

/** An output as it is written. */
export interface OutputNode {
  readonly Value: TemplateNode;
  readonly Condition?: string;
  readonly Export?: { readonly Name: TemplateNode };
}

/** A parameter as it is written. */
export interface ParameterNode {
  readonly Type: string;
  readonly Default?: string | number | boolean;
}

/** The sections of a template that decide what it makes. */
export interface TemplateDocument {
  readonly Parameters: Readonly<Record<string, ParameterNode>>;
  readonly Mappings: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, TemplateNode>>>>>>;
  readonly Conditions: TemplateMap;
  readonly Resources: Readonly<Record<string, ResourceNode>>;
  readonly Outputs: Readonly<Record<string, OutputNode>>;
}

/** `!Ref` -> `Ref`, `!Sub` -> `Fn::Sub`: the names that the long forms have. */
function longForm(tag: string): string {
  const name = tag.slice(1);
  return name === 'Ref' || name === 'Condition' ? name : `Fn::${name}`;
}

/** An object behind a tag, while it is read. */
interface TaggedMap {
  readonly tag: string;
  readonly pairs: Record<string, unknown>;
}

/**
 * Numbers and truth values that their text can be told from. All others stay text: a reader that made a number of the
 * default `0123` would pass another value to CloudFormation than the template names.
 */
const exact = ({ tagName, ...tag }: ScalarTagDefinition) =>
  defineScalarTag(tagName, {
    ...tag,
    resolve: (source, isExplicit, name) => {
      const value = tag.resolve(source, isExplicit, name);
      return String(value) === source ? value : NOT_RESOLVED;
    },
  });

const schema = FAILSAFE_SCHEMA.withTags(
  nullCoreTag,
  exact(boolCoreTag),
  exact(intCoreTag),
  exact(floatCoreTag),
  defineScalarTag('!', {
    matchByTagPrefix: true,
    identify: () => false,
    resolve: (source, _isExplicit, tag) => ({ [longForm(tag)]: source }),
  }),
  defineSequenceTag('!', {
    matchByTagPrefix: true,
    identify: () => false,
    create: (tag) => ({ tag, items: seqTag.create(tag) }),
    addItem: ({ items }, item, index) => seqTag.addItem(items, item, index),
    finalize: ({ tag, items }) => ({ [longForm(tag)]: items }),
  }),
  defineMappingTag('!', {
    ...mapTag,
    matchByTagPrefix: true,
    identify: () => false,
    create: (tag): TaggedMap => ({ tag, pairs: mapTag.create(tag) }),
    addPair: ({ pairs }: TaggedMap, key, value) => mapTag.addPair(pairs, key, value),
    has: ({ pairs }: TaggedMap, key) => mapTag.has(pairs, key),
    finalize: ({ tag, pairs }) => ({ [longForm(tag)]: pairs }),
  }),
);

/**
 * Reads a template.
 *
 * @param path of the YAML file
 * @throws what reading the file throws; as `parseTemplate` does
 */
export const readTemplate = (path: string): TemplateDocument => parseTemplate(readFileSync(path, 'utf8'), path);

/**
 * Reads the text of a template.
 *
 * @param file how messages name it
 * @throws YAMLException when it is no YAML; Error when it is no template
 */
export function parseTemplate(text: string, file: string): TemplateDocument {
  const document = load(text, { schema, filename: file });
  if (typeof document !== 'object' || document === null || !('Resources' in document)) {
    throw new Error(`${file}: expected a CloudFormation template with Resources, found none`);
  }
  return { Parameters: {}, Mappings: {}, Conditions: {}, Outputs: {}, ...document } as unknown as TemplateDocument;
}
