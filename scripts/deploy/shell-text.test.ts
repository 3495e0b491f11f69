import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { shellText } from './shell-text';

describe('shellText', () => {
  test('gives a shell back the very words, on one line', () => {
    const words = [
      'plain',
      '',
      ' leading and trailing ',
      'a,b;c=d=e',
      "it's",
      'say "hi"',
      '$HOME `x` \\ !',
      `both ' and "`,
      `both ' and $x !`,
      '*?[a]{b,c}~',
      'two\nlines\tand a tab\\ \' "',
      'ü→ 漢',
    ].map((value) => `Key=${value}`);

    const text = shellText([['printf', '%s\\0'], ...words.map((word) => [word])]);

    expect(text).not.toContain('\n');
    expect(text).not.toContain('\t');
    expect(execFileSync('bash', ['-c', text], { encoding: 'utf8' }).split('\0').slice(0, -1)).toEqual(words);
  });
});
