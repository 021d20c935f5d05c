import type { ReactNode } from 'react';
import { cut } from './marks.ts';

/** Text with what a pattern finds in it marked. */
export function Marked({ text, pattern }: { text: string; pattern: RegExp | null }): ReactNode {
  return cut(text, pattern).map((piece, place) =>
    piece.isMatch ? <mark key={place}>{piece.text}</mark> : piece.text,
  );
}
