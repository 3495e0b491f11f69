import { expect, test } from 'vitest';
import { anyName, overlap, overlapOfArns } from './overlap';

test.each([
  ['a', 'a', true],
  ['a', 'b', false],
  ['', '', true],
  ['a', '', false],
  ['*', '', true],
  ['a*', 'ab', true],
  ['a*', 'b*', false],
  ['a*c', '*bc', true],
  ['a*c', 'a*d', false],
  ['a?c', 'abc', true],
  ['a?c', 'ac', false],
  ['route-<Name>-x', 'route-dev-x', true],
  ['route-<Name>-x', 'route-dev-y', false],
  [`x/${anyName}`, 'x/name', true],
  [`x/${anyName}`, 'x/name/more', false],
  [`x/${anyName}`, 'x/name*', true],
  [`x/${anyName}`, 'x/*/more', false],
])('whether %s and %s overlap: %s', (left, right, expected) => {
  expect(overlap(left, right)).toBe(expected);
  expect(overlap(right, left)).toBe(expected);
});

test.each([
  ['arn:*:sqs:*:*:*', 'arn:aws:sqs:*:*:orders', true],
  ['arn:*:sqs:*:*:*', 'arn:aws:sns:*:*:orders', false],
  ['arn:*:sqs:*:*:*', 'arn:<AWS.Partition>:sqs:<AWS.Region>:<AWS.AccountId>:a', true],
  ['arn:*:sqs:*:*:*', '*', true],
  ['arn:*:logs:*:*:log-group:*', 'arn:aws:logs:*:*:log-group:/x:*', true],
])('whether an ARN fits %s and %s: %s', (left, right, expected) => {
  expect(overlapOfArns(left, right)).toBe(expected);
});
