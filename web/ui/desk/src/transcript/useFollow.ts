/**
 * The rows of a transcript that are on the screen, out of all of them. Stays at the end while it
 * grows until the reader scrolls up; then it counts what came below, and the line that is read
 * stays where it stands, whatever comes in above it.
 *
 * Between two paddings, the rows stand in the page's flow: a line that comes or grows moves what
 * is below it by itself, with one layout and no row rendered for another's sake.
 */
import { useLayoutEffect, useRef, useState, type RefObject } from 'react';
import { Reading, type Place } from './reading.ts';
import { RowHeights, type Span } from './rowHeights.ts';

/** A line of text with its ground; what is measured replaces it. */
const ROW_PX = 44;
const BOTTOM_PX = 20;

export interface Rows extends Span {
  /** Pixels to the first row, and after the last one. */
  above: number;
  below: number;
  measure(id: string, row: HTMLElement | null): void;
  /** Brings a line into the middle of the box. */
  scrollToIndex(index: number): void;
}

export interface Follow {
  boxRef: RefObject<HTMLDivElement | null>;
  rows: Rows;
  /** Also of somebody who reads another line, while all that comes after it is in sight. */
  isEndSeen: boolean;
  isAtStart: boolean;
  /** Lines that came after the reader left the end. */
  newCount: number;
  toEnd(): void;
}

export function useFollow(ids: readonly string[], topPx: number): Follow {
  const boxRef = useRef<HTMLDivElement>(null);
  const [boxPx, setBoxPx] = useState(0);
  const [isAtStart, setAtStart] = useState(true);
  const [isEndSeen, setEndSeen] = useState(true);
  const [place, setPlace] = useState<Place | null>(null); // null: the end
  const [{ heights, reading, scrollToIndex, toEnd }] = useState(() => {
    const heights = new RowHeights(ROW_PX);
    const reading = new Reading(heights, setPlace);
    return {
      heights,
      reading,
      scrollToIndex: (index: number) => reading.toMiddle(index),
      toEnd: () => reading.toEnd(),
    };
  });
  const span = place
    ? heights.around(ids, indexOf(ids, place), boxPx)
    : heights.last(ids, boxPx);
  const above = heights.above(ids, span.from);
  const below = heights.sum(ids, span.to, ids.length);

  useLayoutEffect(() => {
    const box = boxRef.current;
    if (!box) return undefined;
    // A pane that is hidden for a while keeps its rows.
    const size = (): void => setBoxPx((before) => box.clientHeight || before);
    const observer = new ResizeObserver(size);
    const look = (): void => {
      reading.look(box);
      setAtStart(box.scrollTop < ROW_PX * 2);
    };
    reading.enter(box);
    size();
    observer.observe(box);
    box.addEventListener('scroll', look, { passive: true });
    return () => {
      observer.disconnect();
      box.removeEventListener('scroll', look);
    };
  }, [reading]);

  useLayoutEffect(() => {
    reading.show({ ids, topPx, ...span });
    // Asked first: to set what is set already can cost a render.
    if (reading.isEndSeen !== isEndSeen) setEndSeen(!isEndSeen);
  });

  const seenAt = place?.lastSeen === undefined ? -1 : ids.lastIndexOf(place.lastSeen);
  const newCount = seenAt < 0 ? 0 : ids.length - 1 - seenAt;
  const isEmpty = ids.length === 0;
  return {
    boxRef,
    rows: {
      ...span,
      above: isEmpty ? 0 : topPx + above,
      below: isEmpty ? 0 : below + BOTTOM_PX,
      measure: reading.measure,
      scrollToIndex,
    },
    isEndSeen: isEndSeen || place === null,
    isAtStart,
    newCount,
    toEnd,
  };
}

/** Where the line is now, or what stands in its place. */
function indexOf(ids: readonly string[], { id, index }: Place): number {
  const now = ids[index] === id ? index : ids.indexOf(id);
  return now < 0 ? Math.max(0, Math.min(index, ids.length - 1)) : now;
}
