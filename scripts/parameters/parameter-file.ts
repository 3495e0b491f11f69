import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import type { ParameterFile, ParameterProblem } from './parameters';

/**
 * Limits of a parameters file, which the readers of the pipeline have, too (scripts/codebuild/lib/configuration.py).
 * CloudFormation takes 200 parameters of 4,096 bytes each (User Guide, "Quotas"); a file has two levels.
 */
export const LARGEST_FILE = 1024 * 1024;
const MOST_ENTRIES = 200;
const LONGEST_TEXT = 4096;
const DEEPEST = 20;

/** A file that was read, if it is JSON, and what is wrong with its text. */
export interface Reading {
  readonly file?: ParameterFile;
  readonly text: string;
  readonly problems: readonly ParameterProblem[];
}

/**
 * Reads the bytes of a parameters file.
 *
 * @param file How messages name it.
 * @returns All problems of its text. A file that is JSON is given back even if it has duplicate keys or a byte order mark.
 */
export function readParameterFile(file: string, content: Uint8Array): Reading {
  const encoding = {
    file,
    rule: 'the file must be UTF-8 text',
    whatToDo: 'save it as UTF-8 without a byte order mark',
  };
  if ((content[0] === 0xff && content[1] === 0xfe) || (content[0] === 0xfe && content[1] === 0xff)) {
    const likelyCause = 'written by Windows PowerShell, or saved as "Unicode"';
    return { text: '', problems: [{ ...encoding, line: 1, found: 'UTF-16', likelyCause }] };
  }
  if (content.length > LARGEST_FILE) {
    const rule = `the file must not have more than ${LARGEST_FILE / 1024} KiB: CloudFormation takes less than that`;
    const whatToDo = 'put back the parameters file, of which version control may have an earlier one';
    return { text: '', problems: [{ file, found: `more than ${LARGEST_FILE} bytes`, rule, whatToDo }] };
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    const valid = new TextDecoder('utf-8', { ignoreBOM: true }).decode(content);
    const { line, column } = positionsIn(valid)(valid.indexOf('\ufffd'));
    const likelyCause = 'saved in an old encoding, such as Latin-1';
    return { text: '', problems: [{ ...encoding, line, column, found: 'bytes that are not UTF-8', likelyCause }] };
  }
  const problems: ParameterProblem[] = [];
  if (text.startsWith('\ufeff')) {
    text = text.slice(1);
    const likelyCause = 'saved by an editor on Windows as "UTF-8 with BOM"';
    const found = 'a byte order mark (U+FEFF) at the start';
    problems.push({
      ...encoding,
      line: 1,
      rule: 'the file must begin with {: JSON parsers refuse the mark',
      found,
      likelyCause,
    });
  }
  const positionAt = positionsIn(text);
  const deep = tooDeep(text);
  if (deep !== undefined) {
    const rule = `the file must be {"Parameters": {"Name": "value", ...}}, which has two levels`;
    const found = `more than ${DEEPEST} levels of { and [`;
    return { text, problems: [...problems, { file, ...positionAt(deep), found, rule, whatToDo: 'correct it there' }] };
  }
  const errors: ParseError[] = [];
  // There is no tree without a value, and that is an error.
  const root = parseTree(text, errors, { disallowComments: true }) as Node;
  const [first] = errors.sort((a, b) => a.offset - b.offset);
  if (first !== undefined) {
    // The others are what the parser made of the rest.
    return { text, problems: [...problems, syntaxError(file, text, first, positionAt)] };
  }
  const refused = [...tooMany(file, root, positionAt), ...unusableTexts(file, root, positionAt)];
  if (refused.length > 0) {
    return { text, problems: [...problems, ...refused] };
  }
  problems.push(...duplicateKeys(file, positionAt, root));
  const at = (path: readonly string[]) => {
    let node: Node | undefined = root;
    let start: Node | undefined = root;
    for (const key of path) {
      // The last one counts, as in JSON.parse.
      const property: Node | undefined = node?.children?.findLast(({ children }) => children?.[0]?.value === key);
      start = property;
      node = property?.children?.[1];
    }
    return node && start
      ? { line: positionAt(start.offset).line, source: text.slice(node.offset, node.offset + node.length) }
      : undefined;
  };
  return { text, problems, file: { file, content: JSON.parse(text), at } };
}

/** What jsonc-parser expected, by the name of its error. */
const expectations: Readonly<Record<string, string>> = {
  InvalidSymbol: 'text stands between double quotes',
  InvalidNumberFormat: 'a number has digits only',
  PropertyNameExpected: 'a name between double quotes must follow',
  ValueExpected: 'a value must follow',
  ColonExpected: 'a colon must stand between name and value',
  CommaExpected: 'a comma must stand between two entries',
  CloseBraceExpected: 'an object ends with }',
  CloseBracketExpected: 'a list ends with ]',
  EndOfFileExpected: 'nothing may follow the last }',
  InvalidCommentToken: 'JSON has no comments',
  UnexpectedEndOfComment: 'JSON has no comments',
  UnexpectedEndOfString: 'text ends with a double quote on the same line',
  UnexpectedEndOfNumber: 'a number must not end there',
  InvalidUnicode: '\\u is followed by four hexadecimal digits',
  InvalidEscapeCharacter: 'a backslash is followed by one of " \\ / b f n r t u',
  InvalidCharacter: 'control characters in text are written as \\t or \\u0000',
};

function syntaxError(
  file: string,
  text: string,
  { error, offset, length }: ParseError,
  positionAt: PositionAt,
): ParameterProblem {
  const token = text.slice(offset, offset + length);
  const before = text.slice(0, offset).trimEnd();
  const problem = {
    file,
    ...positionAt(offset),
    found: kindOf(token),
    rule: `not JSON: ${expectations[printParseErrorCode(error)]}`,
    whatToDo: 'correct it there',
  };
  if (text.trim() === '') {
    return {
      ...problem,
      line: 1,
      column: undefined,
      found: 'an empty file',
      whatToDo: 'remove it and run `npm run configure`, which creates it',
    };
  }
  if (/^(<{7}|={7}|>{7})( |$)/m.test(text)) {
    const likelyCause = 'a merge conflict that was not resolved';
    return { ...problem, likelyCause, whatToDo: 'resolve it, and remove the lines of <, = and >' };
  }
  if (/[:,[]\s*0$/.test(before) && /^\d/.test(token)) {
    const likelyCause = 'quotes forgotten';
    const found = 'a number with a leading zero';
    return {
      ...problem,
      found,
      rule: 'not JSON: numbers begin with another digit',
      likelyCause,
      whatToDo: 'put it between quotes',
    };
  }
  if (before.endsWith(',') && /^[}\]]/.test(token)) {
    const { line, column } = positionAt(before.length - 1);
    return {
      ...problem,
      line,
      column,
      found: `a comma before ${token}`,
      rule: 'not JSON: no comma follows the last entry',
      whatToDo: 'remove the comma',
    };
  }
  if (token.startsWith('/')) {
    return { ...problem, whatToDo: 'remove the comment' };
  }
  if (/^['‘’“”]/.test(token)) {
    return { ...problem, likelyCause: 'other quotes than JSON knows', whatToDo: 'write double quotes: "' };
  }
  if (printParseErrorCode(error) === 'CommaExpected') {
    return { ...problem, whatToDo: `add a comma at the end of line ${positionAt(before.length).line}` };
  }
  return problem;
}

/** What a token is. Its text is not shown unless it can't be the secret of a NoEcho parameter. */
function kindOf(token: string): string {
  switch (true) {
    case token === '':
      return 'the end of the file';
    case token.startsWith('"'):
      return 'text';
    case token.startsWith('/'):
      return 'a comment';
    case /^([{}[\]:,]|[<=>]+|true|false|null|none|undefined)$/i.test(token):
      return token;
    default:
      return 'text without double quotes';
  }
}

/** Where the first bracket stands that opens one level too many. A parser would run out of stack there. */
function tooDeep(text: string): number | undefined {
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === '"') {
      for (index++; index < text.length && text[index] !== '"'; index++) {
        index += text[index] === '\\' ? 1 : 0;
      }
    } else if (character === '{' || character === '[') {
      depth++;
      if (depth > DEEPEST) {
        return index;
      }
    } else if (character === '}' || character === ']') {
      depth--;
    }
  }
  return undefined;
}

function tooMany(file: string, node: Node, positionAt: PositionAt): ParameterProblem[] {
  const children = node.children ?? [];
  return children.length > MOST_ENTRIES
    ? [
        {
          file,
          line: positionAt(node.offset).line,
          found: `${children.length} entries in one ${node.type === 'array' ? 'list' : 'object'}`,
          rule: `there must not be more than ${MOST_ENTRIES}: CloudFormation takes no more parameters`,
          likelyCause: 'a file of something else, or one that a program has made',
          whatToDo: 'keep the parameters of the template alone',
        },
      ]
    : children.flatMap((child) => tooMany(file, child, positionAt));
}

/**
 * Control characters (but tab and line ends) and noncharacters, most of which CloudFormation's answers, XML 1.0, cannot
 * hold, and halves of characters, which are no text.
 */
const unusable = /(?![\t\n\r])\p{Cc}|[\ufffe\uffff]|\p{Cs}/u;

function unusableTexts(file: string, node: Node, positionAt: PositionAt, key?: string): ParameterProblem[] {
  const name: unknown = node.type === 'property' ? node.children?.[0]?.value : undefined;
  const own = typeof name === 'string' ? name : key;
  if (node.type !== 'string') {
    return (node.children ?? []).flatMap((child) => unusableTexts(file, child, positionAt, own));
  }
  const value: string = node.value;
  const { line } = positionAt(node.offset);
  const [character] = unusable.exec(value) ?? [];
  if (character !== undefined) {
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    const isHalf = code.startsWith('D');
    return [
      {
        file,
        line,
        key,
        found: isHalf ? `half of a character (U+${code})` : `a control character (U+${code})`,
        rule: 'text must have whole characters, and no control characters but tabs and line ends: AWS answers in XML',
        likelyCause: isHalf
          ? 'an emoji or another character that was cut in two'
          : 'copied from a terminal or a binary file',
        whatToDo: 'remove it, or write the whole character',
      },
    ];
  }
  const size = Buffer.byteLength(value);
  return size > LONGEST_TEXT
    ? [
        {
          file,
          line,
          key,
          found: `${size} bytes of text`,
          rule: `text must not be longer than ${LONGEST_TEXT} bytes, as the values of CloudFormation's parameters`,
          whatToDo: 'shorten it, or store it elsewhere and name its place',
        },
      ]
    : [];
}

function duplicateKeys(file: string, positionAt: PositionAt, node: Node): ParameterProblem[] {
  const children = node.children ?? [];
  const lines = new Map<string, number[]>();
  if (node.type === 'object') {
    for (const { children: [name] = [] } of children) {
      if (name !== undefined) {
        const line = positionAt(name.offset).line;
        lines.set(name.value, [...(lines.get(name.value) ?? []), line]);
      }
    }
  }
  return [
    ...[...lines].flatMap(([key, all]): ParameterProblem[] =>
      all.length === 1
        ? []
        : [
            {
              file,
              line: all.at(-1),
              key,
              found: `the key ${all.length} times, in lines ${all.join(', ')}`,
              rule: 'a key must stand there once: of several, all but the last would be ignored silently',
              likelyCause: 'a line that was copied, or a merge that kept both sides',
              whatToDo: 'keep one',
            },
          ],
    ),
    ...children.flatMap((child) => duplicateKeys(file, positionAt, child)),
  ];
}

/** The place of an offset in a text. */
type PositionAt = (offset: number) => { readonly line: number; readonly column: number };

/** Finds the starts of the lines once, for all places that are asked for. */
function positionsIn(text: string): PositionAt {
  const starts = [0, ...[...text.matchAll(/\r\n|\r|\n/g)].map(({ index, 0: end }) => index + end.length)];
  return (offset) => {
    let line = 0;
    // The last line that starts at the offset or before it, by halves.
    for (let step = 2 ** Math.ceil(Math.log2(starts.length)); step >= 1; step /= 2) {
      line += (starts[line + step] ?? Number.POSITIVE_INFINITY) <= offset ? step : 0;
    }
    return { line: line + 1, column: offset - (starts[line] ?? 0) + 1 };
  };
}
