const known = new Map<string, RegExp>();

/** Whether a pattern of a policy, with `*` and `?`, takes in a text. `*` takes in `/` and `:`, too. */
export function covers(pattern: string, text: string): boolean {
  const found =
    known.get(pattern) ??
    new RegExp(
      `^${pattern
        .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
        .replaceAll('*', '.*')
        .replaceAll('?', '.')}$`,
    );
  known.set(pattern, found);
  return found.test(text);
}
