/**
 * Text that somebody else wrote, which may run from right to left. Beside ours it is told apart by
 * `dir="auto"` or `<bdi>`; this is what an element cannot do: characters that turn the order of
 * what is read are left out, and a text that goes into a sentence, a tooltip or a file is kept from
 * turning its neighbours. What the wire, the log and the search hold stays as it was said.
 */

/** Embeddings, overrides and isolates, U+202A to U+202E and U+2066 to U+2069. */
const ORDERS = /[\u202a-\u202e\u2066-\u2069]/g;
/** Hebrew, Arabic and their kin. */
const RIGHT_TO_LEFT = /[\u0590-\u061b\u061d-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
/** Marks without a shape, which such a script needs between its words and signs, and no other does. */
const MARKS = /[\u200f\u061c]/g;
const FIRST_STRONG_ISOLATE = '\u2068';
const POP_ISOLATE = '\u2069';

/** The text in the order in which it was written: "10" can never be shown as "01". */
export function readable(text: string): string {
  const ordered = text.replace(ORDERS, '');
  return RIGHT_TO_LEFT.test(ordered) ? ordered : ordered.replace(MARKS, '');
}

/** The same, to stand in a text of another direction. What runs as ours does stays as it is. */
export function isolated(text: string): string {
  const plain = readable(text);
  return RIGHT_TO_LEFT.test(plain) ? `${FIRST_STRONG_ISOLATE}${plain}${POP_ISOLATE}` : plain;
}
