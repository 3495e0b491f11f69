/** What a mistake in the code throws: only its trace says where. */
const mistakes = [TypeError, RangeError, ReferenceError, SyntaxError, EvalError, URIError];

/**
 * What to tell the user about an error: its message when this project, or what it calls, threw it to be read; the trace
 * of one that Node.js throws at a mistake in the code.
 */
export const messageOf = (error: unknown): string =>
  !(error instanceof Error)
    ? String(error)
    : mistakes.some((mistake) => error instanceof mistake)
      ? (error.stack ?? error.message)
      : error.message;
