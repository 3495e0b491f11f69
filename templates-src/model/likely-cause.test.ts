import { expect, test } from 'vitest';
import { likelyCause, nearest, printable } from './likely-cause';

const accountId = (value: string) => /^\d{12}$/.test(value);
const region = (value: string) => value === 'eu-west-1';

test.each([
  ['02222222222', '11 digits; a leading zero lost to a number?'],
  ['2222222222', '10 digits; a leading zero lost to a number?'],
  ['2222222222222', '13 digits; one digit too many?'],
  [' 222222222222', 'white space around the value'],
  ['222222222222\n', 'white space around the value'],
  ['2222-2222-2222', 'an account id in groups of four, as the AWS console shows it'],
  ['"222222222222"', 'quotes inside the quotes'],
  ['“222222222222”', 'quotes inside the quotes'],
  ['222222\u200b222222', 'an invisible character (U+200B), copied along from elsewhere'],
  ['', 'an empty value that was never filled in'],
  ['<account id>', 'a placeholder that was never filled in'],
  ['CHANGE_ME', 'a placeholder that was never filled in'],
  [`\${AccountId}`, 'a placeholder that was never filled in'],
])('for %j where an account id is expected the cause is %s', (value, cause) => {
  expect(likelyCause(value, accountId)?.cause).toBe(cause);
});

test('capital letters are the cause only if small ones would be accepted', () => {
  expect(likelyCause('EU-WEST-1', region)).toEqual({ cause: 'capital letters', meant: 'eu-west-1' });
  expect(likelyCause('US-EAST-1', region)).toBeUndefined();
});

test('white space is the cause only if the value is right without it', () => {
  expect(likelyCause(' 2222', accountId)).toBeUndefined();
});

test('the allowed value that is meant is found', () => {
  const sizes = ['small', 'medium', 'large'];
  const accepts = (value: string) => sizes.includes(value);
  expect(likelyCause('medum', accepts, sizes)).toEqual({
    cause: 'a misspelling; did you mean medium?',
    meant: 'medium',
  });
  expect(likelyCause('huge', accepts, sizes)).toBeUndefined();
});

test('a near name is one that a few strokes change, capital letters not counted', () => {
  const names = ['Region', 'DevAccountId', 'TestAccountId'];
  expect(nearest('DevAcountId', names)).toBe('DevAccountId');
  expect(nearest('region', names)).toBe('Region');
  expect(nearest('VpcCidr', names)).toBeUndefined();
  expect(nearest('Region', [])).toBeUndefined();
});

test('a printed value is in quotes, short, and shows what is invisible', () => {
  expect(printable('a "b"\u00a0')).toBe('"a \\"b\\"\\u{00A0}"');
  expect(printable('x'.repeat(100))).toBe(`"${'x'.repeat(80)}..."`);
});
