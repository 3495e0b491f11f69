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
    const before = seen.get(key);
    if (before !== undefined) {
      return before;
    }
    const result = decide(i, j);
    seen.set(key, result);
    return result;
  };
  const decide = (i: number, j: number): boolean => {
    if (i === a.length && j === b.length) {
      return true;
    }
    if (a[i] === '*') {
      return fits(i + 1, j) || (j < b.length && fits(i, j + 1));
    }
    if (b[j] === '*') {
      return fits(i, j + 1) || (i < a.length && fits(i + 1, j));
    }
    const both = i < a.length && j < b.length && (a[i] === b[j] || a[i] === '?' || b[j] === '?');
    return both && fits(i + 1, j + 1);
  };
  return fits(0, 0);
}
