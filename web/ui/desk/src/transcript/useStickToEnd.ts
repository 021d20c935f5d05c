/**
 * A scrolling box that stays at its end while it grows, until the reader scrolls up; then it
 * counts what came below. Growth is seen by size, not by render: an interim text makes its
 * row taller without rendering the list.
 */
import { useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from 'react';

/** So close to the end still counts as being there. */
const NEAR_PX = 48;

export interface Stick {
  boxRef: RefObject<HTMLDivElement | null>;
  linesRef: RefObject<HTMLDivElement | null>;
  isAtEnd: boolean;
  /** Lines that came after the reader left the end. */
  newCount: number;
  toEnd(): void;
  /** Lines will be put in above: what is read now stays where it is. */
  holdPlace(): void;
}

export function useStickToEnd(ids: readonly string[]): Stick {
  const boxRef = useRef<HTMLDivElement>(null);
  const linesRef = useRef<HTMLDivElement>(null);
  const stuck = useRef(true);
  const held = useRef<number | null>(null);
  const [isAtEnd, setAtEnd] = useState(true);
  const [lastSeen, setLastSeen] = useState<string | undefined>(undefined);
  const newest = ids.at(-1);

  const toEnd = useCallback(() => {
    const box = boxRef.current;
    stuck.current = true;
    setAtEnd(true);
    if (box) box.scrollTop = box.scrollHeight;
  }, []);

  useEffect(() => {
    const [box, lines] = [boxRef.current, linesRef.current];
    if (!box || !lines) return undefined;
    let lastTop = box.scrollTop;
    const onScroll = (): void => {
      const isNear = box.scrollHeight - box.scrollTop - box.clientHeight <= NEAR_PX;
      // Only a move upwards is the reader's: the event of our own jump may arrive when lines
      // have grown again below it.
      if (isNear) stuck.current = true;
      else if (box.scrollTop < lastTop) stuck.current = false;
      lastTop = box.scrollTop;
      setAtEnd(stuck.current);
    };
    const observer = new ResizeObserver(() => {
      if (stuck.current) box.scrollTop = box.scrollHeight;
      else onScroll();
    });
    observer.observe(lines);
    observer.observe(box);
    box.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      observer.disconnect();
      box.removeEventListener('scroll', onScroll);
    };
  }, []);

  useEffect(() => {
    if (isAtEnd) setLastSeen(newest);
  }, [isAtEnd, newest]);

  useLayoutEffect(() => {
    const box = boxRef.current;
    if (!box || held.current === null) return;
    box.scrollTop = box.scrollHeight - held.current;
    held.current = null;
  }, [ids]);

  const holdPlace = useCallback(() => {
    const box = boxRef.current;
    if (box) held.current = box.scrollHeight - box.scrollTop;
  }, []);

  const seenAt = lastSeen === undefined ? -1 : ids.lastIndexOf(lastSeen);
  const newCount = isAtEnd || seenAt < 0 ? 0 : ids.length - 1 - seenAt;
  return { boxRef, linesRef, isAtEnd, newCount, toEnd, holdPlace };
}
