/** Variables of the actions of one execution, by namespace and name. */
export type Variables = ReadonlyMap<string, Readonly<Record<string, string>>>;

const reference = /#\{([\w@-]+)\.([\w@-]+)\}/g;

/**
 * Puts the values of variables in the place of `#{Namespace.Name}` in an action's configuration.
 * https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-variables.html
 *
 * @throws Error when a variable has no value: its namespace is unknown, its action has not run, or has no such variable
 */
export function resolveVariables(
  configuration: Readonly<Record<string, string>>,
  variables: Variables,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(configuration).map(([key, text]) => [
      key,
      text.replace(reference, (whole, namespace: string, name: string) => {
        const values = variables.get(namespace);
        if (values === undefined) {
          throw new Error(
            `${key} uses ${whole}, but no action that has run has the namespace ${namespace}; there are ` +
              `${[...variables.keys()].join(', ')}.`,
          );
        }
        const value = values[name];
        if (value === undefined) {
          throw new Error(
            `${key} uses ${whole}, but ${namespace} has no such variable; it has ${Object.keys(values).join(', ')}.`,
          );
        }
        return value;
      }),
    ]),
  );
}
