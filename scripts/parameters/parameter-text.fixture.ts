/** A text of a parameters file, and what every reader has to say of it. */
export interface TextCase {
  readonly name: string;
  readonly content: string | Uint8Array;
  /** What all readers say of it; undefined where they take it. */
  readonly refused?: RegExp;
}

const parameters = (value: unknown) => JSON.stringify({ Parameters: value });
const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`Key${n}`, 'x']));

/**
 * What the readers of parameter files take and refuse: that of `npm run validate` and those of the pipeline. A file that
 * one takes and the other refuses would get through to an account, or be stopped there.
 */
export const textCases: readonly TextCase[] = [
  { name: 'parameters', content: parameters({ Region: 'eu-west-1', Empty: '' }) },
  { name: 'no parameters', content: parameters({}) },
  { name: 'line ends of Windows', content: '{\r\n  "Parameters": {\r\n    "Region": "eu-west-1"\r\n  }\r\n}\r\n' },
  {
    name: 'text of several lines, in quotes and with an emoji',
    content: parameters({ A: 'a\n\t"b" \\ $(c) \u{1f600}' }),
  },
  { name: 'an escaped emoji', content: '{"Parameters": {"A": "\\ud83d\\ude00"}}' },
  { name: 'keys like those of every object', content: '{"Parameters": {"__proto__": "x", "constructor": "x"}}' },
  { name: '200 parameters', content: parameters(many(200)) },
  { name: 'a value of 4,096 bytes', content: parameters({ A: 'é'.repeat(2048) }) },
  { name: 'brackets inside of text', content: parameters({ A: '[{'.repeat(2000), B: '\\"[{' }) },
  { name: 'nothing', content: '', refused: /JSON/ },
  { name: 'white space', content: ' \n', refused: /JSON/ },
  { name: 'null', content: 'null', refused: /"Parameters"/ },
  { name: 'a list', content: '[{"ParameterKey": "A", "ParameterValue": "b"}]', refused: /"Parameters"/ },
  { name: 'another object', content: '{"A": "b"}', refused: /"Parameters"/ },
  { name: 'null for the parameters', content: parameters(null), refused: /"Parameters"/ },
  { name: 'text for the parameters', content: parameters('A=b'), refused: /"Parameters"/ },
  { name: 'a list for the parameters', content: parameters(['b']), refused: /"Parameters"/ },
  { name: 'tags beside the parameters', content: '{"Parameters": {}, "Tags": {}}', refused: /Parameters/ },
  { name: 'a number', content: parameters({ A: 1 }), refused: /A.* 1\b.*string/s },
  { name: 'null for a value', content: parameters({ A: null }), refused: /A.* null\b.*string/s },
  { name: 'an object for a value', content: parameters({ A: {} }), refused: /A.*string/s },
  { name: 'NaN', content: '{"Parameters": {"A": NaN}}', refused: /JSON/ },
  { name: '-Infinity', content: '{"Parameters": {"A": -Infinity}}', refused: /JSON/ },
  {
    name: 'a number of 10,000 digits',
    content: `{"Parameters": {"A": ${'1'.repeat(10_000)}}}`,
    refused: /string|JSON/,
  },
  { name: 'a leading zero', content: '{"Parameters": {"A": 01}}', refused: /JSON/ },
  { name: 'a comment', content: '{"Parameters": {} /* none */}', refused: /JSON/ },
  { name: 'a comma at the end', content: '{"Parameters": {"A": "b",}}', refused: /JSON/ },
  { name: 'two values', content: '{"Parameters": {}} {}', refused: /JSON/ },
  { name: 'a key twice', content: '{"Parameters": {"A": "b", "A": "c"}}', refused: /A.* 2 times/s },
  { name: 'the parameters twice', content: '{"Parameters": {}, "Parameters": {}}', refused: /Parameters.* 2 times/s },
  { name: 'a byte order mark', content: `\ufeff${parameters({})}`, refused: /byte order mark/ },
  { name: 'UTF-16', content: Buffer.from(`\ufeff${parameters({})}`, 'utf16le'), refused: /UTF-8/ },
  { name: 'Latin-1', content: Buffer.from(parameters({ A: 'Zürich' }), 'latin1'), refused: /UTF-8/ },
  {
    name: 'half a character in UTF-8',
    content: Buffer.from([...Buffer.from('{"A":"'), 0xed, 0xa0, 0x80]),
    refused: /UTF-8/,
  },
  { name: 'half a character', content: '{"Parameters": {"A": "a\\ud800b"}}', refused: /A.*half of a character.*D800/s },
  { name: 'the other half', content: '{"Parameters": {"A": "\\uDE00"}}', refused: /A.*half of a character.*DE00/s },
  { name: 'half a character in a key', content: '{"Parameters": {"A\\ud800": "b"}}', refused: /half of a character/ },
  { name: 'U+0000', content: '{"Parameters": {"A": "a\\u0000b"}}', refused: /A.*control character.*0000/s },
  {
    name: 'an escape sequence',
    content: '{"Parameters": {"A": "\\u001b[31m"}}',
    refused: /A.*control character.*001B/s,
  },
  { name: 'a raw line end in text', content: '{"Parameters": {"A": "a\nb"}}', refused: /JSON/ },
  { name: 'white space that JSON has not', content: '{"Parameters":\u00a0{}}', refused: /JSON/ },
  { name: '5,000 brackets', content: '['.repeat(5000), refused: /more than 20 levels/ },
  {
    name: '5,000 objects',
    content: `${'{"Parameters":'.repeat(5000)}{}${'}'.repeat(5000)}`,
    refused: /more than 20 levels/,
  },
  { name: '201 parameters', content: parameters(many(201)), refused: /201 .*200/s },
  { name: '40,000 parameters', content: parameters(many(40_000)), refused: /40000 .*200/s },
  { name: '40,000 keys beside', content: JSON.stringify({ Parameters: {}, ...many(40_000) }), refused: /40001 .*200/s },
  {
    name: '40,000 times one key',
    content: `{"Parameters":{${'"A":"",'.repeat(39_999)}"A":""}}`,
    refused: /40000 .*200/s,
  },
  { name: 'a list of 40,000', content: parameters({ A: Array(40_000).fill(0) }), refused: /40000 .*200/s },
  { name: 'a value of 4,097 bytes', content: parameters({ A: `${'é'.repeat(2048)}x` }), refused: /A.*4097 .*4096/s },
  { name: 'more than a megabyte', content: parameters({ A: 'x'.repeat(1024 * 1024) }), refused: /1048576|1024 KiB/ },
];
