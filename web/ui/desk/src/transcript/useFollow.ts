/**
 * The rows of a transcript that are on the screen, out of all of them. Stays at the end while it
 * grows until the reader scrolls up; then it counts what came below, and holds the place also
 * when earlier lines come in above.
 */
import { useVirtualizer, type Virtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from 'react';

/** So close to the end still counts as being there. */
const NEAR_PX = 48;
/** A line of text with its ground; what is measured replaces it. */
const ROW_PX = 44;
const OVERSCAN = 6;

export interface Follow {
  boxRef: RefObject<HTMLDivElement | null>;
  rows: Virtualizer<HTMLDivElement, HTMLLIElement>;
  isAtEnd: boolean;
  isAtStart: boolean;
  /** Lines that came after the reader left the end. */
  newCount: number;
  toEnd(): void;
}

export function useFollow(ids: readonly string[], topPx: number): Follow {
  const boxRef = useRef<HTMLDivElement>(null);
  const [isAtEnd, setAtEnd] = useState(true);
  const [isAtStart, setAtStart] = useState(true);
  const [lastSeen, setLastSeen] = useState<string | undefined>(undefined);
  const newest = ids.at(-1);
  const rows = useVirtualizer<HTMLDivElement, HTMLLIElement>({
    count: ids.length,
    getScrollElement: () => boxRef.current,
    getItemKey: (index) => ids[index] ?? index,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
    paddingStart: topPx,
    paddingEnd: 20,
    anchorTo: 'end',
    followOnAppend: true,
    scrollEndThreshold: NEAR_PX,
    useFlushSync: false,
  });

  useEffect(() => {
    const box = boxRef.current;
    if (!box) return undefined;
    let lastTop = box.scrollTop;
    let stuck = true;
    const look = (): void => {
      const isNear = box.scrollHeight - box.scrollTop - box.clientHeight <= NEAR_PX;
      // Only a move upwards is the reader's: rows that are measured grow below our own jump.
      if (isNear) stuck = true;
      else if (box.scrollTop < lastTop) stuck = false;
      lastTop = box.scrollTop;
      setAtEnd(stuck);
      setAtStart(box.scrollTop < ROW_PX * 2);
    };
    box.addEventListener('scroll', look, { passive: true });
    return () => box.removeEventListener('scroll', look);
  }, []);

  useLayoutEffect(() => {
    // Going back to a call whose lines are here already begins at its end, too.
    rows.scrollToEnd();
  }, [rows]);

  useEffect(() => {
    if (isAtEnd) setLastSeen(newest);
  }, [isAtEnd, newest]);

  const toEnd = useCallback(() => {
    setAtEnd(true);
    rows.scrollToEnd();
  }, [rows]);

  const seenAt = lastSeen === undefined ? -1 : ids.lastIndexOf(lastSeen);
  const newCount = isAtEnd || seenAt < 0 ? 0 : ids.length - 1 - seenAt;
  return { boxRef, rows, isAtEnd, isAtStart, newCount, toEnd };
}
