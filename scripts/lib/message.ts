/**
 * What to tell the user about an error. A plain `Error` is one that this project, or a tool it calls, threw to be read:
 * its message says it all. Any other (`TypeError`) is a mistake in the code, and its trace says where.
 */
export const messageOf = (error: unknown): string =>
  !(error instanceof Error)
    ? String(error)
    : error.constructor === Error
      ? error.message
      : (error.stack ?? error.message);
