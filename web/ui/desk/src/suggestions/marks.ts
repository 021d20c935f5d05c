/** A text cut into pieces, some of which are marked. */
export interface Piece {
  text: string;
  isMatch: boolean;
}

/** Scripts that are written without spaces, and Korean, whose words end in particles. */
const UNSPACED =
  /^[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;

/** Any of `words`, as whole words where words are spaced, and in any case; null: nothing to
 * mark. */
export function wordsPattern(words: readonly string[] = []): RegExp | null {
  const escapedWords = words.filter((word) => word !== '').map(escaped);
  if (escapedWords.length === 0) return null;
  escapedWords.sort((a, b) => b.length - a.length);
  const spaced = escapedWords.filter((word) => !UNSPACED.test(word));
  const any = escapedWords.filter((word) => UNSPACED.test(word));
  if (spaced.length > 0) {
    any.push(`(?<![\\p{L}\\p{N}])(?:${spaced.join('|')})(?![\\p{L}\\p{N}\\p{M}])`);
  }
  return new RegExp(any.join('|'), 'giu');
}

/** What somebody typed into a search: anywhere, in any case; null: nothing. */
export function patternFor(typed: string): RegExp | null {
  const words = typed.trim().split(/\s+/).map(escaped).join('\\s+');
  return words === '' ? null : new RegExp(words, 'giu');
}

export function cut(text: string, pattern: RegExp | null): Piece[] {
  if (!pattern) return [{ text, isMatch: false }];
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > end) pieces.push({ text: text.slice(end, match.index), isMatch: false });
    pieces.push({ text: match[0], isMatch: true });
    end = match.index + match[0].length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end), isMatch: false });
  return pieces;
}

/** `matches` are words as they stand in the text; only whole words are marked. */
export function piecesOf(text: string, matches: readonly string[] = []): Piece[] {
  return cut(text, wordsPattern(matches));
}

/** At most so many characters, cut between words where there are any. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const head = text.slice(0, most - 1);
  const space = head.lastIndexOf(' ');
  const end = space > most / 2 ? space : head.length;
  // Half of a surrogate pair is no character.
  return `${head.slice(0, end).replace(/[\uD800-\uDBFF]$/, '').trimEnd()}…`;
}

function escaped(word: string): string {
  return word.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}
