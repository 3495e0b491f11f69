// @ts-check
/**
 * Price quotes. All amounts are whole numbers of the currency's smallest unit (cents): no amount is ever a fraction,
 * and with the limits below no step leaves the range in which a JavaScript number counts exactly (2^53).
 *
 * @typedef {{ unitPrice: number, quantity: number }} QuoteItem
 * @typedef {{ currency: string, items: QuoteItem[], discountPercent: number, taxPercent: number }} QuoteRequest
 * @typedef {{ currency: string, subtotal: number, discount: number, tax: number, total: number }} Quote
 * @typedef {{ path: string, problem: string }} Problem
 */

const MAX_ITEMS = 50;
const MAX_QUANTITY = 999;
const MAX_UNIT_PRICE = 10_000_000;

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * @param {unknown} value
 * @param {number} max
 * @returns {value is number}
 */
function isWholeNumber(value, max) {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max;
}

/**
 * @param {unknown} value
 * @returns {value is number} 0 to 100 with at most two decimals, as tax rates have them (5.5, 7.75)
 */
function isPercentage(value) {
  return typeof value === 'number' && value >= 0 && value <= 100 && Number(value.toFixed(2)) === value;
}

/**
 * @param {Record<string, unknown>} value
 * @param {readonly string[]} known
 * @param {string} prefix
 * @returns {Problem[]}
 */
function unknownKeys(value, known, prefix) {
  return Object.keys(value)
    .filter((key) => !known.includes(key))
    .map((key) => ({
      path: `${prefix}${key.slice(0, 64)}`,
      problem: `is not known; known are ${known.join(', ')}`,
    }));
}

/**
 * Checks a quote request as it came from the client.
 *
 * @param {unknown} input the parsed JSON body
 * @returns {{ request: QuoteRequest } | { problems: Problem[] }} the request with its defaults, or everything that is
 *   wrong with it
 */
export function parseQuoteRequest(input) {
  if (!isObject(input)) {
    return { problems: [{ path: '', problem: 'must be a JSON object' }] };
  }
  const problems = unknownKeys(input, ['currency', 'items', 'discountPercent', 'taxPercent'], '');
  const { currency, items, discountPercent = 0, taxPercent = 0 } = input;
  if (typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency)) {
    problems.push({ path: 'currency', problem: 'must be an ISO 4217 code such as EUR' });
  }
  for (const [path, value] of Object.entries({ discountPercent, taxPercent })) {
    if (!isPercentage(value)) {
      problems.push({ path, problem: 'must be a number from 0 to 100 with at most two decimals' });
    }
  }
  if (!Array.isArray(items) || items.length < 1 || items.length > MAX_ITEMS) {
    problems.push({ path: 'items', problem: `must be a list of 1 to ${MAX_ITEMS} items` });
    return { problems };
  }
  for (const [index, item] of items.entries()) {
    const path = `items[${index}]`;
    if (!isObject(item)) {
      problems.push({ path, problem: 'must be a JSON object' });
      continue;
    }
    problems.push(...unknownKeys(item, ['unitPrice', 'quantity'], `${path}.`));
    if (!isWholeNumber(item.unitPrice, MAX_UNIT_PRICE)) {
      problems.push({ path: `${path}.unitPrice`, problem: `must be a whole number from 1 to ${MAX_UNIT_PRICE}` });
    }
    if (!isWholeNumber(item.quantity, MAX_QUANTITY)) {
      problems.push({ path: `${path}.quantity`, problem: `must be a whole number from 1 to ${MAX_QUANTITY}` });
    }
  }
  if (problems.length > 0) {
    return { problems };
  }
  return { request: /** @type {QuoteRequest} */ ({ currency, items, discountPercent, taxPercent }) };
}

/**
 * @param {number} amount
 * @param {number} percent at most two decimals
 * @returns {number} the part of the amount, rounded half up
 */
function part(amount, percent) {
  const basisPoints = Math.round(percent * 100);
  return Math.floor((amount * basisPoints + 5000) / 10_000);
}

/**
 * Calculates a quote: discount on the subtotal, tax on what is left.
 *
 * @param {QuoteRequest} request a request that parseQuoteRequest let through
 * @returns {Quote}
 */
export function calculateQuote({ currency, items, discountPercent, taxPercent }) {
  const subtotal = items.reduce((sum, { unitPrice, quantity }) => sum + unitPrice * quantity, 0);
  const discount = part(subtotal, discountPercent);
  const tax = part(subtotal - discount, taxPercent);
  return { currency, subtotal, discount, tax, total: subtotal - discount + tax };
}
