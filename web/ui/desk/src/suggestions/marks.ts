/** An excerpt cut into pieces, some of them words that matched. */
export interface Piece {
  text: string;
  isMatch: boolean;
}

/** `matches` are words as they stand in the text; only whole words are marked. */
export function piecesOf(text: string, matches: readonly string[] = []): Piece[] {
  const words = matches.filter((word) => word !== '').map(escaped);
  if (words.length === 0) return [{ text, isMatch: false }];
  words.sort((a, b) => b.length - a.length);
  const found = new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.join('|')})(?![\\p{L}\\p{N}])`, 'giu');
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(found)) {
    if (match.index > end) pieces.push({ text: text.slice(end, match.index), isMatch: false });
    pieces.push({ text: match[0], isMatch: true });
    end = match.index + match[0].length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end), isMatch: false });
  return pieces;
}

function escaped(word: string): string {
  return word.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}
