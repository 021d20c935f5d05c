/**
 * Cards that keep still under somebody's hand. A new suggestion may come in the moment in which a
 * button is aimed at: while the pointer moves over the cards, or keys are pressed in them, those
 * that are shown stay where they are and new ones come below. A moment later the list is what
 * the call suggests.
 */
import type { Suggestion } from '@earshot/client';
import { useEffect, useRef, useState, type RefObject } from 'react';

/** After the last movement. */
export const STILL_MS = 3_000;

export interface StillCards {
  cards: readonly Suggestion[];
  /** A card was judged or put away, here. */
  did(docId: string, deed: { helpful: boolean | null } | 'dismissed'): void;
}

export function useStill(
  wanted: readonly Suggestion[],
  place: RefObject<HTMLElement | null>,
): StillCards {
  const isHeld = useHeld(place);
  const shown = useRef<readonly Suggestion[]>(wanted);
  /** Put away here, and for a frame still among what is wanted. */
  const away = useRef(new Set<string>());
  const [, show] = useState(0);
  for (const id of away.current) if (!wanted.some((card) => card.id === id)) away.current.delete(id);
  const there = wanted.filter(({ id }) => !away.current.has(id));
  shown.current = isHeld ? merged(shown.current, there) : there;
  return {
    cards: shown.current,
    did(docId, deed) {
      // A card that is suggested no more hears of its verdict from nobody else.
      if (deed === 'dismissed') away.current.add(docId);
      shown.current =
        deed === 'dismissed'
          ? shown.current.filter(({ id }) => id !== docId)
          : shown.current.map((card) => (card.id === docId ? { ...card, ...deed } : card));
      show((n) => n + 1);
    },
  };
}

/** Those that are shown, as they are now, then the new ones. */
export function merged(
  shown: readonly Suggestion[],
  wanted: readonly Suggestion[],
): readonly Suggestion[] {
  const now = new Map(wanted.map((card) => [card.id, card]));
  const kept = shown.map((card) => now.get(card.id) ?? card);
  const known = new Set(shown.map(({ id }) => id));
  return [...kept, ...wanted.filter(({ id }) => !known.has(id))];
}

function useHeld(place: RefObject<HTMLElement | null>): boolean {
  const [isHeld, setHeld] = useState(false);
  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const release = (): void => {
      clearTimeout(timer);
      setHeld(false);
    };
    const hold = (): void => {
      clearTimeout(timer);
      timer = setTimeout(release, STILL_MS);
      setHeld(true);
    };
    const holding = ['pointermove', 'pointerdown', 'keydown'] as const;
    for (const name of holding) element.addEventListener(name, hold, { passive: true });
    element.addEventListener('pointerleave', release);
    return () => {
      clearTimeout(timer);
      for (const name of holding) element.removeEventListener(name, hold);
      element.removeEventListener('pointerleave', release);
    };
  }, [place]);
  return isHeld;
}
