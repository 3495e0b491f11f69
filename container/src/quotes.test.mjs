import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { calculateQuote, parseQuoteRequest } from './quotes.mjs';

const valid = { currency: 'EUR', items: [{ unitPrice: 1250, quantity: 3 }], discountPercent: 10, taxPercent: 19 };

/** The paths of a request's problems, or [] for a good one. */
function problemPaths(input) {
  return (parseQuoteRequest(input).problems ?? []).map(({ path }) => path);
}

describe('parseQuoteRequest', () => {
  it('gives a valid request back', () => {
    assert.deepEqual(parseQuoteRequest(valid), { request: valid });
  });

  it('takes no discount and no tax when none are given', () => {
    const { request } = parseQuoteRequest({ currency: 'EUR', items: valid.items });
    assert.deepEqual(request, { ...valid, discountPercent: 0, taxPercent: 0 });
  });

  for (const input of [null, [], 'quote', 1]) {
    it(`refuses ${JSON.stringify(input)}, which is not an object`, () => {
      assert.deepEqual(problemPaths(input), ['']);
    });
  }

  for (const [path, values] of Object.entries({
    currency: [undefined, '', 'eur', 'EURO', 'EUR\n', 5],
    discountPercent: [-1, 100.01, 1.234, '10', null],
    taxPercent: [-0.5, 101, 5.555, Number.NaN, true],
    items: [undefined, {}, [], Array.from({ length: 51 }, () => valid.items[0])],
  })) {
    for (const value of values) {
      it(`refuses the ${path} ${JSON.stringify(value)?.slice(0, 40)}`, () => {
        assert.deepEqual(problemPaths({ ...valid, [path]: value }), [path]);
      });
    }
  }

  for (const [name, values] of Object.entries({
    unitPrice: [undefined, 0, -5, 12.5, 10_000_001, '1250'],
    quantity: [undefined, 0, 1000, 1.5, true],
  })) {
    for (const value of values) {
      it(`refuses an item with the ${name} ${JSON.stringify(value)}`, () => {
        const items = [{ ...valid.items[0], [name]: value }];
        assert.deepEqual(problemPaths({ ...valid, items }), [`items[0].${name}`]);
      });
    }
  }

  it('takes tax rates with two decimals', () => {
    for (const taxPercent of [0, 0.1, 5.5, 7.75, 19.99, 100]) {
      assert.deepEqual(problemPaths({ ...valid, taxPercent }), []);
    }
  });

  it('names everything that is wrong at once, also keys that it does not know', () => {
    const input = JSON.parse(
      '{"curency": "EUR", "__proto__": {}, "items": [{"unitPrice": 1, "quantity": 1, "x": 1}, 2]}',
    );
    assert.deepEqual(problemPaths(input), ['curency', '__proto__', 'currency', 'items[0].x', 'items[1]']);
  });
});

describe('calculateQuote', () => {
  const quote = (changes) => calculateQuote({ ...valid, discountPercent: 0, taxPercent: 0, ...changes });

  it('takes the discount off and puts the tax on what is left', () => {
    const result = { currency: 'EUR', subtotal: 3750, discount: 375, tax: 641, total: 4016 };
    assert.deepEqual(calculateQuote(valid), result);
  });

  it('adds the items up', () => {
    const items = [
      { unitPrice: 100, quantity: 2 },
      { unitPrice: 33, quantity: 3 },
    ];
    assert.equal(quote({ items }).subtotal, 299);
  });

  it('rounds half a cent up', () => {
    const items = [{ unitPrice: 10, quantity: 1 }];
    assert.equal(quote({ items, taxPercent: 5 }).tax, 1);
    assert.equal(quote({ items, taxPercent: 4.99 }).tax, 0);
    assert.equal(quote({ items: [{ unitPrice: 100, quantity: 1 }], taxPercent: 5.5 }).tax, 6);
  });

  it('counts the largest possible quote exactly', () => {
    const items = Array.from({ length: 50 }, () => ({ unitPrice: 10_000_000, quantity: 999 }));
    assert.deepEqual(quote({ items, taxPercent: 99.99 }), {
      currency: 'EUR',
      subtotal: 499_500_000_000,
      discount: 0,
      tax: Number((499_500_000_000n * 9999n + 5000n) / 10_000n),
      total: 499_500_000_000 + Number((499_500_000_000n * 9999n + 5000n) / 10_000n),
    });
  });
});
