import { closest, distance } from 'fastest-levenshtein';

/** Why a value was probably refused, and the value that was probably meant, if one can tell. */
export interface LikelyCause {
  readonly cause: string;
  readonly meant?: string;
}

/** Characters that don't show: control and format characters, and every space but the ordinary one. */
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

/**
 * The ways in which values are usually spoilt, each with how to undo it. A cause is only given when undoing it makes
 * the value acceptable, so that no message guesses wrongly.
 */
const mishaps: readonly { readonly undo: (value: string) => string; readonly cause: (value: string) => string }[] = [
  { undo: (value) => value.trim(), cause: () => 'white space around the value' },
  {
    undo: (value) => value.replace(invisible, ''),
    cause: (value) =>
      `an invisible character (U+${hexadecimal(value.match(invisible)?.[0] ?? '')}), copied along from elsewhere`,
  },
  {
    undo: (value) => value.replace(/^(["'`“”„‘’«»])(.*)["'`“”„‘’«»]$/u, '$2'),
    cause: () => 'quotes inside the quotes',
  },
  {
    undo: (value) => value.replace(/^(\d{4})[- ](\d{4})[- ](\d{4})$/, '$1$2$3'),
    cause: () => 'an account id in groups of four, as the AWS console shows it',
  },
  { undo: (value) => value.normalize('NFKC'), cause: () => 'characters of another width, which only look alike' },
  { undo: (value) => value.replace(/(?<=\d)[_'](?=\d{3})/g, ''), cause: () => 'separators of thousands' },
  { undo: written, cause: () => 'a number that is written in another way' },
  { undo: (value) => value.toLowerCase(), cause: () => 'capital letters' },
  { undo: (value) => value.toUpperCase(), cause: () => 'small letters' },
];

/** A number in its shortest way: 5 for 5.0, +5, 05 and 0.5e1. Other text stays as it is, and what would be rounded. */
function written(value: string): string {
  const [, digits = ''] = /^[+-]?(\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.exec(value) ?? [];
  const significant = digits.replace('.', '').replace(/^0+|0+$/g, '');
  const number = Number(value) + 0;
  return digits === '' || significant.length > 15 || (number === 0 && significant !== '') ? value : String(number);
}

/**
 * Guesses why a string was refused.
 *
 * @param value The refused value.
 * @param accepts Whether another value would be accepted.
 * @param allowed The values that are allowed, when there is a list of them.
 * @returns Nothing when no cause is likely.
 */
export function likelyCause(
  value: string,
  accepts: (candidate: string) => boolean,
  allowed: readonly string[] = [],
): LikelyCause | undefined {
  if (value.trim() === '') {
    return { cause: 'an empty value that was never filled in' };
  }
  for (const { undo, cause } of mishaps) {
    const meant = undo(value);
    if (meant !== value && accepts(meant)) {
      return { cause: cause(value), meant };
    }
  }
  // Which digits are lost is a guess, so the padded value is not offered as the one that was meant.
  if (/^\d{9,13}$/.test(value) && value.length !== 12 && accepts(value.padStart(12, '0').slice(-12))) {
    return {
      cause: `${value.length} digits; ${value.length < 12 ? 'a leading zero lost to a number?' : 'one digit too many?'}`,
    };
  }
  const meant = nearest(value, allowed);
  if (meant !== undefined) {
    return { cause: `a misspelling; did you mean ${meant}?`, meant };
  }
  if (
    /^<.*>$|^\[.*\]$|^\{\{.*\}\}$|\$\{.*\}|\b(todo|tbd|fixme|placeholder)\b|change.?me|replace.?me|^x{3,}$/i.test(value)
  ) {
    return { cause: 'a placeholder that was never filled in' };
  }
  return undefined;
}

/** The candidate that is near enough to be what somebody meant to write, if there is one. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0) {
    return undefined;
  }
  const candidate = closest(word, [...candidates]);
  const differences = distance(word.toLowerCase(), candidate.toLowerCase());
  return differences <= Math.max(1, Math.floor(candidate.length / 4)) ? candidate : undefined;
}

/** A value as it can be printed: in quotes, invisible characters made visible, not longer than a line. */
export function printable(value: string): string {
  const shown = value.length > 80 ? `${value.slice(0, 80)}...` : value;
  return JSON.stringify(shown).replace(invisible, (character) => `\\u{${hexadecimal(character)}}`);
}

function hexadecimal(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}
