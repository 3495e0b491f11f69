import { describe, expect, it } from 'vitest';
import { parseOrder } from './order.mjs';

const valid = {
  customerId: 'customer-1',
  items: [
    { sku: 'TEA-GREEN-100', quantity: 2 },
    { sku: 'MUG', quantity: 999 },
  ],
};

/** The paths of the problems of an order, or [] for a good one. */
function problemPaths(input: unknown): string[] {
  const parsed = parseOrder(input);
  return 'problems' in parsed ? parsed.problems.map(({ path }) => path) : [];
}

describe('parseOrder', () => {
  it('gives a valid order back unchanged', () => {
    expect(parseOrder(valid)).toEqual({ order: valid });
  });

  it.each([[null], [[]], ['order'], [1]])('refuses %j, which is not an object', (input) => {
    expect(parseOrder(input)).toEqual({ problems: [{ path: '', problem: 'must be a JSON object' }] });
  });

  it.each<[string, unknown]>([
    ['missing', undefined],
    ['empty', ''],
    ['a number', 7],
    ['65 characters long', 'a'.repeat(65)],
    ['with a space', 'a b'],
    ['with a line break at the end', 'a\n'],
    ['beginning with a dash', '-a'],
  ])('refuses a customerId that is %s', (_, customerId) => {
    expect(problemPaths({ ...valid, customerId })).toEqual(['customerId']);
  });

  it.each<[string, unknown]>([
    ['missing', undefined],
    ['an object', { length: 1 }],
    ['empty', []],
    ['51 long', Array.from({ length: 51 }, (_, index) => ({ sku: `SKU-${index}`, quantity: 1 }))],
  ])('refuses items that are %s', (_, items) => {
    expect(problemPaths({ ...valid, items })).toEqual(['items']);
  });

  it('takes 50 items', () => {
    const items = Array.from({ length: 50 }, (_, index) => ({ sku: `SKU-${index}`, quantity: 1 }));
    expect(problemPaths({ ...valid, items })).toEqual([]);
  });

  it.each<[unknown]>([[0], [-1], [1.5], [1000], ['2'], [null], [Number.NaN], [true]])(
    'refuses the quantity %j',
    (quantity) => {
      expect(problemPaths({ ...valid, items: [{ sku: 'MUG', quantity }] })).toEqual(['items[0].quantity']);
    },
  );

  it.each<[unknown]>([[''], ['mug'], ['-MUG'], ['M'.repeat(41)], [12], [undefined]])('refuses the sku %j', (sku) => {
    expect(problemPaths({ ...valid, items: [{ sku, quantity: 1 }] })).toEqual(['items[0].sku']);
  });

  it('refuses the same sku twice', () => {
    const item = { sku: 'MUG', quantity: 1 };
    expect(problemPaths({ ...valid, items: [item, item] })).toEqual(['items[1].sku']);
  });

  it('refuses keys that it does not know, also __proto__, and names everything that is wrong at once', () => {
    const input: unknown = JSON.parse(
      '{"customerID": "x", "__proto__": {}, "items": [{"sku": "MUG", "quantity": 1, "price": 1}, 2]}',
    );
    expect(problemPaths(input)).toEqual(['customerID', '__proto__', 'customerId', 'items[0].price', 'items[1]']);
  });
});
