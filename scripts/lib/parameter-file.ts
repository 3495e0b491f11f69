import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import type { ParameterFile, ParameterProblem } from '../../templates-src/parameters';

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
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    const valid = new TextDecoder('utf-8', { ignoreBOM: true }).decode(content);
    const { line, column } = positionAt(valid, valid.indexOf('\ufffd'));
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
  const errors: ParseError[] = [];
  // There is no tree without a value, and that is an error.
  const root = parseTree(text, errors, { disallowComments: true }) as Node;
  const [first] = errors.sort((a, b) => a.offset - b.offset);
  if (first !== undefined) {
    // The others are what the parser made of the rest.
    return { text, problems: [...problems, syntaxError(file, text, first)] };
  }
  problems.push(...duplicateKeys(file, text, root));
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
      ? { line: positionAt(text, start.offset).line, source: text.slice(node.offset, node.offset + node.length) }
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

function syntaxError(file: string, text: string, { error, offset, length }: ParseError): ParameterProblem {
  const token = text.slice(offset, offset + length);
  const before = text.slice(0, offset).trimEnd();
  const problem = {
    file,
    ...positionAt(text, offset),
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
    const { line, column } = positionAt(text, before.length - 1);
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
    return { ...problem, whatToDo: `add a comma at the end of line ${positionAt(text, before.length).line}` };
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

function duplicateKeys(file: string, text: string, node: Node): ParameterProblem[] {
  const children = node.children ?? [];
  const lines = new Map<string, number[]>();
  if (node.type === 'object') {
    for (const { children: [name] = [] } of children) {
      if (name !== undefined) {
        const line = positionAt(text, name.offset).line;
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
    ...children.flatMap((child) => duplicateKeys(file, text, child)),
  ];
}

function positionAt(text: string, offset: number): { readonly line: number; readonly column: number } {
  const lines = text.slice(0, offset).split(/\r\n|\r|\n/);
  return { line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
}
