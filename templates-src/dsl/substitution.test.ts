// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of CloudFormation, not of TypeScript
import { expect, test } from 'vitest';
import { parseSubstitution, substitute } from './substitution';

test('a text is taken apart into texts and references', () => {
  expect(parseSubstitution('${A}-${B.Arn}:${AWS::Region}')).toEqual([
    { reference: 'A' },
    '-',
    { reference: 'B.Arn' },
    ':',
    { reference: 'AWS::Region' },
  ]);
  expect(parseSubstitution('nothing')).toEqual(['nothing']);
  expect(parseSubstitution('')).toEqual([]);
});

test('an escaped reference is text', () => {
  expect(parseSubstitution('a ${!Literal} b')).toEqual(['a ${Literal} b']);
});

test('every reference gets its value, and what a value holds is not looked into', () => {
  expect(substitute('${A}/${!B}/${A}/${C}', (name) => `<${name} \${A}>`)).toBe('<A ${A}>/${B}/<A ${A}>/<C ${A}>');
});
