/**
 * Lines from before those that are here: they come by themselves when the reader scrolls near
 * the first one, and by a button. One page at a time. What fails is said to who pressed the
 * button; who only scrolls is not told with each move, and it is tried again a little later.
 */
import { useCallback, useEffect, useRef, useState, type RefObject } from 'react';
import { useToast } from '../toasts.tsx';
import { useWords } from '../words/index.ts';

/** From the first line; about a screen, so that a page is there before it is looked for. */
const NEAR_PX = 800;
/** Between two tries by themselves, after one that failed. */
const PAUSE_MS = 2_000;

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
  const failedAt = useRef(0);
  const ask = useCallback(
    (failed: () => void) => {
      if (isAsked.current) return;
      isAsked.current = true;
      setLoading(true);
      loadOlder()
        .catch(failed)
        .finally(() => {
          isAsked.current = false;
          setLoading(false);
        });
    },
    [loadOlder],
  );

  useEffect(() => {
    const box = boxRef.current;
    if (!box || !hasOlder) return undefined;
    // Only moves ask: what holds the place when a page comes in moves the box away from here.
    const look = (): void => {
      if (box.scrollTop >= NEAR_PX || Date.now() - failedAt.current < PAUSE_MS) return;
      ask(() => (failedAt.current = Date.now()));
    };
    box.addEventListener('scroll', look, { passive: true });
    return () => box.removeEventListener('scroll', look);
  }, [boxRef, hasOlder, ask]);

  const load = useCallback(() => {
    boxRef.current?.focus({ preventScroll: true });
    ask(() => toast(words.olderFailed));
  }, [boxRef, ask, toast, words]);
  return { isLoading, load };
}
