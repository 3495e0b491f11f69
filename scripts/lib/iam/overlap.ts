/** Any text without a slash: the name of a bucket. */
export const anyName = '\u2022';

/**
 * Whether some text fits both patterns. `*` stands for any text, `?` for any character; what is only known when the
 * stack is deployed (`<AWS.AccountId>`) may be anything.
 */
export function overlap(left: string, right: string): boolean {
  const a = left.replaceAll(/<[^>]*>/g, '*');
  const b = right.replaceAll(/<[^>]*>/g, '*');
  const seen = new Map<number, boolean>();
  const fits = (i: number, j: number): boolean => {
    const key = i * (b.length + 1) + j;
    const result = seen.get(key) ?? decide(i, j);
    seen.set(key, result);
    return result;
  };
  const decide = (i: number, j: number): boolean => {
    const [x, y] = [a[i], b[j]];
    if (x === undefined && y === undefined) {
      return true;
    }
    if (isWildcard(x)) {
      return fits(i + 1, j) || (takes(x, y) && fits(i, j + 1));
    }
    if (isWildcard(y)) {
      return fits(i, j + 1) || (takes(y, x) && fits(i + 1, j));
    }
    return x !== undefined && y !== undefined && (x === y || x === '?' || y === '?') && fits(i + 1, j + 1);
  };
  return fits(0, 0);
}

/**
 * Whether some ARN fits both patterns. As in IAM, a wildcard in one of the first five parts (partition, service, Region,
 * account) never reaches into the next.
 */
export function overlapOfArns(left: string, right: string): boolean {
  const a = partsOf(left);
  const b = partsOf(right);
  return a.length < 6 || b.length < 6 ? overlap(left, right) : a.every((part, index) => overlap(part, b[index] ?? ''));
}

function partsOf(arn: string): readonly string[] {
  const parts = arn.split(':');
  return [...parts.slice(0, 5), ...(parts.length > 5 ? [parts.slice(5).join(':')] : [])];
}

const isWildcard = (character: string | undefined) => character === '*' || character === anyName;

const takes = (wildcard: string | undefined, character: string | undefined) =>
  character !== undefined && (wildcard === '*' || character !== '/');
