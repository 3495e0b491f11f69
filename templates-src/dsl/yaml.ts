import { DUMP_SCHEMA, defineMappingTag, defineScalarTag, defineSequenceTag, dump } from 'js-yaml';
import { type Document, Intrinsic, type Node } from './document';
import { limits } from './limits';
import { TemplateError } from './problems';

/** A value with a tag in front: `!Ref X`. */
class Tagged {
  constructor(
    readonly tag: string,
    readonly value: unknown,
  ) {}
}

/** Functions that have no short form in YAML: those of the Rules section. */
const withoutShortForm = new Set(['Contains']);

const isText = (data: unknown): data is Tagged => data instanceof Tagged && typeof data.value === 'string';
const isList = (data: unknown): data is Tagged => data instanceof Tagged && Array.isArray(data.value);
const isMap = (data: unknown): data is Tagged => data instanceof Tagged && !isText(data) && !isList(data);
const neverLoaded = () => {
  throw new Error('this schema only writes');
};
const representTagName = ({ tag }: Tagged) => tag;

const schema = DUMP_SCHEMA.withTags(
  defineScalarTag('!', {
    matchByTagPrefix: true,
    identify: isText,
    represent: ({ value }: Tagged) => value as string,
    representTagName,
    resolve: neverLoaded,
  }),
  defineSequenceTag('!', {
    matchByTagPrefix: true,
    identify: isList,
    represent: ({ value }) => value as unknown[],
    representTagName,
    create: neverLoaded as () => Tagged,
    addItem: neverLoaded,
  }),
  defineMappingTag('!', {
    matchByTagPrefix: true,
    identify: isMap,
    represent: ({ value }) => new Map(Object.entries(value as object)),
    representTagName,
    create: neverLoaded as () => Tagged,
    addPair: neverLoaded,
    has: neverLoaded,
    keys: neverLoaded,
    get: neverLoaded,
  }),
);

/**
 * Writes a compiled template: authored key order, short forms, no anchors, no folded lines, a blank line between
 * sections and between their entries.
 *
 * @throws TemplateError when the text is larger than CloudFormation takes with a request
 */
export function toYaml(document: Document, header: readonly string[]): string {
  const body = dump(shortForms(document), { schema, noRefs: true, lineWidth: -1 });
  const text = `${header.map((line) => `# ${line}\n`).join('')}${spaced(body)}`;
  const bytes = Buffer.byteLength(text);
  if (bytes > limits.templateBytes) {
    const message = `found ${bytes} bytes of YAML, CloudFormation takes ${limits.templateBytes} with a request; have fewer environments, or split the template in two`;
    throw new TemplateError([{ path: 'template', message }]);
  }
  return text;
}

/** Intrinsic functions to tags; YAML allows one tag a value, so a function directly in a function keeps its long form. */
function shortForms(node: Node): unknown {
  if (node instanceof Intrinsic) {
    const { functionName, argument } = node;
    if (argument instanceof Intrinsic || withoutShortForm.has(functionName)) {
      return { [`Fn::${functionName}`]: shortForms(argument) };
    }
    return new Tagged(`!${functionName}`, shortForms(argument));
  }
  if (Array.isArray(node)) {
    return node.map(shortForms);
  }
  if (typeof node === 'object') {
    return Object.fromEntries(Object.entries(node).map(([key, entry]) => [key, shortForms(entry)]));
  }
  return node;
}

/**
 * Puts a blank line before every section and every entry of one. Block scalars can't be hit: their lines are indented
 * deeper than the entries, and the only scalars at the top are one-liners (`dump` folds nothing).
 */
function spaced(yaml: string): string {
  let section = '';
  let first = true;
  return yaml
    .split('\n')
    .map((line) => {
      if (/^[A-Za-z]/.test(line)) {
        const blank = section === '' || section === 'AWSTemplateFormatVersion' ? '' : '\n';
        section = line.slice(0, line.indexOf(':'));
        first = true;
        return `${blank}${line}`;
      }
      if (/^ {2}[A-Za-z0-9]/.test(line) && section !== 'Description') {
        const blank = first ? '' : '\n';
        first = false;
        return `${blank}${line}`;
      }
      return line;
    })
    .join('\n');
}
