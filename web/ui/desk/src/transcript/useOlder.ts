/**
 * Lines from before those that are here: they come by themselves when the reader scrolls near
 * the first one, and by a button. One page at a time; a failed one is tried again by the next
 * move of the reader.
 */
import { useCallback, useEffect, useRef, useState, type RefObject } from 'react';
import { useToast } from '../toasts.tsx';
import { useWords } from '../words/index.ts';

/** From the first line; about a screen, so that a page is there before it is looked for. */
const NEAR_PX = 800;

export interface Older {
  isLoading: boolean;
  /** As the button asks for it: the focus goes to the lines, because the button may go. */
  load(): void;
}

export function useOlder(
  boxRef: RefObject<HTMLDivElement | null>,
  hasOlder: boolean,
  loadOlder: (limit?: number) => Promise<number>,
): Older {
  const [isLoading, setLoading] = useState(false);
  const isAsked = useRef(false);
  const toast = useToast();
  const words = useWords();
  const ask = useCallback(() => {
    if (isAsked.current) return;
    isAsked.current = true;
    setLoading(true);
    loadOlder()
      .catch(() => toast(words.olderFailed))
      .finally(() => {
        isAsked.current = false;
        setLoading(false);
      });
  }, [loadOlder, toast, words]);

  useEffect(() => {
    const box = boxRef.current;
    if (!box || !hasOlder) return undefined;
    // Only moves ask: what holds the place when a page comes in moves the box away from here.
    let lastTop = box.scrollTop;
    const look = (): void => {
      const isUpwards = box.scrollTop < lastTop;
      lastTop = box.scrollTop;
      if (isUpwards && lastTop < NEAR_PX) ask();
    };
    box.addEventListener('scroll', look, { passive: true });
    return () => box.removeEventListener('scroll', look);
  }, [boxRef, hasOlder, ask]);

  const load = useCallback(() => {
    boxRef.current?.focus({ preventScroll: true });
    ask();
  }, [boxRef, ask]);
  return { isLoading, load };
}
