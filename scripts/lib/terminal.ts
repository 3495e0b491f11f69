import { createInterface } from 'node:readline/promises';

/** A person at a terminal. */
export interface Terminal {
  /**
   * Asks, and waits for a line.
   *
   * @throws AbortError when the person presses Ctrl-C or Ctrl-D.
   */
  readonly ask: (question: string) => Promise<string>;
  readonly close: () => void;
}

/** The terminal that this process was started from; nothing in a pipe, in CI or under cron. */
export function openTerminal(): Terminal | undefined {
  const { stdin: input, stdout: output } = process;
  if (!input.isTTY || !output.isTTY) {
    return undefined;
  }
  const lines = createInterface({ input, output });
  // Without this a closed input leaves the question pending, and the process ends with exit code 0.
  const gone = new AbortController();
  lines.once('close', () => gone.abort());
  return {
    ask: (question) => lines.question(question, { signal: gone.signal }),
    close: () => lines.close(),
  };
}
