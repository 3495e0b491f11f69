import {
  COLLECTION_STYLE,
  DEFAULT_SCALAR_STYLE_RULES,
  DUMP_SCHEMA,
  defineMappingTag,
  defineScalarTag,
  defineSequenceTag,
  dump,
  SCALAR_STYLE,
  type ScalarStyleRule,
  type Node as YamlNode,
} from 'js-yaml';
import { type Document, Intrinsic, type Node } from './document';
import { limits } from './limits';

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
 * sections and between their entries. A template that would be too large that way is written without blank lines,
 * indented by one space and lists not at all, which saves about a fifth: the pipelines of ten environments need it.
 */
export function toYaml(document: Document, header: readonly string[]): string {
  const value = shortForms(document);
  const comment = header.map((line) => `# ${line}\n`).join('');
  const roomy = comment + spaced(write(value, false));
  return Buffer.byteLength(roomy) > limits.templateBytes ? comment + write(value, true) : roomy;
}

/**
 * Quotes what YAML 1.2 takes without quotes and PyYAML, the parser of the AWS CLI and of cfn-lint, does not: within
 * brackets `?` and a colon at the start, and nothing at all behind a tag. Also text that ends with an empty line: as a
 * block it would take in the blank line that follows.
 */
const quoteWhatIsMisread: ScalarStyleRule = (layout) => {
  const { tagged, value } = layout.node;
  if (layout.style === SCALAR_STYLE.PLAIN && ((tagged && value === '') || (layout.flowOnly && /\?|^:/.test(value)))) {
    layout.style = SCALAR_STYLE.SINGLE_QUOTED;
  }
  if (layout.style === SCALAR_STYLE.LITERAL_BLOCK && /(^|\n)\n$/.test(value)) {
    layout.style = SCALAR_STYLE.DOUBLE_QUOTED;
  }
};

const write = (value: unknown, tight: boolean) =>
  dump(value, {
    schema,
    noRefs: true,
    lineWidth: -1,
    scalarStyleRules: [...Object.values(DEFAULT_SCALAR_STYLE_RULES), quoteWhatIsMisread],
    indent: tight ? 1 : 2,
    seqNoIndent: tight,
    transform: (documents) => {
      for (const { contents } of documents) {
        if (contents) {
          inline(contents);
        }
      }
    },
  });

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

/** Values that read as one thing, and stand on one line however often they occur. */
const oneLiners = new Set(['ActionTypeId', 'InputArtifacts', 'OutputArtifacts', 'Label']);

/** Longest list of arguments that goes on the line of its function. */
const inlineWidth = 80;

/**
 * Puts short arguments of functions on one line, `!Equals [!Ref Region, !Ref AWS::Region]`, and a few values that are
 * always alike. All other lists stay one item a line, so that the diff of an added item is one line.
 */
function inline(node: YamlNode, key = ''): void {
  if (node.kind === 'scalar' || node.kind === 'alias') {
    return;
  }
  if ((node.kind === 'sequence' && node.tagged) || oneLiners.has(key)) {
    if (inlineLength(node) <= inlineWidth) {
      flow(node);
      return;
    }
  }
  for (const item of node.items) {
    if ('key' in item) {
      inline(item.value, item.key.kind === 'scalar' ? item.key.value : '');
    } else {
      inline(item);
    }
  }
}

function inlineLength(node: YamlNode): number {
  if (node.kind === 'alias') {
    return node.anchor.length + 1;
  }
  const tag = node.tagged ? node.tag.length + 1 : 0;
  if (node.kind === 'scalar') {
    return tag + (node.value.includes('\n') ? Number.POSITIVE_INFINITY : node.value.length);
  }
  const items: readonly (YamlNode | { key: YamlNode; value: YamlNode })[] = node.items;
  return items.reduce(
    (sum, item) =>
      sum + 2 + ('key' in item ? inlineLength(item.key) + 2 + inlineLength(item.value) : inlineLength(item)),
    tag,
  );
}

function flow(node: YamlNode): void {
  if (node.kind === 'sequence') {
    node.style = COLLECTION_STYLE.FLOW;
    node.items.forEach(flow);
  } else if (node.kind === 'mapping') {
    node.style = COLLECTION_STYLE.FLOW;
    for (const { value } of node.items) {
      flow(value);
    }
  }
}

/**
 * Puts a blank line before every section and every entry of one. Text can't be hit: the lines of blocks are indented
 * deeper than entries, except those of the description, and no block ends with an empty line.
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
      if (/^ {2}['"A-Za-z0-9]/.test(line) && section !== 'Description') {
        const blank = first ? '' : '\n';
        first = false;
        return `${blank}${line}`;
      }
      return line;
    })
    .join('\n');
}
