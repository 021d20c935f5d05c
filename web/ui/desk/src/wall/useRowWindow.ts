/**
 * Which of many rows of one height are on the page: those that are seen, some beside them, and,
 * wherever it is, the one that has the focus with those that the Tab key takes it to. Owns the box's scrolling; what a row shows is not
 * its matter.
 */
import { useCallback, useLayoutEffect, useRef, useState, type RefObject } from 'react';

/** Rows beside those that are seen, each way; the window moves in steps of so many. */
const SPARE = 8;
/** Until a row is measured. */
const ROW_PX = 43;
const FIRST_ROWS = 40;

export interface RowWindow {
  /** Scrolls; its first element is the head, its second the list. */
  boxRef: RefObject<HTMLDivElement | null>;
  /** What is to be rendered, in order, and the pixels of the rows left out before each. */
  rows: readonly { index: number; before: number }[];
  /** Pixels of the rows left out after the last one. */
  after: number;
  /** Brings a row into view, if it is not. */
  reveal(index: number): void;
}

/** `focused`: the index of the row that has the focus, -1 for none. */
export function useRowWindow(count: number, focused: number): RowWindow {
  const boxRef = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState({ from: 0, to: FIRST_ROWS, rowPx: ROW_PX });
  useLayoutEffect(() => {
    const box = boxRef.current;
    if (!box) return undefined;
    const look = (): void => {
      const rowPx = rowOf(box);
      const step = rowPx * SPARE;
      const from = Math.max(0, Math.floor(box.scrollTop / step) - 1) * SPARE;
      const to = (Math.ceil((box.scrollTop + box.clientHeight) / step) + 1) * SPARE;
      setSeen((before) =>
        before.from === from && before.to === to && before.rowPx === rowPx
          ? before
          : { from, to, rowPx },
      );
    };
    const observer = new ResizeObserver(look);
    look();
    observer.observe(box);
    box.addEventListener('scroll', look, { passive: true });
    return () => {
      observer.disconnect();
      box.removeEventListener('scroll', look);
    };
  }, []);

  const reveal = useCallback((index: number): void => {
    const box = boxRef.current;
    if (!box) return;
    const rowPx = rowOf(box);
    const head = (box.firstElementChild as HTMLElement).offsetHeight;
    const top = index * rowPx;
    if (top < box.scrollTop) box.scrollTop = top;
    const bottom = head + top + rowPx;
    if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom - box.clientHeight;
  }, []);

  const { rowPx } = seen;
  const wanted = rangeOf(Math.min(seen.from, Math.max(0, count - SPARE)), Math.min(seen.to, count));
  for (const near of focused < 0 ? [] : [focused - 1, focused, focused + 1]) {
    if (near >= 0 && near < count && !wanted.includes(near)) wanted.push(near);
  }
  wanted.sort((a, b) => a - b);
  const rows = wanted.map((index, place) => ({
    index,
    before: (index - (wanted[place - 1] ?? -1) - 1) * rowPx,
  }));
  return { boxRef, rows, after: (count - 1 - (wanted.at(-1) ?? -1)) * rowPx, reveal };
}

function rowOf(box: HTMLElement): number {
  return box.querySelector('li')?.offsetHeight || ROW_PX;
}

function rangeOf(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, n) => from + n);
}
