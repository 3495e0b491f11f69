import type { Rule } from '../rule';

/** Twelve digits, but for the end of a UUID. */
const accountId = /(?<![0-9A-Za-z]|[0-9a-f]{8}(-[0-9a-f]{4}){3}-)[0-9]{12}(?![0-9A-Za-z])/g;

/** Values live in `parameters/`: the templates are the same for everyone who uses this project. */
export const templatesHoldNoAccountIds: Rule = {
  id: 'templates-hold-no-account-ids',
  severity: 'error',
  why: 'A template with an account id in it fits one company, and grants access to that account wherever it is deployed.',
  fix: 'Declare a parameter for the id (patterns/parameters.ts), and put the value into parameters/.',
  check: ({ text, document }) => {
    const lines = text.split('\n');
    // The resource a line belongs to is the last one that starts before it.
    const starts = Object.keys(document.Resources).map((id) => ({
      id,
      index: lines.findIndex((line) => line.trimEnd() === `  ${id}:` || line.trimEnd() === ` ${id}:`),
    }));
    return lines.flatMap((line, index) =>
      [...line.matchAll(accountId)].map(([id]) => {
        const holder = starts.filter((start) => start.index >= 0 && start.index <= index).at(-1);
        return {
          path: holder === undefined ? [] : ['Resources', holder.id],
          line: index + 1,
          message: `the template holds the account id ${id}`,
        };
      }),
    );
  },
};
