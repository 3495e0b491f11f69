import { expect, test } from 'vitest';
import { isForAdoption } from './before-deployment';
import { examineCloud } from './cloud.fixture';
import { faults, topology } from './faults.fixture';

const ofNames = faults.filter(({ check }) => check === 'names').map((fault) => [fault.of, fault] as const);

test.each(ofNames)('%s: left to --adopt where it can take that in, and else in its way, too', async (_, fault) => {
  const problems = (await examineCloud({ topology, ...fault })).filter(({ outcome }) => outcome === 'problem');

  expect(problems).toHaveLength(1);
  expect(problems.map(isForAdoption)).toEqual([fault.toDo.source.includes('--adopt')]);
});

test('there is a name of either kind', () => {
  expect(new Set(ofNames.map(([, { toDo }]) => toDo.source.includes('--adopt')))).toEqual(new Set([true, false]));
});
