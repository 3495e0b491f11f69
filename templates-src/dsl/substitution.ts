/** A `${...}`, with the name in it. */
export interface SubstitutedReference {
  readonly reference: string;
}

/**
 * Takes a text of `Fn::Sub` apart, or an ARN of AWS's Service Authorization Reference, which has the same form:
 * `${Name}` is a reference, `${!Name}` the text `${Name}`.
 */
export const parseSubstitution = (template: string): readonly (string | SubstitutedReference)[] =>
  // What is captured stands between the texts.
  template
    .split(/\$\{((?!!)[^}]*)\}/)
    .map((part, index) => (index % 2 === 1 ? { reference: part } : part.replaceAll('${!', '${')))
    .filter((part) => part !== '');

/** Puts a value in the place of every `${...}`. */
export const substitute = (template: string, value: (reference: string) => string): string =>
  parseSubstitution(template)
    .map((part) => (typeof part === 'string' ? part : value(part.reference)))
    .join('');
