import { readFileSync } from 'node:fs';
import { defineMappingTag, defineScalarTag, defineSequenceTag, FAILSAFE_SCHEMA, load, mapTag, seqTag } from 'js-yaml';

/** What the scripts need to know of a generated template. Every scalar is text, exactly as it is written in the file. */
export interface TemplateFile {
  readonly parameters: Readonly<Record<string, { readonly Default?: string }>>;
  readonly resources: Readonly<
    Record<
      string,
      {
        readonly Type: string;
        readonly DeletionPolicy?: string;
        readonly Properties?: Readonly<Record<string, unknown>>;
      }
    >
  >;
}

/**
 * CloudFormation's short forms (`!Ref`, `!Sub`...) load as the bare value behind the tag: nobody here looks into them.
 *
 * The failsafe schema keeps `0123` and `true` as text. A parser that made a number of a default would pass another
 * value to CloudFormation than the template names.
 */
const schema = FAILSAFE_SCHEMA.withTags(
  defineScalarTag('!', { matchByTagPrefix: true, identify: () => false, resolve: (source) => source }),
  defineSequenceTag('!', { ...seqTag, matchByTagPrefix: true, identify: () => false }),
  defineMappingTag('!', { ...mapTag, matchByTagPrefix: true, identify: () => false }),
);

/**
 * Reads a generated template.
 *
 * @param path of the YAML file
 * @throws what reading or parsing the file throws
 */
export function readTemplate(path: string): TemplateFile {
  return parseTemplateFile(readFileSync(path, 'utf8'), path);
}

/**
 * Reads the text of a template.
 *
 * @param filename how messages name it
 * @throws what parsing throws
 */
export function parseTemplateFile(text: string, filename: string): TemplateFile {
  const template = load(text, { schema, filename }) as {
    Parameters?: TemplateFile['parameters'];
    Resources?: TemplateFile['resources'];
  };
  return { parameters: template.Parameters ?? {}, resources: template.Resources ?? {} };
}
