import { expect, test } from 'vitest';
import { readParameterFile } from './parameter-file';
import { describeProblem } from './parameters';

/** The problems of a file with this text or these bytes, as they are printed. */
function problemsOf(content: string | Uint8Array): string {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return readParameterFile('dev.json', bytes).problems.map(describeProblem).join('\n');
}

test('a good file gives its content, and the lines and sources of its entries', () => {
  const { file, problems } = readParameterFile('dev.json', Buffer.from('{\n  "Parameters": {\n    "Count": 1.50\n}}'));
  expect(problems).toEqual([]);
  expect(file?.content).toEqual({ Parameters: { Count: 1.5 } });
  expect(file?.at([])?.line).toBe(1);
  expect(file?.at(['Parameters'])?.line).toBe(2);
  expect(file?.at(['Parameters', 'Count'])).toEqual({ line: 3, source: '1.50' });
  expect(file?.at(['Parameters', 'Size'])).toBeUndefined();
  expect(file?.at(['Parameters', 'Count', 'Deeper'])).toBeUndefined();
});

test('a missing comma is reported with its line', () => {
  expect(problemsOf('{\n  "A": "1"\n  "B": "2"\n}')).toMatchInlineSnapshot(`
    "dev.json:3:3: found text
      rule:         not JSON: a comma must stand between two entries
      what to do:   add a comma at the end of line 2"
  `);
});

test('a comma too many is reported where it stands', () => {
  expect(problemsOf('{\n  "A": "1",\n}')).toMatchInlineSnapshot(`
    "dev.json:2:11: found a comma before }
      rule:         not JSON: no comma follows the last entry
      what to do:   remove the comma"
  `);
});

test('a number with a leading zero is reported as what it is', () => {
  expect(problemsOf('{\n  "AccountId": 012345678901\n}')).toMatchInlineSnapshot(`
    "dev.json:2:17: found a number with a leading zero
      rule:         not JSON: numbers begin with another digit
      likely cause: quotes forgotten
      what to do:   put it between quotes"
  `);
});

test('a comment is not JSON', () => {
  expect(problemsOf('{\n  // the region\n  "A": "1"\n}')).toMatchInlineSnapshot(`
    "dev.json:2:3: found a comment
      rule:         not JSON: JSON has no comments
      what to do:   remove the comment"
  `);
});

test('an unresolved merge conflict is recognized', () => {
  expect(problemsOf('{\n<<<<<<< HEAD\n  "A": "1"\n=======\n  "A": "2"\n>>>>>>> other\n}')).toMatchInlineSnapshot(`
    "dev.json:2:1: found <<<<<<<
      rule:         not JSON: text stands between double quotes
      likely cause: a merge conflict that was not resolved
      what to do:   resolve it, and remove the lines of <, = and >"
  `);
});

test('quotes of a word processor are recognized', () => {
  expect(problemsOf('{\n  "A": “1”\n}')).toMatchInlineSnapshot(`
    "dev.json:2:8: found text without double quotes
      rule:         not JSON: text stands between double quotes
      likely cause: other quotes than JSON knows
      what to do:   write double quotes: ""
  `);
});

test('a file that ends too early is reported at its end', () => {
  expect(problemsOf('{\n  "A": "1"\n')).toMatchInlineSnapshot(`
    "dev.json:3:1: found the end of the file
      rule:         not JSON: an object ends with }
      what to do:   correct it there"
  `);
});

test('an empty file is reported', () => {
  expect(problemsOf(' \n')).toMatchInlineSnapshot(`
    "dev.json:1: found an empty file
      rule:         not JSON: a value must follow
      what to do:   remove it and run \`npm run configure\`, which creates it"
  `);
});

test('a byte order mark is reported, and the rest is read all the same', () => {
  expect(problemsOf('\ufeff{"A": "1"}')).toMatchInlineSnapshot(`
    "dev.json:1: found a byte order mark (U+FEFF) at the start
      rule:         the file must begin with {: JSON parsers refuse the mark
      likely cause: saved by an editor on Windows as "UTF-8 with BOM"
      what to do:   save it as UTF-8 without a byte order mark"
  `);
  expect(readParameterFile('dev.json', Buffer.from('\ufeff{"A": "1"}')).file?.content).toEqual({ A: '1' });
});

test('UTF-16 is recognized, in both byte orders', () => {
  const littleEndian = Buffer.from('\ufeff{}', 'utf16le');
  expect(problemsOf(littleEndian)).toMatchInlineSnapshot(`
    "dev.json:1: found UTF-16
      rule:         the file must be UTF-8 text
      likely cause: written by Windows PowerShell, or saved as "Unicode"
      what to do:   save it as UTF-8 without a byte order mark"
  `);
  expect(problemsOf(Buffer.from(littleEndian).swap16())).toBe(problemsOf(littleEndian));
});

test('bytes that are not UTF-8 are reported where they stand', () => {
  expect(problemsOf(Buffer.from('{\n  "A": "Zürich"\n}', 'latin1'))).toMatchInlineSnapshot(`
    "dev.json:2:10: found bytes that are not UTF-8
      rule:         the file must be UTF-8 text
      likely cause: saved in an old encoding, such as Latin-1
      what to do:   save it as UTF-8 without a byte order mark"
  `);
});

test('duplicate keys are reported at every depth, and the last one is read', () => {
  const text = '{\n  "P": {\n    "A": "1",\n    "B": "2",\n    "A": "3"\n  },\n  "P": {}\n}';
  expect(problemsOf(text)).toMatchInlineSnapshot(`
    "dev.json:7: P: found the key 2 times, in lines 2, 7
      rule:         a key must stand there once: of several, all but the last would be ignored silently
      likely cause: a line that was copied, or a merge that kept both sides
      what to do:   keep one
    dev.json:5: A: found the key 2 times, in lines 3, 5
      rule:         a key must stand there once: of several, all but the last would be ignored silently
      likely cause: a line that was copied, or a merge that kept both sides
      what to do:   keep one"
  `);
  expect(readParameterFile('dev.json', Buffer.from(text)).file?.at(['P'])).toEqual({ line: 7, source: '{}' });
});

test('text that could be a secret is not shown when a file is not JSON', () => {
  for (const text of [
    '{"Password": hunter2}',
    '{"Password": "hunter2',
    '{"a": "b" "hunter2"}',
    '{"a": 0271828}',
    '{ //hunter2',
  ]) {
    expect(problemsOf(text)).toMatch(/rule: +not JSON/);
    expect(problemsOf(text)).not.toMatch(/hunter2|271828/);
  }
});

test.each(['{"a":1.}', '{"a":"\\x"}', '{"a":"\\u12"}', '{"a":"\t"}', '{"a" "b"}', '["a"', '{}}', '{"a":}', '/* x'])(
  '%j is not JSON, and the message says what was expected',
  (text) => {
    expect(() => JSON.parse(text)).toThrow();
    expect(problemsOf(text)).toMatch(/rule: +not JSON: (?!undefined)/);
  },
);
