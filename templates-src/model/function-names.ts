/** `order-events` -> `OrderEvents`: what logical ids, parameters and stages that a name stands for start with. */
export const pascalCase = (name: string) =>
  name
    .split('-')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');

/**
 * The parameter that holds the key of a function's package. The packager derives the same name
 * (`scripts/codebuild/lib/function_source.py`).
 */
export const codeKeyParameter = (folder: string) => `${pascalCase(folder)}CodeKey`;
