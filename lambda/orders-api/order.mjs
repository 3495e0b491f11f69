// @ts-check
/**
 * What a valid order is. Strict on purpose: a key that is not known is an error and not ignored, because a
 * misspelt optional field would otherwise be lost without anybody noticing.
 *
 * @typedef {{ sku: string, quantity: number }} OrderItem
 * @typedef {{ customerId: string, items: OrderItem[] }} Order
 * @typedef {{ path: string, problem: string }} Problem
 */

const CUSTOMER_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const SKU = /^[A-Z0-9][A-Z0-9-]{0,39}$/;
const MAX_ITEMS = 50;
const MAX_QUANTITY = 999;

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The keys of `value` that are not in `known`, as problems. The names come from the client, so they are cut.
 *
 * @param {Record<string, unknown>} value
 * @param {readonly string[]} known
 * @param {string} prefix path of `value`, '' for the order itself
 * @returns {Problem[]}
 */
function unknownKeys(value, known, prefix) {
  return Object.keys(value)
    .filter((key) => !known.includes(key))
    .map((key) => ({
      path: `${prefix}${prefix === '' ? '' : '.'}${key.slice(0, 64)}`,
      problem: `is not known; known are ${known.join(', ')}`,
    }));
}

/**
 * Checks an order as it came from the client.
 *
 * @param {unknown} input the parsed JSON body
 * @returns {{ order: Order } | { problems: Problem[] }} a clean copy of the order, or everything that is wrong with
 *   it, so that a client can correct all of it at once
 */
export function parseOrder(input) {
  if (!isObject(input)) {
    return { problems: [{ path: '', problem: 'must be a JSON object' }] };
  }
  /** @type {Problem[]} */
  const problems = unknownKeys(input, ['customerId', 'items'], '');
  const { customerId, items } = input;
  if (typeof customerId !== 'string' || !CUSTOMER_ID.test(customerId)) {
    problems.push({
      path: 'customerId',
      problem: 'must be 1 to 64 letters, digits, "-" or "_", beginning with a letter or digit',
    });
  }
  if (!Array.isArray(items) || items.length < 1 || items.length > MAX_ITEMS) {
    problems.push({ path: 'items', problem: `must be a list of 1 to ${MAX_ITEMS} items` });
    return { problems };
  }
  const seen = new Set();
  for (const [index, item] of items.entries()) {
    const path = `items[${index}]`;
    if (!isObject(item)) {
      problems.push({ path, problem: 'must be a JSON object' });
      continue;
    }
    problems.push(...unknownKeys(item, ['sku', 'quantity'], path));
    if (typeof item.sku !== 'string' || !SKU.test(item.sku)) {
      problems.push({
        path: `${path}.sku`,
        problem: 'must be 1 to 40 upper-case letters, digits or "-", beginning with a letter or digit',
      });
    } else if (seen.has(item.sku)) {
      problems.push({ path: `${path}.sku`, problem: 'occurs twice; give one item with the sum of the quantities' });
    } else {
      seen.add(item.sku);
    }
    const { quantity } = item;
    if (typeof quantity !== 'number' || !Number.isInteger(quantity) || quantity < 1 || quantity > MAX_QUANTITY) {
      problems.push({ path: `${path}.quantity`, problem: `must be a whole number from 1 to ${MAX_QUANTITY}` });
    }
  }
  if (problems.length > 0) {
    return { problems };
  }
  return {
    order: {
      customerId: /** @type {string} */ (customerId),
      items: items.map(({ sku, quantity }) => ({ sku, quantity })),
    },
  };
}
