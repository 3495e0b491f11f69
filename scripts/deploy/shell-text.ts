/** The text of a shell variable that an earlier line of the plan sets, passed as a parameter of the same name. */
export interface FedParameter {
  readonly fed: string;
}

/** A command, word by word, in the lines it is printed in. */
export type Command = readonly (readonly (string | FedParameter)[])[];

/** Quotes a command for a shell, on one line whatever its words hold. */
export function shellText(command: Command): string {
  return command.map(shellLine).join(' ');
}

/** Quotes a command for a shell as a person would lay it out. */
export function shellLines(command: Command): string {
  return command
    .map((line, index) => `${index === 0 ? '' : isOption(line) ? '  ' : '    '}${shellLine(line)}`)
    .join(' \\\n');
}

function isOption([first]: Command[number]): boolean {
  return typeof first === 'string' && first.startsWith('--');
}

function shellLine(line: Command[number]): string {
  return line.map((word) => (typeof word === 'string' ? shellWord(word) : `"${word.fed}=$${word.fed}"`)).join(' ');
}

function shellWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) {
    return word;
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this looks for
  if (/[\u0000-\u001f\u007f]/.test(word)) {
    const escaped = [...word].map((character) =>
      /[\\']/.test(character)
        ? `\\${character}`
        : character < ' ' || character === '\u007f'
          ? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
          : character,
    );
    return `$'${escaped.join('')}'`;
  }
  if (!word.includes("'")) {
    return `'${word}'`;
  }
  return /["$`\\!]/.test(word) ? `'${word.replaceAll("'", `'\\''`)}'` : `"${word}"`;
}
