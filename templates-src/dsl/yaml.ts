import {
  COLLECTION_STYLE,
  DEFAULT_SCALAR_STYLE_RULES,
  DUMP_SCHEMA,
  jsToAst,
  present as presentNodes,
  SCALAR_STYLE,
  type ScalarNode,
  type ScalarStyleRule,
  type Node as YamlNode,
} from 'js-yaml';
import { type Document, Intrinsic, type Node, record } from './document';

/** What YAML calls the values that have no tag of their own. */
const tags = {
  boolean: 'tag:yaml.org,2002:bool',
  integer: 'tag:yaml.org,2002:int',
  list: 'tag:yaml.org,2002:seq',
  map: 'tag:yaml.org,2002:map',
  text: 'tag:yaml.org,2002:str',
};

/** Functions that have no short form in YAML: those of the Rules section. */
const withoutShortForm = new Set(['Contains']);

/**
 * Writes a compiled template: authored key order, short forms, no anchors, no folded lines, a blank line between
 * sections and between their entries. The layout never depends on the size: one environment more is a diff of one
 * environment.
 */
export function toYaml(document: Document, header: readonly string[]): string {
  const comment = header.map((line) => `# ${line}\n`).join('');
  const sections = Object.entries(document)
    .map(([name, content], index) => {
      const entries = Object.entries(record(content));
      // One entry at a time: only its nodes are held, and the blank lines need no search.
      const text =
        entries.length === 0
          ? present({ [name]: content })
          : `${name}:\n${entries.map(([id, entry]) => indented(present({ [id]: entry }))).join('\n')}`;
      return index === 0 || name === 'Description' ? text : `\n${text}`;
    })
    .join('');
  return comment + sections;
}

const indented = (text: string) => text.replace(/^(?=.)/gm, '  ');

const present = (content: Node) =>
  presentNodes([{ contents: yamlNode(content), directives: [] }], {
    schema: DUMP_SCHEMA,
    lineWidth: -1,
    scalarStyleRules,
    indent: 2,
  });

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

const scalarStyleRules = [...Object.values(DEFAULT_SCALAR_STYLE_RULES), quoteWhatIsMisread];

/** Values that read as one thing, and stand on one line however often they occur. */
const oneLiners = new Set(['ActionTypeId', 'InputArtifacts', 'OutputArtifacts', 'Label']);

/** Longest list of arguments that goes on the line of its function. */
const inlineWidth = 80;

/**
 * The nodes that js-yaml writes. Functions become tags; YAML allows one tag a value, so a function directly in a
 * function keeps its long form. Short arguments of functions go on one line, `!Equals [!Ref Region, !Ref AWS::Region]`,
 * and so do a few values that are always alike. All other lists stay one item a line, so that the diff of an added
 * item is one line.
 *
 * @param tag of the function that the value is the argument of
 * @param key under which the value stands
 */
function yamlNode(node: Node, tag?: string, key?: string): YamlNode {
  if (node instanceof Intrinsic) {
    const { functionName, argument } = node;
    return argument instanceof Intrinsic || withoutShortForm.has(functionName)
      ? yamlNode({ [`Fn::${functionName}`]: argument })
      : yamlNode(argument, `!${functionName}`);
  }
  if (typeof node === 'string') {
    return text(node, tag);
  }
  if (typeof node !== 'object') {
    return scalar(node);
  }
  const made: YamlNode = Array.isArray(node)
    ? {
        kind: 'sequence',
        tag: tag ?? tags.list,
        tagged: tag !== undefined,
        style: COLLECTION_STYLE.BLOCK,
        items: node.map((item) => yamlNode(item)),
      }
    : {
        kind: 'mapping',
        tag: tag ?? tags.map,
        tagged: tag !== undefined,
        style: COLLECTION_STYLE.BLOCK,
        items: Object.entries(node).map(([name, value]) => ({
          key: text(name),
          value: yamlNode(value, undefined, name),
        })),
      };
  const fitsOnLine = (made.kind === 'sequence' && made.tagged) || (key !== undefined && oneLiners.has(key));
  if (fitsOnLine && inlineLength(made) <= inlineWidth) {
    flow(made);
  }
  return made;
}

const text = (value: string, tag?: string): ScalarNode => ({
  kind: 'scalar',
  tag: tag ?? tags.text,
  tagged: tag !== undefined,
  style: SCALAR_STYLE.PLAIN,
  value,
});

/** A number, true or false: in the form of js-yaml, which knows how to write a fraction. */
function scalar(value: number | boolean): ScalarNode {
  if (typeof value === 'boolean' || Number.isSafeInteger(value)) {
    return { ...text(String(value)), tag: typeof value === 'boolean' ? tags.boolean : tags.integer };
  }
  return jsToAst(value, DUMP_SCHEMA)[0]?.contents as ScalarNode;
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
