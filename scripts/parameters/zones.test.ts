import { expect, test } from 'vitest';
import { zonesFor } from './zones';

const zones = (
  region: string,
  present: Readonly<Record<string, unknown>> = {},
  environment: { readonly production?: boolean } = {},
) => Object.values(zonesFor(environment, region, present));

test('a new environment gets two zones, production three', () => {
  expect(zones('eu-west-1')).toEqual(['eu-west-1a', 'eu-west-1b', undefined]);
  expect(zones('eu-west-1', {}, { production: true })).toEqual(['eu-west-1a', 'eu-west-1b', 'eu-west-1c']);
});

test('zones follow the Region, as many as there were', () => {
  const two = { FirstZone: 'eu-west-1a', SecondZone: 'eu-west-1b', ThirdZone: '' };
  const three = { ...two, ThirdZone: 'eu-west-1c' };
  expect(zones('ap-northeast-1', two)).toEqual(['ap-northeast-1a', 'ap-northeast-1c', '']);
  expect(zones('ap-northeast-1', three)).toEqual(['ap-northeast-1a', 'ap-northeast-1c', 'ap-northeast-1d']);
});

test('where a Region has two zones, production has two', () => {
  expect(zones('us-west-1', {}, { production: true })).toEqual(['us-west-1a', 'us-west-1b', '']);
});

test('zones that somebody chose stay, and none is used twice', () => {
  expect(zones('us-east-1', { FirstZone: 'us-east-1d', SecondZone: 'us-east-1a' })).toEqual([
    'us-east-1d',
    'us-east-1a',
    undefined,
  ]);
  expect(zones('us-east-1', { FirstZone: 'eu-west-1a', SecondZone: 'us-east-1a' })).toEqual([
    'us-east-1b',
    'us-east-1a',
    undefined,
  ]);
});

test('what is no string is left to the check of the files', () => {
  expect(zones('us-east-1', { FirstZone: 1 })).toEqual([1, 'us-east-1a', undefined]);
});
