import type { ReactNode } from 'react';
import { readable } from '../foreign.ts';
import { cut } from './marks.ts';

/** Somebody's text with what a pattern finds in it marked. */
export function Marked({ text, pattern }: { text: string; pattern: RegExp | null }): ReactNode {
  return cut(readable(text), pattern).map((piece, place) =>
    piece.isMatch ? <mark key={place}>{piece.text}</mark> : piece.text,
  );
}
