import { expect, test } from 'vitest';
import { checksBefore } from './before-deployment';

test('names that are taken stop a deployment, unless it is told to adopt what has them', () => {
  const namesOf = (...flags: string[]) => checksBefore(new Set(flags)).map(({ name }) => name);

  expect(namesOf()).toContain('names');
  expect(namesOf('adopt')).toEqual(namesOf().filter((name) => name !== 'names'));
});
